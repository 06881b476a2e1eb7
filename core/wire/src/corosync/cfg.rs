//! The service that manages the ring's daemon itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{AnswerError, Status, answer, event, request, unknown};
use crate::{Reader, WireError, Writer};

const RING_STATUS: i32 = 0;
const LINK_REENABLE: i32 = 1;
const KILL_NODE: i32 = 2;
const TRY_SHUTDOWN: i32 = 3;
const REPLY_TO_SHUTDOWN: i32 = 4;
const NODE_ADDRESSES: i32 = 5;
const LOCAL_GET: i32 = 6;
const RELOAD: i32 = 7;
const REOPEN_LOGS: i32 = 8;
const NODE_STATUS: i32 = 9;
const TRACK_START: i32 = 10;
const TRACK_STOP: i32 = 11;
const NODE_ADDRESSES_ANSWER: i32 = 11;
const LOCAL_GET_ANSWER: i32 = 12;
const NODE_STATUS_ANSWER: i32 = 16;
const TEST_SHUTDOWN: i32 = 10;

const LINKS_MAX: usize = 16;
const LINK_NAME_SIZE: usize = 128;
const LINK_STATUS_SIZE: usize = 512;
const REASON_SIZE: usize = 256;
const NODE_LINKS: usize = 8;
const ADDRESS_SIZE: usize = 256;
/// Where an answer about a node has the versions of the transport: behind header, layout, number and three flags.
const VERSIONS_AT: usize = 35;
/// Bytes of an address in the list of a node's addresses.
const NUMERIC_ADDRESS_SIZE: usize = 16;
/// Address families as the kernel numbers them.
const FAMILY_IPV4: u32 = 2;
const FAMILY_IPV6: u32 = 10;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// The local links; answered with [`Link`]s.
    RingStatus,
    /// To use links again that were given up: what earlier versions needed. Answered with a refusal.
    LinkReenable,
    /// To make a node's daemon exit. Answered with a status.
    KillNode {
        /// The node.
        node: u32,
        /// Why, for its log.
        reason: String,
    },
    /// To make the local daemon exit. Answered with a status once everybody who follows has replied.
    TryShutdown {
        /// 0 to ask, 1 to do it whatever others say, 2 to do it at once.
        flags: u32,
    },
    /// Whether the local daemon may exit. Answered with a status.
    ReplyToShutdown {
        /// Whether it may.
        agree: bool,
    },
    /// A node's addresses; see [`encode_node_addresses`].
    NodeAddresses {
        /// The node; 0 for the local one.
        node: u32,
    },
    /// The local node's number.
    LocalGet,
    /// To read the configuration again on every node. Answered with a status.
    Reload,
    /// To close and open the log files. Answered with a status.
    ReopenLogs,
    /// The links to a node; answered with a [`NodeStatus`].
    NodeStatus {
        /// The node.
        node: u32,
    },
    /// To be asked before the local daemon exits. Answered with a status.
    TrackStart,
    /// To be asked no longer. Answered with a status.
    TrackStop,
}

impl Request {
    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer;
        match self {
            Self::RingStatus => writer = Writer::request(RING_STATUS),
            Self::LinkReenable => writer = Writer::request(LINK_REENABLE),
            Self::KillNode { node, reason } => {
                writer = Writer::request(KILL_NODE);
                let length = reason.len().min(REASON_SIZE - 1);
                writer.u32(*node).align(8).u16(u16::try_from(length).unwrap_or(0));
                writer.padded(&reason.as_bytes()[..length], REASON_SIZE);
            }
            Self::TryShutdown { flags } => {
                writer = Writer::request(TRY_SHUTDOWN);
                writer.u32(*flags);
            }
            Self::ReplyToShutdown { agree } => {
                writer = Writer::request(REPLY_TO_SHUTDOWN);
                writer.u32(u32::from(*agree));
            }
            Self::NodeAddresses { node } => {
                writer = Writer::request(NODE_ADDRESSES);
                writer.u32(*node);
            }
            Self::LocalGet => writer = Writer::request(LOCAL_GET),
            Self::Reload => writer = Writer::request(RELOAD),
            Self::ReopenLogs => writer = Writer::request(REOPEN_LOGS),
            Self::NodeStatus { node } => {
                writer = Writer::request(NODE_STATUS);
                // The second number is the layout of the answer.
                writer.u32(*node).align(8).u32(1);
            }
            Self::TrackStart => {
                writer = Writer::request(TRACK_START);
                writer.u8(0);
            }
            Self::TrackStop => writer = Writer::request(TRACK_STOP),
        }
        writer.finish_structure()
    }

    /// Reads the message.
    pub fn decode(message: &[u8]) -> Result<Self, WireError> {
        let (id, mut reader) = request(message)?;
        Ok(match id {
            RING_STATUS => Self::RingStatus,
            LINK_REENABLE => Self::LinkReenable,
            KILL_NODE => {
                let node = reader.u32()?;
                let _length = reader.align(8).u16()?;
                Self::KillNode { node, reason: reader.text("reason", REASON_SIZE)?.to_owned() }
            }
            TRY_SHUTDOWN => Self::TryShutdown { flags: reader.u32()? },
            REPLY_TO_SHUTDOWN => Self::ReplyToShutdown { agree: reader.u32()? != 0 },
            NODE_ADDRESSES => Self::NodeAddresses { node: reader.u32()? },
            LOCAL_GET => Self::LocalGet,
            RELOAD => Self::Reload,
            REOPEN_LOGS => Self::ReopenLogs,
            NODE_STATUS => {
                let node = reader.u32()?;
                let version = reader.align(8).i32()?;
                if version != 1 {
                    return Err(unknown("node status version", version));
                }
                Self::NodeStatus { node }
            }
            TRACK_START => Self::TrackStart,
            TRACK_STOP => Self::TrackStop,
            other => return Err(unknown("cfg request", other)),
        })
    }
}

