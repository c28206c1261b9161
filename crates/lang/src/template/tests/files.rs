//! Tests over paths of the controller, asked of the environment.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::TestEntry;
use super::super::scope::FileTest;
use super::{items, settled};
use value::{Str, Value};

pub static TABLE: &[TestEntry] = &[
    settled("abs", is_abs),
    settled("is_abs", is_abs),
    settled("exists", |call| ask(call, FileTest::Exists)),
    settled("file", |call| ask(call, FileTest::File)),
    settled("is_file", |call| ask(call, FileTest::File)),
    settled("directory", |call| ask(call, FileTest::Directory)),
    settled("is_dir", |call| ask(call, FileTest::Directory)),
    settled("link", |call| ask(call, FileTest::Link)),
    settled("is_link", |call| ask(call, FileTest::Link)),
    settled("link_exists", |call| ask(call, FileTest::LinkExists)),
    settled("mount", |call| ask(call, FileTest::Mount)),
    settled("is_mount", |call| ask(call, FileTest::Mount)),
    settled("same_file", same_file),
    settled("is_same_file", same_file),
    items("vaulted_file", vaulted_file),
];

fn path(call: &Call, value: &Value) -> Result<Str, Stop> {
    match value {
        Value::Str(text) => Ok(text.clone()),
        other => Err(call.wrong_type("path", "a string", other)),
    }
}

fn is_abs(call: &mut Call) -> Result<bool, Stop> {
    let [] = call.params([])?;
    Ok(path(call, &call.input)?.starts_with('/'))
}

fn ask(call: &mut Call, test: FileTest) -> Result<bool, Stop> {
    let [] = call.params([])?;
    let path = path(call, &call.input)?;
    call.evaluation().note_impure();
    call.environment().file_test(test, &path, None)
}

fn same_file(call: &mut Call) -> Result<bool, Stop> {
    let [other] = call.params(["path"])?;
    let other = call.required(other, "path")?;
    let (one, two) = (path(call, &call.input)?, path(call, &other)?);
    call.evaluation().note_impure();
    call.environment().file_test(FileTest::Same, &one, Some(&two))
}

/// Whether the file at this path is a vault's.
fn vaulted_file(call: &mut Call) -> Result<bool, Stop> {
    let [] = call.params([])?;
    let path = path(call, &call.input)?;
    call.evaluation().note_impure();
    let found = call.environment().path_filter("is_vaulted_file", &path, &Default::default())?;
    Ok(found.is_true())
}
