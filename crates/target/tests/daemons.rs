//! What `docker_container` and the modules of systemd mean.
mod runs;

use runs::{Ran, apply};
use target::machine::{Fake, FakeUnit};

fn container(more: &[(&str, &str)]) -> (Ran, Fake) {
    let mut machine = Fake::default();
    let args = [("name", "job"), ("image", "busybox"), ("detach", "no")];
    let ran = apply(&mut machine, "docker_container", &[&args[..], more].concat());
    (ran, machine)
}

fn output(ran: &Ran) -> String {
    ran.result.get("container").and_then(|container| container.get("Output")).expect("an output").to_text()
}

#[test]
fn a_container_in_the_foreground_tells_its_status_and_its_output() {
    let (ran, _) = container(&[("command", "print 0 ca fé")]);
    let ran = ran.fine();
    assert_eq!((output(&ran).as_str(), ran.text("status").as_str(), ran.changed), ("café", "0", true));
    let (ran, machine) = container(&[("command", "print 3 broken"), ("cleanup", "yes")]);
    assert_eq!((ran.complaint(), ran.text("status").as_str()), ("broken", "3"));
    assert!(machine.world().docker.containers.is_empty());
}

#[test]
fn one_that_leaves_nothing_behind_tells_its_status_all_the_same() {
    let (ran, _) = container(&[("command", "print 0 x"), ("auto_remove", "yes")]);
    let ran = ran.fine();
    assert_eq!(
        (output(&ran).as_str(), ran.text("status").as_str()),
        ("Cannot retrieve result as auto_remove is enabled", "0")
    );
    let (ran, _) = container(&[("command", "print 4 x"), ("auto_remove", "yes"), ("cleanup", "yes")]);
    assert!(ran.failed.is_some());
    assert_eq!(ran.text("status"), "4");
    let (ran, _) = container(&[("command", "print 0 x"), ("log_driver", "syslog")]);
    assert_eq!(output(&ran.fine()), "Result logged using `syslog` driver");
}

#[test]
fn a_unit_that_is_enabled_until_the_next_boot_is_not_enabled() {
    let mut machine = Fake::default();
    let unit = FakeUnit { active: true, enabled: true, for_now: true, ..FakeUnit::default() };
    for module in ["systemd_service", "service"] {
        machine.world().units.insert("web.service".into(), unit.clone());
        assert!(!apply(&mut machine, module, &[("name", "web"), ("enabled", "no")]).fine().changed, "{module}");
        let args = [("name", "web"), ("enabled", "yes")];
        let ran = apply(&mut machine, module, &args).fine();
        assert!(ran.changed && !machine.world().units["web.service"].for_now, "{module}");
        assert!(!apply(&mut machine, module, &args).fine().changed, "{module}");
        assert_eq!(target::host::undo(&mut machine, ran.traces.journal), []);
        assert_eq!(machine.world().units["web.service"], unit, "{module}: undone");
    }
}
