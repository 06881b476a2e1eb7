//! XML documents as messages, in the framing that Pacemaker's daemons and tools use.

mod async_client;
mod client;
mod server;

pub use async_client::AsyncXmlClient;
pub use client::XmlClient;
pub use server::{RequestId, XmlEvent, XmlServer};
pub use wire::IpcFlags;
