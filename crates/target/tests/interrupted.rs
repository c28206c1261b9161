//! A file is either the old one or the new one, whatever dies and when: every module that writes is broken off at each of its
//! steps, by one that fails, and by its end.
mod examples;
mod runs;

use examples::{each_example, run};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};
use target::host::{Mode, Stop};
use target::machine::{
    Address, Command, Context, Fake, Identity, Interrupt, Kind, Machine, Meta, Node, Output, Source, Stat, Stream,
};
use target::module::AnyModule;
use target::modules;
use value::spec::check;
use value::{Map, Value};

/// How a module is broken off.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Break {
    /// One step fails, and the module may clean up.
    Failure,
    /// Nothing that comes after has any effect: the helper is killed, or the machine loses its power.
    Death,
}

/// A machine that breaks a module off at one of its steps.
struct Breaking {
    machine: Fake,
    taken: Arc<AtomicUsize>,
    at: usize,
    how: Break,
    /// What did not come about.
    broken: Arc<OnceLock<&'static str>>,
}

impl Breaking {
    fn step(&self, name: &'static str) -> io::Result<()> {
        let step = self.taken.fetch_add(1, Ordering::Relaxed) + 1;
        if step == self.at {
            let _ = self.broken.set(name);
        }
        match self.how {
            Break::Failure if step == self.at => Err(io::Error::other("Input/output error")),
            Break::Death if step >= self.at => Err(io::Error::other("Killed")),
            _ => Ok(()),
        }
    }
}

macro_rules! steps {
    ($(fn $name:ident(&self $(, $arg:ident: $type:ty)*) -> $out:ty;)*) => {
        $(fn $name(&self $(, $arg: $type)*) -> io::Result<$out> {
            self.step(stringify!($name))?;
            self.machine.$name($($arg),*)
        })*
    };
}

macro_rules! touches {
    ($(fn $name:ident(&mut self $(, $arg:ident: $type:ty)*);)*) => {
        $(fn $name(&mut self $(, $arg: $type)*) -> io::Result<()> {
            self.step(stringify!($name))?;
            self.machine.$name($($arg),*)
        })*
    };
}

impl Machine for Breaking {
    steps! {
        fn stat(&self, path: &Path, follow: bool) -> Option<Stat>;
        fn open(&self, path: &Path) -> Box<dyn Read + '_>;
        fn list(&self, path: &Path) -> Vec<OsString>;
        fn read_link(&self, path: &Path) -> PathBuf;
        fn canonical(&self, path: &Path) -> PathBuf;
        fn ask(&self, command: &Command) -> Output;
        fn connect(&self, address: &Address, timeout: Duration) -> Box<dyn Stream>;
        fn sleep(&self, time: Duration) -> ();
    }
    touches! {
        fn write(&mut self, path: &Path, source: Source, meta: Meta);
        fn overwrite(&mut self, path: &Path, source: Source);
        fn make_dir(&mut self, path: &Path, mode: u32);
        fn symlink(&mut self, target: &Path, path: &Path);
        fn hard_link(&mut self, target: &Path, path: &Path);
        fn rename(&mut self, from: &Path, to: &Path);
        fn remove_file(&mut self, path: &Path);
        fn remove_empty_dir(&mut self, path: &Path);
        fn remove_dir(&mut self, path: &Path);
        fn set_meta(&mut self, path: &Path, meta: Meta, exact: bool);
        fn set_times(&mut self, path: &Path, accessed: Option<(i64, u32)>, modified: Option<(i64, u32)>);
    }
    fn run(&mut self, command: &Command) -> io::Result<Output> {
        self.step("run")?;
        self.machine.run(command)
    }
    fn access(&self, path: &Path) -> [bool; 3] {
        self.machine.access(path)
    }
    fn attributes(&self, path: &Path) -> String {
        self.machine.attributes(path)
    }
    fn now(&self) -> SystemTime {
        self.machine.now()
    }
    fn identity(&self) -> Identity {
        self.machine.identity()
    }
    fn variable(&self, name: &str) -> Option<String> {
        self.machine.variable(name)
    }
    fn variables(&self) -> Vec<(String, String)> {
        self.machine.variables()
    }
    fn is_real(&self) -> bool {
        self.machine.is_real()
    }
    fn set_context(&mut self, context: Context) {
        self.machine.set_context(context);
    }
    fn interrupt(&self) -> Interrupt {
        self.machine.interrupt()
    }
    fn another(&self) -> Box<dyn Machine> {
        let (machine, taken, broken) = (self.machine.clone(), self.taken.clone(), self.broken.clone());
        Box::new(Self { machine, taken, broken, ..*self })
    }
}

type Nodes = BTreeMap<PathBuf, Node>;

fn nodes(machine: &Fake) -> Nodes {
    machine.world().nodes.clone()
}

/// What is written by the system's own tools, in as many steps as these have.
const TOOLS: [&str; 7] =
    ["/etc/group", "/etc/passwd", "/etc/shadow", "/home", "/var/lib/apt", "/var/lib/dpkg", "/var/cache/apt"];

/// The old one or the new one; while it is made, nobody may do more with it than with these.
fn fits(now: &Node, old: Option<&Node>, new: Option<&Node>) -> bool {
    let one_of = [old, new].into_iter().flatten();
    let mode = one_of.clone().fold(0, |mode, node| mode | node.meta.mode);
    let whole = |node: &Node| (node.kind, &node.bytes, &node.target) == (now.kind, &now.bytes, &now.target);
    one_of.clone().any(whole) && (now.kind == Kind::Link || now.meta.mode & !mode & 0o7777 == 0)
}

