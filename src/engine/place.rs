//! Places in a run. A task instance, a host's position, the barrier, the journal and a plan's fingerprints speak of one thing:
//! the steps that lead there.

/// A list of nodes that a step enters. The order of the variants is the order in which a play runs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The implicit fact gathering.
    Setup,
    PreTasks,
    /// Roles and tasks.
    Tasks,
    PostTasks,
    /// Handlers, in a flush.
    Handlers,
    /// What a dynamic include brought; `Item` before it says which of the include's lists. Under `free` each host has lists of
    /// its own and this is its number, otherwise 0.
    Included(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    Play(u32),
    /// Of a play with `serial`.
    Batch(u32),
    Source(Source),
    Node(u32),
    /// Of a block: body, rescue or always.
    Section(u8),
    /// Of an include: which of the lists that hosts asked for there, in the order in which they run.
    Item(u32),
}
pub const BODY: u8 = 0;
pub const RESCUE: u8 = 1;
pub const ALWAYS: u8 = 2;

/// Which task, and which time. The derived order is the order of the playbook, and a host only ever moves forward in it:
/// barrier, order of events and `run_once` all rest on that.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TaskKey(pub Vec<Step>);

impl TaskKey {
    /// Whether a handler stands here, not something inside one.
    pub fn is_handler(&self) -> bool {
        matches!(self.0[..], [.., Step::Source(Source::Handlers), Step::Node(_)])
    }

    /// Whether it runs because of a flush.
    pub fn is_in_flush(&self) -> bool {
        self.0.contains(&Step::Source(Source::Handlers))
    }
}

impl std::fmt::Display for TaskKey {
    /// Short and stable: `p0.b0.t3.1`, for journals and json.
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            f.write_str(if index > 0 { "." } else { "" })?;
            match step {
                Step::Play(play) => write!(f, "p{play}")?,
                Step::Batch(batch) => write!(f, "b{batch}")?,
                Step::Source(Source::Setup) => f.write_str("setup")?,
                Step::Source(Source::PreTasks) => f.write_str("pre")?,
                Step::Source(Source::Tasks) => f.write_str("tasks")?,
                Step::Source(Source::PostTasks) => f.write_str("post")?,
                Step::Source(Source::Handlers) => f.write_str("handlers")?,
                Step::Source(Source::Included(number)) => write!(f, "inc{number}")?,
                Step::Node(node) => write!(f, "{node}")?,
                Step::Section(section) => {
                    f.write_str(["body", "rescue", "always"].get(usize::from(*section)).unwrap_or(&"?"))?
                }
                Step::Item(item) => write!(f, "i{item}")?,
            }
        }
        Ok(())
    }
}
