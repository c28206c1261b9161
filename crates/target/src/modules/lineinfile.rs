//! `lineinfile`: one line of a file is there, or is not.
use crate::host::edit::{Edit, argument};
use crate::host::pattern::{Pattern, bare, expand, lines};
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
    /// Makes sure that a line is in a file, or that no such line is, or replaces the line that a pattern finds.
    pub struct Args {
        /// The file.
        path: PathBuf { required, aliases(&["dest", "destfile", "name"]) },
        /// The line.
        line: Option<String> { aliases(&["value"]) },
        /// A pattern for the line that is replaced or removed; the last match counts.
        regexp: Option<String> { aliases(&["regex"]) },
        /// The same as a literal text.
        search_string: Option<String>,
        /// Whether the line is there.
        state: String { default("present"), choices(&["absent", "present"]) },
        /// Whether groups of `regexp` may stand in the line (`\1`); without a match the file stays as it is.
        backrefs: bool { default("no") },
        /// A new line goes behind the last line that this pattern finds; `EOF` is the end of the file.
        insertafter: Option<String>,
        /// A new line goes before the last line that this pattern finds; `BOF` is the beginning of the file.
        insertbefore: Option<String>,
        /// Whether the first match counts instead of the last.
        firstmatch: bool { default("no") },
        /// Whether a missing file is made.
        create: bool { default("no") },
        /// Whether the old file is kept beside the new one.
        backup: bool { default("no") },
        /// A program that must accept the new file before it takes its place; `%s` is the file.
        validate: Option<String>,
    }
    rules: [
        value::spec::Rule::MutuallyExclusive(&["insertbefore", "insertafter"]),
        value::spec::Rule::MutuallyExclusive(&["regexp", "search_string"]),
        value::spec::Rule::MutuallyExclusive(&["backrefs", "search_string"]),
    ]
}

pub struct Task;
impl Module for Task {
    const INFO: Info = Info::new("lineinfile");
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example] = &[
        Example {
            title: "Forbid root to log in",
            args: &[("path", "/etc/sshd"), ("regexp", "^#?PermitRootLogin"), ("line", "PermitRootLogin no")],
            before: || vec![file("A 1\n#PermitRootLogin yes\nB 2\n")],
            after: || vec![file("A 1\nPermitRootLogin no\nB 2\n")],
        },
        Example {
            title: "Take a line out",
            args: &[("path", "/etc/sshd"), ("regexp", "^B"), ("state", "absent")],
            before: || vec![file("A 1\nB 2\n")],
            after: || vec![file("A 1\n")],
        },
    ];
    type Args = Args;

    fn run(args: &Args, host: &mut Host) -> Look<Return> {
        check(args)?;
        let validate = args.validate.as_deref();
        let edit = Edit { path: &args.path, ownership: args.ownership(), create: args.create, backup: args.backup, validate };
        if args.state == "absent" {
            return absent(args, &edit, host);
        }
        let before = edit.open(host, "Destination")?;
        let old = lines(before.text.as_deref().unwrap_or_default());
        let (new, message) = present(&bytewise(args), old)?;
        edit.close(host, &before, new.concat(), message)
    }
}

#[cfg(any(test, feature = "reference"))]
fn file(text: &str) -> (Resource, State) {
    (Resource::path("/etc/sshd"), State::file(Meta { mode: 0o644, uid: 0, gid: 0 }, text))
}

fn check(args: &Args) -> Look<()> {
    let has_pattern = args.regexp.is_some() || args.search_string.is_some();
    if args.state == "present" {
        if args.backrefs && args.regexp.is_none() {
            return Stop::failed("regexp is required with backrefs=true");
        }
        if args.line.is_none() {
            return Stop::failed("line is required with state=present");
        }
    } else if !has_pattern && args.line.is_none() {
        return Stop::failed("one of line, search_string, or regexp is required with state=absent");
    }
    Ok(())
}

