//! `uri`: asks web servers, and tells what they answered.
use crate::host::install::{self, Install};
use crate::host::{Acted, Change, Contents, Host, Look, Stop, glob, ownership};
use crate::json;
#[cfg(any(test, feature = "reference"))]
use crate::module::Example;
use crate::module::{Info, Module, Return, path_value};
use crate::returns;
use crate::protocol::MAX_FRAME;
use crate::web::{self, Ask, Follow, Spool, Url, charset, form};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use value::value::{Json, json_text};
use value::{Map, Value};

crate::file_args! {
    /// Asks a web server, checks its status, and returns what it said. A check does not ask: nobody knows what a server does with
    /// a question.
    pub struct Args {
        /// Whom to ask.
        url: String { required },
        /// How.
        method: String { default("GET") },
        /// What is sent.
        body: Value,
        /// How the body is written.
        body_format: String { default("raw"), choices(&["form-urlencoded", "json", "raw", "form-multipart"]) },
        /// A file whose contents are sent.
        src: Option<PathBuf>,
        /// Whether that file is on the host.
        remote_src: bool { default("no") },
        /// Which status means success.
        status_code: Vec<i64> { default("200") },
        /// Whether the result has the answer's text.
        return_content: bool { default("no") },
        /// A file, or a folder, for the answer.
        dest: Option<PathBuf>,
        /// Whether that file is replaced even if it holds the same.
        force: bool { default("no") },
        /// A path or a pattern: when something fits it, nobody is asked.
        creates: Option<PathBuf>,
        /// A path or a pattern: when nothing fits it, nobody is asked.
        removes: Option<PathBuf>,
        /// Which redirects are followed: `safe` those of GET and HEAD.
        follow_redirects: String {
            default("safe"),
            choices(&["all", "no", "none", "safe", "urllib2", "yes"]),
        },
        /// Headers of the request.
        headers: Option<Map>,
        /// Headers that do not go along with a redirect.
        unredirected_headers: Vec<String>,
        /// What we say that we are.
        http_agent: String { default("ansible-httpget") },
        /// Seconds that the server may be silent.
        timeout: i64 { default("30") },
        /// Whether the server's certificate is checked.
        validate_certs: bool { default("yes") },
        /// Certificates to trust instead of the host's own.
        ca_path: Option<PathBuf>,
        /// A certificate of our own.
        client_cert: Option<PathBuf>,
        /// Its key.
        client_key: Option<PathBuf>,
        /// Without meaning here: TLS chooses among safe ciphers only.
        ciphers: Option<Vec<String>>,
        /// Who logs in there.
        url_username: Option<String> { aliases(&["user"]) },
        /// With which password.
        url_password: Option<String> { aliases(&["password"]), secret },
        /// Whether the login is sent before the server asks for it.
        force_basic_auth: bool { default("no") },
        /// A socket of the host where the server listens.
        unix_socket: Option<PathBuf>,
        /// Whether proxies of the environment are used.
        use_proxy: bool { default("yes") },
        /// Whether logins of `.netrc` are used.
        use_netrc: bool { default("yes") },
        /// For Kerberos, which this module does not speak.
        use_gssapi: bool { default("no") },
        /// Whether what the server compressed is unpacked.
        decompress: bool { default("yes") },
    }
    rules: [value::spec::Rule::MutuallyExclusive(&["body", "src"])]
}

pub struct Task;
impl Module for Task {
    const INFO: Info = Info::new("uri").repeats().at_start().net();
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example] = &[Example {
        title: "See that a server is well",
        args: &[("url", "http://files.test/health"), ("return_content", "yes")],
        before: Vec::new,
        after: Vec::new,
    }];
    type Args = Args;

    fn run(args: &Args, host: &mut Host) -> Look<Return> {
        if args.use_gssapi {
            return Stop::failed("use_gssapi: Kerberos logins are not supported");
        }
        if let Some(result) = needless(args, host)? {
            return Ok(result);
        }
        let ask = ask(args, host)?;
        let begun = Instant::now();
        let mut said = None;
        let words = format!("{} {}", ask.method, args.url);
        let asked = host.change(Change::question(words), |machine| {
            said = Some(answer(&*machine, &ask));
            // Whatever the server did with it, this host is as it was.
            Ok(Acted::default())
        });
        match (asked, said) {
            (Ok(_), Some(said)) => tell(args, said, begun, host),
            (Ok(_), None) => Stop::failed("nobody was asked"),
            (Err(Stop::Skipped(mut result)), _) => {
                result.insert("msg", "This action (uri) does not support check mode.");
                Err(Stop::Skipped(result))
            }
            (Err(stop), _) => Err(stop),
        }
    }
}

