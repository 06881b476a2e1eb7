use std::{
    collections::VecDeque,
    os::fd::OwnedFd,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use rustix::{
    io::Errno,
    net::{RecvFlags, SendFlags, recv, send},
};
use tokio::io::unix::AsyncFd;
use wire::qb::{ID_DISCONNECT, RequestHeader};

use super::link::{Link, LinkError};
use crate::CallError;

/// Messages that may wait for a client that has fallen behind.
const QUEUE_MAX: usize = 500;
/// However fast a client catches up, more than this never waits.
const QUEUE_LIMIT: usize = 10 * QUEUE_MAX;
/// Bytes that may wait.
const QUEUE_BYTES_LIMIT: usize = 256 << 20;
/// How long a client may be behind by [`QUEUE_MAX`] without getting on.
const PATIENCE: Duration = Duration::from_secs(1);
/// Wake-up bytes taken at a time.
const WAKE_UPS: usize = 64;
/// How often a client's wake-ups without a message are taken before others have their turn.
const IDLE_READS: usize = 4;

/// Why a connection has ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Gone {
    /// The client closed it.
    #[error("closed")]
    Closed,
    /// The client did what the protocol does not allow.
    #[error("{0}")]
    Broken(String),
    /// The client does not read.
    #[error("{0} messages wait and the client does not take them")]
    Evicted(usize),
}

impl From<LinkError> for Gone {
    fn from(error: LinkError) -> Self {
        Self::Broken(error.to_string())
    }
}

/// A client that is connected.
#[derive(Debug)]
pub(super) struct Peer {
    socket: AsyncFd<OwnedFd>,
    link: Link,
    message_max: usize,
    responses: VecDeque<Vec<u8>>,
    events: VecDeque<Vec<u8>>,
    waiting_bytes: usize,
    /// Events put into the ring buffer for which the socket had no room for a wake-up.
    wake_ups_owed: usize,
    /// Since when, and by how much, the client has been behind.
    behind: Option<(Instant, usize)>,
}

impl Peer {
    pub(super) const fn new(socket: AsyncFd<OwnedFd>, link: Link, message_max: usize) -> Self {
        Self {
            socket,
            link,
            message_max,
            responses: VecDeque::new(),
            events: VecDeque::new(),
            waiting_bytes: 0,
            wake_ups_owed: 0,
            behind: None,
        }
    }

    /// Bytes of the biggest message.
    pub(super) const fn message_max(&self) -> usize {
        self.message_max
    }

    /// The next request.
    pub(super) fn poll_request(&mut self, cx: &mut Context<'_>) -> Poll<Result<Vec<u8>, Gone>> {
        for _ in 0..IDLE_READS {
            if let Poll::Ready(message) = self.link.poll_read(cx) {
                return Poll::Ready(message.map_err(Gone::from).and_then(check));
            }
            let Poll::Ready(guard) = self.socket.poll_read_ready(cx) else {
                return Poll::Pending;
            };
            let Ok(mut guard) = guard else {
                return Poll::Ready(Err(Gone::Broken("the socket failed".to_owned())));
            };
            let mut bytes = [0_u8; WAKE_UPS];
            match recv(self.socket.get_ref(), &mut bytes[..], RecvFlags::DONTWAIT) {
                // The message that a wake-up announces may have been read before it came.
                Ok((1.., _)) | Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => guard.clear_ready(),
                Ok(_) | Err(Errno::CONNRESET) => {
                    // What was sent before the end still counts.
                    return match self.link.poll_read(cx) {
                        Poll::Ready(message) => {
                            Poll::Ready(message.map_err(Gone::from).and_then(check))
                        }
                        Poll::Pending => Poll::Ready(Err(Gone::Closed)),
                    };
                }
                Err(error) => return Poll::Ready(Err(Gone::Broken(error.to_string()))),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Sends an answer, or keeps it for later.
    pub(super) fn respond(&mut self, message: &[u8]) -> Result<(), CallError> {
        self.check_size(message)?;
        self.waiting_bytes += message.len();
        self.responses.push_back(message.to_vec());
        Ok(())
    }

    /// Sends an event, or keeps it for later.
    pub(super) fn notify(&mut self, message: &[u8]) -> Result<(), CallError> {
        self.check_size(message)?;
        self.waiting_bytes += message.len();
        self.events.push_back(message.to_vec());
        Ok(())
    }

    fn check_size(&self, message: &[u8]) -> Result<(), CallError> {
        let (bytes, limit) = (message.len(), self.message_max);
        if bytes <= limit { Ok(()) } else { Err(CallError::TooBig { bytes, limit }) }
    }

    /// Sends what waits, as far as there is room.
    pub(super) fn flush(&mut self) -> Result<(), Gone> {
        while let Some(message) = self.responses.front() {
            if !self.link.respond(message)? {
                break;
            }
            self.waiting_bytes -= message.len();
            self.responses.pop_front();
        }
        while let Some(message) = self.events.front() {
            if !self.link.notify(message)? {
                break;
            }
            self.waiting_bytes -= message.len();
            self.events.pop_front();
            self.wake_ups_owed += usize::from(self.link.needs_wake_up());
        }
        self.wake_up()?;
        self.check_backlog()
    }

    fn wake_up(&mut self) -> Result<(), Gone> {
        while self.wake_ups_owed > 0 {
            let bytes = [0_u8; WAKE_UPS];
            let count = self.wake_ups_owed.min(WAKE_UPS);
            let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
            match send(self.socket.get_ref(), &bytes[..count], flags) {
                Ok(sent) => self.wake_ups_owed -= sent,
                Err(Errno::AGAIN | Errno::INTR | Errno::NOBUFS) => break,
                // The end of the connection is noticed when it is read from, after what was sent before.
                Err(_) => self.wake_ups_owed = 0,
            }
        }
        Ok(())
    }

    fn check_backlog(&mut self) -> Result<(), Gone> {
        let waiting = self.responses.len() + self.events.len();
        if waiting > QUEUE_LIMIT || self.waiting_bytes > QUEUE_BYTES_LIMIT {
            return Err(Gone::Evicted(waiting));
        }
        if waiting <= QUEUE_MAX {
            self.behind = None;
            return Ok(());
        }
        let now = Instant::now();
        let (since, before) = *self.behind.get_or_insert((now, waiting));
        if now.duration_since(since) >= PATIENCE {
            if waiting >= before {
                return Err(Gone::Evicted(waiting));
            }
            self.behind = Some((now, waiting));
        }
        Ok(())
    }

    /// Whether something waits that [`Self::flush`] should try again to send.
    pub(super) fn is_behind(&self) -> bool {
        self.wake_ups_owed > 0 || !self.responses.is_empty() || !self.events.is_empty()
    }
}

/// Checks the header in front of a request and cuts off what is behind the message.
fn check(mut message: Vec<u8>) -> Result<Vec<u8>, Gone> {
    match RequestHeader::decode(&message) {
        Err(error) => Err(Gone::Broken(error.to_string())),
        Ok(header) if header.id == ID_DISCONNECT => Err(Gone::Closed),
        Ok(header) => {
            message.truncate(header.size);
            Ok(message)
        }
    }
}
