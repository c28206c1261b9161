//! `deploy run` and `ansible`: one module on the hosts of a pattern.
use super::exit::{Exit, Refusal};
use super::options::{AdHocCommand, OutputFormat};
use super::run::{self, Asked, Prepared};
use super::session::{Called, Session};
use super::{hosts, version};
use crate::action;
use crate::engine::message::{Event, Failure, HostId, Outcome, Status};
use crate::playbook::model::ActionTraits;
use crate::playbook::{Words, names};
use crate::project::Playbooks;
use crate::report::{AdHoc, Names, Renderer};
use std::path::{Path, PathBuf};
use value::Diagnostic;

/// What only makes sense inside a playbook.
const ONLY_IN_PLAYBOOKS: [&str; 3] = ["import_playbook", "import_tasks", "import_role"];

pub fn run(options: &AdHocCommand, session: &mut Session) -> Result<Exit, Refusal> {
    if !options.list_hosts {
        check(options)?;
    }
    if options.common.output == OutputFormat::Human && session.called == Called::Ansible {
        session.introduce(&|config| version::text("ansible", config));
    }
    let dir = options.playbook_dir.clone().or_else(|| session.config.playbook_dir.clone());
    let dir = session.files.absolute(Path::new(""), &dir.unwrap_or_else(|| PathBuf::from(".")).to_string_lossy());
    let asked = Asked { playbook_dir: dir.clone(), only_lists: options.list_hosts, ..Asked::default() };
    let prepared = run::prepare(&options.common, asked, session)?;
    let matched = prepared.matching(&options.pattern, session)?;
    if options.list_hosts {
        let lines: Vec<_> =
            matched.iter().map(|host| format!("\n    {}", prepared.variables.host_name(*host))).collect();
        session.screen.print(&format!("  hosts ({}):{}", matched.len(), lines.concat()), None);
        return Ok(Exit::Success);
    }
    if matched.is_empty() {
        return nobody(&options.pattern, &prepared, session);
    }
    let mut renderer = AdHoc {
        verbosity: session.verbosity,
        diff: options.common.diff || session.config.diff,
        one_line: options.one_line,
    };
    let words = Words {
        pattern: &options.pattern,
        name: None,
        module: &options.module_name,
        args: &options.args,
        timeout: options.task_timeout,
    };
    match prepared.parser.single_task(words, &dir) {
        Ok(play) => {
            let (variables, parser) = (prepared.variables.clone(), prepared.parser.clone());
            let plays = prepared.plays.clone();
            let playbooks = Playbooks::from_plays(vec![play], &dir, variables, parser, plays, run::prompt());
            prepared.drive(playbooks, Box::new(renderer), session)
        }
        Err(faults)
            if session.called == Called::Ansible && faults.iter().all(|fault| fault.code == "unknown-module") =>
        {
            let names = |host: HostId| prepared.variables.host_name(host).to_string();
            faults.iter().for_each(|fault| session.say(fault));
            fail_on_all(&matched, &faults[0], &mut renderer, &names, session);
            Ok(Exit::Failed)
        }
        Err(faults) => Err(Refusal::parser(faults)),
    }
}

fn check(options: &AdHocCommand) -> Result<(), Refusal> {
    let missing = [("-B", &options.background), ("-P", &options.poll), ("-t", &options.tree)];
    if let Some((option, _)) = missing.iter().find(|(_, given)| given.is_some()) {
        return Err(Refusal::not_here(option));
    }
    let module = options.module_name.rsplit('.').next().unwrap_or_default();
    let full = names::module(&options.module_name, &[]);
    let is_command = full.and_then(|full| action::traits_of(&full)).is_some_and(|traits| traits.command);
    if is_command && options.args.trim().is_empty() {
        let error = Diagnostic::error("options", format!("{module} needs a command, and -a gives none"));
        return Err(Refusal::options(error.help("`-m MODULE` names another module; `deploy ping` asks who answers")));
    }
    if ONLY_IN_PLAYBOOKS.contains(&module) {
        return Err(Refusal::options(Diagnostic::error("options", format!("{module} is for playbooks alone"))));
    }
    Ok(())
}

/// Nothing to do is an answer for whoever asks as `ansible`, and a slip for people.
pub fn nobody(pattern: &str, prepared: &Prepared, session: &mut Session) -> Result<Exit, Refusal> {
    if session.called == Called::Ansible {
        session.say(&Diagnostic::warning("pattern", "no hosts matched, nothing to do"));
        return Ok(Exit::Success);
    }
    let near = hosts::unmatched(pattern, &prepared.variables.inventory()).help;
    let error = Diagnostic::error("pattern", format!("no host matches `{pattern}`, so there is nothing to do"));
    Err(Refusal::error(error.help(near.unwrap_or_else(|| "`deploy inventory --graph` shows hosts and groups".into()))))
}

/// Ansible finds out on each host that there is no such module.
fn fail_on_all(
    hosts: &[HostId],
    fault: &Diagnostic,
    renderer: &mut AdHoc,
    names: &dyn Fn(HostId) -> String,
    session: &mut Session,
) {
    let outcome = Outcome::failed(format!("Task failed: {}", fault.message), None);
    let sources = session.sources.clone();
    for host in hosts {
        let event = Event::Task {
            key: Default::default(),
            host: *host,
            delegate: None,
            action: String::new(),
            traits: ActionTraits::default(),
            status: Status::Settled { outcome: outcome.clone(), failure: Failure::Fatal },
            no_log: false,
        };
        renderer.event(&event, &Names { host: names, sources: &sources }, &mut session.screen);
    }
}
