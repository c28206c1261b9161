//! `user`: an account is there, as it should be, or is not.
use crate::host::{Account, Change, Host, Look, Resource, State, Stop, kinds};
use crate::machine::{Command, Machine, Meta};
#[cfg(any(test, feature = "reference"))]
use crate::module::Example;
use crate::module::{Info, Module, Return, path_value};
use std::path::{Path, PathBuf};

value::args! {
    /// Makes users, changes them, removes them.
    pub struct Args {
        /// The user.
        name: String { required, aliases(&["user"]) },
        /// Whether the user is there.
        state: String { default("present"), choices(&["absent", "present"]) },
        /// The number.
        uid: Option<i64>,
        /// Whether the number may be another user's too.
        non_unique: bool { default("no") },
        /// The primary group, by name or number.
        group: Option<String>,
        /// The other groups. An empty list takes the user out of all of them.
        groups: Option<Vec<String>>,
        /// Whether `groups` come on top of those that the user is in.
        append: bool { default("no") },
        /// What the password file says beside the name.
        comment: Option<String>,
        /// The home folder.
        home: Option<PathBuf>,
        /// Whether a new user's home is made.
        create_home: bool { default("yes"), aliases(&["createhome"]) },
        /// Whether the old home is moved when `home` changes.
        move_home: bool { default("no") },
        /// A folder whose contents a new home gets.
        skeleton: Option<String>,
        /// The mask of a new home's mode.
        umask: Option<String>,
        /// The login shell.
        shell: Option<PathBuf>,
        /// The password's hash, as `password_hash` makes it.
        password: Option<String> { secret },
        /// Whether the password is set again on users that are there.
        update_password: String { default("always"), choices(&["always", "on_create"]) },
        /// Whether the password does not work.
        password_lock: Option<bool>,
        /// Whether a new user is one of the system's.
        system: bool { default("no") },
        /// When the account ends, in seconds since 1970; negative: never.
        expires: Option<f64>,
        /// Days until the password must be changed.
        password_expire_max: Option<i64>,
        /// Days in which it cannot be changed again.
        password_expire_min: Option<i64>,
        /// Days of warning before it must be changed.
        password_expire_warn: Option<i64>,
        /// Days after which an account whose password has expired is closed.
        password_expire_account_disable: Option<i64>,
        /// Whether the home goes with a user who is removed.
        remove: bool { default("no") },
        /// Whether a user who is logged in is removed.
        force: bool { default("no") },
        /// Whether an ssh key is made for the user.
        generate_ssh_key: Option<bool>,
        /// Its file, from the home folder; `.ssh/id_TYPE` where it is not said.
        ssh_key_file: Option<PathBuf>,
        /// Its type.
        ssh_key_type: String { default("rsa") },
        /// Its length.
        ssh_key_bits: Option<i64>,
        /// Its comment.
        ssh_key_comment: Option<String>,
        /// Its passphrase.
        ssh_key_passphrase: Option<String> { secret },
        /// The smallest number for a new user.
        uid_min: Option<i64>,
        /// The largest number for a new user.
        uid_max: Option<i64>,
        /// Whether only this host's own files count; they are the only ones that are written here.
        local: bool { default("no") },
        /// The user's SELinux type; without effect where there is no SELinux.
        seuser: Option<String>,
        /// Without meaning on Linux.
        login_class: Option<String>,
        /// Without meaning on Linux.
        hidden: Option<bool>,
        /// Without meaning on Linux.
        profile: Option<String>,
        /// Without meaning on Linux.
        authorization: Option<String>,
        /// Without meaning on Linux.
        role: Option<String>,
    }
    rules: [
        value::spec::Rule::RequiredIf { arg: "non_unique", is: "true", needs: &["uid"], any: false },
    ]
}

pub struct Task;
impl Module for Task {
    const INFO: Info = Info::new("user");
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example] = &[Example {
        title: "Make a user of the system",
        args: &[("name", "shop"), ("uid", "1950"), ("group", "root"), ("home", "/srv/shop"), ("create_home", "no"), ("shell", "/bin/false")],
        before: Vec::new,
        after: || {
            let account = Account {
                uid: Some(1950),
                gid: Some(0),
                home: "/srv/shop".into(),
                shell: "/bin/false".into(),
                password: Some("!".into()),
                shadow: crate::host::Shadow { least: Some(0), most: Some(99_999), warn: Some(7), inactive: None },
                ..Account::default()
            };
            vec![(Resource::User("shop".into()), State::User(account))]
        },
    }];
    type Args = Args;

    fn run(args: &Args, host: &mut Host) -> Look<Return> {
        if args.append && args.groups.is_none() {
            host.warn("'append' is set, but no 'groups' are specified. Use 'groups' for appending new groups.");
        }
        match (args.state.as_str(), host.user(&args.name)?) {
            ("absent", None) => Ok(crate::returns! { "name" => args.name.clone(), "state" => "absent" }),
            ("absent", Some(_)) => remove(args, host),
            (_, None) => {
                create(args, host)?;
                finish(args, host, true)
            }
            (_, Some(now)) => {
                modify(args, &now, host)?;
                finish(args, host, false)
            }
        }
    }
}

