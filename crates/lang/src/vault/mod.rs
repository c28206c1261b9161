//! ansible-vault's format, read and written: AES-256 in counter mode under a key derived from a password, versions 1.1 and 1.2
//! (which names the password by an id). Passwords and keys are wiped after use and never shown.
mod cipher;

use cipher::Keys;
use std::fmt;
use zeroize::Zeroizing;

const HEADER: &str = "$ANSIBLE_VAULT;";
const COLUMNS: usize = 80;
/// As many bytes as Ansible salts with.
pub const SALT: usize = 32;

/// A password, and the id under which texts may ask for it.
#[derive(Clone)]
pub struct Secret {
    pub id: String,
    password: Zeroizing<Vec<u8>>,
}

/// The passwords of a run, in the order in which they are tried.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    secrets: Vec<Secret>,
    /// Whether only a password with the text's own id may open it.
    pub match_ids: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VaultError {
    /// What is wrong with the text's form.
    Malformed(&'static str),
    UnknownVersion(String),
    UnknownCipher(String),
    NoSecrets,
    /// None of the passwords opens it; the ids that were tried.
    WrongPassword {
        id: Option<String>,
        tried: Vec<String>,
    },
}

impl Secret {
    /// Ansible strips white space around a password that it reads from a file; so do callers before they come here.
    pub fn new(id: impl Into<String>, password: impl Into<Vec<u8>>) -> Self {
        Self { id: id.into(), password: Zeroizing::new(password.into()) }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Secret({})", self.id)
    }
}

impl Keyring {
    pub fn new(secrets: Vec<Secret>) -> Self {
        Self { secrets, match_ids: false }
    }

    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// The password for new texts: of this id, or the first.
    pub fn secret(&self, id: Option<&str>) -> Option<&Secret> {
        self.secrets.iter().find(|secret| id.is_none_or(|id| secret.id == id))
    }

    pub fn decrypt(&self, text: &str) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let sealed = Sealed::read(text)?;
        if self.secrets.is_empty() {
            return Err(VaultError::NoSecrets);
        }
        let has_id = |secret: &&Secret| sealed.id.as_deref() == Some(secret.id.as_str());
        let own = self.secrets.iter().filter(has_id);
        let others = self.secrets.iter().filter(|secret| !has_id(secret) && (!self.match_ids || sealed.id.is_none()));
        let mut tried = Vec::new();
        for secret in own.chain(others) {
            match sealed.open(secret) {
                Some(plain) => return plain,
                None => tried.push(secret.id.clone()),
            }
        }
        Err(VaultError::WrongPassword { id: sealed.id, tried })
    }
}

/// Whether a file's content is a vault's.
pub fn is_vault(bytes: &[u8]) -> bool {
    bytes.starts_with(HEADER.as_bytes())
}

/// The text under the password. An id other than `default` makes it version 1.2, as Ansible does. The salt must be fresh.
pub fn encrypt(plain: &[u8], secret: &Secret, salt: &[u8]) -> String {
    let keys = Keys::derive(&secret.password, salt);
    let ciphertext = keys.encrypt(plain);
    let inner = [hex(salt), hex(&keys.authenticate(&ciphertext)), hex(&ciphertext)].join("\n");
    let mut text = match secret.id.as_str() {
        "" | "default" => format!("{HEADER}1.1;AES256\n"),
        id => format!("{HEADER}1.2;AES256;{id}\n"),
    };
    let outer = hex(inner.as_bytes());
    for line in outer.as_bytes().chunks(COLUMNS) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text
}

/// A vault's parts.
struct Sealed {
    id: Option<String>,
    salt: Vec<u8>,
    mac: Vec<u8>,
    ciphertext: Vec<u8>,
}

impl Sealed {
    fn read(text: &str) -> Result<Self, VaultError> {
        let mut lines = text.lines().map(str::trim);
        let header = lines.next().unwrap_or_default();
        let rest = header.strip_prefix(HEADER).ok_or(VaultError::Malformed("it does not begin with $ANSIBLE_VAULT"))?;
        let mut fields = rest.split(';');
        let version = fields.next().unwrap_or_default();
        if !matches!(version, "1.1" | "1.2") {
            return Err(VaultError::UnknownVersion(version.to_string()));
        }
        match fields.next() {
            Some("AES256") => {}
            other => return Err(VaultError::UnknownCipher(other.unwrap_or_default().to_string())),
        }
        let id = fields.next().filter(|id| version == "1.2" && !id.is_empty()).map(str::to_string);
        let body: String = lines.collect();
        let inner = unhex(body.as_bytes()).ok_or(VaultError::Malformed(unhex_fault(&body)))?;
        let mut parts = inner.splitn(3, |byte| *byte == b'\n').map(unhex);
        let mut part = || parts.next().flatten().ok_or(VaultError::Malformed("the body is cut short"));
        Ok(Self { id, salt: part()?, mac: part()?, ciphertext: part()? })
    }

