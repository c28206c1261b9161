//! What can be said on the command line. Names and letters that hands know from `ansible-playbook` and `ansible` are kept.
use super::completion;
use super::exit::EXIT_CODES;
use super::reference;
use clap::builder::{BoolishValueParser, PossibleValue, StringValueParser, TypedValueParser};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};
use std::path::PathBuf;

/// Runs Ansible playbooks on systemd hosts over SSH: nothing is installed there, and nothing else is needed here.
#[derive(Debug, Parser)]
#[command(name = "deploy", version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(arg_required_else_help = true, after_help = exit_codes())]
pub struct Deploy {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub run: PlaybookCommand,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Who answers: connects to the hosts and starts the helper there
    Ping(PingCommand),
    /// One module on the hosts, without a playbook
    Run(AdHocCommand),
    /// What a playbook would change: later tasks see what earlier ones would have done
    Plan(PlaybookCommand),
    /// The inventory as it is understood
    Inventory(InventoryCommand),
    /// Reference pages of the modules
    Doc(DocCommand),
    /// Files and texts under a vault's password
    #[command(subcommand)]
    Vault(VaultAction),
    /// A completion script for a shell
    Completions {
        /// bash, zsh, fish, elvish or powershell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub struct PlaybookCommand {
    /// Playbooks, run one after the other
    #[arg(required = true, value_name = "PLAYBOOK", value_hint = ValueHint::FilePath)]
    pub playbooks: Vec<PathBuf>,
    #[command(flatten)]
    pub common: Common,
    /// Only tasks with these tags
    #[arg(short = 't', long, value_name = "TAGS", action = ArgAction::Append)]
    pub tags: Vec<String>,
    /// Not the tasks with these tags
    #[arg(long, value_name = "TAGS", action = ArgAction::Append)]
    pub skip_tags: Vec<String>,
    /// Show which hosts each play would run on, and end
    #[arg(long)]
    pub list_hosts: bool,
    /// Show the tasks, and end
    #[arg(long)]
    pub list_tasks: bool,
    /// Show the tags, and end
    #[arg(long)]
    pub list_tags: bool,
    /// Read everything, connect nowhere
    #[arg(long)]
    pub syntax_check: bool,
    /// Begin at the task with this name
    #[arg(long, value_name = "NAME")]
    pub start_at_task: Option<String>,
    /// Run handlers even where a task failed
    #[arg(long)]
    pub force_handlers: bool,
    /// Accepted and not used: no facts are kept between runs
    #[arg(long, hide = true)]
    pub flush_cache: bool,
    /// Not here yet
    #[arg(long, hide = true)]
    pub step: bool,
}

#[derive(Debug, Args)]
pub struct AdHocCommand {
    /// Which hosts
    #[arg(value_name = "PATTERN", add = completion::patterns())]
    pub pattern: String,
    /// The module
    #[arg(short, long, value_name = "MODULE", default_value = "command")]
    #[arg(value_parser = ModuleName, hide_possible_values = true)]
    pub module_name: String,
    /// Its arguments: `key=value ...`, or the command
    #[arg(short, long, value_name = "ARGS", default_value = "", allow_hyphen_values = true)]
    pub args: String,
    /// One line per host
    #[arg(short, long)]
    pub one_line: bool,
    /// Where `group_vars` and roles are looked for
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub playbook_dir: Option<PathBuf>,
    /// Show which hosts match, and end
    #[arg(long)]
    pub list_hosts: bool,
    /// Seconds that the module may take
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub task_timeout: Option<u32>,
    /// Not here yet
    #[arg(short = 'B', long, value_name = "SECONDS", hide = true)]
    pub background: Option<String>,
    /// Not here yet
    #[arg(short = 'P', long, value_name = "SECONDS", hide = true)]
    pub poll: Option<String>,
    /// Not here yet
    #[arg(short = 't', long, value_name = "DIR", hide = true)]
    pub tree: Option<String>,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
pub struct PingCommand {
    /// Which hosts
    #[arg(value_name = "PATTERN", default_value = "all", add = completion::patterns())]
    pub pattern: String,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
pub struct InventoryCommand {
    /// Which hosts, for --graph and --list
    #[arg(value_name = "PATTERN", add = completion::patterns())]
    pub pattern: Option<String>,
    /// All hosts and groups as JSON
    #[arg(long)]
    pub list: bool,
    /// All variables of one host
    #[arg(long, value_name = "HOST", add = completion::patterns())]
    pub host: Option<String>,
    /// Groups as a tree
    #[arg(long)]
    pub graph: bool,
    /// Variables too, with --graph
    #[arg(long)]
    pub vars: bool,
    /// As YAML instead of JSON
    #[arg(short, long)]
    pub yaml: bool,
    /// Variables where they were set, not merged into hosts
    #[arg(long)]
    pub export: bool,
    /// Into a file instead of the standard output
    #[arg(long = "output", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub to_file: Option<PathBuf>,
    /// Where `group_vars` is looked for
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub playbook_dir: Option<PathBuf>,
    #[command(flatten)]
    pub project: ProjectOptions,
}

#[derive(Debug, Args)]
pub struct DocCommand {
    /// None: a list of all modules
    #[arg(value_name = "MODULE", value_parser = ModuleName, hide_possible_values = true)]
    pub modules: Vec<String>,
    /// All modules with a line each
    #[arg(short, long)]
    pub list: bool,
    /// As JSON
    #[arg(short, long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum VaultAction {
    /// Encrypt files where they are
    Encrypt(VaultFiles),
    /// Decrypt files where they are
    Decrypt(VaultFiles),
    /// Print what encrypted files hold
    View(VaultFiles),
    /// Change encrypted files in an editor (EDITOR)
    Edit(VaultFiles),
    /// Write a new encrypted file in an editor
    Create(VaultFiles),
    /// Encrypt texts, for variables in plain files
    #[command(name = "encrypt_string", alias = "encrypt-string")]
    EncryptString(VaultString),
    /// Give encrypted files another password
    Rekey(VaultRekey),
}

impl VaultAction {
    pub fn keys(&self) -> &VaultKeys {
        match self {
            Self::Encrypt(files) | Self::Decrypt(files) | Self::View(files) => &files.keys,
            Self::Edit(files) | Self::Create(files) => &files.keys,
            Self::EncryptString(options) => &options.keys,
            Self::Rekey(options) => &options.files.keys,
        }
    }
}

#[derive(Debug, Args)]
pub struct VaultFiles {
    /// None: from the standard input to the standard output
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// Into this file (`-`: the standard output) instead
    #[arg(long = "output", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub to_file: Option<PathBuf>,
    #[command(flatten)]
    pub keys: VaultKeys,
}

#[derive(Debug, Args)]
pub struct VaultRekey {
    #[command(flatten)]
    pub files: VaultFiles,
    #[command(flatten)]
    pub new_keys: NewVaultKeys,
}

#[derive(Debug, Args)]
pub struct NewVaultKeys {
    /// The new label and where its password is
    #[arg(long, value_name = "ID")]
    pub new_vault_id: Option<String>,
    /// A file with the new password, or a program that prints it
    #[arg(long, alias = "new-vault-pass-file", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub new_vault_password_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct VaultString {
    /// The texts; better from the standard input or with -p, since others can see a command line
    #[arg(value_name = "TEXT")]
    pub strings: Vec<String>,
    /// The variable's name, for each text
    #[arg(short, long = "name", value_name = "NAME")]
    pub names: Vec<String>,
    /// The variable's name for the text on the standard input
    #[arg(long, value_name = "NAME")]
    pub stdin_name: Option<String>,
    /// Ask for the text
    #[arg(short, long)]
    pub prompt: bool,
    /// Into this file instead of the standard output
    #[arg(long = "output", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub to_file: Option<PathBuf>,
    #[command(flatten)]
    pub keys: VaultKeys,
}

impl VaultString {
    /// Nothing was given elsewhere.
    pub fn reads_stdin(&self) -> bool {
        self.strings.is_empty() && !self.prompt && self.stdin_name.is_none()
    }
}

/// Which passwords a vault command has.
#[derive(Debug, Args)]
pub struct VaultKeys {
    /// A file with the password, or a program that prints it
    #[arg(long, alias = "vault-pass-file", value_name = "FILE", action = ArgAction::Append, value_hint = ValueHint::FilePath)]
    pub vault_password_file: Vec<PathBuf>,
    /// A label and where its password is: `label@prompt`, `label@FILE`
    #[arg(long, value_name = "ID", action = ArgAction::Append)]
    pub vault_id: Vec<String>,
    /// Ask for the password
    #[arg(short = 'J', long, alias = "ask-vault-password")]
    pub ask_vault_pass: bool,
    /// The label to encrypt with, where there are several
    #[arg(long, value_name = "ID")]
    pub encrypt_vault_id: Option<String>,
    /// Show more
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
}

impl VaultKeys {
    pub fn project(&self) -> ProjectOptions {
        ProjectOptions {
            vault_password_file: self.vault_password_file.clone(),
            vault_id: self.vault_id.clone(),
            ask_vault_pass: self.ask_vault_pass,
            ..ProjectOptions::default()
        }
    }
}

/// How to find and read the project.
#[derive(Clone, Debug, Default, Args)]
pub struct ProjectOptions {
    /// An inventory: a file, a folder, a script, or hosts with commas (`a,b,`)
    #[arg(short, long, alias = "inventory-file", value_hint = ValueHint::AnyPath, value_name = "INVENTORY", action = ArgAction::Append)]
    pub inventory: Vec<String>,
    /// Only these of the hosts
    #[arg(short, long, value_name = "PATTERN", action = ArgAction::Append, add = completion::patterns())]
    pub limit: Vec<String>,
    /// Variables: `key=value`, JSON, YAML, or @FILE
    #[arg(short, long, value_name = "VARS", action = ArgAction::Append)]
    pub extra_vars: Vec<String>,
    /// A file with a vault's password, or a program that prints it
    #[arg(long, alias = "vault-pass-file", value_name = "FILE", action = ArgAction::Append, value_hint = ValueHint::FilePath)]
    pub vault_password_file: Vec<PathBuf>,
    /// A vault's label and where its password is: `label@prompt`, `label@FILE`
    #[arg(long, value_name = "ID", action = ArgAction::Append)]
    pub vault_id: Vec<String>,
    /// Ask for the vault's password
    #[arg(short = 'J', long, alias = "ask-vault-password")]
    pub ask_vault_pass: bool,
    /// Show more: results, then the work, then the connection
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
}

/// How to reach hosts and what to show.
#[derive(Clone, Debug, Default, Args)]
pub struct Common {
    #[command(flatten)]
    pub project: ProjectOptions,
    /// Change nothing, say what would change
    #[arg(short = 'C', long)]
    pub check: bool,
    /// Show what changes in files
    #[arg(short = 'D', long)]
    pub diff: bool,
    /// How many hosts at once
    #[arg(short, long, value_name = "N", value_parser = forks)]
    pub forks: Option<usize>,
    /// Log in as this user
    #[arg(short, long, value_name = "USER")]
    pub user: Option<String>,
    /// Become another user there
    #[arg(short = 'b', long = "become")]
    pub r#become: bool,
    /// Which one (root)
    #[arg(long, value_name = "USER")]
    pub become_user: Option<String>,
    /// How (sudo)
    #[arg(long, value_name = "METHOD")]
    pub become_method: Option<String>,
    /// Ask for sudo's password
    #[arg(short = 'K', long)]
    pub ask_become_pass: bool,
    /// A file with sudo's password
    #[arg(long, alias = "become-pass-file", value_name = "FILE", conflicts_with = "ask_become_pass", value_hint = ValueHint::FilePath)]
    pub become_password_file: Option<PathBuf>,
    /// Ask for the login's password
    #[arg(short = 'k', long)]
    pub ask_pass: bool,
    /// A file with the login's password
    #[arg(long, alias = "conn-pass-file", value_name = "FILE", conflicts_with = "ask_pass", value_hint = ValueHint::FilePath)]
    pub connection_password_file: Option<PathBuf>,
    /// The key to log in with
    #[arg(long, alias = "key-file", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub private_key: Option<PathBuf>,
    /// How to reach hosts: ssh or local
    #[arg(short, long, value_name = "CONNECTION")]
    pub connection: Option<String>,
    /// Seconds until a host counts as unreachable
    #[arg(short = 'T', long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<u32>,
    /// Words for ssh's command line
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true)]
    pub ssh_common_args: Option<String>,
    /// More words for ssh's command line
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true)]
    pub ssh_extra_args: Option<String>,
    /// Accepted and not used: no scp runs
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true, hide = true)]
    pub scp_extra_args: Option<String>,
    /// Accepted and not used: no sftp runs
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true, hide = true)]
    pub sftp_extra_args: Option<String>,
    /// Accepted and not used: modules of one's own need Python
    #[arg(short = 'M', long, value_name = "PATH", hide = true)]
    pub module_path: Option<String>,
    /// What is printed
    #[arg(long, value_enum, default_value_t = OutputFormat::Human, env = "DEPLOY_OUTPUT", hide_env_values = true)]
    pub output: OutputFormat,
    /// Wait for each task before the next is sent: slower, with the same outcome
    #[arg(long, env = "DEPLOY_NO_RUN_AHEAD", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub no_run_ahead: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// Ansible's familiar lines
    #[default]
    Human,
    /// One event per line
    Json,
}

