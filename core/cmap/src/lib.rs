//! The configuration map: what the outside sees of the ring's daemon and may change of it, as typed values under names
//! with dots.
//!
//! [`Maps`] is the machine: it keeps the configuration map and the map of statistics, and serves the clients of the `cmap`
//! service. The daemon sets what it wants seen with [`Input::Set`] and the like, and hears of clients' changes with
//! [`Output::Changed`]. [`configuration`] gives the keys that a configuration shows.

mod concern;
mod input;
mod maps;
mod output;
mod protection;
mod services;
mod session;
mod shown;
pub mod statistics;
mod store;
mod tracking;

pub use input::{ClientId, Input, MapId};
pub use maps::Maps;
pub use output::{Change, Concern, Event, Output, Statistics};
pub use protection::PROTECTED_BY_QUORUM;
pub use services::{SERVICES, Service};
pub use shown::{buttons, configuration, effective, from_value, to_value};
pub use store::{KeyError, is_key_name};
pub use wire::corosync::cmap::{Answer, Key, Notification, Request, Value};
