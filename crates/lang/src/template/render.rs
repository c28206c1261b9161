//! From what stands in a task to values: whole structures, texts, and conditions.
use super::compile::Expression;
use super::error::{Error, Kind, Stop};
use super::eval::Evaluation;
use super::scope::Scope;
use value::{Diagnostic, Str, Value};

/// Whether the text may be a template: whether it holds one of the opening marks of playbooks.
pub fn is_template(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(found) = bytes[from..].iter().position(|byte| *byte == b'{') {
        from += found + 1;
        if let Some(b'{' | b'%' | b'#') = bytes.get(from) {
            return true;
        }
    }
    false
}

/// Evaluates every trusted string of a structure, deeply. A list or map loses the entries that are `omit`; an `omit` that is
/// the whole value comes back, and the caller drops what it stood for. Keys of maps stay as they are.
pub fn render_value(value: &Value, scope: &dyn Scope) -> Result<Value, Stop> {
    let evaluation = Evaluation::new(scope);
    let value = evaluation.resolve(value.clone())?;
    evaluation.finished(value)
}

/// The same, as a string.
pub fn render_text(value: &Value, scope: &dyn Scope) -> Result<Str, Stop> {
    let evaluation = Evaluation::new(scope);
    let value = evaluation.resolve(value.clone())?;
    evaluation.printed(&evaluation.finished(value)?)
}

/// One entry of `when`, `failed_when`, `until` ...: a boolean, or a bare expression that must give one. A text that is a
/// template as a whole is evaluated first, and what it gives is the condition.
pub fn condition(value: &Value, scope: &dyn Scope) -> Result<bool, Stop> {
    let evaluation = Evaluation::new(scope);
    let lenient = scope.environment().allow_broken_conditionals();
    let mut value = value.clone();
    let mut evaluated = false;
    if let Value::Str(text) = &value
        && text.is_trusted()
        && is_whole_template(text)
        && !(lenient && text.matches("{{").count() > 1)
    {
        value = evaluation.resolve(value)?;
        evaluated = true;
    }
    match &value {
        Value::Bool(truth) => Ok(*truth),
        Value::Undefined(undefined) => Err(evaluation.undefined(undefined)),
        Value::Null if lenient => Ok(true),
        Value::Null => Err(broken("Empty conditional expressions are not allowed.")),
        Value::Omit => Err(broken("A template was resolved to an Omit scalar.")),
        Value::Str(text) if text.trim().is_empty() && lenient => Ok(true),
        Value::Str(text) if text.trim().is_empty() => {
            Err(broken("Empty conditional expressions are not allowed.").at(text.origin()))
        }
        Value::Str(text) if !text.is_trusted() => {
            Err(broken("Encountered untrusted template or expression.").at(text.origin()))
        }
        Value::Str(text) => expression(text, &evaluation, lenient),
        other if lenient => evaluation.truth(other),
        other if evaluated => Err(broken(not_boolean(other, evaluation.truth(other)?))),
        _ => Err(broken("Conditional expressions must be strings.")),
    }
}

fn broken(message: impl Into<String>) -> Stop {
    Stop::new(Kind::Conditional, message)
}

/// From its first mark to its last one.
fn is_whole_template(text: &str) -> bool {
    let text = text.trim();
    (text.starts_with("{{") || text.starts_with("{%")) && (text.ends_with("}}") || text.ends_with("%}"))
}

fn expression(text: &Str, evaluation: &Evaluation, lenient: bool) -> Result<bool, Stop> {
    let compile = |text: &str, origin| Expression::compile(text, origin);
    let compiled = match compile(text, text.origin()) {
        Ok(compiled) => compiled,
        Err(mut errors) if !is_template(text) => return Err(errors.swap_remove(0).into()),
        Err(mut errors) => {
            let rewritten = without_marks(text);
            match rewritten.as_ref().map(|rewritten| compile(rewritten, None)) {
                Some(Ok(compiled)) if lenient => {
                    let warning = Diagnostic::warning("conditional", "a condition is an expression already");
                    let help = format!("write it without marks: {}", rewritten.unwrap_or_default());
                    evaluation.scope().environment().warn(warning.at(text.origin()).help(help));
                    compiled
                }
                Some(Ok(_)) => {
                    let help = format!("write it without marks: {}", rewritten.unwrap_or_default());
                    return Err(errors.swap_remove(0).help(help).into());
                }
                _ => return Err(errors.swap_remove(0).into()),
            }
        }
    };
    let value = compiled.evaluate_in(evaluation)?;
    match &value {
        Value::Bool(truth) => Ok(*truth),
        Value::Undefined(undefined) => Err(evaluation.undefined(undefined).at(text.origin())),
        Value::Omit => Err(broken("A template was resolved to an Omit scalar.").at(text.origin())),
        other => {
            let truth = evaluation.truth(other)?;
            let message = not_boolean(other, truth);
            if lenient {
                let warning = Diagnostic::warning("conditional", message).at(text.origin());
                evaluation.scope().environment().warn(warning);
                return Ok(truth);
            }
            let error = Error::new(Kind::Conditional, message).at(text.origin());
            Err(error.help(advice(text, other)).into())
        }
    }
}

/// `a == {{ b }}` and `a == '{{ b }}'` as the expressions that they mean: `a == (b)`.
fn without_marks(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, inner)) = rest.split_once("{{") {
        let (inner, after) = inner.split_once("}}")?;
        let inner = inner.trim_start_matches('-').trim_end_matches('-').trim();
        let quote = before.chars().last().filter(|quote| matches!(quote, '\'' | '"') && after.starts_with(*quote));
        let (before, after) = match quote {
            Some(_) => (&before[..before.len() - 1], &after[1..]),
            None => (before, after),
        };
        out.push_str(before);
        if inner.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.')) {
            out.push_str(inner);
        } else {
            out.extend(["(", inner, ")"]);
        }
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

fn not_boolean(value: &Value, truth: bool) -> String {
    let truth = if truth { "True" } else { "False" };
    format!(
        "Conditional result ({truth}) was derived from value of type '{}'. Conditionals must have a boolean result.",
        value.type_name()
    )
}

/// How the condition can be said so that it is a boolean.
fn advice(text: &str, value: &Value) -> String {
    let text = text.trim();
    match value {
        Value::Str(_) => format!("say `{text} | bool` for words such as yes and no, or `{text} | length > 0`"),
        Value::List(_) | Value::Map(_) | Value::Tuple(_) => format!("say `{text} | length > 0`"),
        Value::Null => format!("say `{text} is not none`"),
        _ => format!("say `{text} | bool`"),
    }
}
