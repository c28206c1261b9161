//! `blockinfile`: lines between two markers.
use crate::host::edit::{Edit, argument};
use crate::host::pattern::{Pattern, bare, lines};
use crate::host::{Host, Look, Stop};
#[cfg(any(test, feature = "reference"))]
use crate::host::{Resource, State};
#[cfg(any(test, feature = "reference"))]
use crate::machine::Meta;
#[cfg(any(test, feature = "reference"))]
use crate::module::Example;
use crate::module::{Info, Module, Return};
use std::path::PathBuf;

crate::file_args! {
    /// Keeps a block of lines in a file, between two lines that mark it.
    pub struct Args {
        /// The file.
        path: PathBuf { required, aliases(&["dest", "destfile", "name"]) },
        /// The lines. Without any the block is taken out.
        block: String { default(""), aliases(&["content"]) },
        /// The lines that mark the block; `{mark}` becomes the words for begin and end.
        marker: String { default("# {mark} ANSIBLE MANAGED BLOCK") },
        /// What `{mark}` is in the line before the block.
        marker_begin: String { default("BEGIN") },
        /// What `{mark}` is in the line after the block.
        marker_end: String { default("END") },
        /// Whether the block is there.
        state: String { default("present"), choices(&["absent", "present"]) },
        /// A new block goes behind the last line that this pattern finds; `EOF` is the end of the file.
        insertafter: Option<String>,
        /// A new block goes before the last line that this pattern finds; `BOF` is the beginning of the file.
        insertbefore: Option<String>,
        /// Whether a missing file is made.
        create: bool { default("no") },
        /// Whether the old file is kept beside the new one.
        backup: bool { default("no") },
        /// A program that must accept the new file before it takes its place; `%s` is the file.
        validate: Option<String>,
        /// Whether an empty line stands behind the block.
        append_newline: bool { default("no") },
        /// Whether an empty line stands before the block.
        prepend_newline: bool { default("no") },
        /// The text's encoding; it must be UTF-8.
        encoding: String { default("utf-8") },
    }
    rules: [value::spec::Rule::MutuallyExclusive(&["insertbefore", "insertafter"])]
}

pub struct Task;
impl Module for Task {
    const INFO: Info = Info::new("blockinfile");
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example] = &[Example {
        title: "Name two hosts",
        args: &[("path", "/etc/names"), ("block", "10.0.0.1 a\n10.0.0.2 b")],
        before: || vec![file("127.0.0.1 localhost\n")],
        after: || {
            let block = "# BEGIN ANSIBLE MANAGED BLOCK\n10.0.0.1 a\n10.0.0.2 b\n# END ANSIBLE MANAGED BLOCK\n";
            vec![file(&format!("127.0.0.1 localhost\n{block}"))]
        },
    }];
    type Args = Args;

    fn run(args: &Args, host: &mut Host) -> Look<Return> {
        if !matches!(args.encoding.to_lowercase().as_str(), "utf-8" | "utf8") {
            return Stop::failed(format!("encoding {}: only utf-8 is known", args.encoding));
        }
        let validate = args.validate.as_deref();
        let edit = Edit { path: &args.path, ownership: args.ownership(), create: args.create, backup: args.backup, validate };
        let before = edit.open(host, "Path")?;
        if before.text.is_none() && args.state == "absent" {
            return Ok(crate::returns! { "msg" => format!("File {} not present", args.path.display()) });
        }
        let new = edited(args, before.text.as_deref().unwrap_or_default())?;
        let message = match &before.text {
            Some(old) if *old == new => "",
            None => "File created",
            Some(_) if block(args).is_empty() => "Block removed",
            Some(_) => "Block inserted",
        };
        let mut result = edit.close(host, &before, new, message)?;
        result.remove("backup");
        Ok(result)
    }
}

#[cfg(any(test, feature = "reference"))]
fn file(text: &str) -> (Resource, State) {
    (Resource::path("/etc/names"), State::file(Meta { mode: 0o644, uid: 0, gid: 0 }, text))
}

fn markers(args: &Args) -> [String; 2] {
    [&args.marker_begin, &args.marker_end].map(|mark| argument(&args.marker.replace("{mark}", mark)))
}

