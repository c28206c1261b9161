//! `deploy vault` and `ansible-vault`: files and single texts under a vault's password. A plain text is only ever in memory, in the
//! file it was asked into, or in a private file while an editor has it.
use super::exit::{Exit, Refusal};
use super::options::{VaultAction, VaultFiles, VaultKeys, VaultString};
use super::session::Session;
use super::{passwords, vault_ids};
use crate::world::random;
use lang::vault::{self, Keyring, SALT, Secret};
use std::io::{IsTerminal, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use value::Diagnostic;
use zeroize::Zeroizing;

type Done = Result<(), Refusal>;

pub fn run(action: &VaultAction, session: &mut Session) -> Result<Exit, Refusal> {
    let keys = Keys::read(action.keys(), session)?;
    match action {
        VaultAction::Encrypt(options) => each(options, "Encryption", session, |bytes| {
            if vault::is_vault(&bytes) {
                return Err(refuse("input is already encrypted"));
            }
            Ok(sealed(&bytes, &keys.for_new()?)?.into_bytes())
        })?,
        VaultAction::Decrypt(options) => each(options, "Decryption", session, |bytes| keys.open(&bytes))?,
        VaultAction::View(options) => {
            for file in &options.files {
                let text = keys.open(&read(file)?).map_err(|refusal| named(refusal, file))?;
                put(None, &text)?;
            }
        }
        VaultAction::Edit(options) => {
            for file in &options.files {
                edit(file, &keys)?;
            }
        }
        VaultAction::Create(options) => {
            for file in &options.files {
                create(file, &keys)?;
            }
        }
        VaultAction::EncryptString(options) => strings(options, &keys, session)?,
        VaultAction::Rekey(options) => {
            let new = Keys::new_ones(&options.new_keys, session)?.for_new()?;
            for file in &options.files.files {
                let plain = keys.open(&read(file)?).map_err(|refusal| named(refusal, file))?;
                replace(file, sealed(&plain, &new)?.as_bytes(), Keeps::ModeAndOwner)?;
            }
            session.screen.say("Rekey successful", None);
        }
    }
    Ok(Exit::Success)
}

// ---- passwords ----

/// The passwords of this command, and the id for what is encrypted.
struct Keys {
    secrets: Vec<Secret>,
    encrypt_id: Option<String>,
    /// What nobody gave is asked for once it is needed.
    asks: bool,
}

impl Keys {
    fn read(options: &VaultKeys, session: &Session) -> Result<Self, Refusal> {
        let secrets = vault_ids::secrets(&options.project(), &session.config, &*session.files)?;
        let asks = secrets.is_empty();
        Ok(Self { secrets, encrypt_id: options.encrypt_vault_id.clone(), asks })
    }

    fn new_ones(options: &super::options::NewVaultKeys, session: &Session) -> Result<Self, Refusal> {
        let secrets = vault_ids::new_secrets(options, &*session.files)?;
        let asks = secrets.is_empty();
        Ok(Self { secrets, encrypt_id: None, asks })
    }

    /// The one that new texts are encrypted with.
    fn for_new(&self) -> Result<Secret, Refusal> {
        if self.asks {
            let password = passwords::typed("New Vault password: ")?;
            if passwords::typed("Confirm New Vault password: ")? != password {
                return Err(refuse("the two passwords differ"));
            }
            return Ok(Secret::new("default", password));
        }
        let mut found = self.secrets.iter().filter(|secret| self.encrypt_id.as_ref().is_none_or(|id| secret.id == *id));
        match (found.next(), found.next(), &self.encrypt_id) {
            (Some(secret), None, _) | (Some(secret), _, Some(_)) => Ok(secret.clone()),
            (Some(_), Some(_), None) => {
                let ids: Vec<_> = self.secrets.iter().map(|secret| secret.id.as_str()).collect();
                let error = Diagnostic::error("vault", format!("there are several vault ids: {}", ids.join(", ")));
                Err(Refusal::options(error.help("--encrypt-vault-id says which one is meant")))
            }
            (None, ..) => {
                let id = self.encrypt_id.as_deref().unwrap_or("default");
                Err(Refusal::options(Diagnostic::error(
                    "vault",
                    format!("no password was given for the vault id `{id}`"),
                )))
            }
        }
    }

    fn ring(&self) -> Result<Keyring, Refusal> {
        match self.asks {
            true => Ok(Keyring::new(vec![Secret::new("default", passwords::typed("Vault password: ")?)])),
            false => Ok(Keyring::new(self.secrets.clone())),
        }
    }

    fn open(&self, bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
        if !vault::is_vault(bytes) {
            return Err(refuse("input is not vault encrypted data"));
        }
        let text = String::from_utf8_lossy(bytes);
        let plain = self.ring()?.decrypt(&text).map_err(|error| refuse(error.to_string()))?;
        Ok(plain.to_vec())
    }
}

fn sealed(plain: &[u8], secret: &Secret) -> Result<String, Refusal> {
    let mut salt = [0; SALT];
    random::fill(&mut salt).map_err(|error| refuse(format!("the system gives no random bytes: {error}")))?;
    Ok(vault::encrypt(plain, secret, &salt))
}

// ---- files ----

/// Every file in its own place or into `--output`; without files, from the standard input to the standard output.
fn each(
    options: &VaultFiles,
    what: &str,
    session: &mut Session,
    change: impl Fn(Vec<u8>) -> Result<Vec<u8>, Refusal>,
) -> Done {
    if options.files.len() > 1 && options.to_file.is_some() {
        return Err(Refusal::options(Diagnostic::error("options", "--output takes one file")));
    }
    if options.files.is_empty() {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map_err(|error| refuse(error.to_string()))?;
        put(options.to_file.as_deref(), &change(bytes)?)?;
    }
    for file in &options.files {
        let changed = change(read(file)?).map_err(|refusal| named(refusal, file))?;
        match &options.to_file {
            Some(output) => put(Some(output), &changed)?,
            None => replace(file, &changed, Keeps::Nothing)?,
        }
    }
    if std::io::stdout().is_terminal() {
        session.screen.say(&format!("{what} successful"), None);
    }
    Ok(())
}

fn create(file: &Path, keys: &Keys) -> Done {
    if file.exists() {
        return Err(refuse(format!("{} is there already; `edit` changes it", file.display())));
    }
    let secret = keys.for_new()?;
    let plain = edited(&[], file)?.unwrap_or_default();
    replace(file, sealed(&plain, &secret)?.as_bytes(), Keeps::Nothing)
}

/// Under the same id as before; a file that was not changed stays as it is.
fn edit(file: &Path, keys: &Keys) -> Done {
    let bytes = read(file)?;
    if !vault::is_vault(&bytes) {
        return Err(named(refuse("input is not vault encrypted data"), file));
    }
    let ring = keys.ring()?;
    let text = String::from_utf8_lossy(&bytes);
    let plain = ring.decrypt(&text).map_err(|error| named(refuse(error.to_string()), file))?;
    let Some(changed) = edited(&plain, file)? else { return Ok(()) };
    let id = text.lines().next().and_then(|line| line.split(';').nth(3)).unwrap_or("default").trim();
    let secret = ring.secret(Some(id)).or_else(|| ring.secret(None)).cloned();
    let secret = secret.ok_or_else(|| refuse("no password was given"))?;
    replace(file, sealed(&changed, &secret)?.as_bytes(), Keeps::ModeAndOwner)
}

/// What an editor made of it; none: nothing else. Its file is private, in memory where the system has a place for that.
fn edited(plain: &[u8], file: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Refusal> {
    if !std::io::stdin().is_terminal() {
        return Err(Refusal::options(Diagnostic::error("vault", "an editor needs a terminal, and there is none")));
    }
    let folder = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|folder| folder.is_dir());
    let fault = |error: std::io::Error| refuse(format!("a private file could not be made: {error}"));
    let ending = file.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    let mut builder = tempfile::Builder::new();
    builder.prefix("deploy-vault-").suffix(&ending);
    let private = builder.tempdir_in(folder.unwrap_or_else(std::env::temp_dir)).map_err(fault)?;
    let path = private.path().join(format!("plain{ending}"));
    std::fs::write(&path, plain).map_err(fault)?;
    let editor = std::env::var("EDITOR").ok().filter(|editor| !editor.trim().is_empty()).unwrap_or_else(|| "vi".into());
    let mut words = editor.split_whitespace();
    let status = std::process::Command::new(words.next().unwrap_or("vi")).args(words).arg(&path).status();
    let status = status.map_err(|error| refuse(format!("the editor `{editor}` could not be started: {error}")))?;
    if !status.success() {
        return Err(refuse(format!("the editor `{editor}` failed, so nothing was changed")));
    }
    let changed = Zeroizing::new(std::fs::read(&path).map_err(fault)?);
    Ok((*changed != plain).then_some(changed))
}

fn strings(options: &VaultString, keys: &Keys, session: &mut Session) -> Done {
    let secret = keys.for_new()?;
    let mut texts: Vec<(Option<String>, String)> = Vec::new();
    if options.prompt {
        texts.push((options.names.first().cloned(), passwords::typed("String to encrypt: ")?));
    }
    if options.stdin_name.is_some() || options.strings.iter().any(|text| text == "-") || options.reads_stdin() {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(|error| refuse(error.to_string()))?;
        texts.push((options.stdin_name.clone(), text));
    }
    let given = options.strings.iter().filter(|text| *text != "-").cloned().enumerate();
    texts.extend(given.map(|(number, text)| (options.names.get(number).cloned(), text)));
    for (name, text) in texts {
        let sealed = sealed(text.as_bytes(), &secret)?;
        let body: Vec<_> = sealed.trim_end().lines().map(|line| format!("          {line}")).collect();
        let name = name.map(|name| format!("{name}: ")).unwrap_or_default();
        let shown = format!("{name}!vault |\n{}", body.join("\n"));
        match &options.to_file {
            Some(path) => put(Some(path), format!("{shown}\n").as_bytes())?,
            None => session.screen.print(&shown, None),
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<Vec<u8>, Refusal> {
    std::fs::read(file).map_err(|error| refuse(format!("{} could not be read: {error}", file.display())))
}

/// What stays of a file whose content is replaced.
#[derive(PartialEq)]
enum Keeps {
    /// What is in it now is its owner's alone: it was or becomes plain.
    Nothing,
    /// It is as secret as it was.
    ModeAndOwner,
}

/// The whole file at once.
fn replace(file: &Path, bytes: &[u8], keeps: Keeps) -> Done {
    let file = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_path_buf());
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let fault = |error: std::io::Error| refuse(format!("{} could not be written: {error}", file.display()));
    let mut temporary = tempfile::NamedTempFile::new_in(folder).map_err(fault)?;
    temporary.write_all(bytes).and_then(|()| temporary.as_file().sync_all()).map_err(fault)?;
    if keeps == Keeps::ModeAndOwner {
        keep(&file, temporary.as_file()).map_err(fault)?;
    }
    temporary.persist(&file).map_err(|error| fault(error.error))?;
    Ok(())
}

/// Gives a new file the owner and the mode that another one has.
fn keep(file: &Path, new: &std::fs::File) -> std::io::Result<()> {
    let (before, own) = (std::fs::metadata(file)?, new.metadata()?);
    if (before.uid(), before.gid()) != (own.uid(), own.gid()) {
        std::os::unix::fs::fchown(new, Some(before.uid()), Some(before.gid()))?;
    }
    new.set_permissions(before.permissions())
}

fn put(path: Option<&Path>, bytes: &[u8]) -> Done {
    match path.filter(|path| *path != Path::new("-")) {
        Some(path) => replace(path, bytes, Keeps::Nothing),
        None => {
            let mut stdout = std::io::stdout().lock();
            let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
            written.map_err(|error| refuse(format!("the output could not be written: {error}")))
        }
    }
}

fn refuse(message: impl Into<String>) -> Refusal {
    Refusal::error(Diagnostic::error("vault", message))
}

fn named(mut refusal: Refusal, file: &Path) -> Refusal {
    for diagnostic in &mut refusal.diagnostics {
        diagnostic.message = format!("{}: {}", file.display(), diagnostic.message);
    }
    refusal
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_with_a_new_key_keeps_its_mode_and_one_that_becomes_plain_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secrets.yml");
        let replaced = |keeps| {
            std::fs::write(&file, "before").unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
            // As root, the owner is another one, too.
            let other = rustix::process::getuid().is_root().then_some(12);
            std::os::unix::fs::chown(&file, other, other).unwrap();
            assert!(replace(&file, b"after", keeps).is_ok());
            let metadata = std::fs::metadata(&file).unwrap();
            assert_eq!(std::fs::read(&file).unwrap(), b"after");
            (metadata.mode() & 0o777, other.is_some_and(|other| (metadata.uid(), metadata.gid()) == (other, other)))
        };
        let is_root = rustix::process::getuid().is_root();
        assert_eq!(replaced(Keeps::ModeAndOwner), (0o640, is_root));
        assert_eq!(replaced(Keeps::Nothing), (0o600, false));
    }
}
