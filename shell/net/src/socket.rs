use std::{
    io,
    net::SocketAddr,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    task::{Context, Poll},
};

use tokio::io::{Interest, unix::AsyncFd};

use crate::{
    Batch, Failure, SocketId,
    batch::Received,
    message::{self, Reported},
    outgoing::Outgoing,
};

/// Reports of the network that are kept until somebody takes them; more would say the same again.
const FAILURES_MAX: usize = 256;

/// What has gone over a socket since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets received.
    pub received_packets: u64,
    /// Bytes received.
    pub received_bytes: u64,
    /// Packets received that were cut off, were this node's own, or whose sender has an address of no known kind. They are
    /// dropped.
    pub received_dropped: u64,
    /// Packets sent, counted for each address.
    pub sent_packets: u64,
    /// Bytes sent.
    pub sent_bytes: u64,
    /// Times that the kernel had no room for a packet, which was kept for later.
    pub send_retries: u64,
    /// Packets that could not be sent, counted for each address.
    pub send_errors: u64,
    /// Packets that were dropped since too many waited.
    pub send_dropped: u64,
    /// Packets to the group that could not be sent since the last that could.
    pub group_failures_in_a_row: u64,
}

/// A socket of the event loop.
#[derive(Debug)]
pub(crate) struct Socket {
    id: SocketId,
    socket: AsyncFd<OwnedFd>,
    /// The same socket once more, while packets wait for it to be writable. It is not watched for that all the time: every
    /// packet sent makes it writable anew, and would wake up the loop for nothing.
    writable: Option<AsyncFd<OwnedFd>>,
    /// Packets from there are this node's own: broadcasts come back to who sends them.
    own: Option<SocketAddr>,
    outgoing: Outgoing,
    pub(crate) counters: Counters,
}

/// What to do about a packet that could not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Again,
    GiveUp,
    WhenWritable,
    AfterPause,
}

