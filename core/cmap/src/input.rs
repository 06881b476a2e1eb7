use wire::corosync::cmap::{Request, Value};

/// One client's connection. The caller gives numbers out and never uses one again while it is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u64);

/// One of the maps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum MapId {
    /// The configuration and what the daemon shows of itself.
    #[default]
    Configuration,
    /// Statistics.
    Statistics,
}

/// Everything that can happen to the maps.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A client connected. It works on the configuration map until it chooses another.
    Connected(ClientId),
    /// A client is gone, with its iterations and trackings.
    Disconnected(ClientId),
    /// A client asks for something. The value of a statistic has to be fresh: see [`crate::Maps::reads_statistic`].
    Request {
        /// Who.
        client: ClientId,
        /// What.
        request: Request,
    },
    /// The daemon sets a key; read-only keys too. Clients that track it are told, the daemon is not.
    Set {
        /// Which map.
        map: MapId,
        /// The key.
        key: String,
        /// Its value.
        value: Value,
    },
    /// The daemon deletes a key.
    Delete {
        /// Which map.
        map: MapId,
        /// The key.
        key: String,
    },
    /// The daemon deletes every key that begins like that.
    DeletePrefix {
        /// Which map.
        map: MapId,
        /// What the keys begin with.
        prefix: String,
    },
    /// From now on clients may not change a key, or all keys that begin like that.
    Protect {
        /// The key, or what the keys begin with.
        key: String,
        /// Whether it is a prefix.
        prefix: bool,
    },
}
