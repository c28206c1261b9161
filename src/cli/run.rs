//! What playbooks, single modules and pings have in common: from the command line and the settings to a run, and from its end to an
//! exit code.
use super::exit::{Exit, Refusal};
use super::hosts::{self, Hosts};
use super::options::{Common, OutputFormat};
use super::session::{Called, Session};
use crate::action;
use crate::connect;
use crate::engine::{self, message::HostId};
use crate::inventory::{self, Matched};
use crate::playbook::Parser;
use crate::playbook::tags::Selection;
use crate::project::{PlaySettings, Playbooks, evaluate_at_load};
use crate::report::{JsonLines, Renderer};
use crate::run::Here;
use crate::run::drive::{self, Ended, Run};
use crate::vars::{self, RunSettings, Variables};
use crate::world::blobs::Blobs;
use crate::world::terminal;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use target::protocol::Password;
use value::{Diagnostic, Map};

/// What one kind of command asks for, apart from the options that all have.
#[derive(Default)]
pub struct Asked {
    pub plan: bool,
    pub force_handlers: bool,
    pub tags: Vec<String>,
    pub skip_tags: Vec<String>,
    pub start_at_task: Option<String>,
    /// Where `group_vars` are looked for besides the inventory.
    pub playbook_dir: PathBuf,
    /// Nothing is run, so nobody is asked for passwords.
    pub only_lists: bool,
}

/// All that a run needs but its plays.
pub struct Prepared {
    pub variables: Arc<Variables>,
    pub parser: Parser,
    pub plays: PlaySettings,
    here: Arc<Here>,
    settings: action::Settings,
    connect: connect::Settings,
    options: engine::Options,
    output: OutputFormat,
    began: Instant,
}

pub fn prepare(common: &Common, asked: Asked, session: &mut Session) -> Result<Prepared, Refusal> {
    let began = Instant::now();
    let Hosts { inventory, sources } = limited(common, &asked, session)?;
    let extra = vars::extra_vars(&common.project.extra_vars, &session.loader).map_err(Refusal::parser)?;
    let blobs = Arc::new(Blobs::default());
    let here = Arc::new(Here::new(
        blobs.clone(),
        session.secrets.clone(),
        session.loader.keyring.clone(),
        session.config.allow_broken_conditionals,
    ));
    let plays = play_settings(common, &asked, session)?;
    let run = run_settings(common, &plays, sources, extra.clone(), &asked, session);
    let variables = Arc::new(Variables::new(inventory, session.loader.clone(), here.clone(), run));
    Ok(Prepared {
        variables,
        parser: parser(extra, session),
        plays,
        here,
        settings: settings(common, &asked, session)?,
        connect: connect::Settings {
            control_dir: session.config.control_path_dir.clone(),
            blobs,
            program: connect::Program::default(),
            verbosity: session.verbosity.saturating_sub(3),
        },
        options: engine::Options { run_ahead: !common.no_run_ahead, ..engine::Options::default() },
        output: common.output,
        began,
    })
}

/// The inventory; a limit that leaves nobody is a slip.
fn limited(common: &Common, asked: &Asked, session: &mut Session) -> Result<Hosts, Refusal> {
    let mut hosts = hosts::load(&common.project.inventory, session)?;
    let limit = hosts.limit(&common.project.limit, session)?;
    if limit.is_some_and(|limit| limit.is_empty()) && !asked.only_lists {
        let error = Diagnostic::error("limit", "no host is left: the inventory and --limit have none in common");
        return Err(Refusal::error(error.help("`deploy inventory --graph` shows hosts and groups")));
    }
    Ok(hosts)
}

