//! `template`: a template file, evaluated for a host and written there as `copy` writes.
use super::super::instance::{Action, Call, Finish, Instance, Step};
use super::super::names::TemplateFile;
use super::super::{Halt, arguments, search, template_names};
use super::transfer;
use crate::engine::message::{Effect, Outcome};
use crate::vars::template_file;
use std::path::Path;
use value::spec::{Args as _, Spec};
use value::{Map, Span, Str, Value};

target::file_args! {
    /// Writes a file from a template.
    pub struct Args {
        /// The template: a path, or a name in the role's `templates`.
        src: String,
        /// Where to write it.
        dest: String,
        /// Keep a copy of the file as it was.
        backup: bool { default("no") },
        /// Whether a file that is there and differs is replaced.
        force: bool { default("yes") },
        /// Whether a link at the destination is followed.
        follow: bool { default("no") },
        /// What ends a line.
        newline_sequence: String { default("\n"), choices(&["\n", "\r", "\r\n"]) },
        /// What begins a block.
        block_start_string: Option<String>,
        /// What ends a block.
        block_end_string: Option<String>,
        /// What begins an expression.
        variable_start_string: Option<String>,
        /// What ends an expression.
        variable_end_string: Option<String>,
        /// What begins a comment.
        comment_start_string: Option<String>,
        /// What ends a comment.
        comment_end_string: Option<String>,
        /// Whether the line break after a block is dropped.
        trim_blocks: bool { default("yes") },
        /// Whether white space before a block is dropped.
        lstrip_blocks: bool { default("no") },
        /// The encoding of the file that is written.
        output_encoding: String { default("utf-8") },
        /// A program that must accept the file before it takes its place; `%s` is the file.
        validate: Option<String>,
    }
}

pub struct Template;

impl Action for Template {
    fn modules(&self) -> &'static [&'static str] {
        &["template"]
    }

    fn spec(&self) -> Option<Spec<'static>> {
        Some(Args::SPEC)
    }

    fn spoken_as(&self) -> Option<&'static str> {
        Some("ansible.legacy.template")
    }

    fn prepare(&self, instance: &Instance) -> Result<Step, Halt> {
        let given = known(instance)?;
        let text = |name: &str| given.get(name).map(Value::to_text).filter(|text| !text.is_empty());
        let (Some(src), Some(dest)) = (text("src"), text("dest")) else {
            return Err(Halt::refused("src and dest are required"));
        };
        if given.contains("state") {
            return Err(Halt::refused("'state' cannot be specified on a template"));
        }
        let args = arguments::check_with(&Args::SPEC, "ansible.legacy.template", instance.task(), &given)?;
        let path = search::find(instance.asking, "templates", &src, instance.raw.get("src").and_then(Value::origin))?;
        let content = rendered(instance, &args, &src, &path, &dest)?;
        let mut copy = for_copy(&args);
        if given.get("mode").and_then(Value::as_str) == Some("preserve") {
            let state = instance.world().surroundings.file_state(&path);
            copy.insert("mode", format!("{:04o}", state.map_or(0o644, |state| state.mode & 0o7777)));
        }
        copy.insert("content", transfer::text(instance, encoded(content, &args)?)?);
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        copy.insert("_original_basename", name);
        Ok(Step::Call(Call { notes: path.display().to_string().into(), ..Call::new("copy", copy) }))
    }

    fn finish(&self, finish: &Finish, outcome: Outcome) -> Result<(Outcome, Vec<Effect>), Halt> {
        Ok((transfer::from_here(finish, outcome), Vec::new()))
    }
}

/// Ansible passes over arguments that a template does not have, and real playbooks have such: they are told, and left out.
fn known(instance: &Instance) -> Result<Map, Halt> {
    let mut given = instance.arguments()?.clone();
    given.retain(|key, _| {
        let name = key.as_str().unwrap_or_default();
        let known = name == "state" || Args::SPEC.arg(name).is_some();
        if !known {
            let place = key.as_text().and_then(|text| text.origin()).or(Some(instance.task().span));
            instance.world().surroundings.warn(&format!("`template` has no argument '{name}'"), place);
        }
        known
    });
    // `\n` is a word of two letters where it came from a plain scalar.
    if let Some(Value::Str(newline)) = given.get("newline_sequence") {
        let plain = newline.replace("\\n", "\n").replace("\\r", "\r");
        given.insert("newline_sequence", plain);
    }
    Ok(given)
}

fn rendered(instance: &Instance, args: &Map, src: &str, path: &Path, dest: &str) -> Result<Str, Halt> {
    let bytes = transfer::read(instance, path, true)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Halt::refused(format!("the template '{}' is not UTF-8", path.display())))?;
    let mut vars = template_names(instance.world().surroundings, src, path, Some(dest));
    if instance.names.get("ansible_managed")?.is_none() {
        vars.push(("ansible_managed".into(), instance.world().settings.ansible_managed.as_str().into()));
    }
    let names = instance.names.with(vars);
    let folders = search::template_folders(instance.asking, path);
    let file = TemplateFile { path, text: &text, syntax: template_file::syntax(&|name| args.get(name)), folders };
    names.template(&file, instance.world())
}

fn encoded(content: Str, args: &Map) -> Result<Value, Halt> {
    let encoding = args.get("output_encoding").map(Value::to_text).unwrap_or_default().to_lowercase().replace('_', "-");
    let narrow = |most: u32| {
        let bytes: Option<Vec<u8>> = content
            .chars()
            .map(|letter| u8::try_from(u32::from(letter)).ok().filter(|_| u32::from(letter) <= most))
            .collect();
        let refused = || Halt::refused(format!("the text has letters that '{encoding}' does not"));
        bytes.map(|bytes| Value::Bytes(bytes.into())).ok_or_else(refused)
    };
    let wide = |unit: fn(u16) -> [u8; 2], mark: bool| {
        let mark = mark.then_some(0xfeff_u16);
        let bytes: Vec<u8> = mark.into_iter().chain(content.encode_utf16()).flat_map(unit).collect();
        Ok(Value::Bytes(bytes.into()))
    };
    match encoding.as_str() {
        "utf-8" | "utf8" | "" => Ok(Value::Str(content.clone())),
        "ascii" | "us-ascii" => narrow(0x7f),
        "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" => narrow(0xff),
        "utf-16" | "utf16" => wide(u16::to_le_bytes, true),
        "utf-16-le" | "utf-16le" => wide(u16::to_le_bytes, false),
        "utf-16-be" | "utf-16be" => wide(u16::to_be_bytes, false),
        _ => {
            Err(Halt::refused(format!("unknown encoding: {encoding}"))
                .help("there are utf-8, ascii, latin-1 and utf-16"))
        }
    }
}

/// What `copy` has an argument for: all but the template itself.
fn for_copy(args: &Map) -> Map {
    let copy = target::modules::find("copy").map_or(&[][..], |copy| copy.spec().args);
    let shared = copy.iter().map(|arg| arg.name).filter(|name| *name != "src");
    shared.filter_map(|name| Some((name, args.get(name)?.clone()))).collect()
}

/// Where a template's text begins.
pub fn first_letter(source: value::SourceId, header: bool) -> Span {
    Span::new(source, if header { 2 } else { 1 }, 1, 1)
}