/// Complains of files that are neither old nor new, and of what is left in places that are not documented.
fn complaints(before: &Nodes, after: &Nodes, now: &Nodes, tidy: bool) -> Vec<String> {
    let paths: BTreeSet<&PathBuf> = [before, after, now].into_iter().flat_map(BTreeMap::keys).collect();
    let mut complaints = Vec::new();
    for path in paths.into_iter().filter(|path| !TOOLS.iter().any(|own| path.starts_with(own))) {
        let (old, new) = (before.get(path), after.get(path));
        match now.get(path) {
            // A private folder where programs look at a new file before it takes its place.
            Some(_) if !tidy && path.to_string_lossy().starts_with("/tmp/.deploy-") => {}
            // Where a task tells what packages may start; it goes on as the task says until it is run again.
            Some(_) if !tidy && path == Path::new("/usr/sbin/policy-rc.d") => {}
            Some(node) if !fits(node, old, new) => complaints.push(format!("{}: {node:?}", path.display())),
            None if old.is_some() && new.is_some() => complaints.push(format!("{} is gone", path.display())),
            _ => {}
        }
    }
    complaints
}

/// Runs it broken off at every step; says at how many.
fn sweep(at: &str, module: &dyn AnyModule, args: &Map, machine: impl Fn() -> Fake) -> usize {
    let whole = machine();
    let before = nodes(&whole);
    if let (Err(Stop::Failed(failure)), _) = run(module, args, &mut whole.clone(), Mode::Apply) {
        panic!("{at}: {failure:?}");
    }
    let after = nodes(&whole);
    for step in 1..2000 {
        let mut taken = 0;
        for how in [Break::Failure, Break::Death] {
            let machine = machine();
            let mut breaking =
                Breaking { machine: machine.clone(), taken: Arc::default(), at: step, how, broken: Arc::default() };
            let _ = run(module, args, &mut breaking, Mode::Apply);
            taken = breaking.taken.load(Ordering::Relaxed);
            // Only what cannot be removed, or what nobody is there to remove, may stay.
            let tidy = how == Break::Failure && breaking.broken.get().is_none_or(|name| !name.starts_with("remove_"));
            let found = complaints(&before, &after, &nodes(&machine), tidy);
            assert!(found.is_empty(), "{at}: {how:?} at step {step}: {found:#?}");
        }
        if taken < step {
            return step;
        }
    }
    panic!("{at}: it never ends")
}

#[test]
fn examples_leave_the_old_or_the_new() {
    each_example(|at, module, args, example| {
        // A name that is made up at random is neither.
        if !module.info().random {
            sweep(at, module, args, || examples::machine(example));
        }
    });
}

/// What examples do not show: the ways of a file to its place.
#[test]
fn so_does_every_way_of_writing() {
    const FILES: [(&str, &str); 5] = [
        ("/srv/a", "old\n"),
        ("/srv/new", "new\n"),
        ("/srv/tree/", ""),
        ("/srv/tree/one", "1"),
        ("/srv/tree/two", "2"),
    ];
    let cases: [(&str, &[(&str, &str)]); 14] = [
        ("copy", &[("content", "new\n"), ("dest", "/srv/a"), ("mode", "0600")]),
        ("copy", &[("content", "new\n"), ("dest", "/srv/a"), ("backup", "yes"), ("validate", "true %s")]),
        ("copy", &[("src", "/srv/new"), ("dest", "/srv/b/"), ("remote_src", "yes"), ("mode", "0640"), ("owner", "7")]),
        ("copy", &[("src", "/srv/new"), ("dest", "/srv/a"), ("remote_src", "yes"), ("mode", "preserve")]),
        ("copy", &[("src", "/srv/tree"), ("dest", "/srv/c"), ("remote_src", "yes"), ("directory_mode", "0700")]),
        ("lineinfile", &[("path", "/srv/a"), ("line", "more"), ("backup", "yes"), ("validate", "true %s")]),
        ("lineinfile", &[("path", "/srv/d/e"), ("line", "more"), ("create", "yes"), ("mode", "0600")]),
        ("blockinfile", &[("path", "/srv/a"), ("block", "more"), ("backup", "yes"), ("validate", "true %s")]),
        ("get_url", &[("url", "http://files.test/hello.txt"), ("dest", "/srv/a"), ("backup", "yes"), ("force", "yes")]),
        ("uri", &[("url", "http://files.test/hello.txt"), ("dest", "/srv/a")]),
        ("file", &[("path", "/srv/x/y/z"), ("state", "directory"), ("mode", "0750")]),
        ("file", &[("path", "/srv/a"), ("src", "/srv/new"), ("state", "link"), ("force", "yes")]),
        ("file", &[("path", "/srv/a"), ("src", "/srv/new"), ("state", "hard"), ("force", "yes")]),
        ("file", &[("path", "/srv/tree"), ("state", "directory"), ("mode", "u=rwX"), ("recurse", "yes")]),
    ];
    for (name, words) in cases {
        let module = modules::find(name).expect("a module");
        let given: Map = words.iter().map(|(name, value)| (*name, Value::from(*value))).collect();
        let args = check(module.spec(), name, &given).expect("good arguments");
        let steps = sweep(&format!("{name}: {words:?}"), module, &args, || runs::machine(&FILES));
        assert!(steps > 3, "{name} {words:?} does nothing");
    }
}
