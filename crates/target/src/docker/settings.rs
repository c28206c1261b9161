//! The options of `docker_container` as the daemon's settings: where each one stands, how it is written, how two are compared.
use super::ports;
use crate::host::programs;
use value::spec::{Kind, coerce};
use value::{Map, Value};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum How {
    Value,
    /// The order counts.
    List,
    /// More may be there.
    Set,
    /// More may be there.
    Dict,
    /// A structure of which only the fields that are wished for count.
    Fields,
}

/// One option, as the daemon takes it.
#[derive(Clone, Debug)]
pub struct Setting {
    pub option: &'static str,
    /// `Env`, or `HostConfig.Memory`.
    at: &'static str,
    pub value: Value,
    pub how: How,
    /// Whether a running container can take it without being made anew.
    pub updatable: bool,
}

impl Setting {
    /// Where it stands in what the daemon tells of a container.
    pub fn place(&self) -> String {
        if self.at.starts_with("HostConfig.") { self.at.into() } else { format!("Config.{}", self.at) }
    }

    /// Puts it where it stands in a request.
    pub fn put(&self, body: &mut Map) {
        match self.at.split_once('.') {
            Some((room, name)) => {
                let mut inner = super::map_of(body.get(room));
                inner.insert(name, self.value.clone());
                body.insert(room, inner);
            }
            None => drop(body.insert(self.at, self.value.clone())),
        }
    }
}

type Convert = fn(&Value) -> Result<Value, String>;
type Row = (&'static str, &'static str, How, Convert);

/// Options that stand in one place each.
const TABLE: &[Row] = &[
    ("auto_remove", "HostConfig.AutoRemove", How::Value, same),
    ("blkio_weight", "HostConfig.BlkioWeight", How::Value, same),
    ("cap_drop", "HostConfig.CapDrop", How::Set, same),
    ("capabilities", "HostConfig.CapAdd", How::Set, same),
    ("cgroup_parent", "HostConfig.CgroupParent", How::Value, same),
    ("cgroupns_mode", "HostConfig.CgroupnsMode", How::Value, same),
    ("command", "Cmd", How::List, words),
    ("cpu_period", "HostConfig.CpuPeriod", How::Value, same),
    ("cpu_quota", "HostConfig.CpuQuota", How::Value, same),
    ("cpu_shares", "HostConfig.CpuShares", How::Value, same),
    ("cpus", "HostConfig.NanoCpus", How::Value, nanos),
    ("cpuset_cpus", "HostConfig.CpusetCpus", How::Value, same),
    ("cpuset_mems", "HostConfig.CpusetMems", How::Value, same),
    ("device_cgroup_rules", "HostConfig.DeviceCgroupRules", How::Set, same),
    ("device_read_bps", "HostConfig.BlkioDeviceReadBps", How::Set, rates),
    ("device_read_iops", "HostConfig.BlkioDeviceReadIOps", How::Set, rates),
    ("device_write_bps", "HostConfig.BlkioDeviceWriteBps", How::Set, rates),
    ("device_write_iops", "HostConfig.BlkioDeviceWriteIOps", How::Set, rates),
    ("device_requests", "HostConfig.DeviceRequests", How::Set, device_requests),
    ("devices", "HostConfig.Devices", How::Set, devices),
    ("dns_opts", "HostConfig.DnsOptions", How::Set, same),
    ("dns_search_domains", "HostConfig.DnsSearch", How::List, same),
    ("dns_servers", "HostConfig.Dns", How::List, same),
    ("domainname", "Domainname", How::Value, same),
    ("entrypoint", "Entrypoint", How::List, same),
    ("etc_hosts", "HostConfig.ExtraHosts", How::Set, hosts),
    ("groups", "HostConfig.GroupAdd", How::Set, same),
    ("healthcheck", "Healthcheck", How::Fields, healthcheck),
    ("hostname", "Hostname", How::Value, same),
    ("init", "HostConfig.Init", How::Value, same),
    ("interactive", "OpenStdin", How::Value, same),
    ("ipc_mode", "HostConfig.IpcMode", How::Value, same),
    ("kernel_memory", "HostConfig.KernelMemory", How::Value, bytes),
    ("labels", "Labels", How::Dict, texts),
    ("links", "HostConfig.Links", How::Set, same),
    ("mac_address", "MacAddress", How::Value, same),
    ("memory", "HostConfig.Memory", How::Value, bytes),
    ("memory_reservation", "HostConfig.MemoryReservation", How::Value, bytes),
    ("memory_swap", "HostConfig.MemorySwap", How::Value, bytes),
    ("memory_swappiness", "HostConfig.MemorySwappiness", How::Value, same),
    ("mounts", "HostConfig.Mounts", How::Set, mounts),
    ("oom_killer", "HostConfig.OomKillDisable", How::Value, same),
    ("oom_score_adj", "HostConfig.OomScoreAdj", How::Value, same),
    ("pid_mode", "HostConfig.PidMode", How::Value, same),
    ("pids_limit", "HostConfig.PidsLimit", How::Value, same),
    ("privileged", "HostConfig.Privileged", How::Value, same),
    ("publish_all_ports", "HostConfig.PublishAllPorts", How::Value, same),
    ("read_only", "HostConfig.ReadonlyRootfs", How::Value, same),
    ("runtime", "HostConfig.Runtime", How::Value, same),
    ("security_opts", "HostConfig.SecurityOpt", How::Set, same),
    ("shm_size", "HostConfig.ShmSize", How::Value, bytes),
    ("stop_signal", "StopSignal", How::Value, same),
    ("stop_timeout", "StopTimeout", How::Value, same),
    ("storage_opts", "HostConfig.StorageOpt", How::Dict, texts),
    ("sysctls", "HostConfig.Sysctls", How::Dict, texts),
    ("tmpfs", "HostConfig.Tmpfs", How::Dict, tmpfs),
    ("tty", "Tty", How::Value, same),
    ("ulimits", "HostConfig.Ulimits", How::Set, ulimits),
    ("user", "User", How::Value, same),
    ("userns_mode", "HostConfig.UsernsMode", How::Value, same),
    ("uts", "HostConfig.UTSMode", How::Value, same),
    ("volume_driver", "HostConfig.VolumeDriver", How::Value, same),
    ("volumes_from", "HostConfig.VolumesFrom", How::Set, same),
    ("working_dir", "WorkingDir", How::Value, same),
];

