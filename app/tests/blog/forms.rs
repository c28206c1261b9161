//! Forms that are not ours, or not this visitor's, change nothing.

use crate::browser::Browser;
use crate::server::Server;

const POST: [(&str, &str); 2] = [("title", "Forged"), ("body", "x")];

async fn refused(browser: &mut Browser, mark: Option<&str>) {
    let fields: Vec<_> = mark.map(|mark| ("mark", mark)).into_iter().chain(POST).collect();
    let answer = browser.post("/create", &fields).await;
    assert_eq!(answer.status, 403, "{answer:?}");
    assert!(answer.body.contains("This form is no longer good."));
    assert!(!browser.get("/").await.body.contains("Forged"));
}

#[tokio::test]
async fn a_form_without_its_mark_or_with_anothers_is_refused() {
    let server = Server::start().await;
    let (mut ann, mut eve) = (server.member("ann").await, server.member("eve").await);
    let of_eve = eve.get("/create").await.mark();
    for mark in [None, Some(""), Some(of_eve.as_str())] {
        refused(&mut ann, mark).await;
    }
}

#[tokio::test]
async fn a_form_from_another_site_is_refused_even_with_the_right_mark() {
    let server = Server::start().await;
    for (name, value) in [("Origin", "https://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")] {
        let mut ann = server.browser();
        if ann.log_in("ann", "correct horse").await.status != 303 {
            ann = server.member("ann").await;
        }
        let mark = ann.get("/create").await.mark();
        ann.headers = vec![(name, value.to_string())];
        refused(&mut ann, Some(&mark)).await;
    }
}

#[tokio::test]
async fn a_form_from_our_own_page_is_taken() {
    let server = Server::start().await;
    let mut ann = server.member("ann").await;
    ann.headers = vec![("Origin", format!("http://{}", server.address)), ("Sec-Fetch-Site", "same-origin".into())];
    let path = ann.write("Ours", "x").await;
    assert_eq!(ann.get(&path).await.status, 200);
}

#[tokio::test]
async fn nobody_can_be_logged_in_or_out_by_another_site() {
    let server = Server::start().await;
    let mut ann = server.member("ann").await;
    assert_eq!(ann.post("/auth/logout", &[]).await.status, 403);
    assert!(ann.get("/").await.body.contains("class=\"who\""));
    let fields = [("username", "ann"), ("password", "correct horse")];
    assert_eq!(server.browser().post("/auth/login", &fields).await.status, 403);
}

#[tokio::test]
async fn links_change_nothing() {
    let server = Server::start().await;
    let mut ann = server.member("ann").await;
    let path = ann.write("Kept", "x").await;
    assert!(ann.get(&format!("{path}/delete")).await.body.contains("Delete this post?"));
    assert_eq!(ann.get("/auth/logout").await.status, 405);
    assert_eq!(ann.get(&path).await.status, 200);
}