/// Which request an answer that is only a status belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// [`Request::LinkReenable`].
    LinkReenable,
    /// [`Request::KillNode`].
    KillNode,
    /// [`Request::TryShutdown`].
    TryShutdown,
    /// [`Request::ReplyToShutdown`].
    ReplyToShutdown,
    /// [`Request::NodeStatus`], when there is none.
    NodeStatus,
    /// [`Request::Reload`].
    Reload,
    /// [`Request::ReopenLogs`].
    ReopenLogs,
    /// [`Request::TrackStart`].
    TrackStart,
    /// [`Request::TrackStop`].
    TrackStop,
}

impl Answered {
    /// The answer.
    pub fn encode(self, status: Status) -> Vec<u8> {
        let id = match self {
            Self::LinkReenable => 1,
            Self::TrackStart => 2,
            Self::TrackStop => 3,
            Self::KillNode => 8,
            Self::TryShutdown => 9,
            Self::ReplyToShutdown => 13,
            Self::Reload => 14,
            Self::ReopenLogs => 15,
            Self::NodeStatus => NODE_STATUS_ANSWER,
        };
        super::encode_status(id, status)
    }
}

/// The answer to [`Request::NodeAddresses`]: all of one family, that of the first.
///
/// No address at all is the answer that there is no such node.
pub fn encode_node_addresses(addresses: &[IpAddr]) -> Vec<u8> {
    let Some(first) = addresses.first() else {
        let mut writer = Writer::response(NODE_ADDRESSES_ANSWER, Status::NOT_EXIST.0);
        writer.u32(0).u32(0);
        return writer.finish_message();
    };
    let family = if first.is_ipv4() { FAMILY_IPV4 } else { FAMILY_IPV6 };
    let same = addresses.iter().filter(|address| address.is_ipv4() == first.is_ipv4());
    let addresses: Vec<&IpAddr> = same.take(NODE_LINKS).collect();
    let mut writer = Writer::response(NODE_ADDRESSES_ANSWER, Status::OK.0);
    writer.u32(family).u32(super::entries(addresses.len()));
    for address in addresses {
        match address {
            IpAddr::V4(address) => writer.padded(&address.octets(), NUMERIC_ADDRESS_SIZE),
            IpAddr::V6(address) => writer.padded(&address.octets(), NUMERIC_ADDRESS_SIZE),
        };
    }
    writer.finish_message()
}

/// Reads the answer to [`Request::NodeAddresses`].
pub fn decode_node_addresses(message: &[u8]) -> Result<Vec<IpAddr>, AnswerError> {
    let mut reader = answer(message)?;
    let family = reader.u32()?;
    let count = reader.count("addresses", NODE_LINKS)?;
    let addresses = (0..count).map(|_| {
        let mut bytes = [0; NUMERIC_ADDRESS_SIZE];
        bytes.copy_from_slice(reader.bytes(NUMERIC_ADDRESS_SIZE)?);
        match family {
            FAMILY_IPV4 => Ok(Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]).into()),
            FAMILY_IPV6 => Ok(Ipv6Addr::from(bytes).into()),
            other => Err(WireError::Invalid { field: "address family", value: other.into() }),
        }
    });
    addresses.collect::<Result<_, WireError>>().map_err(AnswerError::from)
}

/// One of the local links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its name.
    pub name: String,
    /// Its state in the daemon's words.
    pub status: String,
}

