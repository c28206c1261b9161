//! Whether the program is well: the page that says so, and the subcommand that asks it.

mod probe;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::site::Site;
pub use probe::{ProbeError, probe};

/// `GET /_health`: 200 if requests can be served, else 503. The reason is for the log: the page is public.
pub async fn answer(State(site): State<Site>) -> Response {
    if site.is_draining() {
        return reply(StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"draining"}"#);
    }
    match site.store.check().await {
        Ok(()) => reply(StatusCode::OK, r#"{"status":"ok","database":"ok"}"#),
        Err(unwell) => {
            tracing::error!(error = %unwell, "unhealthy");
            reply(StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"failing","database":"failing"}"#)
        }
    }
}

fn reply(status: StatusCode, json: &'static str) -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    (status, headers, format!("{json}\n")).into_response()
}
