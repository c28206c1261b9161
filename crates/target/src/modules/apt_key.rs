//! `apt_key`: keys that apt trusts.
use crate::host::{Change, Contents, Host, Look, Resource, State, Stop, ownership};
use crate::machine::Meta;
#[cfg(any(test, feature = "reference"))]
use crate::module::Example;
use crate::module::{Info, Module, Return};
use crate::openpgp::{Key, keys};
use crate::returns;
use crate::web::{self, Ask, Spool};
use std::path::{Path, PathBuf};
use std::time::Duration;
use value::spec::Rule;

value::args! {
    /// Adds keys to those that apt trusts, or takes them out. A repository's own key is better named by `signed-by` in its line:
    /// keys here may sign for every repository.
    pub struct Args {
        /// The key's name: eight, sixteen or forty digits.
        id: Option<String>,
        /// The key itself, armoured.
        data: Option<String>,
        /// A file of the host with the key.
        file: Option<PathBuf>,
        /// Where the key can be fetched.
        url: Option<String>,
        /// A key server that has it.
        keyserver: Option<String>,
        /// The keyring; by default apt's common one.
        keyring: Option<PathBuf>,
        /// What it is to be.
        state: String { default("present"), choices(&["absent", "present"]) },
        /// Whether the server's certificate is checked.
        validate_certs: bool { default("yes") },
    }
    rules: [
        Rule::MutuallyExclusive(&["data", "file", "keyserver", "url"]),
        Rule::RequiredOneOf(&["data", "file", "id", "keyserver", "url"]),
    ]
}

/// No keyring is longer.
const LONGEST: u64 = 4 << 20;

pub struct Task;
impl Module for Task {
    const INFO: Info = Info::new("apt_key").net();
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example] = &[Example {
        title: "Make sure that a key is not trusted",
        args: &[("id", "0x9FED2BCBDCD29CDF762678CBAED4B06F473041FA"), ("state", "absent")],
        before: Vec::new,
        after: Vec::new,
    }];
    type Args = Args;

    fn run(args: &Args, host: &mut Host) -> Look<Return> {
        let given = args.id.as_deref().map(name).transpose()?;
        let before = ids(args, host)?;
        if let Some(id) = given.as_ref().filter(|id| args.state == "present" && before.iter().any(|own| fits(own, id))) {
            return Ok(told(id, &before, None));
        }
        let found = if args.state == "present" || given.is_none() { Some(source(args, given.as_deref(), host)?) } else { None };
        let id = match (&given, &found) {
            (Some(id), _) => id.clone(),
            (None, Some(keys)) => keys.first().and_then(|key| key.ids().next()).unwrap_or_default(),
            (None, None) => return Stop::failed("key_id is required"),
        };
        let there = before.iter().any(|own| fits(own, &id));
        match (args.state.as_str(), found) {
            ("present", Some(keys)) if !there => {
                if !keys.iter().any(|key| key.is(&id)) {
                    return Stop::failed(format!("key does not seem to have been added: {id} is not in what was given"));
                }
                add(args, keys, host)?;
            }
            ("absent", _) if there => remove(args, &id, host)?,
            _ => return Ok(told(&id, &before, None)),
        }
        let after = ids(args, host)?;
        Ok(told(&id, &before, Some(after)))
    }
}

/// Without `0x`, in upper case.
fn name(text: &str) -> Look<String> {
    let plain = text.trim().trim_start_matches("0x").replace(' ', "").to_uppercase();
    match plain.len() >= 8 && plain.bytes().all(|c| c.is_ascii_hexdigit()) {
        true => Ok(plain),
        false => Stop::failed(format!("Invalid key_id: {text}")),
    }
}

/// A long name of a keyring, and a name of any length.
fn fits(own: &str, id: &str) -> bool {
    own.ends_with(id) || id.ends_with(own)
}

fn tail(id: &str, length: usize) -> &str {
    &id[id.len().saturating_sub(length)..]
}

fn told(id: &str, before: &[String], after: Option<Vec<String>>) -> Return {
    let mut result = returns! {
        "id" => id, "key_id" => id, "fp" => tail(id, 16), "short_id" => tail(id, 8), "before" => before.to_vec(),
    };
    if let Some(after) = after {
        result.insert("after", after);
    }
    result
}

const COMMON: &str = "/etc/apt/trusted.gpg";

/// The keyrings that count: the one named, or all that apt reads.
fn keyrings(args: &Args, host: &Host) -> Look<Vec<PathBuf>> {
    if let Some(keyring) = &args.keyring {
        return Ok(vec![keyring.clone()]);
    }
    let folder = Path::new("/etc/apt/trusted.gpg.d");
    let names = if host.is_dir(folder)? { host.list(folder)? } else { Vec::new() };
    let rings = names.into_iter().map(|name| folder.join(name));
    let rings = rings.filter(|path| path.extension().is_some_and(|extension| extension == "gpg" || extension == "asc"));
    Ok(std::iter::once(PathBuf::from(COMMON)).chain(rings).collect())
}