const UPDATABLE: [&str; 12] = [
    "blkio_weight",
    "cpu_period",
    "cpu_quota",
    "cpu_shares",
    "cpuset_cpus",
    "cpuset_mems",
    "cpus",
    "kernel_memory",
    "memory",
    "memory_reservation",
    "memory_swap",
    "restart_policy",
];

/// What stands in the task, and in the files it names.
pub fn settings(args: &Map, env_file: Option<&str>) -> Result<Vec<Setting>, String> {
    let mut all = Vec::new();
    for (option, at, how, convert) in TABLE {
        if let Some(value) = args.get(option).filter(|value| !value.is_null()) {
            let value = convert(value).map_err(|why| format!("{option}: {why}"))?;
            all.push(setting(option, at, *how, value));
        }
    }
    all.extend(environment(args, env_file)?);
    all.extend(restart_policy(args));
    all.extend(logging(args));
    all.extend(published(args)?);
    all.extend(volumes(args));
    Ok(all)
}

fn setting(option: &'static str, at: &'static str, how: How, value: Value) -> Setting {
    Setting { option, at, value, how, updatable: UPDATABLE.contains(&option) }
}

fn same(value: &Value) -> Result<Value, String> {
    Ok(value.clone())
}

/// A dict whose values are texts to Docker.
fn texts(value: &Value) -> Result<Value, String> {
    let map = value.as_map().ok_or("a dict is needed")?;
    Ok(Value::map(map.iter().map(|(key, value)| {
        let text = match value {
            Value::Bool(truth) => truth.to_string(),
            other => other.to_text(),
        };
        (key.clone(), text)
    })))
}

fn words(value: &Value) -> Result<Value, String> {
    match value {
        Value::List(items) => Ok(Value::list(items.iter().map(|item| item.to_text().into()))),
        other => Ok(programs::split(&other.to_text())?.into()),
    }
}

