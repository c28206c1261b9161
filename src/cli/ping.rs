//! `deploy ping`: who answers, how fast, as whom, and what runs there; and why the others do not.
use super::adhoc;
use super::exit::{Exit, Refusal};
use super::options::PingCommand;
use super::run::{self, Asked};
use super::session::Session;
use crate::playbook::Words;
use crate::project::Playbooks;
use crate::report::Ping;
use std::path::Path;

/// Facts that name the machine, and nothing that takes time.
const ARGS: &str = "gather_subset=!all,!min,distribution,platform,user gather_timeout=10";

pub fn run(options: &PingCommand, session: &mut Session) -> Result<Exit, Refusal> {
    let dir = session.files.absolute(Path::new(""), ".");
    let asked = Asked { playbook_dir: dir.clone(), ..Asked::default() };
    let mut prepared = run::prepare(&options.common, asked, session)?;
    let hosts = prepared.matching(&options.pattern, session)?;
    if hosts.is_empty() {
        return adhoc::nobody(&options.pattern, &prepared, session);
    }
    let width = hosts.iter().map(|host| prepared.variables.host_name(*host).chars().count()).max().unwrap_or(0);
    // Nobody waits for a slower host.
    prepared.plays.strategy = "free".into();
    prepared.plays.forks = prepared.plays.forks.max(hosts.len().min(200));
    let module = "ansible.builtin.setup";
    let words = Words { pattern: &options.pattern, name: Some("ping"), module, args: ARGS, timeout: None };
    let play = prepared.parser.single_task(words, &dir).map_err(Refusal::parser)?;
    let (variables, parser) = (prepared.variables.clone(), prepared.parser.clone());
    let playbooks = Playbooks::from_plays(vec![play], &dir, variables, parser, prepared.plays.clone(), run::prompt());
    prepared.drive(playbooks, Box::new(Ping::new(width)), session)
}
