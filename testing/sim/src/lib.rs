//! Whole clusters in virtual time: real controllers and real CIB replicas on a bus that keeps one order, with simple
//! doubles in place of executor, scheduler, attribute manager and fencer.
//!
//! A [`World`] is made from a seed; equal seeds give equal runs. Tests change it (crash, cut, fail) and let time pass;
//! after every step the invariants in [`check`] are looked at. Nothing here waits in real time.
//!
//! Below that, [`ring`] runs the machines of the ring itself on a network and disks that fail.

pub mod check;
mod executor;
mod node;
mod planner;
mod random;
pub mod ring;
mod world;

pub use random::Random;
pub use world::{Settings, World};
