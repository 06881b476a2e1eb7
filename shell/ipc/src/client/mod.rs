//! Clients: one that blocks, one for the event loop, and what both stand on.

mod asynchronous;
mod blocking;
mod channels;
mod connection;
mod handshake;

use std::{io, os::fd::AsFd, time::Duration};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

pub use asynchronous::AsyncClient;
pub use blocking::Client;
use channels::Channels;
use connection::Connection;

/// How early a request is held back when the server is busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Only when the server takes nothing at all.
    Normal,
    /// Already when the server takes only short questions.
    Bulk,
}

impl Priority {
    /// The highest flow control level that holds it back.
    const fn obeys(self) -> i32 {
        match self {
            Self::Normal => 1,
            Self::Bulk => 2,
        }
    }
}

/// Waits until a socket is readable or at its end, at most `timeout`. It may return early.
fn wait_readable(socket: impl AsFd, timeout: Duration) -> io::Result<()> {
    let time = Timespec::try_from(timeout).map_err(|_| io::ErrorKind::InvalidInput)?;
    match poll(&mut [PollFd::new(&socket, PollFlags::IN)], Some(&time)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
