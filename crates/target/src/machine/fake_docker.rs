//! The Docker daemon of the fake machine: enough of its API to make, start, stop and remove containers.
use super::fake::World;
use std::io::{self, Cursor, Read, Write};
use std::sync::{Arc, Mutex};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Daemon {}

pub struct Connection {
    _world: Arc<Mutex<World>>,
    reply: Cursor<Vec<u8>>,
}

impl Connection {
    pub fn new(world: Arc<Mutex<World>>) -> Self {
        Self { _world: world, reply: Cursor::default() }
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reply.read(buffer)
    }
}

impl Write for Connection {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        Ok(buffer.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
