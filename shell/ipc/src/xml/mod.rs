//! XML documents as messages, in the framing that Pacemaker's daemons and tools use.

mod async_client;
mod client;
mod codec;
mod server;

use std::time::Duration;

pub use async_client::AsyncXmlClient;
pub use client::XmlClient;
pub use server::{RequestId, XmlEvent, XmlServer};
pub use wire::IpcFlags;

use crate::{ConnectError, Credentials, access::ClusterIds};

/// How long a daemon has to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a daemon has to make room for a message.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// Checks that a daemon of the cluster serves the connection, and not just somebody who took its name.
fn authenticate(name: &str, server: Credentials) -> Result<(), ConnectError> {
    if ClusterIds::look_up().is_daemon(&server) {
        return Ok(());
    }
    let Credentials { pid, uid, .. } = server;
    Err(ConnectError::NotAuthentic { name: name.to_owned(), pid, uid })
}
