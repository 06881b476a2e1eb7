//! The byte layouts of the protocols that are not XML.

pub mod corosync;
mod flags;

pub use flags::IpcFlags;
