//! The rows of the table, each as it holds for this run, with where that comes from.
use super::ini;
use super::table::{Kind, ROWS, Row};
use crate::world::files::Files;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use value::spec::to_bool;
use value::{Diagnostic, Span, Value};

/// All of them by their names.
#[derive(Debug, Default)]
pub struct Settings(BTreeMap<&'static str, Setting>);

#[derive(Debug)]
pub struct Setting {
    pub value: Value,
    /// `default`, `env: NAME`, or the file.
    pub origin: String,
    said: Option<Said>,
}

/// One setting's text, and where it stands.
#[derive(Clone, Debug)]
struct Said {
    text: String,
    /// The key or the variable.
    by: &'static str,
    /// None: in the environment.
    span: Option<Span>,
}

/// What the rows are read from.
pub struct Sources<'s> {
    pub file: Option<PathBuf>,
    pub values: ini::Values,
    pub environment: super::Environment<'s>,
    pub files: &'s dyn Files,
}

impl Settings {
    pub fn read(sources: &Sources) -> Result<Self, Diagnostic> {
        let mut all = Self::default();
        for row in ROWS {
            let said = sources.said(row).filter(|said| !said.text.is_empty() || matches!(row.kind, Kind::Text(_)));
            let value = match &said {
                Some(said) => sources.value(&row.kind, said)?,
                None => all.usual(&row.kind, sources.files),
            };
            let origin = match &said {
                None => "default".to_string(),
                Some(Said { by, span: None, .. }) => format!("env: {by}"),
                Some(_) => sources.file.as_deref().unwrap_or(Path::new("")).display().to_string(),
            };
            all.0.insert(row.name, Setting { value, origin, said });
        }
        let file = sources.file.as_deref().map_or(Value::Null, |path| path.display().to_string().into());
        all.0.insert("CONFIG_FILE", Setting { value: file, origin: String::new(), said: None });
        Ok(all)
    }

    /// By the names that the lookup `config` knows; options of plugins are none of them.
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.0.get(name).filter(|_| is_public(name))
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied().filter(|name| is_public(name))
    }

    /// One for each that is not here yet and asks for something else than what happens anyway.
    pub fn warnings(&self) -> Vec<Diagnostic> {
        let told = |row: &Row| {
            let (harmless, said) = (row.missing?, self.of(row.name).said.as_ref()?);
            let text = said.text.trim();
            if text.is_empty() || is_harmless(&row.kind, text, harmless) {
                return None;
            }
            let message = format!("the setting `{}` is not here yet, and `{text}` is passed over", said.by);
            Some(Diagnostic::warning("config", message).at(said.span))
        };
        ROWS.iter().filter_map(told).collect()
    }

    /// Whether somebody says it.
    pub fn is_said(&self, name: &str) -> bool {
        self.of(name).said.is_some()
    }

    pub fn truth(&self, name: &str) -> bool {
        self.of(name).value.is_true()
    }

    pub fn number<N: TryFrom<i64>>(&self, name: &str) -> Option<N> {
        match self.of(name).value {
            Value::Int(number) => N::try_from(number).ok(),
            _ => None,
        }
    }

    pub fn text(&self, name: &str) -> Option<String> {
        self.of(name).value.as_str().filter(|text| !text.is_empty()).map(String::from)
    }

    /// What holds where nobody says anything, also where somebody says nothing.
    pub fn text_or_usual(&self, name: &str) -> String {
        let usual = || ROWS.iter().find(|row| row.name == name).and_then(|row| row.kind.text());
        self.text(name).or_else(|| usual().map(String::from)).unwrap_or_default()
    }

    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }

    pub fn words(&self, name: &str) -> Vec<String> {
        match &self.of(name).value {
            Value::List(words) => words.iter().map(Value::to_text).collect(),
            _ => Vec::new(),
        }
    }

    pub fn paths(&self, name: &str) -> Vec<PathBuf> {
        self.words(name).into_iter().map(PathBuf::from).collect()
    }

    /// The names are those of the table; a test reads all that `Config` asks for.
    fn of(&self, name: &str) -> &Setting {
        self.0.get(name).unwrap_or_else(|| unreachable!("no setting {name} in the table"))
    }

    /// What holds where nobody says anything.
    fn usual(&self, kind: &Kind, files: &dyn Files) -> Value {
        let below = |folder: PathBuf, path: &str| Value::from(folder.join(path).display().to_string());
        match kind {
            Kind::Truth(truth) => truth.map_or(Value::Null, Value::from),
            Kind::Number(number, _) => number.map_or(Value::Null, Value::Int),
            Kind::Text(text) => text.map_or(Value::Null, Value::from),
            Kind::OneOf(word, _) => (*word).into(),
            Kind::Words(words) | Kind::Inventories(words) => Value::list(words.iter().map(|word| Value::from(*word))),
            Kind::Path => Value::Null,
            Kind::AtHome(path) => below(files.home().unwrap_or_else(|| PathBuf::from("/")), path),
            Kind::Own(path) => below(self.home(), path),
            Kind::Places(own, others) => Value::list(
                std::iter::once(below(self.home(), own)).chain(others.iter().map(|place| Value::from(*place))),
            ),
        }
    }

    fn home(&self) -> PathBuf {
        self.path("ANSIBLE_HOME").unwrap_or_default()
    }
}

