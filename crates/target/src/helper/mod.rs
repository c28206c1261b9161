//! The program that serves calls on a host: `serve` over any pair of streams. The binary `deploy-helper` is this over stdin and
//! stdout; the controller serves itself the same way for local connections and where no helper fits.
mod answer;
mod blobs;
mod lane;
mod launch;
mod outbox;
pub mod program;
mod relay;
mod session;

pub use blobs::unique;
pub use launch::{Launch, Prompt, drop_privileges, escalation};
pub use session::serve;

use crate::protocol::{BlobHash, Hello};

/// What a helper knows of itself.
#[derive(Clone, Debug)]
pub struct Program {
    /// Hash of the program's bytes.
    pub build: BlobHash,
    /// How another one of it is started, for another user.
    pub launch: Launch,
}

impl Program {
    fn hello(&self, machine: &dyn crate::machine::Machine) -> Hello {
        let uid = machine.identity().uid;
        let line = crate::host::accounts::user_by_id(machine, uid).ok().flatten();
        let home = machine.variable("HOME").or_else(|| line.as_ref().map(|line| line.home.clone()));
        Hello {
            build: self.build,
            uid,
            user: line.map_or_else(|| uid.to_string(), |line| line.name),
            home: home.unwrap_or_else(|| "/".into()),
        }
    }
}
