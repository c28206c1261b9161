//! From what stands in a task to values: whole structures, texts, and conditions.
use super::error::Stop;
use super::eval::Evaluation;
use super::scope::Scope;
use value::{Str, Value};

/// Whether the text may be a template: whether it holds one of the opening marks of playbooks.
pub fn is_template(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(2).any(|pair| pair[0] == b'{' && matches!(pair[1], b'{' | b'%' | b'#'))
}

/// Evaluates every trusted string of a structure, deeply. A list or map loses the entries that are `omit`; an `omit` that is
/// the whole value comes back, and the caller drops what it stood for. Keys of maps stay as they are.
pub fn render_value(value: &Value, scope: &dyn Scope) -> Result<Value, Stop> {
    Evaluation::new(scope).settled(value)
}

/// The same, as a string.
pub fn render_text(value: &Value, scope: &dyn Scope) -> Result<Str, Stop> {
    let evaluation = Evaluation::new(scope);
    evaluation.text(&evaluation.settled(value)?)
}

/// One entry of `when`, `failed_when`, `until` ...: a boolean, or a bare expression that must give one.
pub fn condition(value: &Value, scope: &dyn Scope) -> Result<bool, Stop> {
    Evaluation::new(scope).truth(&render_value(value, scope)?)
}
