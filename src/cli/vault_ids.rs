//! Which vault passwords a run has: `--vault-id`, `--vault-password-file`, `--ask-vault-pass` and the settings behind them, in the
//! order in which Ansible tries them.
use super::exit::Refusal;
use super::options::{NewVaultKeys, ProjectOptions};
use super::passwords;
use crate::config::Config;
use crate::world::files::Files;
use lang::vault::{Keyring, Secret};
use std::path::Path;

const DEFAULT: &str = "default";

/// Where one password comes from.
#[derive(Debug, PartialEq)]
struct Source {
    id: String,
    from: From,
}

#[derive(Debug, PartialEq)]
enum From {
    Prompt(String),
    File(String),
}

pub fn keyring(options: &ProjectOptions, config: &Config, files: &dyn Files) -> Result<Keyring, Refusal> {
    let mut keyring = Keyring::new(secrets(options, config, files)?);
    keyring.match_ids = config.vault_id_match;
    Ok(keyring)
}

pub fn secrets(options: &ProjectOptions, config: &Config, files: &dyn Files) -> Result<Vec<Secret>, Refusal> {
    read(sources(options, config), files)
}

/// Of `rekey`: what the files are to have from now on.
pub fn new_secrets(options: &NewVaultKeys, files: &dyn Files) -> Result<Vec<Secret>, Refusal> {
    let mut sources: Vec<Source> = options.new_vault_id.iter().map(|word| labelled(word)).collect();
    let file = options.new_vault_password_file.iter();
    sources.extend(file.map(|file| Source { id: DEFAULT.into(), from: From::File(file.display().to_string()) }));
    read(sources, files)
}

fn read(sources: Vec<Source>, files: &dyn Files) -> Result<Vec<Secret>, Refusal> {
    let mut secrets = Vec::new();
    for source in sources {
        let password = match &source.from {
            From::Prompt(question) => passwords::typed(question)?,
            From::File(path) => {
                let args: &[&str] = if is_client(path) { &["--vault-id", &source.id] } else { &[] };
                passwords::from_file(Path::new(path), args, files).map_err(Refusal::error)?
            }
        };
        secrets.push(Secret::new(source.id, password));
    }
    Ok(secrets)
}

fn sources(options: &ProjectOptions, config: &Config) -> Vec<Source> {
    let ids = config.vault_identity_list.iter().chain(&options.vault_id);
    let mut sources: Vec<Source> = ids.map(|word| labelled(word)).collect();
    let configured = config.vault_password_file.iter().filter(|_| options.vault_password_file.is_empty());
    for file in configured.chain(&options.vault_password_file) {
        sources.push(Source { id: DEFAULT.into(), from: From::File(file.display().to_string()) });
    }
    if options.ask_vault_pass || config.ask_vault_pass && sources.is_empty() {
        sources.push(Source { id: DEFAULT.into(), from: From::Prompt("Vault password: ".into()) });
    }
    sources
}

/// `label@source`, where the source is a file, a program, or the word `prompt`.
fn labelled(word: &str) -> Source {
    let (id, source) = word.split_once('@').unwrap_or((DEFAULT, word));
    let id = if id.is_empty() { DEFAULT } else { id };
    let from = match source {
        "prompt" | "prompt_ask_vault_pass" => From::Prompt(format!("Vault password ({id}): ")),
        file => From::File(file.into()),
    };
    Source { id: id.into(), from }
}

/// A program of this name wants to be told which password is asked for.
fn is_client(path: &str) -> bool {
    Path::new(path).file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("-client"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_name_their_source() {
        let file = |id: &str, path: &str| Source { id: id.into(), from: From::File(path.into()) };
        assert_eq!(labelled("dev@~/.pass"), file("dev", "~/.pass"));
        assert_eq!(labelled("pass.txt"), file("default", "pass.txt"));
        assert_eq!(labelled("dev@prompt").from, From::Prompt("Vault password (dev): ".into()));
        assert!(is_client("/x/keyring-client.py") && !is_client("/x/client.py"));
    }
}
