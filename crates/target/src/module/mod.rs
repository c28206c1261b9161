//! The one definition of a task module, and its object-safe twin for the list.
use crate::host::{Host, Look, Resource, State, Stop};
use crate::protocol::Hold;
use std::marker::PhantomData;
use std::path::Path;
use value::spec::{self, Args, Spec};
use value::{Map, Value};

pub mod expand;

pub struct Info {
    /// Its own short name: `copy`.
    pub name: &'static str,
    /// Where the name lives: `ansible.builtin`.
    pub collection: &'static str,
    /// Other short names for the same thing: `systemd` for `systemd_service`.
    pub aliases: &'static [&'static str],
    /// Acts again on every run (`command`, a restart), so the second-run test does not hold.
    pub repeats: bool,
    /// Makes up names at random: no two runs, and no plan and its run, give the same.
    pub random: bool,
    /// Where its calls wait while other hosts stand before the barrier: at their first change, or before they begin, for what
    /// reads beyond its own machine, only reports, or cannot be seen through.
    pub hold: Hold,
    /// Whether it may return `ansible_facts`.
    pub facts: bool,
    /// Needs the larger build, with TLS.
    pub net: bool,
}

impl Info {
    pub const fn new(name: &'static str) -> Self {
        let (collection, aliases): (_, &[&str]) = ("ansible.builtin", &[]);
        Self {
            name,
            collection,
            aliases,
            repeats: false,
            random: false,
            hold: Hold::AtChange,
            facts: false,
            net: false,
        }
    }
    pub const fn collection(self, collection: &'static str) -> Self {
        Self { collection, ..self }
    }
    pub const fn aliases(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }
    pub const fn repeats(self) -> Self {
        Self { repeats: true, ..self }
    }
    pub const fn random(self) -> Self {
        Self { random: true, ..self }
    }
    /// Only reports, or asks the world outside.
    pub const fn at_start(self) -> Self {
        Self { hold: Hold::AtStart, ..self }
    }
    pub const fn facts(self) -> Self {
        Self { facts: true, ..self }
    }
    pub const fn net(self) -> Self {
        Self { net: true, ..self }
    }
}

/// A documented task that is also a test: the machine before, and what it is after.
pub struct Example {
    pub title: &'static str,
    /// As `key=value`, YAML's loosely typed words; lists are parted by commas.
    pub args: &'static [(&'static str, &'static str)],
    pub before: fn() -> Vec<(Resource, State)>,
    pub after: fn() -> Vec<(Resource, State)>,
}

/// What `register` gets besides `changed`, `failed`, `diff`, which come from the journal.
pub type Return = Map;

pub trait Module: 'static {
    const INFO: Info;
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example];
    type Args: Args;
    fn run(args: &Self::Args, host: &mut Host) -> Look<Return>;
}

pub trait AnyModule: Sync {
    fn info(&self) -> &'static Info;
    fn spec(&self) -> &'static Spec<'static>;
    #[cfg(any(test, feature = "reference"))]
    fn examples(&self) -> &'static [Example];
    /// With arguments that were checked and coerced.
    fn run(&self, args: &Map, host: &mut Host) -> Look<Return>;
}

struct Holder<M>(PhantomData<fn() -> M>);

impl<M: Module> AnyModule for Holder<M> {
    fn info(&self) -> &'static Info {
        const { &M::INFO }
    }
    fn spec(&self) -> &'static Spec<'static> {
        const { &M::Args::SPEC }
    }
    #[cfg(any(test, feature = "reference"))]
    fn examples(&self) -> &'static [Example] {
        M::EXAMPLES
    }
    fn run(&self, args: &Map, host: &mut Host) -> Look<Return> {
        let args = expand::paths(self.spec(), args, host);
        let args = spec::parse(&args).or_else(Stop::failed)?;
        match M::run(&args, host) {
            Ok(result) => Ok(with_path_info(result, host)),
            Err(Stop::Failed(mut failure)) => {
                failure.result = with_path_info(failure.result, host);
                Err(Stop::Failed(failure))
            }
            Err(stop) => Err(stop),
        }
    }
}

/// Whatever names a `path` or a `dest` also tells whose it is, as with Ansible: results and failures alike.
fn with_path_info(mut result: Map, host: &Host) -> Map {
    let named = ["path", "dest"].into_iter().find_map(|name| result.get(name)?.as_str());
    let Some(path) = named.filter(|path| path.starts_with('/') && !result.contains("uid")).map(Path::new) else {
        return result;
    };
    // What cannot be known or seen is left out: it is an addition only.
    for (name, value) in crate::host::install::path_info(host, path).unwrap_or_default() {
        let absent = name.as_str() == Some("state") && value.as_str() == Some("absent");
        // What a task calls its state is not what stands there.
        if !absent && (!result.contains_key(&name) || name.as_str() == Some("state")) {
            result.insert(name, value);
        }
    }
    result
}

/// Forgets the type; usable in a `static`.
pub const fn erase<M: Module>() -> &'static dyn AnyModule {
    const { &Holder::<M>(PhantomData) }
}

/// Return values, written as `returns! { "dest" => path, "size" => 3 }`.
#[macro_export]
macro_rules! returns {
    ($($name:expr => $value:expr),* $(,)?) => {{
        let mut map = value::Map::new();
        $(map.insert($name, value::Value::from($value));)*
        map
    }};
}

/// A path as a return value.
pub fn path_value(path: &Path) -> Value {
    path.to_string_lossy().into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use value::spec::Kind;

    #[test]
    fn paths_are_expanded_where_the_module_runs() {
        const SPEC: Spec = Spec {
            doc: "",
            args: &[spec::Arg::new("dest", Kind::Path, None, ""), spec::Arg::new("line", Kind::Str, None, "")],
            rules: &[],
        };
        let mut machine = crate::machine::Fake::default();
        let mut overlay = crate::host::Overlay::default();
        let host = Host::new(&mut machine, crate::host::Mode::Apply, &mut overlay, &crate::host::Alone);
        let args: Map = [("dest", "~/a/$USER"), ("line", "~/a")].into_iter().collect();
        let args = expand::paths(&SPEC, &args, &host);
        assert_eq!(args.get("dest").unwrap().as_str(), Some("/root/a/root"));
        assert_eq!(args.get("line").unwrap().as_str(), Some("~/a"));
    }
}
