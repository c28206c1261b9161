//! The package lists: how old they are, and fetching them anew.
use super::{Wish, command, package};
use crate::host::{Acted, Change, Host, Look, Resource, State, Stop};
use crate::machine::Machine;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};
use value::Map;

const LISTS: &str = "/var/lib/apt/lists";
const SUCCESS: &str = "/var/lib/apt/periodic/update-success-stamp";

pub struct Updated {
    updated: bool,
    time: i64,
}

impl Updated {
    pub fn tell(&self, result: &mut Map) {
        result.insert("cache_updated", self.updated);
        result.insert("cache_update_time", self.time);
    }
}

/// When the lists were fetched last; none: nobody knows, or a plan fetches them.
fn fetched(host: &Host) -> Look<Option<i64>> {
    for path in [SUCCESS, LISTS] {
        if let Some(stat) = host.stat_target(Path::new(path))? {
            return Ok(Some(stat.modified.0));
        }
    }
    Ok(None)
}

pub fn refresh(wish: &Wish, host: &mut Host) -> Look<Updated> {
    let asked = wish.update_cache.unwrap_or(wish.cache_valid_time > 0);
    let lists = Resource::path(LISTS);
    let time = fetched(host)?;
    let now = host.machine().now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs() as i64);
    let fresh = time.is_some_and(|time| now <= time + wish.cache_valid_time && wish.cache_valid_time > 0);
    let planned = host.foreseen(std::slice::from_ref(&lists)).is_err() && wish.cache_valid_time > 0;
    if !asked || fresh || planned {
        return Ok(Updated { updated: false, time: time.unwrap_or(0) });
    }
    let alone = wish.names.is_empty() && wish.upgrade == "no" && wish.deb.is_none() && wish.state != "fixed";
    let change = Change::to(lists, State::Present).unshown();
    let change = if alone { change } else { change.uncounted() };
    host.progress("apt-get update");
    let pauses = (wish.update_cache_retries.max(1), wish.update_cache_retry_max_delay, wish.lock_timeout);
    let mut updated = true;
    host.change(change, |machine| {
        let before = stamp(&*machine);
        let output = update(machine, pauses)?;
        // Lists that were fresh already are no change.
        updated = stamp(&*machine) != before;
        Ok(Acted { output, changed: updated, ..Acted::default() })
    })?;
    let time = if host.writes() { fetched(host)? } else { Some(now) };
    Ok(Updated { updated, time: time.unwrap_or(0) })
}

fn stamp(machine: &dyn Machine) -> Option<(i64, u32)> {
    let stat = |path: &str| machine.stat(Path::new(path), true).ok().flatten().map(|stat| stat.modified);
    stat(SUCCESS).or_else(|| stat(LISTS))
}

/// `apt-get update`, for modules that changed the sources.
pub fn update_lists(host: &mut Host, retries: i64, longest: i64) -> Look<()> {
    let change = Change::to(Resource::path(LISTS), State::Present).unshown().uncounted();
    host.change(change, |machine| update(machine, (retries.max(1), longest, 60)).map(Into::into))?;
    Ok(())
}

/// Where a mirror cannot be reached, apt-get keeps the old lists, warns, and calls it a success.
fn complete(output: crate::machine::Output) -> Look<crate::machine::Output> {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    match said.contains("Some index files failed to download") {
        true => Stop::failed(said),
        false => Ok(output),
    }
}

/// Tries again with growing pauses: mirrors have bad moments.
fn update(machine: &mut dyn Machine, (tries, longest, lock_timeout): (i64, i64, i64)) -> Look<crate::machine::Output> {
    let update = package::apt_get(["-q", "update"]);
    for attempt in 0..tries {
        match command::run_apt(machine, &update, lock_timeout).and_then(complete) {
            Ok(output) => return Ok(output),
            Err(Stop::Failed(failure)) if attempt + 1 == tries => {
                let reason = failure.result.get("stderr").map_or(failure.message.clone(), |text| text.to_text());
                return Stop::failed(format!("Failed to update apt cache: {}", reason.trim()));
            }
            Err(Stop::Failed(_)) => {}
            Err(stop) => return Err(stop),
        }
        let pause = 2_i64.saturating_pow(u32::try_from(attempt).unwrap_or(30)).min(longest.max(0));
        machine.sleep(Duration::from_secs(pause as u64))?;
    }
    Stop::failed("Failed to update apt cache: unknown reason")
}
