//! Ports as tasks publish them: `8080:80`, `127.0.0.1::53/udp`, `8000-8009:80`.
use value::{Map, Value};

/// What the daemon wants: container ports, each with the places on the host that lead to it.
pub fn bindings(published: &[String], default_ip: &str) -> Result<Map, String> {
    let mut all: Vec<(String, Vec<Value>)> = Vec::new();
    for text in published.iter().map(|text| text.trim()).filter(|text| !text.is_empty() && *text != "all") {
        let (rest, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        let (ip, host, container) = parts(rest)?;
        let containers = range(container)
            .ok_or_else(|| format!("Invalid port description \"{text}\" - expected 1 to 3 colon-separated parts"))?;
        let hosts = match host {
            Some(host) if !host.is_empty() => Some(range(host).ok_or_else(|| format!("Invalid port: {text}"))?),
            _ => None,
        };
        if hosts.as_ref().is_some_and(|hosts| hosts.len() != containers.len() && containers.len() != 1) {
            return Err(format!("Port ranges don't match in length: {text}"));
        }
        let ip = ip.unwrap_or(default_ip).trim_matches(['[', ']']);
        for (index, container) in containers.iter().enumerate() {
            let host = match &hosts {
                // One container port may have a whole range to choose from.
                Some(hosts) if containers.len() == 1 && hosts.len() > 1 => {
                    format!("{}-{}", hosts[0], hosts[hosts.len() - 1])
                }
                Some(hosts) => hosts[index].to_string(),
                None => String::new(),
            };
            let key = format!("{container}/{protocol}");
            let binding = Value::map([("HostIp", ip), ("HostPort", host.as_str())]);
            match all.iter_mut().find(|(known, _)| *known == key) {
                Some((_, list)) => list.push(binding),
                None => all.push((key, vec![binding])),
            }
        }
    }
    Ok(all.into_iter().map(|(key, list)| (key, Value::list(list))).collect())
}

type Parts<'t> = (Option<&'t str>, Option<&'t str>, &'t str);

/// Address, port of the host, port of the container; an IPv6 address stands in brackets.
fn parts(text: &str) -> Result<Parts<'_>, String> {
    if let Some((ip, rest)) = text.strip_prefix('[').and_then(|rest| rest.split_once("]:")) {
        let (host, container) = rest.split_once(':').unwrap_or(("", rest));
        return Ok((Some(ip), Some(host), container));
    }
    let words: Vec<_> = text.split(':').collect();
    match words.as_slice() {
        [container] => Ok((None, None, container)),
        [host, container] => Ok((None, Some(host), container)),
        [ip, host, container] => Ok((Some(ip), Some(host), container)),
        _ => Err(format!("Invalid port description \"{text}\" - expected 1 to 3 colon-separated parts")),
    }
}

fn range(text: &str) -> Option<Vec<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse::<u16>().ok()?, last.parse::<u16>().ok()?);
    (first <= last).then(|| (first..=last).collect())
}

/// `80`, `80/udp`, `8000-8005` as container ports.
pub fn exposed(texts: &[String]) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    for text in texts {
        let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        let ports = range(ports).ok_or_else(|| format!("Invalid port: {text}"))?;
        all.extend(ports.into_iter().map(|port| format!("{port}/{protocol}")));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use value::value::{Json, json_text};

    fn shown(texts: &[&str]) -> String {
        let texts: Vec<_> = texts.iter().map(ToString::to_string).collect();
        json_text(&bindings(&texts, "0.0.0.0").unwrap().into(), Json::COMPACT)
    }

    #[test]
    fn ports_are_read_in_all_their_forms() {
        assert_eq!(shown(&["8080:80"]), r#"{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"}]}"#);
        assert_eq!(shown(&["127.0.0.1::53/udp"]), r#"{"53/udp":[{"HostIp":"127.0.0.1","HostPort":""}]}"#);
        assert_eq!(shown(&["[::1]:80:80"]), r#"{"80/tcp":[{"HostIp":"::1","HostPort":"80"}]}"#);
        assert!(shown(&["8000-8001:80-81"]).contains(r#""81/tcp":[{"HostIp":"0.0.0.0","HostPort":"8001"}]"#));
        assert!(bindings(&["80:x".into()], "").is_err() && bindings(&["1:2:3:4".into()], "").is_err());
    }
}