/// Reads the answer to [`Request::RingStatus`].
pub fn decode_ring_status(message: &[u8]) -> Result<Vec<Link>, AnswerError> {
    let mut reader = answer(message)?;
    let count = reader.count("links", LINKS_MAX)?;
    let text = |reader: &mut Reader<'_>, offset, index, field, size| {
        reader.seek(offset + index * size).text(field, size).map(str::to_owned)
    };
    let statuses = 32 + LINKS_MAX * LINK_NAME_SIZE;
    let links = (0..count).map(|index| {
        let name = text(&mut reader, 32, index, "link name", LINK_NAME_SIZE)?;
        let status = text(&mut reader, statuses, index, "link status", LINK_STATUS_SIZE)?;
        Ok(Link { name, status })
    });
    links.collect::<Result<_, WireError>>().map_err(AnswerError::from)
}

/// The answer to [`Request::RingStatus`], for at most 16 links.
pub fn encode_ring_status(links: &[Link]) -> Vec<u8> {
    let links = &links[..links.len().min(LINKS_MAX)];
    let mut writer = Writer::response(RING_STATUS, Status::OK.0);
    writer.u32(super::entries(links.len())).align(8);
    for (index, link) in links.iter().enumerate() {
        let end = 32 + (index + 1) * LINK_NAME_SIZE;
        writer.padded(link.name.as_bytes(), LINK_NAME_SIZE - 1).fill_to(end);
    }
    let statuses = 32 + LINKS_MAX * LINK_NAME_SIZE;
    writer.fill_to(statuses);
    for (index, link) in links.iter().enumerate() {
        let end = statuses + (index + 1) * LINK_STATUS_SIZE;
        writer.padded(link.status.as_bytes(), LINK_STATUS_SIZE - 1).fill_to(end);
    }
    writer.fill_to(statuses + LINKS_MAX * LINK_STATUS_SIZE);
    writer.finish_structure()
}

/// Reads the answer to [`Request::LocalGet`]: the local node's number.
pub fn decode_local_get(message: &[u8]) -> Result<u32, AnswerError> {
    Ok(answer(message)?.u32()?)
}

/// The answer to [`Request::LocalGet`].
pub fn encode_local_get(node: u32) -> Vec<u8> {
    let mut writer = Writer::response(LOCAL_GET_ANSWER, Status::OK.0);
    writer.u32(node);
    writer.finish_structure()
}

/// One link to a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeLink {
    /// Whether it is configured and switched on.
    pub enabled: bool,
    /// Whether data gets through.
    pub connected: bool,
    /// Whether the other side's address was learnt.
    pub dynamic: bool,
    /// The biggest packet, in bytes.
    pub mtu: u32,
    /// The local address.
    pub source: String,
    /// The other side's address.
    pub destination: String,
}

/// What the transport knows of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeStatus {
    /// The node.
    pub node: u32,
    /// Whether any link gets through.
    pub reachable: bool,
    /// Whether it is reached over another node.
    pub remote: bool,
    /// Whether something outside says whether it is reachable.
    pub external: bool,
    /// The eight links, configured or not.
    pub links: Vec<NodeLink>,
}

/// Versions of the protocol between two nodes' transports. Only knet has any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransportVersions {
    /// The lowest that the other node speaks.
    pub lowest: u8,
    /// The highest that the other node speaks.
    pub highest: u8,
    /// The one in use.
    pub used: u8,
}

impl TransportVersions {
    /// Reads them off the answer to [`Request::NodeStatus`].
    pub fn decode(message: &[u8]) -> Result<Self, AnswerError> {
        let mut reader = answer(message)?;
        reader.seek(VERSIONS_AT);
        Ok(Self { lowest: reader.u8()?, highest: reader.u8()?, used: reader.u8()? })
    }
}

impl NodeStatus {
    /// The answer to [`Request::NodeStatus`] of a transport without versions.
    pub fn encode(&self) -> Vec<u8> {
        self.encode_with(TransportVersions::default())
    }

    /// The answer to [`Request::NodeStatus`].
    pub fn encode_with(&self, versions: TransportVersions) -> Vec<u8> {
        let TransportVersions { lowest, highest, used } = versions;
        let mut writer = Writer::response(NODE_STATUS_ANSWER, Status::OK.0);
        writer.u32(1).u32(self.node);
        for flag in [self.reachable, self.remote, self.external] {
            writer.u8(u8::from(flag));
        }
        writer.u8(lowest).u8(highest).u8(used).align(4);
        let none = NodeLink::default();
        for index in 0..NODE_LINKS {
            let link = self.links.get(index).unwrap_or(&none);
            writer.u8(u8::from(link.enabled)).u8(u8::from(link.connected));
            writer.u8(u8::from(link.dynamic)).align(4).u32(link.mtu);
            writer.padded(link.source.as_bytes(), ADDRESS_SIZE);
            writer.padded(link.destination.as_bytes(), ADDRESS_SIZE);
        }
        writer.finish_structure()
    }

