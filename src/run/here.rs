//! What tasks of the controller and templates ask of the machine they run on: the clock, random numbers, files outside the project.
use crate::action::{Content, Expected, FileState, Surroundings};
use crate::report::Secrets;
use crate::world::blobs::Blobs;
use crate::world::sinks::{Sums, temporary};
use crate::world::{lookups, paths, random};
use lang::template::{Arguments, Environment, FileTest, Stop};
use lang::vault::Keyring;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use target::protocol::{BlobHash, Token};
use value::{Date, DateTime, Diagnostic, Span, Str, Value, Vaulted};

/// This machine, as one run uses it.
pub struct Here {
    pub blobs: Arc<Blobs>,
    pub secrets: Arc<Secrets>,
    pub keyring: Arc<Keyring>,
    pub allow_broken_conditionals: bool,
    warnings: Mutex<Vec<Diagnostic>>,
    /// By their ciphertext: a password is derived once, and a text that comes out unchanged is known for what it was.
    decrypted: Mutex<HashMap<Arc<str>, Str>>,
}

impl Here {
    pub fn new(
        blobs: Arc<Blobs>,
        secrets: Arc<Secrets>,
        keyring: Arc<Keyring>,
        allow_broken_conditionals: bool,
    ) -> Self {
        Self {
            blobs,
            secrets,
            keyring,
            allow_broken_conditionals,
            warnings: Mutex::default(),
            decrypted: Mutex::default(),
        }
    }

    /// Warnings since this was asked last.
    pub fn take_warnings(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add_warning(&self, warning: Diagnostic) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(warning);
    }
}

impl Surroundings for Here {
    fn now(&self) -> f64 {
        now()
    }

    fn local_time(&self, seconds: f64) -> DateTime {
        local_time(seconds)
    }

    fn host_name(&self) -> String {
        rustix::system::uname().nodename().to_string_lossy().into_owned()
    }

    fn user_name(&self, uid: u32) -> String {
        let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let line = passwd
            .lines()
            .map(|line| line.split(':').collect::<Vec<_>>())
            .find(|line| line.get(2) == Some(&uid.to_string().as_str()));
        line.and_then(|line| line.first().map(ToString::to_string)).unwrap_or_else(|| uid.to_string())
    }

    fn home(&self) -> PathBuf {
        std::env::home_dir().unwrap_or_else(|| PathBuf::from("/"))
    }

    fn file_state(&self, path: &Path) -> Option<FileState> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(FileState {
            mode: metadata.mode(),
            size: metadata.len(),
            uid: metadata.uid(),
            modified: metadata.mtime() as f64,
        })
    }

    fn link_target(&self, path: &Path) -> Option<PathBuf> {
        std::fs::read_link(path).ok()
    }

    fn head(&self, path: &Path, count: usize) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(count as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn add_blob(&self, content: Content) -> std::io::Result<(BlobHash, u64)> {
        match content {
            Content::Bytes(bytes) => {
                let size = bytes.len() as u64;
                Ok((self.blobs.add_bytes(bytes), size))
            }
            Content::File(path) => self.blobs.add_file(path),
        }
    }

    fn expect(&self, dest: &Path) -> std::io::Result<Expected> {
        let token = self.blobs.sinks.expect(dest)?;
        let there = dest.is_file().then(|| self.blobs.hash(dest)).transpose()?;
        Ok(Expected { token, there })
    }

    fn received(&self, token: &Token) -> Option<std::io::Result<Sums>> {
        self.blobs.sinks.take(token)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        let mut file = temporary(path)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map(drop).map_err(|error| error.error)
    }

    fn warn(&self, message: &str, span: Option<Span>) {
        self.add_warning(Diagnostic::warning("warning", message).at(span));
    }

    fn keep_secret(&self, value: &Value) {
        self.secrets.add_all(value);
    }
}

impl Environment for Here {
    fn keep_secrets(&self, value: &Value) {
        self.secrets.add_all(value);
    }

    fn now(&self, utc: bool) -> Result<DateTime, Stop> {
        let seconds = now();
        Ok(if utc { time_of(seconds, 0) } else { local_time(seconds) })
    }

