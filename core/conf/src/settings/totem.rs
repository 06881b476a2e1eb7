use std::{fmt, net::IpAddr, path::PathBuf, time::Duration};

/// How messages travel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totem {
    /// The cluster's name.
    pub cluster_name: Option<String>,
    /// An identifier of the cluster that survives a new name.
    pub cluster_uuid: Option<String>,
    /// The number of this configuration; nodes with an old one do not join. 0 if it has none.
    pub config_version: u64,
    /// How nodes are reached.
    pub transport: Transport,
    /// Which of several links is used.
    pub link_mode: LinkMode,
    /// Which address of a name is used.
    pub ip_version: IpVersion,
    /// Whether numbers made of addresses have their high bit cleared.
    pub clear_node_high_bit: bool,
    /// The class of traffic in the IP header, 0 to 63; 0 leaves it to the transport.
    pub traffic_class: u8,
    /// Whether packets from hosts that the node list does not have are dropped.
    pub block_unlisted: bool,
    /// How messages are protected.
    pub crypto: Crypto,
    /// How messages are compressed.
    pub compression: Compression,
    /// Bytes of the longest frame, as it is set; `None` leaves it to the transport.
    pub netmtu: Option<u32>,
    /// How often knet looks for the greatest packet size.
    pub mtu_interval: Duration,
    /// Bytes of the greatest packet of knet; `None` if it is to be looked for.
    pub knet_mtu: Option<u32>,
    /// How long the token may be away before a node counts as lost, before the addition for more than two nodes.
    pub token: Duration,
    /// The addition for each node beyond two.
    pub token_coefficient: Duration,
    /// Part of the token timeout, in percent, after which a late token is reported; 0 for never.
    pub token_warning_percent: u32,
    /// How long until a token is sent again; `None` derives it.
    pub token_retransmit: Option<Duration>,
    /// How long an idle ring's token is held; `None` derives it.
    pub hold: Option<Duration>,
    /// How often a token is sent again before it counts as lost.
    pub retransmits_before_loss: u32,
    /// How long until a join message is sent again.
    pub join: Duration,
    /// Join messages are held back up to that long, at random.
    pub send_join_max: Duration,
    /// How long to wait for agreement on a membership; `None` derives it.
    pub consensus: Option<Duration>,
    /// How long a ring without traffic waits until it looks for other rings.
    pub merge: Duration,
    /// How often to look whether a network interface is back.
    pub downcheck: Duration,
    /// Rotations without progress until a node counts as deaf.
    pub fail_to_receive_rotations: u32,
    /// Rotations without a new message until the token may be held.
    pub unchanged_rotations: u32,
    /// Tokens that may fail to come before the ring is formed anew; 0 turns that off.
    pub heartbeat_failures_allowed: u32,
    /// How long a packet may be under way.
    pub network_delay_max: Duration,
    /// Messages of all nodes in one rotation.
    pub window_messages: u32,
    /// Messages of one node in one rotation.
    pub messages_per_token: u32,
    /// Rotations that a message may be missing before it is asked for.
    pub miss_rotations: u32,
    /// Whether a token is not held while something has to be sent again.
    pub cancel_hold_on_retransmit: bool,
}

impl Default for Totem {
    fn default() -> Self {
        Self {
            cluster_name: None,
            cluster_uuid: None,
            config_version: 0,
            transport: Transport::default(),
            link_mode: LinkMode::default(),
            ip_version: IpVersion::default(),
            clear_node_high_bit: false,
            traffic_class: 0,
            block_unlisted: true,
            crypto: Crypto::default(),
            compression: Compression::default(),
            netmtu: None,
            mtu_interval: Duration::from_secs(30),
            knet_mtu: None,
            token: Duration::from_millis(3000),
            token_coefficient: Duration::from_millis(650),
            token_warning_percent: 75,
            token_retransmit: None,
            hold: None,
            retransmits_before_loss: 4,
            join: Duration::from_millis(50),
            send_join_max: Duration::ZERO,
            consensus: None,
            merge: Duration::from_millis(200),
            downcheck: Duration::from_secs(1),
            fail_to_receive_rotations: 2500,
            unchanged_rotations: 30,
            heartbeat_failures_allowed: 0,
            network_delay_max: Duration::from_millis(50),
            window_messages: 50,
            messages_per_token: 17,
            miss_rotations: 5,
            cancel_hold_on_retransmit: false,
        }
    }
}

impl Totem {
    /// How long the token may be away in a cluster of that many nodes.
    pub fn token_timeout(&self, nodes: usize) -> Duration {
        let beyond_two = u32::try_from(nodes.saturating_sub(2)).unwrap_or(u32::MAX);
        self.token.saturating_add(self.token_coefficient.saturating_mul(beyond_two))
    }