fn remove(args: &Args, host: &mut Host) -> Look<Return> {
    let flags = [(args.force, "-f"), (args.remove, "-r")];
    let command = Command::plain(["userdel"]).args(flags.into_iter().filter(|(set, _)| *set).map(|(_, flag)| flag));
    let command = command.arg(&args.name);
    host.change(Change::to(Resource::User(args.name.clone()), State::Absent), |machine| act(machine, &command, args))?;
    Ok(crate::returns! {
        "name" => args.name.clone(), "state" => "absent", "force" => args.force, "remove" => args.remove,
    })
}

fn act(machine: &mut dyn Machine, command: &Command, args: &Args) -> Look<crate::host::Acted> {
    let output = machine.run(command)?;
    match output.ok() {
        true => Ok(output.into()),
        false => Err(Stop::failure(output.complaint(), crate::returns! { "name" => args.name.clone(), "rc" => output.status })),
    }
}

// ---- what is wished ----

fn primary(args: &Args, is_new: bool, host: &Host) -> Look<Option<u32>> {
    let Some(group) = &args.group else { return Ok(None) };
    match host.gid(group)? {
        Some(gid) => Ok(Some(gid)),
        None if is_new && host.supposes() => Ok(None),
        None => Stop::failed(format!("Group {group} does not exist")),
    }
}

/// In a check a new user's groups may be among what an earlier task would have made.
fn supplementary(args: &Args, is_new: bool, host: &Host) -> Look<Option<Vec<String>>> {
    let Some(groups) = &args.groups else { return Ok(None) };
    let mut names = Vec::new();
    for group in groups.iter().filter(|group| !group.is_empty()) {
        let gid = host.gid(group)?;
        let name = match gid {
            Some(gid) => host.group_name(gid)?,
            None if is_new && host.supposes() => None,
            None => return Stop::failed(format!("Group {group} does not exist")),
        };
        names.push(name.unwrap_or_else(|| group.clone()));
    }
    names.sort();
    names.dedup();
    Ok(Some(names))
}

/// The account as it will be.
fn wished(args: &Args, now: &Account, host: &Host) -> Look<Account> {
    let number = |id: Option<i64>| id.map(|id| u32::try_from(id).or_else(|_| Stop::failed(format!("{id} is no number of a user")))).transpose();
    let text = |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
    let is_new = now.uid.is_none();
    let groups = match (supplementary(args, is_new, host)?, args.append) {
        (None, _) => now.groups.clone(),
        (Some(groups), false) => groups,
        (Some(groups), true) => {
            let mut all: Vec<_> = now.groups.iter().cloned().chain(groups).collect();
            all.sort();
            all.dedup();
            all
        }
    };
    let mut shadow = now.shadow.clone();
    let ages = [
        (&mut shadow.most, args.password_expire_max),
        (&mut shadow.least, args.password_expire_min),
        (&mut shadow.warn, args.password_expire_warn),
        (&mut shadow.inactive, args.password_expire_account_disable),
    ];
    for (age, wanted) in ages {
        *age = wanted.or(*age);
    }
    Ok(Account {
        uid: number(args.uid)?.or(now.uid),
        gid: primary(args, is_new, host)?.or(now.gid),
        comment: args.comment.clone().unwrap_or_else(|| now.comment.clone()),
        home: text(&args.home).unwrap_or_else(|| now.home.clone()),
        shell: text(&args.shell).unwrap_or_else(|| now.shell.clone()),
        password: password(args, now),
        groups,
        expires: match args.expires {
            None => now.expires,
            Some(seconds) if seconds < 0.0 => None,
            Some(seconds) => Some((seconds / 86_400.0).floor() as i64),
        },
        shadow,
    })
}

/// A hash that does not work begins with `!`.
fn password(args: &Args, now: &Account) -> Option<String> {
    let is_new = now.uid.is_none();
    let set = args.password.as_ref().filter(|_| is_new || args.update_password == "always");
    let bare = |hash: &str| hash.trim_start_matches('!').to_string();
    let base = set.cloned().or_else(|| now.password.clone());
    match (args.password_lock, base) {
        (Some(true), Some(hash)) => Some(format!("!{}", bare(&hash))),
        (Some(true), None) => Some("!".into()),
        (Some(false), Some(hash)) if !bare(&hash).is_empty() => Some(bare(&hash)),
        // Locked by somebody else, and the same otherwise: nothing to do.
        (None, Some(hash)) if set.is_some() && now.password.as_deref() == Some(&format!("!{hash}")) => now.password.clone(),
        (_, base) => base,
    }
}

