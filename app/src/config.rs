//! The configuration: one table of settings, read from the environment and checked before anything starts.

mod value;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tracing::level_filters::LevelFilter;

use crate::client::Network;
use crate::log::LogFormat;
use crate::password::Cost;
pub use value::{PublicUrl, Secret};

#[derive(Clone, Debug)]
pub struct Config {
    pub listen: SocketAddr,
    /// The SQLite database file.
    pub database: PathBuf,
    pub title: String,
    pub public_url: Option<PublicUrl>,
    pub registration_open: bool,
    pub session_lifetime: Duration,
    pub posts_per_page: u32,
    pub max_request_bytes: usize,
    pub request_timeout: Duration,
    pub max_connections: usize,
    pub drain_delay: Duration,
    pub drain_timeout: Duration,
    pub trusted_proxies: Vec<Network>,
    pub metrics_token: Option<Secret>,
    pub log_format: LogFormat,
    pub log_level: LevelFilter,
    /// Not a setting: weaker hashes are no one's wish, but tests need quick ones.
    pub password_cost: Cost,
}

/// One row of the table: an environment variable, what it expects, and how it is taken.
pub struct Setting {
    pub name: &'static str,
    pub default: Option<&'static str>,
    pub expected: &'static str,
    pub help: &'static str,
    /// Never shown, and may come from a file named by `NAME_FILE`.
    pub secret: bool,
    take: fn(&mut Config, &str) -> Option<()>,
}

const fn setting(
    name: &'static str,
    default: &'static str,
    expected: &'static str,
    help: &'static str,
    take: fn(&mut Config, &str) -> Option<()>,
) -> Setting {
    Setting { name, default: Some(default), expected, help, secret: false, take }
}

#[rustfmt::skip]
pub const SETTINGS: &[Setting] = &[
    setting("BOTIFY_LISTEN", "0.0.0.0:8080", "an address and a port, as in 127.0.0.1:8080 or [::]:8080",
        "where to listen", |c, v| { c.listen = v.parse().ok()?; Some(()) }),
    setting("BOTIFY_DATABASE_URL", "sqlite:botify.db", "sqlite:PATH, as in sqlite:/data/botify.db",
        "the database; its file is created, and its schema brought up to date, at start",
        |c, v| { c.database = value::sqlite_path(v)?; Some(()) }),
    setting("BOTIFY_TITLE", "Botify", "one line of 1 to 80 characters",
        "the name of the blog", |c, v| { c.title = value::line(v, 80)?; Some(()) }),
    Setting { default: None, ..setting("BOTIFY_PUBLIC_URL", "", "http:// or https:// and a host, without a path, as in https://blog.example.org",
        "the address that readers use; with https, cookies are marked Secure and browsers are told to stay on https",
        |c, v| { c.public_url = Some(PublicUrl::parse(v)?); Some(()) }) },
    setting("BOTIFY_REGISTRATION", "open", "open or closed",
        "whether anyone may register", |c, v| { c.registration_open = value::choice(v, &[("open", true), ("closed", false)])?; Some(()) }),
    setting("BOTIFY_SESSION_LIFETIME", "14d", "a duration from 1m to 366d, as in 45m, 12h or 14d",
        "how long a login lasts", |c, v| { c.session_lifetime = value::duration(v, 60..=366 * 86_400)?; Some(()) }),
    setting("BOTIFY_POSTS_PER_PAGE", "10", "a number from 1 to 100",
        "posts on one page of the list", |c, v| { c.posts_per_page = value::number(v, 1..=100)?; Some(()) }),
    setting("BOTIFY_MAX_REQUEST_BYTES", "262144", "a number from 4096 to 16777216",
        "the largest request body", |c, v| { c.max_request_bytes = value::number(v, 4096..=16_777_216)?; Some(()) }),
    setting("BOTIFY_REQUEST_TIMEOUT", "15s", "a duration from 1s to 10m, as in 15s",
        "how long one request may take", |c, v| { c.request_timeout = value::duration(v, 1..=600)?; Some(()) }),
    setting("BOTIFY_MAX_CONNECTIONS", "512", "a number from 1 to 65536",
        "connections open at once; more wait", |c, v| { c.max_connections = value::number(v, 1..=65_536)?; Some(()) }),
    setting("BOTIFY_DRAIN_DELAY", "0s", "a duration up to 5m, as in 5s",
        "after SIGTERM, how long to go on accepting while /_health already says draining (for a balancer)",
        |c, v| { c.drain_delay = value::duration(v, 0..=300)?; Some(()) }),
    setting("BOTIFY_DRAIN_TIMEOUT", "20s", "a duration from 1s to 10m, as in 20s",
        "then, how long requests in flight may take to finish", |c, v| { c.drain_timeout = value::duration(v, 1..=600)?; Some(()) }),
    setting("BOTIFY_TRUSTED_PROXIES", "", "addresses or networks parted by commas, as in 10.0.0.2,192.168.0.0/16",
        "whose X-Forwarded-For is believed", |c, v| { c.trusted_proxies = value::list(v)?; Some(()) }),
    Setting { default: None, secret: true, ..setting("BOTIFY_METRICS_TOKEN", "", "at least 16 visible characters",
        "if set, /metrics wants it as `Authorization: Bearer TOKEN`", |c, v| { c.metrics_token = Some(Secret::parse(v)?); Some(()) }) },
    setting("BOTIFY_LOG_FORMAT", "json", "json or plain",
        "the form of the log on stdout",
        |c, v| { c.log_format = value::choice(v, &[("json", LogFormat::Json), ("plain", LogFormat::Plain)])?; Some(()) }),
    setting("BOTIFY_LOG_LEVEL", "info", "error, warn, info or debug",
        "how much to log; debug includes requests to /_health and /metrics",
        |c, v| { c.log_level = value::choice(v, value::LEVELS)?; Some(()) }),
];

