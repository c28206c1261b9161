//! What holds for every task module, whoever wrote it: each example is a machine before and a machine after.
mod examples;

use examples::{each_example, machine, run};
use std::collections::BTreeMap;
use target::host::{self, Mode, Resource, State, Stop, kinds};
use target::module::{AnyModule, Example};
use target::modules::ALL;
use value::spec::{Spec, check};
use value::{Map, Value};

fn changed(traces: &host::Traces) -> bool {
    traces.journal.iter().any(|done| done.counted)
}

fn acts(module: &dyn AnyModule, args: &Map, example: &Example) -> bool {
    changed(&run(module, args, &mut machine(example), Mode::Apply).1)
}

#[test]
fn a_module_has_the_name_of_its_file() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/src/modules");
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let stems = files.map(|path| path.file_stem().unwrap().to_str().unwrap().trim_end_matches('_').to_string());
    let mut names: Vec<_> = stems.filter(|name| name != "mod").collect();
    names.sort();
    let mut known: Vec<_> = ALL.iter().map(|module| module.info().name).collect();
    known.sort();
    assert_eq!(names, known);
}

#[test]
fn no_two_modules_share_a_name() {
    let mut seen = BTreeMap::new();
    for module in ALL {
        for name in std::iter::once(&module.info().name).chain(module.info().aliases) {
            assert_eq!(seen.insert(*name, module.info().name), None, "{name}");
        }
    }
}

#[test]
fn examples_hold_and_a_second_run_changes_nothing() {
    each_example(|at, module, args, example| {
        let mut machine = machine(example);
        let (outcome, traces) = run(module, args, &mut machine, Mode::Apply);
        outcome.unwrap_or_else(|stop| panic!("{at}: {stop:?}"));
        for (what, state) in (example.after)() {
            assert_eq!(kinds::look(&machine, &what).unwrap(), state, "{at}: {}", what.describe());
        }
        if !(example.after)().is_empty() {
            assert!(changed(&traces), "{at}: an example changes something");
        }
        let (outcome, traces) = run(module, args, &mut machine, Mode::Apply);
        outcome.unwrap_or_else(|stop| panic!("{at}: second run: {stop:?}"));
        if !module.info().repeats {
            assert!(!changed(&traces), "{at}: second run: {:?}", traces.journal);
        }
    });
}

#[test]
fn a_check_touches_nothing_and_foretells_what_a_run_does() {
    each_example(|at, module, args, example| {
        for mode in [Mode::Check, Mode::Plan] {
            let mut checked = machine(example);
            let before = checked.world().clone();
            let (outcome, foretold) = run(module, args, &mut checked, mode);
            match outcome {
                Ok(_) | Err(Stop::Unforeseen(_)) => {}
                Err(Stop::Skipped(_)) => continue,
                Err(stop) => panic!("{at}: {mode:?}: {stop:?}"),
            }
            assert!(*checked.world() == before, "{at}: {mode:?} touched the machine");
            let (_, done) = run(module, args, &mut machine(example), Mode::Apply);
            let counted = |traces: &host::Traces| -> Vec<Resource> {
                traces.journal.iter().filter(|done| done.counted).map(|done| done.what.clone()).collect()
            };
            // A name that is made up at random is another each time.
            if module.info().random {
                assert_eq!(counted(&foretold).len(), counted(&done).len(), "{at}: {mode:?}");
            } else {
                assert_eq!(counted(&foretold), counted(&done), "{at}: {mode:?}");
            }
        }
    });
}

#[test]
fn looking_ahead_is_held_at_the_first_change_and_done_when_there_is_none() {
    each_example(|at, module, args, example| {
        if !acts(module, args, example) {
            return;
        }
        let mut machine = machine(example);
        let before = machine.world().clone();
        let (held, _) = run(module, args, &mut machine, Mode::Ahead);
        assert_eq!(held, Err(Stop::Held), "{at}");
        assert!(*machine.world() == before, "{at}: touched");
        if !module.info().repeats {
            run(module, args, &mut machine, Mode::Apply).0.unwrap();
            // An uncounted change (fresh lists, a reload) may still hold it.
            match run(module, args, &mut machine, Mode::Ahead).0 {
                Ok(_) | Err(Stop::Held) => {}
                Err(stop) => panic!("{at}: {stop:?}"),
            }
        }
    });
}

#[test]
fn undo_goes_back_or_says_what_it_left() {
    each_example(|at, module, args, example| {
        let mut machine = machine(example);
        let before: Vec<(Resource, State)> = (example.after)()
            .into_iter()
            .map(|(what, _)| (what.clone(), kinds::look(&machine, &what).unwrap()))
            .collect();
        let (_, traces) = run(module, args, &mut machine, Mode::Apply);
        let left = host::undo(&mut machine, traces.journal);
        for (what, state) in before {
            if left.iter().all(|(other, _)| *other != what) {
                assert_eq!(kinds::look(&machine, &what).unwrap(), state, "{at}: {}", what.describe());
            }
        }
    });
}

#[test]
fn unknown_arguments_are_refused_with_a_suggestion() {
    for module in ALL.iter().filter(|module| module.spec().args.iter().any(|arg| arg.name.len() > 4)) {
        let arg = module.spec().args.iter().map(|arg| arg.name).find(|name| name.len() > 4).unwrap();
        let misspelt: Map = [(format!("{arg}x"), Value::from("1"))].into_iter().collect();
        let complaints = check(module.spec(), module.info().name, &misspelt).unwrap_err();
        let told = complaints.iter().any(|complaint| complaint.help.as_deref().is_some_and(|help| help.contains(arg)));
        assert!(told, "{}: {complaints:?}", module.info().name);
    }
}

#[test]
fn every_argument_is_documented() {
    fn documented(at: &str, spec: &Spec) {
        assert!(spec.doc.trim().ends_with('.'), "{at}: {}", spec.doc);
        for arg in spec.args {
            assert!(arg.doc.trim().ends_with('.'), "{at}.{}", arg.name);
            if let Some(options) = arg.options {
                documented(&format!("{at}.{}", arg.name), options);
            }
        }
    }
    for module in ALL {
        documented(module.info().name, module.spec());
    }
}
