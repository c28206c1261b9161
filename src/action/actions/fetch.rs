//! `fetch`: a file of a host, to the controller.
use super::super::begin::Asking;
use super::super::instance::{Action, Call, Finish, Instance, Step};
use super::super::{Halt, arguments, result};
use crate::engine::message::{Effect, Outcome};
use crate::playbook::model::ActionTraits;
use crate::world::files::normal;
use crate::world::sinks::Sums;
use std::path::{Path, PathBuf};
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
        let text = |name: &str| args.get(name).map(Value::to_text).unwrap_or_default();
        let flat = args.get("flat") == Some(&Value::Bool(true));
        let dest = destination(instance.asking, &text("dest"), &text("src"), flat)?;
        let expected = instance.world().surroundings.expect(&dest).map_err(|error| unwritable(&dest, &error))?;
        let token = Value::Bytes(expected.token.as_slice().into());
        let mut slurp = Map::new();
        slurp.insert("src", text("src"));
        slurp.insert("_into", token.clone());
        if let Some((hash, size)) = expected.there {
            slurp.insert("_have", Value::map([("hash", Value::Bytes(hash.as_slice().into())), ("size", size.into())]));
        }
        let mut notes = args;
        notes.insert("dest", dest.display().to_string());
        notes.insert("token", token);
        Ok(Step::Call(Call { notes: notes.into(), fence: true, ..Call::new("slurp", slurp) }))
    }

    fn finish(&self, finish: &Finish, outcome: Outcome) -> Result<(Outcome, Vec<Effect>), Halt> {
        let text = |name: &str| finish.notes.get(name).map(Value::to_text).unwrap_or_default();
        let truth = |name: &str| finish.notes.get(name) == Some(&Value::Bool(true));
        let said = |name: &str| outcome.result.get(name).map(Value::to_text).unwrap_or_default();
        let (src, dest) = (text("src"), text("dest"));
        let received = match finish.notes.get("token") {
            Some(Value::Bytes(token)) => {
                token[..].try_into().ok().and_then(|token| finish.asking.world.surroundings.received(&token))
            }
            _ => None,
        };
        let received = received.transpose().map_err(|error| unwritable(Path::new(&dest), &error))?;
        if outcome.failed {
            return Ok((refused(outcome, &src, truth("fail_on_missing")), Vec::new()));
        }
        let mut fields = Map::new();
        fields.insert("dest", dest);
        let same = outcome.result.get("same") == Some(&Value::Bool(true));
        let sums = match received {
            Some(sums) => sums,
            None if same => Sums { sha1: said("sha1"), md5: said("md5"), same },
            None => return Err(Halt::refused("the host sent no file")),
        };
        let matches = sums.sha1 == said("sha1") || !truth("validate_checksum");
        fields.insert("checksum", sums.sha1);
        fields.insert("md5sum", sums.md5);
        if sums.same {
            fields.insert("file", src);
            return Ok((result::ok(fields), Vec::new()));
        }
        fields.insert("remote_checksum", said("sha1"));
        fields.insert("remote_md5sum", Value::Null);
        if !matches {
            fields.insert("msg", "checksum mismatch");
            fields.insert("file", src);
            return Ok((result::failed(fields), Vec::new()));
        }
        Ok((result::changed(fields), Vec::new()))
    }
}

fn unwritable(dest: &Path, error: &std::io::Error) -> Halt {
    Halt::refused(format!("could not write '{}': {error}", dest.display()))
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
