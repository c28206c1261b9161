//! Headers that every response carries, and requests that are too much.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::browser::Answer;
use crate::server::Server;

#[tokio::test]
async fn every_response_tells_browsers_what_we_never_do() {
    let server = Server::start().await;
    for path in ["/", "/nowhere", "/_health", "/feed.atom", "/auth/login"] {
        let answer = server.browser().get(path).await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert!(answer.header("cache-control").is_some() && answer.header("x-request-id").is_some(), "{path}");
        assert_eq!(answer.header("strict-transport-security"), None, "{path}");
    }
}

#[tokio::test]
async fn pages_obey_their_own_policy() {
    let server = Server::start().await;
    let mut ann = server.member("ann").await;
    let path = ann.write("A", "b").await;
    for page in ["/", &path, "/create", "/auth/login", "/auth/register"] {
        let body = ann.get(page).await.body;
        for forbidden in ["<script", " style=", "<style", " onclick", "javascript:"] {
            assert!(!body.contains(forbidden), "{page} has {forbidden}");
        }
    }
}

#[tokio::test]
async fn the_style_sheet_may_be_kept_and_has_its_hash_in_its_name() {
    let server = Server::start().await;
    let page = server.browser().get("/").await.body;
    let path = page.split("<link rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let style = server.browser().get(path).await;
    assert_eq!((style.status, style.header("content-type")), (200, Some("text/css; charset=utf-8")));
    assert_eq!(style.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(server.browser().get("/static/style.0000.css").await.status, 404);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let server = Server::with(&[("BOTIFY_MAX_REQUEST_BYTES", "4096")]).await;
    let mut ann = server.member("ann").await;
    let answer = ann.submit("/create", "/create", &[("title", "Big"), ("body", &"x".repeat(10_000))]).await;
    assert_eq!(answer.status, 413);
    assert!(answer.body.contains("That is too much at once."));
}

#[tokio::test]
async fn a_request_whose_body_does_not_come_is_given_up() {
    let server = Server::with(&[("BOTIFY_REQUEST_TIMEOUT", "1s")]).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = "POST /create HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\
                Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\nmark";
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(5), Answer::read(stream)).await.unwrap();
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("This took too long"));
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_their_turn() {
    let server = Server::with(&[("BOTIFY_MAX_CONNECTIONS", "1")]).await;
    let idle = TcpStream::connect(server.address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut browser = server.browser();
    let waiting = tokio::spawn(async move { browser.get("/_health").await.status });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!waiting.is_finished());
    drop(idle);
    assert_eq!(tokio::time::timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap(), 200);
}
