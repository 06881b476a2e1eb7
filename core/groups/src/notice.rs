use vocab::NodeId;
use wire::{WireError, corosync::Status};

use crate::ClientId;

/// What a person should know; `Display` is the line for the log. Anybody who can send can cause the same one very often:
/// the log should limit them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Notice {
    /// A message for a group in which its sender's node has no process.
    #[error("Unknown node -> we will not deliver message")]
    UnknownSender {
        /// The sender.
        node: NodeId,
    },
    /// A message of another node that cannot be read. It was dropped.
    #[error("dropped a message of node {node} that cannot be read: {error}")]
    MalformedMessage {
        /// The sender.
        node: NodeId,
        /// What is wrong with it.
        error: WireError,
    },
    /// A client's request that cannot be read. It was refused.
    #[error("refused a request of client {} that cannot be read: {error}", .client.0)]
    MalformedRequest {
        /// The client.
        client: ClientId,
        /// What is wrong with it.
        error: WireError,
    },
    /// A client's message to a group that it is not in. It was dropped, and the client cannot be told.
    #[error("client {} can't mcast to a group: {status}", .client.0)]
    NotMember {
        /// The client.
        client: ClientId,
        /// What the client would be answered.
        status: Status,
    },
}

/// How often things happened that should not happen, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Messages of other daemons that could not be read.
    pub malformed_messages: u64,
    /// Requests that could not be read.
    pub malformed_requests: u64,
    /// Messages for a group in which the sender's node has no process.
    pub unknown_senders: u64,
    /// Messages of clients to a group that they are not in.
    pub not_members: u64,
    /// Reports that a process left which was not known to be there.
    pub unknown_leavers: u64,
}
