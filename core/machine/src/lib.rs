//! The contract that every state machine of the cluster keeps.
//!
//! A machine is a value with one entry, `handle(now, input, &mut out)`. It reads no clock, does no I/O and keeps no
//! thread: time comes in as an [`Instant`], effects go out through an [`Outbox`]. Timers are effects too: a machine asks
//! for one with a [`TimerToken`] and recognises a late firing by comparing tokens, so nothing is ever raced.
//!
//! Start from [`Outbox`] and [`Timers`].

mod instant;
mod outbox;
mod timer;

pub use instant::Instant;
pub use outbox::Outbox;
pub use timer::{TimerToken, Timers};
