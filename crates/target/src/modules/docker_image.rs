//! `docker_image`: images, built, loaded, pulled or removed.
use crate::docker::images::{self, Wish};
use crate::docker::{Daemon, image};
use crate::host::{Host, Look, Stop};
#[cfg(any(test, feature = "reference"))]
use crate::host::{Image, Resource, State};
#[cfg(any(test, feature = "reference"))]
use crate::module::Example;
use crate::module::{Info, Module, Return};
use std::path::PathBuf;
use value::Map;
use value::spec::Rule;

value::args! {
    /// How an image is built.
    pub struct Build {
        /// The folder of the host that is built from.
        path: PathBuf { required },
        /// The name of the file that says how.
        dockerfile: Option<String>,
        /// Values for its `ARG`s.
        args: Option<Map>,
        /// Images whose layers may be used again.
        cache_from: Option<Vec<String>>,
        /// Limits while it is built: `memory`, `memswap`, `cpushares`, `cpusetcpus`.
        container_limits: Option<Map>,
        /// Names and addresses for `/etc/hosts` while it is built.
        etc_hosts: Option<Map>,
        /// Seconds that the daemon may be silent.
        http_timeout: Option<i64>,
        /// Labels.
        labels: Option<Map>,
        /// The network while it is built.
        network: Option<String>,
        /// Whether every step is made anew.
        nocache: bool { default("no") },
        /// The platform.
        platform: Option<String>,
        /// Whether newer base images are fetched.
        pull: bool { default("no") },
        /// Whether containers of the steps are removed.
        rm: bool { default("yes") },
        /// The size of `/dev/shm` while it is built.
        shm_size: Option<String>,
        /// The stage that is wanted.
        target: Option<String>,
        /// Without meaning here: proxies of a client's settings are not known on the host.
        use_config_proxy: Option<bool>,
    }
}

value::args! {
    /// How an image is pulled.
    pub struct Pull {
        /// The platform.
        platform: Option<String>,
    }
}

value::args! {
    /// Builds, loads, pulls, tags, pushes and removes images over Docker's own socket.
    pub struct Args {
        /// The image, with its registry and, if you like, its tag.
        name: String { required },
        /// The tag, where the name has none.
        tag: String { default("latest") },
        /// What it is to be.
        state: String { default("present"), choices(&["absent", "present"]) },
        /// Where it comes from when it is not there.
        source: Option<String> { choices(&["build", "load", "pull", "local"]) },
        /// How it is built.
        build: Option<Map> { options(&<Build as value::spec::Args>::SPEC) },
        /// How it is pulled.
        pull: Option<Map> { options(&<Pull as value::spec::Args>::SPEC) },
        /// A file of the host with the image.
        load_path: Option<PathBuf>,
        /// A file of the host to write the image to.
        archive_path: Option<PathBuf>,
        /// A second name for it, which is what is pushed.
        repository: Option<String>,
        /// Whether it is sent to its registry.
        push: bool { default("no") },
        /// Whether it is built, loaded or pulled even if it is there.
        force_source: bool { default("no") },
        /// Whether it is removed even if it has other names or is in use.
        force_absent: bool { default("no") },
        /// Whether the second name is taken from another image.
        force_tag: bool { default("no") },
        /// Where the daemon listens.
        docker_host: String { default("unix:///var/run/docker.sock"), aliases(&["docker_url"]) },
        /// Seconds that the daemon may be silent.
        timeout: i64 { default("60") },
        /// Without meaning here: the daemon's own version of its API is used.
        api_version: String { default("auto"), aliases(&["docker_api_version"]) },
        /// Without meaning here: the result is always whole.
        debug: bool { default("no") },
        /// For TLS, which this module does not speak.
        tls: bool { default("no") },
        /// For TLS, which this module does not speak.
        validate_certs: bool { default("no"), aliases(&["tls_verify"]) },
        /// For TLS, which this module does not speak.
        tls_hostname: Option<String>,
        /// For TLS, which this module does not speak.
        ca_path: Option<PathBuf> { aliases(&["ca_cert", "tls_ca_cert", "cacert_path"]) },
        /// For TLS, which this module does not speak.
        client_cert: Option<PathBuf> { aliases(&["tls_client_cert", "cert_path"]) },
        /// For TLS, which this module does not speak.
        client_key: Option<PathBuf> { aliases(&["tls_client_key", "key_path"]) },
        /// Without meaning here: the socket is on this host.
        use_ssh_client: bool { default("no") },
    }
    rules: [
        Rule::RequiredIf { arg: "state", is: "present", needs: &["source"], any: false },
        Rule::RequiredIf { arg: "source", is: "build", needs: &["build"], any: false },
        Rule::RequiredIf { arg: "source", is: "load", needs: &["load_path"], any: false },
    ]
}

pub struct Task;
impl Module for Task {
    const INFO: Info = Info::new("docker_image").collection("community.docker");
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example] = &[
        Example {
            title: "Pull an image",
            args: &[("name", "nginx"), ("source", "pull")],
            before: Vec::new,
            after: || vec![(nginx(), State::Image(Image { id: "sha256:nginx:latest".into() }))],
        },
        Example {
            title: "Remove it",
            args: &[("name", "nginx"), ("state", "absent")],
            before: || vec![(nginx(), State::Present)],
            after: || vec![(nginx(), State::Absent)],
        },
    ];
    type Args = Args;

    fn run(args: &Args, host: &mut Host) -> Look<Return> {
        if args.tls || args.validate_certs {
            return Stop::failed("docker_image speaks to the daemon without TLS: use its socket");
        }
        let built = args.build.as_ref().and_then(|build| build.get("http_timeout")?.as_int());
        // Builds and pulls are silent for long.
        let timeout = built.unwrap_or(args.timeout.max(600));
        let name = match args.name.rsplit('/').next().is_some_and(|last| last.contains([':', '@'])) {
            true => args.name.clone(),
            false => format!("{}:{}", args.name, args.tag),
        };
        let platform = args.pull.as_ref().and_then(|pull| pull.get("platform")).map(value::Value::to_text);
        let wish = Wish {
            daemon: Daemon::at(&args.docker_host, timeout).or_else(Stop::failed)?,
            name: image::with_tag(&name),
            source: args.source.as_deref(),
            build: args.build.as_ref(),
            load_path: args.load_path.as_deref(),
            archive_path: args.archive_path.as_deref(),
            platform,
            repository: args.repository.clone(),
            push: args.push,
            force_source: args.force_source,
            force_tag: args.force_tag,
        };
        match args.state.as_str() {
            "absent" => images::absent(&wish, args.force_absent, host),
            _ => images::present(&wish, host),
        }
    }
}

#[cfg(any(test, feature = "reference"))]
fn nginx() -> Resource {
    Resource::Image("nginx:latest".into())
}
