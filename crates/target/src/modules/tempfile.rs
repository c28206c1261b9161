//! `tempfile`: an empty file or folder under a name that nobody can guess.
use crate::helper::unique;
use crate::host::{Change, Host, Look, Resource, State, Stop, install};
use crate::machine::Meta;
#[cfg(any(test, feature = "reference"))]
use crate::module::Example;
use crate::module::{Info, Module, Return, path_value};
use std::path::PathBuf;

value::args! {
    /// Makes an empty temporary file or folder, which only its owner may use. Nobody removes it: the play does, with `file`.
    pub struct Args {
        /// What is made.
        state: String { default("file"), choices(&["directory", "file"]) },
        /// The folder that it is made in; none: the host's folder for such files.
        path: Option<PathBuf>,
        /// How its name begins.
        prefix: String { default("ansible.") },
        /// How its name ends.
        suffix: String { default("") },
    }
}

pub struct Task;
impl Module for Task {
    const INFO: Info = Info::new("tempfile").repeats().random();
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example] = &[Example {
        title: "Make a folder to unpack into",
        args: &[("state", "directory"), ("suffix", ".build")],
        before: Vec::new,
        after: Vec::new,
    }];
    type Args = Args;

    fn run(args: &Args, host: &mut Host) -> Look<Return> {
        if host.supposes() {
            return Err(Stop::Skipped(crate::returns! { "msg" => "remote module (tempfile) does not support check mode" }));
        }
        let folder = match &args.path {
            Some(folder) => folder.clone(),
            None => PathBuf::from(host.variable("TMPDIR").filter(|dir| !dir.is_empty()).unwrap_or_else(|| "/tmp".into())),
        };
        let path = folder.join(format!("{}{}{}", args.prefix, letters(unique()), args.suffix));
        if !host.is_dir(&folder)? {
            return Stop::failed(format!("[Errno 2] No such file or directory: '{}'", path.display()));
        }
        let owner = host.machine().identity();
        let meta = |mode| Meta { mode, uid: owner.uid, gid: owner.gid };
        let state = match args.state.as_str() {
            "directory" => State::Directory(meta(0o700)),
            _ => State::file(meta(0o600), ""),
        };
        host.set(Change::to(Resource::path(&path), state))?;
        let mut result = crate::returns! { "path" => path_value(&path) };
        result.extend(install::path_info(host, &path)?);
        Ok(result)
    }
}

/// As Python's names of temporary files: eight of these letters.
fn letters(mut number: u64) -> String {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789_";
    let mut letter = || {
        let letter = LETTERS[(number % LETTERS.len() as u64) as usize];
        number /= LETTERS.len() as u64;
        char::from(letter)
    };
    (0..8).map(|_| letter()).collect()
}
