//! `connection: local`: the helper as a thread of this process, over a socket pair. The same frames, the same code as on any host.
use std::thread::JoinHandle;
use tokio::net::UnixStream;

pub fn start() -> std::io::Result<(UnixStream, JoinHandle<()>)> {
    let (ours, its) = std::os::unix::net::UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let writer = its.try_clone()?;
    let thread = std::thread::Builder::new().name("helper".into()).spawn(move || {
        if let Err(error) = target::helper::serve(its, writer, target::machine::Os::new()) {
            tracing::debug!(%error, "the local helper ended");
        }
    })?;
    Ok((UnixStream::from_std(ours)?, thread))
}
