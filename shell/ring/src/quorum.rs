use vocab::NodeId;
use wire::corosync::{
    Status, decode_status,
    quorum::{self, Event, Request, TRACK_CHANGES},
    votequorum,
};

use crate::{RingError, service::Service};

/// Membership of the partition and whether it has quorum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuorumChange {
    /// Whether the partition has quorum.
    pub quorate: bool,
    /// The number of the membership; it grows with each.
    pub ring_sequence: u64,
    /// The nodes of the partition.
    pub members: Vec<NodeId>,
}

/// The quorum service.
#[derive(Debug)]
pub struct Quorum {
    service: Service,
}

impl Quorum {
    /// Connects and starts to follow.
    pub async fn connect() -> Result<Self, RingError> {
        let mut service = Service::connect("quorum").await?;
        let newer = Request::ModelGetType { model: 1 }.encode();
        let provider = match service.call("quorum type", &newer, quorum::decode_number).await {
            // A daemon from before there were two layouts of events.
            Err(RingError::Refused { status: Status::INVALID_PARAMETER, .. }) => {
                let older = Request::GetType.encode();
                service.call("quorum type", &older, quorum::decode_number).await?
            }
            result => result?,
        };
        if provider == 0 {
            return Err(RingError::NoQuorumProvider);
        }
        let start = Request::TrackStart { flags: TRACK_CHANGES }.encode();
        service.call("quorum tracking", &start, decode_status).await?;
        Ok(Self { service })
    }

    /// Waits for the next change; the first call gives the current state. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<QuorumChange, RingError> {
        loop {
            let message = self.service.event("quorum").await?;
            let (quorate, ring_sequence, members) = match Event::decode(&message) {
                Ok(Event::Notification { quorate, ring_sequence, members }) => {
                    (quorate, ring_sequence, members)
                }
                Ok(Event::Quorum { quorate, ring, members }) => (quorate, ring.sequence, members),
                // Quorum follows.
                Ok(Event::NodeList { .. } | Event::Other(_)) => continue,
                Err(error) => {
                    let problem = error.to_string();
                    return Err(RingError::Malformed { request: "quorum", problem });
                }
            };
            let members = members.into_iter().map(NodeId).collect();
            return Ok(QuorumChange { quorate, ring_sequence, members });
        }
    }
}

/// The service that counts votes.
#[derive(Debug)]
pub struct Votes {
    service: Service,
}

impl Votes {
    /// Connects.
    pub async fn connect() -> Result<Self, RingError> {
        Ok(Self { service: Service::connect("votequorum").await? })
    }

    /// What is known of a node; `None` for the local one.
    pub async fn info(&mut self, node: Option<NodeId>) -> Result<votequorum::Info, RingError> {
        let node = node.map_or(0, |node| node.0);
        let message = votequorum::Request::GetInfo { node }.encode();
        self.service.call("vote information", &message, votequorum::Info::decode).await
    }

    /// Changes the expected votes everywhere.
    pub async fn set_expected(&mut self, votes: u32) -> Result<(), RingError> {
        let message = votequorum::Request::SetExpected { votes }.encode();
        self.service.call("expected votes", &message, decode_status).await
    }
}
