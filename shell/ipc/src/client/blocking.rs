use std::{
    os::fd::BorrowedFd,
    thread,
    time::{Duration, Instant},
};

use super::{Connection, Priority, handshake::Handshake, wait_readable};
use crate::{CallError, ConnectError, Credentials};

/// How long to wait before it is tried again to send what the server had no room for.
const RETRY: Duration = Duration::from_millis(1);
/// How often to look whether the server is still there while waiting for its answer.
const LOOK: Duration = Duration::from_millis(250);

/// A connection for programs that have nothing to do but to wait for answers.
#[derive(Debug)]
pub struct Client {
    connection: Connection,
}

impl Client {
    /// Connects to the server that listens as `name`. The bigger of its and this side's limit for messages counts.
    pub fn connect(
        name: &str,
        max_message_bytes: u32,
        timeout: Duration,
    ) -> Result<Self, ConnectError> {
        let mut handshake = Handshake::start(name, max_message_bytes)?;
        handshake.wait(timeout)?;
        Ok(Self { connection: handshake.finish()? })
    }

    /// Who serves the connection.
    pub fn server(&self) -> Credentials {
        self.connection.server()
    }

    /// Bytes of the biggest message, either way.
    pub fn message_limit(&self) -> usize {
        self.connection.message_max()
    }

    /// Sends a request, which starts with libqb's header, waiting for room if need be.
    pub fn send(&mut self, message: &[u8], timeout: Duration) -> Result<(), CallError> {
        let deadline = Instant::now() + timeout;
        while !self.connection.send(message, Priority::Normal)? {
            if Instant::now() >= deadline {
                return Err(CallError::Busy);
            }
            thread::sleep(RETRY);
        }
        Ok(())
    }

    /// Waits for the next answer.
    pub fn receive(&mut self, timeout: Duration) -> Result<Vec<u8>, CallError> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(message) = self.connection.response()? {
                return Ok(message);
            }
            if !self.connection.is_server_there() {
                // It may have answered before it ended.
                return self.connection.response()?.ok_or(CallError::Lost);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(CallError::Timeout(timeout));
            }
            match self.connection.response_ring() {
                Some(ring) => ring.wait(left.min(LOOK)),
                None => {
                    if let Some(socket) = self.connection.response_socket() {
                        wait_readable(socket, left.min(LOOK))?;
                    }
                }
            }
        }
    }

    /// Waits for an event; `None` if none comes in time.
    pub fn next_event(&mut self, timeout: Duration) -> Result<Option<Vec<u8>>, CallError> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(event) = self.connection.event()? {
                return Ok(Some(event));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            wait_readable(self.connection.event_socket(), left.min(LOOK))?;
            if !self.connection.is_server_there() {
                return match self.connection.event()? {
                    Some(event) => Ok(Some(event)),
                    None => Err(CallError::Lost),
                };
            }
        }
    }

    /// Readable when events may have come: then call [`Self::next_event`] until it gives `None`.
    pub fn event_fd(&self) -> BorrowedFd<'_> {
        self.connection.event_socket()
    }
}
