//! One log line and one count for each request, also for those that a client gives up.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::client::{Client, Peer};
use crate::site::Site;

const REQUEST_ID: &str = "x-request-id";
/// What is asked for all the time by machines.
const ROUTINE: [&str; 2] = ["/_health", "/metrics"];

pub async fn observe(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0);
    let client = Client::find(peer, request.headers(), &site.config.trusted_proxies);
    request.extensions_mut().insert(client);
    let mut watch = Watch::begin(&site, client, &request);
    let id = HeaderValue::try_from(&watch.id);
    let in_flight = site.metrics.enter();
    let mut response = next.run(request).await;
    drop(in_flight);
    watch.status = response.status();
    if let Ok(id) = id {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// Tells when it is dropped, with or without a response.
struct Watch {
    site: Site,
    id: String,
    client: Client,
    method: Method,
    /// Without the query: what people type may stand there.
    path: String,
    route: String,
    begun: Instant,
    status: StatusCode,
}

impl Watch {
    fn begin(site: &Site, client: Client, request: &Request) -> Watch {
        let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str);
        Watch {
            site: site.clone(),
            id: request_id(request.headers()),
            client,
            method: request.method().clone(),
            path: request.uri().path().to_string(),
            route: route.to_string(),
            begun: Instant::now(),
            // What is left if the client goes away before there is a response.
            status: StatusCode::from_u16(499).unwrap_or(StatusCode::REQUEST_TIMEOUT),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let took = self.begun.elapsed();
        self.site.metrics.request(&self.route, &self.method, self.status, took);
        let duration_ms = (took.as_secs_f64() * 1e6).round() / 1e3;
        // The level has to be known when the program is compiled, so the line stands twice.
        if ROUTINE.contains(&self.route.as_str()) {
            tracing::debug!(request_id = self.id, client = %self.client.0, method = %self.method,
                path = self.path, route = self.route, status = self.status.as_u16(), duration_ms, "request");
        } else {
            tracing::info!(request_id = self.id, client = %self.client.0, method = %self.method,
                path = self.path, route = self.route, status = self.status.as_u16(), duration_ms, "request");
        }
    }
}

/// The one that a proxy gave it, if it is harmless, so that logs can be joined; else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let harmless = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    given.filter(harmless).map_or_else(random_id, str::to_string)
}

fn random_id() -> String {
    let mut bytes = [0; 12];
    match getrandom::fill(&mut bytes) {
        Ok(()) => URL_SAFE_NO_PAD.encode(bytes),
        Err(_) => "none".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_request_id_is_kept_only_if_harmless() {
        let id =
            |given: &str| request_id(&[(REQUEST_ID.parse().unwrap(), given.parse().unwrap())].into_iter().collect());
        assert_eq!(id("abc-1.2_X"), "abc-1.2_X");
        assert_ne!(id("a\"b"), "a\"b");
        assert_ne!(id(&"x".repeat(65)), "x".repeat(65));
        assert_ne!(request_id(&HeaderMap::new()), request_id(&HeaderMap::new()));
    }
}
