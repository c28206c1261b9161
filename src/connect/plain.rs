//! `raw`: a command over a plain channel, for hosts on which not even a helper can run.
use super::failure::Failure;
use super::quote::quote;
use crate::engine::message::Outgoing;
use openssh::Session;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use target::helper::{Prompt, escalation};
use target::protocol::{Answer, Cause, Identity, Mode, Password};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use value::{Map, Value};

/// One answer for each item of the call. `user` is who works there when nobody becomes anybody.
pub async fn run(session: Option<Arc<Session>>, call: &Outgoing, user: Option<&str>) -> Result<Vec<Answer>, Failure> {
    let identity = call.identity.as_ref().filter(|identity| user != Some(identity.user.as_str()));
    let mut answers = Vec::new();
    for args in &call.body.items {
        answers.push(match call.body.mode {
            Mode::Apply => item(session.as_ref(), call, identity, args).await?,
            Mode::Check | Mode::Plan => skipped("skipped, since check mode does not run commands"),
        });
    }
    Ok(answers)
}

async fn item(
    session: Option<&Arc<Session>>,
    call: &Outgoing,
    identity: Option<&Identity>,
    args: &Map,
) -> Result<Answer, Failure> {
    let command = args.get("_raw_params").map(Value::to_text).unwrap_or_default();
    let command = with_environment(&call.body.environment, &command);
    let shell = args.get("executable").filter(|shell| !shell.is_null()).map(Value::to_text);
    let line = match command_line(identity, shell.as_deref(), &command) {
        Ok(line) => line,
        Err(why) => return Ok(failed(&why)),
    };
    let output = async {
        match session {
            Some(session) => over_ssh(session, &line).await,
            None => here(&line).await,
        }
    };
    let Some(period) = call.body.timeout else { return Ok(answer(output.await?, &line)) };
    match tokio::time::timeout(Duration::from_secs(period.into()), output).await {
        Ok(output) => Ok(answer(output?, &line)),
        Err(_) => {
            let mut answer = failed(&format!("Timed out after {period} second(s)."));
            answer.result.insert("timedout", Value::map([("period", i64::from(period))]));
            Ok(answer)
        }
    }
}

/// What the login shell is to run, and how its question for a password is answered.
struct Line<'i> {
    text: String,
    /// Without one nothing is there to be read.
    password: Option<(&'i Password, Prompt)>,
    identity: Option<&'i Identity>,
}

struct Output {
    status: i32,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    /// How often the password was asked for.
    asked: u32,
}

fn with_environment(environment: &[(String, String)], command: &str) -> String {
    let assignments: String = environment.iter().map(|(name, value)| format!("{name}={} ", quote(value))).collect();
    assignments + command
}

/// Without an executable the command is the login shell's, as Ansible has it. Whoever becomes somebody needs a shell, whose
/// standard input is empty: a password that the tool did not ask for is not the command's to read.
fn command_line<'i>(identity: Option<&'i Identity>, shell: Option<&str>, command: &str) -> Result<Line<'i>, String> {
    let in_shell = |shell: &str| format!("{} -c {}", quote(shell), quote(command));
    let Some(identity) = identity else {
        let text = shell.map_or_else(|| command.to_string(), in_shell);
        return Ok(Line { text, password: None, identity: None });
    };
    let inner = format!("exec </dev/null; exec {}", in_shell(shell.unwrap_or("/bin/sh")));
    let (tool, prompt) = escalation(identity, "/bin/sh".as_ref(), &["-c".into(), inner], "unset LC_ALL")?;
    let words = std::iter::once(tool.get_program()).chain(tool.get_args());
    let words: Vec<_> = words.map(|word| quote(&word.to_string_lossy())).collect();
    let password = identity.password.as_ref().filter(|_| !matches!(prompt, Prompt::None));
    let text = format!("LC_ALL=C {}", words.join(" "));
    Ok(Line { text, password: password.map(|password| (password, prompt)), identity: Some(identity) })
}

async fn over_ssh(session: &Arc<Session>, line: &Line<'_>) -> Result<Output, Failure> {
    let cut = |error: openssh::Error| Failure::Cut { words: error.to_string(), destination: "the host".into() };
    let mut command = session.raw_command(&line.text);
    let stdin = if line.password.is_some() { openssh::Stdio::piped() } else { openssh::Stdio::null() };
    command.stdin(stdin).stdout(openssh::Stdio::piped()).stderr(openssh::Stdio::piped());
    let mut child = command.spawn().await.map_err(cut)?;
    let (stdin, stdout, stderr) = (child.stdin().take(), child.stdout().take(), child.stderr().take());
    let spoken = speak(stdin, stdout, stderr, line).await;
    let mut output = spoken.map_err(Failure::local("reading from the channel"))?;
    output.status = child.wait().await.map_err(cut)?.code().unwrap_or(-1);
    Ok(output)
}