/// The same words as bytes, which is how the file's come.
fn bytewise(args: &Args) -> Args {
    let spelt = |text: &Option<String>| text.as_deref().map(argument);
    Args {
        path: args.path.clone(),
        line: spelt(&args.line),
        regexp: spelt(&args.regexp),
        search_string: spelt(&args.search_string),
        state: args.state.clone(),
        insertafter: spelt(&args.insertafter),
        insertbefore: spelt(&args.insertbefore),
        validate: None,
        mode: args.mode.clone(),
        owner: None,
        group: None,
        attributes: None,
        seuser: None,
        serole: None,
        setype: None,
        selevel: None,
        ..*args
    }
}

fn absent(args: &Args, edit: &Edit, host: &mut Host) -> Look<Return> {
    if !host.exists(&args.path)? {
        return Ok(crate::returns! { "msg" => "file not present" });
    }
    let before = edit.open(host, "Destination")?;
    let old = lines(before.text.as_deref().unwrap_or_default());
    let args = &bytewise(args);
    let matches = matcher(args)?;
    let line = args.line.as_deref().unwrap_or_default();
    let by_pattern = args.regexp.is_some() || args.search_string.is_some();
    let is_meant = |text: &str| if by_pattern { matches(text) } else { bare(text) == line };
    let kept: Vec<_> = old.iter().filter(|line| !is_meant(line)).cloned().collect();
    let found = old.len() - kept.len();
    let message = if found > 0 { format!("{found} line(s) removed") } else { String::new() };
    let mut result = edit.close(host, &before, kept.concat(), &message)?;
    result.insert("found", found);
    Ok(result)
}

/// Whether a line is the one that `regexp` or `search_string` means.
type Matcher<'a> = Box<dyn Fn(&str) -> bool + 'a>;

fn matcher(args: &Args) -> Look<Matcher<'_>> {
    let pattern = args.regexp.as_deref().map(|regexp| Pattern::new(regexp, "regexp")).transpose()?;
    Ok(match (pattern, &args.search_string) {
        (Some(pattern), _) => Box::new(move |line| pattern.is_in(line)),
        (None, Some(text)) => Box::new(move |line| line.contains(text.as_str())),
        (None, None) => Box::new(|_| false),
    })
}

/// The new lines, and in a word what was done.
fn present(args: &Args, mut lines: Vec<String>) -> Look<(Vec<String>, &'static str)> {
    let line = args.line.as_deref().unwrap_or_default();
    let matches = matcher(args)?;
    let found = pick(&lines, args.firstmatch, |line| matches(line));
    let anchor = anchor(args)?;
    if let Some(at) = found.or_else(|| exact(args, &lines, line, &anchor)) {
        let replaced = match (&args.regexp, found) {
            (Some(regexp), Some(at)) if args.backrefs => {
                let captures = Pattern::new(regexp, "regexp")?;
                captures.captures(&lines[at]).map_or(Ok(line.to_string()), |found| expand(line, &found))?
            }
            _ => line.to_string(),
        };
        let replaced = if replaced.ends_with('\n') { replaced } else { replaced + "\n" };
        if lines[at] == replaced {
            return Ok((lines, ""));
        }
        lines[at] = replaced;
        return Ok((lines, "line replaced"));
    }
    if args.backrefs {
        return Ok((lines, ""));
    }
    Ok(insert(args, lines, line, &anchor))
}

/// The line itself, the last one; where the first match counts, what stands behind that is not looked at.
fn exact(args: &Args, lines: &[String], line: &str, anchor: &Anchor) -> Option<usize> {
    let is_anchor = |known: &String| bare(known) != line && anchor.pattern.as_ref().is_some_and(|pattern| pattern.is_in(known));
    let end = if args.firstmatch { lines.iter().position(is_anchor) } else { None };
    lines[..end.unwrap_or(lines.len())].iter().rposition(|known| bare(known) == line)
}

