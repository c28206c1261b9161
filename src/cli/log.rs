//! The log of the work itself: connections, helpers, round trips. `-vvv` and `-vvvv` show it, or `DEPLOY_LOG` as a filter; it goes
//! to standard error, and secrets are hidden in it as everywhere.
use crate::report::Secrets;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Instant;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use value::Diagnostic;

pub const FILTER: &str = "DEPLOY_LOG";

/// Begins the log, if anybody wants one. A second start in the same process changes nothing.
pub fn start(verbosity: u8, secrets: Arc<Secrets>) -> Result<(), Diagnostic> {
    let Some(filter) = filter(verbosity)? else { return Ok(()) };
    let writer = Masked { secrets, is_terminal: std::io::stderr().is_terminal() };
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_timer(Since(Instant::now()))
        .with_target(verbosity > 3)
        .with_ansi(false)
        .with_writer(writer);
    // Only tests start twice.
    let _ = log.try_init();
    Ok(())
}

fn filter(verbosity: u8) -> Result<Option<EnvFilter>, Diagnostic> {
    let asked = std::env::var(FILTER).ok().filter(|text| !text.trim().is_empty());
    let text = match (asked, verbosity) {
        (Some(asked), _) => asked,
        (None, 0..=2) => return Ok(None),
        (None, 3) => "warn,deploy=info".into(),
        (None, 4) => "warn,deploy=debug".into(),
        (None, _) => "info,deploy=trace,openssh=debug".into(),
    };
    EnvFilter::try_new(&text).map(Some).map_err(|error| {
        Diagnostic::error("log", format!("{FILTER} is no filter: {error}"))
            .help("write `debug`, or `deploy=trace,openssh=debug`")
    })
}

/// Seconds since the command began.
struct Since(Instant);

impl FormatTime for Since {
    fn format_time(&self, writer: &mut Writer) -> std::fmt::Result {
        write!(writer, "{:8.3}", self.0.elapsed().as_secs_f64())
    }
}

/// Standard error behind the mask. Each record arrives in one piece.
#[derive(Clone)]
struct Masked {
    secrets: Arc<Secrets>,
    is_terminal: bool,
}

impl<'w> MakeWriter<'w> for Masked {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

impl Write for Masked {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let text = self.secrets.hide(String::from_utf8_lossy(bytes).into_owned());
        let mut stderr = std::io::stderr().lock();
        // The live line may stand there.
        let clear: &[u8] = if self.is_terminal { b"\r\x1b[2K" } else { b"" };
        // Whoever read the log may have gone away; the work goes on. An error would be told where nobody reads either.
        let _ = stderr.write_all(clear).and_then(|()| stderr.write_all(text.as_bytes()));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}
