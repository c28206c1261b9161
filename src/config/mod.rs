//! Settings: `ansible.cfg` where it is found, environment variables over it. Keys that Ansible knows and that mean nothing here are
//! passed over; of those that mean something and are not here yet, a warning is kept.
mod ini;
mod settings;
pub mod table;

pub use settings::Settings;

use crate::world::files::Files;
use crate::world::loader::DuplicateKeys;
use settings::Sources;
use std::path::PathBuf;
use std::sync::Arc;
use value::{Diagnostic, SourceMap};

pub struct Config {
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
    /// Empty where nobody names one.
    pub inventory: Vec<String>,
    pub roles_path: Vec<PathBuf>,
    pub collections_path: Vec<PathBuf>,
    pub remote_user: Option<String>,
    pub private_key_file: Option<String>,
    pub forks: usize,
    pub timeout: u32,
    pub host_key_checking: bool,
    pub transport: Option<String>,
    pub ask_pass: bool,
    pub r#become: bool,
    pub become_method: String,
    pub become_user: String,
    pub become_exe: Option<String>,
    pub become_flags: Option<String>,
    pub become_ask_pass: bool,
    pub ssh_args: String,
    pub ssh_common_args: String,
    pub ssh_extra_args: String,
    pub ssh_executable: Option<String>,
    pub control_path_dir: PathBuf,
    pub remote_tmp: Option<String>,
    pub remote_port: Option<u16>,
    pub vault_password_file: Option<PathBuf>,
    pub vault_identity_list: Vec<String>,
    /// Whether only a password with the text's own id may open it.
    pub vault_id_match: bool,
    pub connection_password_file: Option<PathBuf>,
    pub become_password_file: Option<PathBuf>,
    pub ask_vault_pass: bool,
    /// `merge` instead of `replace`.
    pub merge_hashes: bool,
    pub duplicate_keys: DuplicateKeys,
    /// Where it is set: whether plays see the variables of roles that do not say it themselves.
    pub private_role_vars: Option<bool>,
    /// `implicit`, `explicit` or `smart`.
    pub gathering: String,
    pub gather_subset: Vec<String>,
    pub any_errors_fatal: bool,
    pub force_handlers: bool,
    pub error_on_missing_handler: bool,
    pub no_log: bool,
    pub diff: bool,
    pub check_mode_markers: bool,
    pub display_skipped_hosts: bool,
    pub display_ok_hosts: bool,
    /// Whether what `set_stats` counted stands behind the recap.
    pub show_custom_stats: bool,
    pub verbosity: u8,
    pub ansible_managed: String,
    pub strategy: String,
    pub nocolor: bool,
    pub force_color: bool,
    /// Conditions that give something else than a boolean, as before 2.19.
    pub allow_broken_conditionals: bool,
    pub playbook_dir: Option<PathBuf>,
    pub run_tags: Vec<String>,
    pub skip_tags: Vec<String>,
    /// `warning`, `error` or `ignore`.
    pub host_pattern_mismatch: String,
    pub any_unparsed_is_failed: bool,
    pub unparsed_is_failed: bool,
    pub inventory_ignore_extensions: Vec<String>,
    pub inventory_ignore_patterns: Vec<String>,
    /// Whether facts are variables of their own, too.
    pub inject_facts: bool,
    /// Where everything that is said is written, too.
    pub log_path: Option<PathBuf>,
    /// All of them, for the lookup `config`.
    pub settings: Arc<Settings>,
    /// Of settings that are not here yet.
    pub warnings: Vec<Diagnostic>,
}

/// Where names are looked up; the process's environment, or a test's.
pub type Environment<'e> = &'e dyn Fn(&str) -> Option<String>;

