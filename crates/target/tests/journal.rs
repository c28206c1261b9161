//! What the journal keeps of files for undo, and what it does not even read.
mod runs;

use runs::{apply, machine, run};
use std::path::Path;
use target::host::{self, Contents, Done, Journal, Mode, Resource, State};
use target::machine::{Fake, Machine, Source};

fn held(done: &Done) -> [Option<&Contents>; 2] {
    [&done.before, &done.after].map(|state| match state {
        State::File { contents, .. } => Some(contents),
        _ => None,
    })
}

#[test]
fn a_change_of_owner_or_mode_reads_no_file() {
    let mut machine = machine(&[("/srv/d/", ""), ("/srv/d/f", "text")]);
    let args =
        [("path", "/srv/d"), ("state", "directory"), ("recurse", "yes"), ("mode", "u=rwX,g=,o="), ("owner", "5")];
    let ran = apply(&mut machine, "file", &args).fine();
    let file = ran.traces.journal.iter().find(|done| done.what == Resource::path("/srv/d/f")).expect("changed");
    assert_eq!(held(file), [Some(&Contents::AsIs { size: 4 }); 2]);
    assert!(host::reversible(file));
    assert_eq!(host::undo(&mut machine, ran.traces.journal), []);
    let node = machine.world().nodes[Path::new("/srv/d/f")].clone();
    assert_eq!((node.meta, &*node.bytes), (runs::PLAIN, &b"text"[..]));
    let times = [("path", "/srv/d/f"), ("state", "touch"), ("modification_time", "now")];
    let ran = apply(&mut machine, "file", &times).fine();
    assert!(ran.traces.journal.iter().all(|done| held(done)[0] == Some(&Contents::AsIs { size: 4 })));
}

#[test]
fn what_a_file_held_is_kept_once_and_only_for_undo() {
    let args = [("content", "new"), ("dest", "/srv/f")];
    let mut machine = machine(&[("/srv/f", "old")]);
    let ran = run(&mut machine, "copy", &args, Mode::Check).fine();
    assert_eq!(held(&ran.traces.journal[0]), [3, 3].map(|size| Contents::AsIs { size }).each_ref().map(Some));
    let ran = apply(&mut machine, "copy", &args).fine();
    assert_eq!(held(&ran.traces.journal[0]), [Some(&Contents::text("old")), Some(&Contents::AsIs { size: 3 })]);
    assert_eq!(host::undo(&mut machine, ran.traces.journal), []);
    assert_eq!(machine.text("/srv/f").as_deref(), Some("old"));
}

#[test]
fn a_full_journal_says_what_it_cannot_bring_back() {
    let mut machine = Fake::default();
    let mut journal = Journal::default();
    let old = vec![b'x'; 1 << 20];
    let calls = Journal::ROOM / old.len() as u64 + 2;
    for call in 0..calls {
        let path = format!("/srv/{call}");
        machine.write(Path::new(&path), Source::Bytes(&old), runs::PLAIN).unwrap();
        journal.add(&runs::apply_with_room(
            &mut machine,
            "copy",
            &[("content", "new"), ("dest", &path)],
            journal.room(),
        ));
    }
    assert_eq!(journal.room(), 0);
    let left = host::undo(&mut machine, journal.take());
    let words = left.iter().map(|(what, why)| format!("{}: {why}", what.describe())).collect::<Vec<_>>();
    let why = "what it held was not kept: too much was changed before";
    assert_eq!(words, [calls - 1, calls - 2].map(|call| format!("file /srv/{call}: {why}")));
    assert_eq!(machine.text("/srv/0").map(|text| text.len()), Some(1 << 20));
}
