//! A bar on standard error while usage is read; nothing where that is no terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use price_ingest::{Phase, Progress};

/// The bar.
pub struct Bar {
    bar: ProgressBar,
    phase: Option<Phase>,
}

impl Bar {
    /// A bar, hidden if not wanted.
    pub fn new(wanted: bool) -> Bar {
        let target = if wanted { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Bar { bar: ProgressBar::with_draw_target(None, target), phase: None }
    }

    /// Shows where reading is.
    pub fn update(&mut self, progress: &Progress) {
        let (at, all, template) = match progress.phase {
            Phase::Reading => (
                progress.bytes,
                progress.bytes_total,
                "reading {bar:30} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta} left",
            ),
            Phase::Delivering => (progress.events, None, "rating {spinner} {human_pos} events {per_sec}"),
        };
        if self.phase != Some(progress.phase) {
            self.phase = Some(progress.phase);
            self.bar.reset();
            if let Ok(style) = ProgressStyle::with_template(template) {
                self.bar.set_style(style);
            }
        }
        if let Some(all) = all {
            self.bar.set_length(all);
        }
        self.bar.set_position(at);
    }

    /// Counts invoices while they are written.
    pub fn invoices(&mut self, all: usize) {
        if all < 1_000 {
            return self.finish();
        }
        self.bar.reset();
        self.bar.set_length(all as u64);
        if let Ok(style) = ProgressStyle::with_template("invoicing {bar:30} {human_pos}/{human_len}") {
            self.bar.set_style(style);
        }
    }

    /// One more invoice.
    pub fn tick(&self) {
        self.bar.inc(1);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
