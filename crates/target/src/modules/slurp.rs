//! `slurp`: the contents of a file, for the controller.
use crate::base64;
use crate::host::{Host, Look, Stop};
#[cfg(any(test, feature = "reference"))]
use crate::host::{Resource, State};
#[cfg(any(test, feature = "reference"))]
use crate::machine::Meta;
#[cfg(any(test, feature = "reference"))]
use crate::module::Example;
use crate::module::{Info, Module, Return, path_value};
use crate::protocol::Cause;
use std::path::PathBuf;

value::args! {
    /// Brings a file's contents to the controller, written in base64 so that no byte of it is lost.
    pub struct Args {
        /// The file.
        src: PathBuf { required, aliases(&["path"]) },
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
        if stat.size > MOST {
            return Stop::failed(format!("{shown} has {} bytes, and at most {MOST} fit into a result", stat.size));
        }
        let bytes = host.read(&args.src)?;
        Ok(crate::returns! { "content" => base64::encode(&bytes), "source" => path_value(&args.src), "encoding" => "base64" })
    }
}

#[cfg(any(test, feature = "reference"))]
fn file(text: &str) -> (Resource, State) {
    (Resource::path("/etc/motd"), State::file(Meta { mode: 0o644, uid: 0, gid: 0 }, text))
}
