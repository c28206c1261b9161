//! What `docker_image` does: builds, loads, pulls, tags, pushes, archives and removes images.
use super::{Daemon, Reply, image, map_of, tar, text};
use crate::base64;
use crate::host::{Acted, Change, Host, Look, Resource, State, Stop};
use crate::http::{Body, percent};
use crate::machine::Machine;
use crate::web::Spool;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use value::spec::{Kind, coerce};
use value::value::{Json, json_text};
use value::{Map, Value};

pub struct Wish<'w> {
    pub daemon: Daemon,
    /// With its tag.
    pub name: String,
    pub source: Option<&'w str>,
    pub build: Option<&'w Map>,
    pub load_path: Option<&'w Path>,
    pub archive_path: Option<&'w Path>,
    pub platform: Option<String>,
    pub repository: Option<String>,
    pub push: bool,
    pub force_source: bool,
    pub force_tag: bool,
}

pub fn present(wish: &Wish, host: &mut Host) -> Look<Map> {
    let mut result = Map::new();
    let there = look(wish, host)?;
    let mut now = there.clone();
    if there.is_none() || wish.force_source {
        match wish.source {
            Some("build") => build(wish, host, &mut result)?,
            Some("load") => load(wish, host)?,
            Some("pull") => pull(wish, host)?,
            Some(_) if there.is_some() => {}
            Some(_) => return Stop::failed(format!("Cannot find the image {} locally.", wish.name)),
            None => return Stop::failed("source must be given: one of build, load, pull, local"),
        }
        now = if host.writes() { look(wish, host)? } else { now };
    }
    finish(wish, now, result, host)
}

/// Archive, tag and push, whatever the image came from.
fn finish(wish: &Wish, image: Option<Value>, mut result: Map, host: &mut Host) -> Look<Map> {
    if let (Some(path), Some(_)) = (wish.archive_path, &image) {
        archive(wish, path, host)?;
    }
    let mut name = wish.name.clone();
    if let Some(repository) = &wish.repository {
        name = image::with_tag(repository);
        tag(wish, &name, image.as_ref(), host)?;
    }
    if wish.push {
        push(wish, &name, host)?;
    }
    result.insert("image", image.unwrap_or_else(|| Map::new().into()));
    Ok(result)
}

pub fn absent(wish: &Wish, force: bool, host: &mut Host) -> Look<Map> {
    let Some(there) = look(wish, host)? else { return Ok(crate::returns! { "image" => Map::new() }) };
    let (daemon, name) = (wish.daemon.clone(), wish.name.clone());
    host.change(Change::to(Resource::Image(wish.name.clone()), State::Absent), |machine| {
        image::remove(machine, &daemon, &name, force)?;
        Ok(Acted::changed())
    })?;
    let mut shown = map_of(Some(&there));
    shown.insert("state", "Deleted");
    Ok(crate::returns! { "image" => shown })
}

fn look(wish: &Wish, host: &Host) -> Look<Option<Value>> {
    let what = Resource::Image(wish.name.clone());
    if host.waits_for_a_package(&what) {
        return Ok(None);
    }
    match host.foreseen(std::slice::from_ref(&what)) {
        Ok(()) => Ok(image::inspect(host.machine(), &wish.daemon, &wish.name)?),
        Err(stop) => match host.state(&what)? {
            State::Absent => Ok(None),
            State::Image(_) | State::Present => Ok(Some(Map::new().into())),
            _ => Err(stop),
        },
    }
}

fn changed_from(machine: &dyn Machine, wish: &Wish, before: Option<String>) -> io::Result<Acted> {
    let after = image::inspect(machine, &wish.daemon, &wish.name)?.as_ref().map(image::id);
    Ok(Acted { changed: before != after, ..Acted::default() })
}

fn before(wish: &Wish, host: &Host) -> Look<Option<String>> {
    if host.writes() { Ok(look(wish, host)?.as_ref().map(image::id)) } else { Ok(None) }
}

fn pull(wish: &Wish, host: &mut Host) -> Look<()> {
    let before = before(wish, host)?;
    host.progress(&format!("pulling {}", wish.name));
    host.change(Change::to(Resource::Image(wish.name.clone()), State::Present), |machine| {
        image::pull(machine, &wish.daemon, &wish.name, wish.platform.as_deref(), &|_| {})?;
        Ok(changed_from(machine, wish, before)?)
    })?;
    Ok(())
}

