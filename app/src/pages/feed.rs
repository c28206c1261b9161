//! The newest posts as an Atom feed.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST};
use axum::http::uri::Authority;
use axum::response::{IntoResponse, Response};
use minijinja::context;

use super::Fault;
use crate::site::Site;

const MOST_POSTS: u32 = 20;
/// Characters: whole posts but for the longest.
const MOST_BODY: u32 = 10_000;

/// `GET /feed.atom`
pub async fn atom(State(site): State<Site>, headers: HeaderMap) -> Result<Response, Fault> {
    let base = base_url(&site, &headers).ok_or(Fault::Malformed)?;
    let posts = site.store.newest_posts(0, MOST_POSTS, MOST_BODY).await?;
    let updated = posts.iter().map(|post| post.updated.unwrap_or(post.created)).max().unwrap_or(0);
    let facts = context! { base, title => &site.config.title, updated, posts => posts.iter().map(super::posts::facts).collect::<Vec<_>>() };
    let headers = [(CONTENT_TYPE, "application/atom+xml; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
    Ok((headers, site.templates.render("feed.xml", facts)?).into_response())
}

/// Feeds want whole addresses: the public one, or the one that this reader used.
fn base_url(site: &Site, headers: &HeaderMap) -> Option<String> {
    if let Some(url) = &site.config.public_url {
        return Some(url.as_str().to_string());
    }
    let host: Authority = headers.get(HOST)?.to_str().ok()?.parse().ok()?;
    (!host.as_str().contains('@')).then(|| format!("http://{host}"))
}