fn play_settings(common: &Common, asked: &Asked, session: &Session) -> Result<PlaySettings, Refusal> {
    let config = &session.config;
    let words = |given: &[String], configured: &[String]| -> Vec<String> {
        let all = if given.is_empty() { configured } else { given };
        all.iter()
            .flat_map(|word| word.split(','))
            .map(|tag| tag.trim().to_string())
            .filter(|tag| !tag.is_empty())
            .collect()
    };
    let forks = common.forks.unwrap_or(config.forks);
    if forks == 0 {
        let error = Diagnostic::error("options", "forks is 0, and at least one host is worked on at once");
        return Err(Refusal::new(
            Exit::USAGE,
            error.help("set it to a number from 1 on, in ansible.cfg or ANSIBLE_FORKS"),
        ));
    }
    Ok(PlaySettings {
        forks,
        strategy: config.strategy.clone(),
        gathering: config.gathering.clone(),
        gather_subset: config.gather_subset.clone(),
        any_errors_fatal: config.any_errors_fatal,
        force_handlers: asked.force_handlers || config.force_handlers,
        missing_handler_is_fatal: config.error_on_missing_handler,
        tags: Selection {
            only: words(&asked.tags, &config.run_tags),
            skip: words(&asked.skip_tags, &config.skip_tags),
        },
        start_at_task: asked.start_at_task.clone(),
        limit: inventory::limit(&common.project.limit, &*session.files).map_err(Refusal::error)?,
        pattern_mismatch: config.host_pattern_mismatch.clone(),
        inventory: hosts::options(config),
    })
}

fn run_settings(
    common: &Common,
    plays: &PlaySettings,
    sources: Vec<String>,
    extra: Map,
    asked: &Asked,
    session: &Session,
) -> RunSettings {
    let all = || vec!["all".to_string()];
    RunSettings {
        extra: Arc::new(extra),
        playbook_dir: asked.playbook_dir.clone(),
        merge_hashes: session.config.merge_hashes,
        check: common.check,
        ansible_managed: session.config.ansible_managed.clone(),
        inject_facts: session.config.inject_facts,
        diff: common.diff || session.config.diff,
        verbosity: i64::from(session.verbosity),
        forks: plays.forks,
        tags: if plays.tags.only.is_empty() { all() } else { plays.tags.only.clone() },
        skip_tags: plays.tags.skip.clone(),
        limit: (!common.project.limit.is_empty()).then(|| common.project.limit.join(",")),
        inventory_sources: sources,
        config_file: session.config.file.clone(),
        settings: session.config.settings.clone(),
        connection: common.connection.clone(),
        remote_user: common.user.clone(),
    }
}

fn parser(extra: Map, session: &Session) -> Parser {
    Parser {
        loader: session.loader.clone(),
        roles_path: session.config.roles_path.clone(),
        collections_path: session.config.collections_path.clone(),
        traits_of: Arc::new(action::traits_of),
        evaluate: Arc::new(move |text, layers| evaluate_at_load(text, layers, &extra)),
        private_roles: session.config.private_role_vars,
    }
}

fn settings(common: &Common, asked: &Asked, session: &Session) -> Result<action::Settings, Refusal> {
    let config = &session.config;
    let (password, become_password) = if asked.only_lists { (None, None) } else { passwords(common, session)? };
    let or = |given: &Option<String>, configured: &Option<String>| given.clone().or_else(|| configured.clone());
    Ok(action::Settings {
        check: common.check,
        // A plan is there to be read, so it shows what would change in files.
        diff: common.diff || config.diff || asked.plan,
        plan: asked.plan,
        verbosity: i64::from(session.verbosity),
        no_log: config.no_log,
        connection: or(&common.connection, &config.transport).filter(|word| word != "smart"),
        remote_user: or(&common.user, &config.remote_user),
        port: config.remote_port,
        private_key_file: common
            .private_key
            .as_ref()
            .map(|path| session.files.absolute(std::path::Path::new(""), &path.to_string_lossy()).display().to_string())
            .or_else(|| config.private_key_file.clone()),
        password,
        timeout: common.timeout.unwrap_or(config.timeout),
        ssh_args: config.ssh_args.clone(),
        ssh_common_args: common.ssh_common_args.clone().unwrap_or_else(|| config.ssh_common_args.clone()),
        ssh_extra_args: common.ssh_extra_args.clone().unwrap_or_else(|| config.ssh_extra_args.clone()),
        ssh_executable: config.ssh_executable.clone(),
        host_key_checking: config.host_key_checking,
        remote_tmp: config.remote_tmp.clone(),
        r#become: common.r#become || config.r#become,
        become_method: common.become_method.clone().unwrap_or_else(|| config.become_method.clone()),
        become_user: common.become_user.clone().unwrap_or_else(|| config.become_user.clone()),
        become_exe: config.become_exe.clone(),
        become_flags: config.become_flags.clone(),
        become_password,
        ansible_managed: config.ansible_managed.clone(),
    })
}

