//! ssh asks, `deploy` answers: the program is its own askpass. ssh starts it with the question as its argument; it passes the
//! question over a socket in a private folder and prints the answer. A password never stands in an argument or the environment.
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::Path;
use target::protocol::Password;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

/// The environment variable that makes `deploy` an askpass; its value is the socket.
pub const SOCKET: &str = "DEPLOY_ASKPASS_SOCKET";

/// The askpass's whole life, when `SOCKET` is set: gives the exit code.
pub fn answer(question: &str) -> u8 {
    let ask = || -> std::io::Result<Option<String>> {
        let path = std::env::var_os(SOCKET).ok_or_else(|| std::io::Error::other("no socket"))?;
        let mut stream = BlockingStream::connect(path)?;
        writeln!(stream, "{}", question.replace('\n', "\u{1f}"))?;
        let mut verdict = String::new();
        let mut reader = BufReader::new(stream);
        reader.read_line(&mut verdict)?;
        let mut words = String::new();
        reader.read_to_string(&mut words)?;
        Ok((verdict.trim() == "yes").then_some(words))
    };
    match ask() {
        Ok(Some(words)) => {
            let mut out = std::io::stdout();
            u8::from(writeln!(out, "{words}").and_then(|()| out.flush()).is_err())
        }
        Ok(None) | Err(_) => 1,
    }
}

/// Answers the questions of one ssh until dropped. Gives whether a password was asked for more than once: it was wrong.
pub struct Answers {
    listener: UnixListener,
    password: Option<Password>,
    asked: u32,
}

impl Answers {
    pub fn listen(socket: &Path, password: Option<Password>) -> std::io::Result<Self> {
        Ok(Self { listener: UnixListener::bind(socket)?, password, asked: 0 })
    }

    pub fn was_refused(&self) -> bool {
        self.asked > 1
    }

    pub fn was_asked(&self) -> bool {
        self.asked > 0
    }

    /// Runs until the future beside it is done.
    pub async fn serve(&mut self) -> std::convert::Infallible {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    if let Err(error) = self.one(stream).await {
                        tracing::debug!(%error, "ssh's question was not answered");
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "ssh's questions cannot be heard");
                    std::future::pending::<()>().await;
                }
            }
        }
    }

    async fn one(&mut self, mut stream: UnixStream) -> std::io::Result<()> {
        let (reader, mut writer) = stream.split();
        let mut question = String::new();
        tokio::io::BufReader::new(reader).read_line(&mut question).await?;
        let question = question.trim_end().replace('\u{1f}', "\n");
        let answer = match (&self.password, Question::of(&question)) {
            (Some(password), Question::Password) => {
                self.asked += 1;
                (self.asked == 1).then(|| password.0.clone())
            }
            (None, Question::Password) => {
                self.asked += 1;
                None
            }
            (_, Question::HostKey) => from_terminal(question, false).await,
            (_, Question::Passphrase) => from_terminal(question, true).await,
        };
        let answer = answer.map_or_else(|| "no\n".to_string(), |words| format!("yes\n{words}"));
        writer.write_all(answer.as_bytes()).await
    }
}

enum Question {
    Password,
    HostKey,
    Passphrase,
}

impl Question {
    fn of(text: &str) -> Self {
        let text = text.to_lowercase();
        if text.contains("(yes/no") {
            Question::HostKey
        } else if text.contains("passphrase") {
            Question::Passphrase
        } else {
            Question::Password
        }
    }
}

/// Asks whoever sits at the terminal; nobody there: no answer.
async fn from_terminal(question: String, hidden: bool) -> Option<String> {
    // The live line stands where the question goes.
    let question = format!("\r\x1b[2K{question}");
    let asked = tokio::task::spawn_blocking(move || crate::world::terminal::ask(&question, hidden));
    asked.await.ok().flatten()
}
