//! A server in this process, on a free port, with a database of its own.

use std::net::SocketAddr;
use std::path::PathBuf;

use botify::config::Config;
use botify::password::Cost;
use botify::server::serve;
use botify::site::Site;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::browser::Browser;

pub struct Server {
    pub address: SocketAddr,
    pub site: Site,
    folder: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<bool>,
}

impl Server {
    pub async fn start() -> Server {
        Server::with(&[]).await
    }

    /// With these settings besides what every test needs.
    pub async fn with(settings: &[(&str, &str)]) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite:{}", folder.path().join("blog.db").display());
        let own = [("BOTIFY_LISTEN", "127.0.0.1:0"), ("BOTIFY_DATABASE_URL", database.as_str())];
        let vars = own.iter().chain(settings).map(|(name, value)| (name.into(), value.into()));
        let mut config = Config::from_vars(vars).unwrap();
        config.password_cost = Cost { memory_kib: 64, passes: 1 };
        let listener = TcpListener::bind(config.listen).await.unwrap();
        let address = listener.local_addr().unwrap();
        let site = Site::open(config).await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(serve(listener, site.clone(), async move {
            // A test that drops its server stops it too.
            let _ = stopped.await;
        }));
        Server { address, site, folder, stop: Some(stop), serving }
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("blog.db")
    }

    pub fn browser(&self) -> Browser {
        Browser::new(self.address)
    }

    /// Somebody who has registered under this name.
    pub async fn member(&self, name: &str) -> Browser {
        let mut browser = self.browser();
        browser.register(name, "correct horse").await.expect_moved("/");
        browser
    }

    pub fn stop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
    }

    /// Whether every request was finished.
    pub async fn stopped(self) -> bool {
        self.serving.await.unwrap()
    }
}