/// Where a new line goes.
struct Anchor {
    pattern: Option<Pattern>,
    after: bool,
}

fn anchor(args: &Args) -> Look<Anchor> {
    let (word, name) = match (&args.insertafter, &args.insertbefore) {
        (Some(word), _) => (word, "insertafter"),
        (None, Some(word)) => (word, "insertbefore"),
        (None, None) => return Ok(Anchor { pattern: None, after: true }),
    };
    let pattern = (!matches!(word.as_str(), "BOF" | "EOF")).then(|| Pattern::new(word, name)).transpose()?;
    Ok(Anchor { pattern, after: args.insertafter.is_some() })
}

fn pick(lines: &[String], first: bool, matches: impl Fn(&str) -> bool) -> Option<usize> {
    let mut hits = lines.iter().enumerate().filter(|(_, line)| matches(line)).map(|(at, _)| at);
    if first { hits.next() } else { hits.last() }
}

fn insert(args: &Args, mut lines: Vec<String>, line: &str, anchor: &Anchor) -> (Vec<String>, &'static str) {
    let new = format!("{line}\n");
    if [&args.insertbefore, &args.insertafter].into_iter().flatten().any(|word| word == "BOF") {
        lines.insert(0, new);
        return (lines, "line added");
    }
    let found = anchor.pattern.as_ref().and_then(|pattern| pick(&lines, args.firstmatch, |line| pattern.is_in(line)));
    let at = found.map_or(lines.len(), |at| at + usize::from(anchor.after));
    if args.firstmatch && found.is_some() && anchor.after && lines.get(at).is_some_and(|next| bare(next) == line) {
        return (lines, "");
    }
    if let Some(before) = at.checked_sub(1).and_then(|at| lines.get_mut(at))
        && !before.ends_with(['\n', '\r'])
    {
        before.push('\n');
    }
    lines.insert(at, new);
    (lines, "line added")
}

#[cfg(test)]
mod tests {
    use super::*;
    use value::Map;
    use value::spec::{Args as _, check};

    /// Arguments, the text before, the text after.
    type Case<'c> = (&'c [(&'c str, &'c str)], &'c str, &'c str);

    fn edited(args: &[(&str, &str)], text: &str) -> String {
        let mut given: Map = args.iter().copied().collect();
        given.insert("path", "/a");
        let args = Args::from_map(&check(&Args::SPEC, "lineinfile", &given).unwrap()).unwrap();
        present(&args, lines(text)).unwrap().0.concat()
    }

    #[test]
    fn lines_go_where_ansible_puts_them() {
        let cases: [Case; 10] = [
            (&[("line", "x")], "a\nb", "a\nb\nx\n"),
            (&[("line", "a")], "a\nb\n", "a\nb\n"),
            (&[("line", "x"), ("insertbefore", "BOF")], "a\n", "x\na\n"),
            (&[("line", "x"), ("insertafter", "^a")], "a1\nb\na2\nc\n", "a1\nb\na2\nx\nc\n"),
            (&[("line", "x"), ("insertafter", "^a"), ("firstmatch", "yes")], "a1\na2\n", "a1\nx\na2\n"),
            (&[("line", "x"), ("insertbefore", "^b")], "a\nb\nc\n", "a\nx\nb\nc\n"),
            (&[("line", "x"), ("insertafter", "^z")], "a\n", "a\nx\n"),
            (&[("line", "k=2"), ("regexp", "^k=")], "k=0\nk=1\n", "k=0\nk=2\n"),
            (&[("line", r"\1=9"), ("regexp", "^(k)="), ("backrefs", "yes")], "k=1\n", "k=9\n"),
            (&[("line", r"\1=9"), ("regexp", "^(z)="), ("backrefs", "yes")], "k=1\n", "k=1\n"),
        ];
        for (args, before, after) in cases {
            assert_eq!(edited(args, before), after, "{args:?}");
        }
    }
}