/// Everything that is wrong with the environment, a line each.
#[derive(Debug, thiserror::Error)]
#[error("the configuration is wrong:\n  {}", .0.join("\n  "))]
pub struct ConfigError(Vec<String>);

impl Config {
    pub fn from_vars(vars: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Config, ConfigError> {
        let (mut config, mut wrong) = (Config::blank(), Vec::new());
        for setting in SETTINGS {
            if let Some(Err(message)) = setting.default.map(|default| setting.apply(&mut config, default)) {
                wrong.push(message);
            }
        }
        for (name, text) in vars {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("BOTIFY_")
                && let Err(message) = config.take(&name, text)
            {
                wrong.push(message);
            }
        }
        if wrong.is_empty() { Ok(config) } else { Err(ConfigError(wrong)) }
    }

    fn take(&mut self, name: &str, text: OsString) -> Result<(), String> {
        let text = text.into_string().map_err(|_| format!("{name} is not UTF-8"))?;
        if let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) {
            return setting.apply(self, &text);
        }
        let from_file =
            name.strip_suffix("_FILE").and_then(|stem| SETTINGS.iter().find(|s| s.secret && s.name == stem));
        let setting = from_file.ok_or_else(|| format!("{name} is not a setting; `botify --help` lists them"))?;
        let held = std::fs::read_to_string(&text).map_err(|error| format!("{name}: cannot read {text}: {error}"))?;
        setting.apply(self, held.trim_end_matches(['\r', '\n']))
    }

    /// What the table's defaults are written over.
    fn blank() -> Config {
        Config {
            listen: SocketAddr::from(([0, 0, 0, 0], 0)),
            database: PathBuf::new(),
            title: String::new(),
            public_url: None,
            registration_open: false,
            session_lifetime: Duration::ZERO,
            posts_per_page: 1,
            max_request_bytes: 0,
            request_timeout: Duration::ZERO,
            max_connections: 1,
            drain_delay: Duration::ZERO,
            drain_timeout: Duration::ZERO,
            trusted_proxies: Vec::new(),
            metrics_token: None,
            log_format: LogFormat::Json,
            log_level: LevelFilter::INFO,
            password_cost: Cost::RECOMMENDED,
        }
    }

