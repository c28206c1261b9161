//! The helper as a program: over stdin and stdout, whichever binary it is part of.
use super::{Launch, Program, drop_privileges, serve};
use crate::machine::Os;
use std::io;

/// Serves until its input ends. `args` are its own arguments; `launch` are the words that make this binary a helper.
pub fn run(args: impl IntoIterator<Item = String>, launch: Vec<String>) -> io::Result<()> {
    // Read first: another user may not read this program's file.
    let program = this(launch)?;
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        match (arg.as_str(), args.next()) {
            ("--drop", Some(user)) => drop_privileges(&user)?,
            _ => return Err(io::Error::other(format!("unknown argument `{arg}`; it is started by deploy"))),
        }
    }
    serve(io::stdin().lock(), io::stdout(), &Os::new(), &program)
}

/// What the running binary is as a helper.
pub fn this(launch: Vec<String>) -> io::Result<Program> {
    let build = *blake3::hash(&std::fs::read("/proc/self/exe")?).as_bytes();
    Ok(Program { build, launch: Launch::current(launch)? })
}
