//! The texts that must not be shown: one set for the run, and every sink is searched for them.
use std::sync::{PoisonError, RwLock};
use value::Value;

/// Shorter ones would blot out half of any output; Ansible leaves them too.
const SHORTEST: usize = 3;
const MASK: &str = "********";

#[derive(Default)]
pub struct Secrets {
    /// The longest first, so that a secret that holds another is hidden whole.
    texts: RwLock<Vec<String>>,
}

impl Secrets {
    pub fn add(&self, secret: &str) {
        let is_known = |texts: &Vec<String>, text: &str| texts.iter().any(|known| known == text);
        if is_known(&self.texts.read().unwrap_or_else(PoisonError::into_inner), secret.trim()) {
            return;
        }
        let lines = secret.lines().map(str::trim).filter(|line| line.len() >= SHORTEST);
        let mut texts = self.texts.write().unwrap_or_else(PoisonError::into_inner);
        for text in lines.chain([secret.trim()]).filter(|text| text.len() >= SHORTEST) {
            let place =
                texts.binary_search_by(|known| text.len().cmp(&known.len()).then_with(|| known.as_str().cmp(text)));
            if let Err(place) = place {
                texts.insert(place, text.to_string());
            }
        }
    }

    /// Every secret-marked string in a value.
    pub fn add_all(&self, value: &Value) {
        match value {
            Value::Str(text) if text.is_secret() => self.add(text),
            Value::List(items) | Value::Tuple(items) => items.iter().for_each(|item| self.add_all(item)),
            Value::Map(map) => map.values().for_each(|value| self.add_all(value)),
            _ => {}
        }
    }

    pub fn hide(&self, text: String) -> String {
        let texts = self.texts.read().unwrap_or_else(PoisonError::into_inner);
        texts.iter().fold(text, |text, secret| match text.contains(secret.as_str()) {
            true => text.replace(secret.as_str(), MASK),
            false => text,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_holds_another_is_hidden_whole() {
        let secrets = Secrets::default();
        secrets.add("hunter2");
        secrets.add("hunter2hunter2");
        secrets.add("ab");
        assert_eq!(secrets.hide("a hunter2hunter2 b hunter2 ab".into()), "a ******** b ******** ab");
    }
}