impl Sources<'_> {
    fn said(&self, row: &Row) -> Option<Said> {
        let variable = |name: &&'static str| (self.environment)(name).map(|text| Said { text, by: name, span: None });
        let key = |(section, key): &(&'static str, &'static str)| {
            self.values.get(section, key).map(|(text, span)| Said { text: text.into(), by: key, span: Some(span) })
        };
        row.variables.iter().find_map(variable).or_else(|| row.keys.iter().rev().find_map(key))
    }

    fn value(&self, kind: &Kind, said: &Said) -> Result<Value, Diagnostic> {
        let text = said.text.trim();
        let absolute = |path: &str| Value::from(self.absolute(said, path).display().to_string());
        let parts = |mark: char| text.split(mark).map(str::trim).filter(|part| !part.is_empty());
        Ok(match kind {
            Kind::Truth(_) => to_bool(&text.into()).map_err(|_| said.wrong("yes or no"))?.into(),
            Kind::Number(_, most) => number(text, *most).ok_or_else(|| said.wrong(&expected_number(*most)))?.into(),
            Kind::Text(_) => text.into(),
            Kind::OneOf(_, words) if !words.contains(&text) => return Err(said.wrong(&words.join(", "))),
            Kind::OneOf(..) => text.into(),
            Kind::Words(_) => Value::list(parts(',').map(Value::from)),
            Kind::Path | Kind::AtHome(_) | Kind::Own(_) => absolute(text),
            Kind::Places(..) => Value::list(parts(':').map(absolute)),
            Kind::Inventories(_) => Value::list(parts(',').map(absolute)),
        })
    }

    /// Relative paths of the file are meant from its folder.
    fn absolute(&self, said: &Said, path: &str) -> PathBuf {
        let beside = self.file.as_deref().filter(|_| said.span.is_some()).and_then(Path::parent);
        let base = beside.map_or_else(|| self.files.current_dir(), Path::to_path_buf);
        self.files.absolute(&base, path)
    }
}

impl Said {
    fn wrong(&self, expected: &str) -> Diagnostic {
        Diagnostic::error("config", format!("`{}` should be {expected}, and is `{}`", self.by, self.text)).at(self.span)
    }
}

fn number(text: &str, most: i64) -> Option<i64> {
    text.parse().ok().filter(|number| (0..=most).contains(number))
}

fn expected_number(most: i64) -> String {
    if most == i64::MAX { "a number".into() } else { format!("a number up to {most}") }
}

fn is_public(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
}

fn is_harmless(kind: &Kind, text: &str, harmless: &[&str]) -> bool {
    let truth = |word: &str| to_bool(&word.into()).ok();
    let is = |text: &str| {
        let same = |usual: &&str| {
            text.eq_ignore_ascii_case(usual) || matches!(kind, Kind::Truth(_)) && truth(text) == truth(usual)
        };
        harmless.iter().any(same)
    };
    match kind {
        Kind::Words(_) => text.split(',').map(str::trim).filter(|word| !word.is_empty()).all(is),
        _ => is(text),
    }
}
