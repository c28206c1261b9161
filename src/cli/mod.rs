//! The command line: which name the program was called by, what was asked for, one file per command.
mod options;

use std::process::ExitCode;

/// The whole program.
pub fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    match args.next() {
        Some(word) if std::env::var_os(crate::connect::ASKPASS_SOCKET).is_some() => {
            ExitCode::from(crate::connect::answer_askpass(&word))
        }
        Some(word) if word == crate::connect::AS_HELPER => helper(args),
        _ => ExitCode::FAILURE,
    }
}

/// This program as its own helper, at the other end of a connection or under another user.
fn helper(args: impl Iterator<Item = String>) -> ExitCode {
    match target::helper::program::run(args, vec![crate::connect::AS_HELPER.into()]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("deploy: {error}\n").as_bytes());
            ExitCode::FAILURE
        }
    }
}