/// Of the login, then of becoming another user; an empty answer to the second means the first.
fn passwords(common: &Common, session: &Session) -> Result<(Option<Password>, Option<Password>), Refusal> {
    let config = &session.config;
    let file = |given: &Option<PathBuf>, configured: &Option<PathBuf>| given.clone().or_else(|| configured.clone());
    let login_file = file(&common.connection_password_file, &config.connection_password_file);
    let ask = common.ask_pass || config.ask_pass && login_file.is_none();
    let login = session.password(ask, login_file.as_deref(), "SSH password: ")?;
    let become_file = file(&common.become_password_file, &config.become_password_file);
    let ask = common.ask_become_pass || config.become_ask_pass && become_file.is_none();
    let question = match login {
        Some(_) => "BECOME password[defaults to SSH password]: ",
        None => "BECOME password: ",
    };
    let other = session.password(ask, become_file.as_deref(), question)?;
    let other = match (other, &login) {
        (Some(empty), Some(login)) if empty.0.is_empty() => Some(login.clone()),
        (other, _) => other,
    };
    Ok((login, other))
}

impl Prepared {
    /// The hosts that a pattern and `--limit` leave.
    pub fn matching(&self, pattern: &str, session: &mut Session) -> Result<Vec<HostId>, Refusal> {
        let inventory = self.variables.inventory();
        let matched = inventory.matching_within(&[pattern.to_string()], &self.plays.limit, None);
        let Matched { hosts, unmatched } = matched.map_err(Refusal::error)?;
        // The play says it; where nobody is left there is none, and here that is an error of its own.
        if hosts.is_empty() && session.called == Called::Ansible {
            hosts::tell_unmatched(&unmatched, &inventory, session)?;
        }
        Ok(hosts)
    }

    /// Runs plays to their end. `human` shows them where no other output is asked for.
    pub fn drive(self, playbooks: Playbooks, human: Box<dyn Renderer>, session: &mut Session) -> Result<Exit, Refusal> {
        let watched = std::io::stderr().is_terminal() && std::env::var("TERM").is_ok_and(|term| term != "dumb");
        let live = watched && self.output == OutputFormat::Human;
        let renderer = match self.output {
            OutputFormat::Human => human,
            OutputFormat::Json => Box::new(JsonLines { now: drive::clock }),
        };
        let project = Arc::new(playbooks);
        let run = Run {
            project: project.clone(),
            here: self.here,
            files: session.files.clone(),
            sources: session.sources.clone(),
            settings: self.settings,
            connect: self.connect,
            renderer,
            screen: session.screen_for_run(),
            options: self.options,
            live,
        };
        let ended = run.drive().map_err(|error| {
            Refusal::new(Exit::Unexpected, Diagnostic::error("run", format!("the run could not be started: {error}")))
        })?;
        // A run that was to begin in the middle and did nothing at all must not pass for one that did. One that ended early for another
        // reason says that one.
        if let Some(name) = project.start_not_found().filter(|_| exit(&ended) == Exit::Success) {
            let error =
                Diagnostic::error("start-at-task", format!("there is no task `{name}` to start at, so none was run"));
            return Err(Refusal::new(
                Exit::Error,
                error.help("only tasks that are not included while the play runs can be found"),
            ));
        }
        if live {
            session.screen.say(&format!("took {}", took(self.began.elapsed())), None);
        }
        Ok(exit(&ended))
    }
}

pub fn exit(ended: &Ended) -> Exit {
    match ended {
        Ended { interrupted: true, .. } => Exit::Interrupted,
        Ended { refused: Some(code), .. } => Exit::of_fault(code),
        Ended { unreachable: true, .. } => Exit::Unreachable,
        Ended { failed: true, .. } => Exit::Failed,
        _ => Exit::Success,
    }
}

/// `0.8 s`, `1 min 05 s`
fn took(time: Duration) -> String {
    match time.as_secs() {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

/// Questions of `vars_prompt`.
pub fn prompt() -> Box<crate::project::Prompt> {
    Box::new(|question, echo| terminal::ask(question, !echo))
}
