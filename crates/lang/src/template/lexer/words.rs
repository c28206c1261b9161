//! Numbers, and the escapes of string literals.
use num_bigint::BigInt;
use value::Value;

fn digits_end(text: &str, is_digit: impl Fn(u8) -> bool) -> usize {
    let bytes = text.as_bytes();
    let mut end = 0;
    while end < bytes.len() && (is_digit(bytes[end]) || (bytes[end] == b'_' && end > 0)) {
        end += 1;
    }
    while end > 0 && bytes[end - 1] == b'_' {
        end -= 1;
    }
    end
}

pub fn radix_number(text: &str) -> Option<(usize, Value)> {
    let radix = match text.get(..2)?.to_ascii_lowercase().as_str() {
        "0x" => 16,
        "0o" => 8,
        "0b" => 2,
        _ => return None,
    };
    let digits = text[2..].trim_start_matches('_');
    let skipped = text.len() - digits.len();
    let end = digits_end(digits, |byte| char::from(byte).is_digit(radix));
    let plain: String = digits[..end].chars().filter(|c| *c != '_').collect();
    let number = BigInt::parse_bytes(plain.as_bytes(), radix)?;
    Some((skipped + end, number.into()))
}

pub fn integer(text: &str) -> (usize, Value) {
    // A number does not begin with a zero, unless it is nothing but zeros.
    let zero = text.starts_with('0');
    let end = digits_end(text, |byte| if zero { byte == b'0' } else { byte.is_ascii_digit() });
    let plain: String = text[..end].chars().filter(|c| *c != '_').collect();
    let number =
        plain.parse().map_or_else(|_| BigInt::parse_bytes(plain.as_bytes(), 10).unwrap_or_default().into(), Value::Int);
    (end, number)
}

/// With a fraction, an exponent or both; a dot without digits after it belongs to what follows.
pub fn float(text: &str) -> Option<(usize, Value)> {
    let decimal = |byte: u8| byte.is_ascii_digit();
    let whole = digits_end(text, decimal);
    let mut end = whole;
    if let Some(fraction) = text[end..].strip_prefix('.') {
        let digits = digits_end(fraction, decimal);
        end += if digits > 0 { digits + 1 } else { 0 };
    }
    if let Some(exponent) = text[end..].strip_prefix(['e', 'E']) {
        let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let digits = digits_end(unsigned, decimal);
        end += if digits > 0 { 1 + exponent.len() - unsigned.len() + digits } else { 0 };
    }
    let plain: String = text[..end].chars().filter(|c| *c != '_').collect();
    (end > whole).then(|| plain.parse().ok().map(|number| (end, Value::Float(number)))).flatten()
}

/// Python's escapes; unknown ones stay as they are.
pub fn decode(raw: &str) -> Result<String, String> {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = &rest[at + 1..];
        let Some(kind) = escape.chars().next() else { break };
        rest = &escape[kind.len_utf8()..];
        match kind {
            '\n' => {}
            '\\' | '\'' | '"' => out.push(kind),
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'a' => out.push('\u{7}'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'v' => out.push('\u{b}'),
            'x' => rest = code_point(rest, 2, &mut out)?,
            'u' => rest = code_point(rest, 4, &mut out)?,
            'U' => rest = code_point(rest, 8, &mut out)?,
            '0'..='7' => {
                let length = escape.bytes().take(3).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
                let code = u32::from_str_radix(&escape[..length], 8).unwrap_or(0);
                out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
                rest = &escape[length..];
            }
            other => {
                out.push('\\');
                out.push(other);
            }
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn code_point<'r>(rest: &'r str, digits: usize, out: &mut String) -> Result<&'r str, String> {
    let code = rest.get(..digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    let c = code.and_then(char::from_u32).ok_or("an escape such as \\xhh or \\uhhhh lacks its digits")?;
    out.push(c);
    Ok(&rest[digits..])
}
