//! Leaving: no new connections, requests in flight finish, but not for ever.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::browser::Answer;
use crate::server::Server;

/// A request whose body is on its way.
async fn half_a_form(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\
                Content-Type: application/x-www-form-urlencoded\r\n\r\nmark=";
    stream.write_all(head.as_bytes()).await.unwrap();
    sleep(Duration::from_millis(200)).await;
    stream
}

#[tokio::test]
async fn a_request_in_flight_is_finished_and_new_ones_are_not_accepted() {
    let mut server = Server::start().await;
    let mut stream = half_a_form(&server).await;
    server.stop();
    sleep(Duration::from_millis(200)).await;
    assert!(TcpStream::connect(server.address).await.is_err());
    stream.write_all(b"12345").await.unwrap();
    // The server closes after its answer, though the client did not ask it to.
    assert_eq!(Answer::read(stream).await.status, 403);
    assert!(server.stopped().await);
}

#[tokio::test]
async fn idle_connections_do_not_hold_it_up() {
    let mut server = Server::start().await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(b"GET /_health HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert_ne!(idle.read(&mut [0; 4096]).await.unwrap(), 0);
    let begun = Instant::now();
    server.stop();
    assert!(server.stopped().await);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_request_that_does_not_finish_is_cut() {
    let mut server = Server::with(&[("BOTIFY_DRAIN_TIMEOUT", "1s")]).await;
    let mut stream = half_a_form(&server).await;
    server.stop();
    let begun = Instant::now();
    assert!(!server.stopped().await);
    assert!((900..5000).contains(&begun.elapsed().as_millis()));
    let mut rest = Vec::new();
    // Cut or closed, but without an answer.
    let _ = stream.read_to_end(&mut rest).await;
    assert!(rest.is_empty());
}

#[tokio::test]
async fn while_it_may_still_be_asked_health_says_that_it_is_leaving() {
    let mut server = Server::with(&[("BOTIFY_DRAIN_DELAY", "1s")]).await;
    assert_eq!(server.browser().get("/_health").await.status, 200);
    server.stop();
    sleep(Duration::from_millis(200)).await;
    let answer = server.browser().get("/_health").await;
    assert_eq!((answer.status, answer.body.trim()), (503, r#"{"status":"draining"}"#));
    assert_eq!(server.browser().get("/").await.status, 200);
    assert!(server.stopped().await);
}
