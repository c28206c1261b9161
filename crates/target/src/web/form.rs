//! Forms as bodies: one line of pairs, or parts with names.
use crate::base64;
use crate::helper::unique;
use crate::host::{Look, Stop};
use crate::http::percent;
use std::path::Path;
use value::Value;

/// `a=1&a=2&b=x+y`; lists give one pair for each item.
pub fn urlencoded(body: &Value) -> Result<String, String> {
    let pairs: Vec<(String, &Value)> = match body {
        Value::Str(text) => return Ok(text.to_string()),
        Value::Map(map) => map.iter().map(|(name, value)| (name.value().to_text(), value)).collect(),
        Value::List(items) => items
            .iter()
            .map(|item| match item.as_list() {
                Some([name, value]) => Ok((name.to_text(), value)),
                _ => Err("a list must be one of pairs".to_string()),
            })
            .collect::<Result<_, _>>()?,
        other => return Err(format!("{} is no form", other.type_name())),
    };
    let encoded = |text: String| percent(&text, " ").replace(' ', "+");
    let mut out = Vec::new();
    for (name, value) in pairs {
        let values = value.as_list().map_or_else(|| vec![value.clone()], <[Value]>::to_vec);
        // What is null is left out, as Ansible does.
        let values = values.into_iter().filter(|value| !value.is_null());
        out.extend(values.map(|value| format!("{}={}", encoded(name.clone()), encoded(value.to_text()))));
    }
    Ok(out.join("&"))
}

/// Parts with names; a part may be a file of the host. Gives the body, and its content type with the boundary.
pub fn multipart(body: &Value, read: impl Fn(&Path) -> Look<Vec<u8>>) -> Look<(Vec<u8>, String)> {
    let Some(map) = body.as_map() else {
        return Stop::failed("failed to parse body as form-multipart: a dict is needed");
    };
    let boundary = format!("==============={:016x}{:016x}==", unique(), unique());
    let mut out = Vec::new();
    for (name, part) in map.iter() {
        let part = Part::of(part, &read)?;
        out.extend(format!("--{boundary}\r\n").into_bytes());
        out.extend(part.head(&name.value().to_text()).into_bytes());
        out.extend(part.bytes);
        out.extend(b"\r\n");
    }
    out.extend(format!("--{boundary}--\r\n").into_bytes());
    Ok((out, format!("multipart/form-data; boundary=\"{boundary}\"")))
}

struct Part {
    bytes: Vec<u8>,
    file_name: Option<String>,
    mime: String,
    encoded: bool,
}

impl Part {
    fn of(value: &Value, read: impl Fn(&Path) -> Look<Vec<u8>>) -> Look<Self> {
        let plain = |text: String| Part {
            bytes: text.into_bytes(),
            file_name: None,
            mime: "text/plain".into(),
            encoded: false,
        };
        let Value::Map(map) = value else { return Ok(plain(value.to_text())) };
        let field = |name: &str| map.get(name).filter(|value| !value.is_null()).map(Value::to_text);
        let content = field("content");
        let path = field("filename");
        let bytes = match (&content, &path) {
            (Some(text), _) => text.clone().into_bytes(),
            (None, Some(path)) => read(Path::new(path))?,
            (None, None) => return Stop::failed("at least one of filename or content must be provided"),
        };
        let file_name =
            path.as_ref().and_then(|path| Some(Path::new(path).file_name()?.to_string_lossy().into_owned()));
        let mime = field("mime_type").unwrap_or_else(|| guessed(path.as_deref()));
        let encoded = field("multipart_encoding").map_or(content.is_none(), |word| word == "base64");
        let bytes = if encoded { folded(&base64::encode(&bytes)).into_bytes() } else { bytes };
        Ok(Part { bytes, file_name, mime, encoded })
    }

    fn head(&self, name: &str) -> String {
        let file = self
            .file_name
            .as_ref()
            .map_or_else(String::new, |name| format!("; filename=\"{}\"", name.replace('"', "\\\"")));
        let encoding = if self.encoded { "Content-Transfer-Encoding: base64\r\n" } else { "" };
        let name = name.replace('"', "\\\"");
        format!(
            "Content-Type: {}\r\n{encoding}Content-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n",
            self.mime
        )
    }
}

fn folded(text: &str) -> String {
    text.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line).into_owned() + "\r\n").collect()
}

fn guessed(path: Option<&str>) -> String {
    let extension = path.and_then(|path| Path::new(path).extension()?.to_str()).unwrap_or_default();
    let mime = match extension {
        "txt" | "log" | "conf" => "text/plain",
        "html" | "htm" => "text/html",
        "json" => "application/json",
        "xml" => "application/xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "gz" => "application/gzip",
        "tar" => "application/x-tar",
        _ => "application/octet-stream",
    };
    mime.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_written() {
        let form = Value::map([("a", Value::from(vec!["1", "x y&"])), ("b", true.into())]);
        assert_eq!(urlencoded(&form).unwrap(), "a=1&a=x+y%26&b=True");
        let file = Value::map([("filename", "/x/a.txt")]);
        let (body, kind) = multipart(&Value::map([("f", file), ("t", "hi".into())]), |_| Ok(b"data".to_vec())).unwrap();
        let body = String::from_utf8(body).unwrap();
        assert!(kind.starts_with("multipart/form-data; boundary="));
        assert!(
            body.contains("name=\"f\"; filename=\"a.txt\"\r\n\r\nZGF0YQ==")
                && body.contains("name=\"t\"\r\n\r\nhi\r\n")
        );
    }
}
