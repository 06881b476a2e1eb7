use vocab::NodeId;
use wire::corosync::{
    decode_status,
    quorum::{self, Event, TRACK_CHANGES, TRACK_CURRENT},
    votequorum,
};

use super::{Connection, malformed};
use crate::{QuorumChange, RingError};

/// The quorum service.
#[derive(Debug)]
pub struct Quorum {
    connection: Connection,
    has_provider: bool,
}

impl Quorum {
    /// Connects.
    pub fn connect() -> Result<Self, RingError> {
        let mut connection = Connection::open("quorum")?;
        let message = quorum::Request::GetType.encode();
        let provider = connection.call("quorum type", &message, quorum::decode_number)?;
        Ok(Self { connection, has_provider: provider != 0 })
    }

    /// Whether anybody decides on quorum. Otherwise every partition has it.
    pub const fn has_provider(&self) -> bool {
        self.has_provider
    }

    /// Whether the partition has quorum.
    pub fn is_quorate(&mut self) -> Result<bool, RingError> {
        let message = quorum::Request::GetQuorate.encode();
        let number = self.connection.call("quorum", &message, quorum::decode_number)?;
        Ok(number != 0)
    }

    /// Starts to follow: [`Self::wait`] gives the present state first and, with `changes`, every change behind it.
    pub fn follow(&mut self, changes: bool) -> Result<(), RingError> {
        let message = quorum::Request::TrackStart { flags: track_flags(changes) }.encode();
        self.connection.call("quorum tracking", &message, decode_status)
    }

    /// Stops to follow.
    pub fn unfollow(&mut self) -> Result<(), RingError> {
        let message = quorum::Request::TrackStop.encode();
        self.connection.call("quorum tracking", &message, decode_status)
    }

    /// Waits for the present state or the next change.
    pub fn wait(&mut self) -> Result<QuorumChange, RingError> {
        loop {
            let message = self.connection.event("quorum")?;
            let event = Event::decode(&message).map_err(|error| malformed("quorum", error))?;
            let (quorate, ring_sequence, members) = match event {
                Event::Notification { quorate, ring_sequence, members } => {
                    (quorate, ring_sequence, members)
                }
                Event::Quorum { quorate, ring, members } => (quorate, ring.sequence, members),
                Event::NodeList { .. } | Event::Other(_) => continue,
            };
            let members = members.into_iter().map(NodeId).collect();
            return Ok(QuorumChange { quorate, ring_sequence, members });
        }
    }
}

/// A membership, as the service that counts votes tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VotesChange {
    /// The node that formed the ring.
    pub representative: NodeId,
    /// The number of the membership.
    pub ring_sequence: u64,
    /// The nodes of the partition.
    pub members: Vec<NodeId>,
}

/// The service that counts votes.
#[derive(Debug)]
pub struct Votes {
    connection: Connection,
}

impl Votes {
    /// Connects.
    pub fn connect() -> Result<Self, RingError> {
        Ok(Self { connection: Connection::open("votequorum")? })
    }

    /// What is known of a node.
    pub fn info(&mut self, node: NodeId) -> Result<votequorum::Info, RingError> {
        let message = votequorum::Request::GetInfo { node: node.0 }.encode();
        self.connection.call("vote information", &message, votequorum::Info::decode)
    }

    /// Changes the expected votes everywhere.
    pub fn set_expected(&mut self, votes: u32) -> Result<(), RingError> {
        let message = votequorum::Request::SetExpected { votes }.encode();
        self.connection.call("expected votes", &message, decode_status)
    }

    /// Changes a node's votes.
    pub fn set_votes(&mut self, node: NodeId, votes: u32) -> Result<(), RingError> {
        let message = votequorum::Request::SetVotes { node: node.0, votes }.encode();
        self.connection.call("votes", &message, decode_status)
    }

    /// Makes the service forget the quorum device of that name.
    pub fn unregister_device(&mut self, name: &str) -> Result<(), RingError> {
        let message = votequorum::Request::DeviceUnregister { name: name.to_owned() }.encode();
        self.connection.call("quorum device", &message, decode_status)
    }

    /// Starts to follow: [`Self::wait`] gives the present membership first and, with `changes`, every later one.
    pub fn follow(&mut self, changes: bool) -> Result<(), RingError> {
        let flags = track_flags(changes);
        let message = votequorum::Request::TrackStart { context: 0, flags }.encode();
        self.connection.call("vote tracking", &message, decode_status)
    }

    /// Waits for the present membership or the next one.
    pub fn wait(&mut self) -> Result<VotesChange, RingError> {
        loop {
            let message = self.connection.event("votequorum")?;
            let event = votequorum::Event::decode(&message)
                .map_err(|error| malformed("votequorum", error))?;
            if let votequorum::Event::NodeList { ring, nodes, .. } = event {
                return Ok(VotesChange {
                    representative: NodeId(ring.node),
                    ring_sequence: ring.sequence,
                    members: nodes.into_iter().map(NodeId).collect(),
                });
            }
        }
    }
}

const fn track_flags(changes: bool) -> u32 {
    if changes { TRACK_CHANGES } else { TRACK_CURRENT }
}
