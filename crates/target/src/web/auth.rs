//! Logins: of the task, of the address, of the user's netrc.
use super::{Ask, Url};
use crate::base64;
use crate::machine::Machine;
use std::path::Path;

/// The `Authorization` header for a host, if anybody knows a login.
pub fn login(machine: &dyn Machine, ask: &Ask, url: &Url) -> Option<String> {
    if let Some(user) = &ask.username {
        return Some(basic(user, ask.password.as_deref().unwrap_or_default()));
    }
    if let Some(info) = &url.user_info {
        let (user, password) = info.split_once(':').unwrap_or((info, ""));
        return Some(basic(&unescaped(user), &unescaped(password)));
    }
    if !ask.use_netrc {
        return None;
    }
    let path = machine.variable("NETRC").or_else(|| Some(format!("{}/.netrc", machine.variable("HOME")?)))?;
    let text = machine.read(Path::new(&path)).ok()?;
    let (user, password) = netrc(&String::from_utf8_lossy(&text), &url.host)?;
    Some(basic(&user, &password))
}

pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", base64::encode(format!("{user}:{password}").as_bytes()))
}

fn netrc(text: &str, host: &str) -> Option<(String, String)> {
    let (mut here, mut user, mut password) = (false, None, None);
    let mut words = text.lines().filter(|line| !line.trim_start().starts_with('#')).flat_map(str::split_whitespace);
    while let Some(word) = words.next() {
        match word {
            "machine" | "default" => {
                if here && user.is_some() {
                    break;
                }
                here = word == "default" || words.next() == Some(host);
            }
            "login" if here => user = words.next().map(String::from),
            "password" if here => password = words.next().map(String::from),
            _ => {}
        }
    }
    Some((user?, password.unwrap_or_default()))
}

pub fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code =
            (*first == b'%').then(|| after.get(..2)).flatten().and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_found_and_written() {
        assert_eq!(basic("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        let text =
            "machine other login x password y\nmachine files.test\n login me password z\ndefault login d password e";
        assert_eq!(netrc(text, "files.test"), Some(("me".into(), "z".into())));
        assert_eq!(netrc(text, "nowhere"), Some(("d".into(), "e".into())));
        assert_eq!(unescaped("a%40b%zz"), "a@b%zz");
    }
}
