//! The pages: one file per kind, all rendered from embedded templates.

pub mod account;
pub mod asset;
mod fault;
pub mod feed;
mod form;
pub mod posts;
mod template;

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use minijinja::{Value, context};

use crate::session::Visitor;
use crate::site::Site;
pub use fault::{Fault, finish_faults};
pub use form::Form;
pub use template::Templates;

/// A page for this visitor; `facts` are the template's own.
fn page(site: &Site, visitor: &Visitor, status: StatusCode, template: &str, facts: Value) -> Result<Response, Fault> {
    let user = visitor.user.as_ref().map(|user| user.name.as_str());
    let all = context! { user, mark => visitor.mark(), site => site_facts(site), ..facts };
    let mut response = (status, Html(site.templates.render(template, all)?)).into_response();
    visitor.write_cookie(response.headers_mut());
    Ok(response)
}

/// Where to go after a form was taken: a GET, so that reloading sends nothing twice.
fn moved_on(visitor: &Visitor, to: &str) -> Response {
    let mut response = Redirect::to(to).into_response();
    visitor.write_cookie(response.headers_mut());
    response
}

/// What every template knows.
fn site_facts(site: &Site) -> Value {
    context! {
        title => &site.config.title,
        registration => site.config.registration_open,
        style => asset::STYLE.url(),
        icon => asset::ICON.url(),
    }
}

pub async fn not_found() -> Fault {
    Fault::NotFound
}

pub async fn method_not_allowed() -> Fault {
    Fault::WrongMethod
}