    /// Bytes of the longest frame that the ring gives to the transport.
    pub fn frame_bytes_max(&self) -> u32 {
        let default = match self.transport {
            Transport::Knet => 65536,
            Transport::Udp | Transport::Udpu => 1500,
        };
        self.netmtu.unwrap_or(default)
    }
}

/// How nodes are reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// Several links with encryption.
    #[default]
    Knet,
    /// UDP multicast or broadcast.
    Udp,
    /// UDP to each node.
    Udpu,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Knet => "knet",
            Self::Udp => "udp",
            Self::Udpu => "udpu",
        })
    }
}

/// Which of several links is used.
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

/// Which address of a name is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IpVersion {
    /// IPv4 only; the default of transport udp.
    V4,
    /// IPv6 only.
    V6,
    /// IPv4 where there is one.
    V4Then6,
    /// IPv6 where there is one.
    #[default]
    V6Then4,
}

impl IpVersion {
    /// The address to use, of those that a name has in the resolver's order.
    pub fn choose(self, addresses: &[IpAddr]) -> Option<IpAddr> {
        let v4 = || addresses.iter().find(|address| address.is_ipv4());
        let v6 = || addresses.iter().find(|address| address.is_ipv6());
        match self {
            Self::V4 => v4(),
            Self::V6 => v6(),
            Self::V4Then6 => v4().or_else(v6),
            Self::V6Then4 => v6().or_else(v4),
        }
        .copied()
    }
}

/// How messages are protected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crypto {
    /// The library that was asked for; what goes over the wire is the same with each.
    pub model: CryptoModel,
    /// Cipher; `None` if messages are not encrypted.
    pub cipher: Option<Cipher>,
    /// Hash; `None` if messages are not signed.
    pub hash: Option<Hash>,
    /// Where the shared key is. Read only if there is a hash.
    pub key: KeySource,
}

/// A library for cryptography.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CryptoModel {
    /// Mozilla's.
    #[default]
    Nss,
    /// OpenSSL.
    Openssl,
}

/// What encrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    /// AES with 128 bits.
    Aes128,
    /// AES with 192 bits.
    Aes192,
    /// AES with 256 bits.
    Aes256,
}

/// What signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// MD5.
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// Where the shared key is.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum KeySource {
    /// In the usual file beside the configuration.
    #[default]
    DefaultFile,
    /// In this file.
    File(PathBuf),
    /// In the configuration itself: its bytes, with the zero at the end that counts as part of the key.
    Inline(Vec<u8>),
}

impl KeySource {
    /// Bytes of the shortest key.
    pub const LENGTH_MIN: usize = 128;
    /// Bytes of the longest key; of a longer file only that many count.
    pub const LENGTH_MAX: usize = 4096;
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DefaultFile => f.write_str("DefaultFile"),
            Self::File(path) => write!(f, "File({})", path.display()),
            Self::Inline(key) => write!(f, "Inline(key of {} bytes)", key.len()),
        }
    }
}

/// How messages are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compression {
    /// By what; `None` if they are not.
    pub model: Option<CompressionModel>,
    /// Shorter messages are sent as they are, in bytes; 0 means knet's own default, 100.
    pub threshold: u32,
    /// How hard it tries; the meaning is the model's.
    pub level: i32,
}

/// Ways to compress that knet knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompressionModel {
    /// zlib.
    Zlib,
    /// LZ4.
    Lz4,
    /// LZ4, slower and smaller.
    Lz4hc,
    /// bzip2.
    Bzip2,
}

/// What the configuration says about one link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkSettings {
    /// The network to use; for transports without a node's own address.
    pub bind_address: Option<String>,
    /// The group of transport udp.
    pub multicast_address: Option<String>,
    /// Whether transport udp broadcasts instead.
    pub broadcast: bool,
    /// The port; `None` counts up from 5405 with the links.
    pub port: Option<u16>,
    /// How many routers a multicast packet may pass.
    pub ttl: u8,
    /// Higher is preferred.
    pub priority: u8,
    /// How often each end asks the other; `None` derives it.
    pub ping_interval: Option<Duration>,
    /// How long without an answer until the link counts as down; `None` derives it.
    pub ping_timeout: Option<Duration>,
    /// How many answers the average of the latency is taken over.
    pub ping_precision: u32,
    /// How many answers until the link counts as up.
    pub pong_count: u32,
}

impl Default for LinkSettings {
    fn default() -> Self {
        Self {
            bind_address: None,
            multicast_address: None,
            broadcast: false,
            port: None,
            ttl: 1,
            priority: 1,
            ping_interval: None,
            ping_timeout: None,
            ping_precision: 2048,
            pong_count: 2,
        }
    }
}
