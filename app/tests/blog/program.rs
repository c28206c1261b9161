//! The program itself: its exit codes, its log, its signals, its subcommands.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use crate::browser::Browser;

const PROGRAM: &str = env!("CARGO_BIN_EXE_botify");

/// The program, serving on the port that it logged.
struct Running {
    child: Child,
    log: BufReader<ChildStdout>,
    listen: String,
    folder: tempfile::TempDir,
}

impl Running {
    fn start(settings: &[(&str, &str)]) -> Running {
        let folder = tempfile::tempdir().unwrap();
        let mut command = program(&["serve"]);
        command.env("BOTIFY_DATABASE_URL", format!("sqlite:{}/blog.db", folder.path().display()));
        command.env("BOTIFY_LISTEN", "127.0.0.1:0").envs(settings.iter().copied());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stdout.take().unwrap());
        let mut ready = String::new();
        log.read_line(&mut ready).unwrap();
        let after = ready.split("127.0.0.1:").nth(1).unwrap_or_else(|| panic!("not ready: {ready}"));
        let port: String = after.chars().take_while(char::is_ascii_digit).collect();
        Running { child, log, listen: format!("127.0.0.1:{port}"), folder }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// The exit code and what else it logged.
    fn end(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

fn program(args: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(args).env_clear();
    command
}

fn run(args: &[&str], settings: &[(&str, &str)]) -> Output {
    program(args).envs(settings.iter().copied()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn it_serves_logs_without_secrets_and_stops_on_sigterm() {
    let running = Running::start(&[]);
    let mut browser = Browser::new(running.listen.parse().unwrap());
    browser.headers = vec![("X-Request-Id", "join-me".into())];
    assert_eq!(browser.register("ann", "correct horse").await.status, 303);
    assert_eq!(browser.get("/?page=1&password=typed").await.status, 200);
    let health = run(&["health"], &[("BOTIFY_LISTEN", &running.listen)]);
    assert_eq!((health.status.code(), text(&health.stdout).contains("\"status\":\"ok\"")), (Some(0), true));

    running.signal("-TERM");
    let token = browser.cookies["botify_session"].clone();
    let (code, log) = running.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("\"request_id\":\"join-me\"") && log.contains("\"route\":\"/auth/register\""), "{log}");
    assert!(log.contains("\"message\":\"stopped\""), "{log}");
    for secret in ["correct horse", "typed", &token, "_health"] {
        assert!(!log.contains(secret), "{secret} is in\n{log}");
    }
    assert!(log.lines().all(|line| line.starts_with('{') && line.ends_with('}')), "{log}");
}

#[tokio::test]
async fn a_second_signal_stops_it_at_once() {
    use tokio::io::AsyncWriteExt;
    let running = Running::start(&[("BOTIFY_LOG_FORMAT", "plain")]);
    let mut stream = tokio::net::TcpStream::connect(&running.listen).await.unwrap();
    stream
        .write_all(
            b"POST /create HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\
        Content-Type: application/x-www-form-urlencoded\r\n\r\n",
        )
        .await
        .unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    running.signal("-INT");
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    running.signal("-TERM");
    let (code, log) = running.end();
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains(" INFO draining in_flight=1"), "{log}");
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let first = Running::start(&[]);
    let mut ann = Browser::new(first.listen.parse().unwrap());
    ann.register("ann", "correct horse").await.expect_moved("/");
    let path = ann.write("Kept", "x").await;
    first.signal("-TERM");
    let database = format!("sqlite:{}/blog.db", first.folder.path().display());
    let Running { mut child, folder: _folder, .. } = first;
    child.wait().unwrap();

    let second = Running::start(&[("BOTIFY_DATABASE_URL", &database)]);
    let mut again = Browser::new(second.listen.parse().unwrap());
    again.cookies = ann.cookies.clone();
    assert!(again.get(&path).await.body.contains("/update"), "the login is good too");
    second.signal("-TERM");
    assert_eq!(second.end().0, Some(0));
}

#[test]
fn wrong_settings_are_named_before_anything_starts() {
    let ended = run(&[], &[("BOTIFY_LISTEN", "here"), ("BOTIFY_COLOUR", "red")]);
    let said = text(&ended.stderr);
    assert_eq!(ended.status.code(), Some(2));
    assert!(said.contains("BOTIFY_LISTEN is \"here\": expected an address and a port"), "{said}");
    assert!(said.contains("BOTIFY_COLOUR is not a setting"), "{said}");
}

#[test]
fn a_database_that_cannot_be_opened_is_named() {
    let ended = run(&[], &[("BOTIFY_LISTEN", "127.0.0.1:0"), ("BOTIFY_DATABASE_URL", "sqlite:/nonexistent/blog.db")]);
    let said = text(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1));
    assert!(said.contains("cannot open the database /nonexistent/blog.db"), "{said}");
}

#[test]
fn health_fails_where_nothing_listens() {
    let ended = run(&["health"], &[("BOTIFY_LISTEN", "127.0.0.1:1")]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(text(&ended.stderr).contains("cannot ask 127.0.0.1:1"));
}

#[test]
fn help_and_version_go_to_stdout_and_unknown_words_are_refused() {
    assert!(text(&run(&["--help"], &[]).stdout).contains("BOTIFY_DATABASE_URL"));
    assert!(text(&run(&["--version"], &[]).stdout).starts_with("botify 0."));
    let ended = run(&["serv"], &[]);
    assert_eq!(ended.status.code(), Some(2));
    assert!(text(&ended.stderr).contains("`serv`"));
}
