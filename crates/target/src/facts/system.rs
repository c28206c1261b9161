//! Facts from small files: who, when, which services, which settings.
use super::Reader;
use crate::host::{accounts, programs};
use crate::zone::{Local, civil};
use std::time::UNIX_EPOCH;
use value::{Map, Value};

pub fn apparmor(reader: &Reader, facts: &mut Map) {
    let status = if reader.exists("/sys/kernel/security/apparmor") { "enabled" } else { "disabled" };
    facts.insert("apparmor", Value::map([("status", status)]));
}

pub fn capabilities(reader: &Reader, facts: &mut Map) {
    let Some(said) = reader.program("capsh").and_then(|program| reader.said(&[&program, "--print"])) else { return };
    let Some(current) = said.lines().find_map(|line| line.strip_prefix("Current:")) else { return };
    let caps = current.split_once('=').map_or("", |(_, caps)| caps).trim();
    let (enforced, caps) = match current.trim() {
        "=ep" => ("False", Vec::new()),
        _ => ("True", caps.split(',').map(|cap| cap.trim().to_string()).collect()),
    };
    facts.insert("system_capabilities", caps);
    facts.insert("system_capabilities_enforced", enforced);
}

pub fn chroot(reader: &Reader, facts: &mut Map) {
    let stat =
        |path: &str| reader.machine.stat(path.as_ref(), true).ok().flatten().map(|stat| (stat.inode, stat.device));
    let own = stat("/");
    // Who may not see the first process's root compares with the usual root of a file system.
    let differs = match stat("/proc/1/root/.") {
        Some(first) => own != Some(first),
        None => own.is_some_and(|(inode, _)| !matches!(inode, 2 | 128 | 256)),
    };
    facts.insert("is_chroot", differs);
}

/// A word that comes twice is a list in the one and its last value in the other.
pub fn cmdline(reader: &Reader, facts: &mut Map) {
    let text = reader.text("/proc/cmdline").unwrap_or_default();
    let (mut last, mut all) = (Map::new(), Map::new());
    for word in programs::split(&text).unwrap_or_default() {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name.to_string(), Value::from(value)),
            None => (word, Value::Bool(true)),
        };
        let several = match all.get(&name) {
            None => value.clone(),
            Some(Value::List(items)) => Value::list(items.iter().cloned().chain([value.clone()])),
            Some(one) => Value::list([one.clone(), value.clone()]),
        };
        all.insert(name.clone(), several);
        last.insert(name, value);
    }
    facts.insert("cmdline", last);
    facts.insert("proc_cmdline", all);
}

pub fn date_time(reader: &Reader, facts: &mut Map) {
    const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
    let since = reader.machine.now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (epoch, micros) = (since.as_secs() as i64, since.subsec_micros());
    let local = Local::of(reader.machine);
    let zone = local.at(epoch);
    let (now, utc) = (civil(epoch + i64::from(zone.offset), 0), civil(epoch, 0));
    let day = now.date.days();
    let weekday = (day + 4).rem_euclid(7);
    let year_day = day - value::Date { month: 1, day: 1, ..now.date }.days();
    // Weeks begin on Monday; days before the first Monday are week 0.
    let week = (year_day + 7 - (weekday + 6) % 7) / 7;
    let offset = zone.offset.abs() / 60;
    let sign = if zone.offset < 0 { '-' } else { '+' };
    let half = epoch - 182 * 86_400;
    let summer = [local.at(half), local.at(epoch)].into_iter().find(|zone| zone.summer);
    let standard =
        [local.at(epoch), local.at(half)].into_iter().find(|zone| !zone.summer).unwrap_or_else(|| zone.clone());
    let compact = |time: value::DateTime| {
        let date = time.date;
        format!("{:04}{:02}{:02}T{:02}{:02}{:02}", date.year, date.month, date.day, time.hour, time.minute, time.second)
    };
    let iso = format!("{}T{:02}:{:02}:{:02}", utc.date, utc.hour, utc.minute, utc.second);
    let fields = [
        ("year", format!("{:04}", now.date.year)),
        ("month", format!("{:02}", now.date.month)),
        ("weekday", DAYS[weekday as usize].to_string()),
        ("weekday_number", weekday.to_string()),
        ("weeknumber", format!("{week:02}")),
        ("day", format!("{:02}", now.date.day)),
        ("hour", format!("{:02}", now.hour)),
        ("minute", format!("{:02}", now.minute)),
        ("second", format!("{:02}", now.second)),
        ("epoch", epoch.to_string()),
        ("epoch_int", epoch.to_string()),
        ("date", now.date.to_string()),
        ("time", format!("{:02}:{:02}:{:02}", now.hour, now.minute, now.second)),
        ("iso8601_micro", format!("{iso}.{micros:06}Z")),
        ("iso8601", format!("{iso}Z")),
        ("iso8601_basic", format!("{}{micros:06}", compact(now))),
        ("iso8601_basic_short", compact(now)),
        ("tz", zone.name),
        ("tz_dst", summer.map_or(standard.name, |zone| zone.name)),
        ("tz_offset", format!("{sign}{:02}{:02}", offset / 60, offset % 60)),
    ];
    facts.insert("date_time", Value::map(fields));
}

