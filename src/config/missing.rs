//! Settings that mean something in Ansible and are not here yet. They are told, for a run goes another way without them.
use super::Found;
use value::{Diagnostic, spec::to_bool};

/// Section, key, variable of the environment, and the values with which nothing is missing.
type Setting = (&'static str, &'static str, &'static str, &'static [&'static str]);

const NO: &[&str] = &["no"];
const YES: &[&str] = &["yes"];
const NONE: &[&str] = &[];

const MISSING: &[Setting] = &[
    // What is kept between runs.
    ("defaults", "fact_caching", "ANSIBLE_CACHE_PLUGIN", &["memory", "ansible.builtin.memory"]),
    ("defaults", "retry_files_enabled", "ANSIBLE_RETRY_FILES_ENABLED", NO),
    // What is printed.
    ("defaults", "stdout_callback", "ANSIBLE_STDOUT_CALLBACK", &["default", "ansible.builtin.default"]),
    ("defaults", "callbacks_enabled", "ANSIBLE_CALLBACKS_ENABLED", NONE),
    ("defaults", "callback_result_format", "ANSIBLE_CALLBACK_RESULT_FORMAT", &["json"]),
    ("defaults", "display_args_to_stdout", "ANSIBLE_DISPLAY_ARGS_TO_STDOUT", NO),
    ("defaults", "display_failed_stderr", "ANSIBLE_DISPLAY_FAILED_STDERR", NO),
    ("defaults", "show_per_host_start", "ANSIBLE_SHOW_PER_HOST_START", NO),
    ("defaults", "show_task_path_on_failure", "ANSIBLE_SHOW_TASK_PATH_ON_FAILURE", NO),
    ("defaults", "verbose_to_stderr", "ANSIBLE_VERBOSE_TO_STDERR", NO),
    ("defaults", "max_diff_size", "ANSIBLE_MAX_DIFF_SIZE", &["104448"]),
    ("defaults", "log_filter", "ANSIBLE_LOG_FILTER", NONE),
    // What tasks mean.
    ("defaults", "executable", "ANSIBLE_EXECUTABLE", &["/bin/sh"]),
    ("defaults", "task_timeout", "ANSIBLE_TASK_TIMEOUT", &["0"]),
    ("defaults", "enable_task_debugger", "ANSIBLE_ENABLE_TASK_DEBUGGER", NO),
    ("defaults", "invalid_task_attribute_failed", "ANSIBLE_INVALID_TASK_ATTRIBUTE_FAILED", YES),
    ("defaults", "error_on_undefined_vars", "ANSIBLE_ERROR_ON_UNDEFINED_VARS", YES),
    ("defaults", "jinja2_extensions", "ANSIBLE_JINJA2_EXTENSIONS", NONE),
    // What variables there are.
    ("defaults", "playbook_vars_root", "ANSIBLE_PLAYBOOK_VARS_ROOT", &["top"]),
    ("defaults", "vars_plugins_enabled", "ANSIBLE_VARS_ENABLED", &["host_group_vars"]),
    ("inventory", "host_pattern_mismatch", "ANSIBLE_HOST_PATTERN_MISMATCH", &["warning"]),
    ("defaults", "force_valid_group_names", "ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS", &["never", "ignore"]),
    // Python of one's own.
    ("defaults", "library", "ANSIBLE_LIBRARY", NONE),
    ("defaults", "action_plugins", "ANSIBLE_ACTION_PLUGINS", NONE),
    ("defaults", "callback_plugins", "ANSIBLE_CALLBACK_PLUGINS", NONE),
    ("defaults", "connection_plugins", "ANSIBLE_CONNECTION_PLUGINS", NONE),
    ("defaults", "filter_plugins", "ANSIBLE_FILTER_PLUGINS", NONE),
    ("defaults", "inventory_plugins", "ANSIBLE_INVENTORY_PLUGINS", NONE),
    ("defaults", "lookup_plugins", "ANSIBLE_LOOKUP_PLUGINS", NONE),
    ("defaults", "strategy_plugins", "ANSIBLE_STRATEGY_PLUGINS", NONE),
    ("defaults", "test_plugins", "ANSIBLE_TEST_PLUGINS", NONE),
    ("defaults", "vars_plugins", "ANSIBLE_VARS_PLUGINS", NONE),
    ("defaults", "become_plugins", "ANSIBLE_BECOME_PLUGINS", NONE),
    // The way to hosts.
    ("ssh_connection", "retries", "ANSIBLE_SSH_RETRIES", &["0"]),
];

/// One for each of them that is set to something else than what happens anyway.
pub fn warnings(find: &dyn Fn(&str, &str, &str) -> Option<Found>) -> Vec<Diagnostic> {
    let told = |(section, key, env, harmless): &Setting| {
        let found = find(section, key, env)?;
        let text = found.text.trim();
        if text.is_empty() || harmless.iter().any(|usual| is_same(text, usual)) {
            return None;
        }
        let name = if found.in_file { key } else { env };
        let message = format!("the setting `{name}` is not here yet, and `{text}` is passed over");
        Some(Diagnostic::warning("config", message).at(found.span))
    };
    MISSING.iter().filter_map(told).collect()
}

fn is_same(text: &str, usual: &str) -> bool {
    let truth = |word: &str| to_bool(&word.into()).ok();
    text.eq_ignore_ascii_case(usual) || ["yes", "no"].contains(&usual) && truth(text) == truth(usual)
}
