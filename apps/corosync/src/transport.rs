//! How frames get to the other nodes: over links as libknet makes them, or in bare UDP packets.

use std::{collections::BTreeMap, net::SocketAddr};

use links::{Address, Destination, Input, LinkId, Links, Output};
use machine::{Instant, Outbox};
use vocab::NodeId;

/// The transport that the configuration names.
#[derive(Debug)]
pub(crate) enum Transport {
    /// `knet`.
    Links(Box<Links>),
    /// `udpu` and `udp`.
    Plain(Plain),
}

impl Transport {
    /// Takes in what happened; what is to be done is put in `out`.
    pub(crate) fn handle(&mut self, now: Instant, input: Input<'_>, out: &mut Outbox<Output>) {
        match self {
            Self::Links(links) => links.handle(now, input, out),
            Self::Plain(plain) => plain.handle(input, out),
        }
    }
}

/// Frames in bare UDP packets, open to everybody who can send some.
#[derive(Debug)]
pub(crate) struct Plain {
    peers: BTreeMap<NodeId, SocketAddr>,
    /// Where frames for all go; `None` sends one to each node.
    group: Option<SocketAddr>,
    /// Whether packets from addresses that no node has are dropped.
    blocks_unlisted: bool,
    /// Packets that were dropped since the start.
    refused: u64,
}

impl Plain {
    /// Packets to each node (`udpu`), or to a multicast group where one is for all (`udp`).
    pub(crate) const fn new(
        peers: BTreeMap<NodeId, SocketAddr>,
        group: Option<SocketAddr>,
        blocks_unlisted: bool,
    ) -> Self {
        Self { peers, group, blocks_unlisted, refused: 0 }
    }

    /// Where all other nodes are.
    pub(crate) fn addresses(&self) -> Vec<Address> {
        self.peers.values().map(|&to| Address { link: LinkId(0), to }).collect()
    }

    /// The nodes changed at run time.
    pub(crate) fn set_peers(&mut self, peers: BTreeMap<NodeId, SocketAddr>) {
        self.peers = peers;
    }

    fn handle(&mut self, input: Input<'_>, out: &mut Outbox<Output>) {
        match input {
            Input::Send { to, frame } => {
                let link = LinkId(0);
                let to: Vec<Address> = match (to, self.group) {
                    (Destination::All, Some(group)) => vec![Address { link, to: group }],
                    (Destination::All, None) => {
                        self.peers.values().map(|&to| Address { link, to }).collect()
                    }
                    (Destination::Node(node), _) => {
                        self.peers.get(&node).map(|&to| Address { link, to }).into_iter().collect()
                    }
                };
                if !to.is_empty() {
                    out.push(Output::Transmit { packet: frame.to_vec(), to });
                }
            }
            Input::Packet { from, bytes, .. } => {
                let sender = self.peers.iter().find(|(_, address)| address.ip() == from.ip());
                match sender {
                    Some((&node, _)) => {
                        out.push(Output::Deliver { from: node, frame: bytes.to_vec() });
                    }
                    None if self.blocks_unlisted => self.refused += 1,
                    // Who sent it is in the frame.
                    None => out.push(Output::Deliver { from: NodeId(0), frame: bytes.to_vec() }),
                }
            }
            Input::Start
            | Input::Unreachable { .. }
            | Input::TooBig { .. }
            | Input::Fired { .. }
            | Input::Reconfigure(_)
            | Input::Rekey(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(group: Option<&str>) -> Plain {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let peers = [(2, "10.0.0.2:5405"), (3, "10.0.0.3:5405")];
        let peers = peers.map(|(node, text)| (NodeId(node), address(text))).into();
        Plain::new(peers, group.map(address), true)
    }

    fn sent(plain: &mut Plain, to: Destination) -> Vec<String> {
        let mut out = Outbox::new();
        plain.handle(Input::Send { to, frame: b"x" }, &mut out);
        let Some(Output::Transmit { to, .. }) = out.pop() else { return Vec::new() };
        to.iter().map(|address| address.to.to_string()).collect()
    }

    #[test]
    fn a_frame_for_all_goes_to_each_or_to_the_group() {
        assert_eq!(sent(&mut plain(None), Destination::All), ["10.0.0.2:5405", "10.0.0.3:5405"]);
        let mut multicast = plain(Some("239.1.1.1:5405"));
        assert_eq!(sent(&mut multicast, Destination::All), ["239.1.1.1:5405"]);
        assert_eq!(sent(&mut multicast, Destination::Node(NodeId(3))), ["10.0.0.3:5405"]);
        assert!(sent(&mut multicast, Destination::Node(NodeId(4))).is_empty());
    }

    #[test]
    fn strangers_are_not_heard() {
        let mut plain = plain(None);
        let mut out = Outbox::new();
        for from in ["10.0.0.9:5405", "10.0.0.3:9"] {
            let from = from.parse().unwrap();
            plain.handle(Input::Packet { link: LinkId(0), from, bytes: b"x" }, &mut out);
        }
        let heard: Vec<_> = out.drain().collect();
        assert_eq!(heard, [Output::Deliver { from: NodeId(3), frame: b"x".to_vec() }]);
        assert_eq!(plain.refused, 1);
    }
}