fn forks(word: &str) -> Result<usize, &'static str> {
    word.parse().ok().filter(|number| *number > 0).ok_or("a whole number from 1 on is wanted")
}

fn seconds(word: &str) -> Result<u32, &'static str> {
    word.parse().map_err(|_| "a whole number of seconds is wanted")
}

fn exit_codes() -> String {
    let codes = EXIT_CODES.iter().map(|(code, meaning)| format!("{code:>5}  {meaning}\n"));
    format!("Exit codes:\n{}", codes.collect::<String>())
}

/// Any word, and the modules' names for completion.
#[derive(Clone)]
struct ModuleName;

impl TypedValueParser for ModuleName {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        word: &std::ffi::OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, word)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(reference::entries().iter().map(|entry| PossibleValue::new(entry.name))))
    }
}

/// Runs playbooks: deploy under the name of `ansible-playbook`
#[derive(Debug, Parser)]
#[command(name = "ansible-playbook", version, arg_required_else_help = true, after_help = exit_codes())]
pub struct AnsiblePlaybook {
    #[command(flatten)]
    pub run: PlaybookCommand,
}

/// One module on hosts: deploy under the name of `ansible`
#[derive(Debug, Parser)]
#[command(name = "ansible", version, arg_required_else_help = true, after_help = exit_codes())]
pub struct Ansible {
    #[command(flatten)]
    pub run: AdHocCommand,
}

