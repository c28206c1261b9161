//! What is counted, in the text form that Prometheus reads.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::site::Site;

/// Upper bounds of the latency histogram, in seconds.
const BOUNDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

pub struct Metrics {
    in_flight: AtomicI64,
    requests: Mutex<BTreeMap<Series, Latency>>,
    logins: Mutex<BTreeMap<&'static str, u64>>,
    started: f64,
}

/// Only names from our own code, so that no visitor can make series without end.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Series {
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Default)]
struct Latency {
    buckets: [u64; BOUNDS.len()],
    count: u64,
    sum: f64,
}

/// Counts a request as in flight while it lives.
pub struct InFlight<'a>(&'a AtomicI64);

impl Default for Metrics {
    fn default() -> Metrics {
        let started = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        Metrics { in_flight: AtomicI64::new(0), requests: Mutex::default(), logins: Mutex::default(), started }
    }
}

impl Metrics {
    pub fn enter(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(&self.in_flight)
    }

    pub fn in_flight(&self) -> i64 {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub fn request(&self, route: &str, method: &Method, status: StatusCode, took: Duration) {
        let series = Series { route: route.to_string(), method: known(method), status: status.as_u16() };
        let mut requests = self.requests.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        requests.entry(series).or_default().add(took.as_secs_f64());
    }

    /// Result is one of our own words: `ok`, `refused`, `throttled`.
    pub fn login(&self, result: &'static str) {
        *self.logins.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).entry(result).or_default() += 1;
    }

    pub fn text(&self, draining: bool) -> String {
        let mut text = String::with_capacity(4096);
        gauge(&mut text, "botify_build_info", "Which program this is.", &format!("{{version=\"{VERSION}\"}} 1"));
        gauge(&mut text, "process_start_time_seconds", "When it started.", &format!(" {:.3}", self.started));
        gauge(&mut text, "botify_draining", "1 after it was told to stop.", &format!(" {}", u8::from(draining)));
        let in_flight = format!(" {}", self.in_flight());
        gauge(&mut text, "botify_http_requests_in_flight", "Requests being answered.", &in_flight);
        self.write_logins(&mut text);
        self.write_requests(&mut text);
        text
    }

    fn write_logins(&self, text: &mut String) {
        head(text, "botify_logins_total", "counter", "Logins tried, by result.");
        for (result, count) in self.logins.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).iter() {
            line(text, format_args!("botify_logins_total{{result=\"{result}\"}} {count}"));
        }
    }

    fn write_requests(&self, text: &mut String) {
        let requests = self.requests.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        head(text, "botify_http_requests_total", "counter", "Requests answered.");
        for (series, latency) in requests.iter() {
            line(text, format_args!("botify_http_requests_total{{{}}} {}", series.labels(), latency.count));
        }
        head(text, "botify_http_request_duration_seconds", "histogram", "Time until a request was answered.");
        for (series, latency) in requests.iter() {
            latency.write(text, &series.labels());
        }
    }
}

/// `GET /metrics`
pub async fn answer(State(site): State<Site>, headers: HeaderMap) -> Response {
    let offered = headers.get(AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    if let Some(token) = &site.config.metrics_token
        && !offered.is_some_and(|offered| token.is(offered))
    {
        return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")], "a token is needed\n").into_response();
    }
    let headers = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    (headers, site.metrics.text(site.is_draining())).into_response()
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Series {
    fn labels(&self) -> String {
        format!("route=\"{}\",method=\"{}\",status=\"{}\"", self.route, self.method, self.status)
    }
}

impl Latency {
    fn add(&mut self, seconds: f64) {
        for (bucket, bound) in self.buckets.iter_mut().zip(BOUNDS) {
            *bucket += u64::from(seconds <= bound);
        }
        self.count += 1;
        self.sum += seconds;
    }

    fn write(&self, text: &mut String, labels: &str) {
        const NAME: &str = "botify_http_request_duration_seconds";
        for (bucket, bound) in self.buckets.iter().zip(BOUNDS) {
            line(text, format_args!("{NAME}_bucket{{{labels},le=\"{bound}\"}} {bucket}"));
        }
        line(text, format_args!("{NAME}_bucket{{{labels},le=\"+Inf\"}} {}", self.count));
        line(text, format_args!("{NAME}_sum{{{labels}}} {:.6}", self.sum));
        line(text, format_args!("{NAME}_count{{{labels}}} {}", self.count));
    }
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn known(method: &Method) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]
        .into_iter()
        .find(|name| *name == method.as_str())
        .unwrap_or("other")
}

fn gauge(text: &mut String, name: &str, help: &str, rest: &str) {
    head(text, name, "gauge", help);
    line(text, format_args!("{name}{rest}"));
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    line(text, format_args!("# HELP {name} {help}\n# TYPE {name} {kind}"));
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_counted_in_its_series_and_buckets() {
        let metrics = Metrics::default();
        let odd = Method::from_bytes(b"BREW").unwrap();
        metrics.request("/posts/{id}", &Method::GET, StatusCode::OK, Duration::from_millis(4));
        metrics.request("/posts/{id}", &Method::GET, StatusCode::OK, Duration::from_secs(9));
        metrics.request("unmatched", &odd, StatusCode::NOT_FOUND, Duration::from_millis(1));
        let text = metrics.text(false);
        for expected in [
            "botify_http_requests_total{route=\"/posts/{id}\",method=\"GET\",status=\"200\"} 2",
            "botify_http_requests_total{route=\"unmatched\",method=\"other\",status=\"404\"} 1",
            "_bucket{route=\"/posts/{id}\",method=\"GET\",status=\"200\",le=\"0.0025\"} 0",
            "_bucket{route=\"/posts/{id}\",method=\"GET\",status=\"200\",le=\"0.005\"} 1",
            "_bucket{route=\"/posts/{id}\",method=\"GET\",status=\"200\",le=\"+Inf\"} 2",
            "_sum{route=\"/posts/{id}\",method=\"GET\",status=\"200\"} 9.004000",
        ] {
            assert!(text.contains(expected), "{expected} is not in\n{text}");
        }
    }

    #[test]
    fn in_flight_falls_when_a_request_ends_or_is_dropped() {
        let metrics = Metrics::default();
        let (one, _two) = (metrics.enter(), metrics.enter());
        drop(one);
        assert!(metrics.text(true).contains("botify_http_requests_in_flight 1\n"));
        assert!(metrics.text(true).contains("botify_draining 1\n"));
    }
}
