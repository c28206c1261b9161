//! `get_url`: files from the web.
use crate::host::install::{self, Install};
use crate::host::{Contents, Host, Look, Stop, looks, ownership, parent};
#[cfg(any(test, feature = "reference"))]
use crate::host::{Resource, State};
#[cfg(any(test, feature = "reference"))]
use crate::machine::Meta;
use crate::machine::Stat;
#[cfg(any(test, feature = "reference"))]
use crate::module::Example;
use crate::module::{Info, Module, Return, path_value};
use crate::sums::{self, Sum};
use crate::web::{self, Answer, Ask, INDEX, Spool, Url};
use md5::{Digest, Md5};
use sha1::Sha1;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use value::{Map, Value};

crate::file_args! {
    /// Fetches files over HTTP and HTTPS, and copies those of the host itself (`file://`). A file that is there is fetched again only if the server has a newer one, if its
    /// checksum is not the one given, or with `force`.
    pub struct Args {
        /// What to fetch.
        url: String { required },
        /// Where to put it; in a folder it gets the name that the server gives.
        dest: PathBuf { required },
        /// `sha256:<hex>`, or `sha256:<address of a file with checksums>`.
        checksum: String { default("") },
        /// Whether it is fetched even if it is there.
        force: bool { default("no") },
        /// Whether the old file is kept beside the new one.
        backup: bool { default("no") },
        /// Headers of the request.
        headers: Option<Map>,
        /// Headers that do not go along with a redirect.
        unredirected_headers: Vec<String>,
        /// What we say that we are.
        http_agent: String { default("ansible-httpget") },
        /// Seconds that the server may be silent.
        timeout: i64 { default("10") },
        /// Whether the server's certificate is checked.
        validate_certs: bool { default("yes") },
        /// Who logs in there.
        url_username: Option<String> { aliases(&["username"]) },
        /// With which password.
        url_password: Option<String> { aliases(&["password"]), secret },
        /// Whether the login is sent before the server asks for it.
        force_basic_auth: bool { default("no") },
        /// Whether proxies of the environment are used.
        use_proxy: bool { default("yes") },
        /// Whether logins of `.netrc` are used.
        use_netrc: bool { default("yes") },
        /// For Kerberos, which this module does not speak.
        use_gssapi: bool { default("no") },
        /// A certificate of our own.
        client_cert: Option<PathBuf>,
        /// Its key.
        client_key: Option<PathBuf>,
        /// Without meaning here: TLS chooses among safe ciphers only.
        ciphers: Option<Vec<String>>,
        /// Whether what the server compressed is unpacked.
        decompress: bool { default("yes") },
        /// Where a large file waits until all of it has come; by default the system's temporary folder.
        tmp_dest: Option<PathBuf>,
    }
}

pub struct Task;
impl Module for Task {
    const INFO: Info = Info::new("get_url").at_start().net();
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example] = &[Example {
        title: "Fetch a file",
        args: &[("url", "http://files.test/hello.txt"), ("dest", "/srv/hello.txt"), ("mode", "0640")],
        before: Vec::new,
        after: || {
            let meta = Meta { mode: 0o640, uid: 0, gid: 0 };
            vec![(Resource::path("/srv/hello.txt"), State::file(meta, "hello from files.test\n"))]
        },
    }];
    type Args = Args;

    fn run(args: &Args, host: &mut Host) -> Look<Return> {
        if args.use_gssapi {
            return Stop::failed("use_gssapi: Kerberos logins are not supported");
        }
        let begun = Instant::now();
        let wanted = wanted_sum(args, host)?;
        let is_dir = host.is_dir(&args.dest)?;
        if !is_dir
            && let Some(done) = already_there(args, wanted.as_ref(), host)?
        {
            return Ok(done);
        }
        if let Some(path) = web::local(&args.url) {
            return of_this_host(args, &path, wanted, begun, host);
        }
        let since = if is_dir || args.force || wanted.is_some() { None } else { host.stat_target(&args.dest)? };
        let mut ask = ask(args, &args.url);
        if let Some(stat) = since {
            ask.headers.push(("If-Modified-Since".into(), sums::http_date(stat.modified.0)));
        }
        if !host.writes() {
            ask.method = "HEAD".into();
        }
        let mut answer = fetch(args, &ask, host, begun)?;
        let dest = if is_dir { args.dest.join(file_name(&answer)) } else { args.dest.clone() };
        let status = Value::from(i64::from(answer.head.status));
        let result = crate::returns! { "url" => args.url.clone(), "dest" => path_value(&dest), "status_code" => status };
        if answer.head.status == 304 {
            return unchanged(args, &dest, begun, result, host);
        }
        reachable(args, &dest, host).map_err(|stop| stop.with("url", args.url.clone()).with("dest", path_value(&dest)))?;
        let mut sums = Sums::of(wanted.as_ref());
        let mut spool = args.tmp_dest.as_deref().map_or_else(Spool::default, Spool::in_folder);
        if host.writes() {
            spool.fill(&mut answer.body, |piece| sums.take(piece))?;
        }
        put(args, &dest, Got { known: host.writes(), contents: spool.contents(), sums, wanted, begun }, result, host)
    }
}

