//! `copy`: files with given contents, from the controller or from the host itself.
use crate::host::install::{self, Install};
use crate::host::mode::ModeSpec;
use crate::host::ownership::{self, Ownership};
use crate::host::{Change, Contents, Host, Look, Resource, State, Stop, looks, parent};
#[cfg(any(test, feature = "reference"))]
use crate::machine::Meta;
#[cfg(any(test, feature = "reference"))]
use crate::module::Example;
use crate::module::{Info, Module, Return, path_value};
use md5::{Digest, Md5};
use sha1::Sha1;
use std::path::{Path, PathBuf};
use value::{Map, Value};

value::args! {
    /// One thing of a folder that the controller sends.
    pub struct Entry {
        /// Where, inside `dest`.
        path: PathBuf { required },
        /// The contents of a file, as in `content`.
        content: Value,
        /// A folder.
        directory: bool,
        /// What a symbolic link points to.
        link: Option<PathBuf>,
        /// The mode that the file has on the controller, for `mode: preserve`.
        mode: Value,
    }
}

crate::file_args! {
    // What the controller sends comes as `content`: a string, bytes, or `{blob: <hash>, size: <bytes>}`, whose bytes are asked
    // for only where the host has other ones. A folder comes as `_entries`.
    /// Writes files: contents that stand in the task, files and folders of the controller, or (`remote_src`) of the host.
    pub struct Args {
        /// The contents.
        content: Value,
        /// A file or folder on the controller, or on the host with `remote_src`. A folder that ends with a slash stands for
        /// what is in it.
        src: Option<PathBuf>,
        /// Where to write; a folder, if it ends with a slash or is one.
        dest: PathBuf { required },
        /// Whether `src` is on the host.
        remote_src: bool { default("no") },
        /// Whether a file with other contents is replaced.
        force: bool { default("yes") },
        /// Whether the old file is kept beside the new one.
        backup: bool { default("no") },
        /// A program that must accept the new file before it takes its place; `%s` is the file.
        validate: Option<String>,
        /// The SHA-1 that the contents must have.
        checksum: Option<String>,
        /// Whether vaulted files are decrypted; the controller does it.
        decrypt: bool { default("yes") },
        /// The mode of folders that are made.
        directory_mode: Value,
        /// Whether a link at `dest` is followed.
        follow: bool { default("no") },
        /// Whether links in a folder of the controller are followed; the controller does it.
        local_follow: Option<bool>,
        /// From the controller: the name of the file, for a `dest` that is a folder.
        _original_basename: Option<String>,
        /// From the controller: what is in a folder.
        _entries: Option<Vec<Entry>> { options(&<Entry as value::spec::Args>::SPEC) },
    }
}

pub struct Task;
impl Module for Task {
    const INFO: Info = Info::new("copy");
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example] = &[
        Example {
            title: "Write a greeting",
            args: &[("content", "hello\n"), ("dest", "/etc/motd"), ("mode", "0644")],
            before: || vec![(motd(), State::file(PLAIN, "bye\n"))],
            after: || vec![(motd(), State::file(PLAIN, "hello\n"))],
        },
        Example {
            title: "Keep a copy of a file of the host",
            args: &[("src", "/etc/passwd"), ("dest", "/srv/"), ("remote_src", "yes"), ("mode", "0600")],
            before: Vec::new,
            after: || vec![(Resource::path("/srv/passwd"), State::file(Meta { mode: 0o600, ..PLAIN }, PASSWD))],
        },
    ];
    type Args = Args;

    fn run(args: &Args, host: &mut Host) -> Look<Return> {
        if let Some(entries) = &args._entries {
            return folder(args, entries, host);
        }
        match (&args.src, args.remote_src && args.content.is_null()) {
            (Some(src), true) => remote(args, src, host),
            _ => file(args, contents(&args.content)?, args._original_basename.as_deref(), host),
        }
    }
}

#[cfg(any(test, feature = "reference"))]
const PLAIN: Meta = Meta { mode: 0o644, uid: 0, gid: 0 };
#[cfg(any(test, feature = "reference"))]
const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n";

