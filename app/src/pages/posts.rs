//! Listing, reading, writing, editing and deleting posts.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use minijinja::{Value, context};

use super::{Fault, Form, moved_on, page};
use crate::session::{Author, Visitor};
use crate::site::Site;
use crate::store::{Post, PostText, User};

/// Characters of a post that the list shows.
const EXCERPT: u32 = 400;
const LONGEST_TITLE: usize = 200;
const LONGEST_BODY: usize = 50_000;

#[derive(serde::Deserialize)]
pub struct PageNumber {
    page: Option<u64>,
}

/// `GET /`
pub async fn list(
    State(site): State<Site>,
    visitor: Visitor,
    query: Result<Query<PageNumber>, QueryRejection>,
) -> Result<Response, Fault> {
    let Ok(Query(PageNumber { page: number })) = query else { return Err(Fault::NotFound) };
    let (number, each) = (number.unwrap_or(1), site.config.posts_per_page);
    let pages = site.store.count_posts().await?.div_ceil(each.into()).max(1);
    if !(1..=pages).contains(&number) {
        return Err(Fault::NotFound);
    }
    let mut posts = site.store.newest_posts((number - 1) * u64::from(each), each, EXCERPT + 1).await?;
    let cut: Vec<bool> = posts.iter_mut().map(|post| shorten(&mut post.body)).collect();
    let posts: Vec<_> = posts.into_iter().zip(cut).map(|(post, cut)| context! { cut, post => facts(&post) }).collect();
    page(&site, &visitor, StatusCode::OK, "posts/list.html", context! { posts, number, pages })
}

/// `GET /posts/{id}`
pub async fn read(State(site): State<Site>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Fault> {
    let post = find(&site, &id).await?;
    let mine = visitor.user.as_ref().is_some_and(|user| user.id == post.author_id);
    page(&site, &visitor, StatusCode::OK, "posts/read.html", context! { post => facts(&post), mine })
}

/// `GET /create`
pub async fn show_create(State(site): State<Site>, author: Author) -> Result<Response, Fault> {
    write_page(&site, &author.visitor, StatusCode::OK, None, &PostText::default(), None)
}

/// `POST /create`
pub async fn create(State(site): State<Site>, form: Form) -> Result<Response, Fault> {
    let text = written(&form);
    let Author { visitor, user } = form.visitor.into_author().ok_or(Fault::LogIn { next: "/create".into() })?;
    if let Some(wrong) = unfit(&text) {
        return write_page(&site, &visitor, StatusCode::UNPROCESSABLE_ENTITY, None, &text, Some(wrong));
    }
    let id = site.store.create_post(user.id, &text).await?;
    Ok(moved_on(&visitor, &format!("/posts/{id}")))
}

/// `GET /posts/{id}/update`
pub async fn show_update(State(site): State<Site>, author: Author, Path(id): Path<String>) -> Result<Response, Fault> {
    let post = find_own(&site, &id, &author.user).await?;
    let text = PostText { title: post.title, body: post.body };
    write_page(&site, &author.visitor, StatusCode::OK, Some(post.id), &text, None)
}

/// `POST /posts/{id}/update`
pub async fn update(State(site): State<Site>, Path(id): Path<String>, form: Form) -> Result<Response, Fault> {
    let text = written(&form);
    let Author { visitor, user } = form.visitor.into_author().ok_or(Fault::LogIn { next: "/".into() })?;
    let post = find_own(&site, &id, &user).await?;
    if let Some(wrong) = unfit(&text) {
        return write_page(&site, &visitor, StatusCode::UNPROCESSABLE_ENTITY, Some(post.id), &text, Some(wrong));
    }
    // The store looks at the author once more: the post may have gone in between.
    if !site.store.update_post(post.id, user.id, &text).await? {
        return Err(Fault::NotFound);
    }
    Ok(moved_on(&visitor, &format!("/posts/{}", post.id)))
}

/// `GET /posts/{id}/delete`: asks first, since there is no script to ask.
pub async fn show_delete(State(site): State<Site>, author: Author, Path(id): Path<String>) -> Result<Response, Fault> {
    let post = find_own(&site, &id, &author.user).await?;
    page(&site, &author.visitor, StatusCode::OK, "posts/delete.html", context! { post => facts(&post) })
}

/// `POST /posts/{id}/delete`
pub async fn delete(State(site): State<Site>, Path(id): Path<String>, form: Form) -> Result<Response, Fault> {
    let Author { visitor, user } = form.visitor.into_author().ok_or(Fault::LogIn { next: "/".into() })?;
    let post = find_own(&site, &id, &user).await?;
    if !site.store.delete_post(post.id, user.id).await? {
        return Err(Fault::NotFound);
    }
    Ok(moved_on(&visitor, "/"))
}

async fn find(site: &Site, id: &str) -> Result<Post, Fault> {
    let id = id.parse().map_err(|_| Fault::NotFound)?;
    site.store.post(id).await?.ok_or(Fault::NotFound)
}

async fn find_own(site: &Site, id: &str, user: &User) -> Result<Post, Fault> {
    let post = find(site, id).await?;
    if post.author_id == user.id { Ok(post) } else { Err(Fault::NotYours) }
}

fn write_page(
    site: &Site,
    visitor: &Visitor,
    status: StatusCode,
    id: Option<i64>,
    text: &PostText,
    message: Option<&str>,
) -> Result<Response, Fault> {
    let facts = context! { id, title => &text.title, body => &text.body, message, longest_title => LONGEST_TITLE, longest_body => LONGEST_BODY };
    page(site, visitor, status, "posts/write.html", facts)
}

fn written(form: &Form) -> PostText {
    PostText { title: form.line("title"), body: form.text("body") }
}

fn unfit(text: &PostText) -> Option<&'static str> {
    if text.title.is_empty() {
        return Some("A post has a title.");
    }
    if text.title.chars().count() > LONGEST_TITLE {
        return Some("The title is too long: at most 200 characters.");
    }
    (text.body.chars().count() > LONGEST_BODY).then_some("The text is too long: at most 50,000 characters.")
}

/// What templates know of a post.
pub fn facts(post: &Post) -> Value {
    let Post { id, author, title, body, created, updated, .. } = post;
    context! { id => *id, author, title, body, created => *created, updated => *updated }
}

/// Cuts at the end of a word if one is near. True if something was cut.
fn shorten(body: &mut String) -> bool {
    let Some((end, _)) = body.char_indices().nth(EXCERPT as usize) else { return false };
    body.truncate(end);
    if let Some(space) = body.rfind(char::is_whitespace).filter(|space| *space > end / 2) {
        body.truncate(space);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_ends_with_a_whole_word() {
        let (mut short, mut words, mut wall) = ("short".to_string(), "wörd ".repeat(200), "ä".repeat(500));
        assert!(!shorten(&mut short) && short == "short");
        assert!(shorten(&mut words) && words.ends_with("wörd") && words.chars().count() <= 400);
        assert!(shorten(&mut wall) && wall.chars().count() == 400);
    }
}