// ---- making it ----

fn create(args: &Args, host: &mut Host) -> Look<()> {
    let mut account = wished(args, &Account::default(), host)?;
    if account.home.is_empty() {
        account.home = format!("/home/{}", args.name);
    }
    let command = creation(args, &account, host)?;
    let hash = account.password.clone();
    let ages = ages(args);
    let change = Change::to(Resource::User(args.name.clone()), State::User(account));
    host.change(change, |machine| {
        let acted = act(machine, &command, args)?;
        if let Some(hash) = hash.filter(|hash| hash != "!") {
            kinds::user::set_password(machine, &args.name, &hash)?;
        }
        age(machine, &ages, args)?;
        Ok(acted)
    })?;
    Ok(())
}

fn creation(args: &Args, account: &Account, host: &Host) -> Look<Command> {
    let mut command = Command::plain(["useradd"]);
    let mut option = |flag: &str, value: Option<String>| {
        if let Some(value) = value {
            command = std::mem::take(&mut command).arg(flag).arg(value);
        }
    };
    option("-u", account.uid.map(|uid| uid.to_string()));
    option("-g", args.group.clone());
    option("-G", (!account.groups.is_empty()).then(|| account.groups.join(",")));
    option("-c", args.comment.clone());
    option("-d", args.home.as_ref().map(|home| home.to_string_lossy().into_owned()));
    option("-s", args.shell.as_ref().map(|shell| shell.to_string_lossy().into_owned()));
    option("-e", account.expires.map(|days| value::Date::from_days(days).to_string()));
    option("-k", args.skeleton.clone().filter(|_| args.create_home));
    option("-K", args.umask.as_ref().filter(|_| args.create_home).map(|umask| format!("UMASK={umask}")));
    option("-K", args.uid_min.map(|least| format!("UID_MIN={least}")));
    option("-K", args.uid_max.map(|most| format!("UID_MAX={most}")));
    // A group of that name is there already, so useradd must not make one.
    let has_group = args.group.is_none() && host.gid(&args.name)?.is_some();
    let flags = [(args.non_unique, "-o"), (args.system, "-r"), (has_group, "-N"), (args.create_home, "-m"), (!args.create_home, "-M")];
    Ok(command.args(flags.into_iter().filter(|(set, _)| *set).map(|(_, flag)| flag)).arg(&args.name))
}

fn modify(args: &Args, now: &Account, host: &mut Host) -> Look<()> {
    let wanted = wished(args, now, host)?;
    if wanted == *now {
        return Ok(());
    }
    let (command, ages) = (modification(args, &wanted, now), ages(args));
    let hash = wanted.password.clone().filter(|_| wanted.password != now.password);
    let change = Change::to(Resource::User(args.name.clone()), State::User(wanted));
    host.change(change, |machine| {
        if command.argv.len() > 1 {
            act(machine, &command.clone().arg(&args.name), args)?;
        }
        if let Some(hash) = hash {
            kinds::user::set_password(machine, &args.name, &hash)?;
        }
        age(machine, &ages, args)?;
        Ok(crate::host::Acted::changed())
    })?;
    Ok(())
}

fn modification(args: &Args, wanted: &Account, now: &Account) -> Command {
    let mut command = Command::plain(["usermod"]);
    let mut option = |flag: &str, wanted: &str, now: &str| {
        if wanted != now {
            command = std::mem::take(&mut command).arg(flag).arg(wanted);
        }
    };
    let number = |id: Option<u32>| id.map(|id| id.to_string()).unwrap_or_default();
    let date = |days: Option<i64>| days.map(|days| value::Date::from_days(days).to_string()).unwrap_or_default();
    option("-u", &number(wanted.uid), &number(now.uid));
    option("-g", &number(wanted.gid), &number(now.gid));
    option("-G", &wanted.groups.join(","), &now.groups.join(","));
    option("-c", &wanted.comment, &now.comment);
    option("-d", &wanted.home, &now.home);
    option("-s", &wanted.shell, &now.shell);
    option("-e", &date(wanted.expires), &date(now.expires));
    let flags = [
        (args.non_unique && wanted.uid != now.uid, "-o"),
        (args.move_home && wanted.home != now.home, "-m"),
    ];
    command.args(flags.into_iter().filter(|(set, _)| *set).map(|(_, flag)| flag))
}

fn ages(args: &Args) -> Vec<[String; 2]> {
    let all = [
        ("-M", args.password_expire_max),
        ("-m", args.password_expire_min),
        ("-W", args.password_expire_warn),
        ("-I", args.password_expire_account_disable),
    ];
    all.into_iter().filter_map(|(flag, days)| Some([flag.to_string(), days?.to_string()])).collect()
}

