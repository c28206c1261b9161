//! `-e`: variables of the command line, as `name=value` words, as YAML or JSON, or from a file.
use crate::playbook::split_arguments;
use crate::world::loader::Loader;
use lang::yaml;
use std::path::Path;
use std::sync::Arc;
use value::{Diagnostic, Map, Str, Value};

/// All of them together; what stands later overrides what stands before.
pub fn extra_vars(words: &[String], loader: &Loader) -> Result<Map, Vec<Diagnostic>> {
    let mut all = Map::new();
    for word in words {
        all.extend(one(word, loader)?);
    }
    Ok(all)
}

fn one(word: &str, loader: &Loader) -> Result<Map, Vec<Diagnostic>> {
    if let Some(path) = word.strip_prefix('@') {
        let path = loader.files.absolute(Path::new(""), path);
        return loader.variables(&path, None).map(Arc::unwrap_or_clone);
    }
    let source = loader.sources.add("<extra vars>", word);
    if word.trim_start().starts_with(['{', '[', '/']) {
        let node = yaml::parse_one(word, source, &mut Vec::new())?;
        return match node.map(|node| (node.to_value(true), node)) {
            Some((Value::Map(map), _)) => Ok(Arc::unwrap_or_clone(map)),
            Some((_, node)) => {
                let message = format!("extra variables are a mapping, and this is {}", node.type_name());
                Err(vec![Diagnostic::error("extra-vars", message).at(node.span)])
            }
            None => Ok(Map::new()),
        };
    }
    let line = Str::trusted(word, Some(value::Span::new(source, 1, 1, word.chars().count() as u32)));
    let (map, rest) = split_arguments(&line, false).map_err(|unbalanced| {
        let message = format!("`{}` is opened in the extra variables and never closed", unbalanced.what);
        vec![Diagnostic::error("extra-vars", message).at(line.origin())]
    })?;
    match rest {
        None => Ok(map),
        Some(rest) => {
            let error = Diagnostic::error("extra-vars", format!("`{rest}` is no extra variable")).at(line.origin());
            Err(vec![error.help("write `name=value`, a mapping in YAML or JSON, or `@file`")])
        }
    }
}
