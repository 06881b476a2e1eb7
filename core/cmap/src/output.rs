use wire::corosync::cmap::{Answer, Notification, Value};

use crate::ClientId;

/// Everything the maps ask for.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// The answer to a client's request. Each request has exactly one, before any event it causes for that client.
    Answer {
        /// To whom.
        client: ClientId,
        /// What.
        answer: Answer,
    },
    /// Something that a client tracks changed.
    Notify {
        /// To whom.
        client: ClientId,
        /// What.
        notification: Notification,
    },
    /// A client changed the configuration map, which the daemon may have to act on.
    Changed(Change),
    /// A client wants statistics to begin anew.
    ClearStatistics(Statistics),
}

/// A change by a client.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The key.
    pub key: String,
    /// What happened to it.
    pub event: Event,
    /// The value it had.
    pub old: Option<Value>,
    /// The value it has.
    pub new: Option<Value>,
    /// Which part of the daemon it concerns.
    pub concern: Concern,
}

/// What happened to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It is new.
    Added,
    /// It has another value.
    Modified,
    /// It is gone.
    Deleted,
}

/// Which part of the daemon a change concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// `runtime.blackbox.dump_flight_data`: write the last messages to a file.
    DumpFlightData,
    /// `runtime.blackbox.dump_state`: log the state of every service.
    DumpState,
    /// `runtime.force_gather`: form the ring anew. The key says `no` again already.
    ForceGather,
    /// `quorum.cancel_wait_for_all`: tell all nodes to wait no longer. The key says 0 again already.
    CancelWaitForAll,
    /// `totem.config_version`: tell the other nodes.
    ConfigVersion,
    /// `totem.`: read the ring's settings anew.
    Totem,
    /// `quorum.`: read votes and the like anew.
    Quorum,
    /// `logging.`: read the settings of logging anew.
    Logging,
    /// `resources.`: what is watched.
    Resources,
    /// `uidgid.`: who may connect.
    Access,
    /// Anything else, which means something only to clients.
    Other,
}

/// Which statistics begin anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistics {
    /// Links.
    Links,
    /// Clients.
    Clients,
    /// The ring.
    Ring,
    /// Times the daemon was not scheduled. Their keys are gone already.
    SchedulingMisses,
    /// All of these.
    All,
}
