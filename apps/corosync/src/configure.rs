//! What the configuration says, in the words of each machine.

use std::{collections::BTreeMap, net::SocketAddr};

use conf::{Place, PlacedNode, Settings, Transport};
use ipc::Allowed;
use links::{CompressionModel, Crypto, LinkId};
use net::{Purpose, SocketId, SocketSettings};
use vocab::NodeId;

/// Bytes of IP and UDP headers.
const HEADERS_IPV4: usize = 28;
const HEADERS_IPV6: usize = 48;
/// Threshold of compression where none is set.
const COMPRESSION_THRESHOLD: u32 = 100;

/// A configuration with this node's place in it.
#[derive(Clone, Debug)]
pub(crate) struct Configuration {
    pub(crate) settings: Settings,
    pub(crate) place: Place,
    /// The shared key; empty where packets are not sealed.
    pub(crate) key: Vec<u8>,
}

impl Configuration {
    /// This node.
    pub(crate) fn local(&self) -> &PlacedNode {
        // The place was found in this very list.
        &self.place.nodes[self.place.local]
    }

    /// This node's number.
    pub(crate) fn node(&self) -> NodeId {
        NodeId(self.local().id)
    }

    /// All other nodes.
    pub(crate) fn peers(&self) -> impl Iterator<Item = &PlacedNode> {
        let local = self.place.local;
        self.place
            .nodes
            .iter()
            .enumerate()
            .filter(move |(at, _)| *at != local)
            .map(|(_, node)| node)
    }

    /// Who may connect, besides root.
    pub(crate) fn allowed(&self) -> Allowed {
        let conf::Access { users, groups } = &self.settings.access;
        Allowed { users: users.clone(), groups: groups.clone() }
    }

    fn is_knet(&self) -> bool {
        self.settings.totem.transport == Transport::Knet
    }

    /// Bytes of IP and UDP headers on a link.
    fn header_bytes(&self, link: u8) -> usize {
        let is_ipv6 = self.local().addresses.get(&link).is_some_and(std::net::IpAddr::is_ipv6);
        if is_ipv6 { HEADERS_IPV6 } else { HEADERS_IPV4 }
    }

    /// For the ring. `seed` should differ from node to node.
    pub(crate) fn ring(&self, seed: u64) -> totem::Settings {
        let (totem, timing) = (&self.settings.totem, self.settings.timing());
        let frame = totem.frame_bytes_max() as usize;
        // knet takes frames of any size. The ring leaves room for an IPv4 header in what is set for bare UDP.
        let headers = if self.is_knet() { 0 } else { self.header_bytes(0) - HEADERS_IPV4 };
        totem::Settings {
            node: self.node(),
            token: timing.token,
            token_warning_percent: u8::try_from(totem.token_warning_percent).unwrap_or(100),
            token_retransmit: timing.token_retransmit,
            token_hold: timing.hold,
            join: totem.join,
            send_join_max: totem.send_join_max,
            consensus: timing.consensus,
            merge: totem.merge,
            fail_to_receive_rotations: totem.fail_to_receive_rotations,
            unchanged_rotations: totem.unchanged_rotations,
            window_messages: totem.window_messages,
            messages_per_token: totem.messages_per_token,
            miss_rotations: totem.miss_rotations,
            heartbeat_failures_allowed: totem.heartbeat_failures_allowed,
            network_delay_max: totem.network_delay_max,
            cancel_hold_on_retransmit: totem.cancel_hold_on_retransmit,
            frame_bytes_max: frame.saturating_sub(headers),
            seed,
        }
    }

    /// The addresses of the other nodes on the only link of a transport without links.
    pub(crate) fn plain_peers(&self) -> BTreeMap<NodeId, SocketAddr> {
        let port = self.settings.port(0);
        self.peers()
            .filter_map(|node| {
                let address = *node.addresses.get(&0)?;
                Some((NodeId(node.id), SocketAddr::new(address, port)))
            })
            .collect()
    }

    /// Where packets for all go, where there is one address for them.
    pub(crate) fn group(&self) -> Option<SocketAddr> {
        let (_, socket) = self.sockets().into_iter().next()?;
        let address = match socket.purpose {
            Purpose::Link | Purpose::Unicast => return None,
            Purpose::Multicast { group, .. } => group,
            Purpose::Broadcast => std::net::Ipv4Addr::BROADCAST.into(),
        };
        Some(SocketAddr::new(address, socket.local.port()))
    }

