use std::{
    collections::VecDeque,
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Sleep, sleep};

/// Packets that may wait for room in the kernel.
const PACKETS_MAX: usize = 4096;
/// Bytes that may wait. A packet for many counts for each.
const BYTES_MAX: usize = 16 << 20;
/// After how long it is tried again when the network card's queue was full: nobody says when there is room again.
const RETRY: Duration = Duration::from_millis(1);

/// Packets that the kernel had no room for, in their order.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    queue: VecDeque<(Arc<[u8]>, SocketAddr)>,
    bytes: usize,
    retry: Option<Pin<Box<Sleep>>>,
}

impl Outgoing {
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Keeps a packet for each address. Returns for how many there was no room.
    pub(crate) fn push(&mut self, packet: &[u8], to: &[SocketAddr]) -> usize {
        let by_bytes = (BYTES_MAX - self.bytes) / packet.len().max(1);
        let room = by_bytes.min(PACKETS_MAX - self.queue.len()).min(to.len());
        if room > 0 {
            let shared: Arc<[u8]> = packet.into();
            self.bytes += room * packet.len();
            self.queue.extend(to[..room].iter().map(|&to| (Arc::clone(&shared), to)));
        }
        to.len() - room
    }

    /// The packet that has waited longest.
    pub(crate) fn first(&self) -> Option<(Arc<[u8]>, SocketAddr)> {
        self.queue.front().cloned()
    }

    /// Forgets the packet that has waited longest.
    pub(crate) fn remove_first(&mut self) {
        if let Some((packet, _)) = self.queue.pop_front() {
            self.bytes -= packet.len();
        }
    }

    /// Nothing is to be tried for a moment.
    pub(crate) fn pause(&mut self) {
        self.retry = Some(Box::pin(sleep(RETRY)));
    }

    /// Ready unless there is a pause.
    pub(crate) fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(retry) = &mut self.retry {
            std::task::ready!(retry.as_mut().poll(cx));
            self.retry = None;
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(count: usize) -> Vec<SocketAddr> {
        vec!["127.0.0.1:5405".parse().unwrap(); count]
    }

    #[test]
    fn the_queue_has_a_limit_in_packets_and_one_in_bytes() {
        let mut outgoing = Outgoing::default();
        assert_eq!(outgoing.push(b"", &addresses(PACKETS_MAX + 3)), 3);
        assert_eq!(outgoing.push(b"x", &addresses(2)), 2);
        outgoing.remove_first();
        assert_eq!(outgoing.push(b"x", &addresses(2)), 1);

        let mut outgoing = Outgoing::default();
        let packet = vec![0; BYTES_MAX / 4];
        assert_eq!(outgoing.push(&packet, &addresses(5)), 1);
        assert_eq!(outgoing.push(b"x", &addresses(1)), 1);
        outgoing.remove_first();
        assert_eq!(outgoing.push(b"x", &addresses(1)), 0);
    }

    #[test]
    fn what_waits_keeps_its_order() {
        let mut outgoing = Outgoing::default();
        outgoing.push(b"a", &addresses(1));
        outgoing.push(b"b", &addresses(1));
        let mut seen = Vec::new();
        while let Some((packet, _)) = outgoing.first() {
            seen.extend_from_slice(&packet);
            outgoing.remove_first();
        }
        assert_eq!(seen, b"ab");
    }
}
