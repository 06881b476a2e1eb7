//! Requests and answers of the ring's daemon.

mod status;

pub use status::Status;
