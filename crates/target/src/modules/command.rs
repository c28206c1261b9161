//! `command`: runs a program, without a shell.
use crate::host::programs::{self, Program};
use crate::host::{Host, Look, Stop};
#[cfg(any(test, feature = "reference"))]
use crate::module::Example;
use crate::module::{Info, Module, Return};
use std::path::PathBuf;
use value::Value;

value::args! {
    /// Runs a program with its arguments. No shell is between: `|`, `>`, `&` and `*` mean nothing here (use `shell` for those).
    ///
    /// Nobody can foretell what it does, so a check skips it, and a plan shows its words.
    pub struct Args {
        /// The command as one line, parted into words as a shell would.
        cmd: Option<String> { aliases(&["_raw_params"]) },
        /// The command as a list of words.
        argv: Option<Vec<String>>,
        /// A path or a pattern: when something fits it, the command does not run.
        creates: Option<PathBuf>,
        /// A path or a pattern: when nothing fits it, the command does not run.
        removes: Option<PathBuf>,
        /// The folder to run it in.
        chdir: Option<PathBuf>,
        /// What the program reads from its standard input.
        stdin: Option<String>,
        /// Whether a newline ends that input.
        stdin_add_newline: bool { default("yes") },
        /// Whether empty lines at the end of the output are taken off.
        strip_empty_ends: bool { default("yes") },
        /// Whether `~` and `$VARIABLES` in the words are expanded, as the program would see them.
        expand_argument_vars: bool { default("yes") },
    }
    rules: [value::spec::Rule::MutuallyExclusive(&["cmd", "argv"])]
}

pub struct Task;
impl Module for Task {
    const INFO: Info = Info::new("command").repeats().at_start();
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example] = &[
        Example { title: "Make a database", args: &[("cmd", "createdb shop")], before: Vec::new, after: Vec::new },
        Example {
            title: "Make a database unless it is there",
            args: &[("argv", "createdb,shop"), ("creates", "/srv/shop")],
            before: Vec::new,
            after: Vec::new,
        },
    ];
    type Args = Args;

    fn run(args: &Args, host: &mut Host) -> Look<Return> {
        let (argv, shown) = match (&args.argv, &args.cmd) {
            (Some(argv), _) => (argv.clone(), Value::from(argv.clone())),
            (None, Some(line)) => {
                let argv = programs::split(line).or_else(Stop::failed)?;
                (argv.clone(), Value::from(argv))
            }
            (None, None) => return Err(Stop::failure("no command given", crate::returns! { "rc" => 256 })),
        };
        if argv.is_empty() || argv[0].is_empty() {
            return Err(Stop::failure("no command given", crate::returns! { "rc" => 256 }));
        }
        let argv = match args.expand_argument_vars {
            true => argv.iter().map(|word| programs::expanded(word, host)).collect(),
            false => argv,
        };
        let program = Program {
            argv,
            shown,
            creates: args.creates.as_deref().and_then(|path| path.to_str()),
            removes: args.removes.as_deref().and_then(|path| path.to_str()),
            chdir: args.chdir.as_deref(),
            stdin: programs::input(args.stdin.as_deref(), args.stdin_add_newline),
            strip_empty_ends: args.strip_empty_ends,
        };
        programs::run(program, host)
    }
}
