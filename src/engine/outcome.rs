//! An outcome as others see it: what `register` keeps of it, and what `no_log` leaves to be shown.
use super::message::Outcome;
use std::sync::Arc;
use value::{Diagnostic, Map, Value};

const CENSORED: &str = "the output has been hidden due to the fact that 'no_log: true' was specified for this result";

/// In a plan, what stands for the reason why nothing is foretold of a task that says `no_log`, and of those that wait for its result.
pub const HIDDEN: &str = "what `no_log` hides";

impl Outcome {
    /// Failed with these words, on the controller. The diagnostic says the same for people, with the place.
    pub fn failed(message: impl Into<String>, diagnostic: impl Into<Option<Diagnostic>>) -> Self {
        Self::failed_with([("msg", message.into())].into_iter().collect(), diagnostic)
    }

    /// The same with further fields of the result.
    pub fn failed_with(mut fields: Map, diagnostic: impl Into<Option<Diagnostic>>) -> Self {
        fields.insert("changed", false);
        fields.insert("failed", true);
        let diagnostic = diagnostic.into().map(Box::new);
        Self { failed: true, result: Arc::new(fields), diagnostic, ..Self::default() }
    }

    /// What `register` keeps. In a plan, nobody knows the result of what is only foretold to run.
    pub fn registered(&self) -> Value {
        if let Some(because) = &self.unforeseen {
            return Value::Unforeseen(because.as_str().into());
        }
        let internal = |name: &str| name.starts_with("_ansible_");
        if !self.result.keys().any(|key| key.as_str().is_some_and(internal)) {
            return Value::Map(self.result.clone());
        }
        let kept = self.result.iter().filter(|(key, _)| !key.as_str().is_some_and(internal));
        Value::map(kept.map(|(key, value)| (key.clone(), value.clone())))
    }

    /// What an event may carry of a loop of which some items say `no_log`: of those nothing, of the sum nothing either.
    pub fn censored_in_part(self) -> Self {
        let items = self.items.clone().into_iter();
        let items = items.map(|(label, item)| (label, if item.hidden { item.censored() } else { item })).collect();
        Self { items, ..self.censored() }
    }

    /// What an event may carry of a task that says `no_log`.
    pub fn censored(self) -> Self {
        let result: Map = [("censored", Value::from(CENSORED)), ("changed", self.changed.into())].into_iter().collect();
        let items = self.items.into_iter().map(|(label, item)| (label, item.censored())).collect();
        let diagnostic = self.diagnostic.map(|mut diagnostic| {
            diagnostic.message = "the task failed; why is hidden by `no_log`".into();
            (diagnostic.label, diagnostic.help) = (None, None);
            diagnostic.notes.clear();
            diagnostic
        });
        let unforeseen = self.unforeseen.map(|_| HIDDEN.to_string());
        Self { result: Arc::new(result), diff: Vec::new(), items, diagnostic, unforeseen, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_hidden_result_is_left() {
        let result: Map = [("stdout", Value::from("hunter2")), ("_ansible_x", 1.into())].into_iter().collect();
        let unforeseen = Some("echo hunter2".to_string());
        let item = Outcome { result: Arc::new(result), changed: true, ..Outcome::default() };
        assert!(!format!("{:?}", Outcome { unforeseen, ..item.clone() }.censored()).contains("hunter2"));
        assert_eq!(item.registered().to_text(), "{'stdout': 'hunter2'}");
        let looped = Outcome { items: vec![("a".into(), item.clone())], ..item };
        assert!(!format!("{:?}", looped.censored()).contains("hunter2"));
    }

    #[test]
    fn what_is_not_foretold_is_registered_as_such() {
        let outcome = Outcome { unforeseen: Some("package nginx".into()), ..Outcome::default() };
        assert!(matches!(outcome.registered(), Value::Unforeseen(_)));
    }
}
