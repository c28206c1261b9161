//! The plan of the house, checked: which room may know which, and that every file says what it is for.
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms of `src/` from the ground up. A room knows those before it, and of those no others than are named here.
const ROOMS: &[(&str, &[&str])] = &[
    ("world", &[]),
    ("config", &["world"]),
    ("playbook", &["world"]),
    ("engine", &["playbook"]),
    ("inventory", &["engine", "playbook", "world"]),
    ("connect", &["engine", "world"]),
    ("report", &["engine", "playbook"]),
    ("vars", &["config", "engine", "inventory", "playbook", "world"]),
    ("action", &["engine", "playbook", "vars", "world"]),
    ("run", &["action", "connect", "engine", "playbook", "report", "world"]),
    ("project", &["action", "engine", "inventory", "playbook", "run", "vars", "world"]),
    (
        "cli",
        &[
            "action",
            "config",
            "connect",
            "engine",
            "inventory",
            "playbook",
            "project",
            "report",
            "run",
            "vars",
            "world",
        ],
    ),
];

#[test]
fn rooms_know_only_what_stands_below_them() {
    let names: Vec<&str> = ROOMS.iter().map(|(room, _)| *room).collect();
    let there: BTreeSet<String> = folders("src");
    assert_eq!(there, names.iter().map(ToString::to_string).collect(), "src/ and the table differ");
    let mut wrong = Vec::new();
    for (at, (room, known)) in ROOMS.iter().enumerate() {
        assert!(known.iter().all(|other| names[..at].contains(other)), "{room} stands below what it may know");
        for file in rust_files(&Path::new("src").join(room)).iter().filter(|file| !is_test(file)) {
            let used = words_after(&production(file), "crate::");
            let foreign = used.into_iter().filter(|name| names.contains(&name.as_str()) && name != room);
            wrong.extend(
                foreign
                    .filter(|name| !known.contains(&name.as_str()))
                    .map(|name| format!("{} knows {name}", file.display())),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_room_uses_all_that_it_may_know() {
    for (room, known) in ROOMS {
        let files = rust_files(&Path::new("src").join(room));
        let used: BTreeSet<String> = files
            .iter()
            .filter(|file| !is_test(file))
            .flat_map(|file| words_after(&production(file), "crate::"))
            .collect();
        let idle: Vec<_> = known.iter().filter(|other| !used.contains(**other)).collect();
        assert!(idle.is_empty(), "{room} does not use {idle:?}: take it out of the table");
    }
}

/// A task module is one file and one word in the list.
#[test]
fn modules_do_not_know_each_other() {
    let folder = Path::new("crates/target/src/modules");
    let mut wrong = Vec::new();
    for file in rust_files(folder).iter().filter(|file| file.parent() == Some(folder) && !file.ends_with("mod.rs")) {
        let text = production(file);
        for word in ["crate::modules::", "super::"] {
            wrong.extend(words_after(&text, word).iter().map(|name| format!("{}: {word}{name}", file.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is below knows nothing of what is above, and the app nothing of us.
#[test]
fn packages_keep_their_order() {
    for (package, mine) in [
        ("crates/value", &[][..]),
        ("crates/lang", &["value"]),
        ("crates/target", &["value"]),
        ("app", &[]),
        (".", &["lang", "target", "value"]),
    ] {
        let manifest = fs::read_to_string(format!("{package}/Cargo.toml")).unwrap();
        let of = |line: &str| {
            line.split_once('=').filter(|(_, rest)| rest.contains("path =")).map(|(name, _)| name.trim().to_string())
        };
        let ours: BTreeSet<String> =
            manifest.lines().filter(|line| !line.trim_start().starts_with('#')).filter_map(of).collect();
        let allowed = mine.iter().map(ToString::to_string).collect();
        assert!(ours.is_subset(&allowed), "{package} depends on {ours:?}");
    }
}

/// Neither clock, random number, environment, file nor socket: a run over fake machines is a function of project and seed.
#[test]
fn the_engine_and_the_language_have_no_world() {
    let mut wrong = Vec::new();
    for folder in ["src/engine", "crates/lang/src", "crates/value/src"] {
        for file in rust_files(Path::new(folder)).iter().filter(|file| !is_test(file)) {
            let text = production(file);
            let forbidden = [
                "std::fs",
                "TcpStream",
                "UdpSocket",
                "ToSocketAddrs",
                "std::env",
                "std::process",
                "SystemTime::now",
                "Instant::now",
                "tokio::",
            ];
            wrong.extend(
                forbidden.iter().filter(|word| text.contains(**word)).map(|word| format!("{}: {word}", file.display())),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for() {
    let mut silent = Vec::new();
    for folder in ["src", "crates", "app/src", "app/tests", "tests", "build.rs"] {
        let files = rust_files(Path::new(folder));
        silent.extend(files.into_iter().filter(|file| !fs::read_to_string(file).unwrap().starts_with("//!")));
    }
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn files_stay_short_enough_to_read() {
    let long = |file: &PathBuf| production(file).lines().count() > 520;
    let long: Vec<_> =
        ["src", "crates", "app/src"].iter().flat_map(|folder| rust_files(Path::new(folder))).filter(long).collect();
    assert!(long.is_empty(), "{long:?}");
}

fn folders(parent: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(parent).unwrap().map(|entry| entry.unwrap());
    entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name().into_string().unwrap()).collect()
}

fn rust_files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_path_buf()];
    }
    let mut files: Vec<PathBuf> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.ends_with("target/debug"))
        .collect();
    files.sort();
    let is_rust = |path: &PathBuf| path.is_dir() || path.extension().is_some_and(|end| end == "rs");
    files.iter().filter(|path| is_rust(path)).flat_map(|path| rust_files(path)).collect()
}

fn is_test(file: &Path) -> bool {
    file.components().any(|part| part.as_os_str() == "tests") || file.ends_with("tests.rs")
}

/// A file without its comments and its own tests.
fn production(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code = |line: &&str| !line.trim_start().starts_with("//");
    text.lines().filter(code).map(|line| format!("{line}\n")).collect()
}

/// The names that follow a path's beginning; several at once, in braces, would hide from these tests.
fn words_after(text: &str, start: &str) -> Vec<String> {
    assert!(!text.contains(&format!("{start}{{")), "{start}{{...}}: a line for each room, please");
    let name = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    text.match_indices(start).map(|(at, _)| name(&text[at + start.len()..])).filter(|name| !name.is_empty()).collect()
}