fn bytes(value: &Value) -> Result<Value, String> {
    match value.to_text().as_str() {
        "unlimited" | "-1" => Ok(Value::Int(-1)),
        _ => coerce(value, Kind::Bytes).map_err(|refusal| refusal.0),
    }
}

fn nanos(value: &Value) -> Result<Value, String> {
    let cpus = value.as_float().ok_or("a number is needed")?;
    Ok(Value::Int((cpus * 1e9).round() as i64))
}

fn each(value: &Value, convert: impl Fn(&Value) -> Result<Value, String>) -> Result<Value, String> {
    let items = value.as_list().ok_or("a list is needed")?;
    items.iter().map(convert).collect::<Result<Vec<_>, _>>().map(Value::list)
}

fn rates(value: &Value) -> Result<Value, String> {
    each(value, |item| {
        let rate = bytes(item.get("rate").unwrap_or(&Value::Null))?;
        Ok(Value::map([("Path", item.get("path").cloned().unwrap_or_default()), ("Rate", rate)]))
    })
}

/// The daemon's names for the fields that are given.
fn renamed(item: &Value, names: &[(&'static str, &'static str)]) -> Map {
    let given = names.iter().filter_map(|(own, theirs)| Some((*theirs, super::field(item, own)?.clone())));
    given.collect()
}

fn device_requests(value: &Value) -> Result<Value, String> {
    const NAMES: [(&str, &str); 5] = [
        ("capabilities", "Capabilities"),
        ("count", "Count"),
        ("device_ids", "DeviceIDs"),
        ("driver", "Driver"),
        ("options", "Options"),
    ];
    each(value, |item| Ok(renamed(item, &NAMES).into()))
}

fn devices(value: &Value) -> Result<Value, String> {
    each(value, |item| {
        let text = item.to_text();
        let mut parts = text.split(':');
        let host = parts.next().unwrap_or_default();
        let (container, permissions) = (parts.next().unwrap_or(host), parts.next().unwrap_or("rwm"));
        let fields = [("PathOnHost", host), ("PathInContainer", container), ("CgroupPermissions", permissions)];
        Ok(Value::map(fields))
    })
}

fn hosts(value: &Value) -> Result<Value, String> {
    let map = value.as_map().ok_or("a dict is needed")?;
    Ok(Value::list(map.iter().map(|(name, ip)| format!("{}:{}", name.value().to_text(), ip.to_text()).into())))
}

fn tmpfs(value: &Value) -> Result<Value, String> {
    let items = value.as_list().ok_or("a list is needed")?;
    Ok(Value::map(items.iter().map(|item| {
        let text = item.to_text();
        let (path, options) = text.split_once(':').unwrap_or((&text, ""));
        (path.to_string(), options.to_string())
    })))
}

fn ulimits(value: &Value) -> Result<Value, String> {
    each(value, |item| {
        let text = item.to_text();
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let soft: i64 =
            parts.next().and_then(|limit| limit.parse().ok()).ok_or_else(|| format!("no limit in `{text}`"))?;
        let hard = parts.next().map_or(Ok(soft), |limit| limit.parse()).map_err(|_| format!("no limit in `{text}`"))?;
        Ok(Value::map([("Name", Value::from(name)), ("Soft", soft.into()), ("Hard", hard.into())]))
    })
}

/// `1h2m3.5s` as nanoseconds.
pub fn duration(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is no duration such as 1m30s");
    let (mut total, mut rest) = (0.0, text.trim());
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let number: f64 = rest[..digits].parse().map_err(|_| wrong())?;
        let unit = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| digits + at);
        total += number
            * match &rest[digits..unit] {
                "ns" => 1.0,
                "us" | "µs" => 1e3,
                "ms" => 1e6,
                "s" => 1e9,
                "m" => 60e9,
                "h" => 3600e9,
                _ => return Err(wrong()),
            };
        rest = &rest[unit..];
    }
    Ok(total as i64)
}

