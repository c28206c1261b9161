//! A folder as a tar stream, for builds: what `.dockerignore` leaves out stays out.
use crate::host::{Host, Look, Stop, glob};
use crate::machine::Stat;
use std::io::Write;
use std::path::{Path, PathBuf};

const BLOCK: usize = 512;

/// Writes all that is in a folder.
pub fn folder(host: &Host, root: &Path, dockerfile: &str, out: &mut dyn Write) -> Look<()> {
    let ignore = Ignore::read(host, root, dockerfile)?;
    walk(host, root, Path::new(""), &ignore, out)?;
    out.write_all(&[0; 2 * BLOCK])?;
    Ok(())
}

fn walk(host: &Host, root: &Path, inside: &Path, ignore: &Ignore, out: &mut dyn Write) -> Look<()> {
    for name in host.list(&root.join(inside))? {
        let relative = inside.join(name);
        let path = root.join(&relative);
        let Some(stat) = host.stat(&path)? else { continue };
        let left_out = ignore.leaves_out(&relative);
        if stat.is_dir() {
            // Something in a folder that is left out may be wanted after all.
            if !left_out {
                head(&relative, &stat, '5', 0, Path::new(""), out)?;
            }
            if !left_out || ignore.has_exceptions {
                walk(host, root, &relative, ignore, out)?;
            }
        } else if left_out {
            continue;
        } else if stat.is_link() {
            head(&relative, &stat, '2', 0, &host.read_link(&path)?, out)?;
        } else if stat.is_file() {
            head(&relative, &stat, '0', stat.size, Path::new(""), out)?;
            file(host, &path, stat.size, out)?;
        }
    }
    Ok(())
}

fn file(host: &Host, path: &Path, size: u64, out: &mut dyn Write) -> Look<()> {
    let (mut written, mut failed) = (0, None);
    host.digest_with(path, |piece| {
        // A file that grows meanwhile is taken as long as it was.
        let piece = &piece[..piece.len().min((size - written) as usize)];
        written += piece.len() as u64;
        failed = failed.take().or(out.write_all(piece).err());
    })?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    if written < size {
        return Stop::failed(format!("{} became shorter while it was read", path.display()));
    }
    out.write_all(&vec![0; (BLOCK - (size as usize % BLOCK)) % BLOCK])?;
    Ok(())
}

fn head(path: &Path, stat: &Stat, kind: char, size: u64, target: &Path, out: &mut dyn Write) -> Look<()> {
    let mut name = path.to_string_lossy().into_owned();
    if kind == '5' {
        name.push('/');
    }
    let target = target.to_string_lossy();
    // Long names come in an entry of their own before.
    for (text, kind) in [(name.as_str(), 'L'), (&target, 'K')] {
        if text.len() >= 100 {
            let bytes = [text.as_bytes(), &[0]].concat();
            out.write_all(&block("././@LongLink", 0o644, bytes.len() as u64, 0, kind, ""))?;
            out.write_all(&bytes)?;
            out.write_all(&vec![0; (BLOCK - bytes.len() % BLOCK) % BLOCK])?;
        }
    }
    out.write_all(&block(&name, stat.mode, size, stat.modified.0.max(0) as u64, kind, &target))?;
    Ok(())
}

fn block(name: &str, mode: u32, size: u64, modified: u64, kind: char, target: &str) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &name.as_bytes()[..name.len().min(100)]);
    put(100, format!("{mode:07o}\0").as_bytes());
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, size_field(size).as_slice());
    put(136, format!("{modified:011o}\0").as_bytes());
    put(148, b"        ");
    put(156, &[kind as u8]);
    put(157, &target.as_bytes()[..target.len().min(100)]);
    put(257, b"ustar  \0");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

/// Eleven octal digits, or, for files of eight gigabytes and more, a binary number.
fn size_field(size: u64) -> Vec<u8> {
    if size < 1 << 33 {
        return format!("{size:011o}\0").into_bytes();
    }
    let mut bytes = vec![0x80, 0, 0, 0];
    bytes.extend(size.to_be_bytes());
    bytes
}

/// The lines of `.dockerignore`: the last that fits decides.
struct Ignore {
    lines: Vec<(bool, Vec<String>)>,
    has_exceptions: bool,
    always: PathBuf,
}

impl Ignore {
    fn read(host: &Host, root: &Path, dockerfile: &str) -> Look<Self> {
        let own = root.join(format!("{dockerfile}.dockerignore"));
        let path = if host.exists(&own)? { own } else { root.join(".dockerignore") };
        let text = host.read_text(&path)?.unwrap_or_default();
        Ok(Self::parse(&text, dockerfile))
    }

    fn parse(text: &str, dockerfile: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let lines: Vec<_> = lines
            .map(|line| {
                let (wanted, pattern) = line.strip_prefix('!').map_or((false, line), |pattern| (true, pattern));
                let parts = pattern.split('/').filter(|part| !part.is_empty() && *part != ".");
                (wanted, parts.map(String::from).collect())
            })
            .collect();
        Self { has_exceptions: lines.iter().any(|(wanted, _)| *wanted), lines, always: dockerfile.into() }
    }

    fn leaves_out(&self, path: &Path) -> bool {
        if path == self.always {
            return false;
        }
        let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let fitting = self.lines.iter().rfind(|(_, pattern)| fits(pattern, &parts));
        fitting.is_some_and(|(wanted, _)| !wanted)
    }
}

/// A pattern that fits a folder fits all that is in it; `**` stands for any number of folders.
fn fits(pattern: &[String], path: &[String]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, _) => true,
        (Some((first, rest)), _) if first == "**" => {
            (0..=path.len()).any(|skip| fits(rest, &path[skip..]) && (!rest.is_empty() || skip < path.len()))
        }
        (Some(_), None) => false,
        (Some((first, rest)), Some((name, below))) => glob::fits(first, name) && fits(rest, below),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ignored_stays_out() {
        let ignore = Ignore::parse("# c\n*.log\ntarget\n**/tmp\n!keep.log\n", "Dockerfile");
        for (path, out) in [
            ("a.log", true),
            ("keep.log", false),
            ("target/x/y", true),
            ("a/b/tmp/c", true),
            ("tmp", true),
            ("src/a.log", false),
            ("Dockerfile", false),
        ] {
            assert_eq!(ignore.leaves_out(Path::new(path)), out, "{path}");
        }
    }

    #[test]
    fn heads_have_their_checksum() {
        let block = block("a", 0o644, 3, 0, '0', "");
        let stated = u32::from_str_radix(std::str::from_utf8(&block[148..154]).unwrap(), 8).unwrap();
        let sum: u32 = block
            .iter()
            .enumerate()
            .map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) })
            .sum();
        assert_eq!(stated, sum);
    }
}