impl Socket {
    pub(crate) fn new(id: SocketId, socket: OwnedFd, own: Option<SocketAddr>) -> io::Result<Self> {
        // The network's reports count as urgent.
        let interest = Interest::READABLE | Interest::PRIORITY;
        // SAFETY: an owned descriptor stays open, and the same, until the registration is dropped and with it the descriptor.
        let socket = unsafe { AsyncFd::register_with_interest(socket, interest) }?;
        let (outgoing, counters) = (Outgoing::default(), Counters::default());
        Ok(Self { id, socket, writable: None, own, outgoing, counters })
    }

    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.socket.get_ref().as_fd()
    }

    /// Takes packets as long as the batch has room. True if there may be more.
    pub(crate) fn receive(&mut self, cx: &mut Context<'_>, batch: &mut Batch) -> bool {
        while batch.room() > 0 {
            let Poll::Ready(Ok(mut guard)) = self.socket.poll_read_ready(cx) else {
                return false;
            };
            let room = batch.room();
            let first = batch.received.len();
            let Batch { slots, received, failures } = batch;
            let (id, own, counters) = (self.id, self.own, &mut self.counters);
            let result =
                slots.receive(self.socket.get_ref().as_fd(), first, room, |slot, length, from| {
                    if Some(from) == own {
                        return;
                    }
                    counters.received_packets += 1;
                    counters.received_bytes += length as u64;
                    received.push(Received { socket: id, from, slot, length });
                });
            match result {
                Ok(taken) => {
                    let kept = received.len() - first;
                    counters.received_dropped += (taken - kept) as u64;
                    if taken < room {
                        // Nothing was left a moment ago; what comes after that makes the socket ready anew.
                        guard.clear_ready();
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    drain_reports(self.socket.get_ref(), self.id, failures);
                    guard.clear_ready();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The error is that of a packet sent earlier; reading it has taken it away.
                Err(_) => {
                    drain_reports(self.socket.get_ref(), self.id, failures);
                }
            }
        }
        true
    }

    /// Sends a packet to each address, or keeps it for later.
    pub(crate) fn send(&mut self, packet: &[u8], to: &[SocketAddr], failures: &mut Vec<Failure>) {
        let mut rest = to;
        let mut is_second_try = false;
        while !rest.is_empty() && self.outgoing.is_empty() {
            let error = match message::send(self.socket.get_ref().as_fd(), packet, rest) {
                Ok(sent) => {
                    self.count_sent(sent, packet);
                    rest = &rest[sent..];
                    is_second_try = false;
                    continue;
                }
                Err(error) => error,
            };
            match self.judge(&error, rest[0], &mut is_second_try, failures) {
                Next::Again => {}
                Next::GiveUp => rest = &rest[1..],
                Next::WhenWritable => break,
                Next::AfterPause => {
                    self.outgoing.pause();
                    break;
                }
            }
        }
        if !rest.is_empty() {
            self.counters.send_retries += rest.len() as u64;
            self.counters.send_dropped += self.outgoing.push(packet, rest) as u64;
        }
    }

    /// Sends what waits, as far as there is room.
    pub(crate) fn flush(&mut self, cx: &mut Context<'_>, failures: &mut Vec<Failure>) {
        let mut is_second_try = false;
        while let Some((packet, to)) = self.outgoing.first() {
            if self.outgoing.poll_pause(cx).is_pending() {
                return;
            }
            let Ok(writable) = watch_writable(&self.socket, &mut self.writable) else {
                self.outgoing.pause();
                continue;
            };
            let Poll::Ready(Ok(mut guard)) = writable.poll_write_ready(cx) else { return };
            let error = match message::send(self.socket.get_ref().as_fd(), &packet, &[to]) {
                Ok(sent) => {
                    drop(guard);
                    self.count_sent(sent, &packet);
                    self.outgoing.remove_first();
                    is_second_try = false;
                    continue;
                }
                Err(error) => error,
            };
            if error.kind() == io::ErrorKind::WouldBlock {
                guard.clear_ready();
                continue;
            }
            drop(guard);
            match self.judge(&error, to, &mut is_second_try, failures) {
                Next::Again | Next::WhenWritable => {}
                Next::GiveUp => self.outgoing.remove_first(),
                Next::AfterPause => self.outgoing.pause(),
            }
        }
        self.writable = None;
    }

    fn count_sent(&mut self, count: usize, packet: &[u8]) {
        self.counters.sent_packets += count as u64;
        self.counters.sent_bytes += (count * packet.len()) as u64;
    }

    /// What to do about an error of sending to `to`. It may be that of another packet, sent earlier: then the reports tell,
    /// and a second try gives this packet's own.
    fn judge(
        &mut self,
        error: &io::Error,
        to: SocketAddr,
        is_second_try: &mut bool,
        failures: &mut Vec<Failure>,
    ) -> Next {
        let errno = error.raw_os_error().unwrap_or(0);
        match errno {
            libc::EAGAIN => return Next::WhenWritable,
            libc::ENOBUFS | libc::ENOMEM => return Next::AfterPause,
            libc::EINTR => return Next::Again,
            _ => {}
        }
        let known = failures.len();
        drain_reports(self.socket.get_ref(), self.id, failures);
        for failure in &mut failures[known..] {
            // The kernel's own report, about the packet just refused, has no port.
            if let Failure::TooBig { to: reported, .. } = failure
                && (reported.ip(), reported.port()) == (to.ip(), 0)
            {
                *reported = to;
            }
        }
        let is_reported = failures[known..].iter().any(
            |failure| matches!(failure, Failure::TooBig { to: reported, .. } if *reported == to),
        );
        if !is_reported && !std::mem::replace(is_second_try, true) {
            return Next::Again;
        }
        *is_second_try = false;
        self.counters.send_errors += 1;
        if !is_reported {
            let reported = Reported { to, errno, mtu: 0 };
            // What cannot be sent for a reason of this host's own reaches nobody either.
            let failure =
                failure(self.id, reported).unwrap_or(Failure::Unreachable { socket: self.id, to });
            keep(failure, failures);
        }
        Next::GiveUp
    }
}

/// Watches the socket for being writable, unless that is done already.
fn watch_writable<'a>(
    socket: &AsyncFd<OwnedFd>,
    writable: &'a mut Option<AsyncFd<OwnedFd>>,
) -> io::Result<&'a AsyncFd<OwnedFd>> {
    let watched = match writable.take() {
        Some(watched) => watched,
        None => {
            let same = socket.get_ref().try_clone()?;
            // SAFETY: as in `Socket::new`.
            unsafe { AsyncFd::register_with_interest(same, Interest::WRITABLE) }?
        }
    };
    Ok(writable.insert(watched))
}

fn drain_reports(socket: &OwnedFd, id: SocketId, failures: &mut Vec<Failure>) {
    while let Some(report) = message::next_report(socket.as_fd()) {
        if let Some(failure) = report.and_then(|report| failure(id, report)) {
            keep(failure, failures);
        }
    }
}

fn keep(failure: Failure, failures: &mut Vec<Failure>) {
    if failures.len() < FAILURES_MAX {
        failures.push(failure);
    }
}

/// What a report means; `None` if nothing for the ring.
fn failure(socket: SocketId, report: Reported) -> Option<Failure> {
    let Reported { to, errno, mtu } = report;
    match errno {
        libc::EMSGSIZE => Some(Failure::TooBig { socket, to, mtu: (mtu > 0).then_some(mtu) }),
        libc::ECONNREFUSED
        | libc::ECONNABORTED
        | libc::ENONET
        | libc::ENETUNREACH
        | libc::EHOSTUNREACH
        | libc::EHOSTDOWN
        | libc::ENETDOWN => Some(Failure::Unreachable { socket, to }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_and_what_they_mean() {
        let to: SocketAddr = "192.0.2.1:5405".parse().unwrap();
        let socket = SocketId(3);
        let meaning = |errno, mtu| failure(socket, Reported { to, errno, mtu });
        assert_eq!(
            meaning(libc::EMSGSIZE, 1400),
            Some(Failure::TooBig { socket, to, mtu: Some(1400) })
        );
        assert_eq!(meaning(libc::EMSGSIZE, 0), Some(Failure::TooBig { socket, to, mtu: None }));
        assert_eq!(meaning(libc::ECONNREFUSED, 0), Some(Failure::Unreachable { socket, to }));
        assert_eq!(meaning(libc::EACCES, 0), None);
    }
}
