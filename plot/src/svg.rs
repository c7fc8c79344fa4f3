//! A chart as a picture, as SVG or in pixels.

use crate::chart::Chart;
use crate::scale::{amount, quantity};
use plotters::prelude::*;

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the chart cannot be drawn: {0}")]
pub struct PlotError(String);

/// Colours that are told apart by most people, also in print.
const COLOURS: [RGBColor; 6] = [
    RGBColor(31, 97, 176),
    RGBColor(214, 102, 18),
    RGBColor(22, 128, 92),
    RGBColor(148, 62, 160),
    RGBColor(176, 32, 60),
    RGBColor(92, 92, 92),
];
const FALL: RGBColor = RGBColor(200, 24, 40);

/// Draws a chart of a size in pixels.
///
/// # Errors
/// When the chart has no extent that can be drawn.
pub fn svg(chart: &Chart, width: u32, height: u32) -> Result<String, PlotError> {
    fonts();
    let mut out = String::new();
    draw(chart, SVGBackend::with_string(&mut out, (width, height))).map_err(|error| PlotError(error.to_string()))?;
    Ok(out)
}

/// Draws a chart of a size in pixels, as PNG.
///
/// # Errors
/// When the chart has no extent that can be drawn.
pub fn png(chart: &Chart, width: u32, height: u32) -> Result<Vec<u8>, PlotError> {
    fonts();
    let mut pixels = vec![255; width as usize * height as usize * 3];
    draw(chart, BitMapBackend::with_buffer(&mut pixels, (width, height)))
        .map_err(|error| PlotError(error.to_string()))?;
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&pixels));
    written.map_err(|error| PlotError(error.to_string()))?;
    Ok(out)
}

/// Texts are measured, and in pixels set, in a font of the program: the same on every machine.
fn fonts() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let font = include_bytes!("../../fonts/NotoSans-Regular.ttf");
        // A font that is not taken leaves texts out; the test of the picture would see it.
        let _ = plotters::style::register_font("sans-serif", FontStyle::Normal, font);
    });
}

fn draw<B: DrawingBackend>(chart: &Chart, backend: B) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
    let root = backend.into_drawing_area();
    root.fill(&WHITE)?;
    let (low, high) = chart.range();
    let title = format!("{}: {}", chart.title, chart.view.word());
    let mut plane = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(84)
        .build_cartesian_2d(0.0..chart.end(), low..high)?;
    plane
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(RGBColor(228, 228, 228))
        .x_desc(chart.unit.as_str())
        .y_desc(chart.currency.code.as_str())
        .x_labels(8)
        .y_labels(7)
        .x_label_formatter(&|value| quantity(*value))
        .y_label_formatter(&|value| amount(*value, &chart.currency))
        .label_style(("sans-serif", 12))
        .axis_desc_style(("sans-serif", 13))
        .draw()?;
    for (at, series) in chart.series.iter().enumerate() {
        let colour = COLOURS[at % COLOURS.len()];
        let runs = chart.runs(series);
        // A jump is dashed: no quantity costs what lies between.
        for pair in runs.windows(2) {
            if let (Some(&(x, from)), Some(&(_, to))) = (pair[0].last(), pair[1].first()) {
                let dashes = DashedLineSeries::new([(x, from), (x, to)], 4, 4, colour.stroke_width(1));
                plane.draw_series(dashes)?;
            }
        }
        for (first, run) in runs.into_iter().enumerate() {
            let drawn = plane.draw_series(LineSeries::new(run, colour.stroke_width(2)))?;
            if first == 0 && chart.series.len() > 1 {
                drawn
                    .label(series.label.as_str())
                    .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
            }
        }
        let edges = chart.edges(series);
        plane.draw_series(edges.into_iter().map(|place| Circle::new(place, 3, colour.filled())))?;
        for cliff in chart.cliffs(series) {
            plane.draw_series(DashedLineSeries::new([(cliff, low), (cliff, high)], 2, 5, FALL.stroke_width(1)))?;
        }
    }
    if chart.series.len() > 1 {
        plane
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.85))
            .border_style(RGBColor(200, 200, 200))
            .label_font(("sans-serif", 12))
            .draw()?;
    }
    root.present()
}
