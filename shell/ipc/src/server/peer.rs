use std::{
    collections::VecDeque,
    os::fd::OwnedFd,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    time::Instant,
};

use rustix::{
    io::Errno,
    net::{RecvFlags, SendFlags, recv, send},
};
use tokio::io::unix::AsyncFd;
use wire::qb::{ID_DISCONNECT, RequestHeader};

use super::{
    link::{Link, LinkError},
    ready::Turn,
    settings::{Backlog, RequestFlow},
    stats::ConnectionStats,
};
use crate::CallError;

/// Wake-up bytes taken at a time.
const WAKE_UPS: usize = 64;
/// How often a client's wake-ups without a message are taken before others have their turn.
const IDLE_READS: usize = 4;
/// Requests read until their wake-ups are taken too. C clients whose socket is full of them turn in a loop until it is not.
const REQUESTS_PER_WAKE_UPS: u32 = 32;

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
    backlog: Backlog,
    turn: Arc<Turn>,
    waker: Waker,
    responses: VecDeque<Arc<[u8]>>,
    events: VecDeque<Arc<[u8]>>,
    waiting_bytes: usize,
    /// Events put into the ring buffer for which the socket had no room for a wake-up, or that are still to be announced.
    wake_ups_owed: usize,
    /// Requests read whose wake-ups may be in the socket.
    unannounced: u32,
    /// Since when the client has been behind without taking anything, and what it had taken then.
    behind: Option<(Instant, u64)>,
    flow: RequestFlow,
    stats: ConnectionStats,
}

/// An event for several clients: put together only if one of them cannot take it now.
pub(super) struct Event<'a> {
    parts: &'a [&'a [u8]],
    length: usize,
    whole: Option<Arc<[u8]>>,
}

impl<'a> Event<'a> {
    pub(super) fn new(parts: &'a [&'a [u8]]) -> Self {
        Self { parts, length: parts.iter().map(|part| part.len()).sum(), whole: None }
    }

    fn whole(&mut self) -> Arc<[u8]> {
        let parts = self.parts;
        Arc::clone(self.whole.get_or_insert_with(|| parts.concat().into()))
    }
}

/// What a new connection consists of.
pub(super) struct Connected {
    pub(super) socket: AsyncFd<OwnedFd>,
    pub(super) link: Link,
    pub(super) message_max: usize,
    pub(super) backlog: Backlog,
    pub(super) turn: Arc<Turn>,
    pub(super) stats: ConnectionStats,
}

impl Peer {
    pub(super) fn new(connected: Connected) -> Self {
        let Connected { socket, link, message_max, backlog, turn, stats } = connected;
        Self {
            socket,
            link,
            message_max,
            backlog,
            waker: Waker::from(Arc::clone(&turn)),
            turn,
            responses: VecDeque::new(),
            events: VecDeque::new(),
            waiting_bytes: 0,
            wake_ups_owed: 0,
            unannounced: 0,
            behind: None,
            flow: RequestFlow::Open,
            stats,
        }
    }

    /// Bytes of the biggest message.
    pub(super) const fn message_max(&self) -> usize {
        self.message_max
    }

    /// Has it looked at in its turn.
    pub(super) fn ask_for_turn(&self) {
        self.turn.ask();
    }

    /// What it has done so far.
    pub(super) fn stats(&self) -> ConnectionStats {
        let waiting = self.responses.len() + self.events.len();
        ConnectionStats { waiting, ..self.stats.clone() }
    }

    pub(super) fn clear_stats(&mut self) {
        self.stats.clear();
    }

    /// Takes requests from it or not: `own` is meant for this client, `all` for all.
    pub(super) fn set_flow(&mut self, own: RequestFlow, all: RequestFlow) {
        self.flow = own;
        let flow = self.flow.max(all);
        if flow != self.stats.flow {
            self.stats.flow = flow;
            self.stats.flow_changes += 1;
            self.link.set_flow_control(flow.number());
            // Whoever waits for the server may have been told that there is nothing to do.
            Wake::wake_by_ref(&self.turn);
        }
    }

    /// What this client alone was told.
    pub(super) const fn flow(&self) -> RequestFlow {
        self.flow
    }

