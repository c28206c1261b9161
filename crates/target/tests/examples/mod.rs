//! The modules' own examples, as tests go through them.
use target::host::{self, Alone, Host, Mode, Overlay, Stop, kinds};
use target::machine::{Fake, Machine};
use target::module::{AnyModule, Example};
use target::modules::ALL;
use value::spec::check;
use value::{Map, Value};

/// Each example of each module: where it stands, the module, its checked arguments.
pub fn each_example(test: impl Fn(&str, &dyn AnyModule, &Map, &Example)) {
    for module in ALL {
        let name = module.info().name;
        assert!(!module.examples().is_empty(), "{name} has no example");
        for example in module.examples() {
            let given: Map = example.args.iter().map(|(name, value)| (*name, Value::from(*value))).collect();
            let at = format!("{name}: {}", example.title);
            let args = check(module.spec(), name, &given).unwrap_or_else(|complaints| panic!("{at}: {complaints:?}"));
            test(&at, *module, &args, example);
        }
    }
}

/// The machine as the example begins.
pub fn machine(example: &Example) -> Fake {
    let mut fake = Fake::default();
    for (what, state) in (example.before)() {
        kinds::make(&mut fake, &what, &state).unwrap_or_else(|error| panic!("{}: {what:?}: {error}", example.title));
    }
    fake.world().ran.clear();
    fake
}

/// Runs a module, and gives what it came to with the host's traces.
pub fn run(
    module: &dyn AnyModule,
    args: &Map,
    machine: &mut dyn Machine,
    mode: Mode,
) -> (Result<Map, Stop>, host::Traces) {
    let mut overlay = Overlay::default();
    let mut host = Host::new(machine, mode, &mut overlay, &Alone).with_diff(true);
    let outcome = module.run(args, &mut host);
    (outcome, host.into_traces())
}
