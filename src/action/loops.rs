//! The items of a task's loop, and what each of them brings into the names.
use super::names::Names;
use super::{Halt, keyword, result};
use crate::engine::message::Outcome;
use crate::playbook::model::{Loop, LoopControl, LoopSource, Task};
use crate::world::lookups::SUBFOLDER;
use std::sync::Arc;
use value::{Map, Span, Str, Value};

pub enum Looped {
    /// The task has no loop.
    Single,
    /// A list without items, or one that need not be known because the task is skipped.
    Skipped(Outcome),
    Items(Vec<LoopItem>, Control),
}

/// One turn of a loop.
pub struct LoopItem {
    /// The item's names: `item`, `ansible_loop` ...
    pub vars: Arc<Map>,
    pub item: Value,
}

/// `loop_control`, evaluated; what speaks of an item stays as it was written.
pub struct Control {
    pub label: Option<Value>,
    pub break_when: Vec<Value>,
    pub pause: f64,
}

impl Control {
    pub fn of(control: &LoopControl, pause: f64) -> Self {
        Self { label: control.label.clone(), break_when: control.break_when.clone(), pause }
    }
}

/// Whether conditions or arguments speak of this name. What lies behind other variables is not seen.
pub fn speaks_of(task: &Task, conditions: &[&Value], name: &str) -> bool {
    conditions.iter().any(|condition| mentions(condition, name))
        || task.args.map.values().chain(&task.args.template).any(|value| mentions(value, name))
        || task.args.free_form.as_ref().is_some_and(|text| is_word_in(name, text))
        || task.keywords.vars.iter().flat_map(|vars| vars.values()).any(|value| mentions(value, name))
        || task.keywords.environment.iter().any(|value| mentions(value, name))
}

fn mentions(value: &Value, name: &str) -> bool {
    match value {
        Value::Str(text) => is_word_in(name, text),
        Value::List(items) | Value::Tuple(items) => items.iter().any(|item| mentions(item, name)),
        Value::Map(map) => map.values().any(|value| mentions(value, name)),
        _ => false,
    }
}

fn is_word_in(name: &str, text: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(name)
        .any(|(at, _)| !part(text[..at].chars().next_back()) && !part(text[at + name.len()..].chars().next()))
}

pub fn items(task: &Task, conditions: &[&Value], names: &Names) -> Result<Looped, Halt> {
    let Some(looped) = &task.looped else { return Ok(Looped::Single) };
    let list = match list(task, looped, names) {
        Ok(list) => list,
        // A loop over what is not defined does no harm to a task that is skipped anyway.
        Err(halt @ Halt::Failed(_)) => {
            return match names.first_false(conditions.iter().copied()) {
                Ok(Some(condition)) => Ok(Looped::Skipped(result::skipped(condition.clone()))),
                Err(pending @ (Halt::Pending(_) | Halt::Fence)) => Err(pending),
                _ => Err(halt),
            };
        }
        Err(halt) => return Err(halt),
    };
    if list.is_empty() {
        let fields = [("skipped_reason", Value::from("No items in the list")), ("results", Value::list([]))];
        return Ok(Looped::Skipped(result::skipped_with(fields)));
    }
    let (items, control) = turns(&looped.control, list, names)?;
    Ok(Looped::Items(items, control))
}

fn list(task: &Task, looped: &Loop, names: &Names) -> Result<Vec<Value>, Halt> {
    match &looped.source {
        LoopSource::List(written) => {
            let value = names.value(written).map_err(|halt| halt.at(written.origin().or(Some(looped.span))))?;
            match value.as_list() {
                Some(items) => Ok(items.to_vec()),
                None => Err(not_a_list(&value, written.origin().or(Some(looped.span)))),
            }
        }
        LoopSource::With { lookup, terms } => with(task, lookup, terms, looped.span, names),
    }
}