/// The block with its markers; nothing where it is to be taken out.
fn block(args: &Args) -> Vec<String> {
    if args.state == "absent" || args.block.is_empty() {
        return Vec::new();
    }
    let [begin, end] = markers(args).map(|marker| marker + "\n");
    let block = argument(&args.block);
    let text = if block.ends_with('\n') { block } else { block + "\n" };
    std::iter::once(begin).chain(lines(&text)).chain([end]).collect()
}

fn edited(args: &Args, text: &str) -> Look<String> {
    let (mut lines, block, [begin, end]) = (lines(text), block(args), markers(args));
    let at = |lines: &[String], marker: &str| lines.iter().rposition(|line| bare(line) == marker);
    let mut place = match (at(&lines, &begin), at(&lines, &end)) {
        (Some(from), Some(to)) => {
            let (from, to) = (from.min(to), from.max(to));
            lines.drain(from..=to);
            from
        }
        _ => new_place(args, text, &lines)?,
    };
    if let Some(before) = place.checked_sub(1).and_then(|at| lines.get_mut(at))
        && !before.ends_with('\n')
    {
        before.push('\n');
    }
    if args.prepend_newline && !block.is_empty() && place > 0 && lines[place - 1] != "\n" {
        lines.insert(place, "\n".into());
        place += 1;
    }
    if args.append_newline && !block.is_empty() && lines.get(place).is_some_and(|line| line != "\n") {
        lines.insert(place, "\n".into());
    }
    lines.splice(place..place, block);
    Ok(lines.concat())
}

/// Where a new block goes. A pattern with `(?m)` looks at the whole text.
fn new_place(args: &Args, text: &str, lines: &[String]) -> Look<usize> {
    let (word, after) = match (&args.insertafter, &args.insertbefore) {
        (Some(word), _) if word == "EOF" => return Ok(lines.len()),
        (Some(word), _) => (word, true),
        (None, Some(word)) if word == "BOF" => return Ok(0),
        (None, Some(word)) => (word, false),
        (None, None) => return Ok(lines.len()),
    };
    let pattern = Pattern::new(&argument(word), if after { "insertafter" } else { "insertbefore" })?;
    let whole = word.starts_with("(?") && word.split(')').next().is_some_and(|flags| flags.contains('m'));
    let found = match whole {
        true => pattern.find_in(text).map(|(from, to)| {
            let end = if after { to } else { from };
            text[..end].matches('\n').count()
        }),
        false => lines.iter().rposition(|line| pattern.is_in(line)),
    };
    Ok(found.map_or(lines.len(), |at| if after { (at + 1).min(lines.len()) } else { at }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use value::Map;
    use value::spec::{Args as _, check};

    /// Arguments, the text before, the text after.
    type Case<'c> = (&'c [(&'c str, &'c str)], &'c str, &'c str);

    fn run(args: &[(&str, &str)], text: &str) -> String {
        let mut given: Map = args.iter().copied().collect();
        given.insert("path", "/a");
        given.insert("marker", "# {mark}");
        let args = Args::from_map(&check(&Args::SPEC, "blockinfile", &given).unwrap()).unwrap();
        edited(&args, text).unwrap()
    }

    #[test]
    fn blocks_go_where_ansible_puts_them() {
        let cases: [Case; 7] = [
            (&[("block", "x")], "a\nb", "a\nb\n# BEGIN\nx\n# END\n"),
            (&[("block", "y")], "a\n# BEGIN\nx\n# END\nb\n", "a\n# BEGIN\ny\n# END\nb\n"),
            (&[("block", "")], "a\n# BEGIN\nx\n# END\nb\n", "a\nb\n"),
            (&[("block", "x"), ("insertbefore", "BOF")], "a\n", "# BEGIN\nx\n# END\na\n"),
            (&[("block", "x"), ("insertafter", "^a")], "a\nb\n", "a\n# BEGIN\nx\n# END\nb\n"),
            (&[("block", "x"), ("insertbefore", "^b")], "a\nb\n", "a\n# BEGIN\nx\n# END\nb\n"),
            (&[("block", "x"), ("append_newline", "yes"), ("prepend_newline", "yes"), ("insertafter", "^a")], "a\nb\n", "a\n\n# BEGIN\nx\n# END\n\nb\n"),
        ];
        for (args, before, after) in cases {
            assert_eq!(run(args, before), after, "{args:?}");
        }
    }
}