fn ring(path: &Path, host: &Host) -> Look<Vec<Key>> {
    match host.exists(path)? {
        true => Ok(keys(&host.read(path)?).unwrap_or_default()),
        false => Ok(Vec::new()),
    }
}

fn ids(args: &Args, host: &Host) -> Look<Vec<String>> {
    let mut all = Vec::new();
    for path in keyrings(args, host)? {
        all.extend(ring(&path, host)?.iter().flat_map(Key::ids));
    }
    Ok(all)
}

/// The keys that the task gives, from wherever they come.
fn source(args: &Args, id: Option<&str>, host: &Host) -> Look<Vec<Key>> {
    let (bytes, what) = match (&args.data, &args.file, &args.url, &args.keyserver) {
        (Some(data), ..) => (data.clone().into_bytes(), "inline data".to_string()),
        (_, Some(file), ..) => (host.read(file)?, file.display().to_string()),
        (_, _, Some(url), _) => (fetch(args, url, host)?, url.clone()),
        (.., Some(server)) => {
            let Some(id) = id else { return Stop::failed("id is required with keyserver") };
            let url = lookup(server, id);
            (fetch(args, &url, host)?, url)
        }
        _ => return Stop::failed("one of data, file, url, keyserver is required to add a key"),
    };
    match keys(&bytes) {
        Some(keys) => Ok(keys),
        None => Stop::failed(format!("Unable to extract key from '{what}'")),
    }
}

/// Key servers speak HTTP, whatever they are called.
fn lookup(server: &str, id: &str) -> String {
    let base = match server.split_once("://") {
        Some(("hkps", host)) => format!("https://{host}"),
        Some(("hkp", host)) if host.contains(':') => format!("http://{host}"),
        Some(("hkp", host)) => format!("http://{host}:11371"),
        Some(_) => server.to_string(),
        None => format!("http://{server}:11371"),
    };
    format!("{}/pks/lookup?op=get&options=mr&exact=on&search=0x{id}", base.trim_end_matches('/'))
}

fn fetch(args: &Args, url: &str, host: &Host) -> Look<Vec<u8>> {
    let ask = Ask { timeout: Duration::from_secs(30), validate_certs: args.validate_certs, ..Ask::get(url) };
    let mut answer = match web::ask(host.machine(), &ask) {
        Ok(answer) => answer,
        Err(error) => return Stop::failed(format!("Failed to download key at {url}: {}", web::failure(&error))),
    };
    if answer.head.status != 200 {
        let why = format!("HTTP Error {}: {}", answer.head.status, answer.head.reason);
        return Stop::failed(format!("Failed to download key at {url}: {why}"));
    }
    let mut spool = Spool::default();
    spool.fill(&mut answer.body, |_| {})?;
    match spool.size() {
        0..=LONGEST => Ok(spool.bytes()?.into_owned()),
        _ => Stop::failed(format!("{url} is too large for a key")),
    }
}

fn rewrite(path: &Path, ring: &[Key], host: &mut Host) -> Look<()> {
    let bytes: Vec<u8> = ring.iter().flat_map(|key| key.bytes.iter().copied()).collect();
    let meta = match host.stat_target(path)? {
        Some(stat) => stat.meta(),
        None => Meta { mode: 0o644, ..ownership::new_meta(host, false) },
    };
    let contents = Contents::Bytes(bytes.into());
    host.set(Change::to(Resource::path(path), State::File { meta, contents }))
}

/// Into the keyring that is named, or the common one.
fn add(args: &Args, new: Vec<Key>, host: &mut Host) -> Look<()> {
    let path = args.keyring.clone().unwrap_or_else(|| COMMON.into());
    let mut all = ring(&path, host)?;
    for key in new {
        all.retain(|own| own.fingerprints.first() != key.fingerprints.first());
        all.push(key);
    }
    rewrite(&path, &all, host)
}

/// Out of every keyring that has it; an empty one goes.
fn remove(args: &Args, id: &str, host: &mut Host) -> Look<()> {
    for path in keyrings(args, host)? {
        let all = ring(&path, host)?;
        let rest: Vec<_> = all.iter().filter(|key| !key.ids().any(|own| fits(&own, id))).cloned().collect();
        if rest.len() == all.len() {
            continue;
        }
        match rest.is_empty() {
            true => host.set(Change::to(Resource::path(&path), State::Absent))?,
            false if path.extension().is_some_and(|extension| extension == "asc") => {
                return Stop::failed(format!("{} is armoured and holds other keys: take the key out of it by hand", path.display()));
            }
            false => rewrite(&path, &rest, host)?,
        }
    }
    Ok(())
}