/// Reads the first `ansible.cfg` of Ansible's places, and the environment.
pub fn load(files: &dyn Files, environment: Environment, sources: &SourceMap) -> Result<Config, Diagnostic> {
    let (file, values) = match find(files, environment) {
        Some(path) => {
            let text = files
                .read(&path)
                .map_err(|error| Diagnostic::error("config", format!("{}: {error}", path.display())))?;
            let text = String::from_utf8_lossy(&text).into_owned();
            let source = sources.add(path.display().to_string(), text.as_str());
            (Some(path), ini::parse(&text, source)?)
        }
        None => (None, ini::Values::default()),
    };
    let settings = Settings::read(&Sources { file: file.clone(), values, environment, files })?;
    Ok(Config {
        nocolor: settings.truth("ANSIBLE_NOCOLOR") || environment("NO_COLOR").is_some(),
        file,
        ..from(settings)
    })
}

/// A folder that everybody may write to could hold anybody's settings, so Ansible passes over its file; root's working folder
/// is still the user's own choice when `ANSIBLE_CONFIG` names it.
fn find(files: &dyn Files, environment: Environment) -> Option<PathBuf> {
    if let Some(named) = environment("ANSIBLE_CONFIG").filter(|path| !path.is_empty()) {
        let path = files.absolute(&files.current_dir(), &named);
        let path = if files.is_dir(&path) { path.join("ansible.cfg") } else { path };
        if files.is_file(&path) {
            return Some(path);
        }
    }
    let here = files.current_dir();
    let here = (!files.is_writable_by_all(&here)).then(|| here.join("ansible.cfg"));
    let home = files.home().map(|home| home.join(".ansible.cfg"));
    let places = [here, home, Some(PathBuf::from("/etc/ansible/ansible.cfg"))];
    places.into_iter().flatten().find(|path| files.is_file(path))
}

