use wire::exec::Outgoing;

use crate::{ClientId, Event, Notice};

/// Everything that a node's groups ask of the world, in the order in which it must be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send a message to all members, this node included, in agreed order. It has its header and its envelope already.
    Multicast(Outgoing),
    /// This service's part of the synchronisation is done: the end of [`crate::Input::SyncProcess`].
    Synced,
    /// Answer a client's request.
    Answer {
        /// Whose.
        client: ClientId,
        /// With what; complete with its header.
        message: Vec<u8>,
    },
    /// Tell a client what happened. Several clients that are told the same share the bytes.
    Event {
        /// Whom.
        client: ClientId,
        /// What; complete with its header.
        event: Event,
    },
    /// Something that a person should know.
    Notice(Notice),
}