pub fn dns(reader: &Reader, facts: &mut Map) {
    let mut dns = Map::new();
    let text = reader.text("/etc/resolv.conf").unwrap_or_default();
    let mut servers: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';'])) {
        let mut words = line.split_whitespace();
        let keyword = words.next().unwrap_or_default();
        let rest: Vec<String> = words.map(String::from).collect();
        match keyword {
            "nameserver" => {
                servers.extend(rest);
                dns.insert("nameservers", servers.clone());
            }
            "domain" => drop(rest.first().map(|domain| dns.insert("domain", domain.clone()))),
            "search" => drop(dns.insert("search", rest)),
            "sortlist" => drop(dns.insert("sortlist", rest)),
            "options" => {
                let options = rest.iter().map(|option| match option.split_once(':') {
                    Some((name, value)) => (name.to_string(), Value::from(value)),
                    None => (option.clone(), Value::Bool(true)),
                });
                dns.insert("options", Value::map(options));
            }
            _ => {}
        }
    }
    facts.insert("dns", dns);
}

pub fn env(reader: &Reader, facts: &mut Map) {
    facts.insert("env", Value::map(reader.machine.variables()));
}

pub fn fibre_channel(reader: &Reader, facts: &mut Map) {
    let hosts = reader.names("/sys/class/fc_host");
    let names = hosts.iter().filter_map(|host| reader.word(format!("/sys/class/fc_host/{host}/port_name")));
    facts.insert("fibre_channel_wwn", names.map(|name| name.trim_start_matches("0x").to_string()).collect::<Vec<_>>());
}

pub fn fips(reader: &Reader, facts: &mut Map) {
    facts.insert("fips", reader.word("/proc/sys/crypto/fips_enabled").as_deref() == Some("1"));
}

pub fn iscsi(reader: &Reader, facts: &mut Map) {
    let text = reader.text("/etc/iscsi/initiatorname.iscsi").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("InitiatorName="));
    facts.insert("iscsi_iqn", name.unwrap_or_default().trim());
}

pub fn nvme(reader: &Reader, facts: &mut Map) {
    facts.insert("hostnqn", reader.word("/etc/nvme/hostnqn").unwrap_or_default());
}

pub fn pkg_mgr(reader: &Reader, facts: &mut Map) {
    const MANAGERS: [(&str, &str); 9] = [
        ("/usr/bin/apt-get", "apt"),
        ("/usr/bin/dnf5", "dnf5"),
        ("/usr/bin/dnf", "dnf"),
        ("/usr/bin/yum", "yum"),
        ("/usr/bin/zypper", "zypper"),
        ("/usr/bin/pacman", "pacman"),
        ("/sbin/apk", "apk"),
        ("/usr/bin/emerge", "portage"),
        ("/usr/sbin/swupd", "swupd"),
    ];
    let found = MANAGERS.iter().find(|(path, _)| reader.exists(path));
    facts.insert("pkg_mgr", found.map_or("unknown", |(_, name)| name));
}

