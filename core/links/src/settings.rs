use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use vocab::NodeId;
use wire::knet::{Cipher, CompressionModel, Hash, KeyError, Seal};

use crate::LinkId;

/// What the links are and whom they lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// This node.
    pub node: NodeId,
    /// Which of several links that work is used (`totem.link_mode`).
    pub mode: LinkMode,
    /// The links, by number.
    pub links: BTreeMap<LinkId, LinkSettings>,
    /// The other nodes.
    pub peers: Vec<Peer>,
    /// How packets are sealed; `None` sends them open.
    pub crypto: Option<Crypto>,
    /// What compresses packets, and from how many bytes on.
    pub compression: Option<Compression>,
    /// How often the greatest packet size is looked for (`totem.knet_pmtud_interval`).
    pub mtu_interval: Duration,
    /// The greatest packet size, if it is not to be looked for (`totem.knet_mtu`).
    pub mtu: Option<u16>,
    /// Whether packets from addresses that no peer has are dropped unread (`totem.block_unlisted_ips`).
    pub block_unlisted: bool,
    /// Where the salts of sealed packets come from: has to be random, and different at each start.
    pub seed: [u8; 32],
}

/// Another node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its number. libknet has room for 16 bits.
    pub node: NodeId,
    /// Its address on each link.
    pub addresses: BTreeMap<LinkId, SocketAddr>,
}

/// Which links carry traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkMode {
    /// The working link with the highest priority.
    #[default]
    Passive,
    /// All working links.
    Active,
    /// Each working link in turn.
    RoundRobin,
}

/// One link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkSettings {
    /// Higher is preferred (`knet_link_priority`).
    pub priority: u8,
    /// How often each end asks the other (`knet_ping_interval`).
    pub ping_interval: Duration,
    /// How long without an answer until the link counts as down (`knet_ping_timeout`).
    pub ping_timeout: Duration,
    /// How many answers the average of the latency is taken over (`knet_ping_precision`).
    pub ping_precision: u32,
    /// How many answers until the link counts as up (`knet_pong_count`).
    pub pong_count: u8,
    /// Bytes of IP and UDP headers of this address family: 28 or 48.
    pub header_bytes: u16,
}

/// How packets are sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct Crypto {
    /// Encrypts.
    pub cipher: Cipher,
    /// Signs; packets whose signature is wrong are dropped before anything else.
    pub hash: Hash,
    /// The shared key, as it is in the key file.
    pub key: Vec<u8>,
}

impl Crypto {
    /// Whether packets can be sealed like this. Links whose key cannot be used stay silent.
    pub fn check(&self) -> Result<(), KeyError> {
        match (self.cipher, self.hash) {
            (Cipher::None, Hash::None) => Ok(()),
            (cipher, hash) => Seal::new(cipher, hash, &self.key).map(drop),
        }
    }
}

impl std::fmt::Debug for Crypto {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Crypto({:?}, {:?}, key of {} bytes)", self.cipher, self.hash, self.key.len())
    }
}

/// What compresses packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compression {
    /// By what.
    pub model: CompressionModel,
    /// Frames of up to so many bytes are sent as they are; 0 means 100, libknet's default.
    pub threshold: u32,
    /// How hard it tries; the meaning is the model's.
    pub level: i32,
}
