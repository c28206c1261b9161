//! `fetch`: a file of a host, to the controller.
use super::super::begin::Asking;
use super::super::instance::{Action, Call, Finish, Instance, Step};
use super::super::{Halt, arguments, result};
use crate::engine::message::{Effect, Outcome};
use crate::playbook::model::ActionTraits;
use crate::world::files::normal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use sha1::{Digest, Sha1};
use std::path::PathBuf;
use target::protocol::Cause;
use value::spec::{Args as _, Spec};
use value::{Map, Value};

value::args! {
    /// Brings a file of a host to the controller.
    pub struct Args {
        /// The file on the host.
        src: String { required },
        /// The folder on the controller, below which each host has its own; with `flat` the file itself.
        dest: String { required },
        /// Whether the file goes to `dest` itself, without the host's name and the folders of its path.
        flat: bool { default("no") },
        /// Whether a file that is not there is a failure.
        fail_on_missing: bool { default("yes") },
        /// Whether the checksums are compared afterwards.
        validate_checksum: bool { default("yes") },
    }
}

pub struct Fetch;

impl Action for Fetch {
    fn modules(&self) -> &'static [&'static str] {
        &["fetch"]
    }

    fn spec(&self) -> Option<Spec<'static>> {
        Some(Args::SPEC)
    }

    fn traits(&self) -> ActionTraits {
        ActionTraits { writes_controller: true, ..ActionTraits::default() }
    }

    fn prepare(&self, instance: &Instance) -> Result<Step, Halt> {
        let args = arguments::check_with(&Args::SPEC, "fetch", instance.task(), instance.arguments()?)?;
        // It writes where later lookups may read.
        instance.alone()?;
        if instance.check {
            let words = [("msg", Value::from("check mode not (yet) supported for this module"))];
            return Ok(Step::Known(result::skipped_with(words), Vec::new()));
        }
        let slurp = [("src", args.get("src").cloned().unwrap_or_default())].into_iter().collect();
        Ok(Step::Call(Call { notes: args.into(), fence: true, ..Call::new("slurp", slurp) }))
    }

    fn finish(&self, finish: &Finish, outcome: Outcome) -> Result<(Outcome, Vec<Effect>), Halt> {
        let text = |name: &str| finish.notes.get(name).map(Value::to_text).unwrap_or_default();
        let truth = |name: &str| finish.notes.get(name) == Some(&Value::Bool(true));
        let src = text("src");
        if outcome.failed {
            return Ok((refused(outcome, &src, truth("fail_on_missing")), Vec::new()));
        }
        let content = outcome.result.get("content").and_then(Value::as_str).unwrap_or_default();
        let bytes = STANDARD.decode(content).map_err(|_| Halt::refused("the file came as what is no base64"))?;
        let dest = destination(finish.asking, &text("dest"), &src, truth("flat"))?;
        let sum = hex(&Sha1::digest(&bytes));
        let same = finish.asking.world.files.read(&dest).is_ok_and(|old| old == bytes);
        if !same {
            let written = finish.asking.world.surroundings.write(&dest, &bytes);
            written.map_err(|error| Halt::refused(format!("could not write '{}': {error}", dest.display())))?;
        }
        let mut fields = Map::new();
        fields.insert("dest", dest.display().to_string());
        fields.insert("checksum", sum.as_str());
        fields.insert("md5sum", hex(&Md5::digest(&bytes)));
        if same {
            fields.insert("file", src);
            return Ok((result::ok(fields), Vec::new()));
        }
        fields.insert("remote_checksum", sum.as_str());
        fields.insert("remote_md5sum", Value::Null);
        Ok((result::changed(fields), Vec::new()))
    }
}

/// A file that is not there is no failure where the task says so.
fn refused(outcome: Outcome, src: &str, fail: bool) -> Outcome {
    match outcome.cause {
        Some(Cause::FileMissing) => {}
        Some(Cause::IsFolder) => {
            let words = "remote file is a directory, fetch cannot work on directories";
            return result::failed([("msg", words)].into_iter().collect());
        }
        _ => return outcome,
    }
    let words = "the remote file does not exist, not transferring, ignored";
    match fail {
        true => result::failed([("msg", words)].into_iter().collect()),
        false => result::ok([("msg", words), ("file", src)].into_iter().collect()),
    }
}

/// Where the file goes. What a host's file is called never leaves the folder.
fn destination(asking: &Asking, dest: &str, src: &str, flat: bool) -> Result<PathBuf, Halt> {
    let world = asking.world;
    let base = normal(&world.files.absolute(world.playbook_dir, dest));
    let name = src.rsplit('/').next().unwrap_or(src);
    if flat {
        let folder = dest.ends_with('/');
        if !folder && world.files.is_dir(&base) {
            return Err(Halt::refused(
                "dest is an existing directory, use a trailing slash if you want to fetch src into that directory",
            ));
        }
        return Ok(if folder { base.join(name) } else { base });
    }
    let host = world.world.host_name(asking.question.host);
    let inside = normal(&PathBuf::from("/").join(src));
    let relative = inside.strip_prefix("/").unwrap_or(&inside).to_path_buf();
    Ok(base.join(&*host).join(relative))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
