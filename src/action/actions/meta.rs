//! `meta`: words to the engine itself.
use super::super::Halt;
use super::super::instance::{Action, Instance, Step};
use crate::engine::message::Meta as Word;
use crate::playbook::model::{ActionTraits, ForAll};

pub struct Meta;

const WORDS: [(&str, Word); 11] = [
    ("noop", Word::Noop),
    ("flush_handlers", Word::FlushHandlers),
    ("end_play", Word::EndPlay),
    ("end_host", Word::EndHost),
    ("end_batch", Word::EndBatch),
    ("end_role", Word::EndRole),
    ("clear_facts", Word::ClearFacts),
    ("clear_host_errors", Word::ClearHostErrors),
    ("refresh_inventory", Word::RefreshInventory),
    ("reset_connection", Word::ResetConnection),
    ("role_complete", Word::Noop),
];

/// The words that a task may say; the last is a role's own.
#[cfg(test)]
pub fn words() -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|(word, _)| *word).filter(|word| *word != "role_complete")
}

/// What the first host does for all.
const FOR_ALL: [&str; 5] = ["end_play", "end_batch", "clear_host_errors", "clear_facts", "refresh_inventory"];

impl Action for Meta {
    fn modules(&self) -> &'static [&'static str] {
        &["meta"]
    }

    fn traits(&self) -> ActionTraits {
        ActionTraits { free_form: true, for_all: ForAll::With(&FOR_ALL), steers: true, ..ActionTraits::default() }
    }

    fn prepare(&self, instance: &Instance) -> Result<Step, Halt> {
        let given = instance.arguments()?;
        let word = given.get("_raw_params").or_else(|| given.get("free_form")).map(|word| word.to_text());
        let word = word.unwrap_or_default();
        match WORDS.iter().find(|(known, _)| *known == word) {
            Some((_, word)) => Ok(Step::Meta(*word)),
            None => {
                let near = value::spec::nearest(&word, WORDS.iter().map(|(known, _)| *known));
                let halt = Halt::refused(format!("invalid meta action requested: {word}"));
                Err(match near {
                    Some(near) => halt.help(format!("did you mean `{near}`?")),
                    None => halt,
                })
            }
        }
    }
}