/// A process group that ends when nobody waits for it any more.
struct Group(Option<rustix::process::Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may be gone already.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

async fn here(line: &Line<'_>) -> Result<Output, Failure> {
    let mut command = tokio::process::Command::new("/bin/sh");
    // A Ctrl-C at the terminal is for us: what is under way may finish.
    command.args(["-c", &line.text]).process_group(0);
    command.stdin(if line.password.is_some() { Stdio::piped() } else { Stdio::null() });
    let failed = || Failure::local("running the command");
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().map_err(failed())?;
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    let mut group = Group(pid);
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let mut output = speak(stdin, stdout, stderr, line).await.map_err(failed())?;
    output.status = child.wait().await.map_err(failed())?.code().unwrap_or(-1);
    group.0 = None;
    Ok(output)
}

/// Reads what is said until both ends are silent. The password goes out when it is asked for, and only once.
async fn speak(
    mut stdin: Option<impl AsyncWrite + Unpin>,
    stdout: Option<impl AsyncRead + Unpin>,
    stderr: Option<impl AsyncRead + Unpin>,
    line: &Line<'_>,
) -> std::io::Result<Output> {
    let (mut out, mut err, mut asked) = (Vec::new(), Vec::new(), 0);
    let read_out = async { if let Some(mut stdout) = stdout { stdout.read_to_end(&mut out).await } else { Ok(0) } };
    let read_err = async {
        let Some(mut stderr) = stderr else { return Ok(()) };
        let mut heard = 0;
        while stderr.read_buf(&mut err).await? > 0 {
            let Some((password, prompt)) = &line.password else { continue };
            if prompt.is_in(&String::from_utf8_lossy(&err[heard..])) {
                asked += 1;
                heard = err.len();
                // Asked again it was wrong; the end of the input tells the tool that there is no other.
                match &mut stdin {
                    Some(stdin) if asked == 1 => {
                        // If it does not read, it ends, and says why.
                        let _ = stdin.write_all(format!("{}\n", password.0).as_bytes()).await;
                        let _ = stdin.flush().await;
                    }
                    _ => drop(stdin.take()),
                }
            }
        }
        Ok(())
    };
    let (one, two): (std::io::Result<usize>, std::io::Result<()>) = tokio::join!(read_out, read_err);
    one?;
    two?;
    Ok(Output { status: 0, stdout: out, stderr: err, asked })
}

fn answer(output: Output, line: &Line) -> Answer {
    let method = line.identity.map_or("sudo", |identity| &identity.method);
    let mut errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let refused = || errors.lines().any(|line| line.trim_start_matches("Password: ") == "su: Authentication failure");
    if output.asked > 1 || output.asked > 0 && output.status != 0 && refused() {
        let cause = Some(Cause::BecomePasswordWrong);
        return Answer { cause, ..failed(&format!("Incorrect {method} password")) };
    }
    if let Some((_, prompt)) = line.password.as_ref().filter(|_| output.asked > 0) {
        errors = without(&errors, prompt);
    }
    if output.status != 0 && line.identity.is_some() && errors.contains("a password is required") {
        let cause = Some(Cause::BecomePasswordMissing);
        return Answer { cause, ..failed(&format!("Missing {method} password")) };
    }
    let text = |text: String| {
        let holds =
            line.password.as_ref().is_some_and(|(password, _)| password.0.len() > 2 && text.contains(&password.0));
        Value::Str(value::Str::from(text).with_secrecy(holds))
    };
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut result: Map =
        [("rc", Value::from(output.status)), ("stdout", text(stdout)), ("stderr", text(errors))].into_iter().collect();
    let failed = output.status != 0;
    if failed {
        result.insert("msg", "non-zero return code");
    }
    Answer { changed: true, failed, result, ..Answer::default() }
}

/// What was said, but for the tool's question.
fn without(said: &str, prompt: &Prompt) -> String {
    match prompt {
        Prompt::None => said.to_string(),
        Prompt::Own(words) => said.replacen(words.as_str(), "", 1),
        Prompt::AnyPassword => said.split_once(": ").map_or("", |(_, rest)| rest).to_string(),
    }
}

fn failed(message: &str) -> Answer {
    Answer { failed: true, result: [("msg", message)].into_iter().collect(), ..Answer::default() }
}

fn skipped(message: &str) -> Answer {
    Answer { skipped: true, result: [("msg", message)].into_iter().collect(), ..Answer::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::message::Patience;
    use crate::engine::place::TaskKey;
    use std::os::unix::fs::PermissionsExt;
    use target::protocol::{Body, Hold};

    /// A tool that asks for a password, or does not.
    fn tool(folder: &std::path::Path, asks: bool) -> Identity {
        let ask = r#"printf '%s' "$p" >&2; read -r w
[ "$w" = hunter2 ] || { printf 'Sorry, try again.\n%s' "$p" >&2; read -r w || exit 1; }"#;
        let script = format!(
            "#!/bin/sh\nwhile [ \"$1\" != -- ]; do [ \"$1\" = -p ] && p=$2; shift; done; shift\n{}\nexec \"$@\"\n",
            if asks { ask } else { "" }
        );
        let path = folder.join("tool");
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let exe = Some(path.to_string_lossy().into_owned());
        let password = Some(Password("hunter2".into()));
        Identity { method: "sudo".into(), user: "root".into(), exe, flags: Vec::new(), password }
    }

    async fn raw(command: &str, executable: Option<&str>, identity: Option<Identity>, timeout: Option<u32>) -> Answer {
        let mut args: Map = [("_raw_params", command)].into_iter().collect();
        if let Some(shell) = executable {
            args.insert("executable", shell);
        }
        let body = Body {
            module: "raw".into(),
            items: vec![args],
            mode: Mode::Apply,
            diff: false,
            environment: Vec::new(),
            timeout,
            no_log: false,
        };
        let call = Outgoing {
            lane: 0,
            id: 0,
            key: TaskKey::default(),
            epoch: 0,
            identity,
            hold: Hold::No,
            stop_on_fail: false,
            plain: true,
            patience: Patience::default(),
            body,
        };
        let mut answers = run(None, &call, Some("somebody")).await.unwrap();
        assert_eq!(answers.len(), 1);
        answers.remove(0)
    }

    fn text(answer: &Answer, name: &str) -> String {
        answer.result.get(name).unwrap_or_else(|| panic!("no {name} in {answer:?}")).to_text()
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_password_goes_to_who_asks_for_it_and_to_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        for asks in [true, false] {
            for (command, executable) in [("cat; echo end", None), ("cat; echo end", Some("/bin/bash"))] {
                let answer = raw(command, executable, Some(tool(folder.path(), asks)), None).await;
                assert_eq!(
                    (text(&answer, "stdout"), text(&answer, "stderr")),
                    ("end\n".into(), String::new()),
                    "{asks}"
                );
            }
        }
        let wrong = Identity { password: Some(Password("wrong".into())), ..tool(folder.path(), true) };
        let answer = raw("true", None, Some(wrong), None).await;
        assert_eq!((answer.failed, text(&answer, "msg")), (true, "Incorrect sudo password".into()));
        let su = Identity { method: "su".into(), ..tool(folder.path(), true) };
        let script = "#!/bin/sh\nprintf 'Password: ' >&2\nread -r w\necho 'su: Authentication failure' >&2\nexit 1\n";
        std::fs::write(folder.path().join("tool"), script).unwrap();
        let answer = raw("true", None, Some(su), None).await;
        assert_eq!((answer.failed, text(&answer, "msg")), (true, "Incorrect su password".into()));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn nobody_becomes_who_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let tool = tool(folder.path(), true);
        let own = Identity { user: "somebody".into(), exe: Some("/nonexistent".into()), ..tool };
        let answer = raw("echo it runs", None, Some(own), None).await;
        assert_eq!(text(&answer, "stdout"), "it runs\n");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn an_executable_runs_the_command_whoever_does() {
        let answer = raw("echo ${BASH_VERSION:+bash} it\\'s", Some("/bin/bash"), None, None).await;
        assert_eq!(text(&answer, "stdout"), "bash it's\n");
        let folder = tempfile::tempdir().unwrap();
        let answer = raw("[[ a = a ]] && echo yes", Some("/bin/bash"), Some(tool(folder.path(), true)), None).await;
        assert_eq!(text(&answer, "stdout"), "yes\n");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_timeout_ends_a_command_and_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("mark");
        let begun = std::time::Instant::now();
        let answer = raw(&format!("(sleep 2; touch {}) & sleep 60", mark.display()), None, None, Some(1)).await;
        assert_eq!((answer.failed, text(&answer, "msg")), (true, "Timed out after 1 second(s).".into()));
        assert!(begun.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert!(!mark.exists(), "it runs on");
    }
}