fn age(machine: &mut dyn Machine, ages: &[[String; 2]], args: &Args) -> Look<()> {
    if !ages.is_empty() {
        act(machine, &Command::plain(["chage"]).args(ages.iter().flatten()).arg(&args.name), args)?;
    }
    Ok(())
}

// ---- afterwards ----

fn finish(args: &Args, host: &mut Host, is_new: bool) -> Look<Return> {
    let mut result = crate::returns! {
        "name" => args.name.clone(), "state" => "present", "append" => args.append, "move_home" => args.move_home,
    };
    if is_new {
        result.insert("create_home", args.create_home);
        result.insert("system", args.system);
    }
    if args.password.is_some() {
        result.insert("password", "NOT_LOGGING_PASSWORD");
    }
    let Some(account) = host.user(&args.name)? else { return Ok(result) };
    result.insert("uid", account.uid.map(i64::from));
    result.insert("group", account.gid.map(i64::from));
    result.insert("comment", account.comment.clone());
    result.insert("home", account.home.clone());
    result.insert("shell", account.shell.clone());
    if let Some(groups) = &args.groups {
        result.insert("groups", groups.join(","));
    }
    if !is_new && args.create_home && host.writes() && !host.exists(Path::new(&account.home))? {
        make_home(args, &account, host)?;
    }
    if args.generate_ssh_key == Some(true) {
        ssh_key(args, &account, host, &mut result)?;
    }
    Ok(result)
}

/// A user who is there and has lost their home gets a new one.
fn make_home(args: &Args, account: &Account, host: &mut Host) -> Look<()> {
    let home = PathBuf::from(&account.home);
    let (Some(uid), Some(gid)) = (account.uid, account.gid) else { return Ok(()) };
    let skeleton = PathBuf::from(args.skeleton.clone().unwrap_or_else(|| "/etc/skel".into()));
    let meta = Meta { mode: 0o755, uid, gid };
    host.set(Change::to(Resource::path(&home), State::Directory(meta)))?;
    let own = format!("{uid}:{gid}");
    host.change(Change::opaque(format!("contents of {}", skeleton.display())).uncounted(), |machine| {
        if machine.stat(&skeleton, true)?.is_some() {
            machine.run(&Command::plain(["cp", "-a", &format!("{}/.", skeleton.display()), &account.home]))?;
            machine.run(&Command::plain(["chown", "-R", &own, &account.home]))?;
        }
        Ok(crate::host::Acted::default())
    })?;
    Ok(())
}

fn ssh_key(args: &Args, account: &Account, host: &mut Host, result: &mut Return) -> Look<()> {
    let name = args.ssh_key_file.clone().unwrap_or_else(|| PathBuf::from(format!(".ssh/id_{}", args.ssh_key_type)));
    let file = Path::new(&account.home).join(name);
    let public = PathBuf::from(format!("{}.pub", file.display()));
    if !host.exists(&file)? {
        if args.ssh_key_passphrase.is_some() {
            // ssh-keygen takes it on its command line, which everybody on the host may read.
            return Stop::failed("ssh_key_passphrase is not there yet: a passphrase must not stand on a command line");
        }
        let folder = crate::host::parent(&file).to_path_buf();
        let (uid, gid) = (account.uid.unwrap_or_default(), account.gid.unwrap_or_default());
        if !host.exists(&folder)? {
            let meta = Meta { mode: 0o700, uid, gid };
            host.set(Change::to(Resource::path(&folder), State::Directory(meta)))?;
        }
        let command = keygen(args, &file);
        host.change(Change::opaque(format!("ssh key {}", file.display())), |machine| {
            let acted = act(machine, &command, args)?;
            for path in [&file, &public] {
                if let Some(stat) = machine.stat(path, false)? {
                    machine.set_meta(path, Meta { uid, gid, ..stat.meta() }, false)?;
                }
            }
            Ok(acted)
        })?;
    }
    result.insert("ssh_key_file", path_value(&file));
    if host.exists(&public)? {
        let text = host.read_text(&public)?.unwrap_or_default();
        result.insert("ssh_public_key", text.trim_end().to_string());
        let output = host.ask(&Command::plain(["ssh-keygen", "-l", "-f", &public.to_string_lossy()]), &[])?;
        result.insert("ssh_fingerprint", output.out().trim_end().to_string());
    }
    Ok(())
}

fn keygen(args: &Args, file: &Path) -> Command {
    let mut command = Command::plain(["ssh-keygen", "-q", "-t", args.ssh_key_type.as_str()]);
    if let Some(bits) = args.ssh_key_bits.filter(|bits| *bits > 0) {
        command = command.arg("-b").arg(bits.to_string());
    }
    let comment = args.ssh_key_comment.clone().unwrap_or_else(|| "ansible-generated on host".into());
    command.arg("-C").arg(comment).arg("-f").arg(file).arg("-N").arg("")
}
