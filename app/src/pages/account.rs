//! Registering, logging in and logging out.

use std::time::Instant;

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use minijinja::context;

use super::{Fault, Form, moved_on, page};
use crate::client::Client;
use crate::session::Visitor;
use crate::site::Site;

/// Bytes: longer passwords only cost time.
const LONGEST_PASSWORD: usize = 1024;

#[derive(Default, serde::Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

/// `GET /auth/login`
pub async fn show_login(
    State(site): State<Site>,
    visitor: Visitor,
    next: Result<Query<Next>, QueryRejection>,
) -> Result<Response, Fault> {
    let next = next.map(|Query(next)| local(&next.next)).unwrap_or_else(|_| local(""));
    login_page(&site, visitor.with_token(&site)?, StatusCode::OK, "", &next, None)
}

/// `POST /auth/login`
pub async fn log_in(
    State(site): State<Site>,
    Extension(client): Extension<Client>,
    form: Form,
) -> Result<Response, Fault> {
    let (name, password) = (form.line("username"), form.field("password").to_string());
    let next = local(form.field("next"));
    let tried =
        site.throttle.login(client, &name.chars().take(64).collect::<String>(), Instant::now()).map_err(|wait| {
            site.metrics.login("throttled");
            tracing::warn!(client = %client.0, "logins throttled");
            Fault::TooOften(wait)
        })?;
    let found = if password.len() > LONGEST_PASSWORD { None } else { site.store.user_named(&name).await? };
    let (user, hash) = found.unzip();
    let right = site.passwords.verify(password, hash).await?;
    let Some(user) = user.filter(|_| right) else {
        site.metrics.login("refused");
        let message = Some("The name or the password is wrong.");
        return login_page(&site, form.visitor, StatusCode::UNAUTHORIZED, &name, &next, message);
    };
    site.throttle.succeeded(tried, Instant::now());
    site.metrics.login("ok");
    let visitor = form.visitor.log_in(&site, user).await?;
    Ok(moved_on(&visitor, &next))
}

/// `POST /auth/logout`
pub async fn log_out(State(site): State<Site>, form: Form) -> Result<Response, Fault> {
    let visitor = form.visitor.log_out(&site).await?;
    Ok(moved_on(&visitor, "/"))
}

/// `GET /auth/register`
pub async fn show_register(State(site): State<Site>, visitor: Visitor) -> Result<Response, Fault> {
    if !site.config.registration_open {
        return Err(Fault::RegistrationClosed);
    }
    register_page(&site, visitor.with_token(&site)?, StatusCode::OK, "", None)
}

/// `POST /auth/register`
pub async fn register(
    State(site): State<Site>,
    Extension(client): Extension<Client>,
    form: Form,
) -> Result<Response, Fault> {
    if !site.config.registration_open {
        return Err(Fault::RegistrationClosed);
    }
    let (name, password) = (form.line("username"), form.field("password").to_string());
    if let Some(wrong) = unfit(&name, &password) {
        return register_page(&site, form.visitor, StatusCode::UNPROCESSABLE_ENTITY, &name, Some(wrong));
    }
    site.throttle.registration(client, Instant::now()).map_err(Fault::TooOften)?;
    let hash = site.passwords.hash(password).await?;
    match site.store.create_user(&name, &hash).await? {
        Some(user) => Ok(moved_on(&form.visitor.log_in(&site, user).await?, "/")),
        None => register_page(&site, form.visitor, StatusCode::CONFLICT, &name, Some("This name is taken.")),
    }
}

fn login_page(
    site: &Site,
    visitor: Visitor,
    status: StatusCode,
    name: &str,
    next: &str,
    message: Option<&str>,
) -> Result<Response, Fault> {
    page(site, &visitor, status, "account/login.html", context! { name, next, message })
}

fn register_page(
    site: &Site,
    visitor: Visitor,
    status: StatusCode,
    name: &str,
    message: Option<&str>,
) -> Result<Response, Fault> {
    page(site, &visitor, status, "account/register.html", context! { name, message })
}

fn unfit(name: &str, password: &str) -> Option<&'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !(3..=32).contains(&name.len()) || !name.chars().all(plain) {
        return Some("A name has 3 to 32 letters, digits, dots, dashes or underscores.");
    }
    if password.chars().count() < 8 {
        return Some("A password has at least 8 characters.");
    }
    if password.len() > LONGEST_PASSWORD {
        return Some("That password is too long.");
    }
    password.eq_ignore_ascii_case(name).then_some("A password is not the name.")
}

/// Where to go after logging in: a path of ours, never another site.
fn local(next: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
    let ours = next.starts_with('/') && !next.starts_with("//") && next.bytes().all(plain);
    if ours { next.to_string() } else { "/".to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_login_nobody_is_sent_elsewhere() {
        assert_eq!(local("/posts/3/update"), "/posts/3/update");
        for elsewhere in ["//evil.org", "/\\evil.org", "https://evil.org", "evil", "", "/a\r\nSet-Cookie: b", "/?x=y"] {
            assert_eq!(local(elsewhere), "/", "{elsewhere}");
        }
    }

    #[test]
    fn names_and_passwords_have_their_limits() {
        assert_eq!(unfit("ann.lee-2", "long enough"), None);
        for (name, password) in [("an", "long enough"), ("ann lee", "long enough"), ("änn", "long enough")] {
            assert!(unfit(name, password).unwrap().contains("name"), "{name}");
        }
        assert!(unfit("ann", "short").is_some() && unfit("longname1", "LongName1").is_some());
        assert!(unfit("ann", &"x".repeat(1025)).is_some());
    }
}
