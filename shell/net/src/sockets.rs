use std::{
    collections::BTreeMap,
    future::poll_fn,
    net::SocketAddr,
    ops::Bound,
    os::fd::BorrowedFd,
    task::{Context, Poll},
};

use crate::{
    Batch, Counters, Failure, NetError, Purpose, SocketId, SocketSettings,
    options::{self, Opened},
    socket::Socket,
};

/// How often packets for this node alone may have to wait until those for all have been taken.
const POSTPONED_MAX: u8 = 8;

/// The ring's sockets.
#[derive(Debug, Default)]
pub struct Sockets {
    entries: BTreeMap<SocketId, Entry>,
    failures: Vec<Failure>,
    /// Addresses of one socket, collected while sending.
    addresses: Vec<SocketAddr>,
    /// The one after this has its turn first.
    served: Option<SocketId>,
}

#[derive(Debug)]
struct Entry {
    settings: SocketSettings,
    group: Option<SocketAddr>,
    receivers: Vec<Socket>,
    sender: Option<Socket>,
    postponed: u8,
}

impl Sockets {
    /// None yet. Must be used within the event loop.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens a socket. One of the same number is closed first, so that this is also the way to open it again, after its
    /// interface has come back.
    pub fn open(&mut self, id: SocketId, settings: SocketSettings) -> Result<(), NetError> {
        self.entries.remove(&id);
        let local = settings.local;
        let Opened { receivers, sender, group } = options::open(&settings)?;
        let own = match settings.purpose {
            Purpose::Broadcast => Some(options::sending_address(local)),
            Purpose::Link | Purpose::Unicast | Purpose::Multicast { .. } => None,
        };
        let register = |socket: socket2::Socket| {
            Socket::new(id, socket.into(), own).map_err(NetError::at("event loop", local))
        };
        let receivers = receivers.into_iter().map(register).collect::<Result<_, _>>()?;
        let sender = sender.map(register).transpose()?;
        self.entries.insert(id, Entry { settings, group, receivers, sender, postponed: 0 });
        Ok(())
    }

    /// Closes a socket. What waits to be sent is dropped.
    pub fn close(&mut self, id: SocketId) {
        self.entries.remove(&id);
    }

    /// What a socket was opened with; `None` if it is not open.
    pub fn settings(&self, id: SocketId) -> Option<&SocketSettings> {
        self.entries.get(&id).map(|entry| &entry.settings)
    }

    /// The descriptor that packets to single addresses go out of; `None` if the socket is not open.
    pub(crate) fn descriptor(&self, id: SocketId) -> Option<BorrowedFd<'_>> {
        let entry = self.entries.get(&id)?;
        entry.sender.as_ref().or(entry.receivers.first()).map(Socket::descriptor)
    }

    /// What has gone over a socket since it was opened; `None` if it is not open.
    pub fn counters(&self, id: SocketId) -> Option<Counters> {
        let entry = self.entries.get(&id)?;
        let mut sum = Counters::default();
        for Counters {
            received_packets,
            received_bytes,
            received_dropped,
            sent_packets,
            sent_bytes,
            send_retries,
            send_errors,
            send_dropped,
            group_failures_in_a_row,
        } in entry.receivers.iter().chain(&entry.sender).map(|socket| socket.counters)
        {
            sum.received_packets += received_packets;
            sum.received_bytes += received_bytes;
            sum.received_dropped += received_dropped;
            sum.sent_packets += sent_packets;
            sum.sent_bytes += sent_bytes;
            sum.send_retries += send_retries;
            sum.send_errors += send_errors;
            sum.send_dropped += send_dropped;
            sum.group_failures_in_a_row += group_failures_in_a_row;
        }
        Some(sum)
    }

    /// Waits until there are packets, or reports of the network, and fills the batch with them; meanwhile sends what waits.
    /// Dropping the future loses nothing but what was in the batch before.
    pub async fn receive(&mut self, batch: &mut Batch) {
        poll_fn(|cx| self.poll_receive(cx, batch)).await;
    }

    /// As [`Self::receive`].
    pub fn poll_receive(&mut self, cx: &mut Context<'_>, batch: &mut Batch) -> Poll<()> {
        batch.clear();
        for entry in self.entries.values_mut() {
            for socket in entry.receivers.iter_mut().chain(&mut entry.sender) {
                socket.flush(cx, &mut self.failures);
            }
        }
        batch.failures.append(&mut self.failures);
        // Each in turn is the first, so that one that is flooded leaves room for the others.
        let after = self.served.map_or(Bound::Unbounded, Bound::Excluded);
        let before = self.served.map_or(Bound::Excluded(SocketId(0)), Bound::Included);
        let mut first = None;
        for range in [(after, Bound::Unbounded), (Bound::Unbounded, before)] {
            for (&id, entry) in self.entries.range_mut(range) {
                let had = batch.received.len();
                entry.receive(cx, batch);
                if batch.received.len() > had {
                    first.get_or_insert(id);
                }
            }
        }
        self.served = first.or(self.served);
        if batch.is_empty() { Poll::Pending } else { Poll::Ready(()) }
    }

    /// Sends a packet to each of the addresses, from the socket named with it. What the kernel has no room for waits; what
    /// cannot be sent comes as a [`Failure`] with the next batch. Nothing is sent from a socket that is not open.
    pub fn send(&mut self, packet: &[u8], to: impl IntoIterator<Item = (SocketId, SocketAddr)>) {
        let mut addresses = std::mem::take(&mut self.addresses);
        let mut current = None;
        for (id, address) in to {
            if current != Some(id) {
                self.send_from(current, packet, &mut addresses);
                current = Some(id);
            }
            addresses.push(address);
        }
        self.send_from(current, packet, &mut addresses);
        self.addresses = addresses;
    }

    /// Sends a packet to all, where there is a group.
    pub fn send_to_group(&mut self, id: SocketId, packet: &[u8]) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let Some(group) = entry.group else { return };
        let Some(socket) = entry.sender() else { return };
        let errors = socket.counters.send_errors;
        socket.send(packet, &[group], &mut self.failures);
        if socket.counters.send_errors > errors {
            socket.counters.group_failures_in_a_row += 1;
        } else {
            socket.counters.group_failures_in_a_row = 0;
        }
    }

    fn send_from(&mut self, id: Option<SocketId>, packet: &[u8], to: &mut Vec<SocketAddr>) {
        let entry = id.and_then(|id| self.entries.get_mut(&id));
        if let Some(socket) = entry.and_then(Entry::sender) {
            socket.send(packet, to, &mut self.failures);
        }
        to.clear();
    }
}

impl Entry {
    fn sender(&mut self) -> Option<&mut Socket> {
        self.sender.as_mut().or_else(|| self.receivers.first_mut())
    }

    /// Takes packets as long as the batch has room.
    ///
    /// A token must not overtake the messages sent before it, which came to the group's socket: as long as there are some,
    /// what came for this node alone waits.
    fn receive(&mut self, cx: &mut Context<'_>, batch: &mut Batch) {
        let count = self.receivers.len();
        for (index, socket) in self.receivers.iter_mut().enumerate() {
            let has_more = socket.receive(cx, batch);
            if has_more && index + 1 < count && self.postponed < POSTPONED_MAX {
                self.postponed += 1;
                return;
            }
        }
        self.postponed = 0;
    }
}
