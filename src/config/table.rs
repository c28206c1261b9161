//! Every setting that means something to Ansible's words: where it is said, what it may be, and whether it is here. The run's
//! settings, the lookup `config`, the warnings about what is not here yet, and docs/reference/settings.md come from this table.

use std::fmt;

#[derive(Debug)]
pub struct Row {
    /// Ansible's name; in small letters, an option of one of its plugins.
    pub name: &'static str,
    /// Sections and keys of the file; the last one that is there holds.
    pub keys: &'static [(&'static str, &'static str)],
    /// The environment stands over the file.
    pub variables: &'static [&'static str],
    pub kind: Kind,
    /// Of what is not here yet: the values with which nothing is missing.
    pub missing: Option<&'static [&'static str]>,
    pub about: &'static str,
}

use Kind::{AtHome, Inventories, Number, OneOf, Own, Path, Places, Text, Truth, Words};

/// What a setting is, and what it is where nobody says so.
#[derive(Debug)]
pub enum Kind {
    Truth(Option<bool>),
    /// From 0 to the second.
    Number(Option<i64>, i64),
    Text(Option<&'static str>),
    OneOf(&'static str, &'static [&'static str]),
    /// Separated by commas.
    Words(&'static [&'static str]),
    Path,
    /// A path; below the user's own folder.
    AtHome(&'static str),
    /// A path; below the folder ANSIBLE_HOME.
    Own(&'static str),
    /// Separated by colons; the first below the folder ANSIBLE_HOME, and others.
    Places(&'static str, &'static [&'static str]),
    /// Separated by commas.
    Inventories(&'static [&'static str]),
}

impl Kind {
    /// Of a text, what holds where nobody says it.
    pub fn text(&self) -> Option<&'static str> {
        match self {
            Text(text) => *text,
            OneOf(word, _) => Some(word),
            _ => None,
        }
    }
}

/// As the reference prints it: what holds where nobody says anything, and what else may be said.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Truth(Some(true)) => f.write_str("yes"),
            Truth(Some(false)) => f.write_str("no"),
            Number(Some(number), _) => write!(f, "{number}"),
            Text(Some(text)) if !text.is_empty() => write!(f, "`{text}`"),
            OneOf(word, words) => {
                let others: Vec<_> =
                    words.iter().filter(|other| *other != word).map(|word| format!("`{word}`")).collect();
                write!(f, "`{word}`; or {}", others.join(", "))
            }
            Words(words) | Inventories(words) => {
                f.write_str(&words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "))
            }
            AtHome(path) => write!(f, "`~/{path}`"),
            Own(path) => write!(f, "`~/.ansible/{path}`"),
            Places(own, others) => write!(f, "`~/.ansible/{own}:{}`", others.join(":")),
            Truth(None) | Number(None, _) | Text(_) | Path => Ok(()),
        }
    }
}

const NO: &[&str] = &["no"];
const YES: &[&str] = &["yes"];
const NONE: &[&str] = &[];

/// How many hosts work at the same time where nobody says it.
const FORKS: i64 = 50;
const ANY: i64 = i64::MAX;
/// As Ansible's.
const NO_INVENTORIES: &[&str] =
    &[".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry"];

macro_rules! settings {
    ($($name:literal $section:ident.$key:ident $(| $other:ident.$old:ident)? $($variable:ident)+, $kind:expr, $about:literal $(, unless $harmless:expr)?;)*) => {
        &[$(Row {
            name: $name,
            keys: &[(stringify!($section), stringify!($key)) $(, (stringify!($other), stringify!($old)))?],
            variables: &[$(stringify!($variable)),+],
            kind: $kind,
            missing: settings!(@missing $($harmless)?),
            about: $about,
        }),*]
    };
    (@missing) => { None };
    (@missing $harmless:expr) => { Some($harmless) };
}

/// In the order of their sections here; ANSIBLE_HOME first, since others lie below it.
#[rustfmt::skip]
pub const ROWS: &[Row] = settings! {
    // Where things are.
    "ANSIBLE_HOME" defaults.home ANSIBLE_HOME, AtHome(".ansible"), "The folder of Ansible's own files.";
    "COLLECTIONS_PATHS" defaults.collections_path ANSIBLE_COLLECTIONS_PATH, Places("collections", &["/usr/share/ansible/collections"]), "Where collections are looked for.";
    "DEFAULT_ROLES_PATH" defaults.roles_path ANSIBLE_ROLES_PATH, Places("roles", &["/usr/share/ansible/roles", "/etc/ansible/roles"]), "Where roles are looked for, after the folder `roles` beside the playbook.";
    "PLAYBOOK_DIR" defaults.playbook_dir ANSIBLE_PLAYBOOK_DIR, Path, "Stands in for the playbook's folder where there is no playbook.";
    "DEFAULT_LOG_PATH" defaults.log_path ANSIBLE_LOG_PATH, Path, "A file that everything said is written to, too.";
    // The inventory.
    "DEFAULT_HOST_LIST" defaults.inventory ANSIBLE_INVENTORY, Inventories(&["/etc/ansible/hosts"]), "Files and folders of the inventory; without it, and without `-i`, `inventory/hosts` or `inventory/`.";
    "HOST_PATTERN_MISMATCH" inventory.host_pattern_mismatch ANSIBLE_HOST_PATTERN_MISMATCH, OneOf("warning", &["warning", "error", "ignore"]), "What happens where a pattern names no host.";
    "INVENTORY_ANY_UNPARSED_IS_FAILED" inventory.any_unparsed_is_failed ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED, Truth(Some(false)), "Whether one source that cannot be read ends the run.";
    "INVENTORY_ENABLED" inventory.enable_plugins ANSIBLE_INVENTORY_ENABLED, Words(&["host_list", "script", "auto", "yaml", "ini", "toml"]), "The kinds of sources that are tried; here always all that are known.", unless &["host_list", "script", "auto", "yaml", "ini", "toml", "advanced_host_list"];
    "INVENTORY_IGNORE_EXTS" defaults.inventory_ignore_extensions | inventory.ignore_extensions ANSIBLE_INVENTORY_IGNORE, Words(NO_INVENTORIES), "Endings of files that are passed over in a folder.";
    "INVENTORY_IGNORE_PATTERNS" defaults.inventory_ignore_patterns | inventory.ignore_patterns ANSIBLE_INVENTORY_IGNORE_REGEX, Words(&[]), "Patterns of names that are passed over in a folder.";
    "INVENTORY_UNPARSED_IS_FAILED" inventory.unparsed_is_failed ANSIBLE_INVENTORY_UNPARSED_FAILED, Truth(Some(false)), "Whether it ends the run when no source can be read.";
    "TRANSFORM_INVALID_GROUP_CHARS" defaults.force_valid_group_names ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS, OneOf("never", &["always", "never", "ignore", "silently"]), "Whether names of groups are made into names of variables.", unless &["never", "ignore"];
    // The way to hosts.
    "DEFAULT_ASK_PASS" defaults.ask_pass ANSIBLE_ASK_PASS, Truth(Some(false)), "Asks for the password of the login, as `-k`.";
    "CONNECTION_PASSWORD_FILE" defaults.connection_password_file ANSIBLE_CONNECTION_PASSWORD_FILE, Path, "A file with the password of the login, or a program that prints it.";
    "DEFAULT_FORKS" defaults.forks ANSIBLE_FORKS, Number(Some(FORKS), 100_000), "How many hosts work at the same time.";
    "DEFAULT_PRIVATE_KEY_FILE" defaults.private_key_file ANSIBLE_PRIVATE_KEY_FILE, Path, "The key to log in with.";
    "DEFAULT_REMOTE_PORT" defaults.remote_port ANSIBLE_REMOTE_PORT, Number(None, 65_535), "The port of hosts that name none.";
    "DEFAULT_REMOTE_USER" defaults.remote_user ANSIBLE_REMOTE_USER, Text(None), "Who logs in; without it, whom ssh takes.";
    "DEFAULT_TIMEOUT" defaults.timeout ANSIBLE_TIMEOUT, Number(Some(10), u32::MAX as i64), "Seconds until a host that does not answer is unreachable.";
    "DEFAULT_TRANSPORT" defaults.transport ANSIBLE_TRANSPORT, Text(Some("ssh")), "The connection of hosts that name none.";
    "HOST_KEY_CHECKING" defaults.host_key_checking ANSIBLE_HOST_KEY_CHECKING, Truth(Some(true)), "Whether hosts must be known to ssh.";
    "ssh_host_key_checking" ssh_connection.host_key_checking ANSIBLE_SSH_HOST_KEY_CHECKING, Truth(None), "The same, for connections by ssh alone.";
    "ssh_args" ssh_connection.ssh_args ANSIBLE_SSH_ARGS, Text(Some(SSH_ARGS)), "Arguments of ssh, in place of these.";
    "ssh_common_args" ssh_connection.ssh_common_args ANSIBLE_SSH_COMMON_ARGS, Text(Some("")), "Arguments of ssh, behind those.";
    "ssh_extra_args" ssh_connection.ssh_extra_args ANSIBLE_SSH_EXTRA_ARGS, Text(Some("")), "Arguments of ssh, behind those.";
    "ssh_executable" ssh_connection.ssh_executable ANSIBLE_SSH_EXECUTABLE, Text(None), "Another ssh.";
    "control_path_dir" ssh_connection.control_path_dir ANSIBLE_SSH_CONTROL_PATH_DIR, Own("cp"), "The folder of the sockets of open connections.";
    "ssh_retries" ssh_connection.retries ANSIBLE_SSH_RETRIES, Number(Some(0), ANY), "How often connecting is tried again.", unless &["0"];
    "remote_tmp" defaults.remote_tmp ANSIBLE_REMOTE_TMP, Text(None), "The folder on hosts that the helper and temporary files go to first.";
    "DEFAULT_EXECUTABLE" defaults.executable ANSIBLE_EXECUTABLE, Text(Some("/bin/sh")), "The shell of hosts.", unless &["/bin/sh"];
    // Whom tasks become.
    "DEFAULT_BECOME" privilege_escalation.become ANSIBLE_BECOME, Truth(Some(false)), "Whether tasks become somebody else.";
    "DEFAULT_BECOME_ASK_PASS" privilege_escalation.become_ask_pass ANSIBLE_BECOME_ASK_PASS, Truth(Some(false)), "Asks for the password for it, as `-K`.";
    "DEFAULT_BECOME_EXE" privilege_escalation.become_exe ANSIBLE_BECOME_EXE, Text(None), "The program for it, where it is not the method's name.";
    "DEFAULT_BECOME_FLAGS" privilege_escalation.become_flags ANSIBLE_BECOME_FLAGS, Text(Some("")), "Its arguments.";
    "DEFAULT_BECOME_METHOD" privilege_escalation.become_method ANSIBLE_BECOME_METHOD, Text(Some("sudo")), "How it is done.";
    "DEFAULT_BECOME_USER" privilege_escalation.become_user ANSIBLE_BECOME_USER, Text(Some("root")), "Whom they become.";
    "BECOME_PASSWORD_FILE" defaults.become_password_file ANSIBLE_BECOME_PASSWORD_FILE, Path, "A file with the password for it, or a program that prints it.";
    // The vault.
    "DEFAULT_ASK_VAULT_PASS" defaults.ask_vault_pass ANSIBLE_ASK_VAULT_PASS, Truth(Some(false)), "Asks for the password of the vault.";
    "DEFAULT_VAULT_IDENTITY_LIST" defaults.vault_identity_list ANSIBLE_VAULT_IDENTITY_LIST, Words(&[]), "Ids of the vault with the places of their passwords, as `--vault-id`.";
    "DEFAULT_VAULT_ID_MATCH" defaults.vault_id_match ANSIBLE_VAULT_ID_MATCH, Truth(Some(false)), "Whether only a password with the text's own id may open it.";
    "DEFAULT_VAULT_PASSWORD_FILE" defaults.vault_password_file ANSIBLE_VAULT_PASSWORD_FILE, Path, "A file with the password of the vault, or a program that prints it.";
    // What plays and tasks mean.
    "ALLOW_BROKEN_CONDITIONALS" defaults.allow_broken_conditionals ANSIBLE_ALLOW_BROKEN_CONDITIONALS, Truth(Some(false)), "Whether conditions may give something else than a boolean, as before 2.19.";
    "ANY_ERRORS_FATAL" defaults.any_errors_fatal ANSIBLE_ANY_ERRORS_FATAL, Truth(Some(false)), "Whether a failure of one host ends the play of all.";
    "DEFAULT_FORCE_HANDLERS" defaults.force_handlers ANSIBLE_FORCE_HANDLERS, Truth(Some(false)), "Whether handlers run on hosts that failed.";
    "DEFAULT_GATHERING" defaults.gathering ANSIBLE_GATHERING, OneOf("implicit", &["implicit", "explicit", "smart"]), "Whether plays gather facts that do not say it.";
    "gather_subset" defaults.gather_subset ANSIBLE_GATHER_SUBSET, Words(&[]), "Which facts plays gather that do not say it.";
    "DEFAULT_HASH_BEHAVIOUR" defaults.hash_behaviour ANSIBLE_HASH_BEHAVIOUR, OneOf("replace", &["replace", "merge"]), "What a mapping does with one of the same name that it stands over.";
    "DEFAULT_NO_LOG" defaults.no_log ANSIBLE_NO_LOG, Truth(Some(false)), "Whether the results of tasks are hidden.";
    "DEFAULT_PRIVATE_ROLE_VARS" defaults.private_role_vars ANSIBLE_PRIVATE_ROLE_VARS, Truth(Some(false)), "Whether a role's variables are its own alone.";
    "DEFAULT_STRATEGY" defaults.strategy ANSIBLE_STRATEGY, Text(Some("linear")), "The strategy of plays that name none.";
    "DEFAULT_UNDEFINED_VAR_BEHAVIOR" defaults.error_on_undefined_vars ANSIBLE_ERROR_ON_UNDEFINED_VARS, Truth(Some(true)), "Whether a name that nothing defines is an error.", unless YES;
    "DEFAULT_MANAGED_STR" defaults.ansible_managed ANSIBLE_MANAGED, Text(Some("Ansible managed")), "The text of `ansible_managed`.";
    "DUPLICATE_YAML_DICT_KEY" defaults.duplicate_dict_key ANSIBLE_DUPLICATE_YAML_DICT_KEY, OneOf("warn", &["error", "warn", "ignore"]), "What happens where a mapping has a key twice.";
    "ERROR_ON_MISSING_HANDLER" defaults.error_on_missing_handler ANSIBLE_ERROR_ON_MISSING_HANDLER, Truth(Some(true)), "Whether the run ends where nothing listens to a notification.";
    "INJECT_FACTS_AS_VARS" defaults.inject_facts_as_vars ANSIBLE_INJECT_FACT_VARS, Truth(Some(true)), "Whether facts are variables of their own, too.";
    "INVALID_TASK_ATTRIBUTE_FAILED" defaults.invalid_task_attribute_failed ANSIBLE_INVALID_TASK_ATTRIBUTE_FAILED, Truth(Some(true)), "Whether a keyword that nobody knows is an error.", unless YES;
    "TAGS_RUN" tags.run ANSIBLE_RUN_TAGS, Words(&[]), "Tags of the tasks that run, as `--tags`.";
    "TAGS_SKIP" tags.skip ANSIBLE_SKIP_TAGS, Words(&[]), "Tags of tasks that do not, as `--skip-tags`.";
    "TASK_TIMEOUT" defaults.task_timeout ANSIBLE_TASK_TIMEOUT, Number(Some(0), ANY), "Seconds that a task may take; 0: any.", unless &["0"];
    "ENABLE_TASK_DEBUGGER" defaults.enable_task_debugger ANSIBLE_ENABLE_TASK_DEBUGGER, Truth(Some(false)), "Whether a debugger opens where a task fails.", unless NO;
    "DEFAULT_JINJA2_EXTENSIONS" defaults.jinja2_extensions ANSIBLE_JINJA2_EXTENSIONS, Words(&[]), "Further statements of templates.", unless NONE;
    "PLAYBOOK_VARS_ROOT" defaults.playbook_vars_root ANSIBLE_PLAYBOOK_VARS_ROOT, OneOf("top", &["top", "bottom", "all"]), "Beside which playbook `group_vars` and `host_vars` are looked for.", unless &["top"];
    "VARIABLE_PLUGINS_ENABLED" defaults.vars_plugins_enabled ANSIBLE_VARS_ENABLED, Words(&["host_group_vars"]), "Where variables of hosts and groups come from.", unless &["host_group_vars"];
    // What is kept between runs.
    "CACHE_PLUGIN" defaults.fact_caching ANSIBLE_CACHE_PLUGIN, Text(Some("memory")), "Where facts are kept between runs.", unless &["memory", "ansible.builtin.memory"];
    "RETRY_FILES_ENABLED" defaults.retry_files_enabled ANSIBLE_RETRY_FILES_ENABLED, Truth(Some(false)), "Whether a file names the hosts that failed.", unless NO;
    // What is printed.
    "ANSIBLE_FORCE_COLOR" defaults.force_color ANSIBLE_FORCE_COLOR, Truth(Some(false)), "Colours, also where no terminal is.";
    "ANSIBLE_NOCOLOR" defaults.nocolor ANSIBLE_NOCOLOR, Truth(Some(false)), "No colours; as the variable NO_COLOR.";
    "CALLBACKS_ENABLED" defaults.callbacks_enabled ANSIBLE_CALLBACKS_ENABLED, Words(&[]), "Who else is told of events.", unless NONE;
    "callback_result_format" defaults.callback_result_format ANSIBLE_CALLBACK_RESULT_FORMAT, OneOf("json", &["json", "yaml"]), "How results are printed.", unless &["json"];
    "check_mode_markers" defaults.check_mode_markers ANSIBLE_CHECK_MODE_MARKERS, Truth(Some(false)), "Whether banners say `[CHECK MODE]`.";
    "DEFAULT_LOG_FILTER" defaults.log_filter ANSIBLE_LOG_FILTER, Words(&[]), "What is kept out of the log file.", unless NONE;
    "DEFAULT_STDOUT_CALLBACK" defaults.stdout_callback ANSIBLE_STDOUT_CALLBACK, Text(Some("default")), "Who prints; here `--output` says it.", unless &["default", "ansible.builtin.default"];
    "DEFAULT_VERBOSITY" defaults.verbosity ANSIBLE_VERBOSITY, Number(Some(0), u8::MAX as i64), "How much is told, as `-v`.";
    "DIFF_ALWAYS" diff.always ANSIBLE_DIFF_ALWAYS, Truth(Some(false)), "Shows what changes in files, as `-D`.";
    "DISPLAY_ARGS_TO_STDOUT" defaults.display_args_to_stdout ANSIBLE_DISPLAY_ARGS_TO_STDOUT, Truth(Some(false)), "Whether banners show the arguments of tasks.", unless NO;
    "display_failed_stderr" defaults.display_failed_stderr ANSIBLE_DISPLAY_FAILED_STDERR, Truth(Some(false)), "Whether failures go to stderr.", unless NO;
    "display_ok_hosts" defaults.display_ok_hosts ANSIBLE_DISPLAY_OK_HOSTS, Truth(Some(true)), "Whether hosts are shown that nothing changed on.";
    "DISPLAY_SKIPPED_HOSTS" defaults.display_skipped_hosts ANSIBLE_DISPLAY_SKIPPED_HOSTS, Truth(Some(true)), "Whether hosts are shown that skipped a task.";
    "MAX_FILE_SIZE_FOR_DIFF" defaults.max_diff_size ANSIBLE_MAX_DIFF_SIZE, Number(Some(104_448), ANY), "Up to how many bytes of a file changes are shown.", unless &["104448"];
    "SHOW_CUSTOM_STATS" defaults.show_custom_stats ANSIBLE_SHOW_CUSTOM_STATS, Truth(Some(false)), "Whether what `set_stats` counted stands behind the recap.";
    "show_per_host_start" defaults.show_per_host_start ANSIBLE_SHOW_PER_HOST_START, Truth(Some(false)), "Whether a line says when a host begins a task.", unless NO;
    "show_task_path_on_failure" defaults.show_task_path_on_failure ANSIBLE_SHOW_TASK_PATH_ON_FAILURE, Truth(Some(false)), "Whether failures name the task's file; here they always do.", unless NO;
    "VERBOSE_TO_STDERR" defaults.verbose_to_stderr ANSIBLE_VERBOSE_TO_STDERR, Truth(Some(false)), "Whether what `-v` tells goes to stderr.", unless NO;
    // Python of one's own.
    "DEFAULT_ACTION_PLUGIN_PATH" defaults.action_plugins ANSIBLE_ACTION_PLUGINS, Places("plugins/action", &["/usr/share/ansible/plugins/action"]), "Python of one's own is not run.", unless NONE;
    "BECOME_PLUGIN_PATH" defaults.become_plugins ANSIBLE_BECOME_PLUGINS, Places("plugins/become", &["/usr/share/ansible/plugins/become"]), "Python of one's own is not run.", unless NONE;
    "DEFAULT_CALLBACK_PLUGIN_PATH" defaults.callback_plugins ANSIBLE_CALLBACK_PLUGINS, Places("plugins/callback", &["/usr/share/ansible/plugins/callback"]), "Python of one's own is not run.", unless NONE;
    "DEFAULT_CONNECTION_PLUGIN_PATH" defaults.connection_plugins ANSIBLE_CONNECTION_PLUGINS, Places("plugins/connection", &["/usr/share/ansible/plugins/connection"]), "Python of one's own is not run.", unless NONE;
    "DEFAULT_FILTER_PLUGIN_PATH" defaults.filter_plugins ANSIBLE_FILTER_PLUGINS, Places("plugins/filter", &["/usr/share/ansible/plugins/filter"]), "Python of one's own is not run.", unless NONE;
    "DEFAULT_INVENTORY_PLUGIN_PATH" defaults.inventory_plugins ANSIBLE_INVENTORY_PLUGINS, Places("plugins/inventory", &["/usr/share/ansible/plugins/inventory"]), "Python of one's own is not run.", unless NONE;
    "DEFAULT_LOOKUP_PLUGIN_PATH" defaults.lookup_plugins ANSIBLE_LOOKUP_PLUGINS, Places("plugins/lookup", &["/usr/share/ansible/plugins/lookup"]), "Python of one's own is not run.", unless NONE;
    "DEFAULT_MODULE_PATH" defaults.library ANSIBLE_LIBRARY, Places("plugins/modules", &["/usr/share/ansible/plugins/modules"]), "Python of one's own is not run.", unless NONE;
    "DEFAULT_STRATEGY_PLUGIN_PATH" defaults.strategy_plugins ANSIBLE_STRATEGY_PLUGINS, Places("plugins/strategy", &["/usr/share/ansible/plugins/strategy"]), "Python of one's own is not run.", unless NONE;
    "DEFAULT_TEST_PLUGIN_PATH" defaults.test_plugins ANSIBLE_TEST_PLUGINS, Places("plugins/test", &["/usr/share/ansible/plugins/test"]), "Python of one's own is not run.", unless NONE;
    "DEFAULT_VARS_PLUGIN_PATH" defaults.vars_plugins ANSIBLE_VARS_PLUGINS, Places("plugins/vars", &["/usr/share/ansible/plugins/vars"]), "Python of one's own is not run.", unless NONE;
};

/// As Ansible's, but for `-C`: our frames are packed already, and packing them twice only costs.
const SSH_ARGS: &str = "-o ControlMaster=auto -o ControlPersist=60s";
