//! `deploy-helper`: serves the calls of one controller over stdin and stdout, and ends with them.
use std::process::ExitCode;
use target::helper::program;

fn main() -> ExitCode {
    match program::run(std::env::args().skip(1), Vec::new()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody reads it but whoever started the helper by hand, or a helper that starts this one.
            let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("deploy-helper: {error}\n").as_bytes());
            ExitCode::FAILURE
        }
    }
}