fn healthcheck(value: &Value) -> Result<Value, String> {
    let mut out = Map::new();
    match super::field(value, "test") {
        Some(Value::List(items))
            if items.first().is_some_and(|first| matches!(first.as_str(), Some("NONE" | "CMD" | "CMD-SHELL"))) =>
        {
            out.insert("Test", Value::List(items.clone()));
        }
        Some(Value::List(items)) if items.is_empty() => drop(out.insert("Test", Value::list([]))),
        Some(Value::List(items)) => {
            let all = std::iter::once(Value::from("CMD")).chain(items.iter().cloned());
            out.insert("Test", Value::list(all));
        }
        Some(text) if text.as_str() == Some("NONE") => drop(out.insert("Test", vec!["NONE"])),
        Some(text) => drop(out.insert("Test", vec!["CMD-SHELL".to_string(), text.to_text()])),
        None => {}
    }
    for (own, theirs) in [
        ("interval", "Interval"),
        ("timeout", "Timeout"),
        ("start_period", "StartPeriod"),
        ("start_interval", "StartInterval"),
    ] {
        if let Some(time) = super::field(value, own) {
            out.insert(theirs, duration(&time.to_text())?);
        }
    }
    if let Some(retries) = super::field(value, "retries") {
        out.insert("Retries", retries.clone());
    }
    Ok(out.into())
}

fn mounts(value: &Value) -> Result<Value, String> {
    const NAMES: [(&str, &str); 5] = [
        ("target", "Target"),
        ("source", "Source"),
        ("type", "Type"),
        ("read_only", "ReadOnly"),
        ("consistency", "Consistency"),
    ];
    const BIND: [(&str, &str); 5] = [
        ("propagation", "Propagation"),
        ("non_recursive", "NonRecursive"),
        ("create_mountpoint", "CreateMountpoint"),
        ("read_only_non_recursive", "ReadOnlyNonRecursive"),
        ("read_only_force_recursive", "ReadOnlyForceRecursive"),
    ];
    const VOLUME: [(&str, &str); 3] = [("no_copy", "NoCopy"), ("labels", "Labels"), ("subpath", "Subpath")];
    each(value, |item| {
        let mut mount = renamed(item, &NAMES);
        let bind = renamed(item, &BIND);
        let mut volume = renamed(item, &VOLUME);
        if let Some(driver) = super::field(item, "volume_driver") {
            let options = super::field(item, "volume_options").cloned().unwrap_or_default();
            volume.insert("DriverConfig", Value::map([("Name", driver.clone()), ("Options", options)]));
        }
        let mut tmpfs = Map::new();
        if let Some(size) = super::field(item, "tmpfs_size") {
            tmpfs.insert("SizeBytes", bytes(size)?);
        }
        if let Some(mode) = super::field(item, "tmpfs_mode") {
            tmpfs.insert("Mode", i64::from_str_radix(&mode.to_text(), 8).map_err(|_| "tmpfs_mode is not octal")?);
        }
        for (name, options) in [("BindOptions", bind), ("VolumeOptions", volume), ("TmpfsOptions", tmpfs)] {
            if !options.is_empty() {
                mount.insert(name, options);
            }
        }
        Ok(mount.into())
    })
}

fn environment(args: &Map, env_file: Option<&str>) -> Result<Option<Setting>, String> {
    let mut all = Map::new();
    for line in
        env_file.unwrap_or_default().lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (name, value) = line.split_once('=').ok_or_else(|| format!("env_file: no `=` in a line for {line}"))?;
        all.insert(name, value);
    }
    if let Some(env) = args.get("env").and_then(Value::as_map) {
        for (name, value) in env.iter() {
            if !matches!(value, Value::Str(_)) {
                let name = name.value().to_text();
                return Err(format!(
                    "Non-string value found for env option. Ambiguous env options must be wrapped in quotes to avoid them being interpreted. Key: {name}"
                ));
            }
            all.insert(name.clone(), value.clone());
        }
    }
    if all.is_empty() && !args.contains("env") {
        return Ok(None);
    }
    let lines = all.iter().map(|(name, value)| {
        let line = value::Str::from(format!("{}={}", name.value().to_text(), value.to_text()));
        Value::Str(line.with_secrecy(value.holds_secret()))
    });
    Ok(Some(setting("env", "Env", How::Set, Value::list(lines))))
}

