//! Which inventory a command works on: named, configured, or where projects usually keep it. And which hosts of it are meant.
use super::exit::Refusal;
use super::session::{Called, Desk, Session};
use crate::config::Config;
use crate::engine::message::HostId;
use crate::inventory::{self, Inventory};
use crate::report::Color;
use crate::world::files::Files;
use crate::world::loader::Loader;
use std::path::Path;
use std::sync::Arc;
use value::{Diagnostic, Severity};

/// Places where an inventory is looked for when nobody names one.
const USUAL: [&str; 3] = ["inventory/hosts", "inventory", "/etc/ansible/hosts"];
const OWN_VARIABLE: &str = "DEPLOY_INVENTORY";

/// An inventory, and the words that it was read from.
pub struct Hosts {
    pub inventory: Inventory,
    pub sources: Vec<String>,
}

/// Reads the inventory that `named` (of `-i`) names, or the settings, or that is found.
pub fn load(named: &[String], session: &mut Session) -> Result<Hosts, Refusal> {
    let (sources, found_by) = sources(named, &session.config, &*session.files);
    if session.verbosity > 0 && !sources.is_empty() {
        let line = format!("Using {} as inventory ({found_by})", sources.join(", "));
        session.screen.say(&line, Some(Color::Verbose));
    }
    if session.called == Called::Deploy {
        refuse_missing(&sources, &found_by, session)?;
    }
    let options = options(&session.config);
    let mut warnings = Vec::new();
    let loaded = inventory::load(&sources, &options, &session.loader, &mut warnings);
    warnings.iter().for_each(|warning| session.say(warning));
    let inventory = loaded.map_err(Refusal::parser)?;
    if inventory.hosts().next().is_none() {
        session.say(&nobody(&sources));
    }
    Ok(Hosts { inventory, sources })
}

/// What the settings say about reading inventories.
pub fn options(config: &Config) -> inventory::Options {
    inventory::Options {
        any_unparsed_is_failed: config.any_unparsed_is_failed,
        unparsed_is_failed: config.unparsed_is_failed,
        ignore_patterns: config.inventory_ignore_patterns.clone(),
        ignore_extensions: config.inventory_ignore_extensions.clone(),
    }
}

/// The names of all groups and hosts, without a word about what is wrong: for completion.
pub fn names(named: &[String]) -> Vec<(String, &'static str)> {
    let desk = Desk::new();
    let Ok(config) = desk.config() else { return Vec::new() };
    let (sources, _) = sources(named, &config, &*desk.files);
    let loader = Loader::new(desk.files, desk.sources, Arc::default());
    let Ok(inventory) = inventory::load(&sources, &options(&config), &loader, &mut Vec::new()) else {
        return Vec::new();
    };
    let groups = inventory.group_names().map(|name| (name.to_string(), "group"));
    let hosts = inventory.hosts().map(|(_, name, _)| (name.to_string(), "host"));
    groups.chain(hosts).collect()
}

/// The words, and how they came up.
fn sources(named: &[String], config: &Config, files: &dyn Files) -> (Vec<String>, String) {
    if !named.is_empty() {
        return (named.to_vec(), "named by -i".into());
    }
    if let Some(word) = std::env::var(OWN_VARIABLE).ok().filter(|word| !word.is_empty()) {
        return (vec![word], format!("named by {OWN_VARIABLE}"));
    }
    if !config.inventory.is_empty() {
        let by_environment = std::env::var_os("ANSIBLE_INVENTORY").is_some();
        let by = match config.file.as_ref().filter(|_| !by_environment) {
            Some(file) => format!("named in {}", file.display()),
            None => "named by ANSIBLE_INVENTORY".into(),
        };
        return (config.inventory.clone(), by);
    }
    let usual = USUAL.iter().find(|path| files.kind(&files.absolute(Path::new(""), path)).is_some());
    (usual.map(|path| path.to_string()).into_iter().collect(), "found in its usual place".into())
}

/// A name that leads nowhere is a slip, and a run without the meant hosts no answer to it.
fn refuse_missing(sources: &[String], found_by: &str, session: &Session) -> Result<(), Refusal> {
    let files = &session.files;
    let missing = sources
        .iter()
        .find(|source| !source.contains(',') && files.kind(&files.absolute(Path::new(""), source)).is_none());
    match missing {
        None => Ok(()),
        Some(source) => {
            let error = Diagnostic::error("inventory", format!("there is no inventory at {source} ({found_by})"));
            Err(Refusal::error(error.help("name a file or a folder, or hosts with commas: `-i web1,web2,`")))
        }
    }
}

fn nobody(sources: &[String]) -> Diagnostic {
    match sources {
        [] => {
            let places = USUAL.join(", ");
            Diagnostic::warning("inventory", "no inventory was found, so there is only localhost").help(format!(
                "looked for {places}; name one with -i, in {OWN_VARIABLE}, or as `inventory` in ansible.cfg"
            ))
        }
        sources => {
            let names = sources.join(", ");
            Diagnostic::warning("inventory", format!("no host is named in {names}, so there is only localhost"))
        }
    }
}

impl Hosts {
    /// The hosts of `--limit`; none where there is no limit.
    pub fn limit(&mut self, words: &[String], session: &mut Session) -> Result<Option<Vec<HostId>>, Refusal> {
        if words.is_empty() {
            return Ok(None);
        }
        let patterns = inventory::limit(words, &*session.files).map_err(Refusal::error)?;
        self.matching(&patterns, session).map(Some)
    }

    /// The hosts of patterns; parts that match nothing are said.
    pub fn matching(&mut self, patterns: &[String], session: &mut Session) -> Result<Vec<HostId>, Refusal> {
        let matched = self.inventory.matching(patterns, None).map_err(Refusal::error)?;
        tell_unmatched(&matched.unmatched, &self.inventory, session)?;
        Ok(matched.hosts)
    }
}

/// Parts of patterns that mean nobody, as the setting `host_pattern_mismatch` wants them.
pub fn tell_unmatched(parts: &[String], inventory: &Inventory, session: &mut Session) -> Result<(), Refusal> {
    for part in parts {
        let found = unmatched(part, inventory);
        match session.config.host_pattern_mismatch.as_str() {
            "ignore" => {}
            "error" => return Err(Refusal::error(Diagnostic { severity: Severity::Error, ..found })),
            _ => session.say(&found),
        }
    }
    Ok(())
}

/// A part of a pattern that means nobody.
pub fn unmatched(part: &str, inventory: &Inventory) -> Diagnostic {
    let names = inventory.hosts().map(|(_, name, _)| name).chain(inventory.group_names());
    let near = value::spec::nearest(part, names).map(|near| format!("did you mean `{near}`?"));
    let warning = Diagnostic::warning("pattern", format!("no host or group matches `{part}`"));
    Diagnostic { help: near, ..warning }
}
