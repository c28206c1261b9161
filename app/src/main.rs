//! The program: read the command line and the environment, then serve until told to stop.

use std::io::Write;
use std::process::ExitCode;

use botify::cli::{self, Command};
use botify::config::Config;
use botify::site::Site;
use botify::{health, log, server};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What the shell and systemd call a bad command line or bad configuration.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    match cli::parse(std::env::args().skip(1)) {
        Ok(Command::Serve) => with_config(serve),
        Ok(Command::Health) => with_config(|config| Ok(say(&health::probe(&config)?))),
        Ok(Command::Help) => say(&cli::help()),
        Ok(Command::Version) => say(&format!("botify {}\n", env!("CARGO_PKG_VERSION"))),
        Err(wrong) => complain(&wrong.to_string(), USAGE),
    }
}

fn with_config(run: impl FnOnce(Config) -> Result<ExitCode, Failure>) -> ExitCode {
    let config = match Config::from_vars(std::env::vars_os()) {
        Ok(config) => config,
        Err(wrong) => return complain(&wrong.to_string(), USAGE),
    };
    run(config).unwrap_or_else(|failure| complain(&failure.to_string(), 1))
}

/// More threads than this bring a blog nothing, and a container has a limit on them.
const MOST_WORKERS: usize = 8;

fn serve(config: Config) -> Result<ExitCode, Failure> {
    let workers = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(MOST_WORKERS));
    let runtime = Builder::new_multi_thread().worker_threads(workers).max_blocking_threads(32).enable_all().build()?;
    let ended = runtime.block_on(run(config));
    // A password that is still being hashed holds nobody up.
    runtime.shutdown_background();
    ended
}

async fn run(config: Config) -> Result<ExitCode, Failure> {
    // Before anything slow, so that a stop during migrations is not lost.
    let stops = Stops::listen()?;
    log::start(config.log_format, config.log_level)?;
    let listen = config.listen;
    let site = Site::open(config).await?;
    let listener = TcpListener::bind(listen).await.map_err(|error| format!("cannot listen on {listen}: {error}"))?;
    tracing::info!(listen = %listener.local_addr()?, version = env!("CARGO_PKG_VERSION"), "ready");
    let drained = tokio::select! {
        drained = server::serve(listener, site, stops.asked(1)) => drained,
        () = stops.asked(2) => return Err("told to stop again while draining".into()),
    };
    Ok(if drained { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// SIGTERM and SIGINT: the first one drains, the second one stops at once.
struct Stops(watch::Receiver<u8>);

impl Stops {
    fn listen() -> Result<Stops, Failure> {
        let (mut term, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let (count, seen) = watch::channel(0u8);
        tokio::spawn(async move {
            while either(&mut term, &mut interrupt).await {
                count.send_modify(|seen| *seen = seen.saturating_add(1));
            }
        });
        Ok(Stops(seen))
    }

    /// Returns once so many stops were asked for.
    fn asked(&self, times: u8) -> impl Future<Output = ()> + use<> {
        let mut count = self.0.clone();
        async move {
            if count.wait_for(|seen| *seen >= times).await.is_err() {
                // Signals can no longer arrive: then nothing ever asks to stop.
                std::future::pending::<()>().await;
            }
        }
    }
}

async fn either(term: &mut Signal, interrupt: &mut Signal) -> bool {
    tokio::select! { one = term.recv() => one.is_some(), one = interrupt.recv() => one.is_some() }
}

fn say(text: &str) -> ExitCode {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn complain(text: &str, code: u8) -> ExitCode {
    // Where even stderr is closed, the exit code still tells.
    let _ = writeln!(std::io::stderr().lock(), "botify: {text}");
    ExitCode::from(code)
}
