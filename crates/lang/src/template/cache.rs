//! Texts that were compiled, so that each is compiled once, whichever thread asks for it.
use super::compile::Program;
use super::syntax::Syntax;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, RwLock};

/// More texts than any project has; a run that makes new ones without end (a template made in a loop) starts over here.
const LIMIT: usize = 50_000;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    Template,
    Expression,
}

type Table = HashMap<Arc<str>, Arc<Program>>;

/// One table for each form of Ansible's own two syntaxes; other syntaxes are rare and compiled when they are met.
static TABLES: LazyLock<[RwLock<Table>; 4]> = LazyLock::new(Default::default);

fn table(form: Form, syntax: &Syntax) -> Option<&'static RwLock<Table>> {
    let of_form = usize::from(form == Form::Expression);
    match syntax {
        syntax if *syntax == Syntax::PLAYBOOK => Some(&TABLES[of_form]),
        syntax if *syntax == Syntax::FILE => Some(&TABLES[2 + of_form]),
        _ => None,
    }
}

pub fn get<E>(
    form: Form,
    text: &str,
    syntax: &Syntax,
    compile: impl FnOnce() -> Result<Program, E>,
) -> Result<Arc<Program>, E> {
    let Some(table) = table(form, syntax) else { return compile().map(Arc::new) };
    if let Some(program) = table.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(text) {
        return Ok(program.clone());
    }
    let program = Arc::new(compile()?);
    let mut table = table.write().unwrap_or_else(|poisoned| poisoned.into_inner());
    if table.len() >= LIMIT {
        table.clear();
    }
    table.insert(text.into(), program.clone());
    Ok(program)
}
