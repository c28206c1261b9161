//! Gets a helper to run at the other end of a plain byte stream: the first shell script of a connection. It looks for a cached
//! helper by the hash of its bytes, asks for it where there is none, verifies it before it runs, and becomes it.
use super::failure::Failure;
use super::program::{Packed, Program};
use super::quote::quote;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The remote command that starts it.
pub fn command(program: &Program, larger: bool, remote_tmp: Option<&str>) -> Result<String, Failure> {
    let known = program.known(larger)?;
    let hashes: Vec<_> = known.iter().map(|packed| packed.hash.as_str()).collect();
    let argument = known.first().map_or("", |packed| packed.argument);
    let extra = remote_tmp.map_or_else(|| "''".to_string(), from_home);
    let script =
        SCRIPT.replace("@HASHES@", &hashes.join(" ")).replace("@ARGUMENT@", argument).replace("@EXTRA@", &extra);
    Ok(format!("/bin/sh -c {}", quote(&script)))
}

/// A folder's path as a word for the shell, which knows where home is.
fn from_home(dir: &str) -> String {
    let dir = if dir.len() > 1 { dir.trim_end_matches('/') } else { dir };
    match dir.strip_prefix('~') {
        Some("") => "\"$HOME\"".into(),
        Some(rest) if rest.starts_with('/') => format!("\"$HOME\"{}", quote(rest)),
        _ => quote(dir),
    }
}

