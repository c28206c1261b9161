//! Accepting connections, and leaving without cutting anyone off.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use crate::client::Peer;
use crate::site::Site;

/// How long a client may take to send a request's head, also on a connection that it keeps open.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait when the machine refuses us connections (no more file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop`, then drains. True if every request in flight was finished in time.
pub async fn serve(listener: TcpListener, site: Site, stop: impl Future<Output = ()>) -> bool {
    let mut house = House::new(&site);
    tokio::select! {
        never = house.accept_all(&listener) => match never {},
        () = stop => {}
    }
    site.drain();
    tracing::info!(in_flight = site.metrics.in_flight(), "draining");
    tokio::select! {
        never = house.accept_all(&listener) => match never {},
        () = sleep(site.config.drain_delay) => {}
    }
    drop(listener);
    let finished = house.empty(site.config.drain_timeout).await;
    site.store.close().await;
    if finished {
        tracing::info!("stopped");
    } else {
        tracing::warn!("stopped with requests unfinished");
    }
    finished
}

/// The open connections.
struct House {
    router: Router,
    http: http1::Builder,
    doors: Arc<Semaphore>,
    graceful: GracefulShutdown,
    guests: JoinSet<()>,
}

impl House {
    fn new(site: &Site) -> House {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
        let doors = Arc::new(Semaphore::new(site.config.max_connections));
        House { router: site.router(), http, doors, graceful: GracefulShutdown::new(), guests: JoinSet::new() }
    }

    async fn accept_all(&mut self, listener: &TcpListener) -> Infallible {
        loop {
            tokio::select! {
                (stream, peer, door) = accept(listener, &self.doors) => self.welcome(stream, peer, door),
                Some(_gone) = self.guests.join_next() => {}
            }
        }
    }

    fn welcome(&mut self, stream: TcpStream, peer: SocketAddr, door: Option<OwnedSemaphorePermit>) {
        let router = self.router.clone();
        let service = service_fn(move |request| answer(router.clone(), peer, request));
        let connection = self.http.serve_connection(TokioIo::new(stream), service);
        let connection = self.graceful.watch(connection);
        self.guests.spawn(async move {
            let _door = door;
            if let Err(error) = connection.await {
                tracing::debug!(peer = %peer.ip(), %error, "connection broke");
            }
        });
    }

    /// Lets requests in flight finish, and cuts those that take longer.
    async fn empty(mut self, patience: Duration) -> bool {
        let finished = timeout(patience, self.graceful.shutdown()).await.is_ok();
        self.guests.shutdown().await;
        finished
    }
}

async fn accept(
    listener: &TcpListener,
    doors: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // The doors are never closed, so there is always a permit in the end.
    let door = doors.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, door),
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn answer(
    router: Router,
    peer: SocketAddr,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    request.extensions_mut().insert(Peer(peer.ip()));
    router.oneshot(request.map(Body::new)).await
}
