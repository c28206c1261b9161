//! What takes long is watched: files and streams whose reading ends when the call is cancelled or its time is over.
use super::Interrupt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

/// Whether what takes long is still wanted: neither stopped, nor out of time.
#[derive(Clone, Default)]
pub struct Watch {
    pub interrupt: Interrupt,
    pub deadline: Option<Instant>,
}

impl Watch {
    pub fn check(&self) -> io::Result<()> {
        self.interrupt.check()?;
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(late()),
            _ => Ok(()),
        }
    }

    /// What is left of a time.
    pub fn rest(&self, time: Duration) -> Duration {
        self.deadline.map_or(time, |deadline| time.min(deadline.saturating_duration_since(Instant::now())))
    }
}

pub fn late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "ended: its time was over")
}

/// How long a read waits before it looks whether the call is still wanted.
pub const TICK: Duration = Duration::from_millis(500);

/// A file whose reading ends when the call is cancelled or its time is over.
pub struct Watched {
    pub reader: File,
    pub watch: Watch,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.watch.check()?;
        self.reader.read(buffer)
    }
}

/// A stream whose reads and writes end when the call is cancelled, its time is over, or nothing moved for too long.
pub struct Patient<S> {
    pub stream: S,
    pub timeout: Duration,
    pub watch: Watch,
}

impl<S> Patient<S> {
    /// Tries again, tick by tick.
    fn patiently(&mut self, mut act: impl FnMut(&mut S) -> io::Result<usize>) -> io::Result<usize> {
        let end = Instant::now() + self.timeout;
        loop {
            self.watch.check()?;
            match act(&mut self.stream) {
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    self.watch.check()?;
                    if Instant::now() >= end {
                        return Err(io::Error::new(io::ErrorKind::TimedOut, "timed out"));
                    }
                }
                other => return other,
            }
        }
    }
}

impl<S: Read> Read for Patient<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.patiently(|stream| stream.read(buffer))
    }
}

impl<S: Write> Write for Patient<S> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.patiently(|stream| stream.write(buffer))
    }
    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
