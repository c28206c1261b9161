//! `stat`: what the file system says of a path.
use crate::host::{Host, Look, Resource, Stop};
use crate::machine::{Command, Kind, Stat};
#[cfg(any(test, feature = "reference"))]
use crate::module::Example;
use crate::module::{Info, Module, Return, path_value};
use crate::returns;
use crate::sums::Algorithm;
use std::path::{Path, PathBuf};
use value::{Map, Value};

value::args! {
    /// Tells of a file, a folder or a link: kind, size, times, owner, permissions, checksum.
    pub struct Args {
        /// The path.
        path: PathBuf { required, aliases(&["dest", "name"]) },
        /// Whether it tells of what a link points to.
        follow: bool { default("no") },
        /// Whether it tells a file's checksum.
        get_checksum: bool { default("yes") },
        /// Which checksum.
        checksum_algorithm: String {
            default("sha1"),
            choices(&["md5", "sha1", "sha224", "sha256", "sha384", "sha512"]),
            aliases(&["checksum", "checksum_algo"]),
        },
        /// Whether it tells a file's type, as the program `file` sees it.
        get_mime: bool { default("yes"), aliases(&["mime", "mime_type", "mime-type"]) },
        /// Whether it tells the file system's attributes.
        get_attributes: bool { default("yes"), aliases(&["attr", "attributes"]) },
    }
}

pub struct Task;
impl Module for Task {
    const INFO: Info = Info::new("stat").at_start();
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example] =
        &[Example { title: "Look at a file", args: &[("path", "/etc/passwd")], before: Vec::new, after: Vec::new }];
    type Args = Args;

    fn run(args: &Args, host: &mut Host) -> Look<Return> {
        let stat = if args.follow { host.stat_target(&args.path)? } else { host.stat(&args.path)? };
        let Some(stat) = stat else { return Ok(returns! { "stat" => returns! { "exists" => false } }) };
        let mut out = facts(&args.path, &stat, host)?;
        if stat.is_link() {
            out.insert("lnk_source", path_value(&host.canonical(&args.path)?));
            out.insert("lnk_target", path_value(&host.read_link(&args.path)?));
        }
        if args.get_checksum && stat.is_file() && host.access(&args.path)[0] {
            let Some(algorithm) = Algorithm::named(&args.checksum_algorithm) else {
                return Stop::failed(format!("Could not hash with algorithm '{}'", args.checksum_algorithm));
            };
            let mut digest = algorithm.digest();
            host.digest_with(&args.path, |piece| digest.update(piece))?;
            out.insert("checksum", digest.hex());
        }
        if args.get_mime {
            let (mime, charset) = mime(args, host)?;
            out.insert("mimetype", mime);
            out.insert("charset", charset);
        }
        if args.get_attributes {
            let letters = host.machine().attributes(&args.path);
            out.insert("attributes", Value::list(letters.chars().filter_map(attribute).map(Value::from)));
            out.insert("attr_flags", letters);
            out.insert("version", Value::Null);
        }
        Ok(returns! { "stat" => out })
    }
}

fn facts(path: &Path, stat: &Stat, host: &Host) -> Look<Map> {
    let bit = |bits: u32| stat.mode & bits != 0;
    let kind = |kind: Kind| stat.kind == kind;
    let seconds = |(seconds, nanos): (i64, u32)| seconds as f64 + f64::from(nanos) * 1e-9;
    let [readable, writeable, executable] = host.access(path);
    let mut out = returns! {
        "exists" => true, "path" => path_value(path), "mode" => format!("{:04o}", stat.mode),
        "isdir" => kind(Kind::Directory), "ischr" => kind(Kind::CharDevice), "isblk" => kind(Kind::BlockDevice),
        "isreg" => kind(Kind::File), "isfifo" => kind(Kind::Fifo), "islnk" => kind(Kind::Link), "issock" => kind(Kind::Socket),
        "uid" => stat.uid, "gid" => stat.gid, "size" => stat.size, "inode" => stat.inode, "dev" => stat.device,
        "nlink" => stat.links, "atime" => seconds(stat.accessed), "mtime" => seconds(stat.modified),
        "ctime" => seconds(stat.changed), "wusr" => bit(0o200), "rusr" => bit(0o400), "xusr" => bit(0o100),
        "wgrp" => bit(0o020), "rgrp" => bit(0o040), "xgrp" => bit(0o010), "woth" => bit(0o002), "roth" => bit(0o004),
        "xoth" => bit(0o001), "isuid" => bit(0o4000), "isgid" => bit(0o2000), "blocks" => stat.blocks,
        "block_size" => stat.block_size, "device_type" => stat.device_type,
        "readable" => readable, "writeable" => writeable, "executable" => executable,
    };
    for (name, who) in [("pw_name", host.user_name(stat.uid)?), ("gr_name", host.group_name(stat.gid)?)] {
        if let Some(who) = who {
            out.insert(name, who);
        }
    }
    Ok(out)
}

/// Nobody knows it where the program is not installed.
fn mime(args: &Args, host: &Host) -> Look<(String, String)> {
    let unknown = || ("unknown".to_string(), "unknown".to_string());
    let installed = ["/usr/bin/file", "/bin/file", "/usr/local/bin/file"];
    let Some(program) = installed.into_iter().find(|path| host.machine().stat(Path::new(path), true).is_ok_and(|stat| stat.is_some()))
    else {
        return Ok(unknown());
    };
    let command = Command::plain([program, "--brief", "--mime-type", "--mime-encoding"]);
    let command = if args.follow { command.arg("-L") } else { command }.arg("--").arg(&args.path);
    let output = host.ask(&command, &[Resource::path(&args.path)])?;
    let text = output.out();
    match text.trim().split_once("; charset=").filter(|_| output.ok()) {
        Some((mime, charset)) => Ok((mime.into(), charset.into())),
        None => Ok(unknown()),
    }
}

fn attribute(letter: char) -> Option<&'static str> {
    Some(match letter {
        'A' => "noatime",
        'a' => "append",
        'c' => "compressed",
        'C' => "nocow",
        'd' => "nodump",
        'D' => "dirsync",
        'e' => "extents",
        'E' => "encrypted",
        'i' => "immutable",
        'I' => "indexed",
        'j' => "journalled",
        'N' => "inline",
        's' => "zero",
        'S' => "synchronous",
        't' => "notail",
        'T' => "blockroot",
        'u' => "undelete",
        _ => return None,
    })
}
