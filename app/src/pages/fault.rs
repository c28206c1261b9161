//! Why a request was not answered as asked, and the page that says so.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, RETRY_AFTER};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use minijinja::context;

use super::site_facts;
use crate::password::PasswordError;
use crate::site::Site;
use crate::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("There is no such page.")]
    NotFound,
    #[error("This address does not take such a request.")]
    WrongMethod,
    #[error("This post is not yours to change.")]
    NotYours,
    #[error("Registration is closed.")]
    RegistrationClosed,
    /// The form was not one of ours, or not this visitor's.
    #[error("This form is no longer good. Go back, reload the page and try again.")]
    Forged,
    #[error("The form could not be read.")]
    Malformed,
    #[error("That is too much at once.")]
    TooLarge,
    #[error("This took too long and was given up.")]
    TooSlow,
    #[error("That was tried too often. Wait {} and try again.", in_words(*.0))]
    TooOften(Duration),
    #[error("Log in first.")]
    LogIn { next: String },
    #[error("Something is broken here. It was noted; please try again later.")]
    Internal(String),
}

impl Fault {
    fn status(&self) -> StatusCode {
        match self {
            Fault::NotFound => StatusCode::NOT_FOUND,
            Fault::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Fault::NotYours | Fault::RegistrationClosed | Fault::Forged => StatusCode::FORBIDDEN,
            Fault::Malformed => StatusCode::BAD_REQUEST,
            Fault::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Fault::TooSlow => StatusCode::SERVICE_UNAVAILABLE,
            Fault::TooOften(_) => StatusCode::TOO_MANY_REQUESTS,
            Fault::LogIn { .. } => StatusCode::SEE_OTHER,
            Fault::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Fault {
    /// The bare response; `finish_faults` gives it its page, which wants the site.
    fn into_response(self) -> Response {
        if let Fault::LogIn { next } = &self {
            return Redirect::to(&format!("/auth/login?next={next}")).into_response();
        }
        let mut response = self.status().into_response();
        if let Fault::TooOften(wait) = &self {
            response.headers_mut().insert(RETRY_AFTER, whole_seconds(*wait).into());
        }
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// Gives faults their page, and notes those that are ours.
pub async fn finish_faults(State(site): State<Site>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let Some(fault) = response.extensions().get::<Arc<Fault>>().cloned() else { return response };
    if let Fault::Internal(cause) = &*fault {
        tracing::error!(cause, "request failed");
    }
    let facts = context! {
        site => site_facts(&site), user => (), mark => "",
        status => fault.status().as_u16(), message => fault.to_string(),
    };
    // Where even the page fails, its words are left.
    let page = site.templates.render("error.html", facts).map_or_else(
        |error| {
            tracing::error!(%error, "the error page failed");
            fault.to_string().into_response()
        },
        |page| Html(page).into_response(),
    );
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(axum::http::header::CONTENT_LENGTH);
    parts.headers.extend(page.headers().clone());
    parts.headers.insert(CACHE_CONTROL, axum::http::HeaderValue::from_static("no-store"));
    Response::from_parts(parts, page.into_body())
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Fault {
        Fault::Internal(error.to_string())
    }
}

impl From<PasswordError> for Fault {
    fn from(error: PasswordError) -> Fault {
        Fault::Internal(error.to_string())
    }
}

impl From<getrandom::Error> for Fault {
    fn from(error: getrandom::Error) -> Fault {
        Fault::Internal(format!("no random bytes: {error}"))
    }
}

impl From<minijinja::Error> for Fault {
    fn from(error: minijinja::Error) -> Fault {
        Fault::Internal(format!("{error:#}"))
    }
}

fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

fn in_words(wait: Duration) -> String {
    match whole_seconds(wait) {
        0 | 1 => "a second".to_string(),
        seconds => format!("{seconds} seconds"),
    }
}
