//! Messages on their way: from callers into packets, from packets in the order of their numbers to messages.

pub(crate) mod assembly;
pub(crate) mod flow;
pub(crate) mod log;
pub(crate) mod packing;
pub(crate) mod retransmit;
pub(crate) mod sort_queue;
pub(crate) mod token;

pub(crate) use assembly::Assemblies;
pub(crate) use log::{Accepted, RingLog};
pub(crate) use packing::{Lane, packet_bytes};
pub(crate) use sort_queue::Held;
pub(crate) use token::Circulation;