fn load(wish: &Wish, host: &mut Host) -> Look<()> {
    let Some(path) = wish.load_path else { return Stop::failed("load_path is required with source: load") };
    if !host.exists(path)? {
        return Stop::failed(format!("Error loading image {} - Error opening archive {}", wish.name, path.display()));
    }
    let before = before(wish, host)?;
    host.progress(&format!("loading {}", wish.name));
    host.change(Change::to(Resource::Image(wish.name.clone()), State::Present), |machine| {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let headers = vec![("Content-Type".into(), "application/x-tar".into())];
        stream(
            machine,
            &wish.daemon,
            "/images/load?quiet=1",
            Body::Reader(&mut file, length),
            headers,
            &format!("loading {}", wish.name),
        )?;
        if image::inspect(machine, &wish.daemon, &wish.name)?.is_none() {
            return Stop::failed(format!("The archive {} did not contain the image {}", path.display(), wish.name));
        }
        Ok(changed_from(machine, wish, before)?)
    })?;
    Ok(())
}

/// Sends, and gives the lines that came; an error among them is one.
fn stream<'a>(
    machine: &mut dyn Machine,
    daemon: &Daemon,
    target: &'a str,
    body: Body<'a>,
    headers: Vec<(String, String)>,
    doing: &str,
) -> io::Result<String> {
    let (mut said, mut failed) = (String::new(), None);
    let reply: Reply = daemon.send(machine, target, body, headers, &mut |line| {
        said += &line.get("stream").map_or_else(String::new, Value::to_text);
        if let Some(error) = line.get("error") {
            failed = Some(error.to_text());
        }
    })?;
    match failed {
        Some(error) => Err(io::Error::other(format!("Error {doing} - {error}"))),
        None => reply.ok(doing).map(|_| said),
    }
}

fn build(wish: &Wish, host: &mut Host, result: &mut Map) -> Look<()> {
    let Some(build) = wish.build else { return Stop::failed("build is required with source: build") };
    let settings = Value::from(build.clone());
    let root = text(&settings, "path");
    if !host.is_dir(Path::new(&root))? {
        return Stop::failed(format!("build.path: there is no folder {root}"));
    }
    let dockerfile = match text(&settings, "dockerfile") {
        name if name.is_empty() => "Dockerfile".to_string(),
        name => name,
    };
    let target = build_target(wish, &settings, &dockerfile).or_else(Stop::failed)?;
    let mut context = Spooled::default();
    if host.writes() {
        tar::folder(host, Path::new(&root), &dockerfile, &mut context)?;
    }
    let before = before(wish, host)?;
    host.progress(&format!("building {}", wish.name));
    let mut said = String::new();
    host.change(Change::to(Resource::Image(wish.name.clone()), State::Present), |machine| {
        let length = context.0.len() as u64;
        let mut bytes = context.0.as_slice();
        let headers = vec![("Content-Type".into(), "application/x-tar".into())];
        said = stream(
            machine,
            &wish.daemon,
            &target,
            Body::Reader(&mut bytes, length),
            headers,
            &format!("building {}", wish.name),
        )?;
        Ok(changed_from(machine, wish, before)?)
    })?;
    result.insert("stdout", said);
    Ok(())
}

/// The context as it is sent.
#[derive(Default)]
struct Spooled(Vec<u8>);
impl io::Write for Spooled {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn build_target(wish: &Wish, settings: &Value, dockerfile: &str) -> Result<String, String> {
    let field = |name: &str| super::field(settings, name);
    let mut query = vec![("t", wish.name.clone()), ("dockerfile", dockerfile.to_string()), ("forcerm", "1".into())];
    let texts =
        |value: &Value| Value::map(map_of(Some(value)).iter().map(|(key, value)| (key.clone(), value.to_text())));
    for (own, theirs) in [("args", "buildargs"), ("labels", "labels"), ("cache_from", "cachefrom")] {
        if let Some(value) = field(own) {
            let value = if own == "cache_from" { value.clone() } else { texts(value) };
            query.push((theirs, json_text(&value, Json::COMPACT)));
        }
    }
    for (own, theirs) in [("network", "networkmode"), ("target", "target")] {
        if let Some(value) = field(own) {
            query.push((theirs, value.to_text()));
        }
    }
    for (own, theirs) in [("nocache", "nocache"), ("rm", "rm"), ("pull", "pull")] {
        if let Some(value) = field(own) {
            query.push((theirs, i64::from(value.is_true()).to_string()));
        }
    }
    let size = |value: &Value| coerce(value, Kind::Bytes).map(|size| size.to_text()).map_err(|refusal| refusal.0);
    let limits =
        [("memory", "memory"), ("memswap", "memswap"), ("cpushares", "cpushares"), ("cpusetcpus", "cpusetcpus")];
    for (own, theirs) in limits {
        if let Some(value) = super::field(settings, &format!("container_limits.{own}")) {
            query.push((
                theirs,
                if own.starts_with("mem") && value.to_text() != "-1" { size(value)? } else { value.to_text() },
            ));
        }
    }
    if let Some(value) = field("shm_size") {
        query.push(("shmsize", size(value)?));
    }
    if let Some(platform) = field("platform").map(Value::to_text).or_else(|| wish.platform.clone()) {
        query.push(("platform", platform));
    }
    let hosts = map_of(field("etc_hosts"));
    query.extend(hosts.iter().map(|(name, ip)| ("extrahosts", format!("{}:{}", name.value().to_text(), ip.to_text()))));
    let pairs: Vec<_> = query.into_iter().map(|(name, value)| format!("{name}={}", percent(&value, ""))).collect();
    Ok(format!("/build?{}", pairs.join("&")))
}

fn parts(name: &str) -> (&str, &str) {
    name.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).unwrap_or((name, "latest"))
}

