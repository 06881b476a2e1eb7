//! The daemons' clients: for tools, which wait for each answer, and for daemons, which do not.
//!
//! One module per daemon. It knows the protocols of core/messages and the transport of shell/ipc, and no policy.

pub mod attributes;
pub mod cib;
pub mod controller;
pub mod executor;
pub mod fencer;
pub mod launcher;
pub mod tls;
