//! Many rings in one test, in virtual time.

mod faults;
mod flow;
mod hostile;
mod membership;
mod world;
