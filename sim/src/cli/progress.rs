//! The progress bar, on stderr; nothing is drawn when that is not a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar of so many things, or a counter if nobody knows how many; drawn a few times a second.
pub fn progress(length: Option<u64>, unit: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
    let template = match length {
        Some(_) => format!("{{bar:40}} {{pos}}/{{len}} {unit}, {{per_sec}}, {{eta}} to go  {{msg}}"),
        None => format!("{{spinner}} {{pos}} {unit}, {{per_sec}}, {{elapsed}}  {{msg}}"),
    };
    bar.with_style(ProgressStyle::with_template(&template).expect("the template is written above"))
}