/// Says `HAVE` and becomes the helper; or says `NEED` and the architecture, reads one line (bytes, hash) and the packed helper,
/// and goes on as before; or says `FAIL` and why. Where the helper did not arrive whole it asks once more, for the next folder. A folder where programs may not run is passed over. The folder is always one of
/// our own, below the user's where they named one, and what is cleared away there are old helpers alone: files named by a hash.
const SCRIPT: &str = r#"m=$(umask); umask 077
ok() { [ "$(sha256sum <"$1" 2>/dev/null)" = "$2  -" ]; }
places() { x=@EXTRA@; [ -z "$x" ] || x="$x/deploy-$(id -u)
"; p="$x${XDG_CACHE_HOME:-$HOME/.cache}/deploy"; [ -z "$1" ] || { u=$(id -u); p="$p
/var/tmp/deploy-$u
/tmp/deploy-$u
/run/user/$u/deploy
/dev/shm/deploy-$u"; }; }
try() { IFS='
'; for d in $p; do for h in $2; do f="$d/$h"; [ -O "$d" ] && [ -O "$f" ] && ok "$f" "$h" && { IFS=' '; echo HAVE; umask "$m"; exec "$f" @ARGUMENT@; }; done; done; IFS=' '; }
hashes=$(echo @HASHES@ | tr ' ' '\n')
places; try x "$hashes"
places all; try x "$hashes"
echo "NEED $(uname -m)"
read -r n h || exit 0
w=; waits=x; IFS='
'
for d in $p; do
  f="$d/$h"; t="$f.$$"
  mkdir -p -m 700 "$d" 2>/dev/null && [ -O "$d" ] && [ ! -L "$d" ] && chmod 700 "$d" 2>/dev/null && [ -w "$d" ] || { w="$w $d: cannot be written;"; continue; }
  printf '#!/bin/sh\nexit 0\n' >"$t" 2>/dev/null && chmod 700 "$t" && "$t" 2>/dev/null || { rm -f "$t"; w="$w $d: full, or programs may not run there;"; continue; }
  [ -n "$waits" ] || { echo "NEED $(uname -m)"; IFS=' ' read -r n h || exit 0; }; waits=
  head -c "$n" | { gzip -dc >"$t" 2>/dev/null; cat >/dev/null; }
  ok "$t" "$h" || { rm -f "$t"; w="$w $d: the helper did not arrive whole (is the disk full? are gzip and sha256sum there?);"; continue; }
  chmod 700 "$t"; mv -f "$t" "$f"; x='[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'
  find "$d/" -maxdepth 1 -type f -mtime +30 -name "$x$x$x$x$x$x$x$x" -delete 2>/dev/null
  IFS=' '; echo HAVE; umask "$m"; exec "$f" @ARGUMENT@
done
[ -z "$waits" ] || head -c "$n" >/dev/null
echo "FAIL no place for the helper:${w%;}"
"#;

/// Speaks with the script until the helper runs. What the login shell prints before is passed over.
pub async fn install<R, W>(
    reader: &mut R,
    writer: &mut W,
    program: &Program,
    larger: bool,
    destination: &str,
) -> Result<(), Failure>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let failed = |words: String| Failure::Helper { words, destination: destination.to_string() };
    loop {
        let line = line(reader).await.map_err(|error| failed(error.to_string()))?;
        match line.split_once(' ').unwrap_or((&line, "")) {
            ("HAVE", _) => return Ok(()),
            ("NEED", architecture) => {
                let Some(packed) = program.for_architecture(architecture, larger)? else {
                    return Err(failed(format!("this build has no helper for {architecture}")));
                };
                tracing::info!(%destination, bytes = packed.gzip.len(), "sending the helper");
                send(writer, &packed).await.map_err(|error| failed(error.to_string()))?;
            }
            ("FAIL", why) => return Err(failed(why.to_string())),
            _ => tracing::debug!(%destination, %line, "the login shell says"),
        }
    }
}

async fn send(writer: &mut (impl AsyncWrite + Unpin), packed: &Packed) -> std::io::Result<()> {
    writer.write_all(format!("{} {}\n", packed.gzip.len(), packed.hash).as_bytes()).await?;
    writer.write_all(&packed.gzip).await?;
    writer.flush().await
}

/// Byte by byte, for what follows the line belongs to the helper.
async fn line(reader: &mut (impl AsyncRead + Unpin)) -> std::io::Result<String> {
    const LONGEST: usize = 8 << 10;
    let mut line = Vec::new();
    loop {
        match reader.read_u8().await {
            Ok(b'\n') => return Ok(String::from_utf8_lossy(&line).trim_end().to_string()),
            Ok(byte) if line.len() < LONGEST => line.push(byte),
            Ok(_) => return Err(std::io::Error::other("the login shell prints without end")),
            Err(_) => {
                return Err(std::io::Error::other(match line.is_empty() {
                    true => "the connection ended before the helper was there".to_string(),
                    false => String::from_utf8_lossy(&line).into_owned(),
                }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::process::Stdio;

    /// Runs the script under `sh` with this home and says what it became.
    async fn become_helper(home: &Path) -> Result<(), Failure> {
        // Bytes of its own for each home, since the fallback places are shared with other runs.
        let program = Program::of(format!("#!/bin/sh\n# {}\nexit 0\n", home.display()).as_bytes());
        start(&command(&program, false, None)?, home, &program).await
    }

    /// A file that was last touched long ago.
    fn old(path: std::path::PathBuf) -> std::path::PathBuf {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let file = std::fs::File::create(&path).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
        path
    }

    /// Runs a line until the program that it becomes has ended.
    async fn start(line: &str, home: &Path, program: &Program) -> Result<(), Failure> {
        let mut child = tokio::process::Command::new("sh")
            .args(["-c", line])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(Failure::local("sh"))?;
        let (Some(mut reader), Some(mut writer)) = (child.stdout.take(), child.stdin.take()) else { unreachable!() };
        install(&mut reader, &mut writer, program, false, "here").await?;
        child.wait().await.map(drop).map_err(Failure::local("sh"))
    }

    #[tokio::test(flavor = "current_thread")]
    async fn the_helper_has_the_mask_of_the_login() {
        let home = tempfile::tempdir().unwrap();
        let told = home.path().join("mask");
        let program = Program::of(format!("#!/bin/sh\numask >{}\n", told.display()).as_bytes());
        let line = format!("umask 022; {}", command(&program, false, None).unwrap());
        for _ in ["sent", "found"] {
            start(&line, home.path(), &program).await.unwrap();
            assert_eq!(std::fs::read_to_string(&told).unwrap().trim(), "0022");
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn the_helper_is_sent_once_verified_and_sent_again_when_it_was_changed() {
        let home = tempfile::tempdir().unwrap();
        become_helper(home.path()).await.unwrap();
        let cache = home.path().join(".cache/deploy");
        let file = std::fs::read_dir(&cache).unwrap().next().unwrap().unwrap().path();
        let sent = std::fs::metadata(&file).unwrap();
        become_helper(home.path()).await.unwrap();
        use std::os::unix::fs::MetadataExt;
        assert_eq!(std::fs::metadata(&file).unwrap().ino(), sent.ino(), "sent twice");
        std::fs::remove_file(&file).unwrap();
        std::fs::write(&file, "tampered with").unwrap();
        become_helper(home.path()).await.unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().len(), sent.len());
    }

    #[tokio::test(flavor = "current_thread")]
    async fn where_home_cannot_be_written_another_place_is_found() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(".cache"), "a file stands where the folder should").unwrap();
        become_helper(home.path()).await.unwrap();
    }

    #[tokio::test(flavor = "current_thread")]
    async fn where_no_place_takes_it_all_are_named() {
        let home = tempfile::tempdir().unwrap();
        let noise: String = (0..4000_u32).map(|n| char::from(b'a' + (n * n / 7 % 26) as u8)).collect();
        let program = Program::of(format!("#!/bin/sh\n# {}{noise}\nexit 0\n", home.path().display()).as_bytes());
        // Small files can be written, and no larger ones.
        let line = format!("ulimit -f 1; {}", command(&program, false, None).unwrap());
        let failure = start(&line, home.path(), &program).await.unwrap_err().to_string();
        let uid = rustix::process::getuid().as_raw();
        let places = [home.path().join(".cache/deploy").display().to_string(), format!("/tmp/deploy-{uid}")];
        for place in places {
            assert!(failure.contains(&format!("{place}: the helper did not arrive whole")), "{place}: {failure}");
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn of_the_files_beside_it_only_old_helpers_go() {
        let home = tempfile::tempdir().unwrap();
        let chosen = tempfile::tempdir().unwrap();
        let uid = rustix::process::getuid().as_raw();
        let own = chosen.path().join(format!("deploy-{uid}"));
        let cached = home.path().join(".cache/deploy");
        let hash = "0123456789abcdef".repeat(4);
        let kept = [
            old(chosen.path().join("sub/db")),
            old(chosen.path().join(&hash)),
            old(own.join("notes")),
            old(own.join("sub").join(&hash)),
            old(cached.join("sub/db")),
            old(cached.join("README")),
        ];
        let gone = [old(own.join(&hash)), old(cached.join(&hash))];
        let program = Program::of(format!("#!/bin/sh\n# {}\n", home.path().display()).as_bytes());
        for remote_tmp in [chosen.path().to_str(), None] {
            start(&command(&program, false, remote_tmp).unwrap(), home.path(), &program).await.unwrap();
        }
        assert!(kept.iter().all(|file| file.exists()), "a file of the user's was deleted");
        assert!(gone.iter().all(|file| !file.exists()), "an old helper was kept");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_folder_that_was_named_comes_first_and_holds_a_private_one() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let program = Program::of(format!("#!/bin/sh\n# {}\n", home.path().display()).as_bytes());
        for (named, place) in [("~/it's mine/", "it's mine"), ("~", "")] {
            start(&command(&program, false, Some(named)).unwrap(), home.path(), &program).await.unwrap();
            let uid = rustix::process::getuid().as_raw();
            let folder = home.path().join(place).join(format!("deploy-{uid}"));
            assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
            assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "{named}");
        }
        assert!(!home.path().join(".cache").exists());
    }
}
