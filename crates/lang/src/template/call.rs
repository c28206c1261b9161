//! What a filter, test, lookup or callable gets: its input, its arguments, and the way back into the evaluation.
use super::error::Stop;
use super::eval::Evaluation;
use super::scope::{Environment, Scope};
use crate::python::sort::sorted;
use std::cmp::Ordering;
use std::sync::Arc;
use value::{Key, Str, Value};

#[derive(Clone, Debug, Default)]
pub struct Arguments {
    pub positional: Vec<Value>,
    pub named: Vec<(Arc<str>, Value)>,
}

impl Arguments {
    pub fn of(positional: impl IntoIterator<Item = Value>) -> Self {
        Self { positional: positional.into_iter().collect(), named: Vec::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.positional.is_empty() && self.named.is_empty()
    }

    /// Takes a named argument out.
    pub fn take_named(&mut self, name: &str) -> Option<Value> {
        let at = self.named.iter().position(|(known, _)| &**known == name)?;
        Some(self.named.remove(at).1)
    }

    /// Distributes the arguments over a signature, as Python does; refuses what has no place in it.
    pub fn bind<const N: usize>(&mut self, function: &str, names: [&str; N]) -> Result<[Option<Value>; N], Stop> {
        let given = self.positional.len();
        if given > N {
            let plural = if N == 1 { "" } else { "s" };
            return Err(Stop::of_type(format!(
                "{function}() takes {N} positional argument{plural} but {given} were given"
            )));
        }
        let mut places: [Option<Value>; N] = [const { None }; N];
        for (place, value) in places.iter_mut().zip(self.positional.drain(..)) {
            *place = Some(value);
        }
        for (name, value) in self.named.drain(..) {
            match names.iter().position(|known| *known == &*name) {
                Some(at) if places[at].is_some() => {
                    return Err(Stop::of_type(format!("{function}() got multiple values for argument '{name}'")));
                }
                Some(at) => places[at] = Some(value),
                None => {
                    let error = Stop::of_type(format!("{function}() got an unexpected keyword argument '{name}'"));
                    let near = value::spec::nearest(&name, names);
                    return Err(error.map_error(|error| match near {
                        Some(near) => error.help(format!("did you mean '{near}'?")),
                        None => error,
                    }));
                }
            }
        }
        Ok(places)
    }
}

/// `input` is what stands before `|` or `is`; lookups have none (null), and their terms are positional.
pub struct Call<'c> {
    pub name: &'c str,
    pub input: Value,
    pub arguments: Arguments,
    /// Texts that no message may tell.
    secrets: Vec<Str>,
    evaluation: &'c Evaluation<'c>,
}

impl<'c> Call<'c> {
    pub fn new(name: &'c str, input: Value, arguments: Arguments, evaluation: &'c Evaluation<'c>) -> Self {
        let named = arguments.named.iter().map(|(_, value)| value);
        let values = [&input].into_iter().chain(&arguments.positional).chain(named);
        let secret = |value: &Value| match value {
            Value::Str(text) if text.is_secret() => Some(text.clone()),
            _ => None,
        };
        let secrets: Vec<Str> = values.filter_map(secret).collect();
        for secret in &secrets {
            evaluation.scope().environment().keep_secrets(&Value::Str(secret.clone()));
        }
        Self { name, input, arguments, secrets, evaluation }
    }

    /// The arguments by the names of the signature (without the input): `let [sep, attribute] = call.params(["d", "attribute"])?`.
    /// For signatures with `*args` use `arguments` itself.
    pub fn params<const N: usize>(&mut self, names: [&str; N]) -> Result<[Option<Value>; N], Stop> {
        self.arguments.bind(self.name, names)
    }

    pub fn required(&self, value: Option<Value>, name: &str) -> Result<Value, Stop> {
        value.ok_or_else(|| Stop::of_type(format!("{}() missing 1 required positional argument: '{name}'", self.name)))
    }

