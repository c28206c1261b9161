//! `apt_repository`: lines of apt's sources.
use crate::host::{Change, Contents, Host, Look, Resource, State, Stop, apt, mode::ModeSpec, ownership};
use crate::machine::Meta;
#[cfg(any(test, feature = "reference"))]
use crate::module::Example;
use crate::module::{Info, Module, Return, path_value};
use crate::returns;
use std::path::{Path, PathBuf};
use value::Value;

value::args! {
    /// Adds a line to apt's sources, or takes it out of all files that have it.
    pub struct Args {
        /// The line: `deb [options] address suite components`.
        repo: String { required },
        /// What it is to be.
        state: String { default("present"), choices(&["absent", "present"]) },
        /// The file in `sources.list.d`, without its ending; by default made from the address.
        filename: Option<String>,
        /// The mode of that file.
        mode: Value,
        /// Whether the package lists are fetched after a change.
        update_cache: bool { default("yes"), aliases(&["update-cache"]) },
        /// How often fetching is tried.
        update_cache_retries: i64 { default("5") },
        /// The longest pause between tries, in seconds.
        update_cache_retry_max_delay: i64 { default("12") },
        /// The release's name, for PPAs.
        codename: Option<String>,
        /// For PPAs, which this module does not fetch.
        validate_certs: bool { default("yes") },
        /// Without meaning here: nothing needs to be installed for this module.
        install_python_apt: bool { default("yes") },
    }
}

pub struct Task;
impl Module for Task {
    const INFO: Info = Info::new("apt_repository");
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example] = &[
        Example {
            title: "Add Docker's repository",
            args: &[("repo", "deb https://download.docker.com/linux/debian bookworm stable"), ("filename", "docker")],
            before: Vec::new,
            after: || vec![(docker(), State::file(PLAIN, DOCKER))],
        },
        Example {
            title: "Take it out again",
            args: &[("repo", "deb https://download.docker.com/linux/debian bookworm stable"), ("state", "absent")],
            before: || vec![(docker(), State::file(PLAIN, DOCKER))],
            after: || vec![(docker(), State::Absent)],
        },
    ];
    type Args = Args;

    fn run(args: &Args, host: &mut Host) -> Look<Return> {
        let Some(wanted) = Source::parse(&args.repo) else {
            return match args.repo.starts_with("ppa:") {
                true => Stop::failed("PPAs are not supported: give the repository's own line, and its key with apt_key or get_url"),
                false => Stop::failed(format!("Invalid repository string: {}", args.repo)),
            };
        };
        let files = files(host)?;
        let (added, removed) = match args.state.as_str() {
            "absent" => (Vec::new(), remove(&wanted, &files, host)?),
            _ => add(args, &wanted, &files, host)?,
        };
        if (!added.is_empty() || !removed.is_empty() || host.changed()) && args.update_cache {
            let updated = apt::update_lists(host, args.update_cache_retries, args.update_cache_retry_max_delay);
            if matches!(updated, Err(Stop::Failed(_))) {
                restore(&files, host)?;
                host.uncount();
            }
            updated?;
        }
        Ok(returns! {
            "repo" => args.repo.clone(), "state" => args.state.clone(), "sources_added" => added, "sources_removed" => removed,
        })
    }
}

#[cfg(any(test, feature = "reference"))]
const PLAIN: Meta = Meta { mode: 0o644, uid: 0, gid: 0 };
#[cfg(any(test, feature = "reference"))]
const DOCKER: &str = "deb https://download.docker.com/linux/debian bookworm stable\n";
#[cfg(any(test, feature = "reference"))]
fn docker() -> Resource {
    Resource::path("/etc/apt/sources.list.d/docker.list")
}

/// A line that names a repository; one that is commented out is not in use.
#[derive(Clone, Debug, PartialEq)]
struct Source {
    enabled: bool,
    /// Its words, with one space between them.
    words: String,
}

impl Source {
    fn parse(line: &str) -> Option<Self> {
        let line = line.trim();
        let (enabled, rest) = match line.strip_prefix('#') {
            Some(rest) => (false, rest.trim_start_matches('#').trim()),
            None => (true, line),
        };
        let rest = rest.split(" #").next().unwrap_or_default();
        let words: Vec<_> = rest.split_whitespace().collect();
        let plain: Vec<_> = outside_brackets(&words);
        let known = matches!(plain.first(), Some(&("deb" | "deb-src" | "rpm" | "rpm-src"))) && plain.len() >= 3;
        known.then(|| Self { enabled, words: words.join(" ") })
    }
}

/// Without the options.
fn outside_brackets<'w>(words: &[&'w str]) -> Vec<&'w str> {
    let mut inside = false;
    let mut plain = Vec::new();
    for word in words {
        inside |= word.starts_with('[');
        if !inside {
            plain.push(*word);
        }
        inside &= !word.ends_with(']');
    }
    plain
}

