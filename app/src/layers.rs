//! What lies around every request: its log line, its limits, the headers of its response.

mod observe;
mod secure;

use std::any::Any;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use crate::pages::Fault;
pub use crate::pages::finish_faults;
use crate::site::Site;
pub use observe::observe;
pub use secure::secure;

/// Gives a request up that takes too long, its body included.
pub async fn limit_time(State(site): State<Site>, request: Request, next: Next) -> Response {
    match timeout(site.config.request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Fault::TooSlow.into_response(),
    }
}

/// A panic is a bug of ours: it fails its request and leaves the others alone.
pub fn survive_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_string());
    Fault::Internal(format!("panic: {text}")).into_response()
}