/// `file://`: no server, and so no status.
fn of_this_host(args: &Args, path: &Path, wanted: Option<Sum>, begun: Instant, host: &mut Host) -> Look<Return> {
    let Some(stat) = host.stat_target(path)?.filter(Stat::is_file) else {
        let why = if host.exists(path)? { "[Errno 21] Is a directory" } else { "[Errno 2] No such file or directory" };
        return Err(Stop::failure(
            format!("Request failed: <urlopen error {why}: '{}'>", path.display()),
            crate::returns! {
                "url" => args.url.clone(), "dest" => path_value(&args.dest), "elapsed" => begun.elapsed().as_secs(),
            },
        ));
    };
    let dest = match (host.is_dir(&args.dest)?, args.url.rsplit('/').next()) {
        (true, Some(name)) if !matches!(name, "" | "." | "..") => args.dest.join(name),
        (true, _) => args.dest.join(INDEX),
        _ => args.dest.clone(),
    };
    reachable(args, &dest, host).map_err(|stop| stop.with("url", args.url.clone()).with("dest", path_value(&dest)))?;
    let mut sums = Sums::of(wanted.as_ref());
    host.digest_with(path, |piece| sums.take(piece))?;
    let contents = Contents::Stored { path: host.canonical(path)?, size: stat.size };
    let result = crate::returns! { "url" => args.url.clone(), "dest" => path_value(&dest), "status_code" => Value::Null };
    put(args, &dest, Got { known: true, contents, sums, wanted, begun }, result, host)
}

/// Whether a download can wait, and be put in its place.
fn reachable(args: &Args, dest: &Path, host: &Host) -> Look<()> {
    if let Some(folder) = &args.tmp_dest
        && !host.is_dir(folder)?
    {
        let why = if host.exists(folder)? { "is a file but should be a directory." } else { "directory does not exist." };
        return Stop::failed(format!("{} {why}", folder.display()));
    }
    install::no_folder(host, dest)?;
    let folder = parent(dest);
    match host.is_dir(folder)? {
        true => Ok(()),
        false => Stop::failed(format!("Destination {} does not exist", folder.display())),
    }
}

fn ask(args: &Args, url: &str) -> Ask {
    let mut headers = vec![("User-Agent".to_string(), args.http_agent.clone())];
    let own = args.headers.iter().flat_map(Map::iter);
    headers.extend(own.map(|(name, value)| (name.value().to_text(), value.to_text())));
    if args.force {
        headers.push(("Cache-Control".into(), "no-cache".into()));
    }
    Ask {
        headers,
        timeout: Duration::from_secs(args.timeout.max(1) as u64),
        validate_certs: args.validate_certs,
        client_cert: args.client_cert.clone(),
        client_key: args.client_key.clone(),
        use_proxy: args.use_proxy,
        use_netrc: args.use_netrc,
        username: args.url_username.clone(),
        password: args.url_password.clone(),
        force_basic_auth: args.force_basic_auth,
        unredirected: args.unredirected_headers.clone(),
        decompress: args.decompress,
        ..Ask::get(url)
    }
}

/// An answer that is a file, or that the file here is new enough.
fn fetch(args: &Args, ask: &Ask, host: &Host, begun: Instant) -> Look<Answer> {
    let failed = |status: i64, response: String| {
        Stop::failure(
            "Request failed",
            crate::returns! {
                "url" => ask.url.clone(), "dest" => path_value(&args.dest), "status_code" => status,
                "response" => response, "elapsed" => begun.elapsed().as_secs(),
            },
        )
    };
    host.progress(&format!("fetching {}", ask.url));
    match web::ask(host.machine(), ask) {
        Ok(answer) if matches!(answer.head.status, 200..=299 | 304) => Ok(answer),
        Ok(answer) => {
            let status = i64::from(answer.head.status);
            Err(failed(status, format!("HTTP Error {status}: {}", answer.head.reason)))
        }
        Err(error) => Err(Stop::failure(
            web::failure(&error),
            crate::returns! {
                "url" => ask.url.clone(), "dest" => path_value(&args.dest), "elapsed" => begun.elapsed().as_secs(),
            },
        )),
    }
}

fn file_name(answer: &Answer) -> String {
    let given = answer.head.get("content-disposition").and_then(|text| {
        let name = text.split(';').find_map(|part| part.trim().strip_prefix("filename="))?;
        Path::new(name.trim_matches('"')).file_name().map(|name| name.to_string_lossy().into_owned())
    });
    let of_url = || Url::parse(&answer.url).map_or_else(|_| INDEX.into(), |url| url.download_name().to_string());
    given.unwrap_or_else(of_url)
}

