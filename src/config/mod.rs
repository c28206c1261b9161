//! Settings: `ansible.cfg` where it is found, environment variables over it. Keys that Ansible knows and that mean nothing here are
//! passed over; of those that mean something and are not here yet (`missing`), a warning is kept.
mod ini;
mod missing;
mod named;

pub use named::Named;

use crate::world::files::Files;
use crate::world::loader::DuplicateKeys;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use value::spec::to_bool;
use value::{Diagnostic, SourceMap, Value};

pub struct Config {
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
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
    pub transform_invalid_group_chars: String,
    pub any_unparsed_is_failed: bool,
    pub unparsed_is_failed: bool,
    pub inventory_enabled: Vec<String>,
    /// None: those that are passed over anyway.
    pub inventory_ignore_extensions: Option<Vec<String>>,
    pub inventory_ignore_patterns: Vec<String>,
    pub max_diff_size: usize,
    /// Whether facts are variables of their own, too.
    pub inject_facts: bool,
    /// Where everything that is said is written, too.
    pub log_path: Option<PathBuf>,
    /// For the lookup `config`.
    pub named: Arc<Named>,
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
    let base = file.as_deref().and_then(Path::parent).map(Path::to_path_buf);
    let reader = Reader { values, environment, files, base: base.unwrap_or_else(|| files.current_dir()) };
    reader.config(file)
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

struct Reader<'r> {
    values: ini::Values,
    environment: Environment<'r>,
    files: &'r dyn Files,
    /// Relative paths in the file are meant from here.
    base: PathBuf,
}

/// One setting's value, and whether its relative paths are meant from the file or from the working folder.
struct Found {
    text: String,
    in_file: bool,
    span: Option<value::Span>,
}

