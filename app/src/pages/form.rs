//! A form that was sent to us. None is read before it was seen to be one of ours.

use std::collections::HashMap;

use axum::extract::rejection::FormRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;

use super::Fault;
use crate::session::{Visitor, is_from_here};
use crate::site::Site;

pub struct Form {
    pub visitor: Visitor,
    fields: HashMap<String, String>,
}

impl FromRequest<Site> for Form {
    type Rejection = Fault;

    async fn from_request(request: Request, site: &Site) -> Result<Form, Fault> {
        if !is_from_here(request.headers(), site.config.public_url.as_ref()) {
            return Err(Fault::Forged);
        }
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, site).await?;
        let request = Request::from_parts(parts, body);
        let axum::Form(fields): axum::Form<HashMap<String, String>> =
            axum::Form::from_request(request, site).await.map_err(unreadable)?;
        let form = Form { visitor, fields };
        if !form.visitor.is_marked(form.field("mark")) {
            return Err(Fault::Forged);
        }
        Ok(form)
    }
}

impl Form {
    /// What was typed there; empty if there is no such field.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// The same as one line without surrounding space.
    pub fn line(&self, name: &str) -> String {
        self.field(name)
            .chars()
            .filter(|c| is_text(*c) && *c != '\n' && *c != '\t')
            .collect::<String>()
            .trim()
            .to_string()
    }

    /// The same as text, with line ends as `\n`.
    pub fn text(&self, name: &str) -> String {
        let text: String = self.field(name).replace("\r\n", "\n").chars().filter(|c| is_text(*c)).collect();
        text.trim_end().trim_start_matches('\n').to_string()
    }
}

/// Characters that pages and feeds can carry: XML knows no others.
fn is_text(c: char) -> bool {
    matches!(c, '\n' | '\t') || !(c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}'))
}

fn unreadable(rejection: FormRejection) -> Fault {
    use axum::response::IntoResponse;
    match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => Fault::TooLarge,
        _ => Fault::Malformed,
    }
}