/// What the table says, as the run wants it.
fn from(settings: Settings) -> Config {
    let s = &settings;
    let said = |name: &str| s.is_said(name);
    Config {
        file: None,
        inventory: if said("DEFAULT_HOST_LIST") { s.words("DEFAULT_HOST_LIST") } else { Vec::new() },
        roles_path: s.paths("DEFAULT_ROLES_PATH"),
        collections_path: s.paths("COLLECTIONS_PATHS"),
        remote_user: s.text("DEFAULT_REMOTE_USER"),
        private_key_file: s.text("DEFAULT_PRIVATE_KEY_FILE"),
        forks: s.number("DEFAULT_FORKS").unwrap_or(1),
        timeout: s.number("DEFAULT_TIMEOUT").unwrap_or(10),
        host_key_checking: s.truth(if said("ssh_host_key_checking") {
            "ssh_host_key_checking"
        } else {
            "HOST_KEY_CHECKING"
        }),
        transport: s.text("DEFAULT_TRANSPORT").filter(|word| said("DEFAULT_TRANSPORT") && word != "smart"),
        ask_pass: s.truth("DEFAULT_ASK_PASS"),
        r#become: s.truth("DEFAULT_BECOME"),
        become_method: s.text_or_usual("DEFAULT_BECOME_METHOD"),
        become_user: s.text_or_usual("DEFAULT_BECOME_USER"),
        become_exe: s.text("DEFAULT_BECOME_EXE"),
        become_flags: s.text("DEFAULT_BECOME_FLAGS"),
        become_ask_pass: s.truth("DEFAULT_BECOME_ASK_PASS"),
        ssh_args: s.text("ssh_args").unwrap_or_default(),
        ssh_common_args: s.text("ssh_common_args").unwrap_or_default(),
        ssh_extra_args: s.text("ssh_extra_args").unwrap_or_default(),
        ssh_executable: s.text("ssh_executable"),
        control_path_dir: s.path("control_path_dir").unwrap_or_default(),
        remote_tmp: s.text("remote_tmp"),
        remote_port: s.number("DEFAULT_REMOTE_PORT"),
        vault_password_file: s.path("DEFAULT_VAULT_PASSWORD_FILE"),
        vault_identity_list: s.words("DEFAULT_VAULT_IDENTITY_LIST"),
        vault_id_match: s.truth("DEFAULT_VAULT_ID_MATCH"),
        connection_password_file: s.path("CONNECTION_PASSWORD_FILE"),
        become_password_file: s.path("BECOME_PASSWORD_FILE"),
        ask_vault_pass: s.truth("DEFAULT_ASK_VAULT_PASS"),
        merge_hashes: s.text("DEFAULT_HASH_BEHAVIOUR").is_some_and(|word| word == "merge"),
        duplicate_keys: duplicate_keys(s),
        private_role_vars: said("DEFAULT_PRIVATE_ROLE_VARS").then(|| s.truth("DEFAULT_PRIVATE_ROLE_VARS")),
        gathering: s.text_or_usual("DEFAULT_GATHERING"),
        gather_subset: s.words("gather_subset"),
        any_errors_fatal: s.truth("ANY_ERRORS_FATAL"),
        force_handlers: s.truth("DEFAULT_FORCE_HANDLERS"),
        error_on_missing_handler: s.truth("ERROR_ON_MISSING_HANDLER"),
        no_log: s.truth("DEFAULT_NO_LOG"),
        diff: s.truth("DIFF_ALWAYS"),
        check_mode_markers: s.truth("check_mode_markers"),
        display_skipped_hosts: s.truth("DISPLAY_SKIPPED_HOSTS"),
        display_ok_hosts: s.truth("display_ok_hosts"),
        show_custom_stats: s.truth("SHOW_CUSTOM_STATS"),
        verbosity: s.number("DEFAULT_VERBOSITY").unwrap_or(0),
        ansible_managed: s.text_or_usual("DEFAULT_MANAGED_STR"),
        strategy: s.text_or_usual("DEFAULT_STRATEGY"),
        nocolor: s.truth("ANSIBLE_NOCOLOR"),
        force_color: s.truth("ANSIBLE_FORCE_COLOR"),
        allow_broken_conditionals: s.truth("ALLOW_BROKEN_CONDITIONALS"),
        playbook_dir: s.path("PLAYBOOK_DIR"),
        run_tags: s.words("TAGS_RUN"),
        skip_tags: s.words("TAGS_SKIP"),
        host_pattern_mismatch: s.text_or_usual("HOST_PATTERN_MISMATCH"),
        any_unparsed_is_failed: s.truth("INVENTORY_ANY_UNPARSED_IS_FAILED"),
        unparsed_is_failed: s.truth("INVENTORY_UNPARSED_IS_FAILED"),
        inventory_ignore_extensions: s.words("INVENTORY_IGNORE_EXTS"),
        inventory_ignore_patterns: s.words("INVENTORY_IGNORE_PATTERNS"),
        inject_facts: s.truth("INJECT_FACTS_AS_VARS"),
        log_path: s.path("DEFAULT_LOG_PATH"),
        warnings: s.warnings(),
        settings: Arc::new(settings),
    }
}

