//! What a template may ask of the world outside: variables, lookups, other templates, and the few things that are not a
//! function of their inputs. All of it is asked through these traits, so that evaluation itself has no IO.
use super::call::Arguments;
use super::error::Stop;
use std::sync::Arc;
use value::{Date, DateTime, Diagnostic, Span, Str, Value, Vaulted};

/// The variables of one host at one moment.
pub trait Scope {
    /// A variable as it stands in its layer: trusted text in it is evaluated by the engine when it is used (which finds
    /// cycles), so the scope need not evaluate anything. None: nobody defined it. What belongs to another scope (`hostvars`) is
    /// an [`Object`](super::Object).
    fn get(&self, name: &str) -> Result<Option<Value>, Stop>;

    /// All names, for suggestions.
    fn names(&self) -> Vec<Arc<str>>;

    /// A lookup that reaches outside (env, file, pipe, password, url, template ...): the list that the plugin would return.
    /// None: nobody knows a lookup of that name. Pure ones are answered by the engine and never arrive here.
    fn lookup(&self, request: &LookupRequest) -> Result<Option<Vec<Value>>, Stop>;

    /// The text of a template, for include, import and extends. None: it is not there.
    fn load(&self, name: &str) -> Result<Option<Source>, Stop>;

    fn environment(&self) -> &dyn Environment;
}

pub struct LookupRequest<'l> {
    /// Without `ansible.builtin.`; other collections stay in front.
    pub name: &'l str,
    pub arguments: &'l Arguments,
    /// Where the lookup stands.
    pub span: Option<Span>,
    /// The scope as the template sees it, for lookups that evaluate (template, vars ...).
    pub scope: &'l dyn Scope,
}

/// Another template's text.
#[derive(Clone, Debug)]
pub struct Source {
    pub text: Arc<str>,
    /// Its first character.
    pub origin: Option<Span>,
}

/// What `is file`, `is directory` ... ask of the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileTest {
    Exists,
    File,
    Directory,
    Link,
    LinkExists,
    Mount,
    /// Whether two paths are one file.
    Same,
}

/// What is not a function of its inputs. Each has a default that refuses, for where nothing is outside.
pub trait Environment {
    /// The local time with its offset, or in Greenwich.
    fn now(&self, _utc: bool) -> Result<DateTime, Stop> {
        Err(Stop::outside("there is no clock here"))
    }
    /// The offset of the local zone at this moment (seconds since the epoch), for strftime and its like.
    fn local_offset(&self, _moment: i64) -> Result<i32, Stop> {
        Ok(0)
    }
    /// A number below `limit`; never asked with zero.
    fn random(&self, _limit: u64) -> Result<u64, Stop> {
        Err(Stop::outside("there is no source of random numbers here"))
    }
    fn decrypt(&self, _vaulted: &Vaulted) -> Result<Str, Stop> {
        Err(Stop::outside("Attempting to decrypt but no vault secrets found"))
    }
    /// What this very text was decrypted from. A text that was made of it is another one, even if it reads alike.
    fn sealed(&self, _text: &Str) -> Option<Arc<Vaulted>> {
        None
    }
    fn file_test(&self, _test: FileTest, _path: &str, _other: Option<&str>) -> Result<bool, Stop> {
        Err(Stop::outside("there are no files here"))
    }
    /// `expanduser`, `expandvars`, `realpath`, `fileglob`, and (for others) `abspath`, `is_vaulted_file`: the controller's paths.
    fn path_filter(&self, name: &str, _path: &str, _arguments: &Arguments) -> Result<Value, Stop> {
        Err(Stop::outside(format!("there are no files here, so the filter '{name}' has no answer")))
    }
    /// The lookups that the scope answers, for those who misspell one.
    fn lookup_names(&self) -> Vec<&'static str> {
        Vec::new()
    }
    /// A secret that goes into a text or a filter. What is made of it is marked as a whole; who hides secrets by searching for them needs
    /// the piece, too.
    fn keep_secrets(&self, value: &Value);
    /// Something that works, but should be said.
    fn warn(&self, _warning: Diagnostic) {}
    /// ALLOW_BROKEN_CONDITIONALS: conditions of other types than bool are taken as Python takes them, with a warning.
    fn allow_broken_conditionals(&self) -> bool {
        false
    }
    /// DEFAULT_JINJA2_NATIVE and its like are gone in 2.19; what `omit` is stays the engine's.
    fn today(&self) -> Result<Date, Stop> {
        Ok(self.now(false)?.date)
    }
}

/// Nothing outside: for texts that may only compute.
#[derive(Clone, Copy, Debug, Default)]
pub struct Still;

impl Environment for Still {
    fn keep_secrets(&self, _value: &Value) {}
}

impl Scope for Still {
    fn get(&self, _name: &str) -> Result<Option<Value>, Stop> {
        Ok(None)
    }
    fn names(&self) -> Vec<Arc<str>> {
        Vec::new()
    }
    fn lookup(&self, _request: &LookupRequest) -> Result<Option<Vec<Value>>, Stop> {
        Ok(None)
    }
    fn load(&self, _name: &str) -> Result<Option<Source>, Stop> {
        Ok(None)
    }
    fn environment(&self) -> &dyn Environment {
        self
    }
}

/// A map of variables and nothing else outside.
impl Scope for value::Map {
    fn get(&self, name: &str) -> Result<Option<Value>, Stop> {
        Ok(value::Map::get(self, name).cloned())
    }
    fn names(&self) -> Vec<Arc<str>> {
        self.keys().filter_map(|key| key.as_text().map(|text| text.text().clone())).collect()
    }
    fn lookup(&self, _request: &LookupRequest) -> Result<Option<Vec<Value>>, Stop> {
        Ok(None)
    }
    fn load(&self, _name: &str) -> Result<Option<Source>, Stop> {
        Ok(None)
    }
    fn environment(&self) -> &dyn Environment {
        &Still
    }
}
