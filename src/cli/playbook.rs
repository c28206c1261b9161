//! `deploy PLAYBOOK...`, and with it `--list-...`, `--syntax-check` and `deploy plan`.
use super::exit::{Exit, Refusal};
use super::options::{OutputFormat, PlaybookCommand};
use super::run::{self, Asked, Prepared};
use super::session::{Called, Session};
use super::{listing, version};
use crate::project::{Playbooks, Prompt};
use crate::report::{Human, Plan, Renderer, Shown};
use crate::run::drive::Project as _;
use std::path::{Path, PathBuf};
use value::Diagnostic;

pub fn run(options: &PlaybookCommand, plan: bool, session: &mut Session) -> Result<Exit, Refusal> {
    if options.step {
        return Err(Refusal::not_here("--step"));
    }
    let paths = playbooks(&options.playbooks, session)?;
    introduce(options, session);
    let playbook_dir = paths.first().and_then(|path| path.parent()).unwrap_or(Path::new("/")).to_path_buf();
    let only_lists = options.list_hosts || options.list_tasks || options.list_tags || options.syntax_check;
    // Listed are all tags that can be asked for, those of tasks that only run when they are asked for among them.
    let every = vec!["all".to_string(), "never".to_string()];
    let asked = Asked {
        plan,
        force_handlers: options.force_handlers,
        tags: if options.list_tags && options.tags.is_empty() { every } else { options.tags.clone() },
        skip_tags: options.skip_tags.clone(),
        start_at_task: options.start_at_task.clone().filter(|_| !only_lists),
        playbook_dir,
        only_lists,
    };
    let prepared = run::prepare(&options.common, asked, session)?;
    if only_lists {
        return list(options, &paths, &prepared, session);
    }
    let playbooks = load(&paths, &prepared, run::prompt())?;
    session.warn_loaded();
    let config = &session.config;
    let human = Human::new(Shown {
        verbosity: session.verbosity,
        ok_hosts: config.display_ok_hosts,
        skipped_hosts: config.display_skipped_hosts,
        check_mode_markers: config.check_mode_markers,
        custom_stats: config.show_custom_stats,
    });
    let shown: Box<dyn Renderer> = if plan { Box::new(Plan::default()) } else { Box::new(human) };
    prepared.drive(playbooks, shown, session)
}

fn load(paths: &[PathBuf], prepared: &Prepared, prompt: Box<Prompt>) -> Result<Playbooks, Refusal> {
    let (variables, parser) = (prepared.variables.clone(), prepared.parser.clone());
    Playbooks::load(paths, variables, parser, prepared.plays.clone(), prompt).map_err(Refusal::parser)
}

/// What `-v` and `-vv` say before anything is read.
fn introduce(options: &PlaybookCommand, session: &mut Session) {
    if options.common.output == OutputFormat::Human {
        let name = if session.called == Called::Deploy { "deploy" } else { "ansible-playbook" };
        session.introduce(&|config| version::text(name, config));
    }
}

/// Every playbook is there before the first of them runs.
fn playbooks(named: &[PathBuf], session: &Session) -> Result<Vec<PathBuf>, Refusal> {
    let mut missing = Vec::new();
    let mut found = Vec::new();
    for path in named {
        let full = session.files.absolute(Path::new(""), &path.to_string_lossy());
        match session.files.is_file(&full) {
            true => found.push(full),
            false => missing.push(absent(path, session.files.is_dir(&full))),
        }
    }
    if missing.is_empty() { Ok(found) } else { Err(Refusal { exit: Exit::Error, diagnostics: missing }) }
}

fn absent(path: &Path, is_dir: bool) -> Diagnostic {
    let name = path.display().to_string();
    let why = if is_dir { "is a folder, and should be a playbook" } else { "is not there" };
    let error = Diagnostic::error("playbook", format!("the playbook {name} {why}"));
    let commands = ["ping", "run", "plan", "inventory", "doc", "completions"];
    match value::spec::nearest(&name, commands).filter(|_| !name.contains(['/', '.'])) {
        Some(near) => error.help(format!("did you mean the command `deploy {near}`?")),
        None => error,
    }
}

/// Shows and runs nothing; one playbook after the other, so that a wrong one does not hide those before it.
fn list(
    options: &PlaybookCommand,
    paths: &[PathBuf],
    prepared: &Prepared,
    session: &mut Session,
) -> Result<Exit, Refusal> {
    let what = listing::Wanted { hosts: options.list_hosts, tasks: options.list_tasks, tags: options.list_tags };
    for (path, named) in paths.iter().zip(&options.playbooks) {
        // Prompts have their defaults.
        let playbooks = load(std::slice::from_ref(path), prepared, Box::new(|_, _| None))?;
        session.warn_loaded();
        let text = listing::text(&named.display().to_string(), &playbooks, &what).map_err(Refusal::error)?;
        playbooks.take_warnings().iter().for_each(|warning| session.say(warning));
        session.screen.print(&text, None);
    }
    Ok(Exit::Success)
}