fn not_a_list(value: &Value, span: Option<Span>) -> Halt {
    Halt::refused(format!("The `loop` value must resolve to a 'list', not '{}'.", value.type_name()))
        .at(span)
        .help("provide a list of items or templates, or a template that gives a list")
}

/// `with_NAME`: what the lookup gives for its terms.
fn with(task: &Task, lookup: &str, terms: &Value, span: Span, names: &Names) -> Result<Vec<Value>, Halt> {
    let place = terms.origin().or(Some(span));
    let terms = names.value(terms).map_err(|halt| halt.at(place))?;
    let terms = if terms.is_null() { Value::list([]) } else { terms };
    let words = if terms.as_list().is_some() { "*terms" } else { "terms" };
    let options = match lookup.rsplit('.').next() {
        Some("first_found") => format!(", {SUBFOLDER}='{}'", subfolder(&task.action.written)),
        _ => String::new(),
    };
    let expression = Str::trusted(format!("query('{lookup}', {words}{options})"), place);
    let names = names.with([("terms".to_string(), terms)]);
    match names.expression(&expression).map_err(|halt| halt.at(place))? {
        Value::List(items) => Ok(Arc::unwrap_or_clone(items)),
        other => Err(not_a_list(&other, place)),
    }
}

/// Where the files of such a task lie. As in Ansible, its module's name tells it.
fn subfolder(module: &str) -> &'static str {
    match module {
        module if module.contains("template") => "templates",
        module if module.contains("var") => "vars",
        _ => "files",
    }
}

fn turns(control: &LoopControl, list: Vec<Value>, names: &Names) -> Result<(Vec<LoopItem>, Control), Halt> {
    let loop_var = keyword::text(names, "loop_var", control.loop_var.as_ref())?.unwrap_or_else(|| "item".into());
    let index_var = keyword::text(names, "index_var", control.index_var.as_ref())?;
    let extended = keyword::truth(names, "extended", control.extended.as_ref())?.unwrap_or(false);
    let allitems = keyword::truth(names, "extended_allitems", control.extended_allitems.as_ref())?.unwrap_or(true);
    let pause = keyword::number(names, "pause", control.pause.as_ref())?.unwrap_or(0.0);
    let all = Value::list(list.iter().cloned());
    let turn = |(index, item): (usize, &Value)| {
        let mut vars = Map::new();
        vars.insert(loop_var.as_str(), item.clone());
        vars.insert("ansible_loop_var", loop_var.as_str());
        if let Some(index_var) = &index_var {
            vars.insert(index_var.as_str(), index);
            vars.insert("ansible_index_var", index_var.as_str());
        }
        if extended {
            vars.insert("ansible_loop", position(&list, index, allitems.then(|| all.clone())));
        }
        LoopItem { vars: Arc::new(vars), item: item.clone() }
    };
    let items = list.iter().enumerate().map(turn).collect();
    Ok((items, Control::of(control, pause)))
}

/// `ansible_loop`.
fn position(list: &[Value], index: usize, all: Option<Value>) -> Map {
    let mut position = Map::new();
    position.extend(all.map(|all| ("allitems", all)));
    position.insert("first", index == 0);
    position.insert("index", index + 1);
    position.insert("index0", index);
    position.insert("last", index + 1 == list.len());
    position.insert("length", list.len());
    position.insert("revindex", list.len() - index);
    position.insert("revindex0", list.len() - index - 1);
    position.extend(list.get(index + 1).map(|next| ("nextitem", next.clone())));
    position.extend(index.checked_sub(1).and_then(|before| list.get(before)).map(|item| ("previtem", item.clone())));
    position
}

/// What stands in `(item=...)`.
pub fn label(item: &LoopItem, control: &Control, names: &Names) -> Result<String, Halt> {
    match &control.label {
        None => Ok(item.item.to_text()),
        Some(Value::Str(label)) => names.banner(label),
        Some(other) => names.text(other),
    }
}
