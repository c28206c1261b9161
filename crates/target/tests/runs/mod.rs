//! One task on a machine, and what came of it: for tests of what single modules mean.
#![allow(dead_code, reason = "each test file uses a part of it")]
use std::path::{Path, PathBuf};
use target::host::{Alone, Host, Mode, Overlay, Stop, Traces};
use target::machine::{Fake, Machine, Meta, Source};
use target::modules;
use value::spec::check;
use value::{Map, Value};

pub struct Ran {
    pub result: Map,
    /// Why it failed.
    pub failed: Option<String>,
    /// Why it was skipped, by its message.
    pub skipped: Option<String>,
    pub changed: bool,
    pub traces: Traces,
}

impl Ran {
    pub fn text(&self, name: &str) -> String {
        self.result.get(name).map(Value::to_text).unwrap_or_default()
    }

    /// The result of a task that must not fail.
    #[track_caller]
    pub fn fine(self) -> Self {
        assert_eq!(self.failed, None);
        self
    }

    /// The words of a task that must fail.
    #[track_caller]
    pub fn complaint(&self) -> &str {
        self.failed.as_deref().expect("it should have failed")
    }
}

pub fn run(machine: &mut dyn Machine, module: &str, args: &[(&str, &str)], mode: Mode) -> Ran {
    run_with(machine, module, &args.iter().copied().collect(), mode)
}

pub fn apply(machine: &mut dyn Machine, module: &str, args: &[(&str, &str)]) -> Ran {
    run(machine, module, args, Mode::Apply)
}

pub fn run_with(machine: &mut dyn Machine, module: &str, given: &Map, mode: Mode) -> Ran {
    let module = modules::find(module).expect("a module");
    let args = check(module.spec(), module.info().name, given).expect("good arguments");
    let mut overlay = Overlay::default();
    let mut host = Host::new(machine, mode, &mut overlay, &Alone);
    let outcome = module.run(&args, &mut host);
    let changed = host.changed();
    let traces = host.into_traces();
    let (result, failed, skipped) = match outcome {
        Ok(result) => (result, None, None),
        Err(Stop::Failed(failure)) => (failure.result, Some(failure.message), None),
        Err(Stop::Skipped(result)) => {
            let why = result.get("msg").map(Value::to_text).unwrap_or_default();
            (result, None, Some(why))
        }
        Err(stop) => panic!("{stop:?}"),
    };
    Ran { result, failed, skipped, changed, traces }
}

pub const PLAIN: Meta = Meta { mode: 0o644, uid: 0, gid: 0 };

/// A fake machine with these files; a name that ends in a slash is a folder.
pub fn machine(files: &[(&str, &str)]) -> Fake {
    let mut fake = Fake::default();
    for (path, text) in files {
        match path.strip_suffix('/') {
            Some(folder) => fake.make_dir(Path::new(folder), 0o755).expect("a folder"),
            None => fake.write(Path::new(path), Source::Bytes(text.as_bytes()), PLAIN).expect("a file"),
        }
    }
    fake
}

/// An empty folder of this machine for one test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("deploy-test-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("made");
        Self(path)
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a task leaves in the journal of a channel that may keep so many bytes more.
pub fn apply_with_room(
    machine: &mut dyn Machine,
    module: &str,
    args: &[(&str, &str)],
    room: u64,
) -> Vec<target::host::Done> {
    let module = modules::find(module).expect("a module");
    let args = check(module.spec(), module.info().name, &args.iter().copied().collect()).expect("good arguments");
    let mut overlay = Overlay::default();
    let mut host = Host::new(machine, Mode::Apply, &mut overlay, &Alone).with_room(room);
    module.run(&args, &mut host).expect("done");
    host.into_traces().journal
}