#[cfg(any(test, feature = "reference"))]
fn motd() -> Resource {
    Resource::path("/etc/motd")
}

fn contents(content: &Value) -> Look<Contents> {
    match content {
        Value::Str(text) => Ok(Contents::text(text.as_str())),
        Value::Bytes(bytes) => Ok(Contents::Bytes(bytes.clone())),
        Value::Map(map) if map.contains("blob") => {
            let hash = map.get("blob").and_then(|hash| match hash {
                Value::Bytes(bytes) => <[u8; 32]>::try_from(&**bytes).ok(),
                _ => None,
            });
            let size = map.get("size").and_then(Value::as_int).and_then(|size| u64::try_from(size).ok());
            match (hash, size) {
                (Some(hash), Some(size)) => Ok(Contents::Blob { hash, size }),
                _ => Stop::failed("the controller's file has no hash or size"),
            }
        }
        Value::Null => Stop::failed("src (or content) is required"),
        Value::Map(_) | Value::List(_) => {
            Ok(Contents::text(value::value::json_text(content, value::value::Json::LINE)))
        }
        other => Ok(Contents::text(other.to_text())),
    }
}

/// One file from the controller.
fn file(args: &Args, contents: Contents, name: Option<&str>, host: &mut Host) -> Look<Return> {
    let known = contents.bytes().map(|_| contents.sha1(host)).transpose()?;
    let placed = destination(args, name, host).and_then(|dest| put(args, &dest, contents, host));
    // A failure tells of the contents, too.
    placed.map_err(|stop| match known {
        Some(sum) if matches!(&stop, Stop::Failed(failure) if !failure.result.contains("checksum")) => stop.with("checksum", sum),
        _ => stop,
    })
}

fn ends_with_slash(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/")
}

/// The path of the file itself; folders on the way are made where a trailing slash asks for them.
fn destination(args: &Args, name: Option<&str>, host: &mut Host) -> Look<PathBuf> {
    let dest = &args.dest;
    let is_dir = host.is_dir(dest)?;
    match name {
        Some(name) if is_dir => inside(args, &dest.join(name), host),
        Some(name) if ends_with_slash(dest) => {
            install::make_dirs(host, dest, &args.directory_mode, Some(&args.ownership()))?;
            Ok(dest.join(name))
        }
        None if is_dir || ends_with_slash(dest) => Stop::failed("can not use content with a dir as dest"),
        _ => {
            let folder = parent(dest);
            match host.stat_target(folder)? {
                Some(stat) if stat.is_dir() => Ok(dest.clone()),
                None if !args.remote_src && host.has_folder(folder)? => Ok(dest.clone()),
                Some(_) => Stop::failed(format!("Destination {} is not writable", folder.display())),
                None => Stop::failed(format!("Destination directory {} does not exist", folder.display())),
            }
        }
    }
}

/// What the controller sends to a path where a folder stands goes into that folder.
fn inside(args: &Args, path: &Path, host: &Host) -> Look<PathBuf> {
    match path.file_name() {
        Some(name) if !args.remote_src && host.is_dir(path)? => Ok(path.join(name)),
        _ => Ok(path.to_path_buf()),
    }
}