    fn local_offset(&self, moment: i64) -> Result<i32, Stop> {
        Ok(offset(moment))
    }

    fn random(&self, limit: u64) -> Result<u64, Stop> {
        let mut bytes = [0; 8];
        random::fill(&mut bytes).map_err(|error| Stop::outside(format!("no random numbers: {error}")))?;
        Ok(random::below(limit, bytes))
    }

    fn decrypt(&self, vaulted: &Vaulted) -> Result<Str, Stop> {
        let mut known = self.decrypted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = known.get(&vaulted.ciphertext) {
            return Ok(text.clone().with_origin(vaulted.origin));
        }
        let plain = self.keyring.decrypt(&vaulted.ciphertext).map_err(|error| Stop::outside(error.to_string()))?;
        let text = String::from_utf8(plain.to_vec()).map_err(|_| Stop::outside("a vaulted value is no UTF-8 text"))?;
        // What stood under the key is data: braces in a password are no template.
        let text = Str::from(text).with_origin(vaulted.origin).with_secrecy(true);
        self.secrets.add(&text);
        known.insert(vaulted.ciphertext.clone(), text.clone());
        Ok(text)
    }

    fn sealed(&self, text: &Str) -> Option<Arc<Vaulted>> {
        let known = self.decrypted.lock().unwrap_or_else(PoisonError::into_inner);
        let (ciphertext, _) = known.iter().find(|(_, plain)| Arc::ptr_eq(plain.text(), text.text()))?;
        // A ciphertext of its own: those who write it do not take two of them for one.
        Some(Arc::new(Vaulted { ciphertext: Arc::from(&**ciphertext), origin: text.origin() }))
    }

    fn file_test(&self, test: FileTest, path: &str, other: Option<&str>) -> Result<bool, Stop> {
        let path = Path::new(path);
        let is = |check: fn(&std::fs::Metadata) -> bool| std::fs::metadata(path).is_ok_and(|metadata| check(&metadata));
        Ok(match test {
            FileTest::Exists => path.exists(),
            FileTest::File => is(std::fs::Metadata::is_file),
            FileTest::Directory => is(std::fs::Metadata::is_dir),
            FileTest::Link => std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink()),
            FileTest::LinkExists => std::fs::symlink_metadata(path).is_ok(),
            FileTest::Mount => is_mount(path),
            FileTest::Same => other.is_some_and(|other| same_file(path, Path::new(other))),
        })
    }

    fn path_filter(&self, name: &str, path: &str, _arguments: &Arguments) -> Result<Value, Stop> {
        match paths::find(name) {
            Some(entry) => (entry.run)(path),
            None => Err(Stop::outside(format!("nobody knows the filter '{name}' here"))),
        }
    }

    fn lookup_names(&self) -> Vec<&'static str> {
        lookups::names()
    }

    fn warn(&self, warning: Diagnostic) {
        self.add_warning(warning);
    }

    fn allow_broken_conditionals(&self) -> bool {
        self.allow_broken_conditionals
    }
}

pub fn now() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

fn offset(moment: i64) -> i32 {
    jiff::Timestamp::from_second(moment).map_or(0, |time| jiff::tz::TimeZone::system().to_offset(time).seconds())
}

fn local_time(seconds: f64) -> DateTime {
    time_of(seconds, offset(seconds.floor() as i64))
}

fn time_of(seconds: f64, offset: i32) -> DateTime {
    let local = seconds.floor() as i64 + i64::from(offset);
    let (days, rest) = (local.div_euclid(86_400), local.rem_euclid(86_400));
    DateTime {
        date: Date::from_days(days),
        hour: (rest / 3600) as u8,
        minute: (rest / 60 % 60) as u8,
        second: (rest % 60) as u8,
        microsecond: ((seconds - seconds.floor()) * 1e6) as u32,
        offset: Some(offset),
    }
}