/// Files of apt's sources, with their lines.
fn files(host: &Host) -> Look<Vec<(PathBuf, String)>> {
    let mut all = Vec::new();
    let main = PathBuf::from("/etc/apt/sources.list");
    if let Some(text) = host.read_text(&main)? {
        all.push((main, text));
    }
    let folder = Path::new("/etc/apt/sources.list.d");
    if host.is_dir(folder)? {
        for name in host.list(folder)? {
            let path = folder.join(&name);
            if path.extension().is_some_and(|extension| extension == "list")
                && let Some(text) = host.read_text(&path)?
            {
                all.push((path, text));
            }
        }
    }
    Ok(all)
}

/// Puts back what was there, so that a source which cannot be fetched does not stand in the way of all that follows.
fn restore(before: &[(PathBuf, String)], host: &mut Host) -> Look<()> {
    for (path, text) in files(host)? {
        match before.iter().find(|(known, _)| *known == path) {
            Some((_, old)) if *old == text => {}
            Some((_, old)) => rewrite(&path, old, host)?,
            None => drop(host.set(Change::to(Resource::path(&path), State::Absent))?),
        }
    }
    for (path, old) in before {
        if !host.exists(path)? {
            rewrite(path, old, host)?;
        }
    }
    Ok(())
}

type Changed = (Vec<Value>, Vec<Value>);

fn add(args: &Args, wanted: &Source, files: &[(PathBuf, String)], host: &mut Host) -> Look<Changed> {
    for (path, text) in files {
        let lines: Vec<_> = text.lines().collect();
        let Some(at) = lines.iter().position(|line| Source::parse(line).is_some_and(|source| source.words == wanted.words)) else {
            continue;
        };
        if Source::parse(lines[at]).is_some_and(|source| !source.enabled) {
            let new: String = lines.iter().enumerate().map(|(index, line)| format!("{}\n", if index == at { &wanted.words } else { *line })).collect();
            rewrite(path, &new, host)?;
        }
        set_mode(args, path, host)?;
        return Ok((Vec::new(), Vec::new()));
    }
    let path = path_for(args, wanted);
    let before = files.iter().find(|(known, _)| *known == path).map(|(_, text)| text.clone());
    let added = if before.is_none() { vec![path_value(&path)] } else { Vec::new() };
    let mut text = before.unwrap_or_default();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text += &(wanted.words.clone() + "\n");
    rewrite(&path, &text, host)?;
    set_mode(args, &path, host)?;
    Ok((added, Vec::new()))
}

fn remove(wanted: &Source, files: &[(PathBuf, String)], host: &mut Host) -> Look<Vec<Value>> {
    let mut removed = Vec::new();
    for (path, text) in files {
        let is_it = |line: &&str| Source::parse(line).is_some_and(|source| source.enabled && source.words == wanted.words);
        if !text.lines().any(|line| is_it(&line)) {
            continue;
        }
        let rest: String = text.lines().filter(|line| !is_it(line)).map(|line| line.to_string() + "\n").collect();
        let own = path.parent().is_some_and(|folder| folder.ends_with("sources.list.d"));
        if own && rest.lines().all(|line| Source::parse(line).is_none()) {
            host.set(Change::to(Resource::path(path), State::Absent))?;
            removed.push(path_value(path));
        } else {
            rewrite(path, &rest, host)?;
        }
    }
    Ok(removed)
}

fn rewrite(path: &Path, text: &str, host: &mut Host) -> Look<()> {
    let meta = match host.stat_target(path)? {
        Some(stat) => stat.meta(),
        None => Meta { mode: 0o644, ..ownership::new_meta(host, false) },
    };
    host.set(Change::to(Resource::path(path), State::File { meta, contents: Contents::text(text) }))
}

fn set_mode(args: &Args, path: &Path, host: &mut Host) -> Look<()> {
    let Some(spec) = ModeSpec::parse(&args.mode).or_else(Stop::failed)? else { return Ok(()) };
    let Some(stat) = host.stat(path)? else { return Ok(()) };
    let mode = spec.bits(stat.mode, false, 0o022).or_else(Stop::failed)?;
    if mode != stat.mode {
        let meta = Meta { mode, ..stat.meta() };
        host.set(Change::to(Resource::path(path), ownership::with_meta(host.outside(path)?, meta)))?;
    }
    Ok(())
}

/// `deb_debian_org_debian.list`, unless the task names the file.
fn path_for(args: &Args, wanted: &Source) -> PathBuf {
    let words: Vec<_> = wanted.words.split(' ').collect();
    let address = outside_brackets(&words).get(1).copied().unwrap_or_default();
    let place = address.split_once("://").map_or(address, |(_, place)| place);
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    let parts: Vec<_> = place.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()).collect();
    let name = match &args.filename {
        Some(name) if name.ends_with(".list") => name.clone(),
        Some(name) => format!("{name}.list"),
        None => format!("{}.list", parts.join("_")),
    };
    Path::new("/etc/apt/sources.list.d").join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_known_with_and_without_options() {
        let line = "deb [arch=amd64  signed-by=/k.gpg] http://a/b  c main # why";
        assert_eq!(Source::parse(line).unwrap().words, "deb [arch=amd64 signed-by=/k.gpg] http://a/b c main");
        assert!(!Source::parse("# deb http://a b c").unwrap().enabled);
        assert_eq!(Source::parse("garbage"), None);
        assert_eq!(Source::parse("# a comment on deb"), None);
    }
}