    /// Whether readers come over https, so that cookies must not travel otherwise.
    pub fn over_tls(&self) -> bool {
        self.public_url.as_ref().is_some_and(PublicUrl::is_https)
    }
}

impl Setting {
    fn apply(&self, config: &mut Config, text: &str) -> Result<(), String> {
        (self.take)(config, text).ok_or_else(|| match self.secret {
            true => format!("{}: expected {}", self.name, self.expected),
            false => format!("{} is {text:?}: expected {}", self.name, self.expected),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(vars: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_vars(vars.iter().map(|(name, text)| (name.into(), text.into())))
    }

    fn refusal(name: &str, text: &str) -> String {
        read(&[(name, text)]).expect_err("must be refused").to_string()
    }

    #[test]
    fn every_default_is_accepted_by_its_own_setting() {
        let config = read(&[("PATH", "/bin")]).unwrap();
        assert_eq!(config.listen.port(), 8080);
        assert_eq!(config.session_lifetime, Duration::from_secs(14 * 86_400));
        assert!(config.registration_open && config.metrics_token.is_none() && !config.over_tls());
    }

    #[test]
    fn each_wrong_value_is_named_with_what_was_expected() {
        let wrong = read(&[("BOTIFY_LISTEN", "8080"), ("BOTIFY_SESSION_LIFETIME", "forever")]).unwrap_err().to_string();
        assert!(wrong.contains(r#"BOTIFY_LISTEN is "8080": expected an address and a port"#), "{wrong}");
        assert!(wrong.contains(r#"BOTIFY_SESSION_LIFETIME is "forever": expected a duration"#), "{wrong}");
    }

    #[test]
    fn values_out_of_range_are_refused() {
        for (name, text) in [
            ("BOTIFY_DATABASE_URL", "postgres://db/blog"),
            ("BOTIFY_DATABASE_URL", "sqlite:"),
            ("BOTIFY_TITLE", ""),
            ("BOTIFY_PUBLIC_URL", "https://blog.example.org/path"),
            ("BOTIFY_POSTS_PER_PAGE", "0"),
            ("BOTIFY_DRAIN_TIMEOUT", "0s"),
            ("BOTIFY_TRUSTED_PROXIES", "10.0.0.0/33"),
            ("BOTIFY_LOG_FORMAT", "xml"),
        ] {
            assert!(refusal(name, text).contains(&format!("{name} is ")), "{name}={text}");
        }
    }

    #[test]
    fn a_misspelt_setting_is_refused() {
        assert!(refusal("BOTIFY_LISTENS", "0.0.0.0:1").contains("BOTIFY_LISTENS is not a setting"));
    }

    #[test]
    fn a_wrong_secret_is_not_repeated() {
        let wrong = refusal("BOTIFY_METRICS_TOKEN", "hunter2");
        assert!(wrong.contains("BOTIFY_METRICS_TOKEN") && !wrong.contains("hunter2"), "{wrong}");
    }

    #[test]
    fn a_secret_may_come_from_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "0123456789abcdef\n").unwrap();
        let config = read(&[("BOTIFY_METRICS_TOKEN_FILE", file.path().to_str().unwrap())]).unwrap();
        assert!(config.metrics_token.unwrap().is(b"0123456789abcdef"));
        assert!(refusal("BOTIFY_METRICS_TOKEN_FILE", "/nonexistent/token").contains("cannot read /nonexistent/token"));
        assert!(refusal("BOTIFY_TITLE_FILE", "/etc/hostname").contains("is not a setting"));
    }
}
