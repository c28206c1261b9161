//! Which distribution it is.
use super::Reader;
use std::collections::BTreeMap;
use value::{Map, Value};

/// `NAME="value"` lines.
pub fn assignments(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter_map(|line| line.trim().split_once('='));
    lines.map(|(name, value)| (name.to_string(), value.trim().trim_matches(['"', '\'']).to_string())).collect()
}

/// Ansible's names of distributions by their id, and the family of each.
const NAMES: [(&str, &str, &str); 24] = [
    ("debian", "Debian", "Debian"),
    ("ubuntu", "Ubuntu", "Debian"),
    ("raspbian", "Debian", "Debian"),
    ("linuxmint", "Linux Mint", "Debian"),
    ("kali", "Kali", "Debian"),
    ("devuan", "Devuan", "Debian"),
    ("pop", "Pop!_OS", "Debian"),
    ("neon", "KDE neon", "Debian"),
    ("rhel", "RedHat", "RedHat"),
    ("centos", "CentOS", "RedHat"),
    ("fedora", "Fedora", "RedHat"),
    ("rocky", "Rocky", "RedHat"),
    ("almalinux", "AlmaLinux", "RedHat"),
    ("ol", "OracleLinux", "RedHat"),
    ("amzn", "Amazon", "RedHat"),
    ("arch", "Archlinux", "Archlinux"),
    ("manjaro", "Manjaro", "Archlinux"),
    ("alpine", "Alpine", "Alpine"),
    ("opensuse-leap", "openSUSE Leap", "Suse"),
    ("opensuse-tumbleweed", "openSUSE Tumbleweed", "Suse"),
    ("sles", "SLES", "Suse"),
    ("gentoo", "Gentoo", "Gentoo"),
    ("void", "Void", "Void"),
    ("nixos", "NixOS", "NixOS"),
];

pub fn distribution(reader: &Reader, facts: &mut Map) {
    let release = reader.text("/etc/os-release").or_else(|| reader.text("/usr/lib/os-release")).unwrap_or_default();
    let release = assignments(&release);
    let field = |name: &str| release.get(name).cloned().unwrap_or_default();
    let id = field("ID");
    let known = NAMES.iter().find(|(own, ..)| *own == id);
    let like = field("ID_LIKE");
    let family = known.map(|(_, _, family)| (*family).to_string()).or_else(|| {
        like.split_whitespace()
            .find_map(|like| NAMES.iter().find(|(own, ..)| *own == like))
            .map(|(_, _, family)| (*family).into())
    });
    let name = known.map_or_else(
        || field("NAME").split_whitespace().next().unwrap_or("NA").to_string(),
        |(_, name, _)| (*name).into(),
    );
    let mut version = field("VERSION_ID");
    if name == "Debian"
        && id == "debian"
        && let Some(exact) =
            reader.word("/etc/debian_version").filter(|text| text.starts_with(|c: char| c.is_ascii_digit()))
    {
        if let Some((_, minor)) = exact.split_once('.') {
            facts.insert("distribution_minor_version", minor);
        }
        version = exact;
    }
    let major = version.split('.').next().unwrap_or_default().to_string();
    facts.insert("distribution", name.clone());
    facts.insert("distribution_release", codename(reader, &release));
    facts.insert("distribution_version", if version.is_empty() { "NA".into() } else { version });
    facts.insert("distribution_major_version", if major.is_empty() { "NA".into() } else { major });
    let family = family.unwrap_or_else(|| name.clone());
    if !release.is_empty() {
        facts.insert("distribution_file_path", "/etc/os-release");
        facts.insert("distribution_file_variety", if family == "Debian" { "Debian".into() } else { name });
        facts.insert("distribution_file_parsed", true);
    }
    facts.insert("os_family", family);
}

fn codename(reader: &Reader, release: &BTreeMap<String, String>) -> String {
    let own =
        release.get("VERSION_CODENAME").or_else(|| release.get("UBUNTU_CODENAME")).filter(|name| !name.is_empty());
    let in_version = || {
        let version = release.get("VERSION")?;
        let (_, rest) = version.split_once('(')?;
        rest.split(')').next().map(|name| name.split_whitespace().next().unwrap_or_default().to_lowercase())
    };
    // Debian's testing says `trixie/sid` here and nothing elsewhere.
    let of_debian = || reader.word("/etc/debian_version").and_then(|text| text.split('/').next().map(String::from));
    own.cloned().or_else(in_version).or_else(of_debian).unwrap_or_else(|| "NA".into())
}

/// As the program `lsb_release` tells it, where that program is, or its file.
pub fn lsb(reader: &Reader, facts: &mut Map) {
    let file = reader.text("/etc/lsb-release").map(|text| assignments(&text));
    let mut lsb = Map::new();
    let mut put = |name: &str, value: Option<&String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            lsb.insert(name, value.clone());
        }
    };
    if let Some(file) = file.filter(|file| file.contains_key("DISTRIB_ID")) {
        put("id", file.get("DISTRIB_ID"));
        put("release", file.get("DISTRIB_RELEASE"));
        put("description", file.get("DISTRIB_DESCRIPTION"));
        put("codename", file.get("DISTRIB_CODENAME"));
    } else if reader.program("lsb_release").is_some() {
        let release = assignments(&reader.text("/etc/os-release").unwrap_or_default());
        let id = release.get("NAME").and_then(|name| name.split_whitespace().next()).map(String::from);
        put("id", id.as_ref());
        put("release", release.get("VERSION_ID"));
        put("description", release.get("PRETTY_NAME"));
        put("codename", release.get("VERSION_CODENAME"));
    }
    if let Some(release) = lsb.get("release").map(Value::to_text) {
        lsb.insert("major_release", release.split('.').next().unwrap_or_default());
    }
    facts.insert("lsb", lsb);
}
