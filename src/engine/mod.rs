//! Plays over hosts, as a state machine without IO: inputs in, outputs out. No clock, random number, environment, file, socket
//! or order of a hash map is in here; all that is `world` and `connect`.
//!
//! A host has a cursor, which runs ahead, and a window: the tasks that it has begun and that have not settled. Each of them
//! keeps the cursor as it stood there. A task settles when its outcome is known and all before it have settled; if it failed,
//! those after it in the window are forgotten, and the cursor goes back to where the task had it.
//!
//! One rule makes the linear strategy: a host may touch for a task when no other host has anything unsettled before that
//! task. Alone in its batch a host always may, so run-ahead is that rule's simplest case, and `free` is the rule left out.
//!
//! | file | holds |
//! |---|---|
//! | `step` | the state machine: an input moves lanes, until nothing moves any more |
//! | `place`, `lists`, `cursor` | where a task is, the lists of nodes that a play has, and a host's way through them |
//! | `lane` | one host: its cursor, its window, what it waits for |
//! | `begin`, `calls`, `settle` | the life of a task on a host: asked for, sent and judged, settled |
//! | `includes`, `handlers`, `meta`, `once` | tasks that are more than a call |
//! | `order`, `slots` | what hosts wait for between each other: the barrier; forks and throttle |
//! | `plays`, `fatal` | opening plays and batches, and what ends them early |
//! | `events` | the one order in which results leave, and the recap |
//! | `outcome` | what of an outcome is registered, and what `no_log` leaves of it |
//! | `vars` | what tasks teach a host, and what other hosts see of it |
mod begin;
mod calls;
mod cursor;
mod events;
mod fatal;
mod handlers;
mod includes;
mod lane;
mod lists;
pub mod message;
mod meta;
mod once;
mod order;
pub mod outcome;
pub mod place;
mod plays;
mod settle;
mod slots;
mod step;
mod vars;

pub use step::{Engine, Options};