fn restart_policy(args: &Map) -> Option<Setting> {
    let name = args.get("restart_policy")?.to_text();
    let mut policy = Map::new();
    policy.insert("Name", name.clone());
    if let Some(retries) = args.get("restart_retries") {
        policy.insert("MaximumRetryCount", retries.clone());
    }
    Some(setting("restart_policy", "HostConfig.RestartPolicy", How::Fields, policy.into()))
}

fn logging(args: &Map) -> Option<Setting> {
    let driver = args.get("log_driver")?;
    let mut config = Map::new();
    config.insert("Type", driver.clone());
    if let Some(options) = args.get("log_options") {
        config.insert("Config", texts(options).ok()?);
    }
    Some(setting("log_driver", "HostConfig.LogConfig", How::Fields, config.into()))
}

fn list(args: &Map, name: &str) -> Vec<String> {
    args.get(name).and_then(Value::as_list).unwrap_or_default().iter().map(Value::to_text).collect()
}

fn published(args: &Map) -> Result<Vec<Setting>, String> {
    let published = list(args, "published_ports");
    let ip = args.get("default_host_ip").map_or_else(|| "0.0.0.0".to_string(), Value::to_text);
    let bindings = ports::bindings(&published, &ip)?;
    let mut exposed = ports::exposed(&list(args, "exposed_ports"))?;
    exposed.extend(bindings.keys().map(|key| key.value().to_text()));
    let mut all = Vec::new();
    if args.contains("published_ports") {
        all.push(setting("published_ports", "HostConfig.PortBindings", How::Dict, bindings.into()));
        if published.iter().any(|port| port == "all") {
            all.push(setting("published_ports", "HostConfig.PublishAllPorts", How::Value, true.into()));
        }
    }
    if !exposed.is_empty() {
        let ports = Value::map(exposed.into_iter().map(|port| (port, Map::new())));
        all.push(setting("exposed_ports", "ExposedPorts", How::Dict, ports));
    }
    Ok(all)
}

/// A path alone is a volume of its own; the others join something of the host to a path.
fn volumes(args: &Map) -> Vec<Setting> {
    let volumes = list(args, "volumes");
    if !args.contains("volumes") {
        return Vec::new();
    }
    let (binds, own): (Vec<_>, Vec<_>) = volumes.into_iter().partition(|volume| volume.contains(':'));
    let binds = binds.into_iter().map(|bind| if bind.matches(':').count() == 1 { bind + ":rw" } else { bind });
    let mut all = vec![setting("volumes", "HostConfig.Binds", How::Set, binds.collect::<Vec<_>>().into())];
    if !own.is_empty() {
        let own = Value::map(own.into_iter().map(|path| (path, Map::new())));
        all.push(setting("volumes", "Volumes", How::Dict, own));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_docker_reads_them() {
        assert_eq!(duration("1m30s"), Ok(90_000_000_000));
        assert_eq!(duration("500ms"), Ok(500_000_000));
        assert!(duration("5").is_err() && duration("x").is_err());
    }

    #[test]
    fn options_find_their_place() {
        let args: Map = [
            ("memory", Value::from("512M")),
            ("volumes", vec!["/data", "a:/b"].into()),
            ("published_ports", vec!["80:80"].into()),
            ("env", Value::map([("A", "1")])),
        ]
        .into_iter()
        .collect();
        let mut body = Map::new();
        settings(&args, None).unwrap().iter().for_each(|setting| setting.put(&mut body));
        let body = Value::from(body);
        assert_eq!(super::super::field(&body, "HostConfig.Memory"), Some(&Value::Int(536_870_912)));
        assert_eq!(super::super::field(&body, "HostConfig.Binds"), Some(&vec!["a:/b:rw"].into()));
        assert_eq!(body.get("Env"), Some(&vec!["A=1"].into()));
        assert!(super::super::field(&body, "ExposedPorts").is_some());
        let number: Map = [("env", Value::map([("A", 1)]))].into_iter().collect();
        assert!(settings(&number, None).unwrap_err().contains("Non-string value"));
    }
}
