//! The log: one line per event on stdout, as JSON or plain text.

use tracing::level_filters::LevelFilter;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LogFormat {
    Json,
    Plain,
}

pub fn start(format: LogFormat, level: LevelFilter) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let lines = tracing_subscriber::fmt().with_max_level(level).with_target(false).with_ansi(false);
    match format {
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
        LogFormat::Plain => lines.try_init(),
    }
}
