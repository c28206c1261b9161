//! The variables that say how a host is reached and as whom a task works there. All that is read of them is read through a row of
//! this table, which is also what keeps a host from setting them for itself: a row that is added here is guarded at once.
use crate::playbook::model::Keywords;
use value::Value;

/// One option of a connection or of become.
#[derive(Debug)]
pub struct ConnectionVariable {
    /// The variables that set it; the first that has a value counts.
    names: &'static [&'static str],
    /// More of them, which begin with the become method: `ansible_METHOD_...`.
    of_method: &'static [&'static str],
    /// The keyword that counts where no variable does.
    pub keyword: Option<(&'static str, Keyword)>,
    /// A task that is delegated sees it as the delegate has it.
    pub of_delegate: bool,
}

type Keyword = fn(&Keywords) -> Option<&Value>;

const fn of(names: &'static [&'static str]) -> ConnectionVariable {
    ConnectionVariable { names, of_method: &[], keyword: None, of_delegate: false }
}

impl ConnectionVariable {
    const fn keyword(self, name: &'static str, keyword: Keyword) -> Self {
        Self { keyword: Some((name, keyword)), ..self }
    }
    const fn of_method(self, of_method: &'static [&'static str]) -> Self {
        Self { of_method, ..self }
    }
    const fn of_delegate(self) -> Self {
        Self { of_delegate: true, ..self }
    }

    /// The name that is meant when people speak of it.
    pub fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }

    /// The variables that set it, the strongest first.
    pub fn names(&self, method: &str) -> impl Iterator<Item = String> {
        let of_method = self.of_method.iter().map(move |what| format!("ansible_{method}_{what}"));
        self.names.iter().map(|name| name.to_string()).chain(of_method)
    }
}

macro_rules! rows {
    ($($name:ident = $row:expr;)*) => {
        $(pub static $name: ConnectionVariable = $row;)*

        /// All rows.
        pub static ALL: &[&ConnectionVariable] = &[$(&$name),*];
    };
}

rows! {
    CONNECTION = of(&["ansible_connection"]).keyword("connection", |all| all.connection.as_ref()).of_delegate();
    HOST = of(&["ansible_host", "ansible_ssh_host"]).of_delegate();
    PORT = of(&["ansible_port", "ansible_ssh_port"]).keyword("port", |all| all.port.as_ref()).of_delegate();
    USER = of(&["ansible_user", "ansible_ssh_user"])
        .keyword("remote_user", |all| all.remote_user.as_ref())
        .of_delegate();
    PASSWORD = of(&["ansible_password", "ansible_ssh_pass", "ansible_ssh_password"]);
    PRIVATE_KEY_FILE = of(&["ansible_private_key_file", "ansible_ssh_private_key_file"]);
    HOST_KEY_CHECKING = of(&["ansible_ssh_host_key_checking", "ansible_host_key_checking"]);
    TIMEOUT = of(&["ansible_ssh_timeout", "ansible_timeout"]);
    REMOTE_TMP = of(&["ansible_remote_tmp"]);
    SSH_ARGS = of(&["ansible_ssh_args"]);
    SSH_COMMON_ARGS = of(&["ansible_ssh_common_args"]);
    SSH_EXTRA_ARGS = of(&["ansible_ssh_extra_args"]);
    SSH_EXECUTABLE = of(&["ansible_ssh_executable"]);
    BECOME = of(&["ansible_become"]).keyword("become", |all| all.r#become.as_ref());
    BECOME_METHOD = of(&["ansible_become_method"]).keyword("become_method", |all| all.become_method.as_ref());
    BECOME_USER = of(&["ansible_become_user"])
        .of_method(&["user"])
        .keyword("become_user", |all| all.become_user.as_ref());
    BECOME_EXE = of(&["ansible_become_exe"]).of_method(&["exe"]).keyword("become_exe", |all| all.become_exe.as_ref());
    BECOME_FLAGS = of(&["ansible_become_flags"])
        .of_method(&["flags"])
        .keyword("become_flags", |all| all.become_flags.as_ref());
    BECOME_PASSWORD = of(&["ansible_become_password", "ansible_become_pass"]).of_method(&["password", "pass"]);
}

/// How somebody else can be become.
pub const BECOME_METHODS: [&str; 5] = ["sudo", "su", "doas", "runuser", "pfexec"];

/// What Ansible reads beside them, and deploy does not.
const OTHERS: [&str; 8] = [
    "ansible_connection_user",
    "ansible_control_path",
    "ansible_module_compression",
    "ansible_network_os",
    "ansible_pipelining",
    "ansible_scp_if_ssh",
    "ansible_sftp_batch_mode",
    "ansible_user_password",
];
/// Beginnings of names that are about nothing else, whoever reads them.
const FAMILIES: [&str; 9] = [
    "ansible_become_",
    "ansible_delegated_",
    "ansible_docker_",
    "ansible_paramiko_",
    "ansible_podman_",
    "ansible_psrp_",
    "ansible_shell_",
    "ansible_ssh_",
    "ansible_winrm_",
];

/// Whether a name says how a host is reached, or who works there and with which programs. A host must not set it for itself.
pub fn is_connection_variable(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("ansible_") else { return false };
    // The host's own public keys are facts, and names of that family.
    if name.starts_with("ansible_ssh_host_key_") && name.contains("_public") {
        return false;
    }
    let of_method = |method: &&str| rest.strip_prefix(*method).is_some_and(|rest| rest.starts_with('_'));
    ALL.iter().any(|row| row.names.contains(&name))
        || OTHERS.contains(&name)
        || FAMILIES.iter().any(|family| name.starts_with(family))
        || BECOME_METHODS.iter().any(of_method)
        || rest.ends_with("_interpreter")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_read_of_a_connection_is_guarded() {
        for row in ALL {
            let methods = BECOME_METHODS.iter().flat_map(|method| row.names(method));
            let open: Vec<_> = methods.filter(|name| !is_connection_variable(name)).collect();
            assert!(open.is_empty(), "a host may set {open:?}");
            assert!(!row.name().is_empty());
        }
        assert!(ALL.len() > 15);
    }

    #[test]
    fn facts_of_like_names_are_facts() {
        let facts =
            ["ansible_ssh_host_key_ed25519_public", "ansible_hostname", "ansible_user_id", "ansible_local", "x"];
        assert_eq!(facts.map(is_connection_variable), [false; 5]);
        let others = ["ansible_ssh_host_key_checking", "ansible_docker_extra_args", "ansible_python_interpreter"];
        assert_eq!(others.map(is_connection_variable), [true; 3]);
    }
}
