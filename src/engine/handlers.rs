//! Which handlers a notification calls.
use super::lane::Entry;
use super::lists::Lists;
use super::message::{Event, HostId, Outcome};
use super::place::{Step, TaskKey};
use super::step::Engine;
use crate::playbook::model::Task;
use value::spec::nearest;
use value::{Diagnostic, Value};

impl Lists {
    /// The numbers of the handlers that this notification calls: by topic all that listen; by name one, of the last list in which
    /// there is one the first. What an include brings is there for what comes after it.
    pub fn called(&self, notification: &str, at: &[Step]) -> Vec<u32> {
        let has = |words: &[String]| words.iter().any(|word| word == notification);
        let named = |index: &usize| has(&self.names[*index].names) && self.is_there(*index, at);
        let last = (0..self.names.len()).rev().find(named);
        let named = last.and_then(|last| (0..=last).find(|index| named(index) && self.are_of_one_list(*index, last)));
        let listening = self.names.iter().enumerate().filter(|(_, handler)| has(&handler.topics));
        let called = listening.map(|(index, _)| index).filter(|index| self.is_there(*index, at)).chain(named);
        called.filter_map(|index| u32::try_from(index).ok()).collect()
    }

    /// The first notification that calls nobody.
    pub fn unknown<'n>(&self, notifications: &'n [String], at: &TaskKey) -> Option<&'n String> {
        notifications.iter().find(|wanted| self.called(wanted, &at.0).is_empty())
    }

    /// As the first of its names.
    pub fn handler_name(&self, handler: u32) -> String {
        let names = self.names.get(handler as usize);
        names.and_then(|handler| handler.names.first()).cloned().unwrap_or_default()
    }
}

impl Engine {
    /// A handler that nobody has ends the whole run, as in Ansible, or is warned of where the settings say so. Whether the run
    /// goes on.
    pub(super) fn check_notified(&mut self, host: HostId, entry: &Entry) -> bool {
        let Some(name) = &entry.unknown_handler else { return true };
        let message = format!(
            "The requested handler '{name}' was not found in either the main handlers list nor in the listening handlers list"
        );
        let seat = self.seat(host);
        if !self.lists.missing_handler_is_fatal {
            let warning = Diagnostic::warning("unknown-handler", message);
            self.events.add(&entry.key, seat, &entry.banner, Event::Said(warning));
            return true;
        }
        let known = self.lists.names.iter().flat_map(|handler| handler.names.iter().chain(&handler.topics));
        let help = nearest(name, known.map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
        let error = Diagnostic::error("unknown-handler", message).at(place(&entry.task, name));
        self.events.forget_after(&entry.key, seat);
        self.events.add(&entry.key, seat, &entry.banner, Event::Said(Diagnostic { help, ..error }));
        self.refuse("unknown-handler");
        false
    }
}

impl Entry {
    /// Whether the task, with this outcome, calls a handler that nobody has.
    pub fn calls_nobody(&self, outcome: &Outcome) -> bool {
        self.unknown_handler.is_some() && outcome.changed && !outcome.failed
    }
}

/// Where the name is written, if it is there as it is.
fn place(task: &Task, name: &str) -> value::Span {
    let written = task.inherited(|keywords| keywords.notify.as_ref()).into_iter().flatten();
    let origin = written.filter(|value| value.as_str() == Some(name)).find_map(Value::origin);
    origin.unwrap_or(task.span)
}