impl Reader<'_> {
    fn config(&self, file: Option<PathBuf>) -> Result<Config, Diagnostic> {
        let home = self.files.home().unwrap_or_else(|| PathBuf::from("/"));
        let user_dir =
            self.text("defaults", "home", "ANSIBLE_HOME").map_or_else(|| home.join(".ansible"), PathBuf::from);
        let path_list = |key: &str, env: &str, fallback: &[&str]| {
            self.paths("defaults", key, env).unwrap_or_else(|| {
                let own = user_dir.join(key.trim_end_matches("_path"));
                std::iter::once(own).chain(fallback.iter().map(PathBuf::from)).collect()
            })
        };
        Ok(Config {
            inventory: self
                .list("defaults", "inventory", "ANSIBLE_INVENTORY")
                .map(|found| self.inventory(found))
                .unwrap_or_default(),
            roles_path: path_list(
                "roles_path",
                "ANSIBLE_ROLES_PATH",
                &["/usr/share/ansible/roles", "/etc/ansible/roles"],
            ),
            collections_path: path_list(
                "collections_path",
                "ANSIBLE_COLLECTIONS_PATH",
                &["/usr/share/ansible/collections"],
            ),
            remote_user: self.text("defaults", "remote_user", "ANSIBLE_REMOTE_USER"),
            private_key_file: self
                .path("defaults", "private_key_file", "ANSIBLE_PRIVATE_KEY_FILE")
                .map(|path| path.display().to_string()),
            forks: self.number("defaults", "forks", "ANSIBLE_FORKS")?.unwrap_or(FORKS),
            timeout: self.number("defaults", "timeout", "ANSIBLE_TIMEOUT")?.unwrap_or(10),
            host_key_checking: self.host_key_checking()?,
            transport: self.text("defaults", "transport", "ANSIBLE_TRANSPORT").filter(|word| word != "smart"),
            ask_pass: self.flag("defaults", "ask_pass", "ANSIBLE_ASK_PASS", false)?,
            r#become: self.flag("privilege_escalation", "become", "ANSIBLE_BECOME", false)?,
            become_method: self.become_word("become_method", "ANSIBLE_BECOME_METHOD").unwrap_or_else(|| "sudo".into()),
            become_user: self.become_word("become_user", "ANSIBLE_BECOME_USER").unwrap_or_else(|| "root".into()),
            become_exe: self.become_word("become_exe", "ANSIBLE_BECOME_EXE"),
            become_flags: self.become_word("become_flags", "ANSIBLE_BECOME_FLAGS"),
            become_ask_pass: self.flag("privilege_escalation", "become_ask_pass", "ANSIBLE_BECOME_ASK_PASS", false)?,
            ssh_args: self
                .text("ssh_connection", "ssh_args", "ANSIBLE_SSH_ARGS")
                .unwrap_or_else(|| DEFAULT_SSH_ARGS.into()),
            ssh_common_args: self
                .text("ssh_connection", "ssh_common_args", "ANSIBLE_SSH_COMMON_ARGS")
                .unwrap_or_default(),
            ssh_extra_args: self.text("ssh_connection", "ssh_extra_args", "ANSIBLE_SSH_EXTRA_ARGS").unwrap_or_default(),
            ssh_executable: self.text("ssh_connection", "ssh_executable", "ANSIBLE_SSH_EXECUTABLE"),
            control_path_dir: self
                .path("ssh_connection", "control_path_dir", "ANSIBLE_SSH_CONTROL_PATH_DIR")
                .unwrap_or_else(|| user_dir.join("cp")),
            remote_tmp: self.text("defaults", "remote_tmp", "ANSIBLE_REMOTE_TMP"),
            remote_port: self.number("defaults", "remote_port", "ANSIBLE_REMOTE_PORT")?,
            vault_password_file: self.path("defaults", "vault_password_file", "ANSIBLE_VAULT_PASSWORD_FILE"),
            vault_identity_list: self
                .words("defaults", "vault_identity_list", "ANSIBLE_VAULT_IDENTITY_LIST")
                .unwrap_or_default(),
            vault_id_match: self.flag("defaults", "vault_id_match", "ANSIBLE_VAULT_ID_MATCH", false)?,
            ask_vault_pass: self.flag("defaults", "ask_vault_pass", "ANSIBLE_ASK_VAULT_PASS", false)?,
            connection_password_file: self.path(
                "defaults",
                "connection_password_file",
                "ANSIBLE_CONNECTION_PASSWORD_FILE",
            ),
            become_password_file: self.path("defaults", "become_password_file", "ANSIBLE_BECOME_PASSWORD_FILE"),
            merge_hashes: self
                .text("defaults", "hash_behaviour", "ANSIBLE_HASH_BEHAVIOUR")
                .is_some_and(|word| word == "merge"),
            duplicate_keys: self.duplicate_keys()?,
            private_role_vars: match self.list("defaults", "private_role_vars", "ANSIBLE_PRIVATE_ROLE_VARS") {
                None => None,
                Some(_) => Some(self.flag("defaults", "private_role_vars", "ANSIBLE_PRIVATE_ROLE_VARS", false)?),
            },
            gathering: self.text("defaults", "gathering", "ANSIBLE_GATHERING").unwrap_or_else(|| "implicit".into()),
            gather_subset: self.words("defaults", "gather_subset", "ANSIBLE_GATHER_SUBSET").unwrap_or_default(),
            any_errors_fatal: self.flag("defaults", "any_errors_fatal", "ANSIBLE_ANY_ERRORS_FATAL", false)?,
            force_handlers: self.flag("defaults", "force_handlers", "ANSIBLE_FORCE_HANDLERS", false)?,
            error_on_missing_handler: self.flag(
                "defaults",
                "error_on_missing_handler",
                "ANSIBLE_ERROR_ON_MISSING_HANDLER",
                true,
            )?,
            no_log: self.flag("defaults", "no_log", "ANSIBLE_NO_LOG", false)?,
            diff: self.flag("diff", "always", "ANSIBLE_DIFF_ALWAYS", false)?,
            check_mode_markers: self.flag("defaults", "check_mode_markers", "ANSIBLE_CHECK_MODE_MARKERS", false)?,
            display_skipped_hosts: self.flag(
                "defaults",
                "display_skipped_hosts",
                "ANSIBLE_DISPLAY_SKIPPED_HOSTS",
                true,
            )?,
            display_ok_hosts: self.flag("defaults", "display_ok_hosts", "ANSIBLE_DISPLAY_OK_HOSTS", true)?,
            show_custom_stats: self.flag("defaults", "show_custom_stats", "ANSIBLE_SHOW_CUSTOM_STATS", false)?,
            verbosity: self.number("defaults", "verbosity", "ANSIBLE_VERBOSITY")?.unwrap_or(0),
            ansible_managed: self
                .text("defaults", "ansible_managed", "ANSIBLE_MANAGED")
                .unwrap_or_else(|| "Ansible managed".into()),
            strategy: self.text("defaults", "strategy", "ANSIBLE_STRATEGY").unwrap_or_else(|| "linear".into()),
            nocolor: self.flag("defaults", "nocolor", "ANSIBLE_NOCOLOR", false)?
                || (self.environment)("NO_COLOR").is_some(),
            force_color: self.flag("defaults", "force_color", "ANSIBLE_FORCE_COLOR", false)?,
            allow_broken_conditionals: self.flag(
                "defaults",
                "allow_broken_conditionals",
                "ANSIBLE_ALLOW_BROKEN_CONDITIONALS",
                false,
            )?,
            playbook_dir: self.path("defaults", "playbook_dir", "ANSIBLE_PLAYBOOK_DIR"),
            run_tags: self.words("tags", "run", "ANSIBLE_RUN_TAGS").unwrap_or_default(),
            skip_tags: self.words("tags", "skip", "ANSIBLE_SKIP_TAGS").unwrap_or_default(),
            transform_invalid_group_chars: self
                .text("defaults", "force_valid_group_names", "ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS")
                .unwrap_or_else(|| "never".into()),
            any_unparsed_is_failed: self.flag(
                "inventory",
                "any_unparsed_is_failed",
                "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED",
                false,
            )?,
            unparsed_is_failed: self.flag(
                "inventory",
                "unparsed_is_failed",
                "ANSIBLE_INVENTORY_UNPARSED_FAILED",
                false,
            )?,
            inventory_enabled: self
                .words("inventory", "enable_plugins", "ANSIBLE_INVENTORY_ENABLED")
                .unwrap_or_default(),
            inventory_ignore_extensions: self.inventory_words("ignore_extensions", "ANSIBLE_INVENTORY_IGNORE"),
            inventory_ignore_patterns: self
                .inventory_words("ignore_patterns", "ANSIBLE_INVENTORY_IGNORE_REGEX")
                .unwrap_or_default(),
            inject_facts: self.flag("defaults", "inject_facts_as_vars", "ANSIBLE_INJECT_FACT_VARS", true)?,
            log_path: self.path("defaults", "log_path", "ANSIBLE_LOG_PATH"),
            named: Arc::new(named::all(self, file.as_deref(), &user_dir)?),
            warnings: missing::warnings(&|section, key, env| self.find(section, key, env)),
            max_diff_size: self.number("defaults", "max_diff_size", "ANSIBLE_MAX_DIFF_SIZE")?.unwrap_or(104_448),
            file,
        })
    }

    fn find(&self, section: &str, key: &str, env: &str) -> Option<Found> {
        if let Some(text) = (self.environment)(env) {
            return Some(Found { text, in_file: false, span: None });
        }
        let (text, span) = self.values.get(section, key)?;
        Some(Found { text: text.to_string(), in_file: true, span: Some(span) })
    }

    fn text(&self, section: &str, key: &str, env: &str) -> Option<String> {
        Some(self.find(section, key, env)?.text).filter(|text| !text.is_empty())
    }

    /// Before their own section was made, become's settings stood under `defaults`.
    fn become_word(&self, key: &str, env: &str) -> Option<String> {
        self.text("privilege_escalation", key, env).or_else(|| self.text("defaults", key, env))
    }

    fn host_key_checking(&self) -> Result<bool, Diagnostic> {
        let general = self.flag("defaults", "host_key_checking", "ANSIBLE_HOST_KEY_CHECKING", true)?;
        self.flag("ssh_connection", "host_key_checking", "ANSIBLE_SSH_HOST_KEY_CHECKING", general)
    }

    fn duplicate_keys(&self) -> Result<DuplicateKeys, Diagnostic> {
        let (key, env) = ("duplicate_dict_key", "ANSIBLE_DUPLICATE_YAML_DICT_KEY");
        let Some(found) = self.list("defaults", key, env) else { return Ok(DuplicateKeys::Warn) };
        match found.text.trim() {
            "warn" => Ok(DuplicateKeys::Warn),
            "error" => Ok(DuplicateKeys::Error),
            "ignore" => Ok(DuplicateKeys::Ignore),
            _ => Err(wrong(key, env, &found, "warn, error or ignore")),
        }
    }

    fn flag(&self, section: &str, key: &str, env: &str, default: bool) -> Result<bool, Diagnostic> {
        let Some(found) = self.find(section, key, env) else { return Ok(default) };
        to_bool(&Value::from(found.text.as_str())).map_err(|_| wrong(key, env, &found, "yes or no"))
    }

    fn number<N: std::str::FromStr>(&self, section: &str, key: &str, env: &str) -> Result<Option<N>, Diagnostic> {
        let Some(found) = self.find(section, key, env).filter(|found| !found.text.is_empty()) else { return Ok(None) };
        found.text.trim().parse().map(Some).map_err(|_| wrong(key, env, &found, "a number"))
    }

    fn list(&self, section: &str, key: &str, env: &str) -> Option<Found> {
        self.find(section, key, env).filter(|found| !found.text.is_empty())
    }

    fn words(&self, section: &str, key: &str, env: &str) -> Option<Vec<String>> {
        let found = self.list(section, key, env)?;
        Some(found.text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(String::from).collect())
    }

    /// Under `inventory`, or as `inventory_...` under `defaults`.
    fn inventory_words(&self, key: &str, env: &str) -> Option<Vec<String>> {
        self.words("inventory", key, env).or_else(|| self.words("defaults", &format!("inventory_{key}"), env))
    }

    /// `a,b,` is one inventory of two hosts; anything else is a list of paths.
    fn inventory(&self, found: Found) -> Vec<String> {
        let base = if found.in_file { self.base.clone() } else { self.files.current_dir() };
        let words = found.text.split(',').map(str::trim).filter(|word| !word.is_empty());
        words.map(|word| self.files.absolute(&base, word).display().to_string()).collect()
    }

    fn path(&self, section: &str, key: &str, env: &str) -> Option<PathBuf> {
        let found = self.list(section, key, env)?;
        Some(self.absolute(&found, &found.text))
    }

    fn absolute(&self, found: &Found, path: &str) -> PathBuf {
        let base = if found.in_file { self.base.clone() } else { self.files.current_dir() };
        self.files.absolute(&base, path)
    }

    fn paths(&self, section: &str, key: &str, env: &str) -> Option<Vec<PathBuf>> {
        let found = self.list(section, key, env)?;
        let base = if found.in_file { self.base.clone() } else { self.files.current_dir() };
        Some(
            found
                .text
                .split(':')
                .filter(|path| !path.is_empty())
                .map(|path| self.files.absolute(&base, path))
                .collect(),
        )
    }
}

