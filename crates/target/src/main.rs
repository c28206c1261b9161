//! `deploy-helper`: serves the calls of one controller over stdin and stdout, and ends with them.
use std::path::PathBuf;
use std::process::ExitCode;
use target::helper::{Launch, Program, drop_privileges, serve};
use target::machine::Os;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody reads it but whoever started the helper by hand, or a helper that starts this one.
            let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("deploy-helper: {error}\n").as_bytes());
            ExitCode::FAILURE
        }
    }
}

fn run() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match (arg.as_str(), args.next()) {
            ("--drop", Some(user)) => drop_privileges(&user)?,
            _ => return Err(std::io::Error::other(format!("unknown argument `{arg}`; it is started by deploy"))),
        }
    }
    let path = PathBuf::from("/proc/self/exe");
    let build = *blake3::hash(&std::fs::read(path)?).as_bytes();
    let program = Program { build, launch: Launch::current(Vec::new())? };
    serve(std::io::stdin().lock(), std::io::stdout(), &Os::new(), &program)
}
