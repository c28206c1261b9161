//! `group`: a group of users is there, or is not.
#[cfg(any(test, feature = "reference"))]
use crate::host::State;
use crate::host::{Change, Group, Host, Look, Resource, State as HostState, Stop};
use crate::machine::Command;
#[cfg(any(test, feature = "reference"))]
use crate::module::Example;
use crate::module::{Info, Module, Return};

value::args! {
    /// Makes groups, changes their numbers, removes them.
    pub struct Args {
        /// The group.
        name: String { required },
        /// Its number.
        gid: Option<i64>,
        /// Whether it is there.
        state: String { default("present"), choices(&["absent", "present"]) },
        /// Whether a new group is one of the system's.
        system: bool { default("no") },
        /// Whether the number may be another group's too.
        non_unique: bool { default("no") },
        /// Whether a group is removed that is some user's primary one.
        force: bool { default("no") },
        /// Whether only this host's own files count; they are the only ones that are written here.
        local: bool { default("no") },
        /// The smallest number for a new group.
        gid_min: Option<i64>,
        /// The largest number for a new group.
        gid_max: Option<i64>,
    }
    rules: [value::spec::Rule::RequiredIf { arg: "non_unique", is: "true", needs: &["gid"], any: false }]
}

pub struct Task;
impl Module for Task {
    const INFO: Info = Info::new("group");
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example] = &[Example {
        title: "Make a group",
        args: &[("name", "shop"), ("gid", "1900")],
        before: Vec::new,
        after: || vec![(Resource::Group("shop".into()), State::Group(Group { gid: Some(1900), members: Vec::new() }))],
    }];
    type Args = Args;

    fn run(args: &Args, host: &mut Host) -> Look<Return> {
        let what = Resource::Group(args.name.clone());
        let now = host.state(&what)?;
        let mut result = crate::returns! { "name" => args.name.clone(), "state" => args.state.clone(), "system" => args.system };
        let made = |gid, members| HostState::Group(Group { gid, members });
        let command = match (args.state.as_str(), &now) {
            ("absent", HostState::Absent) => None,
            ("absent", _) => {
                let force = if args.force { vec!["-f"] } else { Vec::new() };
                Some((Command::plain(["groupdel"]).args(force), HostState::Absent))
            }
            (_, HostState::Group(Group { gid, members })) => {
                let after = made(wanted(args).or(*gid), members.clone());
                modification(args, *gid)?.map(|command| (command, after))
            }
            _ => Some((creation(args), made(wanted(args), Vec::new()))),
        };
        if let Some((command, after)) = command {
            let command = command.arg(&args.name);
            host.change(Change::to(what.clone(), after), |machine| {
                let output = machine.run(&command)?;
                match output.ok() {
                    true => Ok(output.into()),
                    false => Err(Stop::failure(output.complaint(), crate::returns! { "name" => args.name.clone(), "rc" => output.status })),
                }
            })?;
        }
        if let HostState::Group(Group { gid: Some(gid), .. }) = host.state(&what)? {
            result.insert("gid", i64::from(gid));
        }
        Ok(result)
    }
}

fn wanted(args: &Args) -> Option<u32> {
    args.gid.and_then(|gid| u32::try_from(gid).ok())
}

fn creation(args: &Args) -> Command {
    let mut command = Command::plain(["groupadd"]);
    for (key, value) in [("GID_MIN", args.gid_min), ("GID_MAX", args.gid_max)] {
        if let Some(value) = value {
            command = command.arg("-K").arg(format!("{key}={value}"));
        }
    }
    if let Some(gid) = args.gid {
        command = command.arg("-g").arg(gid.to_string());
    }
    let flags = [(args.non_unique, "-o"), (args.system, "-r")];
    command.args(flags.into_iter().filter(|(set, _)| *set).map(|(_, flag)| flag))
}

fn modification(args: &Args, now: Option<u32>) -> Look<Option<Command>> {
    if args.gid.is_some() && wanted(args).is_none() {
        return Stop::failed(format!("gid {} is no number of a group", args.gid.unwrap_or_default()));
    }
    let Some(gid) = wanted(args).filter(|gid| Some(*gid) != now) else { return Ok(None) };
    let command = Command::plain(["groupmod", "-g", &gid.to_string()]);
    Ok(Some(if args.non_unique { command.arg("-o") } else { command }))
}
