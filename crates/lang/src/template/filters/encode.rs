//! Text in other alphabets: base 64, URLs.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::Entry;
use super::{derived, like, settled};
use crate::python::url::{Url, quote, unquote_plus};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use value::Value;

pub static TABLE: &[Entry] = &[
    settled("b64encode", b64encode),
    settled("b64decode", b64decode),
    settled("urlencode", urlencode),
    settled("urldecode", urldecode),
    settled("urlsplit", urlsplit),
];

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true),
);

/// The encodings that Python knows under many names.
#[derive(Clone, Copy)]
enum Encoding {
    Utf8,
    Ascii,
    Latin1,
    Utf16 { little: bool, mark: bool },
    Utf32 { little: bool, mark: bool },
}

fn encoding(call: &Call, name: Option<Value>) -> Result<Encoding, Stop> {
    let name = call.string(name, "encoding", "utf-8")?;
    let plain = name.to_lowercase().replace(['_', ' '], "-");
    Ok(match plain.as_str() {
        "utf-8" | "utf8" => Encoding::Utf8,
        "ascii" | "us-ascii" | "646" => Encoding::Ascii,
        "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "l1" | "8859" => Encoding::Latin1,
        "utf-16" | "utf16" => Encoding::Utf16 { little: true, mark: true },
        "utf-16-le" | "utf-16le" => Encoding::Utf16 { little: true, mark: false },
        "utf-16-be" | "utf-16be" => Encoding::Utf16 { little: false, mark: false },
        "utf-32" | "utf32" => Encoding::Utf32 { little: true, mark: true },
        "utf-32-le" | "utf-32le" => Encoding::Utf32 { little: true, mark: false },
        "utf-32-be" | "utf-32be" => Encoding::Utf32 { little: false, mark: false },
        _ => return Err(call.fail(format!("unknown encoding: {}", name.as_str()))),
    })
}

fn encode(call: &Call, text: &str, encoding: Encoding) -> Result<Vec<u8>, Stop> {
    let narrow = |limit: u32, name: &str| -> Result<Vec<u8>, Stop> {
        let byte = |c: char| Some(c as u32).filter(|code| *code < limit).map(|code| code as u8);
        text.chars()
            .map(byte)
            .collect::<Option<_>>()
            .ok_or_else(|| call.fail(format!("the text has characters that {name} cannot encode")))
    };
    Ok(match encoding {
        Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::Ascii => narrow(128, "ascii")?,
        Encoding::Latin1 => narrow(256, "latin-1")?,
        Encoding::Utf16 { little, mark } => {
            let units = mark.then_some(0xfeff_u16).into_iter().chain(text.encode_utf16());
            units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
        }
        Encoding::Utf32 { little, mark } => {
            let units = mark.then_some('\u{feff}').into_iter().chain(text.chars()).map(|c| c as u32);
            units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
        }
    })
}

fn decode(call: &Call, bytes: &[u8], encoding: Encoding) -> Result<String, Stop> {
    let wrong = |name: &str| call.fail(format!("the bytes are no text in {name}"));
    match encoding {
        // What is no text comes out as far as it is one, as in Ansible.
        Encoding::Utf8 => Ok(String::from_utf8_lossy(bytes).into_owned()),
        Encoding::Ascii if !bytes.is_ascii() => Err(wrong("ascii")),
        Encoding::Ascii | Encoding::Latin1 => Ok(bytes.iter().map(|byte| char::from(*byte)).collect()),
        Encoding::Utf16 { little, mark } => {
            let big = mark && bytes.starts_with(&[0xfe, 0xff]);
            let little = little && !big;
            let pairs = bytes.chunks(2).map(|pair| match *pair {
                [one, two] if little => Some(u16::from_le_bytes([one, two])),
                [one, two] => Some(u16::from_be_bytes([one, two])),
                _ => None,
            });
            let units: Vec<u16> = pairs.collect::<Option<_>>().ok_or_else(|| wrong("utf-16"))?;
            let units = if mark { units.strip_prefix(&[0xfeff]).unwrap_or(&units) } else { &units };
            String::from_utf16(units).map_err(|_| wrong("utf-16"))
        }
        Encoding::Utf32 { little, mark } => {
            let words = bytes.chunks(4).map(|word| {
                let word: [u8; 4] = word.try_into().ok()?;
                char::from_u32(if little { u32::from_le_bytes(word) } else { u32::from_be_bytes(word) })
            });
            let text = words.collect::<Option<String>>().ok_or_else(|| wrong("utf-32"))?;
            Ok(if mark { text.trim_start_matches('\u{feff}').into() } else { text })
        }
    }
}