fn tag(wish: &Wish, name: &str, image: Option<&Value>, host: &mut Host) -> Look<()> {
    let own = image.map(image::id).unwrap_or_default();
    if host.writes() {
        let there = image::inspect(host.machine(), &wish.daemon, name)?.as_ref().map(image::id);
        if there.as_deref() == Some(&own) || there.is_some() && !wish.force_tag {
            return Ok(());
        }
    }
    let (repository, label) = parts(name);
    let target = format!(
        "/images/{}/tag?repo={}&tag={}",
        percent(&wish.name, "/:@"),
        percent(repository, ""),
        percent(label, "")
    );
    let daemon = wish.daemon.clone();
    host.change(Change::to(Resource::Image(name.into()), State::Image(crate::host::Image { id: own })), |machine| {
        daemon.act(machine, "POST", &target, None)?.ok(&format!("tagging an image as {name}"))?;
        Ok(Acted::changed())
    })?;
    Ok(())
}

/// With the login that `docker login` left, if there is one.
fn push(wish: &Wish, name: &str, host: &mut Host) -> Look<()> {
    let (repository, label) = parts(name);
    let registry = repository
        .split_once('/')
        .map(|(first, _)| first)
        .filter(|first| first.contains(['.', ':']) || *first == "localhost");
    let login = login(host, registry.unwrap_or("https://index.docker.io/v1/"))?;
    let target = format!("/images/{}/push?tag={}", percent(repository, "/:"), percent(label, ""));
    host.progress(&format!("pushing {name}"));
    host.change(Change::question(format!("docker push {name}")), |machine| {
        let headers = vec![("X-Registry-Auth".to_string(), base64::encode(login.as_bytes()))];
        stream(machine, &wish.daemon, &target, Body::None, headers, &format!("pushing image {name}"))?;
        Ok(Acted::changed())
    })?;
    Ok(())
}

fn login(host: &Host, registry: &str) -> Look<String> {
    let home = host.variable("HOME").unwrap_or_else(|| "/root".into());
    let text = host.read_text(Path::new(&format!("{home}/.docker/config.json")))?.unwrap_or_default();
    let config = crate::json::parse(&text).unwrap_or_default();
    let auths = map_of(config.get("auths"));
    let auth = auths.get(registry).and_then(|one| one.get("auth")).map(Value::to_text).unwrap_or_default();
    let plain = base64::decode(&auth).and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    let Some((user, password)) = plain.split_once(':') else { return Ok("{}".into()) };
    let fields = [("username", user), ("password", password), ("serveraddress", registry)];
    Ok(json_text(&Value::map(fields), Json::COMPACT))
}

/// The image in a file; it is written when there is none, or one of another image.
fn archive(wish: &Wish, path: &Path, host: &mut Host) -> Look<()> {
    if host.exists(path)? && !wish.force_source {
        return Ok(());
    }
    let target = format!("/images/{}/get", percent(&wish.name, "/:@"));
    let own = host.identity();
    let meta = crate::machine::Meta { mode: 0o600, uid: own.uid, gid: own.gid };
    let after = State::File { meta, contents: crate::host::Contents::text("") };
    host.change(Change::to(Resource::path(path), after).unshown(), |machine| {
        let mut spool = Spool::default();
        wish.daemon.read(machine, &target, &mut |reader: &mut dyn Read| spool.fill(reader, |_| {}).map(drop))?;
        let contents = spool.contents();
        crate::host::kinds::make(machine, &Resource::path(path), &State::File { meta, contents })?;
        Ok(Acted::changed())
    })?;
    Ok(())
}
