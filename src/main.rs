//! The program. What it does is in the library; here is only its exit code.
use std::process::ExitCode;

fn main() -> ExitCode {
    deploy::cli::main()
}
