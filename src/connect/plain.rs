//! `raw`: a command over a plain channel, for hosts on which not even a helper can run.
use super::failure::Failure;
use super::quote::quote;
use crate::engine::message::Outgoing;
use openssh::Session;
use std::process::Stdio;
use std::sync::Arc;
use target::protocol::{Answer, Identity, Mode, Password};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use value::{Map, Value};

/// One answer for each item of the call.
pub async fn run(session: Option<Arc<Session>>, call: &Outgoing) -> Result<Vec<Answer>, Failure> {
    let mut answers = Vec::new();
    for args in &call.body.items {
        let command = args.get("_raw_params").map(Value::to_text).unwrap_or_default();
        if call.body.mode != Mode::Apply {
            answers.push(Answer {
                skipped: true,
                result: message("skipped, since check mode does not run commands"),
                ..Answer::default()
            });
            continue;
        }
        let shell = args
            .get("executable")
            .filter(|shell| !shell.is_null())
            .map_or_else(|| "/bin/sh".to_string(), Value::to_text);
        let (line, password) =
            command_line(call.identity.as_ref(), &shell, &with_environment(&call.body.environment, &command));
        let output = match &session {
            Some(session) => over_ssh(session, &line, password).await?,
            None => here(&line, password).await?,
        };
        answers.push(answer(output));
    }
    Ok(answers)
}

struct Output {
    status: i32,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

fn with_environment(environment: &[(String, String)], command: &str) -> String {
    let assignments: String = environment.iter().map(|(name, value)| format!("{name}={} ", quote(value))).collect();
    assignments + command
}

/// The line for the login shell. A password for sudo goes in by its standard input, never by the line.
fn command_line<'i>(identity: Option<&'i Identity>, shell: &str, command: &str) -> (String, Option<&'i Password>) {
    let Some(identity) = identity else { return (command.to_string(), None) };
    let exe = identity.exe.as_deref().unwrap_or(&identity.method);
    let flags: String = identity.flags.iter().map(|flag| format!(" {}", quote(flag))).collect();
    let (user, inner) = (quote(&identity.user), format!("{} -c {}", quote(shell), quote(command)));
    match identity.method.as_str() {
        "su" => (format!("{exe}{flags} {user} -c {}", quote(&inner)), identity.password.as_ref()),
        "doas" => (format!("{exe}{flags} -u {user} {inner}"), None),
        "sudo" if identity.password.is_some() => {
            (format!("{exe}{flags} -S -p '' -u {user} {inner}"), identity.password.as_ref())
        }
        "sudo" => (format!("{exe}{flags} -n -u {user} {inner}"), None),
        _ => (format!("{exe}{flags} -u {user} {inner}"), None),
    }
}

async fn over_ssh(session: &Arc<Session>, line: &str, password: Option<&Password>) -> Result<Output, Failure> {
    let cut = |error: openssh::Error| Failure::Cut { words: error.to_string(), destination: "the host".into() };
    let mut command = session.raw_command(line);
    let stdin = if password.is_some() { openssh::Stdio::piped() } else { openssh::Stdio::null() };
    command.stdin(stdin).stdout(openssh::Stdio::piped()).stderr(openssh::Stdio::piped());
    let mut child = command.spawn().await.map_err(cut)?;
    let (stdin, stdout, stderr) = (child.stdin().take(), child.stdout().take(), child.stderr().take());
    let (stdout, stderr) =
        speak(stdin, stdout, stderr, password).await.map_err(Failure::local("reading from the channel"))?;
    let status = child.wait().await.map_err(cut)?;
    Ok(Output { status: status.code().unwrap_or(-1), stdout, stderr })
}

async fn here(line: &str, password: Option<&Password>) -> Result<Output, Failure> {
    let mut command = tokio::process::Command::new("/bin/sh");
    command.args(["-c", line]).stdin(if password.is_some() { Stdio::piped() } else { Stdio::null() });
    let failed = || Failure::local("running the command");
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().map_err(failed())?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (stdout, stderr) = speak(stdin, stdout, stderr, password).await.map_err(failed())?;
    let status = child.wait().await.map_err(failed())?;
    Ok(Output { status: status.code().unwrap_or(-1), stdout, stderr })
}

async fn speak(
    stdin: Option<impl tokio::io::AsyncWrite + Unpin>,
    stdout: Option<impl tokio::io::AsyncRead + Unpin>,
    stderr: Option<impl tokio::io::AsyncRead + Unpin>,
    password: Option<&Password>,
) -> std::io::Result<(Vec<u8>, Vec<u8>)> {
    if let (Some(mut stdin), Some(password)) = (stdin, password) {
        stdin.write_all(format!("{}\n", password.0).as_bytes()).await?;
    }
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let read_out = async { if let Some(mut stdout) = stdout { stdout.read_to_end(&mut out).await } else { Ok(0) } };
    let read_err = async { if let Some(mut stderr) = stderr { stderr.read_to_end(&mut err).await } else { Ok(0) } };
    let (one, two) = tokio::join!(read_out, read_err);
    one.and(two)?;
    Ok((out, err))
}

fn answer(output: Output) -> Answer {
    let text = |bytes: &[u8]| Value::from(String::from_utf8_lossy(bytes).into_owned());
    let mut result: Map =
        [("rc", Value::from(output.status)), ("stdout", text(&output.stdout)), ("stderr", text(&output.stderr))]
            .into_iter()
            .collect();
    let failed = output.status != 0;
    if failed {
        result.insert("msg", "non-zero return code");
    }
    Answer { changed: true, failed, result, ..Answer::default() }
}

fn message(text: &str) -> Map {
    [("msg", text)].into_iter().collect()
}
