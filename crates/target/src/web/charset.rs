//! Text in the encoding that a server names.

/// What cannot be read becomes a replacement character. None: nobody here knows the encoding.
pub fn decode(bytes: &[u8], charset: &str) -> Option<String> {
    Some(match charset.to_ascii_lowercase().replace('_', "-").as_str() {
        "" | "utf-8" | "utf8" => String::from_utf8_lossy(bytes).into_owned(),
        "us-ascii" | "ascii" => {
            bytes.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '\u{fffd}' }).collect()
        }
        "iso-8859-1" | "iso8859-1" | "latin-1" | "latin1" | "l1" => bytes.iter().copied().map(char::from).collect(),
        "windows-1252" | "cp1252" => bytes.iter().map(|byte| western(*byte)).collect(),
        "utf-16le" | "utf-16-le" => wide(bytes, u16::from_le_bytes),
        "utf-16be" | "utf-16-be" => wide(bytes, u16::from_be_bytes),
        "utf-16" => match bytes {
            [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
            [0xff, 0xfe, rest @ ..] | rest => wide(rest, u16::from_le_bytes),
        },
        _ => return None,
    })
}

/// `charset=` of a content type.
pub fn of(content_type: &str) -> &str {
    let parameters = content_type.split(';').skip(1).filter_map(|part| part.trim().split_once('='));
    let mut charsets = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    charsets.next().map_or("", |(_, charset)| charset.trim().trim_matches(['"', '\'']))
}

fn wide(bytes: &[u8], word: impl Fn([u8; 2]) -> u16) -> String {
    let words = bytes.chunks(2).map(|pair| pair.try_into().map_or(0xfffd, &word));
    char::decode_utf16(words).map(|c| c.unwrap_or('\u{fffd}')).collect()
}

/// Windows has letters where Latin-1 has controls.
fn western(byte: u8) -> char {
    const LETTERS: [char; 32] = [
        '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž', '\u{fffd}',
        '\u{fffd}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => LETTERS[usize::from(byte - 0x80)],
        byte => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_the_server_says() {
        let cases: [(&[u8], &str, &str); 8] = [
            (b"caf\xc3\xa9", "UTF-8", "café"),
            (b"caf\xe9", "", "caf\u{fffd}"),
            (b"caf\xe9", "iso-8859-1", "café"),
            (b"caf\xe9", "latin_1", "café"),
            (b"caf\xe9", "us-ascii", "caf\u{fffd}"),
            (b"\x80 \xe9", "windows-1252", "€ é"),
            (b"\xff\xfec\0\xe9\0", "utf-16", "cé"),
            (b"\0c\0\xe9\0", "utf-16be", "cé\u{fffd}"),
        ];
        for (bytes, charset, text) in cases {
            assert_eq!(decode(bytes, charset).as_deref(), Some(text), "{charset}");
        }
        assert_eq!(decode(b"x", "bogus"), None);
    }

    #[test]
    fn the_charset_is_found_in_the_content_type() {
        assert_eq!(of("text/html; boundary=x; Charset=\"latin-1\""), "latin-1");
        assert_eq!(of("text/charset=no"), "");
    }
}
