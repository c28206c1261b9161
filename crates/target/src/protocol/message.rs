//! The messages. One channel serves all lanes (inventory hosts) that share a connection, under all identities.
use serde::{Deserialize, Serialize};
use value::{Map, Value};

pub type CallId = u64;
/// An inventory host, by its number in the run.
pub type Lane = u32;
/// BLAKE3 of the bytes.
pub type BlobHash = [u8; 32];
/// Tells the pieces of one sending of a blob from those of another.
pub type StreamId = u32;
/// By which a host may send one file: nobody but the host that was asked for it knows it.
pub type Token = [u8; 16];

/// How many bytes of a file may be under way to the controller; the piece that ends it counts for one.
pub const WINDOW: u64 = 1 << 20;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToHelper {
    Call(Call),
    /// The lane may touch for this call and for every earlier one.
    Commit {
        lane: Lane,
        id: CallId,
    },
    /// The call is no longer wanted: drop it, or end it if it is under way.
    Cancel {
        lane: Lane,
        id: CallId,
    },
    /// Take back what the lane's calls have changed on this channel (without become), newest first; answered by one `Done` whose
    /// result names under `left` what cannot go back.
    Undo {
        lane: Lane,
        id: CallId,
    },
    /// A piece of a blob that was asked for, in order; an empty piece ends it.
    Blob {
        hash: BlobHash,
        stream: StreamId,
        bytes: Vec<u8>,
    },
    /// The blob cannot be read any more: calls that need it fail with these words.
    NoBlob {
        hash: BlobHash,
        stream: StreamId,
        why: String,
    },
    /// So many bytes of a sent file are where they belong, and as many more may come. None at all: nobody takes the rest.
    Credit {
        lane: Lane,
        id: CallId,
        bytes: u32,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FromHelper {
    /// The first word of a helper.
    Hello(Hello),
    /// One answer for each item of the call, in order.
    Done { lane: Lane, id: CallId, items: Vec<Answer> },
    /// An earlier call of its epoch failed, or it was cancelled before it began.
    Dropped { lane: Lane, id: CallId },
    /// Asks for a blob. One that did not arrive may be asked for again, under another number.
    Need { hash: BlobHash, stream: StreamId },
    /// A piece of a file that a call was asked for, in order; an empty piece ends it.
    Stream { lane: Lane, id: CallId, token: Token, bytes: Vec<u8> },
    /// For the live line: what a long call is busy with.
    Progress { lane: Lane, id: CallId, text: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// Hash of the helper's program.
    pub build: BlobHash,
    pub uid: u32,
    pub user: String,
    pub home: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    pub id: CallId,
    pub lane: Lane,
    /// The task's place as text, for the journal; the helper does not read it.
    pub key: String,
    /// Calls of one epoch stand or fall together.
    pub epoch: u64,
    /// None: as the user who logged in.
    pub identity: Option<Identity>,
    pub hold: Hold,
    /// Whether a failure drops the rest of the epoch.
    pub stop_on_fail: bool,
    pub body: Body,
}

/// Where a call waits for `Commit`. One that holds tells nobody: whoever does not hear of it learns nothing here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hold {
    #[default]
    No,
    /// It may look; it stops at its first change. One that finds nothing to change is done without `Commit`.
    AtChange,
    /// It waits before it begins.
    AtStart,
}

/// Another user of the same host, and how to become it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// `sudo`, `su`, `doas`, `runuser` ...
    pub method: String,
    pub user: String,
    /// The program, where it is not the method's own name.
    pub exe: Option<String>,
    /// Words of the user's own for its command line.
    pub flags: Vec<String>,
    pub password: Option<Password>,
}

/// Does not show itself.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Password(pub String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("********")
    }
}

/// A module and its arguments, checked and coerced: one set for each item of the task's loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// Its own short name: `copy`, `docker_container`.
    pub module: String,
    pub items: Vec<Map>,
    pub mode: Mode,
    /// Whether the answers carry diffs.
    pub diff: bool,
    /// Of the processes that the module starts.
    pub environment: Vec<(String, String)>,
    /// Seconds after which the task has failed.
    pub timeout: Option<u32>,
    /// Secret-marked results are not shown, and the journal keeps none of their contents.
    pub no_log: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    #[default]
    Apply,
    /// Ansible's check mode: nothing is touched, every task looks at the machine as it is.
    Check,
    /// Nothing is touched, and later looks of the same channel see what earlier calls would have done.
    Plan,
}

/// What came of one item.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub changed: bool,
    pub failed: bool,
    pub skipped: bool,
    /// The module's return values under Ansible's names, `msg` among them.
    pub result: Map,
    pub diff: Vec<Diff>,
    pub warnings: Vec<String>,
    /// What was changed, with what it was before: for undo, drift, audit.
    pub journal: Vec<JournalLine>,
    /// In a plan: the answer depends on a change that is only planned, and which.
    pub unforeseen: Option<String>,
    /// Why it failed, where the controller acts on it.
    pub cause: Option<Cause>,
}

/// Failures that the controller must tell from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    FileMissing,
    /// A folder stands where a file is asked for.
    IsFolder,
    BecomePasswordMissing,
    BecomePasswordWrong,
    BecomeNotAllowed,
}

/// Two texts to compare, or one text that says it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Diff {
    pub before_header: String,
    pub after_header: String,
    pub before: String,
    pub after: String,
    pub prepared: Option<String>,
}

/// One change as the journal shows it; the typed states stay on the host, which undoes them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournalLine {
    /// `file /etc/motd`, `package nginx`, `command createdb shop`.
    pub what: String,
    pub before: Value,
    pub after: Value,
    pub counted: bool,
    /// Whether undo can go back.
    pub reversible: bool,
}
