//! What the configuration and the command line say about every task; keywords and variables of the playbook stand over it.
use target::protocol::Password;

#[derive(Clone, Debug)]
pub struct Settings {
    /// `--check`.
    pub check: bool,
    /// `--diff`.
    pub diff: bool,
    /// `deploy plan`: later tasks see what earlier ones would have done.
    pub plan: bool,
    /// How many `-v`.
    pub verbosity: i64,
    pub no_log: bool,
    pub connection: Option<String>,
    pub remote_user: Option<String>,
    pub port: Option<u16>,
    pub private_key_file: Option<String>,
    pub password: Option<Password>,
    pub timeout: u32,
    pub ssh_args: String,
    pub ssh_common_args: String,
    pub ssh_extra_args: String,
    pub ssh_executable: Option<String>,
    pub host_key_checking: bool,
    pub remote_tmp: Option<String>,
    pub r#become: bool,
    pub become_method: String,
    pub become_user: String,
    pub become_exe: Option<String>,
    pub become_flags: Option<String>,
    pub become_password: Option<Password>,
    pub ansible_managed: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            check: false,
            diff: false,
            plan: false,
            verbosity: 0,
            no_log: false,
            connection: None,
            remote_user: None,
            port: None,
            private_key_file: None,
            password: None,
            timeout: 10,
            ssh_args: "-C -o ControlMaster=auto -o ControlPersist=60s".into(),
            ssh_common_args: String::new(),
            ssh_extra_args: String::new(),
            ssh_executable: None,
            host_key_checking: true,
            remote_tmp: None,
            r#become: false,
            become_method: "sudo".into(),
            become_user: "root".into(),
            become_exe: None,
            become_flags: None,
            become_password: None,
            ansible_managed: "Ansible managed".into(),
        }
    }
}
