//! Whether it is a virtual machine or a container, and of which kind.
use super::Reader;
use value::Map;

#[derive(Default)]
struct Found {
    kind: Option<String>,
    role: &'static str,
    guest: Vec<String>,
    host: Vec<String>,
}

impl Found {
    /// The first that is found is what it is; the others are known too.
    fn guest(&mut self, kind: &str) {
        if !self.guest.iter().any(|known| known == kind) {
            self.guest.push(kind.into());
        }
        if self.kind.is_none() {
            (self.kind, self.role) = (Some(kind.into()), "guest");
        }
    }
}

pub fn virtualization(reader: &Reader, facts: &mut Map) {
    let mut found = Found::default();
    containers(reader, &mut found);
    machines(reader, &mut found);
    hosts(reader, &mut found);
    found.guest.sort();
    let (kind, role) = match found.kind {
        Some(kind) => (kind, found.role),
        None => ("NA".into(), "NA"),
    };
    facts.insert("virtualization_type", kind);
    facts.insert("virtualization_role", role);
    facts.insert("virtualization_tech_guest", found.guest);
    facts.insert("virtualization_tech_host", found.host);
}

fn containers(reader: &Reader, found: &mut Found) {
    let groups = reader.text("/proc/1/cgroup").unwrap_or_default();
    if reader.exists("/.dockerenv") || groups.lines().any(|line| line.contains("/docker/") || line.contains("/docker-"))
    {
        found.guest("docker");
        found.guest("container");
    }
    if groups.lines().any(|line| line.contains("/lxc/") || line.contains("/machine.slice/machine-lxc")) {
        found.guest("lxc");
        found.guest("container");
    }
    if groups.contains("system.slice/containerd.service") {
        found.guest("containerd");
    }
    let environment = reader.text("/proc/1/environ").unwrap_or_default();
    if let Some(kind) =
        environment.split('\0').find_map(|line| line.strip_prefix("container=")).filter(|kind| !kind.is_empty())
    {
        if matches!(kind, "lxc" | "podman") {
            found.guest(kind);
        }
        found.guest("container");
    }
    if reader.exists("/proc/vz") && !reader.exists("/proc/lve") && !reader.exists("/proc/bc") {
        found.guest("openvz");
    }
    if let Some(kind) = reader.word("/run/systemd/container") {
        found.guest(&kind);
    }
}

fn machines(reader: &Reader, found: &mut Found) {
    let dmi = |file: &str| reader.word(format!("/sys/devices/virtual/dmi/id/{file}")).unwrap_or_default();
    let (product, vendor, bios, family, chassis) =
        (dmi("product_name"), dmi("sys_vendor"), dmi("bios_vendor"), dmi("product_family"), dmi("chassis_vendor"));
    if reader.exists("/proc/xen") || reader.exists("/sys/hypervisor/type") {
        let host = reader.text("/proc/xen/capabilities").is_some_and(|text| text.contains("control_d"));
        if !host {
            found.guest("xen");
        }
    }
    let kinds = [
        (matches!(product.as_str(), "KVM" | "KVM Server" | "Bochs" | "AHV"), "kvm"),
        (matches!(product.as_str(), "RHEV Hypervisor"), "RHEV"),
        (matches!(product.as_str(), "VMware Virtual Platform" | "VMware7,1" | "VMware20,1"), "VMware"),
        (matches!(product.as_str(), "OpenStack Compute" | "OpenStack Nova"), "openstack"),
        (bios == "Xen", "xen"),
        (bios == "innotek GmbH", "virtualbox"),
        (matches!(bios.as_str(), "Amazon EC2" | "DigitalOcean" | "Hetzner"), "kvm"),
        (vendor == "Microsoft Corporation" && product == "Virtual Machine", "VirtualPC"),
        (vendor == "Parallels Software International Inc.", "parallels"),
        (vendor == "Parallels International GmbH.", "parallels"),
        (
            matches!(
                vendor.as_str(),
                "QEMU" | "Amazon EC2" | "DigitalOcean" | "Google" | "Scaleway" | "Nutanix" | "Hetzner"
            ),
            "kvm",
        ),
        (vendor == "KubeVirt" || family == "KubeVirt", "KubeVirt"),
        (vendor == "oVirt" || family == "oVirt", "oVirt"),
        (vendor == "OpenStack Foundation", "openstack"),
        (chassis == "oVirt", "oVirt"),
    ];
    for (is, kind) in kinds {
        if is {
            found.guest(kind);
        }
    }
    let cpus = reader.text("/proc/cpuinfo").unwrap_or_default();
    let model = |word: &str| cpus.lines().any(|line| line.starts_with("model name") && line.contains(word));
    if model("QEMU Virtual CPU") || model("Common KVM processor") {
        found.guest("kvm");
    }
    if cpus.lines().any(|line| line.starts_with("vendor_id") && line.contains("User Mode Linux")) {
        found.guest("uml");
    }
}

fn hosts(reader: &Reader, found: &mut Found) {
    let modules = reader.text("/proc/modules").unwrap_or_default();
    let loaded = |name: &str| modules.lines().any(|line| line.split_whitespace().next() == Some(name));
    let kinds = [
        (loaded("kvm"), "kvm"),
        (loaded("vboxdrv"), "virtualbox"),
        (reader.text("/proc/xen/capabilities").is_some_and(|text| text.contains("control_d")), "xen"),
    ];
    for (is, kind) in kinds {
        if is {
            found.host.push(kind.into());
            if found.kind.is_none() {
                (found.kind, found.role) = (Some(kind.into()), "host");
            }
        }
    }
    if loaded("virtio") && found.kind.is_none() {
        found.guest("kvm");
    }
}