/// The file at exactly this path.
fn put(args: &Args, dest: &Path, contents: Contents, host: &mut Host) -> Look<Return> {
    let mut result = crate::returns! { "dest" => path_value(dest) };
    if let Some(src) = &args.src {
        result.insert("src", path_value(src));
    }
    let dest = if args.follow { &host.canonical(dest)? } else { dest };
    let now = host.stat(dest)?;
    if now.is_some() && !args.force {
        result.insert("msg", "file already exists");
        return install::with_info(host, dest, result);
    }
    if let Some(wanted) = &args.checksum {
        let have = contents.sha1(host)?;
        if !have.eq_ignore_ascii_case(wanted) {
            let fields = crate::returns! { "checksum" => have, "expected_checksum" => wanted.clone() };
            return Err(Stop::failure("Copied file does not match the expected checksum. Transfer failed.", fields));
        }
    }
    let same = match &now {
        Some(stat) if stat.is_file() => contents.is_in(host, dest, stat.size)?,
        _ => false,
    };
    if same {
        args.ownership().apply(host, dest)?;
        result.insert("checksum", host.sha1(dest)?);
        if !args.remote_src {
            result.insert("path", path_value(dest));
        }
        return install::with_info(host, dest, result);
    }
    let base = match now.filter(|stat| !stat.is_link()) {
        Some(stat) => stat.meta(),
        None => ownership::new_meta(host, false),
    };
    let meta = args.ownership().of_written(host, base, false)?;
    sums(host, &contents, &mut result)?;
    let validate = args.validate.as_deref();
    let wish = Install { contents, meta, validate, backup: args.backup, unsafe_writes: args.unsafe_writes };
    let kept = install::install(host, dest, wish)?;
    if let Some(kept) = kept {
        result.insert("backup_file", path_value(&kept));
    }
    args.ownership().settle(host, dest)?;
    install::with_info(host, dest, result)
}

/// Checksums of what is written; a file of the controller that nobody has asked for yet is not brought for their sake in a look.
fn sums(host: &Host, contents: &Contents, result: &mut Map) -> Look<()> {
    let (mut sha1, mut md5) = (Sha1::new(), Md5::new());
    let mut take = |piece: &[u8]| {
        sha1.update(piece);
        md5.update(piece);
    };
    match contents {
        Contents::Bytes(bytes) => take(bytes),
        Contents::Stored { path, .. } => host.digest_with(path, take)?,
        Contents::Blob { hash, .. } if host.writes() => host.digest_with(&host.blob(hash)?, take)?,
        _ => return Ok(()),
    }
    result.insert("checksum", looks::hex(&sha1.finalize()));
    result.insert("md5sum", looks::hex(&md5.finalize()));
    Ok(())
}

/// A file or a folder of the host itself.
fn remote(args: &Args, src: &Path, host: &mut Host) -> Look<Return> {
    let Some(stat) = host.stat_target(src)? else {
        return Stop::failed(format!("Source {} not found", src.display()));
    };
    if stat.is_dir() {
        return remote_folder(args, src, host);
    }
    if !stat.is_file() {
        return Stop::failed(format!("Cannot copy invalid source '{}': not a file", src.display()));
    }
    let name = src.file_name().map(|name| name.to_string_lossy().into_owned());
    let dest = destination(args, name.as_deref(), host)?;
    let contents = Contents::Stored { path: host.canonical(src)?, size: stat.size };
    let preserved = Value::from(i64::from(stat.mode));
    let mut result = with_mode(args, &preserved, |args| put(args, &dest, contents, host))?;
    if !result.contains("md5sum") {
        let mut md5 = Md5::new();
        host.digest_with(&dest, |piece| md5.update(piece))?;
        result.insert("md5sum", looks::hex(&md5.finalize()));
    }
    Ok(result)
}

/// `mode: preserve` means the mode of the source.
fn with_mode<T>(args: &Args, preserved: &Value, run: impl FnOnce(&Args) -> Look<T>) -> Look<T> {
    if ModeSpec::parse(&args.mode) != Ok(Some(ModeSpec::Preserve)) {
        return run(args);
    }
    run(&plain(args, preserved.clone()))
}

/// The same wish for one of many files.
fn plain(args: &Args, mode: Value) -> Args {
    Args {
        content: Value::Null,
        src: args.src.clone(),
        dest: args.dest.clone(),
        validate: args.validate.clone(),
        checksum: None,
        directory_mode: args.directory_mode.clone(),
        _original_basename: None,
        _entries: None,
        mode,
        owner: args.owner.clone(),
        group: args.group.clone(),
        attributes: args.attributes.clone(),
        seuser: args.seuser.clone(),
        serole: args.serole.clone(),
        setype: args.setype.clone(),
        selevel: args.selevel.clone(),
        ..*args
    }
}

