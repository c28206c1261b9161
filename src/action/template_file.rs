//! What template files have in common, whether the module `template` writes them or the lookup evaluates them: the names that tell of the
//! file itself, and the arguments that set its syntax.
use super::world::Surroundings;
use lang::template::Syntax;
use std::path::Path;
use value::Value;
use value::spec::to_bool;

/// What a template knows of itself. The lookup's has no destination.
pub fn names(surroundings: &dyn Surroundings, asked: &str, path: &Path, dest: Option<&str>) -> Vec<(String, Value)> {
    let mut names = vec![
        ("template_host".to_string(), Value::from(surroundings.host_name())),
        ("template_path".into(), asked.into()),
        ("template_fullpath".into(), path.display().to_string().into()),
        ("template_destpath".into(), dest.into()),
        ("template_run_date".into(), Value::DateTime(surroundings.local_time(surroundings.now()))),
    ];
    if let Some(state) = surroundings.file_state(path) {
        names.push(("template_uid".into(), surroundings.user_name(state.uid).into()));
        names.push(("template_mtime".into(), Value::DateTime(surroundings.local_time(state.modified))));
    }
    names
}

/// A file's syntax, as far as arguments set it.
pub fn syntax<'a>(argument: &dyn Fn(&str) -> Option<&'a Value>) -> Syntax {
    let mut syntax = Syntax::FILE;
    let text = |name: &str| argument(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_string);
    let marks = [
        (&mut syntax.block.start, "block_start_string"),
        (&mut syntax.block.end, "block_end_string"),
        (&mut syntax.variable.start, "variable_start_string"),
        (&mut syntax.variable.end, "variable_end_string"),
        (&mut syntax.comment.start, "comment_start_string"),
        (&mut syntax.comment.end, "comment_end_string"),
        (&mut syntax.newline, "newline_sequence"),
    ];
    for (mark, name) in marks {
        if let Some(text) = text(name) {
            *mark = text.into();
        }
    }
    let truth = |name: &str, default: bool| argument(name).map_or(default, |value| to_bool(value).unwrap_or(default));
    syntax.trim_blocks = truth("trim_blocks", true);
    syntax.lstrip_blocks = truth("lstrip_blocks", false);
    syntax
}
