//! Completion: the scripts for shells, and the answers when such a script asks what may stand at the cursor. The program answers by
//! itself, so that its options, modules, and the inventory's hosts and groups are those of the moment.
use super::exit::Exit;
use super::hosts;
use super::options::Deploy;
use super::words::command_first;
use clap::{ArgMatches, CommandFactory};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::Shells;
use clap_complete::{CompleteEnv, Shell};
use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

/// By it the scripts say that they ask, and for which shell.
const ASKED: &str = "DEPLOY_COMPLETE";
const NAME: &str = "deploy";
/// A file in `fpath` is read at the first completion and has to give an answer then already.
const ZSH_FIRST: &str = "\n[[ \"$funcstack[1]\" != \"_deploy\" ]] || _clap_dynamic_completer_deploy \"$@\"\n";

pub fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    let shells = Shells::builtins();
    // Both lists are clap's own, and what is written to memory arrives.
    if let Some(writer) = shells.completer(&shell.to_string()) {
        let _ = writer.write_registration(ASKED, NAME, NAME, NAME, &mut script);
    }
    let script = String::from_utf8_lossy(&script).trim().to_string();
    if shell == Shell::Zsh { script + ZSH_FIRST } else { script }
}

pub fn is_asked() -> bool {
    std::env::var_os(ASKED).is_some_and(|shell| !shell.is_empty())
}

/// Prints what may stand at the cursor. What goes wrong is not said: it would land in the middle of a command line.
pub fn answer() -> ExitCode {
    let here = std::env::current_dir().ok();
    let completed =
        CompleteEnv::with_factory(Deploy::command).var(ASKED).try_complete(std::env::args_os(), here.as_deref());
    if completed.is_ok() { ExitCode::SUCCESS } else { Exit::Error.into() }
}

/// Hosts and groups, after what a pattern may already hold.
pub fn patterns() -> ArgValueCompleter {
    ArgValueCompleter::new(|word: &OsStr| {
        let Some(word) = word.to_str() else { return Vec::new() };
        let begin = word.rfind([',', ':', '!', '&']).map_or(0, |at| at + 1);
        let (before, begun) = word.split_at(begin);
        let names = hosts::names(&named_inventories(std::env::args_os().collect()));
        let fitting = names.into_iter().filter(|(name, _)| name.starts_with(begun));
        fitting
            .map(|(name, kind)| CompletionCandidate::new(format!("{before}{name}")).help(Some(kind.into())))
            .collect()
    })
}

/// What `-i` names on a line that is not complete yet. The program's own words come before the line's, up to a `--`.
fn named_inventories(mut args: Vec<OsString>) -> Vec<String> {
    let begin = args.iter().position(|word| word == "--").map_or(args.len(), |at| at + 1);
    let line = command_first(args.split_off(begin));
    let Ok(matches) = Deploy::command().ignore_errors(true).try_get_matches_from(line) else { return Vec::new() };
    let named = |matches: &ArgMatches| -> Vec<String> {
        let words = matches.try_get_many::<String>("inventory").ok().flatten();
        words.into_iter().flatten().cloned().collect()
    };
    matches.subcommand().map_or_else(|| named(&matches), |(_, matches)| named(matches))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inventory_of_an_unfinished_line_is_known() {
        let named = |line: &str| named_inventories(line.split(' ').map(OsString::from).collect()).join(" ");
        assert_eq!(named("deploy -- deploy ping -i a we"), "a");
        assert_eq!(named("deploy -- deploy -i a --inventory=b run we -m"), "a b");
        assert_eq!(named("deploy -- deploy site.yml -i a -l we"), "a");
        assert_eq!(named("deploy -- deploy ping we"), "");
    }

    #[test]
    fn every_shell_has_a_script_that_asks_the_program() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Elvish, Shell::PowerShell] {
            assert!(script(shell).contains(ASKED), "{shell}");
        }
    }
}