/// The checksum that the file must have; one that stands in a file of checksums is looked up there.
fn wanted_sum(args: &Args, host: &Host) -> Look<Option<Sum>> {
    if args.checksum.is_empty() {
        return Ok(None);
    }
    let Some((algorithm, rest)) = args.checksum.split_once(':') else {
        return Stop::failed("The checksum parameter has to be in format <algorithm>:<checksum>");
    };
    let hex = match rest.contains("://") {
        false => rest.to_string(),
        true => {
            let text = checksums(args, rest, host)?;
            let name = match web::local(&args.url) {
                Some(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                None => Url::parse(&args.url)?.file_name().to_string(),
            };
            match sums::find(&text, &name) {
                Some(hex) => hex,
                None => return Stop::failed(format!("Unable to find a checksum for file '{name}' in '{rest}'")),
            }
        }
    };
    match Sum::new(algorithm, &hex) {
        Ok(sum) => Ok(Some(sum)),
        Err(why) => Stop::failed(why),
    }
}

/// A file of checksums, of a server or of this host.
fn checksums(args: &Args, url: &str, host: &Host) -> Look<String> {
    if let Some(path) = web::local(url) {
        return Ok(String::from_utf8_lossy(&host.read(&path)?).into_owned());
    }
    let answer = fetch(args, &ask(args, url), host, Instant::now())?;
    let mut text = String::new();
    answer.body.take(1 << 24).read_to_string(&mut text)?;
    Ok(text)
}

/// The file has the right checksum already.
fn already_there(args: &Args, wanted: Option<&Sum>, host: &mut Host) -> Look<Option<Map>> {
    let Some(wanted) = wanted.filter(|_| !args.force) else { return Ok(None) };
    if !host.stat_target(&args.dest)?.is_some_and(|stat| stat.is_file()) {
        return Ok(None);
    }
    let mut digest = wanted.digest();
    host.digest_with(&args.dest, |piece| digest.update(piece))?;
    if !wanted.is(&digest.hex()) {
        return Ok(None);
    }
    args.ownership().apply(host, &args.dest)?;
    let message = if host.changed() { "file already exists but file attributes changed" } else { "file already exists" };
    let result = crate::returns! {
        "url" => args.url.clone(), "dest" => path_value(&args.dest), "msg" => message, "elapsed" => 0,
        "checksum_src" => Value::Null, "checksum_dest" => Value::Null,
    };
    install::with_info(host, &args.dest, result).map(Some)
}

fn unchanged(args: &Args, dest: &Path, begun: Instant, mut result: Map, host: &mut Host) -> Look<Return> {
    args.ownership().apply(host, dest)?;
    result.insert("msg", "HTTP Error 304: Not Modified");
    result.insert("elapsed", begun.elapsed().as_secs());
    install::with_info(host, dest, result)
}

/// What is known of the bytes while they come.
struct Sums {
    sha1: Sha1,
    md5: Md5,
    own: Option<sums::Digest>,
}

impl Sums {
    fn of(wanted: Option<&Sum>) -> Self {
        Self { sha1: Sha1::new(), md5: Md5::new(), own: wanted.map(Sum::digest) }
    }

    fn take(&mut self, piece: &[u8]) {
        self.sha1.update(piece);
        self.md5.update(piece);
        self.own.iter_mut().for_each(|own| own.update(piece));
    }
}

struct Got {
    /// Whether it has come: a check asks a server for the head only.
    known: bool,
    contents: Contents,
    sums: Sums,
    wanted: Option<Sum>,
    begun: Instant,
}

fn put(args: &Args, dest: &Path, got: Got, mut result: Map, host: &mut Host) -> Look<Return> {
    let Got { known, contents, sums, wanted, begun } = got;
    let size = if known { contents.size() } else { 0 };
    let mut sha1 = None;
    if known {
        if let (Some(wanted), Some(own)) = (&wanted, sums.own) {
            let have = own.hex();
            if !wanted.is(&have) {
                let why = format!("The checksum for {} did not match {}; it was {have}.", dest.display(), wanted.hex);
                return Err(Stop::failure(why, result));
            }
        }
        sha1 = Some(looks::hex(&sums.sha1.finalize()));
        result.insert("checksum_src", sha1.clone());
    }
    let now = host.stat_target(dest)?;
    let before = match &now {
        Some(stat) if stat.is_file() && known => Some(host.sha1(dest)?),
        _ => None,
    };
    let same = before.is_some() && before == sha1;
    result.insert("checksum_dest", before);
    result.insert("elapsed", begun.elapsed().as_secs());
    result.insert("msg", format!("OK ({size} bytes)"));
    result.insert("src", path_value(dest));
    if !same {
        let base = now.map_or_else(|| ownership::new_meta(host, false), |stat| stat.meta());
        let meta = args.ownership().of_written(host, base, false)?;
        let wish = Install { contents, meta, validate: None, backup: args.backup, unsafe_writes: args.unsafe_writes };
        if let Some(kept) = install::install(host, dest, wish)? {
            result.insert("backup_file", path_value(&kept));
        }
        args.ownership().settle(host, dest)?;
    } else {
        args.ownership().apply(host, dest)?;
    }
    if host.writes() {
        result.insert("md5sum", looks::hex(&sums.md5.finalize()));
    }
    install::with_info(host, dest, result)
}