/// Files and texts under a vault's password: deploy under the name of `ansible-vault`
#[derive(Debug, Parser)]
#[command(name = "ansible-vault", version, arg_required_else_help = true, after_help = exit_codes())]
pub struct AnsibleVault {
    #[command(subcommand)]
    pub action: VaultAction,
}

/// Reference pages of the modules: deploy under the name of `ansible-doc`
#[derive(Debug, Parser)]
#[command(name = "ansible-doc", version, after_help = exit_codes())]
pub struct AnsibleDoc {
    #[command(flatten)]
    pub run: DocCommand,
}

/// The inventory as it is understood: deploy under the name of `ansible-inventory`
#[derive(Debug, Parser)]
#[command(name = "ansible-inventory", version, arg_required_else_help = true, after_help = exit_codes())]
pub struct AnsibleInventory {
    #[command(flatten)]
    pub run: InventoryCommand,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_lines_are_sound() {
        Deploy::command().debug_assert();
        AnsiblePlaybook::command().debug_assert();
        Ansible::command().debug_assert();
        AnsibleInventory::command().debug_assert();
    }

    #[test]
    fn a_playbook_needs_no_subcommand() {
        let line = Deploy::try_parse_from(["deploy", "-i", "hosts", "a.yml", "b.yml", "-e", "x=1", "-vvC"]).unwrap();
        let run = line.run;
        assert!(line.command.is_none() && run.common.check && run.common.project.verbose == 2);
        assert_eq!(run.playbooks.len(), 2);
        let line = Deploy::try_parse_from(["deploy", "ping", "web", "-i", "hosts"]).unwrap();
        assert!(matches!(line.command, Some(Command::Ping(ping)) if ping.pattern == "web"));
    }
}
