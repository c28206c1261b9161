//! The way to one host: what a link needs to reach it, whoever it is.
use super::failure::Failure;
use super::helper::{Helper, listen, with};
use super::ssh::{Master, Masters, destination};
use super::{Settings, bootstrap, local};
use crate::engine::message::{Connection, Transport};
use openssh::{Session, Stdio};
use std::sync::{Arc, Mutex};

pub trait Way: Send {
    /// Starts a helper there. One attempt to connect may take this many seconds; none: as the connection says.
    fn helper(&mut self, attempt: Option<u32>) -> impl Future<Output = Result<Helper, Failure>> + Send;
    /// For a plain command; none: it runs on this machine.
    fn session(&mut self) -> impl Future<Output = Result<Option<Arc<Session>>, Failure>> + Send;
    /// What stands there is not to be used again: the next helper gets a new login.
    fn give_up(&mut self);
    /// As messages name the host.
    fn name(&self) -> String;
    /// Who works there when nobody becomes anybody, where that is known.
    fn user(&self) -> Option<String>;
}

/// By ssh, or within this process.
pub struct Real {
    connection: Arc<Connection>,
    settings: Arc<Settings>,
    masters: Arc<Masters>,
    master: Option<Arc<Master>>,
}

impl Real {
    pub fn new(connection: Arc<Connection>, settings: Arc<Settings>, masters: Arc<Masters>) -> Self {
        Self { connection, settings, masters, master: None }
    }

    async fn master(&mut self, attempt: Option<u32>) -> Result<Option<Arc<Master>>, Failure> {
        let Transport::Ssh(options) = &self.connection.transport else { return Ok(None) };
        if self.master.as_ref().is_none_or(|master| master.is_given_up()) {
            let timeout = attempt.unwrap_or(self.connection.timeout);
            let master = self.masters.connect(&self.connection, options, &self.settings, timeout).await?;
            self.master = Some(master);
        }
        Ok(self.master.clone())
    }

    async fn over(&self, session: Arc<Session>) -> Result<Helper, Attempt> {
        let name = self.name();
        let failed = |words: String| Failure::Helper { words, destination: name.clone() };
        let (program, larger) = (&self.settings.program, self.connection.larger);
        let line =
            bootstrap::command(program, larger, self.connection.remote_tmp.as_deref()).map_err(Attempt::Failed)?;
        let mut command = session.arc_raw_command(line);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().await.map_err(|error| Attempt::NoChannel(failed(error.to_string())))?;
        let (stdin, stdout, stderr) = (child.stdin().take(), child.stdout().take(), child.stderr().take());
        let (Some(mut writer), Some(mut reader), Some(stderr)) = (stdin, stdout, stderr) else {
            return Err(Attempt::Failed(failed("ssh gave no channel".into())));
        };
        let said = Arc::new(Mutex::new(String::new()));
        tokio::spawn(listen(stderr, said.clone()));
        let installed = bootstrap::install(&mut reader, &mut writer, program, larger, &name).await;
        installed.map_err(|failure| match failure {
            Failure::Helper { words, destination } => {
                Attempt::Failed(Failure::Helper { words: with(words, &said), destination })
            }
            other => Attempt::Failed(other),
        })?;
        // The channel's end is seen at the reader; the child is kept so that the channel stays.
        Ok(Helper::new(Box::new(reader), Box::new(writer), said, Some(Box::new(child)), None))
    }
}

/// Why a helper did not come.
enum Attempt {
    /// The master takes no channels: it ended, or another run has reset it.
    NoChannel(Failure),
    Failed(Failure),
}

impl Way for Real {
    async fn helper(&mut self, attempt: Option<u32>) -> Result<Helper, Failure> {
        let Some(master) = self.master(attempt).await? else { return here() };
        match self.over(master.session().clone()).await {
            Ok(helper) => Ok(helper),
            Err(Attempt::NoChannel(failure)) if !master.is_new() => {
                tracing::info!(host = %self.connection.name, %failure, "the ssh master is gone; another one is started");
                self.give_up();
                let Some(master) = self.master(attempt).await? else { return here() };
                self.over(master.session().clone()).await.map_err(Attempt::into_failure)
            }
            Err(attempt) => Err(attempt.into_failure()),
        }
    }

    async fn session(&mut self) -> Result<Option<Arc<Session>>, Failure> {
        Ok(self.master(None).await?.map(|master| master.session().clone()))
    }

    fn give_up(&mut self) {
        if let Some(master) = self.master.take() {
            master.give_up();
        }
    }

    fn name(&self) -> String {
        match &self.connection.transport {
            Transport::Ssh(options) => destination(options),
            Transport::Local => self.connection.name.clone(),
        }
    }

    fn user(&self) -> Option<String> {
        match &self.connection.transport {
            Transport::Ssh(options) => options.user.clone(),
            Transport::Local => local::user(),
        }
    }
}

impl Attempt {
    fn into_failure(self) -> Failure {
        match self {
            Attempt::NoChannel(failure) | Attempt::Failed(failure) => failure,
        }
    }
}

fn here() -> Result<Helper, Failure> {
    let (stream, thread) = local::start().map_err(Failure::local("starting the local helper"))?;
    let (reader, writer) = stream.into_split();
    Ok(Helper::new(Box::new(reader), Box::new(writer), Arc::default(), None, Some(thread)))
}
