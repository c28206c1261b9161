//! `slurp`: the contents of a file, for the controller.
use crate::base64;
use crate::host::looks::hex;
use crate::host::{Host, Look, Stop};
#[cfg(any(test, feature = "reference"))]
use crate::host::{Resource, State};
#[cfg(any(test, feature = "reference"))]
use crate::machine::Meta;
#[cfg(any(test, feature = "reference"))]
use crate::module::Example;
use crate::module::{Info, Module, Return, path_value};
use crate::protocol::Cause;
use md5::{Digest, Md5};
use sha1::Sha1;
use std::path::PathBuf;
use value::Value;

value::args! {
    /// Brings a file's contents to the controller, written in base64 so that no byte of it is lost.
    pub struct Args {
        /// The file.
        src: PathBuf { required, aliases(&["path"]) },
        /// From the controller: the token by which the file is sent in pieces, in the place of its contents.
        _into: Value,
        /// From the controller: the file that it has already, as `{hash, size}`; the same one is not sent again.
        _have: Value,
    }
}

/// What a result can carry; larger files go by `synchronize` and its like.
const MOST: u64 = 128 << 20;

pub struct Task;
impl Module for Task {
    const INFO: Info = Info::new("slurp").at_start();
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example] = &[Example {
        title: "Read a file",
        args: &[("src", "/etc/motd")],
        before: || vec![file("hello\n")],
        after: Vec::new,
    }];
    type Args = Args;

    fn run(args: &Args, host: &mut Host) -> Look<Return> {
        let shown = args.src.display();
        let Some(stat) = host.stat_target(&args.src)? else {
            return Stop::because(Cause::FileMissing, format!("File not found: {shown}"));
        };
        if stat.is_dir() {
            return Stop::because(Cause::IsFolder, format!("Source is a directory and must be a file: {shown}"));
        }
        if !host.access(&args.src)[0] {
            return Stop::failed(format!("File is not readable: {shown}"));
        }
        if let Value::Bytes(token) = &args._into {
            return send(args, token, stat.size, host);
        }
        if stat.size > MOST {
            return Stop::failed(format!("{shown} has {} bytes, and at most {MOST} fit into a result", stat.size));
        }
        let bytes = host.read(&args.src)?;
        Ok(crate::returns! { "content" => base64::encode(&bytes), "source" => path_value(&args.src), "encoding" => "base64" })
    }
}

/// In pieces, unless the controller has it.
fn send(args: &Args, token: &[u8], size: u64, host: &Host) -> Look<Return> {
    let Ok(token) = token.try_into() else { return Stop::failed("_into is no token") };
    let (mut sha1, mut md5) = (Sha1::new(), Md5::new());
    if let Some(hash) = had(&args._have, size) {
        let mut blake3 = blake3::Hasher::new();
        host.digest_with(&args.src, |piece| {
            blake3.update(piece);
            sha1.update(piece);
            md5.update(piece);
        })?;
        if blake3.finalize().as_bytes() == hash {
            let (sha1, md5) = (hex(&sha1.finalize()), hex(&md5.finalize()));
            return Ok(crate::returns! { "same" => true, "sha1" => sha1, "md5" => md5 });
        }
    }
    let mut sha1 = Sha1::new();
    host.send(&args.src, &token, |piece| sha1.update(piece))?;
    Ok(crate::returns! { "same" => false, "sha1" => hex(&sha1.finalize()) })
}

/// The hash of a file of this size.
fn had(have: &Value, size: u64) -> Option<&[u8]> {
    let have = have.as_map()?;
    match (have.get("hash"), have.get("size")) {
        (Some(Value::Bytes(hash)), Some(Value::Int(own))) if u64::try_from(*own) == Ok(size) => Some(hash),
        _ => None,
    }
}

#[cfg(any(test, feature = "reference"))]
fn file(text: &str) -> (Resource, State) {
    (Resource::path("/etc/motd"), State::file(Meta { mode: 0o644, uid: 0, gid: 0 }, text))
}