pub fn selinux(reader: &Reader, facts: &mut Map) {
    let root = "/sys/fs/selinux";
    let mut selinux = Map::new();
    match reader.word(format!("{root}/enforce")) {
        None => drop(selinux.insert("status", "disabled")),
        Some(enforce) => {
            selinux.insert("status", "enabled");
            selinux.insert("mode", if enforce == "1" { "enforcing" } else { "permissive" });
            selinux.insert(
                "policyvers",
                reader
                    .word(format!("{root}/policyvers"))
                    .map_or(Value::from("unknown"), |text| text.parse::<i64>().map_or(Value::Null, Value::Int)),
            );
            let config = reader.text("/etc/selinux/config").unwrap_or_default();
            let setting = |name: &str| {
                config
                    .lines()
                    .find_map(|line| line.trim().strip_prefix(name)?.strip_prefix('='))
                    .map(|text| text.trim().to_string())
            };
            selinux.insert("config_mode", setting("SELINUX").unwrap_or_else(|| "unknown".into()));
            selinux.insert("type", setting("SELINUXTYPE").unwrap_or_else(|| "unknown".into()));
        }
    }
    facts.insert("selinux", selinux);
    facts.insert("selinux_python_present", true);
}

pub fn service_mgr(reader: &Reader, facts: &mut Map) {
    let first = reader.word("/proc/1/comm").unwrap_or_default();
    let manager = match first.as_str() {
        "systemd" => "systemd",
        "runit-init" => "runit",
        "svscan" => "svc",
        "openrc-init" => "openrc",
        _ if ["/run/systemd/system", "/dev/.run/systemd", "/dev/.systemd"].iter().any(|path| reader.exists(path)) => {
            "systemd"
        }
        _ if reader.exists("/sbin/openrc") => "openrc",
        _ if reader.exists("/etc/init.d") => "sysvinit",
        "" | "init" | "sh" | "bash" => "service",
        other => other,
    };
    facts.insert("service_mgr", manager);
}

pub fn ssh_keys(reader: &Reader, facts: &mut Map) {
    for folder in ["/etc/ssh", "/etc/openssh", "/etc"] {
        let mut found = false;
        for kind in ["dsa", "rsa", "ecdsa", "ed25519"] {
            let Some(text) = reader.text(format!("{folder}/ssh_host_{kind}_key.pub")) else { continue };
            let mut words = text.split_whitespace();
            if let (Some(key_type), Some(key)) = (words.next(), words.next()) {
                facts.insert(format!("ssh_host_key_{kind}_public"), key);
                facts.insert(format!("ssh_host_key_{kind}_public_keytype"), key_type);
                found = true;
            }
        }
        if found {
            break;
        }
    }
}

pub fn systemd(reader: &Reader, facts: &mut Map) {
    if !reader.exists("/run/systemd/system") {
        return;
    }
    let Some(said) = reader.said(&["systemctl", "--version"]) else { return };
    let mut lines = said.lines();
    let version =
        lines.next().and_then(|line| line.split_whitespace().nth(1)).and_then(|text| text.parse::<i64>().ok());
    let features = lines.next().unwrap_or_default();
    facts.insert("systemd", Value::map([("features", Value::from(features)), ("version", version.into())]));
}

pub fn user(reader: &Reader, facts: &mut Map) {
    let own = reader.machine.identity();
    let named = ["LOGNAME", "USER", "LNAME", "USERNAME"]
        .iter()
        .find_map(|name| reader.machine.variable(name).filter(|name| !name.is_empty()));
    let by_id = accounts::user_by_id(reader.machine, own.uid).ok().flatten();
    let by_name = named.and_then(|name| accounts::user(reader.machine, &name).ok().flatten());
    // Who became another user without its environment is still that user.
    if let Some(line) = by_name.filter(|line| line.uid == own.uid).or(by_id) {
        facts.insert("user_id", line.name);
        facts.insert("user_uid", line.uid);
        facts.insert("user_gid", line.gid);
        facts.insert("user_gecos", line.comment);
        facts.insert("user_dir", line.home);
        facts.insert("user_shell", line.shell);
    }
    for (name, id) in [
        ("real_user_id", own.uid),
        ("effective_user_id", own.uid),
        ("real_group_id", own.gid),
        ("effective_group_id", own.gid),
    ] {
        facts.insert(name, id);
    }
}
