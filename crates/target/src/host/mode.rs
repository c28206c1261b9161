//! A file's mode as tasks write it: `0644`, `"644"`, `u=rw,g=r,o=r`.
use value::Value;

#[derive(Clone, Debug, PartialEq)]
pub enum ModeSpec {
    Bits(u32),
    /// To be worked out from the mode that is there.
    Symbolic(String),
    /// As the source has it.
    Preserve,
}

impl ModeSpec {
    pub fn parse(value: &Value) -> Result<Option<Self>, String> {
        match value {
            Value::Null => Ok(None),
            Value::Int(bits) => bits_of(*bits).map(|bits| Some(ModeSpec::Bits(bits))),
            Value::Str(text) if text.is_empty() => Ok(None),
            Value::Str(text) if text.as_str() == "preserve" => Ok(Some(ModeSpec::Preserve)),
            Value::Str(text) if text.chars().all(|c| c.is_ascii_digit() || c == 'o') => {
                let digits = text.strip_prefix("0o").unwrap_or(text);
                match i64::from_str_radix(digits, 8) {
                    Ok(bits) => bits_of(bits).map(|bits| Some(ModeSpec::Bits(bits))),
                    Err(_) => Err(refused(text)),
                }
            }
            Value::Str(text) => {
                symbolic(text, 0, false, 0)?;
                Ok(Some(ModeSpec::Symbolic(text.to_string())))
            }
            other => Err(refused(&other.to_text())),
        }
    }

    pub fn bits(&self, now: u32, is_dir: bool, umask: u32) -> Result<u32, String> {
        match self {
            ModeSpec::Bits(bits) => Ok(*bits),
            ModeSpec::Symbolic(text) => symbolic(text, now, is_dir, umask),
            ModeSpec::Preserve => Ok(now),
        }
    }
}

fn refused(text: &str) -> String {
    format!("bad symbolic permission for mode: {text}")
}

fn bits_of(bits: i64) -> Result<u32, String> {
    match u32::try_from(bits) {
        Ok(bits) if bits <= 0o7777 => Ok(bits),
        _ => Err(format!("{bits:o} is not a set of permissions")),
    }
}

/// `ugoa` `+-=` `rwxXst` or another class whose bits are taken, as Ansible reads them.
fn symbolic(text: &str, now: u32, is_dir: bool, umask: u32) -> Result<u32, String> {
    let mut mode = now;
    for clause in text.split(',') {
        let start = clause.find(['+', '-', '=']).ok_or_else(|| refused(text))?;
        let (who, mut rest) = clause.split_at(start);
        if !who.chars().all(|c| "ugoa".contains(c)) {
            return Err(refused(text));
        }
        while !rest.is_empty() {
            let operator = rest.as_bytes()[0];
            let end = rest[1..].find(['+', '-', '=']).map_or(rest.len(), |at| at + 1);
            let bits = permissions(&rest[1..end], who, mode, is_dir).ok_or_else(|| refused(text))?;
            let bits = if who.is_empty() { bits & !umask } else { bits };
            mode = match operator {
                b'+' => mode | bits,
                b'-' => mode & !bits,
                // Set-uid and set-gid of a folder go, too: Ansible is not chmod here.
                _ => (mode & !mask(who)) | bits,
            };
            rest = &rest[end..];
        }
    }
    Ok(mode)
}

fn mask(who: &str) -> u32 {
    let all = who.is_empty() || who.contains('a');
    let class = |letter, bits| if all || who.contains(letter) { bits } else { 0 };
    class('u', 0o4700) | class('g', 0o2070) | class('o', 0o1007)
}

fn permissions(letters: &str, who: &str, now: u32, is_dir: bool) -> Option<u32> {
    let mut bits = 0;
    for letter in letters.chars() {
        bits |= match letter {
            'r' => 0o444,
            'w' => 0o222,
            'x' => 0o111,
            'X' if is_dir || now & 0o111 != 0 => 0o111,
            'X' => 0,
            's' => 0o6000,
            't' => 0o1000,
            'u' | 'g' | 'o' if letters.len() == 1 => {
                let shift = match letter {
                    'u' => 6,
                    'g' => 3,
                    _ => 0,
                };
                ((now >> shift) & 7) * 0o111
            }
            _ => return None,
        };
    }
    Some(bits & mask(who))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(text: &str, now: u32, is_dir: bool) -> u32 {
        ModeSpec::parse(&text.into()).unwrap().unwrap().bits(now, is_dir, 0o022).unwrap()
    }

    #[test]
    fn modes_are_read_as_ansible_reads_them() {
        assert_eq!(applied("0644", 0, false), 0o644);
        assert_eq!(applied("755", 0, false), 0o755);
        assert_eq!(applied("u=rw,g=r,o=r", 0o777, false), 0o644);
        assert_eq!(applied("u+x", 0o644, false), 0o744);
        assert_eq!(applied("a+X", 0o644, false), 0o644);
        assert_eq!(applied("a+X", 0o644, true), 0o755);
        assert_eq!(applied("u=rwX,g=rX,o=", 0o700, true), 0o750);
        assert_eq!(applied("g=u", 0o640, false), 0o660);
        assert_eq!(applied("u+s", 0o755, false), 0o4755);
        assert_eq!(applied("+t", 0o755, true), 0o1755);
        assert_eq!(applied("o-rwx,g-w", 0o777, false), 0o750);
        assert_eq!(applied("+w", 0o444, false), 0o644);
        for is_dir in [false, true] {
            let cases = [
                ("u=rwx,g=rx,o=rx", 0o2755, 0o755),
                ("a=rx", 0o6755, 0o555),
                ("g=rx", 0o4755, 0o4755),
                ("o=rx", 0o1755, 0o755),
                ("u=rwx", 0o1755, 0o1755),
                ("u=rwx,g=rxs,o=", 0o2755, 0o2750),
                ("u=rwxt", 0o755, 0o755),
                ("o=rxt", 0o755, 0o1755),
                ("a=rxt", 0o755, 0o1555),
                ("u+t", 0o755, 0o755),
                ("u-t", 0o1755, 0o1755),
                ("a-t", 0o1755, 0o755),
                ("o+s", 0o755, 0o755),
                ("a+s", 0o755, 0o6755),
                ("=rx", 0o6755, 0o555),
            ];
            for (text, now, then) in cases {
                assert_eq!(applied(text, now, is_dir), then, "{text} on {now:o}");
            }
        }
        assert_eq!(ModeSpec::parse(&Value::Int(420)), Ok(Some(ModeSpec::Bits(0o644))));
    }

    #[test]
    fn what_is_no_mode_is_refused() {
        for bad in ["u~x", "rw", "0999", "99999", "u+q"] {
            assert!(ModeSpec::parse(&bad.into()).is_err(), "{bad}");
        }
    }
}
