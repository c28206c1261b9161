//! A single module as a play of one task, as `ansible` and `deploy run` make it of their words.
use super::model::{Frame, Keywords, Node, Play};
use super::parser::{Around, Load, Parser, Reader};
use super::plays::empty;
use lang::yaml;
use std::path::Path;
use std::sync::Arc;
use value::{Span, Str, Value};

/// The words: which hosts, which module, with what arguments.
#[derive(Clone, Copy)]
pub struct Words<'w> {
    pub pattern: &'w str,
    /// What the task is called; none: as the module.
    pub name: Option<&'w str>,
    pub module: &'w str,
    /// `key=value ...`, a mapping in YAML or JSON, or a command.
    pub args: &'w str,
    /// Seconds.
    pub timeout: Option<u32>,
}

impl Parser {
    /// `dir` is where roles and files are looked for.
    pub fn single_task(&self, words: Words, dir: &Path) -> Load<Arc<Play>> {
        let sources = &self.loader.sources;
        let source = sources.add("<command line>", format!("{} {}", words.module, words.args).trim_end());
        let place = |text: &str, column: usize| {
            let first = text.lines().next().unwrap_or_default();
            Span::new(source, 1, column as u32, first.chars().count().max(1) as u32)
        };
        let module = scalar(words.module, place(words.module, 1));
        let args = match self.mapping(words.args) {
            Some(mapping) => mapping?,
            None => scalar(words.args, place(words.args, words.module.chars().count() + 2)),
        };
        let span = module.span;
        let mut reader = Reader::new(self, dir.to_path_buf());
        let hosts = sources.add("<command line>", words.pattern);
        let hosts = Str::trusted(words.pattern, Some(Span::new(hosts, 1, 1, words.pattern.chars().count() as u32)));
        let timeout = words.timeout.map(|seconds| Value::from(i64::from(seconds)));
        let keywords = Keywords { timeout, ..Keywords::default() };
        let frame = Arc::new(Frame { keywords, ..Frame::default() });
        let around =
            Around { frame: frame.clone(), file: dir.join("<command line>"), handlers: false, imports: Vec::new() };
        let named = words.name.map(|name| (scalar("name", span), scalar(name, span)));
        let entries: Vec<_> = named.into_iter().chain([(module, args)]).collect();
        let tasks: Vec<Node> = reader.single(span, &entries, &around).into_iter().collect();
        let name = Some(Str::from("Ansible Ad-Hoc"));
        let play = Play { name, hosts: hosts.into(), frame, gather_facts: Some(false.into()), tasks, ..empty(span) };
        reader.finish(Arc::new(play))
    }

    /// Arguments that are written as a mapping.
    fn mapping(&self, args: &str) -> Option<Load<yaml::Node>> {
        if !args.trim_start().starts_with('{') || args.trim_start().starts_with("{{") {
            return None;
        }
        let source = self.loader.sources.add("<arguments>", args);
        yaml::parse_one(args, source, &mut Vec::new()).transpose()
    }
}

fn scalar(text: &str, span: Span) -> yaml::Node {
    let kind = yaml::Kind::Scalar { text: text.into(), style: yaml::Style::DoubleQuoted, value: Value::from(text) };
    yaml::Node { span, kind, is_unsafe: false }
}
