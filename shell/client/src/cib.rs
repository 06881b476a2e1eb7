//! The CIB's clients.
//!
//! [`Cib`] is for tools: each call blocks until it is answered. It works alike on the cluster's CIB, on a file
//! (`CIB_file`), on a shadow copy (`CIB_shadow`) and on the cluster of another host (`CIB_server`). [`AsyncCib`] is for daemons: a call returns a number at once, and
//! replies and notifications come as [`CibEvent`]s.

mod blocking;
mod daemon;
mod error;
mod file;
mod kept;
mod remote;
mod trace;

pub use blocking::{Backend, Cib, RemoteServer};
pub use daemon::{AsyncCib, CibEvent};
pub use error::CibError;
pub use messages::cib::{
    CallOptions, ChangedSections, DiffNotification, Failure, NotificationKind, Operation, Reply,
    Request,
};

use std::time::Duration;

/// The endpoint for those who only read.
const READ_ONLY: &str = "cib_ro";
/// The endpoint for those who also write.
const READ_WRITE: &str = "cib_rw";

/// How long a call may take, as in Pacemaker's own clients.
const CALL_TIMEOUT: Duration = Duration::from_secs(120);