    /// The next request.
    pub(super) fn poll_request(&mut self) -> Poll<Result<Vec<u8>, Gone>> {
        let waker = self.waker.clone();
        let mut cx = Context::from_waker(&waker);
        let is_open = self.stats.flow == RequestFlow::Open;
        for _ in 0..IDLE_READS {
            if is_open && let Poll::Ready(message) = self.read(&mut cx) {
                return Poll::Ready(message);
            }
            let Poll::Ready(guard) = self.socket.poll_read_ready(&mut cx) else {
                return Poll::Pending;
            };
            let Ok(mut guard) = guard else {
                return Poll::Ready(Err(Gone::Broken("the socket failed".to_owned())));
            };
            let mut bytes = [0_u8; WAKE_UPS];
            match recv(self.socket.get_ref(), &mut bytes[..], RecvFlags::DONTWAIT) {
                // The message that a wake-up announces may have been read before it came.
                Ok((1.., _)) => self.stats.receive_retries += 1,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    guard.clear_ready();
                    self.unannounced = 0;
                }
                // What was sent before the end still counts, unless nothing is taken any more.
                Ok(_) | Err(Errno::CONNRESET) if is_open => {
                    drop(guard);
                    return match self.read(&mut cx) {
                        Poll::Pending => Poll::Ready(Err(Gone::Closed)),
                        message @ Poll::Ready(_) => message,
                    };
                }
                Ok(_) | Err(Errno::CONNRESET) => return Poll::Ready(Err(Gone::Closed)),
                Err(error) => return Poll::Ready(Err(Gone::Broken(error.to_string()))),
            }
        }
        waker.wake_by_ref();
        Poll::Pending
    }

    fn read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Vec<u8>, Gone>> {
        let message = std::task::ready!(self.link.poll_read(cx))?;
        self.unannounced += 1;
        if self.unannounced >= REQUESTS_PER_WAKE_UPS && self.link.needs_wake_up() {
            self.unannounced = 0;
            let mut bytes = [0_u8; WAKE_UPS];
            // Whatever it says is said again when there is nothing to read but this.
            let _ = recv(self.socket.get_ref(), &mut bytes[..], RecvFlags::DONTWAIT);
        }
        self.stats.requests += 1;
        Poll::Ready(check(message))
    }

    /// Sends an answer, or keeps it for later.
    pub(super) fn respond(&mut self, message: &[u8]) -> Result<(), CallError> {
        self.check_size(message.len())?;
        if self.responses.is_empty() {
            match self.link.respond(message) {
                Ok(true) => {
                    self.stats.responses += 1;
                    return Ok(());
                }
                Ok(false) => self.stats.send_retries += 1,
                // Found out again, and told, when it is tried to send what waits.
                Err(_) => {}
            }
        }
        self.waiting_bytes += message.len();
        self.responses.push_back(message.into());
        Ok(())
    }

    /// Sends an event, or keeps it for later. [`Self::flush`] announces it.
    pub(super) fn notify(&mut self, event: &mut Event<'_>) -> Result<(), CallError> {
        self.check_size(event.length)?;
        if self.events.is_empty() {
            match self.link.notify(event.parts) {
                Ok(true) => {
                    self.stats.events += 1;
                    self.wake_ups_owed += usize::from(self.link.needs_wake_up());
                    return Ok(());
                }
                Ok(false) => self.stats.send_retries += 1,
                // As above.
                Err(_) => {}
            }
        }
        self.waiting_bytes += event.length;
        self.events.push_back(event.whole());
        Ok(())
    }

    const fn check_size(&self, bytes: usize) -> Result<(), CallError> {
        let limit = self.message_max;
        if bytes <= limit { Ok(()) } else { Err(CallError::TooBig { bytes, limit }) }
    }

    /// Sends what waits, as far as there is room, and announces what was sent. True if the client took something.
    pub(super) fn flush(&mut self) -> Result<bool, Gone> {
        let waiting_bytes = self.waiting_bytes;
        while let Some(message) = self.responses.front() {
            if !self.link.respond(message)? {
                break;
            }
            self.stats.responses += 1;
            self.waiting_bytes -= message.len();
            self.responses.pop_front();
        }
        while let Some(message) = self.events.front() {
            if !self.link.notify(&[message])? {
                break;
            }
            self.stats.events += 1;
            self.waiting_bytes -= message.len();
            self.events.pop_front();
            self.wake_ups_owed += usize::from(self.link.needs_wake_up());
        }
        let owed = self.wake_ups_owed;
        self.wake_up();
        self.check_backlog()?;
        Ok(self.waiting_bytes < waiting_bytes || self.wake_ups_owed < owed)
    }

    fn wake_up(&mut self) {
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
    }

    fn check_backlog(&mut self) -> Result<(), Gone> {
        let limits = self.backlog;
        let waiting = self.responses.len() + self.events.len();
        if waiting > limits.messages_max || self.waiting_bytes > limits.bytes_max {
            return Err(Gone::Evicted(waiting));
        }
        if waiting <= limits.patient_messages && self.waiting_bytes <= limits.patient_bytes {
            self.behind = None;
            return Ok(());
        }
        let (now, taken) = (Instant::now(), self.stats.responses + self.stats.events);
        match self.behind {
            Some((since, before)) if before == taken => {
                if now.duration_since(since) >= limits.patience {
                    return Err(Gone::Evicted(waiting));
                }
            }
            _ => self.behind = Some((now, taken)),
        }
        Ok(())
    }

    /// Whether half of what may wait for long does.
    pub(super) fn is_far_behind(&self) -> bool {
        let waiting = self.responses.len() + self.events.len();
        waiting > self.backlog.messages_max / 2
            || self.waiting_bytes > self.backlog.patient_bytes / 2
    }

    /// How many events wait for room in the client's buffer.
    pub(super) fn waiting(&self) -> usize {
        self.events.len()
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
