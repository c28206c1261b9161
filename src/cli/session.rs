//! What every command that reads a project begins with: settings, the vault's passwords, the screen and the log.
use super::exit::{Exit, Refusal};
use super::options::{OutputFormat, ProjectOptions};
use super::{log, passwords, vault_ids};
use crate::config::{self, Config};
use crate::report::{Color, JsonLines, Screen, Secrets, render_diagnostic};
use crate::world::files::{Disk, Files};
use crate::world::loader::Loader;
use std::collections::BTreeSet;
use std::sync::Arc;
use value::{Diagnostic, SourceMap};

/// Who reads events waits for one of the end too.
const EVENTS: JsonLines = JsonLines { now: crate::run::drive::clock };

/// The command under whose name the program was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called {
    Deploy,
    /// By a link with the name of one of Ansible's commands: what that one lets pass, passes.
    Ansible,
}

pub struct Session {
    pub called: Called,
    pub config: Config,
    pub files: Arc<dyn Files>,
    pub sources: Arc<SourceMap>,
    pub secrets: Arc<Secrets>,
    pub loader: Arc<Loader>,
    pub screen: Screen,
    /// How many `-v`.
    pub verbosity: u8,
    /// Warnings come once.
    said: BTreeSet<String>,
}

/// What there is before the settings are known, so that their faults can be shown.
pub struct Desk {
    pub files: Arc<dyn Files>,
    pub sources: Arc<SourceMap>,
    pub secrets: Arc<Secrets>,
}

impl Desk {
    pub fn new() -> Self {
        Self { files: Arc::new(Disk), sources: Arc::default(), secrets: Arc::default() }
    }

    pub fn config(&self) -> Result<Config, Diagnostic> {
        config::load(&*self.files, &|name| std::env::var(name).ok(), &self.sources)
    }

    fn screen(&self, color: Option<bool>) -> Screen {
        Screen::terminal(self.secrets.clone(), color)
    }
}

impl Session {
    /// Reads the settings and the vault's passwords, and runs a command with them. Whatever it refuses is drawn here.
    pub fn run(
        called: Called,
        options: &ProjectOptions,
        output: OutputFormat,
        command: impl FnOnce(&mut Self) -> Result<Exit, Refusal>,
    ) -> Exit {
        Self::begin(called, options, output, |session| {
            std::mem::take(&mut session.config.warnings).iter().for_each(|warning| session.say(warning));
            session.unlock(options).and_then(|()| command(session))
        })
    }

    /// The same for a command that sees to passwords itself.
    pub fn without_vault(options: &ProjectOptions, command: impl FnOnce(&mut Self) -> Result<Exit, Refusal>) -> Exit {
        Self::begin(Called::Deploy, options, OutputFormat::Human, command)
    }

    fn begin(
        called: Called,
        options: &ProjectOptions,
        output: OutputFormat,
        command: impl FnOnce(&mut Self) -> Result<Exit, Refusal>,
    ) -> Exit {
        let desk = Desk::new();
        let config = match desk.config() {
            Ok(config) => config,
            Err(error) => {
                let mut screen = desk.screen(None);
                screen.say(&render_diagnostic(&error, &desk.sources, screen.has_color()), None);
                if output == OutputFormat::Json {
                    EVENTS.refused(&error, &desk.sources, &mut screen);
                }
                return Exit::Options;
            }
        };
        let mut screen = desk.screen(color(&config));
        if let Err(error) = screen.log_to(config.log_path.as_deref()) {
            screen.say(&render_diagnostic(&error, &desk.sources, screen.has_color()), None);
        }
        let loader = Loader::new(desk.files.clone(), desk.sources.clone(), Arc::default());
        let loader = loader.with_duplicate_keys(config.duplicate_keys);
        let mut session = Self {
            called,
            verbosity: options.verbose.max(config.verbosity),
            config,
            files: desk.files,
            sources: desk.sources,
            secrets: desk.secrets,
            loader: Arc::new(loader),
            screen,
            said: BTreeSet::new(),
        };
        let log = log::start(session.verbosity, session.secrets.clone()).map_err(Refusal::options);
        let result = log.and_then(|()| command(&mut session));
        session.warn_loaded();
        match result {
            Ok(exit) => exit,
            Err(refusal) => {
                refusal.diagnostics.iter().for_each(|diagnostic| session.say(diagnostic));
                if output == OutputFormat::Json {
                    let refused = |error| EVENTS.refused(error, &session.sources, &mut session.screen);
                    refusal.diagnostics.iter().for_each(refused);
                }
                refusal.exit
            }
        }
    }

    /// The vault's passwords into the loader.
    fn unlock(&mut self, options: &ProjectOptions) -> Result<(), Refusal> {
        let keyring = vault_ids::keyring(options, &self.config, &*self.files)?;
        let loader = Loader::new(self.files.clone(), self.sources.clone(), Arc::new(keyring));
        self.loader = Arc::new(loader.with_duplicate_keys(self.config.duplicate_keys));
        Ok(())
    }

    /// What `-v` and `-vv` say before anything is read: the settings' file, and the version.
    pub fn introduce(&mut self, version: &dyn Fn(&Config) -> String) {
        if self.verbosity > 1 {
            let version = version(&self.config);
            self.screen.print(&version, Some(Color::Verbose));
        }
        if self.verbosity > 0 {
            let line = match &self.config.file {
                Some(file) => format!("Using {} as config file", file.display()),
                None => "No config file found; using defaults".into(),
            };
            self.screen.print(&line, Some(Color::Verbose));
        }
    }

    /// A screen of its own for a run, which keeps it to its end.
    pub fn screen_for_run(&mut self) -> Screen {
        self.screen.flush();
        let mut screen = Screen::terminal(self.secrets.clone(), color(&self.config));
        screen.share_log(&self.screen);
        screen
    }

    /// An error, a warning or a note on standard error; each once.
    pub fn say(&mut self, diagnostic: &Diagnostic) {
        let text = render_diagnostic(diagnostic, &self.sources, self.screen.has_color());
        if self.said.insert(text.clone()) {
            self.screen.say(&text, None);
        }
    }

    /// What the loader noticed on its way.
    pub fn warn_loaded(&mut self) {
        self.loader.take_warnings().iter().for_each(|warning| self.say(warning));
    }

    /// A password that was typed or read from a file; never shown from now on.
    pub fn password(
        &self,
        ask: bool,
        file: Option<&std::path::Path>,
        question: &str,
    ) -> Result<Option<target::protocol::Password>, Refusal> {
        let password = passwords::get(ask, file, question, &*self.files)?;
        Ok(password.map(|password| {
            self.secrets.add(&password);
            target::protocol::Password(password)
        }))
    }
}

/// None: colours where somebody looks.
fn color(config: &Config) -> Option<bool> {
    match (config.force_color, config.nocolor) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    }
}