fn remote_folder(args: &Args, src: &Path, host: &mut Host) -> Look<Return> {
    let dest = match (ends_with_slash(src), src.file_name()) {
        (false, Some(name)) => args.dest.join(name),
        _ => args.dest.clone(),
    };
    let there = host.exists(&args.dest)?;
    if !there && !ends_with_slash(&args.dest) && !host.has_folder(parent(&args.dest))? {
        return Stop::failed(format!("Destination directory {} does not exist", parent(&args.dest).display()));
    }
    // The result names the folder that the task named, unless the tree has its own place in it.
    let told = if there || ends_with_slash(&args.dest) { dest.clone() } else { args.dest.clone() };
    install::make_dirs(host, &dest, &args.directory_mode, Some(&args.ownership()))?;
    copy_tree(args, src, &dest, host)?;
    let mut result = crate::returns! { "src" => path_value(src), "dest" => path_value(&told) };
    result.insert("checksum", Value::Null);
    result.insert("md5sum", Value::Null);
    install::with_info(host, &told, result)
}

fn copy_tree(args: &Args, src: &Path, dest: &Path, host: &mut Host) -> Look<()> {
    for name in host.list(src)? {
        let (from, to) = (src.join(&name), dest.join(&name));
        let Some(stat) = host.stat(&from)? else { continue };
        if stat.is_link() && args.local_follow != Some(true) {
            let target = host.read_link(&from)?;
            link(host, &to, &target)?;
            continue;
        }
        match host.stat_target(&from)? {
            Some(stat) if stat.is_dir() => {
                make_folder(args, &to, host)?;
                copy_tree(args, &from, &to, host)?;
            }
            Some(stat) if stat.is_file() => {
                let contents = Contents::Stored { path: host.canonical(&from)?, size: stat.size };
                let mode = if args.mode.is_null() { Value::from(i64::from(stat.mode)) } else { args.mode.clone() };
                let preserved = Value::from(i64::from(stat.mode));
                with_mode(&plain(args, mode), &preserved, |args| put(args, &to, contents, host))?;
            }
            Some(stat) => return Stop::failed(format!("`{}` is {}", from.display(), stat.kind.words())),
            None => return Stop::failed(format!("No such file or directory: {}", from.display())),
        }
    }
    Ok(())
}

/// A folder is made, or made as the task says.
fn make_folder(args: &Args, path: &Path, host: &mut Host) -> Look<()> {
    let wanted = Ownership { mode: &args.directory_mode, ..args.ownership() };
    match host.is_dir(path)? {
        true => wanted.apply(host, path),
        false if host.stat(path)?.is_some() => Stop::failed(format!("Not a directory: {}", path.display())),
        false => {
            let meta = wanted.of_new(host, true)?;
            host.set(Change::to(Resource::path(path), State::Directory(meta)))
        }
    }
}

fn link(host: &mut Host, path: &Path, target: &Path) -> Look<()> {
    let there = host.stat(path)?.is_some_and(|stat| stat.is_link()) && host.read_link(path)? == target;
    if there { Ok(()) } else { install::link(host, path, target) }
}

/// A folder of the controller, in one call.
fn folder(args: &Args, entries: &[Entry], host: &mut Host) -> Look<Return> {
    install::make_dirs(host, &args.dest, &args.directory_mode, Some(&args.ownership()))?;
    for entry in entries {
        // Only names inside of `dest`, whatever stands in the call.
        let within = entry.path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        if !within {
            return Stop::failed(format!("a path that leaves the folder: {}", entry.path.display()));
        }
        let path = args.dest.join(&entry.path);
        if entry.directory {
            make_folder(args, &path, host)?;
        } else if let Some(target) = &entry.link {
            link(host, &path, target)?;
        } else {
            let contents = contents(&entry.content)?;
            let path = inside(args, &path, host)?;
            with_mode(&plain(args, args.mode.clone()), &entry.mode, |args| put(args, &path, contents, host))?;
        }
    }
    let mut result = crate::returns! { "dest" => path_value(&args.dest) };
    if let Some(src) = &args.src {
        result.insert("src", path_value(src));
    }
    install::with_info(host, &args.dest, result)
}