fn needless(args: &Args, host: &Host) -> Look<Option<Map>> {
    let text = |path: &PathBuf| path.to_string_lossy().into_owned();
    let skipped = |path: String, why: &str| {
        Some(returns! { "stdout" => format!("skipped, since '{path}' {why}") })
    };
    if let Some(path) = args.creates.as_ref().map(text)
        && glob::any_match(host, None, &path)?
    {
        return Ok(skipped(path, "exists"));
    }
    if let Some(path) = args.removes.as_ref().map(text)
        && !glob::any_match(host, None, &path)?
    {
        return Ok(skipped(path, "does not exist"));
    }
    Ok(None)
}

fn ask(args: &Args, host: &Host) -> Look<Ask> {
    let mut headers = vec![("User-Agent".to_string(), args.http_agent.clone())];
    headers.extend(args.headers.iter().flat_map(Map::iter).map(|(name, value)| (name.value().to_text(), value.to_text())));
    let (body, content_type) = body(args, host)?;
    let stated = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if let Some(content_type) = content_type.filter(|_| !stated) {
        headers.push(("Content-Type".into(), content_type));
    }
    let follow = match args.follow_redirects.as_str() {
        "all" | "yes" => Follow::All,
        "none" | "no" => Follow::None,
        "urllib2" => Follow::Urllib,
        _ => Follow::Safe,
    };
    Ok(Ask {
        method: args.method.to_uppercase(),
        headers,
        body,
        timeout: Duration::from_secs(args.timeout.max(1) as u64),
        follow,
        validate_certs: args.validate_certs,
        ca_path: args.ca_path.clone(),
        client_cert: args.client_cert.clone(),
        client_key: args.client_key.clone(),
        use_proxy: args.use_proxy,
        use_netrc: args.use_netrc,
        username: args.url_username.clone(),
        password: args.url_password.clone(),
        force_basic_auth: args.force_basic_auth,
        unix_socket: args.unix_socket.clone(),
        unredirected: args.unredirected_headers.clone(),
        decompress: args.decompress,
        ..Ask::get(&args.url)
    })
}

/// What is sent, and what it is.
fn body(args: &Args, host: &Host) -> Look<(Vec<u8>, Option<String>)> {
    if let Some(src) = &args.src {
        return match args.remote_src {
            true => Ok((host.read(src)?, None)),
            false => Stop::failed("src: a file of the controller is sent as body by the controller"),
        };
    }
    if args.body.is_null() {
        return Ok((Vec::new(), None));
    }
    match args.body_format.as_str() {
        "json" => {
            let text = match &args.body {
                Value::Str(text) => text.to_string(),
                other => json_text(other, Json::LINE),
            };
            Ok((text.into_bytes(), Some("application/json".into())))
        }
        "form-urlencoded" => match form::urlencoded(&args.body) {
            Ok(text) => Ok((text.into_bytes(), Some("application/x-www-form-urlencoded".into()))),
            Err(why) => Stop::failed(format!("failed to parse body as form_urlencoded: {why}")),
        },
        "form-multipart" => {
            let (body, content_type) = form::multipart(&args.body, |path| host.read(path))?;
            Ok((body, Some(content_type)))
        }
        _ => match &args.body {
            Value::Bytes(bytes) => Ok((bytes.to_vec(), None)),
            Value::Map(_) | Value::List(_) => Ok((json_text(&args.body, Json::LINE).into_bytes(), None)),
            other => Ok((other.to_text().into_bytes(), None)),
        },
    }
}

/// What the server said, all of it.
struct Said {
    status: i64,
    message: String,
    url: String,
    redirected: bool,
    headers: Vec<(String, String)>,
    body: Spool,
}

