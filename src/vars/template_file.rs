//! The arguments that set a template file's syntax, whether the module `template` writes it or the lookup evaluates it.
use lang::template::Syntax;
use value::Value;
use value::spec::to_bool;

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
