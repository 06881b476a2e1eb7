//! The bodies of the messages that daemons and tools exchange: a typed value on one side, the XML that Pacemaker defined
//! for it on the other.
//!
//! One module per protocol. Every value that comes from outside is checked here, once; what a module hands on is typed.
//! It knows neither how a message travels nor what is done about it.

pub mod attributes;
pub mod cib;
pub mod crmd;
pub mod executor;
pub mod fencing;
pub mod launcher;
pub mod policy;
