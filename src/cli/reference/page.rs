//! A module's page, for the terminal and as data.
use super::{Entry, paragraphs};
use lang::yaml::write::{Layout, write};
use target::module::Example;
use value::spec::{Arg, Kind, Rule, Spec};
use value::{Json, Map, Value, json_text};

/// The page as lines no wider than `columns`.
pub fn text(entry: &Entry, columns: usize) -> String {
    let columns = columns.clamp(40, 100);
    let mut out = format!("{}\n", entry.full_name());
    if !entry.aliases.is_empty() {
        out += &format!("also called {}\n", entry.aliases.join(", "));
    }
    for paragraph in entry.description().into_iter().chain(notes(entry)) {
        out += &format!("\n{}", wrapped(&paragraph, "  ", columns));
    }
    if let Some(spec) = entry.spec {
        if spec.args.iter().any(is_public) {
            out += "\nARGUMENTS\n";
            out += &arguments(&spec, 1, columns);
        }
        let rules = rules(&spec);
        if !rules.is_empty() {
            out += "\nRULES\n";
            out.extend(rules.iter().map(|rule| wrapped(rule, "  ", columns)));
        }
    }
    if !entry.examples.is_empty() {
        out += "\nEXAMPLES\n";
        out += &indented(&examples(entry), "  ");
    }
    out
}

/// What the table does not say in words.
pub fn notes(entry: &Entry) -> Vec<String> {
    let mut notes = Vec::new();
    if entry.controller {
        notes.push("Works on the controller; nothing happens on the host.".to_string());
    }
    if entry.repeats {
        notes.push(
            "Acts on every run, so its task reports a change each time unless `changed_when` says otherwise.".into(),
        );
    }
    notes
}

fn arguments(spec: &Spec, depth: usize, columns: usize) -> String {
    let pad = "  ".repeat(depth);
    let mut out = String::new();
    for arg in spec.args.iter().filter(|arg| is_public(arg)) {
        out += &format!("{pad}{}  ({})\n", arg.name, facts(arg).join(", "));
        for paragraph in paragraphs(arg.doc) {
            out += &wrapped(&paragraph, &format!("{pad}    "), columns);
        }
        if let Some(options) = arg.options {
            out += &arguments(options, depth + 2, columns);
        }
    }
    out
}

/// Type, whether it is required, default, choices, other names.
pub fn facts(arg: &Arg) -> Vec<String> {
    let mut facts = vec![type_name(arg)];
    if arg.required {
        facts.push("required".into());
    }
    if let Some(default) = arg.default {
        facts.push(format!("default {}", shown_default(arg, default)));
    }
    if !arg.choices.is_empty() {
        facts.push(format!("one of {}", arg.choices.join(" | ")));
    }
    if !arg.aliases.is_empty() {
        facts.push(format!("also {}", arg.aliases.join(", ")));
    }
    if arg.secret {
        facts.push("never shown".into());
    }
    facts
}

pub fn type_name(arg: &Arg) -> String {
    match arg.elements {
        Some(elements) => format!("list of {}", elements.name()),
        None => arg.kind.name().to_string(),
    }
}

fn shown_default(arg: &Arg, default: &str) -> String {
    match (arg.kind, default) {
        (Kind::Bool, "yes" | "true") => "true".into(),
        (Kind::Bool, "no" | "false") => "false".into(),
        (_, "") => "\"\"".into(),
        (_, default) => default.to_string(),
    }
}

/// What arguments demand of each other, in words.
pub fn rules(spec: &Spec) -> Vec<String> {
    let names = |names: &[&str]| names.join(", ");
    let words = spec.rules.iter().map(|rule| match rule {
        Rule::MutuallyExclusive(args) => format!("Only one of: {}", names(args)),
        Rule::RequiredOneOf(args) => format!("At least one of: {}", names(args)),
        Rule::RequiredTogether(args) => format!("All or none of: {}", names(args)),
        Rule::RequiredIf { arg, is, needs, any: true } => format!("{arg}={is} needs one of: {}", names(needs)),
        Rule::RequiredIf { arg, is, needs, any: false } => format!("{arg}={is} needs: {}", names(needs)),
        Rule::RequiredBy { arg, needs } => format!("{arg} needs: {}", names(needs)),
    });
    words.collect()
}

pub fn is_public(arg: &Arg) -> bool {
    !arg.name.starts_with('_')
}

/// The examples as tasks.
pub fn examples(entry: &Entry) -> String {
    let tasks = entry.examples.iter().map(|example| {
        let mut args = entry.spec.map(|spec| typed(&spec, example)).unwrap_or_default();
        let lines = with_marks(&mut args);
        let task =
            Value::map([("name".to_string(), Value::from(example.title)), (entry.full_name(), Value::from(args))]);
        (task, lines)
    });
    let layout = Layout { flow: Some(false), sort_keys: false, ..Layout::default() };
    let written = tasks.filter_map(|(task, lines)| {
        // Texts, numbers and lists of them always have a form.
        let text = write(&Value::list([task]), &layout).ok()?;
        Some(lines.iter().fold(text, |text, (mark, line)| text.replace(mark, &json_text(line, Json::COMPACT))))
    });
    written.collect::<Vec<_>>().join("\n")
}