fn answer(machine: &dyn crate::machine::Machine, ask: &Ask) -> Said {
    let mut body = Spool::default();
    let failed = |error: std::io::Error| Said {
        status: -1,
        message: web::failure(&error),
        url: ask.url.clone(),
        redirected: false,
        headers: Vec::new(),
        body: Spool::default(),
    };
    let mut answer = match web::ask(machine, ask) {
        Ok(answer) => answer,
        Err(error) => return failed(error),
    };
    if let Err(error) = body.fill(&mut answer.body, |_| {}) {
        return failed(error);
    }
    let (status, reason) = (i64::from(answer.head.status), answer.head.reason);
    let length = answer.head.headers.iter().find(|(name, _)| name == "content-length").map(|(_, length)| length.clone());
    let message = match status {
        200..=399 => format!("OK ({} bytes)", length.unwrap_or_else(|| "unknown".into())),
        _ => format!("HTTP Error {status}: {reason}"),
    };
    Said { status, message, url: answer.url, redirected: answer.redirected, headers: answer.head.headers, body }
}

fn tell(args: &Args, said: Said, begun: Instant, host: &mut Host) -> Look<Return> {
    let mut result = Map::new();
    for (name, value) in &said.headers {
        let name = name.replace('-', "_");
        let together = match result.get(&name) {
            Some(before) => format!("{}, {value}", before.to_text()),
            None => value.clone(),
        };
        result.insert(name, together);
    }
    let cookies = cookies(&said.headers);
    let line: Vec<_> = cookies.iter().map(|(name, value)| format!("{}={}", name.value().to_text(), value.to_text())).collect();
    result.extend(returns! {
        "status" => said.status, "msg" => said.message.clone(), "url" => said.url.clone(), "redirected" => said.redirected,
        "elapsed" => begun.elapsed().as_secs(),
    });
    if (200..400).contains(&said.status) {
        result.insert("cookies_string", line.join("; "));
        result.insert("cookies", cookies);
    }
    let good = args.status_code.contains(&said.status);
    tell_content(args, &said, &mut result)?;
    if !good {
        let wanted: Vec<_> = args.status_code.iter().map(ToString::to_string).collect();
        let message = format!("Status code was {} and not [{}]: {}", said.status, wanted.join(", "), said.message);
        return Err(Stop::failure(message, result));
    }
    match &args.dest {
        Some(dest) => save(args, dest, &said, result, host),
        None => Ok(result),
    }
}

/// The answer's text, and what it says if it is JSON.
fn tell_content(args: &Args, said: &Said, result: &mut Map) -> Look<()> {
    let content_type = result.get("content_type").map(Value::to_text).unwrap_or_default();
    let is_json = content_type.contains("json");
    if !is_json && !args.return_content {
        return Ok(());
    }
    let size = said.body.size();
    if size > MAX_FRAME as u64 {
        return Stop::failed(format!("the answer of {size} bytes is too long to be returned: save it with `dest`"));
    }
    let charset = charset::of(&content_type);
    let Some(text) = charset::decode(&said.body.bytes()?, charset) else {
        return Stop::failed(format!("unknown encoding: {charset}"));
    };
    if let Some(value) = is_json.then(|| json::parse(&text).ok()).flatten() {
        result.insert("json", value);
    }
    if args.return_content {
        result.insert("content", text);
    }
    Ok(())
}

fn cookies(headers: &[(String, String)]) -> Map {
    let set = headers.iter().filter(|(name, _)| name == "set-cookie");
    let pairs = set.filter_map(|(_, cookie)| cookie.split(';').next()?.split_once('='));
    pairs.map(|(name, value)| (name.trim(), value.trim())).collect()
}

fn save(args: &Args, dest: &std::path::Path, said: &Said, mut result: Map, host: &mut Host) -> Look<Return> {
    let dest = match host.is_dir(dest)? {
        true => dest.join(Url::parse(&said.url)?.download_name()),
        false => dest.to_path_buf(),
    };
    install::no_folder(host, &dest)?;
    let contents: Contents = said.body.contents();
    let now = host.stat_target(&dest)?;
    let same = match &now {
        Some(stat) if stat.is_file() && !args.force => contents.is_in(host, &dest, stat.size)?,
        _ => false,
    };
    if !same {
        let base = now.map_or_else(|| ownership::new_meta(host, false), |stat| stat.meta());
        let meta = args.ownership().over(host, base, false)?;
        let wish = Install { contents, meta, validate: None, backup: false, unsafe_writes: args.unsafe_writes };
        install::install(host, &dest, wish)?;
    }
    args.ownership().apply(host, &dest)?;
    result.insert("path", path_value(&dest));
    for (name, value) in install::path_info(host, &dest)? {
        result.insert(name, value);
    }
    Ok(result)
}
