use std::{io, os::fd::OwnedFd};

use tokio::io::{Interest, unix::AsyncFd};

/// Registers a socket with the event loop, which then owns it.
pub(crate) fn watch(socket: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an owned descriptor stays open, and the same, until the registration is dropped and with it the descriptor.
    Ok(unsafe { AsyncFd::register_with_interest(socket, Interest::READABLE) }?)
}
