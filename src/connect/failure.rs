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
        let diagnostic = Diagnostic::error("unreachable", self.in_short().unwrap_or(message));
        let diagnostic = self.help().into_iter().fold(diagnostic, Diagnostic::help);
        Outcome {
            unreachable: true,
            result: Arc::new(result),
            diagnostic: Some(Box::new(diagnostic)),
            ..Outcome::default()
        }
    }

    /// Of ssh's long warning, what it comes to.
    fn in_short(&self) -> Option<String> {
        let Failure::Ssh { words, destination } = self else { return None };
        if !words.contains(CHANGED) {
            return None;
        }
        let known = words.lines().find_map(|line| line.trim().strip_prefix("Offending ")?.split_once(" in "));
        let known = known.map(|(key, place)| format!(" (not the {key} in {place})")).unwrap_or_default();
        let now = words.lines().map(str::trim).find(|line| line.starts_with("SHA256:"));
        let now = now.map(|print| format!(": it is {} now{known}", print.trim_end_matches('.'))).unwrap_or_default();
        Some(format!("the host key of {} has changed{now}", host_of(destination)))
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

/// Of ssh's warning that a key is not the known one.
const CHANGED: &str = "REMOTE HOST IDENTIFICATION HAS CHANGED";

fn host_of(destination: &str) -> &str {
    destination.rsplit('@').next().unwrap_or(destination)
}

/// What ssh's words mean to somebody who does not speak ssh.
fn help_for(words: &str, destination: &str) -> Option<String> {
    let has = |part: &str| words.contains(part);
    Some(if has(CHANGED) {
        let own = words.lines().map(str::trim).find(|line| line.starts_with("ssh-keygen -f"));
        let forget = own.map_or_else(|| format!("ssh-keygen -R {}", host_of(destination)), str::to_string);
        format!(
            "if the host was installed anew, `{forget}` forgets the old key; if it was not, somebody may be listening"
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_key_is_told_in_a_line_with_ssh_s_own_remedy() {
        let words = "@@@@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@@@@@\nIT IS POSSIBLE\n\
            The fingerprint for the ED25519 key sent by the remote host is\nSHA256:abc.\nPlease contact.\n\
            Offending ED25519 key in /k/known_hosts:3\n  remove with:\n  ssh-keygen -f \"/k/known_hosts\" -R \"h1\"\n\
            Host key verification failed.";
        let failure = Failure::Ssh { words: words.into(), destination: "ubuntu@h1".into() };
        let diagnostic = failure.outcome().diagnostic.unwrap();
        let short = "the host key of h1 has changed: it is SHA256:abc now (not the ED25519 key in /k/known_hosts:3)";
        assert_eq!(diagnostic.message, short);
        assert!(diagnostic.help.unwrap().contains("`ssh-keygen -f \"/k/known_hosts\" -R \"h1\"`"));
    }
}
