use std::{
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::Arc,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{RecvFlags, SendFlags, recv, send},
};
use wire::qb::ResponseHeader;

use super::{Channels, Priority};
use crate::{CallError, Credentials, shm::Ring};

/// Announcements that surely fit into a socket of which the kernel says that it is writable: then at least three quarters of
/// it are free, and one takes less than a kilobyte.
const ANNOUNCEMENTS: u32 = 32;
/// Events read until the bytes that announce them are taken off the socket too.
const READ_AHEAD: usize = 32;

/// A connection to a server. Nothing here waits; the blocking and the asynchronous client add that.
#[derive(Debug)]
pub(super) struct Connection {
    socket: OwnedFd,
    channels: Channels,
    server: Credentials,
    message_max: usize,
    /// Events read before the byte on the socket that announces them.
    read_ahead: usize,
    /// Announcements for which there is room without asking the kernel again.
    announcements: u32,
    is_lost: bool,
}

impl Connection {
    pub(super) const fn new(
        socket: OwnedFd,
        channels: Channels,
        server: Credentials,
        message_max: usize,
    ) -> Self {
        Self {
            socket,
            channels,
            server,
            message_max,
            read_ahead: 0,
            announcements: 0,
            is_lost: false,
        }
    }

    pub(super) const fn server(&self) -> Credentials {
        self.server
    }

    pub(super) const fn message_max(&self) -> usize {
        self.message_max
    }

    /// The socket that tells of the server's end and, with rings, announces events.
    pub(super) const fn socket(&self) -> &OwnedFd {
        &self.socket
    }

    /// The ring that answers come through; `None` with sockets.
    pub(super) fn response_ring(&self) -> Option<Arc<Ring>> {
        self.channels.response_ring()
    }

    /// The socket that answers come through; `None` with rings.
    pub(super) fn response_socket(&self) -> Option<BorrowedFd<'_>> {
        self.channels.response_socket()
    }

    /// What is readable when there may be events.
    pub(super) fn event_socket(&self) -> BorrowedFd<'_> {
        self.channels.event_socket().unwrap_or_else(|| self.socket.as_fd())
    }

    /// Sends a request; false if the server takes none now.
    pub(super) fn send(&mut self, message: &[u8], priority: Priority) -> Result<bool, CallError> {
        let (bytes, limit) = (message.len(), self.message_max);
        if bytes > limit {
            return Err(CallError::TooBig { bytes, limit });
        }
        if self.is_lost {
            return Err(CallError::Lost);
        }
        let is_announced = self.channels.event_socket().is_none();
        // A C server waits for an announcement per request: none may be written that could not be announced.
        let has_room = !is_announced || self.announcements > 0 || self.is_writable();
        if !has_room || !self.channels.send(message, priority)? {
            // Perhaps nobody is there any more to make room.
            return if self.is_server_there() { Ok(false) } else { Err(CallError::Lost) };
        }
        if is_announced {
            self.announcements = match self.announcements {
                0 => ANNOUNCEMENTS,
                left => left - 1,
            };
            self.announce()?;
        }
        Ok(true)
    }

    /// Announces a request in the ring.
    fn announce(&mut self) -> Result<(), CallError> {
        loop {
            match send(&self.socket, &[0], SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
                Ok(_) => return Ok(()),
                // There was room: the system is short of memory for a moment.
                Err(Errno::AGAIN | Errno::NOBUFS | Errno::INTR) => std::thread::yield_now(),
                Err(_) => {
                    self.is_lost = true;
                    return Err(CallError::Lost);
                }
            }
        }
    }

    /// The next answer, if it is there.
    pub(super) fn response(&mut self) -> Result<Option<Vec<u8>>, CallError> {
        self.channels.response().and_then(checked)
    }

    /// The next event, if there is one. [`CallError::Lost`] comes after the last.
    pub(super) fn event(&mut self) -> Result<Option<Vec<u8>>, CallError> {
        if let Some(event) = self.channels.event().and_then(checked)? {
            if self.channels.event_socket().is_none() {
                self.read_ahead += 1;
                if self.read_ahead >= READ_AHEAD {
                    self.take_wake_ups(self.read_ahead);
                }
            }
            return Ok(Some(event));
        }
        // Whatever the socket holds now announces events that have been read.
        self.take_wake_ups(usize::MAX);
        self.read_ahead = 0;
        match self.channels.event().and_then(checked)? {
            Some(event) => Ok(Some(event)),
            None if self.is_lost => Err(CallError::Lost),
            None => Ok(None),
        }
    }

    /// Takes up to `limit` bytes off the socket, and notes its end.
    fn take_wake_ups(&mut self, limit: usize) {
        let mut left = limit;
        while left > 0 && !self.is_lost {
            let mut bytes = [0_u8; 64];
            let wanted = left.min(bytes.len());
            match recv(&self.socket, &mut bytes[..wanted], RecvFlags::DONTWAIT) {
                Ok((0, _)) => self.is_lost = true,
                Ok((count, _)) => {
                    left -= count;
                    self.read_ahead = self.read_ahead.saturating_sub(count);
                }
                Err(Errno::AGAIN) => {
                    // The rest has not been announced yet, or was taken before.
                    self.read_ahead = 0;
                    return;
                }
                Err(Errno::INTR) => {}
                Err(_) => self.is_lost = true,
            }
        }
    }

    /// Whether the server still has its end of the connection.
    pub(super) fn is_server_there(&self) -> bool {
        let over = PollFlags::HUP | PollFlags::RDHUP | PollFlags::ERR;
        !self.is_lost && !self.state(PollFlags::RDHUP).intersects(over)
    }

    fn is_writable(&self) -> bool {
        self.state(PollFlags::OUT).contains(PollFlags::OUT)
    }

    /// What is true of the socket now.
    fn state(&self, asked: PollFlags) -> PollFlags {
        let mut poll_fd = [PollFd::new(&self.socket, asked)];
        let no_time = Timespec { tv_sec: 0, tv_nsec: 0 };
        // A poll without waiting is interrupted by nothing; if it fails, nothing is known to be true.
        poll(&mut poll_fd, Some(&no_time)).map_or(PollFlags::empty(), |_| poll_fd[0].revents())
    }
}

/// Checks the header and cuts off what is behind the message.
fn checked(message: Option<Vec<u8>>) -> Result<Option<Vec<u8>>, CallError> {
    let Some(mut message) = message else { return Ok(None) };
    let header = ResponseHeader::decode(&message)
        .map_err(|error| CallError::Malformed(error.to_string()))?;
    message.truncate(header.size);
    Ok(Some(message))
}