fn is_mount(path: &Path) -> bool {
    let Ok(own) = std::fs::symlink_metadata(path) else { return false };
    let Ok(parent) = std::fs::metadata(path.join("..")) else { return false };
    own.dev() != parent.dev() || own.ino() == parent.ino()
}

fn same_file(one: &Path, two: &Path) -> bool {
    let state = |path: &Path| std::fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()));
    state(one).is_some() && state(one) == state(two)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lang::template::render_value;
    use lang::vault::{Secret, encrypt};

    #[test]
    fn what_is_under_a_vaults_key_is_no_template() {
        let secret = Secret::new("", "word");
        let vaulted = |plain: &str| {
            let ciphertext = encrypt(plain.as_bytes(), &secret, &[7; 32]);
            Value::Vaulted(Arc::new(Vaulted { ciphertext: ciphertext.as_str().into(), origin: None }))
        };
        let keyring = Arc::new(Keyring::new(vec![secret.clone()]));
        let here = Here::new(Arc::default(), Arc::default(), keyring, false);
        for plain in ["a{#b#}c", "{{ 1 }}", "{% if %}", "plain"] {
            let scope = WithHere { here: &here, value: vaulted(plain) };
            for template in ["{{ x }}", "{{ {'k': x}.k }}", "{{ [x] | first }}"] {
                let rendered = render_value(&Value::Str(Str::trusted(template, None)), &scope).unwrap();
                assert_eq!(rendered, Value::from(plain), "{template}");
                assert!(rendered.holds_secret());
            }
        }
    }

    #[test]
    fn a_vaulted_value_is_written_as_it_stood_and_known_as_such() {
        let secret = Secret::new("", "word");
        let ciphertext: Arc<str> = encrypt(b"plain", &secret, &[7; 32]).into();
        let here = Here::new(Arc::default(), Arc::default(), Arc::new(Keyring::new(vec![secret])), false);
        let vaulted = Value::Vaulted(Arc::new(Vaulted { ciphertext: ciphertext.clone(), origin: None }));
        let scope = WithHere { here: &here, value: Value::map([("pw", vaulted.clone()), ("user", "bob".into())]) };
        let rendered = |template: &str| {
            render_value(&Value::Str(Str::trusted(format!("{{{{ {template} }}}}"), None)), &scope).unwrap().to_text()
        };
        let lines: String = ciphertext.trim_end().lines().map(|line| format!("    {line}\n")).collect();
        let written = format!("pw: !vault |\n{lines}user: bob\n");
        assert_eq!(rendered("x | to_nice_yaml"), written);
        assert_eq!(rendered("{'pw': x.pw, 'user': x.user} | to_nice_yaml"), written);
        assert_eq!(rendered("x | to_nice_yaml(dump_vault_tags=false)"), "pw: plain\nuser: bob\n");
        assert_eq!(rendered("x | community.general.to_nice_yaml"), "pw: plain\nuser: bob\n");
        let redacted = "x | community.general.to_nice_yaml(redact_sensitive_values=true)";
        assert_eq!(rendered(redacted), "pw: <redacted>\nuser: bob\n");
        assert_eq!(rendered("(x.pw ~ '') | to_yaml"), "plain\n");
        let tests = "[x.pw is vault_encrypted, x.user is vault_encrypted, (x.pw ~ '') is vault_encrypted, x is vault_encrypted]";
        assert_eq!(rendered(tests), "[True, False, False, False]");
    }

    struct WithHere<'h> {
        here: &'h Here,
        value: Value,
    }

    impl lang::template::Scope for WithHere<'_> {
        fn get(&self, name: &str) -> Result<Option<Value>, Stop> {
            Ok((name == "x").then(|| self.value.clone()))
        }
        fn names(&self) -> Vec<Arc<str>> {
            vec!["x".into()]
        }
        fn lookup(&self, _: &lang::template::LookupRequest) -> Result<Option<Vec<Value>>, Stop> {
            Ok(None)
        }
        fn load(&self, _: &str) -> Result<Option<lang::template::Source>, Stop> {
            Ok(None)
        }
        fn environment(&self) -> &dyn Environment {
            self.here
        }
    }
}
