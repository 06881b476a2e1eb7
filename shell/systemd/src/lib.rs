//! Units of systemd as resources, over D-Bus.
//!
//! One function for each thing that is asked of a unit; each makes a connection of its own, so that a restart of the bus
//! harms no more than what is under way. It knows nothing of queues and timeouts: dropping a future gives up waiting.

mod names;
mod overrides;
mod unit;

pub use names::unit_name;
pub use unit::{carry_out, exists, list, metadata};
