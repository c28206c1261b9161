//! Writing, reading, editing and deleting posts; the list and the feed.

use crate::server::Server;

#[tokio::test]
async fn an_author_writes_edits_and_deletes() {
    let server = Server::start().await;
    let mut ann = server.member("ann").await;
    let path = ann.write("First", "Line one\r\nLine two").await;
    let page = ann.get(&path).await;
    assert!(page.body.contains("<h1>First</h1>") && page.body.contains("Line one\nLine two"), "{}", page.body);
    assert!(!page.body.contains("edited"));

    let update = format!("{path}/update");
    assert!(ann.get(&update).await.body.contains("value=\"First\""));
    ann.submit(&update, &update, &[("title", "Second"), ("body", "New")]).await.expect_moved(&path);
    let page = server.browser().get(&path).await;
    assert!(page.body.contains("<h1>Second</h1>") && page.body.contains("edited"), "{}", page.body);

    let delete = format!("{path}/delete");
    ann.submit(&delete, &delete, &[]).await.expect_moved("/");
    assert_eq!(ann.get(&path).await.status, 404);
}

#[tokio::test]
async fn others_posts_can_be_read_but_not_changed() {
    let server = Server::start().await;
    let (mut ann, mut bob) = (server.member("ann").await, server.member("bob").await);
    let path = ann.write("Mine", "x").await;
    let page = bob.get(&path).await;
    assert!(page.status == 200 && !page.body.contains("/update"));
    for action in ["update", "delete"] {
        let address = format!("{path}/{action}");
        assert_eq!(bob.get(&address).await.status, 403);
        let forged = bob.submit("/create", &address, &[("title", "Stolen"), ("body", "x")]).await;
        assert_eq!(forged.status, 403, "{action}");
        let mut stranger = server.browser();
        stranger.get(&address).await.expect_moved(&format!("/auth/login?next={address}"));
        stranger.submit("/auth/login", &address, &[("title", "Stolen")]).await.expect_moved("/auth/login?next=/");
    }
    assert!(ann.get(&path).await.body.contains("<h1>Mine</h1>"));
}

#[tokio::test]
async fn what_people_write_is_text_not_markup() {
    let server = Server::start().await;
    let mut ann = server.member("ann").await;
    let path = ann.write("<script>alert(1)</script>", "</textarea><img src=x onerror=alert(2)>{{ 98765*43211 }}").await;
    for page in ["/", &path, &format!("{path}/update"), &format!("{path}/delete"), "/feed.atom"] {
        let body = ann.get(page).await.body;
        assert!(!body.contains("<script>alert") && !body.contains("<img"), "{page}: {body}");
        // A product too long to turn up in a time or a token by chance.
        assert!(!body.contains("4267734415"), "{page}");
    }
}

#[tokio::test]
async fn a_post_that_does_not_fit_comes_back_with_its_text() {
    let server = Server::start().await;
    let mut ann = server.member("ann").await;
    let answer = ann.submit("/create", "/create", &[("title", "  "), ("body", "Do not lose me")]).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("A post has a title.") && answer.body.contains("Do not lose me"));
    let long = "x".repeat(201);
    assert_eq!(ann.submit("/create", "/create", &[("title", &long)]).await.status, 422);
}

#[tokio::test]
async fn the_list_has_pages() {
    let server = Server::with(&[("BOTIFY_POSTS_PER_PAGE", "2")]).await;
    let mut ann = server.member("ann").await;
    assert!(ann.get("/").await.body.contains("Nothing here yet"));
    for title in ["One", "Two", "Three"] {
        ann.write(title, "x").await;
    }
    let first = ann.get("/").await.body;
    assert!(first.contains("Three") && first.contains("Two") && !first.contains(">One<"));
    assert!(first.contains("1 of 2") && first.contains("href=\"/?page=2\"") && !first.contains("rel=\"prev\""));
    let second = ann.get("/?page=2").await.body;
    assert!(second.contains(">One<") && second.contains("rel=\"prev\"") && !second.contains("rel=\"next\""));
    for nowhere in
        ["/?page=0", "/?page=3", "/?page=x", "/?page=99999999999999999999", "/posts/x", "/posts/7", "/nowhere"]
    {
        assert_eq!(ann.get(nowhere).await.status, 404, "{nowhere}");
    }
}

#[tokio::test]
async fn the_feed_is_atom_with_whole_addresses() {
    let server = Server::start().await;
    let mut ann = server.member("ann").await;
    let path = ann.write("Fish & \u{8}chips", "Salt").await;
    let feed = server.browser().get("/feed.atom").await;
    assert_eq!(feed.header("content-type"), Some("application/atom+xml; charset=utf-8"));
    assert!(feed.body.starts_with("<?xml version=\"1.0\""), "{}", feed.body);
    assert!(feed.body.contains("<title>Fish &amp; chips</title>"), "{}", feed.body);
    assert!(feed.body.contains(&format!("<id>http://{}{path}</id>", server.address)), "{}", feed.body);

    let server = Server::with(&[("BOTIFY_PUBLIC_URL", "https://blog.example.org")]).await;
    let feed = server.browser().get("/feed.atom").await.body;
    assert!(feed.contains("<id>https://blog.example.org/</id>"));
}
