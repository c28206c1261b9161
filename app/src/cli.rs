//! The command line: what the program can be asked to do, and its help page.

use crate::config::SETTINGS;

#[derive(Debug, PartialEq)]
pub enum Command {
    Serve,
    Health,
    Help,
    Version,
}

#[derive(Debug, thiserror::Error, PartialEq)]
#[error("unknown argument `{0}`: expected `serve`, `health`, `--help` or `--version`")]
pub struct UnknownArgument(String);

pub fn parse(args: impl IntoIterator<Item = String>) -> Result<Command, UnknownArgument> {
    let mut args = args.into_iter();
    let command = match args.next().as_deref() {
        None | Some("serve") => Command::Serve,
        Some("health") => Command::Health,
        Some("help" | "--help" | "-h") => Command::Help,
        Some("version" | "--version" | "-V") => Command::Version,
        Some(other) => return Err(UnknownArgument(other.to_string())),
    };
    match args.next() {
        Some(extra) => Err(UnknownArgument(extra)),
        None => Ok(command),
    }
}

/// The help page; its list of settings is the table that reads them.
pub fn help() -> String {
    let mut text = String::from(
        "Botify, a small blog on an embedded SQLite database.\n\n\
         Usage: botify [COMMAND]\n\n\
         Commands:\n  \
           serve      serve the blog until SIGTERM (the default)\n  \
           health     ask the running server over loopback; exit 0 if it is well\n  \
           --help     this page\n  \
           --version  the version\n\n\
         Settings, all from the environment:\n",
    );
    for setting in SETTINGS {
        text.push_str(&format!("\n  {}\n      {}\n      expects {}", setting.name, setting.help, setting.expected));
        match setting.default {
            Some("") | None => {}
            Some(default) => text.push_str(&format!("; default {default}")),
        }
        if setting.secret {
            text.push_str(&format!("\n      or {}_FILE, the path of a file that holds it", setting.name));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &[&str]) -> Result<Command, UnknownArgument> {
        parse(words.iter().map(|word| word.to_string()))
    }

    #[test]
    fn serving_is_the_default() {
        assert_eq!(parse_words(&[]), Ok(Command::Serve));
        assert_eq!(parse_words(&["health"]), Ok(Command::Health));
    }

    #[test]
    fn an_unknown_argument_is_named() {
        let wrong = parse_words(&["serve", "--port"]).unwrap_err();
        assert!(wrong.to_string().contains("--port"), "{wrong}");
    }

    #[test]
    fn help_and_readme_name_every_setting() {
        let (help, readme) = (help(), include_str!("../README.md"));
        for setting in SETTINGS {
            assert!(help.contains(setting.name), "{} is missing in --help", setting.name);
            assert!(readme.contains(&format!("`{}`", setting.name)), "{} is missing in README.md", setting.name);
        }
    }
}
