//! Whether a form was sent from our own pages, by what browsers say and scripts elsewhere cannot change.

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

use crate::config::PublicUrl;

/// Silence is allowed: old browsers and other clients say nothing, and the form's mark decides for them.
pub fn is_from_here(headers: &HeaderMap, public_url: Option<&PublicUrl>) -> bool {
    let site = headers.get("sec-fetch-site").map(|value| value.as_bytes());
    if site.is_some_and(|site| site != b"same-origin" && site != b"none") {
        return false;
    }
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let origin = origin.to_str().unwrap_or_default().to_ascii_lowercase();
    if public_url.is_some_and(|ours| ours.as_str() == origin) {
        return true;
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).map(str::to_ascii_lowercase);
    origin.split_once("://").map(|(_, authority)| authority) == host.as_deref() && host.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(headers: &[(&'static str, &'static str)], public: Option<&str>) -> bool {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        is_from_here(&headers, public.map(|url| PublicUrl::parse(url).unwrap()).as_ref())
    }

    #[test]
    fn our_own_pages_and_silent_clients_are_allowed() {
        assert!(allowed(&[("host", "blog:8080")], None));
        assert!(allowed(&[("host", "Blog:8080"), ("origin", "http://blog:8080")], None));
        assert!(allowed(&[("host", "inner:1"), ("origin", "https://blog.org")], Some("https://blog.org")));
        assert!(allowed(&[("host", "blog"), ("sec-fetch-site", "same-origin"), ("origin", "https://blog")], None));
    }

    #[test]
    fn other_sites_are_refused() {
        assert!(!allowed(&[("host", "blog"), ("origin", "https://evil.org")], None));
        assert!(!allowed(&[("host", "blog"), ("origin", "null")], None));
        assert!(!allowed(&[("origin", "")], None));
        assert!(!allowed(&[("host", "blog"), ("sec-fetch-site", "cross-site")], None));
        assert!(!allowed(&[("host", "blog"), ("sec-fetch-site", "same-site"), ("origin", "http://blog")], None));
    }
}
