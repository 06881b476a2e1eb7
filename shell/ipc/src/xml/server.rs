use std::io;

use vocab::ToolExit;
use wire::IpcFlags;
use xml::Element;

use crate::{Access, CallError, ClientId, Credentials};

/// What an answer refers to: the client's number of the request and whether the client waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId {
    /// The number the client gave it.
    pub number: i32,
    /// Whether the client waits.
    pub wants_response: bool,
}

/// Something that a server of XML messages has to deal with.
#[derive(Debug)]
pub enum XmlEvent {
    /// A client has connected.
    Connected {
        /// The connection.
        client: ClientId,
        /// Who it is.
        credentials: Credentials,
    },
    /// A client wants something.
    Request {
        /// The connection.
        client: ClientId,
        /// What answers refer to.
        request: RequestId,
        /// The flags the client set.
        flags: IpcFlags,
        /// The message.
        body: Element,
    },
    /// A client sent something that cannot be read; it is still connected.
    Malformed {
        /// The connection.
        client: ClientId,
        /// What is wrong.
        error: CallError,
    },
    /// A client has gone. Nothing can be sent to it any more.
    Disconnected {
        /// The connection.
        client: ClientId,
    },
}

/// A server whose messages are XML documents.
#[derive(Debug)]
pub struct XmlServer {}

impl XmlServer {
    /// Starts to listen as `name`; shared memory unless `PCMK_ipc_type` says otherwise.
    pub fn bind(_name: &str, _access: Access) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Waits for the next thing to deal with. Dropping the future loses nothing.
    pub async fn next(&mut self) -> XmlEvent {
        std::future::pending().await
    }

    /// Answers a request. Does nothing if the client does not wait for an answer or has gone.
    pub fn respond(&mut self, _client: ClientId, _request: RequestId, _body: &Element) {}

    /// Answers a request with an `ack` that carries `status`; nothing if the client does not wait.
    pub fn acknowledge(&mut self, _client: ClientId, _request: RequestId, _status: ToolExit) {}

    /// Sends an event. A client that does not take its events is disconnected.
    pub fn notify(&mut self, _client: ClientId, _body: &Element) {}

    /// Closes a connection; [`XmlEvent::Disconnected`] does not follow.
    pub fn disconnect(&mut self, _client: ClientId) {}
}
