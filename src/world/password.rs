//! The lookup `password`: a random password that a file on the controller keeps.
use super::lookups::{expand, refuse, secret};
use super::random;
use lang::template::{Arguments, Stop};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use value::Value;

struct Wanted {
    path: String,
    length: usize,
    chars: Vec<String>,
    seed: Option<String>,
}

/// `path length=20 chars=ascii_letters,digits`, or the same as named arguments. Only plain text is kept and given; hashes are for
/// the filter `password_hash`.
pub fn lookup(term: &str, arguments: &Arguments) -> Result<Value, Stop> {
    let wanted = read(term, arguments)?;
    let path = Path::new(&wanted.path);
    if wanted.path == "/dev/null" {
        return generate(&wanted).map(secret);
    }
    let stored = std::fs::read_to_string(path).ok();
    if let Some(line) = stored.as_deref().and_then(|text| text.lines().next()).filter(|line| !line.is_empty()) {
        let password = line.rsplit_once(" salt=").map_or(line, |(password, _)| password);
        return Ok(secret(password.to_string()));
    }
    let password = generate(&wanted)?;
    store(path, &password).map_err(|error| Stop::outside(format!("{}: {error}", wanted.path)))?;
    Ok(secret(password))
}

fn read(term: &str, arguments: &Arguments) -> Result<Wanted, Stop> {
    let mut wanted = Wanted {
        path: String::new(),
        length: 20,
        chars: vec!["ascii_letters".into(), "digits".into(), ".,:-_".into()],
        seed: None,
    };
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut words: Vec<&str> = term.split(' ').collect();
    while let Some((name, value)) = words.last().and_then(|word| word.split_once('=')) {
        pairs.push((name.to_string(), value.to_string()));
        words.pop();
    }
    wanted.path = expand(&words.join(" "));
    pairs.extend(arguments.named.iter().map(|(name, value)| {
        let text = value
            .as_list()
            .map_or_else(|| value.to_text(), |items| items.iter().map(Value::to_text).collect::<Vec<_>>().join(","));
        (name.to_string(), text)
    }));
    for (name, value) in pairs {
        match name.as_str() {
            "length" => {
                wanted.length = value
                    .parse()
                    .map_err(|_| refuse(format!("password: length should be a number, and is '{value}'")))?
            }
            "chars" => {
                wanted.chars = value
                    .replace(",,", ",\u{1}")
                    .split(',')
                    .map(|word| word.replace('\u{1}', ","))
                    .filter(|word| !word.is_empty())
                    .collect()
            }
            "seed" => wanted.seed = Some(value),
            "encrypt" | "ident" => {
                return Err(refuse(format!("password: `{name}` is not there yet; use the filter password_hash")));
            }
            _ => return Err(refuse(format!("password: unknown option '{name}'"))),
        }
    }
    Ok(wanted)
}

fn generate(wanted: &Wanted) -> Result<String, Stop> {
    let alphabet: Vec<char> = wanted.chars.iter().flat_map(|word| class(word).chars().collect::<Vec<_>>()).collect();
    if alphabet.is_empty() {
        return Err(refuse("password: there are no characters to choose from"));
    }
    let mut source = Source::new(wanted.seed.as_deref());
    (0..wanted.length).map(|_| source.below(alphabet.len()).map(|at| alphabet[at])).collect()
}

fn class(word: &str) -> String {
    let letters = |from: char, to: char| (from..=to).collect::<String>();
    match word {
        "ascii_lowercase" => letters('a', 'z'),
        "ascii_uppercase" => letters('A', 'Z'),
        "ascii_letters" => letters('a', 'z') + &letters('A', 'Z'),
        "digits" => letters('0', '9'),
        "hexdigits" => "0123456789abcdefABCDEF".into(),
        "octdigits" => "01234567".into(),
        "punctuation" => "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~".into(),
        other => other.into(),
    }
}

/// The system's random numbers, or a chain of hashes from a seed.
enum Source {
    System,
    Seeded(blake3::OutputReader),
}

impl Source {
    fn new(seed: Option<&str>) -> Self {
        seed.map_or(Source::System, |seed| Source::Seeded(blake3::Hasher::new().update(seed.as_bytes()).finalize_xof()))
    }

    fn below(&mut self, limit: usize) -> Result<usize, Stop> {
        let mut bytes = [0; 8];
        match self {
            Source::Seeded(reader) => reader.fill(&mut bytes),
            Source::System => {
                random::fill(&mut bytes).map_err(|error| Stop::outside(format!("no random numbers: {error}")))?;
            }
        }
        Ok(random::below(limit as u64, bytes) as usize)
    }
}

fn store(path: &Path, password: &str) -> std::io::Result<()> {
    if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    writeln!(file, "{password}")
}