/// Texts with line ends give way to marks: people write them as `"text\n"`, the writer over several lines.
fn with_marks(args: &mut Map) -> Vec<(String, Value)> {
    let has_lines = |value: &Value| value.as_str().is_some_and(|text| text.contains('\n'));
    let lines: Vec<_> =
        args.iter().filter(|(_, value)| has_lines(value)).map(|(k, v)| (k.clone(), v.clone())).collect();
    let marked = lines.into_iter().enumerate().map(|(number, (key, value))| {
        let mark = format!("text-with-lines-{number}");
        args.insert(key, mark.as_str());
        (mark, value)
    });
    marked.collect()
}

/// An example's words with the types that the table gives them.
fn typed(spec: &Spec, example: &Example) -> Map {
    example
        .args
        .iter()
        .map(|(name, word)| (*name, spec.arg(name).map_or(Value::from(*word), |arg| one(arg, word))))
        .collect()
}

fn one(arg: &Arg, word: &str) -> Value {
    match arg.kind {
        Kind::Bool => value::spec::to_bool(&word.into()).map_or_else(|_| word.into(), Value::from),
        Kind::Int => word.parse::<i64>().map_or_else(|_| word.into(), Value::from),
        Kind::List => Value::list(word.split(',').map(|item| item.trim().into())),
        _ => word.into(),
    }
}

/// The page as data, in the shape in which other tools know it.
pub fn data(entry: &Entry) -> Value {
    let spec = entry.spec;
    let mut doc = Map::new();
    doc.insert("module", entry.name);
    doc.insert("collection", entry.collection);
    doc.insert("aliases", Value::list(entry.aliases.iter().map(|alias| (*alias).into())));
    doc.insert("short_description", entry.summary());
    let description = entry.description().into_iter().chain(notes(entry));
    doc.insert("description", Value::list(description.map(Value::from)));
    doc.insert("options", spec.map_or_else(Map::new, |spec| options(&spec)));
    doc.insert("rules", Value::list(spec.map(|spec| rules(&spec)).unwrap_or_default().into_iter().map(Value::from)));
    Value::map([("doc", Value::from(doc)), ("examples", examples(entry).into())])
}

fn options(spec: &Spec) -> Map {
    let public = spec.args.iter().filter(|arg| is_public(arg));
    public.map(|arg| (arg.name, option(arg))).collect()
}

fn option(arg: &Arg) -> Value {
    let list = |words: &[&str]| Value::list(words.iter().map(|word| (*word).into()));
    let mut map = Map::new();
    map.insert("type", arg.kind.name());
    if let Some(elements) = arg.elements {
        map.insert("elements", elements.name());
    }
    map.insert("description", Value::list(paragraphs(arg.doc).into_iter().map(Value::from)));
    map.insert("required", arg.required);
    if let Some(default) = arg.default {
        map.insert("default", one(arg, default));
    }
    for (name, words) in [("choices", arg.choices), ("aliases", arg.aliases)] {
        if !words.is_empty() {
            map.insert(name, list(words));
        }
    }
    if let Some(inner) = arg.options {
        map.insert("suboptions", options(inner));
    }
    map.into()
}

/// Words in lines of at most `columns`, each behind `pad`.
pub fn wrapped(text: &str, pad: &str, columns: usize) -> String {
    let (mut out, mut line) = (String::new(), String::new());
    for word in text.split_whitespace() {
        if !line.is_empty() && pad.len() + line.chars().count() + 1 + word.chars().count() > columns {
            out += &format!("{pad}{line}\n");
            line.clear();
        }
        line += if line.is_empty() { "" } else { " " };
        line += word;
    }
    out + &format!("{pad}{line}\n")
}

fn indented(text: &str, pad: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".into() } else { format!("{pad}{line}\n") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_types_defaults_choices_and_examples() {
        let command = super::super::find("command").unwrap();
        let page = text(command, 80);
        for part in
            ["ansible.builtin.command\n", "  argv  (list of str)", "default true", "Only one of: cmd, argv", "- name:"]
        {
            assert!(page.contains(part), "{part}\n{page}");
        }
        assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
        let data = data(command);
        let options = data.get("doc").unwrap().get("options").unwrap();
        assert_eq!(options.get("stdin_add_newline").unwrap().get("default"), Some(&Value::Bool(true)));
    }

    #[test]
    fn long_words_stand_alone() {
        assert_eq!(wrapped("aa bb cccccccc d", "  ", 8), "  aa bb\n  cccccccc\n  d\n");
    }
}