    pub fn evaluation(&self) -> &'c Evaluation<'c> {
        self.evaluation
    }
    pub fn scope(&self) -> &'c dyn Scope {
        self.evaluation.scope()
    }
    pub fn environment(&self) -> &'c dyn Environment {
        self.evaluation.scope().environment()
    }

    /// A fault of the input or of an argument, under the name of the filter.
    pub fn fail(&self, message: impl std::fmt::Display) -> Stop {
        let message = message.to_string();
        let tells = self.secrets.iter().any(|secret| shares_letters(secret, &message));
        let message = if tells { "this cannot be done with the value, which is a secret" } else { &message };
        Stop::of_value(format!("{}: {message}", self.name))
    }

    // -- values, as Python takes them --

    /// `str(value)`, with the marks of a string.
    pub fn text(&self, value: &Value) -> Result<Str, Stop> {
        self.evaluation.text(value)
    }

    /// A string, or a fault that names the parameter.
    pub fn string(&self, value: Option<Value>, name: &str, default: &str) -> Result<Str, Stop> {
        match value {
            None => Ok(default.into()),
            Some(Value::Str(text)) => Ok(text),
            Some(other) => Err(self.wrong_type(name, "a string", &other)),
        }
    }

    /// An integer: booleans count, floats with no fraction too.
    pub fn int(&self, value: Option<Value>, name: &str, default: i64) -> Result<i64, Stop> {
        match value {
            None => Ok(default),
            Some(Value::Int(number)) => Ok(number),
            Some(Value::Bool(truth)) => Ok(truth.into()),
            Some(Value::Float(number)) if number.fract() == 0.0 && number.abs() < 9.0e18 => Ok(number as i64),
            Some(other) => Err(self.wrong_type(name, "an integer", &other)),
        }
    }

    /// Whether Python takes it as true.
    pub fn truth(&self, value: Option<Value>, default: bool) -> Result<bool, Stop> {
        value.map_or(Ok(default), |value| self.evaluation.truth(&value))
    }

    pub fn wrong_type(&self, name: &str, wanted: &str, value: &Value) -> Stop {
        Stop::of_type(format!("{}: '{name}' must be {wanted}, not {}", self.name, value.type_name()))
    }

    /// What a loop over the value sees: items of a list, keys of a map, characters of a string; evaluated where they are
    /// templates. Undefined items stay undefined.
    pub fn items(&self, value: &Value) -> Result<Vec<Value>, Stop> {
        self.evaluation.items(value)
    }

    /// `value[key]`, then the attribute of that name; undefined where there is none.
    pub fn item(&self, value: &Value, key: &Value) -> Result<Value, Stop> {
        self.evaluation.item(value, key)
    }

    /// What `attribute='a.b.0'` means for map, sort, groupby ...
    pub fn path(&self, value: &Value, path: &Value) -> Result<Value, Stop> {
        self.evaluation.path(value, path)
    }

    /// A key for a map, or Python's fault about unhashable types.
    pub fn key(&self, value: Value) -> Result<Key, Stop> {
        Key::new(value).map_err(|value| Stop::of_type(format!("unhashable type: '{}'", value.type_name())))
    }

    /// The value as data alone: templates in it evaluated, vaulted texts decrypted, nothing undefined or pending anywhere.
    /// (Inputs and arguments of [`Takes::Settled`](super::Takes) are so already.)
    pub fn settled(&self, value: &Value) -> Result<Value, Stop> {
        self.evaluation.settled(value)
    }

    /// Python's order; a TypeError between types that have none.
    pub fn compare(&self, one: &Value, two: &Value) -> Result<Ordering, Stop> {
        super::eval::operators::compare(one, two, "<")
    }

    /// Sorts as Python's `sorted` does; the first fault of comparison is the result.
    pub fn sort_by_key<T>(&self, items: &mut Vec<T>, key: impl Fn(&T) -> &Value, reverse: bool) -> Result<(), Stop> {
        *items = sorted(std::mem::take(items), &mut |one, two| {
            let order = super::eval::operators::compare(key(one), key(two), "<")?;
            Ok::<_, Stop>(if reverse { order.reverse() } else { order })
        })?;
        Ok(())
    }

    // -- others of our kind --

    pub fn filter(&self, name: &str, input: Value, arguments: Arguments) -> Result<Value, Stop> {
        self.evaluation.filter(name, input, arguments)
    }
    pub fn test(&self, name: &str, input: Value, arguments: Arguments) -> Result<bool, Stop> {
        self.evaluation.test(name, input, arguments)
    }
    /// A macro or another callable.
    pub fn invoke(&self, callable: &Value, arguments: Arguments) -> Result<Value, Stop> {
        self.evaluation.invoke(callable, arguments)
    }
    /// The variable of this name, evaluated; None: nobody defined it.
    pub fn variable(&self, name: &str) -> Result<Option<Value>, Stop> {
        self.evaluation.variable(name)
    }
}

/// Whether the message holds four letters of the secret in a row, or all of a shorter one.
fn shares_letters(secret: &str, message: &str) -> bool {
    let letters: Vec<char> = secret.chars().collect();
    let part = |letters: &[char]| message.contains(&letters.iter().collect::<String>());
    if letters.len() < 4 { !letters.is_empty() && part(&letters) } else { letters.windows(4).any(part) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_find_their_places_or_are_refused() {
        let mut arguments = Arguments { positional: vec![1.into()], named: vec![("b".into(), 2.into())] };
        assert_eq!(arguments.bind("f", ["a", "b", "c"]).unwrap(), [Some(1.into()), Some(2.into()), None]);
        let mut twice = Arguments { positional: vec![1.into()], named: vec![("a".into(), 2.into())] };
        assert!(twice.bind("f", ["a"]).unwrap_err().to_string().contains("multiple values"));
        let mut unknown = Arguments { positional: vec![], named: vec![("attribut".into(), 2.into())] };
        let stop = unknown.bind("f", ["attribute"]).unwrap_err();
        assert_eq!(stop.error().unwrap().get_help(), Some("did you mean 'attribute'?"));
    }
}
