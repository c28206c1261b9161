//! Who visits: the session cookie, and the mark that our own forms carry.

mod origin;
mod token;

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};

use crate::pages::Fault;
use crate::site::Site;
use crate::store::User;
pub use origin::is_from_here;
pub use token::Token;

/// Someone who asks for a page, logged in or not.
pub struct Visitor {
    pub user: Option<User>,
    /// From the cookie. It proves a login only if the store knows it; to the forms of strangers it is as good.
    token: Option<Token>,
    /// The cookie that the response has to set.
    set_cookie: Option<HeaderValue>,
}

/// The visitor, and who they are logged in as; others are sent to the login page.
pub struct Author {
    pub visitor: Visitor,
    pub user: User,
}

impl FromRequestParts<Site> for Visitor {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Visitor, Fault> {
        let token = cookie(&parts.headers, cookie_name(site)).and_then(Token::parse);
        let user = match &token {
            Some(token) => site.store.session_user(&token.hash()).await?,
            None => None,
        };
        Ok(Visitor { user, token, set_cookie: None })
    }
}

impl FromRequestParts<Site> for Author {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Author, Fault> {
        let visitor = Visitor::from_request_parts(parts, site).await?;
        let next = parts.uri.path().to_string();
        visitor.into_author().ok_or(Fault::LogIn { next })
    }
}

impl Visitor {
    /// A page with a form for strangers gives them a token to mark it with.
    pub fn with_token(mut self, site: &Site) -> Result<Visitor, Fault> {
        if self.token.is_none() {
            let token = Token::random()?;
            self.set_cookie = Some(site_cookie(site, &token, None)?);
            self.token = Some(token);
        }
        Ok(self)
    }

    pub fn into_author(self) -> Option<Author> {
        let user = self.user.clone()?;
        Some(Author { visitor: self, user })
    }

    /// The mark for forms; empty where there is no token, and an empty mark is never right.
    pub fn mark(&self) -> String {
        self.token.as_ref().map(Token::mark).unwrap_or_default()
    }

    pub fn is_marked(&self, offered: &str) -> bool {
        self.token.as_ref().is_some_and(|token| token.marks(offered))
    }

    /// Always under a new token, so that nobody can have planted the one that becomes a login.
    pub async fn log_in(self, site: &Site, user: User) -> Result<Visitor, Fault> {
        let (token, lifetime) = (Token::random()?, site.config.session_lifetime);
        let old = self.token.as_ref().map(Token::hash);
        let replacing = old.as_ref().map(|hash| hash.as_slice());
        site.store.begin_session(&token.hash(), user.id, lifetime, replacing).await?;
        let set_cookie = Some(site_cookie(site, &token, Some(lifetime))?);
        Ok(Visitor { user: Some(user), token: Some(token), set_cookie })
    }

    pub async fn log_out(self, site: &Site) -> Result<Visitor, Fault> {
        let Some(token) = self.token else { return Ok(Visitor { user: None, token: None, set_cookie: None }) };
        site.store.end_session(&token.hash()).await?;
        let set_cookie = Some(site_cookie(site, &token, Some(Duration::ZERO))?);
        Ok(Visitor { user: None, token: None, set_cookie })
    }

    pub fn write_cookie(&self, headers: &mut HeaderMap) {
        if let Some(cookie) = &self.set_cookie {
            headers.append(SET_COOKIE, cookie.clone());
        }
    }
}

/// The prefix makes browsers refuse the cookie from another host or without TLS.
fn cookie_name(site: &Site) -> &'static str {
    if site.config.over_tls() { "__Host-botify_session" } else { "botify_session" }
}

fn site_cookie(site: &Site, token: &Token, lifetime: Option<Duration>) -> Result<HeaderValue, Fault> {
    let value = if lifetime == Some(Duration::ZERO) { String::new() } else { token.text() };
    let mut cookie = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax", cookie_name(site));
    if site.config.over_tls() {
        cookie.push_str("; Secure");
    }
    if let Some(lifetime) = lifetime {
        cookie.push_str(&format!("; Max-Age={}", lifetime.as_secs()));
    }
    let mut cookie = HeaderValue::try_from(cookie).map_err(|_| Fault::Internal("a cookie is not a header".into()))?;
    cookie.set_sensitive(true);
    Ok(cookie)
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().split_once('=').filter(|(n, _)| *n == name))
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "xbotify_session=no; other=1".parse().unwrap());
        headers.append(COOKIE, "a=b; botify_session=yes".parse().unwrap());
        assert_eq!(cookie(&headers, "botify_session"), Some("yes"));
        assert_eq!(cookie(&headers, "session"), None);
    }
}
