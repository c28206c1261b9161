//! `docker_container`: containers, made from their settings and kept so.
use crate::docker::lifecycle;
use crate::host::{Host, Look};
#[cfg(any(test, feature = "reference"))]
use crate::host::{Container, Resource, State};
#[cfg(any(test, feature = "reference"))]
use crate::module::Example;
use crate::module::{Info, Module, Return};
use value::{Map, Value};

value::args! {
    /// Makes, starts, stops and removes containers over Docker's own socket. A container whose settings differ from those in the
    /// task is made anew; settings that the task does not state may be as they are.
    pub struct Options {
        /// Without meaning here: the daemon's own version of its API is used.
        api_version: String { default("auto"), aliases(&["docker_api_version"]) },
        /// Whether the daemon removes the container when its process ends.
        auto_remove: Option<bool>,
        /// Its share of block IO, from 10 to 1000.
        blkio_weight: Option<i64>,
        /// For TLS, which this module does not speak.
        ca_path: Option<std::path::PathBuf> { aliases(&["ca_cert", "tls_ca_cert", "cacert_path"]) },
        /// Capabilities that are taken away.
        cap_drop: Option<Vec<String>>,
        /// Capabilities that are added.
        capabilities: Option<Vec<String>>,
        /// The cgroup that it lives under.
        cgroup_parent: Option<String>,
        /// Whose view of cgroups it has.
        cgroupns_mode: Option<String> { choices(&["host", "private"]) },
        /// Whether it is removed after it has run; for `detach: no`.
        cleanup: bool { default("no") },
        /// For TLS, which this module does not speak.
        client_cert: Option<std::path::PathBuf> { aliases(&["tls_client_cert", "cert_path"]) },
        /// For TLS, which this module does not speak.
        client_key: Option<std::path::PathBuf> { aliases(&["tls_client_key", "key_path"]) },
        /// What it runs: a line that is parted into words, or a list.
        command: Value,
        /// How an empty command is understood; `correct` is how Docker does it.
        command_handling: String { default("correct"), choices(&["compatibility", "correct"]) },
        /// How options are compared with a container that is there: `strict`, `ignore`, `allow_more_present`, by option or `*`.
        comparisons: Option<Map>,
        /// Whether options that are not given are compared with Docker's old defaults.
        container_default_behavior: String { default("no_defaults"), choices(&["compatibility", "no_defaults"]) },
        /// The scheduler's period, in microseconds.
        cpu_period: Option<i64>,
        /// Its time in each period, in microseconds.
        cpu_quota: Option<i64>,
        /// Its weight against other containers.
        cpu_shares: Option<i64>,
        /// How many processors' time it may use.
        cpus: Option<f64>,
        /// Which processors it may use.
        cpuset_cpus: Option<String>,
        /// Which memory nodes it may use.
        cpuset_mems: Option<String>,
        /// Without meaning here: the result is always whole.
        debug: bool { default("no") },
        /// The address on which ports are published that name none.
        default_host_ip: Option<String>,
        /// Whether to go on while it runs; else its end is waited for.
        detach: Option<bool>,
        /// Rules for its devices' cgroup.
        device_cgroup_rules: Option<Vec<String>>,
        /// Limits of bytes read, by device: `path` and `rate`.
        device_read_bps: Option<Vec<Map>>,
        /// Limits of reads, by device: `path` and `rate`.
        device_read_iops: Option<Vec<Map>>,
        /// Devices asked of drivers (graphics cards): `driver`, `count`, `device_ids`, `capabilities`, `options`.
        device_requests: Option<Vec<Map>>,
        /// Limits of bytes written, by device: `path` and `rate`.
        device_write_bps: Option<Vec<Map>>,
        /// Limits of writes, by device: `path` and `rate`.
        device_write_iops: Option<Vec<Map>>,
        /// Devices of the host: `/dev/a:/dev/b:rwm`.
        devices: Option<Vec<String>>,
        /// Options of its resolver.
        dns_opts: Option<Vec<String>>,
        /// Domains in which its names are searched.
        dns_search_domains: Option<Vec<String>>,
        /// The name servers it asks.
        dns_servers: Option<Vec<String>>,
        /// Where the daemon listens.
        docker_host: String { default("unix:///var/run/docker.sock"), aliases(&["docker_url"]) },
        /// Its domain.
        domainname: Option<String>,
        /// The program that its command is given to.
        entrypoint: Option<Vec<String>>,
        /// Its environment; values must be strings.
        env: Option<Map>,
        /// A file of the host with lines `NAME=value`.
        env_file: Option<std::path::PathBuf>,
        /// Names and addresses for its `/etc/hosts`.
        etc_hosts: Option<Map>,
        /// Ports that it listens on.
        exposed_ports: Option<Vec<String>> { aliases(&["exposed", "expose"]) },
        /// Whether it is killed where it would be asked to stop.
        force_kill: bool { default("no"), aliases(&["forcekill"]) },
        /// Groups that its process is in besides its own.
        groups: Option<Vec<String>>,
        /// How its health is found out: `test`, `interval`, `timeout`, `retries`, `start_period`, `start_interval`.
        healthcheck: Option<Map>,
        /// Seconds to wait until it is healthy, for `state: healthy`; 0 waits for as long as it takes.
        healthy_wait_timeout: f64 { default("300") },
        /// Its name for itself.
        hostname: Option<String>,
        /// The image it is made from, by name and tag or by id.
        image: Option<String>,
        /// Which image a container's settings are measured against.
        image_comparison: String { default("desired-image"), choices(&["desired-image", "current-image"]) },
        /// What to do when an image has labels that the task does not state.
        image_label_mismatch: String { default("ignore"), choices(&["ignore", "fail"]) },
        /// What to do when the image is the same and only its name is another.
        image_name_mismatch: String { default("recreate"), choices(&["recreate", "ignore"]) },
        /// Whether a small init runs first in it.
        init: Option<bool>,
        /// Whether its standard input stays open.
        interactive: Option<bool>,
        /// Whose shared memory it sees.
        ipc_mode: Option<String>,
        /// Whether nameless volumes stay when it is removed.
        keep_volumes: bool { default("yes") },
        /// A limit of kernel memory.
        kernel_memory: Option<String>,
        /// The signal that kills it.
        kill_signal: Option<String>,
        /// Labels.
        labels: Option<Map>,
        /// Other containers that it knows by name.
        links: Option<Vec<String>>,
        /// What takes its output.
        log_driver: Option<String>,
        /// Options of the log driver.
        log_options: Option<Map> { aliases(&["log_opt"]) },
        /// Its hardware address.
        mac_address: Option<String>,
        /// A limit of memory, such as `512M`.
        memory: Option<String>,
        /// The memory that it should always have.
        memory_reservation: Option<String>,
        /// A limit of memory and swap together; `unlimited` for none.
        memory_swap: Option<String>,
        /// How readily its memory is swapped, from 0 to 100.
        memory_swappiness: Option<i64>,
        /// Mounts: `type`, `source`, `target`, `read_only` and the options of each type.
        mounts: Option<Vec<Map>>,
        /// Its name.
        name: String { required },
        /// Whose network it has: `bridge`, `host`, `none`, `container:NAME`, or a network.
        network_mode: Option<String>,
        /// Networks it is in: `name`, `ipv4_address`, `ipv6_address`, `aliases`, `links`, `mac_address`.
        networks: Option<Vec<Map>>,
        /// Whether `networks` takes the place of the default network, as on Docker's command line.
        networks_cli_compatible: bool { default("yes") },
        /// Whether the kernel's out-of-memory killer leaves it alone.
        oom_killer: Option<bool>,
        /// How likely that killer is to choose it.
        oom_score_adj: Option<i64>,
        /// Whether its output comes into the result; for `detach: no`.
        output_logs: bool { default("no") },
        /// Whether it stands still.
        paused: Option<bool>,
        /// Whose processes it sees.
        pid_mode: Option<String>,
        /// How many processes it may have.
        pids_limit: Option<i64>,
        /// The platform of the image.
        platform: Option<String>,
        /// Whether it may do whatever root on the host may.
        privileged: Option<bool>,
        /// Whether each exposed port is published on some port of the host.
        publish_all_ports: Option<bool>,
        /// Ports of the host that lead to it: `8080:80`, `127.0.0.1:53:53/udp`; `all` for all exposed ones.
        published_ports: Option<Vec<String>> { aliases(&["ports"]) },
        /// When the image is fetched.
        pull: String { default("missing"), choices(&["never", "missing", "always", "True", "False", "true", "false"]) },
        /// What a check says of `pull: always`.
        pull_check_mode_behavior: String { default("image_not_present"), choices(&["image_not_present", "always"]) },
        /// Whether its root file system cannot be written.
        read_only: Option<bool>,
        /// Whether it is made anew in any case.
        recreate: bool { default("no") },
        /// Seconds to wait until it is gone.
        removal_wait_timeout: Option<f64>,
        /// Whether it is restarted if it runs.
        restart: bool { default("no") },
        /// Whether the daemon starts it again.
        restart_policy: Option<String> { choices(&["no", "on-failure", "always", "unless-stopped"]) },
        /// How often, for `on-failure`.
        restart_retries: Option<i64>,
        /// What runs it.
        runtime: Option<String>,
        /// Security options.
        security_opts: Option<Vec<String>>,
        /// The size of `/dev/shm`.
        shm_size: Option<String>,
        /// What it is to be.
        state: String { default("started"), choices(&["absent", "present", "healthy", "stopped", "started"]) },
        /// The signal that asks it to stop.
        stop_signal: Option<String>,
        /// Seconds until it is killed after that.
        stop_timeout: Option<i64>,
        /// Options of the storage driver.
        storage_opts: Option<Map>,
        /// Kernel settings of its own.
        sysctls: Option<Map>,
        /// Seconds that the daemon may be silent.
        timeout: i64 { default("60") },
        /// For TLS, which this module does not speak.
        tls: bool { default("no") },
        /// For TLS, which this module does not speak.
        tls_hostname: Option<String>,
        /// Folders in memory: `/run:size=10m`.
        tmpfs: Option<Vec<String>>,
        /// Whether it has a terminal.
        tty: Option<bool>,
        /// Limits of its process: `nofile:1024:2048`.
        ulimits: Option<Vec<String>>,
        /// Without meaning here: the socket is on this host.
        use_ssh_client: bool { default("no") },
        /// The user its process runs as.
        user: Option<String>,
        /// Whose user names it sees.
        userns_mode: Option<String>,
        /// Whose host name it sees.
        uts: Option<String>,
        /// For TLS, which this module does not speak.
        validate_certs: bool { default("no"), aliases(&["tls_verify"]) },
        /// What keeps its volumes.
        volume_driver: Option<String>,
        /// `/host/path:/path:ro`, `volume:/path`, or a path for a volume of its own.
        volumes: Option<Vec<String>>,
        /// Containers whose volumes it has, too.
        volumes_from: Option<Vec<String>>,
        /// Where its process begins.
        working_dir: Option<String>,
    }
}

