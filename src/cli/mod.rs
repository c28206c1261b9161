//! The command line: which name the program was called by, what was asked for, one file per command.
mod adhoc;
mod completion;
mod doc;
mod exit;
mod hosts;
mod inventory;
mod listing;
mod log;
mod options;
mod passwords;
mod ping;
mod playbook;
mod reference;
mod run;
mod session;
mod vault;
mod vault_ids;
mod version;
mod words;

use crate::report::{Screen, render_diagnostic};
use clap::Parser;
use exit::{Exit, Refusal};
use options::{Ansible, AnsibleInventory, AnsiblePlaybook, Command, Deploy, OutputFormat};
use session::{Called, Desk, Session};
use std::path::Path;
use std::process::ExitCode;

/// The whole program.
pub fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    match args.next() {
        Some(word) if std::env::var_os(crate::connect::ASKPASS_SOCKET).is_some() => {
            ExitCode::from(crate::connect::answer_askpass(&word))
        }
        Some(word) if word == crate::connect::AS_HELPER => helper(args),
        _ if completion::is_asked() => completion::answer(),
        _ => std::panic::catch_unwind(by_name).unwrap_or_else(|_| fault()).into(),
    }
}

/// The panic's own words are on standard error by now.
fn fault() -> Exit {
    outside_of_projects(|_| {
        let error = value::Diagnostic::error("fault", "this is a fault of deploy itself, not of the project");
        Err(Refusal::new(Exit::Unexpected, error.help("please report it, with the lines above")))
    })
}

/// This program as its own helper, at the other end of a connection or under another user.
fn helper(args: impl Iterator<Item = String>) -> ExitCode {
    match target::helper::program::run(args, vec![crate::connect::AS_HELPER.into()]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("deploy: {error}\n").as_bytes());
            ExitCode::FAILURE
        }
    }
}

/// A link with the name of one of Ansible's commands behaves as that command.
fn by_name() -> Exit {
    let called = std::env::args_os().next().unwrap_or_default();
    let name = Path::new(&called).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let ran = match name.as_str() {
        "ansible-playbook" => parse::<AnsiblePlaybook>(&name).map(ansible_playbook),
        "ansible" => parse::<Ansible>(&name).map(ansible),
        "ansible-inventory" => parse::<AnsibleInventory>(&name).map(|line| inventory(&line.run, Called::Ansible)),
        "ansible-vault" => parse::<options::AnsibleVault>(&name).map(|line| vault(&line.action)),
        "ansible-doc" => parse::<options::AnsibleDoc>(&name).map(|line| show_doc(&line.run)),
        other if other.starts_with("ansible-") => Err(not_part(other)),
        _ => parse::<Deploy>("deploy").map(deploy),
    };
    ran.unwrap_or_else(|exit| exit)
}

fn deploy(line: Deploy) -> Exit {
    let begin = |options: &options::Common, command: &dyn Fn(&mut Session) -> Result<Exit, Refusal>| {
        Session::run(Called::Deploy, &options.project, options.output, |session| command(session))
    };
    match line.command {
        None => begin(&line.run.common, &|session| playbook::run(&line.run, false, session)),
        Some(Command::Plan(options)) => begin(&options.common, &|session| playbook::run(&options, true, session)),
        Some(Command::Ping(options)) => begin(&options.common, &|session| ping::run(&options, session)),
        Some(Command::Run(options)) => begin(&options.common, &|session| adhoc::run(&options, session)),
        Some(Command::Inventory(options)) => inventory(&options, Called::Deploy),
        Some(Command::Vault(action)) => vault(&action),
        Some(Command::Doc(options)) => show_doc(&options),
        Some(Command::Completions { shell }) => completions(shell),
    }
}

/// Passwords are read where they are needed, so the session has none.
fn vault(action: &options::VaultAction) -> Exit {
    let options = options::ProjectOptions { verbose: action.keys().verbose, ..Default::default() };
    Session::without_vault(&options, |session| vault::run(action, session))
}

fn ansible_playbook(line: AnsiblePlaybook) -> Exit {
    let options = &line.run;
    Session::run(Called::Ansible, &options.common.project, options.common.output, |session| {
        playbook::run(options, false, session)
    })
}

fn ansible(line: Ansible) -> Exit {
    let options = &line.run;
    Session::run(Called::Ansible, &options.common.project, options.common.output, |session| {
        adhoc::run(options, session)
    })
}

fn inventory(options: &options::InventoryCommand, called: Called) -> Exit {
    Session::run(called, &options.project, OutputFormat::Human, |session| inventory::run(options, session))
}

/// The words of the command line, or how the program ends without them.
fn parse<L: Parser>(name: &str) -> Result<L, Exit> {
    use clap::error::ErrorKind;
    L::try_parse_from(words::of_the_command_line(name)).map_err(|error| match error.kind() {
        ErrorKind::DisplayVersion => show_version(name),
        ErrorKind::DisplayHelp => {
            // Whoever reads help through a pipe may go away; that is no fault.
            let _ = error.print();
            Exit::Success
        }
        _ => {
            let _ = words::without_wrong_tips(error).print();
            Exit::USAGE
        }
    })
}

fn show_version(name: &str) -> Exit {
    let desk = Desk::new();
    outside_of_projects(|screen| {
        let config = desk.config().map_err(Refusal::options)?;
        screen.print(&version::text(name, &config), None);
        Ok(Exit::Success)
    })
}

fn show_doc(options: &options::DocCommand) -> Exit {
    outside_of_projects(|screen| doc::run(options, screen))
}

fn completions(shell: clap_complete::Shell) -> Exit {
    outside_of_projects(|screen| {
        screen.print(&completion::script(shell), None);
        Ok(Exit::Success)
    })
}

fn not_part(name: &str) -> Exit {
    outside_of_projects(|_| {
        let error = value::Diagnostic::error("options", format!("{name} is not part of deploy"));
        Err(Refusal::options(
            error.help("deploy is ansible-playbook, ansible, ansible-inventory, ansible-vault and ansible-doc"),
        ))
    })
}

/// For commands that read no project: a screen, and errors drawn.
fn outside_of_projects(command: impl FnOnce(&mut Screen) -> Result<Exit, Refusal>) -> Exit {
    let mut screen = Screen::terminal(Default::default(), std::env::var_os("NO_COLOR").map(|_| false));
    command(&mut screen).unwrap_or_else(|refusal| {
        for diagnostic in &refusal.diagnostics {
            screen.say(&render_diagnostic(diagnostic, &value::SourceMap::default(), screen.has_color()), None);
        }
        refusal.exit
    })
}
