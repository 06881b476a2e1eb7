//! Rings in virtual time: real [`totem::Ring`] machines on a network and on disks that fail as a seed has it.
//!
//! A [`Recording`] says everything about a run: the cluster, what is done to it from outside and when, and what becomes of
//! each packet that does not simply arrive. [`run_seed`] makes one up as it goes; [`replay`] repeats one exactly, whole or
//! in part, which is what lets [`shrink()`] look for the smallest one that still goes wrong. After every step the properties
//! in [`check`] are looked at.

pub mod check;
mod cluster;
mod effects;
mod event;
mod faults;
mod log;
mod network;
mod node;
mod plan;
mod recording;
mod run;
mod services;
mod shrink;
mod text;
mod world;

pub use cluster::{Cluster, Services, Weather};
pub use event::{Event, Happening, ResumeOrder, WriteFate};
pub use network::{Fate, Packet};
pub use recording::{ReadError, Recording};
pub use run::{Outcome, Preparation, Run, replay, run_seed};
pub use shrink::{Shrunk, shrink};
