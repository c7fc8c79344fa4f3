//! A chart as text, for a terminal.

use crate::chart::Chart;
use crate::scale::{amount, quantity};
use std::fmt::Write;

/// Marks of series, in order.
const MARKS: [char; 6] = ['●', '○', '■', '□', '▲', '△'];

/// Draws a chart of so many columns and rows, axes and legend not counted.
#[must_use]
pub fn text(chart: &Chart, columns: usize, rows: usize) -> String {
    let (columns, rows) = (columns.clamp(20, 400), rows.clamp(5, 100));
    let (low, high) = chart.range();
    let end = chart.end();
    let mut cells = vec![vec![' '; columns]; rows];
    for (at, series) in chart.series.iter().enumerate() {
        let mark = MARKS[at % MARKS.len()];
        for run in chart.runs(series) {
            for pair in run.windows(2) {
                let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
                let steps = columns * 2;
                for step in 0..=steps {
                    let share = step as f64 / steps as f64;
                    put(
                        &mut cells,
                        (x0 + (x1 - x0) * share) / end,
                        (y0 + (y1 - y0) * share - low) / (high - low),
                        mark,
                    );
                }
            }
        }
    }
    let label = |row: usize| {
        let share = 1.0 - row as f64 / (rows - 1) as f64;
        amount(low + (high - low) * share, &chart.currency)
    };
    // A label at the ends and in the middle.
    let labelled = |row: usize| row == 0 || row == rows - 1 || row == rows / 2;
    let width = (0..rows).filter(|row| labelled(*row)).map(|row| label(row).chars().count()).max().unwrap_or(0);
    let mut out = format!("{}: {}\n", chart.title, chart.view.word());
    for (row, line) in cells.iter().enumerate() {
        let beside = if labelled(row) { label(row) } else { String::new() };
        let drawn: String = line.iter().collect();
        let _ = writeln!(out, "{beside:>width$} ┤{}", drawn.trim_end());
    }
    let _ = writeln!(out, "{:>width$} └{}", "", "─".repeat(columns));
    let right = format!("{} {}", quantity(end), chart.unit).trim_end().to_owned();
    let gap = columns.saturating_sub(right.chars().count() + 1);
    let _ = writeln!(out, "{:>width$}  0{}{right}", "", " ".repeat(gap));
    if chart.series.len() > 1 {
        for (at, series) in chart.series.iter().enumerate() {
            let _ = writeln!(out, "{:>width$}  {} {}", "", MARKS[at % MARKS.len()], series.label);
        }
    }
    out
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn put(cells: &mut [Vec<char>], x: f64, y: f64, mark: char) {
    let (rows, columns) = (cells.len(), cells[0].len());
    let column = (x.clamp(0.0, 1.0) * (columns - 1) as f64).round() as usize;
    let row = ((1.0 - y.clamp(0.0, 1.0)) * (rows - 1) as f64).round() as usize;
    cells[row.min(rows - 1)][column.min(columns - 1)] = mark;
}

#[cfg(test)]
mod tests {
    use crate::{Chart, Series, View, svg, text};
    use price_ir::{Curve, Straight};
    use price_value::{Currency, Rational};

    fn chart(view: View) -> Chart {
        let r = |text: &str| text.parse::<Rational>().unwrap();
        let piece = |from: &str, value: &str, slope: &str| Straight { from: r(from), value: r(value), slope: r(slope) };
        let curve = |pieces| Curve { at_zero: Rational::ZERO, pieces };
        Chart {
            title: "calls".into(),
            unit: "calls".into(),
            currency: Currency { code: "USD".into(), decimals: 2, symbol: Some("$".into()), is_virtual: false },
            view,
            series: vec![
                Series {
                    label: "volume".into(),
                    curve: curve(vec![piece("0", "0", "0.10"), piece("1000", "80", "0.08")]),
                },
                Series { label: "flat".into(), curve: curve(vec![piece("0", "0", "0.09")]) },
            ],
            up_to: Some(r("2000")),
        }
    }

    #[test]
    fn a_chart_in_text_has_axes_and_a_legend() {
        let drawn = text(&chart(View::Total), 40, 9);
        let lines: Vec<&str> = drawn.lines().collect();
        assert_eq!(lines[0], "calls: total");
        assert!(lines[1].starts_with("$190.8 ┤") && lines[9].starts_with("    $0 ┤○"), "{drawn}");
        assert!(
            lines[11].ends_with("2k calls") && lines[12].ends_with("● volume") && lines[13].ends_with("○ flat"),
            "{drawn}"
        );
    }

    #[test]
    fn a_chart_in_svg_marks_edges_and_falls() {
        for view in [View::Total, View::Marginal, View::Average] {
            let drawn = svg(&chart(view), 640, 400).unwrap();
            assert!(drawn.starts_with("<svg ") && drawn.contains(view.word()), "{drawn}");
            assert!(drawn.contains("<circle") && drawn.contains("#C81828") && drawn.contains("\nflat\n"), "{drawn}");
            assert!(!drawn.contains("NaN"), "{drawn}");
        }
    }
}
