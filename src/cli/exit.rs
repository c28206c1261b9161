//! How commands end: exit codes with Ansible's meanings, and errors that are drawn before the program goes.
use std::process::ExitCode;
use value::Diagnostic;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Success = 0,
    /// It could not start, or what was asked for is not there.
    Error = 1,
    /// A task failed on a host.
    Failed = 2,
    /// A host could not be reached.
    Unreachable = 4,
    /// The command line is understood, and cannot be done; or the settings are wrong.
    Options = 5,
    /// Ctrl-C.
    Interrupted = 99,
    /// A fault of ours.
    Unexpected = 250,
}

impl Exit {
    /// Ansible gives one code to two cases: tasks that failed, and command lines with words that nobody knows.
    pub const USAGE: Exit = Exit::Failed;

    /// And here too: hosts that were not reached, and texts that cannot be parsed.
    pub const PARSER: Exit = Exit::Unreachable;

    /// Of a fault that only the run found: a file of variables that cannot be read, and a play's
    /// keyword that cannot be evaluated, count as a text that cannot be parsed.
    pub fn of_fault(code: &str) -> Exit {
        match code {
            "undefined" | "variables" => Exit::PARSER,
            text if ["template-", "yaml-", "vault"].iter().any(|kind| text.starts_with(kind)) => Exit::PARSER,
            _ => Exit::Error,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// What every code means, for help texts and the reference.
pub const EXIT_CODES: [(u8, &str); 7] = [
    (0, "all went well"),
    (1, "it could not start: a file, an inventory or a host pattern is not there"),
    (2, "a task failed on a host, or an option is unknown, has a wrong value, or is missing"),
    (4, "a host was unreachable, or a file could not be parsed"),
    (5, "options that do not go together or are not here yet, or a wrong setting"),
    (99, "interrupted"),
    (250, "a fault of deploy itself"),
];

/// Why a command ends before its work.
#[derive(Debug)]
pub struct Refusal {
    pub exit: Exit,
    pub diagnostics: Vec<Diagnostic>,
}

impl Refusal {
    pub fn new(exit: Exit, diagnostic: Diagnostic) -> Self {
        Self { exit, diagnostics: vec![diagnostic] }
    }

    /// A command line or a setting that is understood and cannot be done.
    pub fn options(diagnostic: Diagnostic) -> Self {
        Self::new(Exit::Options, diagnostic)
    }

    /// What Ansible has and is not here yet.
    pub fn not_here(option: &str) -> Self {
        let error = Diagnostic::error("options", format!("the option `{option}` is not here yet"));
        Self::options(error.help("Ansible has it; the README lists what else is missing"))
    }

    pub fn error(diagnostic: Diagnostic) -> Self {
        Self::new(Exit::Error, diagnostic)
    }

    /// Faults of the project's texts; a file or role that is not there has the code of what cannot start.
    pub fn parser(diagnostics: Vec<Diagnostic>) -> Self {
        let absent = |diagnostic: &Diagnostic| ["file-missing", "role-missing", "file"].contains(&diagnostic.code);
        let exit = match diagnostics.iter().all(absent) {
            _ if diagnostics.iter().any(|diagnostic| diagnostic.code == "extra-vars") => Exit::Options,
            true => Exit::Error,
            false => Exit::PARSER,
        };
        Self { exit, diagnostics }
    }
}
