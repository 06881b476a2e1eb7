use std::convert::Infallible;

use vocab::NodeId;

use crate::RingError;

/// The state of one of the local node's links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkStatus {
    /// The link's name, as `LINK ID 0 udp`.
    pub interface: String,
    /// Its state as the ring's daemon words it.
    pub status: String,
}

/// The service that manages the ring's daemon.
#[derive(Debug)]
pub struct Cfg {
    never: Infallible,
}

impl Cfg {
    /// Connects.
    pub async fn connect() -> Result<Self, RingError> {
        Err(RingError::Lost)
    }

    /// This node's number.
    pub async fn local_id(&mut self) -> Result<NodeId, RingError> {
        match self.never {}
    }

    /// The state of every link.
    pub async fn links(&mut self) -> Result<Vec<LinkStatus>, RingError> {
        match self.never {}
    }
}