    /// None: the password is another one (or somebody changed the text).
    fn open(&self, secret: &Secret) -> Option<Result<Zeroizing<Vec<u8>>, VaultError>> {
        let keys = Keys::derive(&secret.password, &self.salt);
        keys.verify(&self.ciphertext, &self.mac)
            .then(|| keys.decrypt(&self.ciphertext).ok_or(VaultError::Malformed("its padding is wrong")))
    }
}

/// Why a text is not hexadecimal, in Python's words.
fn unhex_fault(text: &str) -> &'static str {
    if text.bytes().all(|byte| byte.is_ascii_hexdigit()) { "Odd-length string" } else { "Non-hexadecimal digit found" }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let pairs = text.chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect()
}

impl fmt::Display for VaultError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            VaultError::Malformed(why) => write!(f, "Vault format unhexlify error: {why}"),
            VaultError::UnknownVersion(version) => {
                write!(f, "vault version '{version}' is not known (1.1 and 1.2 are)")
            }
            VaultError::UnknownCipher(cipher) => write!(f, "vault cipher '{cipher}' is not known (AES256 is)"),
            VaultError::NoSecrets => f.write_str("Attempting to decrypt but no vault secrets found."),
            VaultError::WrongPassword { id, tried } => {
                let which = id.as_ref().map(|id| format!(" for vault id '{id}'")).unwrap_or_default();
                let words = "Decryption failed (no vault secrets were found that could decrypt)";
                write!(f, "{words}: none of the passwords given opens this{which} (tried: {})", tried.join(", "))
            }
        }
    }
}

impl std::error::Error for VaultError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by ansible-vault, password `hunter2`, plain text `secret: {{ value }}\n`.
    const BY_ANSIBLE: &str = "\
$ANSIBLE_VAULT;1.1;AES256\n\
64333239616363626134353232636261663637633730643138613232623331343830326234633765\n\
3034326262663330333237613164633733653533393362310a623066376138626136613463323132\n\
38343766346562636638366633666365633930643433393139396636303339633239643364646531\n\
6564626161616531630a396362353864626665626138393631383066616663663434356366353865\n\
38663534633535363362366334353562373966613033373862353530373635613834\n\
";
    const WITH_ID: &str = "\
$ANSIBLE_VAULT;1.2;AES256;dev\n\
37303064633034633039376362633563643765373539393633663865373462616431356635353439\n\
6330626163343231316363323331303832616133383736620a376665643564373831366464626637\n\
33613638643632343031396561333836393138623933393165656439613139633064333535326563\n\
3064386235383136350a633932353566313832663234363261346530656164313566383161313131\n\
33663362353364366366333331376166386563636165313536313732333166366163\n\
";

    #[test]
    fn what_ansible_wrote_is_read() {
        let keyring = Keyring::new(vec![Secret::new("other", "nope"), Secret::new("dev", "hunter2")]);
        for text in [BY_ANSIBLE, WITH_ID] {
            assert_eq!(keyring.decrypt(text).unwrap().as_slice(), b"secret: {{ value }}\n");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let secret = Secret::new("dev", "x");
        for length in [0, 15, 16, 200] {
            let plain = vec![b'a'; length];
            let text = encrypt(&plain, &secret, &[7; SALT]);
            assert!(text.starts_with("$ANSIBLE_VAULT;1.2;AES256;dev\n") && is_vault(text.as_bytes()));
            assert_eq!(Keyring::new(vec![secret.clone()]).decrypt(&text).unwrap().as_slice(), plain);
        }
    }

    #[test]
    fn wrong_passwords_and_broken_texts_are_told_apart() {
        let keyring = Keyring::new(vec![Secret::new("dev", "hunter3")]);
        let wrong = keyring.decrypt(WITH_ID).unwrap_err();
        assert_eq!(wrong, VaultError::WrongPassword { id: Some("dev".into()), tried: vec!["dev".into()] });
        assert!(!format!("{keyring:?} {wrong}").contains("hunter3"));
        assert_eq!(Keyring::default().decrypt(WITH_ID).unwrap_err(), VaultError::NoSecrets);
        let broken = ["", "$ANSIBLE_VAULT;1.1;AES256\nxyz", "$ANSIBLE_VAULT;1.1;AES256\n6162\n", "$ANSIBLE_VAULT;9\n"];
        for text in broken {
            assert!(!matches!(keyring.decrypt(text), Err(VaultError::WrongPassword { .. }) | Ok(_)), "{text}");
        }
    }
}