    /// Reads the answer to [`Request::NodeStatus`].
    pub fn decode(message: &[u8]) -> Result<Self, AnswerError> {
        let mut reader = answer(message)?;
        let version = reader.i32()?;
        if version != 1 {
            return Err(unknown("node status version", version).into());
        }
        let node = reader.u32()?;
        let mut flag = || reader.u8().map(|byte| byte != 0);
        let (reachable, remote, external) = (flag()?, flag()?, flag()?);
        reader.bytes(3)?;
        reader.align(4);
        let links = (0..NODE_LINKS).map(|_| {
            let mut flag = || reader.u8().map(|byte| byte != 0);
            let (enabled, connected, dynamic) = (flag()?, flag()?, flag()?);
            let mtu = reader.align(4).u32()?;
            let source = reader.text("address", ADDRESS_SIZE)?.to_owned();
            let destination = reader.text("address", ADDRESS_SIZE)?.to_owned();
            Ok(NodeLink { enabled, connected, dynamic, mtu, source, destination })
        });
        let links = links.collect::<Result<_, WireError>>()?;
        Ok(Self { node, reachable, remote, external, links })
    }
}

/// Reads an event: the local daemon is about to exit and asks, with the flags of the request to do so, or says with
/// [`Status::TIMEOUT`] that it asks no longer. `None` for others.
pub fn decode_test_shutdown(message: &[u8]) -> Result<Option<u32>, WireError> {
    let (id, mut reader) = event(message)?;
    if id == TEST_SHUTDOWN { reader.u32().map(Some) } else { Ok(None) }
}

/// The event that asks whether the local daemon may exit.
///
/// With [`Status::TIMEOUT`] it says that somebody did not answer in time.
pub fn encode_test_shutdown(status: Status, flags: u32) -> Vec<u8> {
    let mut writer = Writer::response(TEST_SHUTDOWN, status.0);
    writer.u32(flags);
    writer.finish_structure()
}

#[cfg(test)]
mod tests {
    use super::{super::testing::both_ways, *};

    #[test]
    fn requests_go_both_ways() {
        for request in [
            Request::RingStatus,
            Request::KillNode { node: 2, reason: "because".to_owned() },
            Request::TryShutdown { flags: 1 },
            Request::ReplyToShutdown { agree: true },
            Request::LinkReenable,
            Request::NodeAddresses { node: 2 },
            Request::LocalGet,
            Request::Reload,
            Request::ReopenLogs,
            Request::NodeStatus { node: 3 },
            Request::TrackStop,
        ] {
            both_ways(request, Request::encode, Request::decode);
        }
        assert_eq!(Request::decode(&Request::TrackStart.encode()), Ok(Request::TrackStart));
    }

    #[test]
    fn answers_and_events_go_both_ways() {
        let link = |name: &str| Link { name: name.to_owned(), status: "OK".to_owned() };
        let links = vec![link("LINK ID 0 udp"), link("LINK ID 1 udp")];
        let bytes = encode_ring_status(&links);
        assert_eq!(bytes.len(), 10_272);
        assert_eq!(decode_ring_status(&bytes), Ok(links));
        for length in (0..2_080).chain([2_500]) {
            assert!(decode_ring_status(&bytes[..length]).is_err(), "{length}");
        }
        both_ways(7, |node| encode_local_get(*node), decode_local_get);
        let addresses: Vec<IpAddr> = vec!["10.0.0.1".parse().unwrap(), "10.0.1.1".parse().unwrap()];
        let bytes = encode_node_addresses(&addresses);
        assert_eq!(bytes.len(), 24 + 8 + 2 * 16);
        assert_eq!(decode_node_addresses(&bytes), Ok(addresses));
        let none = decode_node_addresses(&encode_node_addresses(&[]));
        assert_eq!(none, Err(AnswerError::Refused(Status::NOT_EXIST)));
        let links = vec![NodeLink { enabled: true, mtu: 1397, ..NodeLink::default() }; 8];
        let status = NodeStatus { node: 2, reachable: true, remote: false, external: false, links };
        assert_eq!(status.encode().len(), 4200);
        let versions = TransportVersions { lowest: 1, highest: 3, used: 2 };
        let bytes = status.encode_with(versions);
        assert_eq!(TransportVersions::decode(&bytes), Ok(versions));
        assert_eq!(NodeStatus::decode(&bytes), Ok(status.clone()));
        for length in 0..38 {
            assert!(TransportVersions::decode(&bytes[..length]).is_err(), "{length}");
        }
        both_ways(status, NodeStatus::encode, NodeStatus::decode);
        assert_eq!(decode_test_shutdown(&encode_test_shutdown(Status::OK, 2)), Ok(Some(2)));
    }
}
