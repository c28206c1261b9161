//! What operators ask: health, metrics.

use std::fs;

use crate::server::Server;

#[tokio::test]
async fn health_is_good_while_the_database_is() {
    let server = Server::start().await;
    let answer = server.browser().get("/_health").await;
    assert_eq!((answer.status, answer.body.trim()), (200, r#"{"status":"ok","database":"ok"}"#));
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn health_is_bad_while_the_database_file_is_gone_or_another() {
    let server = Server::start().await;
    let (path, away) = (server.database(), server.database().with_extension("away"));
    let mut browser = server.browser();
    fs::rename(&path, &away).unwrap();
    let answer = browser.get("/_health").await;
    assert_eq!((answer.status, answer.body.trim()), (503, r#"{"status":"failing","database":"failing"}"#));
    fs::copy(&away, &path).unwrap();
    assert_eq!(browser.get("/_health").await.status, 503);
    fs::rename(&away, &path).unwrap();
    assert_eq!(browser.get("/_health").await.status, 200);
}

#[tokio::test]
async fn health_is_bad_and_pages_say_so_when_a_table_is_missing() {
    let server = Server::start().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(server.database());
    let mut other = sqlx::ConnectOptions::connect(&options).await.unwrap();
    sqlx::query("DROP TABLE post").execute(&mut other).await.unwrap();
    let mut browser = server.browser();
    assert_eq!(browser.get("/_health").await.status, 503);
    let page = browser.get("/").await;
    assert_eq!(page.status, 500);
    assert!(page.body.contains("Something is broken here.") && !page.body.contains("no such table"), "{}", page.body);
}

#[tokio::test]
async fn metrics_count_requests_by_route_and_logins_by_result() {
    let server = Server::start().await;
    let mut ann = server.member("ann").await;
    ann.get("/posts/1").await;
    ann.get("/posts/2").await;
    ann.get("/no/such/page").await;
    server.browser().log_in("ann", "wrong horse").await;
    let answer = server.browser().get("/metrics").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    for line in [
        "botify_http_requests_total{route=\"/posts/{id}\",method=\"GET\",status=\"404\"} 2",
        "botify_http_requests_total{route=\"unmatched\",method=\"GET\",status=\"404\"} 1",
        "botify_http_request_duration_seconds_count{route=\"/auth/register\",method=\"POST\",status=\"303\"} 1",
        "botify_logins_total{result=\"refused\"} 1",
        "botify_http_requests_in_flight 1",
        "botify_draining 0",
        concat!("botify_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
    ] {
        assert!(answer.body.lines().any(|found| found == line), "{line} is not in\n{}", answer.body);
    }
    assert!(!answer.body.contains("ann"));
}

#[tokio::test]
async fn metrics_want_their_token_if_one_is_set() {
    let server = Server::with(&[("BOTIFY_METRICS_TOKEN", "0123456789abcdef")]).await;
    let mut browser = server.browser();
    assert_eq!(browser.get("/metrics").await.status, 401);
    browser.headers = vec![("Authorization", "Bearer 0123456789abcdeX".into())];
    assert_eq!(browser.get("/metrics").await.status, 401);
    browser.headers = vec![("Authorization", "Bearer 0123456789abcdef".into())];
    assert_eq!(browser.get("/metrics").await.status, 200);
}