/// The settings travel as they are given: each has its place in a table, and what is not given must stay untouched.
pub struct Args(Map);
impl value::spec::Args for Args {
    const SPEC: value::spec::Spec<'static> = Options::SPEC;
    fn from_map(args: &Map) -> Result<Self, String> {
        Ok(Self(args.clone()))
    }
}

pub struct Task;
impl Module for Task {
    const INFO: Info = Info::new("docker_container").collection("community.docker");
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example] = &[
        Example {
            title: "Run a web server",
            args: &[("name", "web"), ("image", "nginx"), ("published_ports", "8080:80"), ("restart_policy", "always")],
            before: Vec::new,
            after: || vec![(Resource::Container("web".into()), web(true))],
        },
        Example {
            title: "Remove it",
            args: &[("name", "web"), ("state", "absent")],
            before: || {
                let image = (Resource::Image("nginx:latest".into()), State::Present);
                vec![image, (Resource::Container("web".into()), web(true))]
            },
            after: || vec![(Resource::Container("web".into()), State::Absent)],
        },
    ];
    type Args = Args;

    fn run(args: &Args, host: &mut Host) -> Look<Return> {
        lifecycle::manage(&args.0, host)
    }
}

#[cfg(any(test, feature = "reference"))]
fn web(running: bool) -> State {
    let bindings = Value::list([Value::map([("HostIp", "0.0.0.0"), ("HostPort", "8080")])]);
    let policy = Value::map([("Name", "always")]);
    let host = [("RestartPolicy", policy), ("PortBindings", Value::map([("80/tcp", bindings)]))];
    let exposed = Value::map([("80/tcp", Map::new())]);
    let networks = Value::map([("EndpointsConfig", Map::new())]);
    let config = [
        ("Image", Value::from("nginx:latest")),
        ("HostConfig", Value::map(host)),
        ("ExposedPorts", exposed),
        ("NetworkingConfig", networks),
    ];
    State::Container(Container { id: String::new(), running, paused: false, config: config.into_iter().collect() })
}
