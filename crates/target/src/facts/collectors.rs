//! Which facts belong together, and which of them a task asks for.
use super::{Reader, devices, distribution, hardware, local, mounts, network, os, python, system, virtualization};
use std::collections::BTreeSet;
use value::Map;

type Collect = fn(&Reader, &mut Map);

struct Collector {
    name: &'static str,
    /// `min`, `hardware`, `network`, `virtual`, or none of these.
    group: &'static str,
    /// Names of single facts by which it can be asked for.
    facts: &'static [&'static str],
    collect: Collect,
}

const fn collector(
    name: &'static str,
    group: &'static str,
    facts: &'static [&'static str],
    collect: Collect,
) -> Collector {
    Collector { name, group, facts, collect }
}

const ALL: &[Collector] = &[
    collector("apparmor", "min", &[], system::apparmor),
    collector("caps", "min", &["system_capabilities", "system_capabilities_enforced"], system::capabilities),
    collector("chroot", "", &["is_chroot"], system::chroot),
    collector("cmdline", "min", &["proc_cmdline"], system::cmdline),
    collector("date_time", "min", &[], system::date_time),
    collector(
        "distribution",
        "min",
        &["distribution_version", "distribution_release", "distribution_major_version", "os_family"],
        distribution::distribution,
    ),
    collector("dns", "min", &[], system::dns),
    collector("env", "min", &[], system::env),
    collector("fibre_channel_wwn", "", &[], system::fibre_channel),
    collector("fips", "min", &[], system::fips),
    collector(
        "hardware",
        "hardware",
        &["processor", "processor_cores", "processor_count", "memory", "swap", "dmi", "uptime"],
        hardware::hardware,
    ),
    collector("devices", "hardware", &["device_links", "lvm"], devices::devices),
    collector("mounts", "hardware", &[], mounts::mounts),
    collector("iscsi", "", &["iscsi_iqn"], system::iscsi),
    collector("loadavg", "", &[], os::loadavg),
    collector("local", "min", &[], local::local),
    collector("lsb", "min", &[], distribution::lsb),
    collector(
        "network",
        "network",
        &["interfaces", "default_ipv4", "default_ipv6", "all_ipv4_addresses", "all_ipv6_addresses"],
        network::network,
    ),
    collector("nvme", "", &["hostnqn"], system::nvme),
    collector("pkg_mgr", "min", &[], system::pkg_mgr),
    collector(
        "platform",
        "min",
        &[
            "system",
            "kernel",
            "kernel_version",
            "machine",
            "fqdn",
            "hostname",
            "domain",
            "nodename",
            "architecture",
            "machine_id",
        ],
        os::platform,
    ),
    collector("python", "min", &["python_version"], python::python),
    collector("selinux", "min", &[], system::selinux),
    collector("service_mgr", "min", &[], system::service_mgr),
    collector("ssh_pub_keys", "min", &["ssh_host_pub_keys"], system::ssh_keys),
    collector("systemd", "", &[], system::systemd),
    collector("user", "min", &["user_id", "user_uid", "user_gid", "user_dir", "user_shell"], system::user),
    collector(
        "virtual",
        "virtual",
        &["virtualization_type", "virtualization_role", "virtualization_tech_guest", "virtualization_tech_host"],
        virtualization::virtualization,
    ),
];

/// Asked for by other tools' users, never here: they are programs of their own.
const OTHERS: [&str; 2] = ["facter", "ohai"];

/// The words of `gather_subset`, and the collectors that they come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Subset {
    given: Vec<String>,
    names: BTreeSet<&'static str>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct UnknownSubset(pub String);

impl Subset {
    pub fn parse(words: &[String]) -> Result<Self, UnknownSubset> {
        let given: Vec<String> = if words.is_empty() { vec!["all".into()] } else { words.to_vec() };
        let (mut wanted, mut unwanted) = (BTreeSet::new(), BTreeSet::new());
        let mut explicit = BTreeSet::new();
        for word in given.iter().map(|word| word.trim()) {
            match word.strip_prefix('!') {
                // `!all` leaves the least; only `!min` takes that too.
                Some("all") => unwanted.extend(ALL.iter().filter(|one| one.group != "min").map(|one| one.name)),
                Some(word) => unwanted.extend(meant(word)?),
                None => {
                    let names = meant(word)?;
                    if word != "all" {
                        explicit.extend(names.iter().copied());
                    }
                    wanted.extend(names);
                }
            }
        }
        if wanted.is_empty() {
            wanted.extend(meant("all")?);
        }
        let least = meant("min")?;
        wanted.extend(least);
        let names = wanted.into_iter().filter(|name| !unwanted.contains(name) || explicit.contains(name)).collect();
        Ok(Self { given, names })
    }

    pub fn given(&self) -> &[String] {
        &self.given
    }

    pub fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}

fn meant(word: &str) -> Result<BTreeSet<&'static str>, UnknownSubset> {
    if OTHERS.contains(&word) {
        return Ok(BTreeSet::new());
    }
    let names: BTreeSet<_> = match word {
        "all" => ALL.iter().map(|one| one.name).collect(),
        "min" | "hardware" | "network" | "virtual" => {
            ALL.iter().filter(|one| one.group == word).map(|one| one.name).collect()
        }
        word => ALL.iter().filter(|one| one.name == word || one.facts.contains(&word)).map(|one| one.name).collect(),
    };
    if names.is_empty() { Err(UnknownSubset(word.into())) } else { Ok(names) }
}

pub fn run(reader: &Reader, subset: &Subset) -> Map {
    let mut facts = Map::new();
    for collector in ALL.iter().filter(|one| subset.has(one.name)) {
        (collector.collect)(reader, &mut facts);
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subset(words: &[&str]) -> Subset {
        Subset::parse(&words.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn subsets_are_chosen_as_ansible_does() {
        assert!(subset(&[]).has("network") && subset(&["all"]).has("platform"));
        let least = subset(&["!all"]);
        assert!(least.has("platform") && !least.has("network") && !least.has("hardware"));
        let network = subset(&["!all", "!min", "network"]);
        assert!(network.has("network") && !network.has("platform"));
        assert!(subset(&["min", "virtual"]).has("virtual") && !subset(&["min", "virtual"]).has("mounts"));
        assert!(!subset(&["all", "!hardware"]).has("mounts") && subset(&["all", "!hardware"]).has("network"));
        assert!(subset(&["!all", "default_ipv4"]).has("network"));
        assert_eq!(Subset::parse(&["nonsense".into()]), Err(UnknownSubset("nonsense".into())));
    }
}
