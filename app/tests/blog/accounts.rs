//! Registering, logging in and out, and what must not make a login.

use crate::server::Server;

const COOKIE: &str = "botify_session";

#[tokio::test]
async fn a_member_registers_logs_out_and_logs_in_again() {
    let server = Server::start().await;
    let mut ann = server.member("ann").await;
    assert!(ann.get("/").await.body.contains("<span class=\"who\">ann</span>"));
    ann.submit("/", "/auth/logout", &[]).await.expect_moved("/");
    assert!(!ann.cookies.contains_key(COOKIE));
    assert!(!ann.get("/").await.body.contains("class=\"who\""));
    ann.log_in("ANN", "correct horse").await.expect_moved("/");
    assert!(ann.get("/").await.body.contains("<span class=\"who\">ann</span>"));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_look_the_same() {
    let server = Server::start().await;
    server.member("ann").await;
    let wrong = server.browser().log_in("ann", "wrong horse").await;
    let unknown = server.browser().log_in("eve", "wrong horse").await;
    assert_eq!((wrong.status, unknown.status), (401, 401));
    for answer in [wrong, unknown] {
        assert!(answer.body.contains("The name or the password is wrong."));
        assert!(!answer.body.contains("wrong horse"));
    }
}

#[tokio::test]
async fn a_session_that_somebody_planted_does_not_become_a_login() {
    let server = Server::start().await;
    server.member("ann").await;
    let mut attacker = server.browser();
    attacker.get("/auth/login").await;
    let planted = attacker.cookies[COOKIE].clone();

    let mut victim = server.browser();
    victim.cookies.insert(COOKIE.into(), planted.clone());
    victim.log_in("ann", "correct horse").await.expect_moved("/");
    assert_ne!(victim.cookies[COOKIE], planted);
    assert!(!attacker.get("/").await.body.contains("class=\"who\""));
}

#[tokio::test]
async fn a_new_login_ends_the_one_before_and_logging_out_ends_it_on_the_server() {
    let server = Server::start().await;
    let mut ann = server.member("ann").await;
    let first = ann.cookies.clone();
    ann.submit("/auth/login", "/auth/login", &[("username", "ann"), ("password", "correct horse")]).await;
    let second = ann.cookies.clone();
    ann.submit("/", "/auth/logout", &[]).await.expect_moved("/");
    for stolen in [first, second] {
        let mut thief = server.browser();
        thief.cookies = stolen;
        assert!(!thief.get("/").await.body.contains("class=\"who\""));
    }
}

#[tokio::test]
async fn the_cookie_is_kept_from_scripts_and_other_sites_and_with_https_from_plain_http() {
    let server = Server::start().await;
    let answer = server.browser().register("ann", "correct horse").await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=1209600"), "{cookie}");

    let server = Server::with(&[("BOTIFY_PUBLIC_URL", "https://blog.example.org")]).await;
    let answer = server.browser().register("ann", "correct horse").await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-botify_session=") && cookie.contains("; Secure"), "{cookie}");
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"));
}

#[tokio::test]
async fn the_database_holds_neither_password_nor_token() {
    let server = Server::start().await;
    let ann = server.member("ann").await;
    server.site.store.close().await;
    let bytes = std::fs::read(server.database()).unwrap();
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("$argon2id$"), "the account is in the file");
    assert!(!holds("correct horse") && !holds(&ann.cookies[COOKIE]));
}

#[tokio::test]
async fn a_name_is_taken_in_any_case() {
    let server = Server::start().await;
    server.member("ann").await;
    let answer = server.browser().register("Ann", "correct horse").await;
    assert_eq!(answer.status, 409);
    assert!(answer.body.contains("This name is taken.") && answer.body.contains("value=\"Ann\""));
}

#[tokio::test]
async fn closed_registration_is_closed_for_forms_too() {
    let server = Server::with(&[("BOTIFY_REGISTRATION", "closed")]).await;
    let mut browser = server.browser();
    assert_eq!(browser.get("/auth/register").await.status, 403);
    let fields = [("username", "ann"), ("password", "correct horse")];
    assert_eq!(browser.submit("/auth/login", "/auth/register", &fields).await.status, 403);
}

#[tokio::test]
async fn guessing_is_throttled_before_a_right_guess() {
    let server = Server::start().await;
    server.member("ann").await;
    let mut guesser = server.browser();
    for _ in 0..5 {
        assert_eq!(guesser.log_in("ann", "wrong horse").await.status, 401);
    }
    let answer = guesser.log_in("ann", "correct horse").await;
    assert_eq!(answer.status, 429);
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((30..=60).contains(&wait), "{wait}");
}

#[tokio::test]
async fn after_logging_in_one_is_where_one_wanted_to_be() {
    let server = Server::start().await;
    server.member("ann").await;
    let mut ann = server.browser();
    let answer = ann.get("/create").await;
    answer.expect_moved("/auth/login?next=/create");
    let page = ann.get("/auth/login?next=/create").await;
    assert!(page.body.contains("name=\"next\" value=\"/create\""), "{}", page.body);
    let fields = [("username", "ann"), ("password", "correct horse"), ("next", "/create")];
    ann.submit("/auth/login", "/auth/login", &fields).await.expect_moved("/create");
}
