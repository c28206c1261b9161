//! The words of the command line before they are parsed, and what is said of those that cannot be.
use super::options::Deploy;
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command, CommandFactory};
use std::ffi::OsString;

/// As they were given; as `deploy`, the command stands first, wherever it stood among the options.
pub fn of_the_command_line(name: &str) -> Vec<OsString> {
    let words = std::env::args_os().collect();
    if name == "deploy" { command_first(words) } else { words }
}

/// Options may stand before the command too: `deploy -i hosts run all -m ping`.
pub fn command_first(mut words: Vec<OsString>) -> Vec<OsString> {
    let mut command = Deploy::command();
    command.build();
    let Some(place) = first_word(&command, &words) else { return words };
    if words[place].to_str().is_some_and(|word| command.find_subcommand(word).is_some()) {
        let word = words.remove(place);
        words.insert(1, word);
    }
    words
}

/// Where the first word stands that is neither an option nor its value.
fn first_word(command: &Command, words: &[OsString]) -> Option<usize> {
    let mut place = 1;
    while let Some(word) = words.get(place) {
        match &*word.to_string_lossy() {
            "--" => return None,
            option if option.len() > 1 && option.starts_with('-') => {
                place += 1 + usize::from(wants_more(command, option))
            }
            _ => return Some(place),
        }
    }
    None
}

/// Whether the value of this option, or of the last in these letters, is the next word.
fn wants_more(command: &Command, option: &str) -> bool {
    if let Some(name) = option.strip_prefix("--") {
        let has_name = |arg: &Arg| {
            arg.get_long() == Some(name) || arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&name))
        };
        return !name.contains('=') && takes_value(command, has_name);
    }
    let mut letters = option.chars().skip(1);
    let takes = |letter| takes_value(command, |arg| arg.get_short() == Some(letter));
    letters.find(|letter| takes(*letter)).is_some_and(|_| letters.next().is_none())
}

/// The program's own option of that name counts, then any command's.
fn takes_value(command: &Command, is_meant: impl Fn(&Arg) -> bool) -> bool {
    let commands = std::iter::once(command).chain(command.get_subcommands());
    let meant = commands.flat_map(Command::get_arguments).find(|arg| !arg.is_positional() && is_meant(arg));
    meant.is_some_and(|arg| arg.get_action().takes_values())
}

/// Nobody who wrote an option that is not there meant it as the value of another.
pub fn without_wrong_tips(mut error: clap::Error) -> clap::Error {
    let tip = match error.get(ContextKind::Suggested) {
        Some(ContextValue::StyledStrs(tips)) => tips.iter().any(|tip| tip.to_string().contains("-- -")),
        _ => false,
    };
    if tip {
        error.remove(ContextKind::Suggested);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(line: &str) -> String {
        let words = command_first(line.split(' ').map(OsString::from).collect());
        words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_command_is_found_behind_options_and_their_values() {
        for (given, meant) in [
            ("deploy -i hosts run all -m ping", "deploy run -i hosts all -m ping"),
            ("deploy -i hosts1 inventory --list", "deploy inventory -i hosts1 --list"),
            ("deploy --inventory-file hosts -vvb ping web", "deploy ping --inventory-file hosts -vvb web"),
            ("deploy --inventory=run -bi ping plan x.yml", "deploy plan --inventory=run -bi ping x.yml"),
            ("deploy -ihosts -m ping run all", "deploy run -ihosts -m ping all"),
        ] {
            assert_eq!(sorted(given), meant);
        }
    }

    #[test]
    fn a_playbook_before_a_command_stays_first() {
        for line in ["deploy -i hosts site.yml ping", "deploy -- ping", "deploy -i ping", "deploy ping run", "deploy"] {
            assert_eq!(sorted(line), line);
        }
    }
}
