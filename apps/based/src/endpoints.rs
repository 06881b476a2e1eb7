use std::io;

use cib::replica::{Access, Call, ClientKey};
use ipc::{
    Access as Who, ClientId,
    xml::{RequestId, XmlEvent, XmlServer},
};
use vocab::ToolExit;
use xml::Element;

/// The three names under which clients connect.
#[derive(Debug)]
pub(crate) struct Endpoints {
    read_only: XmlServer,
    read_write: XmlServer,
    non_blocking: XmlServer,
}

/// Something that a client did.
#[derive(Debug)]
pub(crate) enum ClientEvent {
    /// It connected.
    Connected {
        /// The connection.
        client: ClientKey,
        /// Its process.
        pid: u32,
        /// Its user.
        uid: u32,
        /// What the connection is for.
        access: Access,
    },
    /// It sent a message.
    Message {
        /// The connection.
        client: ClientKey,
        /// What the answer refers to.
        call: Call,
        /// The message.
        body: Element,
    },
    /// It sent something that cannot be read.
    Malformed {
        /// The connection.
        client: ClientKey,
        /// What is wrong.
        problem: String,
    },
    /// It has gone.
    Disconnected {
        /// The connection.
        client: ClientKey,
    },
}

#[derive(Clone, Copy)]
enum Endpoint {
    ReadOnly,
    ReadWrite,
    NonBlocking,
}

impl Endpoint {
    const ALL: [Self; 3] = [Self::ReadOnly, Self::ReadWrite, Self::NonBlocking];

    const fn access(self) -> Access {
        match self {
            Self::ReadOnly => Access::ReadOnly,
            Self::ReadWrite | Self::NonBlocking => Access::ReadWrite,
        }
    }

    /// A key that tells connections of all endpoints apart.
    const fn key(self, client: ClientId) -> ClientKey {
        ClientKey(client.0 << 2 | self as u64)
    }

    const fn of(key: ClientKey) -> (Self, ClientId) {
        (Self::ALL[(key.0 & 3) as usize], ClientId(key.0 >> 2))
    }
}

impl Endpoints {
    /// Starts to listen.
    pub(crate) fn bind() -> io::Result<Self> {
        Ok(Self {
            read_only: XmlServer::bind("cib_ro", Who::Cluster)?,
            read_write: XmlServer::bind("cib_rw", Who::Cluster)?,
            non_blocking: XmlServer::bind("cib_shm", Who::Cluster)?,
        })
    }

    /// Waits for the next thing that a client does. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> ClientEvent {
        let (endpoint, event) = tokio::select! {
            event = self.read_only.next() => (Endpoint::ReadOnly, event),
            event = self.read_write.next() => (Endpoint::ReadWrite, event),
            event = self.non_blocking.next() => (Endpoint::NonBlocking, event),
        };
        match event {
            XmlEvent::Connected { client, credentials } => ClientEvent::Connected {
                client: endpoint.key(client),
                pid: credentials.pid,
                uid: credentials.uid,
                access: endpoint.access(),
            },
            XmlEvent::Request { client, request, flags: _, body } => {
                let call = Call { number: request.number, waits: request.wants_response };
                ClientEvent::Message { client: endpoint.key(client), call, body }
            }
            XmlEvent::Malformed { client, error } => {
                ClientEvent::Malformed { client: endpoint.key(client), problem: error.to_string() }
            }
            XmlEvent::Disconnected { client } => {
                ClientEvent::Disconnected { client: endpoint.key(client) }
            }
        }
    }

    pub(crate) fn respond(&mut self, client: ClientKey, call: Call, body: &Element) {
        let (server, client) = self.server(client);
        server.respond(client, request_id(call), body);
    }

    pub(crate) fn acknowledge(&mut self, client: ClientKey, call: Call, status: ToolExit) {
        let (server, client) = self.server(client);
        server.acknowledge(client, request_id(call), status);
    }

    /// Refuses a message that makes no sense.
    pub(crate) fn refuse(&mut self, client: ClientKey, call: Call) {
        let (server, client) = self.server(client);
        server.acknowledge_as(client, request_id(call), "nack", None, ToolExit::Protocol);
    }

    pub(crate) fn notify(&mut self, client: ClientKey, body: &Element) {
        let (server, client) = self.server(client);
        server.notify(client, body);
    }

    pub(crate) fn disconnect(&mut self, client: ClientKey) {
        let (server, client) = self.server(client);
        server.disconnect(client);
    }

    fn server(&mut self, key: ClientKey) -> (&mut XmlServer, ClientId) {
        let (endpoint, client) = Endpoint::of(key);
        let server = match endpoint {
            Endpoint::ReadOnly => &mut self.read_only,
            Endpoint::ReadWrite => &mut self.read_write,
            Endpoint::NonBlocking => &mut self.non_blocking,
        };
        (server, client)
    }
}

const fn request_id(call: Call) -> RequestId {
    RequestId { number: call.number, wants_response: call.waits }
}
