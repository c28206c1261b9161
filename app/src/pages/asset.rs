//! The style sheet and the icon, under names that change with their content, so that browsers may keep them.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::Fault;

pub struct Asset {
    file_name: String,
    kind: &'static str,
    content: &'static str,
}

pub static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("style", "css", "text/css; charset=utf-8", include_str!("../../static/style.css")));
pub static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_str!("../../static/icon.svg")));

impl Asset {
    fn new(stem: &str, extension: &str, kind: &'static str, content: &'static str) -> Asset {
        let hash: String = Sha256::digest(content).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Asset { file_name: format!("{stem}.{hash}.{extension}"), kind, content }
    }

    pub fn url(&self) -> String {
        format!("/static/{}", self.file_name)
    }
}

/// `GET /static/{name}`
pub async fn serve(Path(name): Path<String>) -> Result<Response, Fault> {
    let asset = [&*STYLE, &*ICON].into_iter().find(|asset| asset.file_name == name).ok_or(Fault::NotFound)?;
    let headers = [(CONTENT_TYPE, asset.kind), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, asset.content).into_response())
}