fn duplicate_keys(settings: &Settings) -> DuplicateKeys {
    match settings.text("DUPLICATE_YAML_DICT_KEY").as_deref() {
        Some("error") => DuplicateKeys::Error,
        Some("ignore") => DuplicateKeys::Ignore,
        _ => DuplicateKeys::Warn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::files::Memory;

    fn with(cfg: &str, env: &[(&str, &str)]) -> Result<Config, Diagnostic> {
        let files = Memory::new([("/p/ansible.cfg", cfg)]);
        let mut env: Vec<_> = env.to_vec();
        env.push(("ANSIBLE_CONFIG", "/p/ansible.cfg"));
        let look = |name: &str| env.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string());
        load(&files, &look, &SourceMap::default())
    }

    #[test]
    fn the_environment_stands_over_the_file_and_paths_are_meant_from_the_file() {
        let config = with(
            "[defaults]\ninventory = hosts\nforks=7 ; a few\nremote_user: bot\nroles_path = roles:~/r\n",
            &[("ANSIBLE_FORKS", "9")],
        );
        let config = config.ok().unwrap();
        assert_eq!(config.inventory, ["/p/hosts"]);
        assert_eq!((config.forks, config.remote_user.as_deref()), (9, Some("bot")));
        assert_eq!(config.roles_path, [PathBuf::from("/p/roles"), PathBuf::from("/home/me/r")]);
    }

    #[test]
    fn a_setting_that_is_not_here_yet_is_told_where_it_asks_for_something_else() {
        let cfg = "[defaults]\nfact_caching = jsonfile\nstdout_callback = default\nretry_files_enabled = no\n";
        let config = with(cfg, &[("ANSIBLE_CALLBACKS_ENABLED", "timer"), ("ANSIBLE_LIBRARY", "")]).ok().unwrap();
        let told: Vec<_> =
            config.warnings.iter().map(|warning| (warning.message.as_str(), warning.span.is_some())).collect();
        assert_eq!(
            told,
            [
                ("the setting `fact_caching` is not here yet, and `jsonfile` is passed over", true),
                ("the setting `ANSIBLE_CALLBACKS_ENABLED` is not here yet, and `timer` is passed over", false),
            ]
        );
    }

    #[test]
    fn settings_are_known_by_name_with_where_they_come_from() {
        let cfg = "[defaults]\nroles_path = roles:~/r\nprivate_role_vars = yes\n[tags]\nskip = a, b\n";
        let config = with(cfg, &[("ANSIBLE_TIMEOUT", "30"), ("ANSIBLE_HOME", "/h")]).ok().unwrap();
        let named = |name: &str| {
            let setting = config.settings.get(name).unwrap();
            (setting.value.to_text(), setting.origin.clone())
        };
        let is = |name: &str, value: &str, origin: &str| assert_eq!(named(name), (value.into(), origin.into()));
        is("DEFAULT_ROLES_PATH", "['/p/roles', '/home/me/r']", "/p/ansible.cfg");
        is("DEFAULT_PRIVATE_ROLE_VARS", "True", "/p/ansible.cfg");
        is("TAGS_SKIP", "['a', 'b']", "/p/ansible.cfg");
        is("DEFAULT_TIMEOUT", "30", "env: ANSIBLE_TIMEOUT");
        is("COLLECTIONS_PATHS", "['/h/collections', '/usr/share/ansible/collections']", "default");
        is("DEFAULT_BECOME_METHOD", "sudo", "default");
        assert!(config.settings.get("ssh_args").is_none(), "an option of a plugin");
        assert!(config.settings.get("DEFAULT_REMOTE_USER").unwrap().value.is_null());
    }

    #[test]
    fn of_two_places_the_later_holds_and_nothing_said_is_what_is_usual() {
        let cfg = "[defaults]\nstrategy =\nhost_key_checking = no\ninventory_ignore_extensions = .x\nhome = ~/a\n\
                   [inventory]\nignore_extensions = .y\n[ssh_connection]\nhost_key_checking = yes\nssh_args =\n";
        let config = with(cfg, &[]).ok().unwrap();
        assert_eq!((config.strategy.as_str(), config.ssh_args.as_str()), ("linear", ""));
        assert_eq!((config.host_key_checking, config.inventory_ignore_extensions), (true, vec![".y".to_string()]));
        assert_eq!(config.control_path_dir, PathBuf::from("/home/me/a/cp"));
    }

    #[test]
    fn a_wrong_value_names_its_place() {
        let error = with("[defaults]\n\nforks = many\n", &[]).err().unwrap();
        assert_eq!(error.span.map(|span| (span.line.get(), span.column.get())), Some((3, 9)));
        for (name, value, expected) in [
            ("ANSIBLE_HOST_KEY_CHECKING", "perhaps", "yes or no"),
            ("ANSIBLE_REMOTE_PORT", "65536", "a number up to 65535"),
            ("ANSIBLE_GATHERING", "always", "implicit, explicit, smart"),
        ] {
            let error = with("", &[(name, value)]).err().unwrap();
            assert_eq!(error.message, format!("`{name}` should be {expected}, and is `{value}`"));
        }
    }
}
