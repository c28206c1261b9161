//! Settings by the names that the lookup `config` knows them by, each as it holds for this run and with where that comes from.
use super::{Found, Reader, wrong};
use std::collections::BTreeMap;
use std::path::Path;
use value::spec::to_bool;
use value::{Diagnostic, Value};

#[derive(Debug)]
pub struct Setting {
    pub value: Value,
    /// `default`, `env: NAME`, or the file.
    pub origin: String,
}

pub type Named = BTreeMap<&'static str, Setting>;

/// What a setting is, and what it is where nobody says so.
enum Kind {
    Truth(bool),
    Number(Option<i64>),
    Text(Option<&'static str>),
    Words(&'static [&'static str]),
    Path,
    /// Below the folder that `home` names, and others.
    Places(&'static str, &'static [&'static str]),
}
use Kind::{Number, Path as File, Places, Text, Truth, Words};

/// Name, section, key, variable of the environment.
type Entry = (&'static str, &'static str, &'static str, &'static str, Kind);

const NAMES: &[Entry] = &[
    // Where things are.
    (
        "COLLECTIONS_PATHS",
        "defaults",
        "collections_path",
        "ANSIBLE_COLLECTIONS_PATH",
        Places("collections", COLLECTIONS),
    ),
    ("DEFAULT_ROLES_PATH", "defaults", "roles_path", "ANSIBLE_ROLES_PATH", Places("roles", ROLES)),
    ("PLAYBOOK_DIR", "defaults", "playbook_dir", "ANSIBLE_PLAYBOOK_DIR", File),
    ("DEFAULT_LOG_PATH", "defaults", "log_path", "ANSIBLE_LOG_PATH", File),
    // The inventory.
    (
        "HOST_PATTERN_MISMATCH",
        "inventory",
        "host_pattern_mismatch",
        "ANSIBLE_HOST_PATTERN_MISMATCH",
        Text(Some("warning")),
    ),
    (
        "INVENTORY_ANY_UNPARSED_IS_FAILED",
        "inventory",
        "any_unparsed_is_failed",
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED",
        Truth(false),
    ),
    (
        "INVENTORY_UNPARSED_IS_FAILED",
        "inventory",
        "unparsed_is_failed",
        "ANSIBLE_INVENTORY_UNPARSED_FAILED",
        Truth(false),
    ),
    (
        "TRANSFORM_INVALID_GROUP_CHARS",
        "defaults",
        "force_valid_group_names",
        "ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS",
        Text(Some("never")),
    ),
    // The way to hosts.
    ("DEFAULT_ASK_PASS", "defaults", "ask_pass", "ANSIBLE_ASK_PASS", Truth(false)),
    ("DEFAULT_FORKS", "defaults", "forks", "ANSIBLE_FORKS", Number(Some(super::FORKS as i64))),
    ("DEFAULT_PRIVATE_KEY_FILE", "defaults", "private_key_file", "ANSIBLE_PRIVATE_KEY_FILE", File),
    ("DEFAULT_REMOTE_PORT", "defaults", "remote_port", "ANSIBLE_REMOTE_PORT", Number(None)),
    ("DEFAULT_REMOTE_USER", "defaults", "remote_user", "ANSIBLE_REMOTE_USER", Text(None)),
    ("DEFAULT_TIMEOUT", "defaults", "timeout", "ANSIBLE_TIMEOUT", Number(Some(10))),
    ("DEFAULT_TRANSPORT", "defaults", "transport", "ANSIBLE_TRANSPORT", Text(Some("ssh"))),
    ("HOST_KEY_CHECKING", "defaults", "host_key_checking", "ANSIBLE_HOST_KEY_CHECKING", Truth(true)),
    ("CONNECTION_PASSWORD_FILE", "defaults", "connection_password_file", "ANSIBLE_CONNECTION_PASSWORD_FILE", File),
    // Whom tasks become.
    ("DEFAULT_BECOME", "privilege_escalation", "become", "ANSIBLE_BECOME", Truth(false)),
    ("DEFAULT_BECOME_ASK_PASS", "privilege_escalation", "become_ask_pass", "ANSIBLE_BECOME_ASK_PASS", Truth(false)),
    ("DEFAULT_BECOME_EXE", "privilege_escalation", "become_exe", "ANSIBLE_BECOME_EXE", Text(None)),
    ("DEFAULT_BECOME_FLAGS", "privilege_escalation", "become_flags", "ANSIBLE_BECOME_FLAGS", Text(Some(""))),
    ("DEFAULT_BECOME_METHOD", "privilege_escalation", "become_method", "ANSIBLE_BECOME_METHOD", Text(Some("sudo"))),
    ("DEFAULT_BECOME_USER", "privilege_escalation", "become_user", "ANSIBLE_BECOME_USER", Text(Some("root"))),
    ("BECOME_PASSWORD_FILE", "defaults", "become_password_file", "ANSIBLE_BECOME_PASSWORD_FILE", File),
    // The vault.
    ("DEFAULT_ASK_VAULT_PASS", "defaults", "ask_vault_pass", "ANSIBLE_ASK_VAULT_PASS", Truth(false)),
    ("DEFAULT_VAULT_IDENTITY_LIST", "defaults", "vault_identity_list", "ANSIBLE_VAULT_IDENTITY_LIST", Words(&[])),
    ("DEFAULT_VAULT_ID_MATCH", "defaults", "vault_id_match", "ANSIBLE_VAULT_ID_MATCH", Truth(false)),
    ("DEFAULT_VAULT_PASSWORD_FILE", "defaults", "vault_password_file", "ANSIBLE_VAULT_PASSWORD_FILE", File),
    // What plays and tasks mean.
    (
        "ALLOW_BROKEN_CONDITIONALS",
        "defaults",
        "allow_broken_conditionals",
        "ANSIBLE_ALLOW_BROKEN_CONDITIONALS",
        Truth(false),
    ),
    ("ANY_ERRORS_FATAL", "defaults", "any_errors_fatal", "ANSIBLE_ANY_ERRORS_FATAL", Truth(false)),
    ("DEFAULT_FORCE_HANDLERS", "defaults", "force_handlers", "ANSIBLE_FORCE_HANDLERS", Truth(false)),
    ("DEFAULT_GATHERING", "defaults", "gathering", "ANSIBLE_GATHERING", Text(Some("implicit"))),
    ("DEFAULT_HASH_BEHAVIOUR", "defaults", "hash_behaviour", "ANSIBLE_HASH_BEHAVIOUR", Text(Some("replace"))),
    ("DEFAULT_NO_LOG", "defaults", "no_log", "ANSIBLE_NO_LOG", Truth(false)),
    ("DEFAULT_PRIVATE_ROLE_VARS", "defaults", "private_role_vars", "ANSIBLE_PRIVATE_ROLE_VARS", Truth(false)),
    ("DEFAULT_STRATEGY", "defaults", "strategy", "ANSIBLE_STRATEGY", Text(Some("linear"))),
    (
        "DEFAULT_UNDEFINED_VAR_BEHAVIOR",
        "defaults",
        "error_on_undefined_vars",
        "ANSIBLE_ERROR_ON_UNDEFINED_VARS",
        Truth(true),
    ),
    (
        "DUPLICATE_YAML_DICT_KEY",
        "defaults",
        "duplicate_dict_key",
        "ANSIBLE_DUPLICATE_YAML_DICT_KEY",
        Text(Some("warn")),
    ),
    (
        "ERROR_ON_MISSING_HANDLER",
        "defaults",
        "error_on_missing_handler",
        "ANSIBLE_ERROR_ON_MISSING_HANDLER",
        Truth(true),
    ),
    ("INJECT_FACTS_AS_VARS", "defaults", "inject_facts_as_vars", "ANSIBLE_INJECT_FACT_VARS", Truth(true)),
    ("TAGS_RUN", "tags", "run", "ANSIBLE_RUN_TAGS", Words(&[])),
    ("TAGS_SKIP", "tags", "skip", "ANSIBLE_SKIP_TAGS", Words(&[])),
    ("TASK_TIMEOUT", "defaults", "task_timeout", "ANSIBLE_TASK_TIMEOUT", Number(Some(0))),
    // What is printed.
    ("ANSIBLE_FORCE_COLOR", "defaults", "force_color", "ANSIBLE_FORCE_COLOR", Truth(false)),
    ("ANSIBLE_NOCOLOR", "defaults", "nocolor", "ANSIBLE_NOCOLOR", Truth(false)),
    ("CALLBACKS_ENABLED", "defaults", "callbacks_enabled", "ANSIBLE_CALLBACKS_ENABLED", Words(&[])),
    ("DEFAULT_STDOUT_CALLBACK", "defaults", "stdout_callback", "ANSIBLE_STDOUT_CALLBACK", Text(Some("default"))),
    ("DEFAULT_VERBOSITY", "defaults", "verbosity", "ANSIBLE_VERBOSITY", Number(Some(0))),
    ("DIFF_ALWAYS", "diff", "always", "ANSIBLE_DIFF_ALWAYS", Truth(false)),
    ("DISPLAY_SKIPPED_HOSTS", "defaults", "display_skipped_hosts", "ANSIBLE_DISPLAY_SKIPPED_HOSTS", Truth(true)),
    ("MAX_FILE_SIZE_FOR_DIFF", "defaults", "max_diff_size", "ANSIBLE_MAX_DIFF_SIZE", Number(Some(104_448))),
    ("SHOW_CUSTOM_STATS", "defaults", "show_custom_stats", "ANSIBLE_SHOW_CUSTOM_STATS", Truth(false)),
];

const COLLECTIONS: &[&str] = &["/usr/share/ansible/collections"];
const ROLES: &[&str] = &["/usr/share/ansible/roles", "/etc/ansible/roles"];

/// All of them. `home` is the folder of Ansible's own files.
pub(super) fn all(reader: &Reader, file: Option<&Path>, home: &Path) -> Result<Named, Diagnostic> {
    let mut named = Named::new();
    for (name, section, key, env, kind) in NAMES {
        let found = reader.find(section, key, env).filter(|found| !found.text.is_empty() || matches!(kind, Text(_)));
        let origin = match &found {
            None => "default".to_string(),
            Some(Found { in_file: true, .. }) => file.unwrap_or(Path::new("")).display().to_string(),
            Some(_) => format!("env: {env}"),
        };
        let value = match found {
            Some(found) => read(reader, kind, key, env, &found)?,
            None => usual(kind, home),
        };
        named.insert(name, Setting { value, origin });
    }
    let own = |path: &Path| Setting { value: path.display().to_string().into(), origin: String::new() };
    named.insert("ANSIBLE_HOME", own(home));
    named.insert("CONFIG_FILE", file.map_or(Setting { value: Value::Null, origin: String::new() }, own));
    Ok(named)
}

fn read(reader: &Reader, kind: &Kind, key: &str, env: &str, found: &Found) -> Result<Value, Diagnostic> {
    let text = found.text.trim();
    let absolute = |path: &str| Value::from(reader.absolute(found, path).display().to_string());
    let parts = |mark: char| text.split(mark).map(str::trim).filter(|part| !part.is_empty());
    Ok(match kind {
        Truth(_) => to_bool(&text.into()).map_err(|_| wrong(key, env, found, "yes or no"))?.into(),
        Number(_) => text.parse::<i64>().map_err(|_| wrong(key, env, found, "a number"))?.into(),
        Text(_) => text.into(),
        Words(_) => Value::list(parts(',').map(Value::from)),
        File => absolute(text),
        Places(..) => Value::list(parts(':').map(absolute)),
    })
}

fn usual(kind: &Kind, home: &Path) -> Value {
    match kind {
        Truth(truth) => (*truth).into(),
        Number(number) => number.map_or(Value::Null, Value::Int),
        Text(text) => text.map_or(Value::Null, Value::from),
        Words(words) => Value::list(words.iter().map(|word| Value::from(*word))),
        File => Value::Null,
        Places(own, others) => {
            let own = Value::from(home.join(own).display().to_string());
            Value::list(std::iter::once(own).chain(others.iter().map(|place| Value::from(*place))))
        }
    }
}
