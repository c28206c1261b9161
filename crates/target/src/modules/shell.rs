//! `shell`: runs a line of shell.
use crate::host::programs::{self, Program};
use crate::host::{Host, Look, Stop};
#[cfg(any(test, feature = "reference"))]
use crate::module::Example;
use crate::module::{Info, Module, Return};
use std::path::PathBuf;

value::args! {
    /// Runs a line of shell, with all that a shell can do. Where nothing of that is needed, `command` is the safer one.
    ///
    /// Nobody can foretell what it does, so a check skips it, and a plan shows its words.
    pub struct Args {
        /// The line.
        cmd: Option<String> { aliases(&["_raw_params"]) },
        /// A path or a pattern: when something fits it, the line does not run.
        creates: Option<PathBuf>,
        /// A path or a pattern: when nothing fits it, the line does not run.
        removes: Option<PathBuf>,
        /// The folder to run it in.
        chdir: Option<PathBuf>,
        /// The shell, by its path.
        executable: Option<PathBuf>,
        /// What the line reads from its standard input.
        stdin: Option<String>,
        /// Whether a newline ends that input.
        stdin_add_newline: bool { default("yes") },
        /// Whether empty lines at the end of the output are taken off.
        strip_empty_ends: bool { default("yes") },
    }
}

pub struct Task;
impl Module for Task {
    const INFO: Info = Info::new("shell").repeats().at_start();
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example] = &[Example {
        title: "Count users",
        args: &[("cmd", "wc -l < /etc/passwd > /srv/count")],
        before: Vec::new,
        after: Vec::new,
    }];
    type Args = Args;

    fn run(args: &Args, host: &mut Host) -> Look<Return> {
        let Some(line) = args.cmd.as_deref().filter(|line| !line.trim().is_empty()) else {
            return Err(Stop::failure("no command given", crate::returns! { "rc" => 256 }));
        };
        let shell = args.executable.as_deref().map_or_else(|| "/bin/sh".into(), |path| path.to_string_lossy().into_owned());
        let program = Program {
            argv: vec![shell, "-c".into(), line.into()],
            shown: line.into(),
            creates: args.creates.as_deref().and_then(|path| path.to_str()),
            removes: args.removes.as_deref().and_then(|path| path.to_str()),
            chdir: args.chdir.as_deref(),
            stdin: programs::input(args.stdin.as_deref(), args.stdin_add_newline),
            strip_empty_ends: args.strip_empty_ends,
        };
        programs::run(program, host)
    }
}