    /// For knet. `seed` has to be random.
    pub(crate) fn links(&self, seed: [u8; 32]) -> links::Settings {
        let totem = &self.settings.totem;
        let numbers: Vec<u8> = self.local().addresses.keys().copied().collect();
        let peers = self.peers().map(|node| links::Peer {
            node: NodeId(node.id),
            addresses: node
                .addresses
                .iter()
                .map(|(&link, &address)| {
                    (LinkId(link), SocketAddr::new(address, self.settings.port(link)))
                })
                .collect(),
        });
        links::Settings {
            node: self.node(),
            mode: match totem.link_mode {
                conf::LinkMode::Passive => links::LinkMode::Passive,
                conf::LinkMode::Active => links::LinkMode::Active,
                conf::LinkMode::RoundRobin => links::LinkMode::RoundRobin,
            },
            links: numbers.iter().map(|&link| (LinkId(link), self.link(link))).collect(),
            peers: peers.collect(),
            crypto: self.crypto(),
            compression: totem.compression.model.map(|model| links::Compression {
                model: match model {
                    conf::CompressionModel::Zlib => CompressionModel::Zlib,
                    conf::CompressionModel::Lz4 => CompressionModel::Lz4,
                    conf::CompressionModel::Lz4hc => CompressionModel::Lz4hc,
                    conf::CompressionModel::Bzip2 => CompressionModel::Bzip2,
                },
                threshold: match totem.compression.threshold {
                    0 => COMPRESSION_THRESHOLD,
                    threshold => threshold,
                },
                level: totem.compression.level,
            }),
            mtu_interval: totem.mtu_interval,
            mtu: totem.knet_mtu.and_then(|mtu| u16::try_from(mtu).ok()).filter(|mtu| *mtu > 0),
            block_unlisted: totem.block_unlisted,
            seed,
        }
    }

    fn link(&self, link: u8) -> links::LinkSettings {
        let set = self.settings.links.get(&link).cloned().unwrap_or_default();
        let timing = self.settings.link_timing(link);
        links::LinkSettings {
            priority: set.priority,
            ping_interval: timing.ping_interval,
            ping_timeout: timing.ping_timeout,
            ping_precision: set.ping_precision,
            pong_count: u8::try_from(set.pong_count).unwrap_or(u8::MAX),
            header_bytes: if self.header_bytes(link) == HEADERS_IPV6 { 48 } else { 28 },
        }
    }

    fn crypto(&self) -> Option<Crypto> {
        let crypto = &self.settings.totem.crypto;
        if crypto.cipher.is_none() && crypto.hash.is_none() {
            return None;
        }
        Some(Crypto {
            cipher: match crypto.cipher {
                None => links::Cipher::None,
                Some(conf::Cipher::Aes128) => links::Cipher::Aes128,
                Some(conf::Cipher::Aes192) => links::Cipher::Aes192,
                Some(conf::Cipher::Aes256) => links::Cipher::Aes256,
            },
            hash: match crypto.hash {
                None => links::Hash::None,
                Some(conf::Hash::Md5) => links::Hash::Md5,
                Some(conf::Hash::Sha1) => links::Hash::Sha1,
                Some(conf::Hash::Sha256) => links::Hash::Sha256,
                Some(conf::Hash::Sha384) => links::Hash::Sha384,
                Some(conf::Hash::Sha512) => links::Hash::Sha512,
            },
            key: self.key.clone(),
        })
    }

    /// The sockets, by the number of their link.
    pub(crate) fn sockets(&self) -> Vec<(SocketId, SocketSettings)> {
        let one = |link: u8, address| {
            let local = SocketAddr::new(address, self.settings.port(link));
            let set = self.settings.links.get(&link).cloned().unwrap_or_default();
            let purpose = match self.settings.totem.transport {
                Transport::Knet => Purpose::Link,
                Transport::Udpu => Purpose::Unicast,
                Transport::Udp if set.broadcast => Purpose::Broadcast,
                Transport::Udp => match self.place.multicast {
                    Some(group) => Purpose::Multicast { group, ttl: set.ttl },
                    None => Purpose::Broadcast,
                },
            };
            (
                SocketId(link),
                SocketSettings { local, purpose, dscp: self.settings.totem.traffic_class },
            )
        };
        self.local().addresses.iter().map(|(&link, &address)| one(link, address)).collect()
    }

    /// For quorum.
    pub(crate) fn quorum(&self) -> quorum::Settings {
        let set = &self.settings.quorum;
        let nodes = self.settings.nodes.iter().zip(&self.place.nodes);
        quorum::Settings {
            provider: set.votequorum,
            nodes: nodes
                .map(|(node, placed)| (NodeId(placed.id), node.votes.unwrap_or(1)))
                .collect(),
            votes: set.votes,
            expected_votes: set.expected_votes,
            two_node: set.two_node,
            wait_for_all: set.wait_for_all,
            auto_tie_breaker: set.auto_tie_breaker.is_some(),
            auto_tie_breaker_node: set.auto_tie_breaker.as_ref().map(|which| match which {
                conf::TieBreaker::Lowest => quorum::TieBreaker::Lowest,
                conf::TieBreaker::Highest => quorum::TieBreaker::Highest,
                conf::TieBreaker::List(nodes) => {
                    quorum::TieBreaker::List(nodes.iter().copied().map(NodeId).collect())
                }
            }),
            last_man_standing: set.last_man_standing,
            last_man_standing_window: set.last_man_standing_window,
            allow_downscale: set.allow_downscale,
            expected_votes_tracking: set.expected_votes_tracking,
            device: set.device.as_ref().map(|device| quorum::Device {
                votes: device.votes,
                timeout: device.timeout,
                sync_timeout: device.sync_timeout,
            }),
            ..quorum::Settings::new(self.node())
        }
    }
}