fn b64encode(call: &mut Call) -> Result<Value, Stop> {
    let [name] = call.params(["encoding"])?;
    let encoding = encoding(call, name)?;
    if let Value::Bytes(bytes) = &call.input {
        return Ok(BASE64.encode(bytes).into());
    }
    let text = call.text(&call.input)?;
    Ok(like(BASE64.encode(encode(call, &text, encoding)?), &text))
}

/// Letters that are not of the alphabet are passed over, as Python does.
fn b64decode(call: &mut Call) -> Result<Value, Stop> {
    let [name] = call.params(["encoding"])?;
    let encoding = encoding(call, name)?;
    let text = call.text(&call.input)?;
    let is_letter = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let letters: String = text.chars().filter(is_letter).collect();
    let end = letters
        .find('=')
        .map_or(letters.len(), |at| at + letters[at..].bytes().take_while(|b| *b == b'=').count().min(2));
    let bytes = BASE64.decode(&letters[..end]).map_err(|_| call.fail("Incorrect padding"))?;
    Ok(like(decode(call, &bytes, encoding)?, &text))
}

fn urlencode(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    let pairs: Vec<(Value, Value)> = match &call.input {
        Value::Map(map) => map.iter().map(|(key, value)| (key.value().clone(), value.clone())).collect(),
        Value::List(items) | Value::Tuple(items) => {
            let pair = |item: &Value| match item.as_list() {
                Some([key, value]) => Some((key.clone(), value.clone())),
                _ => None,
            };
            let pairs = items.iter().map(pair).collect::<Option<_>>();
            pairs.ok_or_else(|| call.fail("a list must hold pairs of a name and a value"))?
        }
        input => {
            let text = call.text(input)?;
            return Ok(like(quote(&text, "/"), &text));
        }
    };
    let plus = |value: &Value| -> Result<String, Stop> { Ok(quote(&call.text(value)?, " ").replace(' ', "+")) };
    let parts = pairs.iter().map(|(key, value)| Ok(format!("{}={}", plus(key)?, plus(value)?)));
    Ok(derived(parts.collect::<Result<Vec<_>, Stop>>()?.join("&"), &call.input))
}

fn urldecode(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    let Value::Str(text) = &call.input else { return Err(call.wrong_type("string", "a string", &call.input)) };
    Ok(like(unquote_plus(text), text))
}

fn urlsplit(call: &mut Call) -> Result<Value, Stop> {
    let [component] = call.params(["query"])?;
    let component = call.string(component, "query", "")?;
    let text = call.text(&call.input)?;
    let clean: String =
        text.trim_start_matches(|c: char| c <= ' ').chars().filter(|c| !matches!(c, '\n' | '\r' | '\t')).collect();
    let url = Url::new(&clean).map_err(|problem| call.fail(problem))?;
    let part = |name: &str| -> Result<Value, Stop> {
        let text = |part: &str| like(part, &text);
        Ok(match name {
            "fragment" => text(url.fragment),
            "hostname" => url.hostname().map(|host| text(&host)).into(),
            "netloc" => text(url.netloc),
            "password" => url.password().map(text).into(),
            "path" => text(url.path),
            "port" => url.port().map_err(|problem| call.fail(problem))?.into(),
            "query" => text(url.query),
            "scheme" => text(&url.scheme),
            "username" => url.username().map(text).into(),
            _ => return Err(call.fail(format!("unknown URL component: {name}"))),
        })
    };
    if !component.is_empty() {
        return part(&component);
    }
    const PARTS: [&str; 9] =
        ["fragment", "hostname", "netloc", "password", "path", "port", "query", "scheme", "username"];
    let parts = PARTS.iter().map(|name| Ok((*name, part(name)?)));
    Ok(Value::map(parts.collect::<Result<Vec<_>, Stop>>()?))
}
