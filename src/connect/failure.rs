//! Why a host could not be reached, in Ansible's words and with what may help.
use crate::engine::message::Outcome;
use std::sync::Arc;
use value::{Diagnostic, Map, Value};

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// ssh's own last words.
    #[error("Failed to connect to the host via ssh: {words}")]
    Ssh { words: String, destination: String },
    #[error("Invalid/incorrect password: {words}")]
    Password { words: String, destination: String },
    #[error("Connection to {destination} was lost: {words}")]
    Cut { words: String, destination: String },
    #[error("Failed to start the helper on {destination}: {words}")]
    Helper { words: String, destination: String },
    #[error("{doing}: {error}")]
    Local { doing: String, error: std::io::Error },
}

impl Failure {
    pub fn local(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Failure {
        let doing = doing.into();
        move |error| Failure::Local { doing, error }
    }

    /// As the engine and the screen take it.
    pub fn outcome(&self) -> Outcome {
        let message = self.to_string();
        let told = format!("Task failed: {message}");
        let result: Map =
            [("changed", Value::Bool(false)), ("msg", told.into()), ("unreachable", true.into())].into_iter().collect();
        let diagnostic = Diagnostic::error("unreachable", message);
        let diagnostic = self.help().into_iter().fold(diagnostic, Diagnostic::help);
        Outcome {
            unreachable: true,
            result: Arc::new(result),
            diagnostic: Some(Box::new(diagnostic)),
            ..Outcome::default()
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Failure::Ssh { words, destination } => help_for(words, destination),
            Failure::Password { destination, .. } => {
                Some(format!("the password that was given does not open {destination}; `-k` asks for it again"))
            }
            Failure::Cut { .. } => {
                Some("what was under way may be half done; running the playbook again goes on from there".into())
            }
            Failure::Helper { .. } | Failure::Local { .. } => None,
        }
    }
}

/// What ssh's words mean to somebody who does not speak ssh.
fn help_for(words: &str, destination: &str) -> Option<String> {
    let host = destination.rsplit('@').next().unwrap_or(destination);
    let has = |part: &str| words.contains(part);
    Some(if has("REMOTE HOST IDENTIFICATION HAS CHANGED") {
        format!(
            "the host's key is not the one in known_hosts: if the host was installed anew, `ssh-keygen -R {host}` forgets the old key; if it was not, somebody may be listening"
        )
    } else if has("Host key verification failed") {
        format!(
            "the host's key is not known yet: `ssh {destination}` shows it and asks; `host_key_checking = False` in ansible.cfg accepts every key"
        )
    } else if has("Permission denied") {
        format!(
            "the host answers and refuses the login: try `ssh {destination}`, name the key with `--private-key`, or ask for a password with `-k`"
        )
    } else if has("Connection refused") {
        "the host is up and nothing listens at that port: is sshd running, is the port right?".into()
    } else if has("timed out") || has("No route to host") {
        "nothing answers at that address: is the host up, does a firewall stand between?".into()
    } else if has("Could not resolve hostname") {
        "the name is not known: check `ansible_host` in the inventory, or your ssh config".into()
    } else {
        return None;
    })
}