/// How many hosts work at the same time where nobody says it.
const FORKS: usize = 50;

/// As Ansible's, but for `-C`: our frames are packed already, and packing them twice only costs.
const DEFAULT_SSH_ARGS: &str = "-o ControlMaster=auto -o ControlPersist=60s";

fn wrong(key: &str, env: &str, found: &Found, expected: &str) -> Diagnostic {
    let name = if found.in_file { key } else { env };
    Diagnostic::error("config", format!("`{name}` should be {expected}, and is `{}`", found.text)).at(found.span)
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
            let setting = &config.named[name];
            (setting.value.to_text(), setting.origin.clone())
        };
        let is = |name: &str, value: &str, origin: &str| assert_eq!(named(name), (value.into(), origin.into()));
        is("DEFAULT_ROLES_PATH", "['/p/roles', '/home/me/r']", "/p/ansible.cfg");
        is("DEFAULT_PRIVATE_ROLE_VARS", "True", "/p/ansible.cfg");
        is("TAGS_SKIP", "['a', 'b']", "/p/ansible.cfg");
        is("DEFAULT_TIMEOUT", "30", "env: ANSIBLE_TIMEOUT");
        is("COLLECTIONS_PATHS", "['/h/collections', '/usr/share/ansible/collections']", "default");
        assert!(config.named["DEFAULT_REMOTE_USER"].value.is_null());
    }

    #[test]
    fn a_wrong_value_names_its_place() {
        let error = with("[defaults]\n\nforks = many\n", &[]).err().unwrap();
        assert_eq!(error.span.map(|span| (span.line.get(), span.column.get())), Some((3, 9)));
        assert!(with("", &[("ANSIBLE_HOST_KEY_CHECKING", "perhaps")]).is_err());
    }
}
