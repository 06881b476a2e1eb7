use std::{collections::BTreeSet, io};

use tokio::task::{JoinError, JoinSet};
use vocab::ToolExit;
use wire::{Frame, IpcFlags};
use xml::Element;

use super::codec::{self, Numbers};
use crate::{
    Access, Backlog, CallError, ClientId, Credentials, Server, ServerEvent, ServerSettings,
    Transport, message_limit,
};

/// How many answers may be compressed at a time: each holds a document, and a processor.
const PACKING_MAX: usize = 4;

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
    /// A client sent something that cannot be read; it is still connected, and was told if it waits for an answer.
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
pub struct XmlServer {
    name: String,
    server: Server,
    event_numbers: Numbers,
    /// Clients that speak for somebody on another host.
    proxies: BTreeSet<ClientId>,
    /// Answers on their way that are too big to go uncompressed.
    packing: JoinSet<Packed>,
}

/// An answer that was compressed.
#[derive(Debug)]
struct Packed {
    client: ClientId,
    /// The name of its root element.
    what: String,
    message: Result<Vec<u8>, CallError>,
}

impl XmlServer {
    /// Starts to listen as `name`; shared memory unless `PCMK_ipc_type` says otherwise.
    pub fn bind(name: &str, access: Access) -> io::Result<Self> {
        let transport = match std::env::var("PCMK_ipc_type").as_deref() {
            Ok("socket") => Transport::Socket,
            _ => Transport::SharedMemory,
        };
        let settings = ServerSettings {
            name: name.to_owned(),
            transport,
            max_message_bytes: message_limit(),
            access,
            backlog: Backlog::default(),
        };
        Self::with_settings(settings)
    }

    /// Starts to listen as told.
    pub fn with_settings(settings: ServerSettings) -> io::Result<Self> {
        Ok(Self {
            name: settings.name.clone(),
            server: Server::bind(settings)?,
            event_numbers: Numbers::default(),
            proxies: BTreeSet::new(),
            packing: JoinSet::new(),
        })
    }

    /// Waits for the next thing to deal with. Dropping the future loses nothing.
    pub async fn next(&mut self) -> XmlEvent {
        loop {
            tokio::select! {
                event = self.server.next() => return self.read(event),
                Some(packed) = self.packing.join_next() => self.send_packed(packed),
            }
        }
    }

    fn read(&mut self, event: ServerEvent) -> XmlEvent {
        match event {
            ServerEvent::Connected { client, credentials } => {
                XmlEvent::Connected { client, credentials }
            }
            ServerEvent::Disconnected { client } => {
                self.proxies.remove(&client);
                XmlEvent::Disconnected { client }
            }
            ServerEvent::Request { client, bytes } => match codec::decode(&bytes) {
                Err(error) => {
                    if let Ok((number, flags)) = Frame::decode_header(&bytes) {
                        let request = self.request_id(client, number, flags);
                        let status = ToolExit::Protocol;
                        self.acknowledge_as(client, request, "nack", None, status);
                    }
                    XmlEvent::Malformed { client, error }
                }
                Ok((number, flags, body)) => {
                    let request = self.request_id(client, number, flags);
                    XmlEvent::Request { client, request, flags, body }
                }
            },
        }
    }

    fn request_id(&mut self, client: ClientId, number: i32, flags: IpcFlags) -> RequestId {
        if flags.contains(IpcFlags::PROXIED) {
            self.proxies.insert(client);
        }
        RequestId { number, wants_response: flags.contains(IpcFlags::CLIENT_RESPONSE) }
    }

    /// Answers a request. Does nothing if the client does not wait for an answer or has gone.
    ///
    /// An answer that is too big for the client's buffers is left out, with a message in the log.
    pub fn respond(&mut self, client: ClientId, request: RequestId, body: &Element) {
        if !request.wants_response {
            tracing::debug!("{}: client {client} wants no <{}>", self.name, body.name());
            return;
        }
        if self.proxies.contains(&client) {
            // The client must not be kept waiting: its answers come as events.
            self.send_event(client, IpcFlags::PROXIED_RELAY_RESPONSE, body);
            return;
        }
        let Some(limit) = self.server.message_limit(client) else { return };
        let text = body.to_compact();
        if codec::is_compressed(&text, limit) && self.packing.len() < PACKING_MAX {
            // It takes a second for the CIB of a large cluster, in which others want answers.
            let what = body.name().to_owned();
            self.packing.spawn_blocking(move || Packed {
                client,
                what,
                message: codec::encode_text(request.number, IpcFlags::NONE, &text, limit),
            });
            return;
        }
        let result = codec::encode_text(request.number, IpcFlags::NONE, &text, limit)
            .and_then(|message| self.server.respond(client, &message));
        self.report(client, body.name(), result);
    }

    fn send_packed(&mut self, packed: Result<Packed, JoinError>) {
        match packed {
            Ok(Packed { client, what, message }) => {
                let result = message.and_then(|message| self.server.respond(client, &message));
                self.report(client, &what, result);
            }
            Err(error) => tracing::error!("{}: an answer could not be packed: {error}", self.name),
        }
    }

    /// Answers a request with an `ack` that carries `status`; nothing if the client does not wait.
    pub fn acknowledge(&mut self, client: ClientId, request: RequestId, status: ToolExit) {
        self.acknowledge_as(client, request, "ack", None, status);
    }

    /// Answers a request with an element named `tag` that carries `status` and, if given, the version of the daemon's
    /// protocol; nothing if the client does not wait.
    pub fn acknowledge_as(
        &mut self,
        client: ClientId,
        request: RequestId,
        tag: &str,
        protocol_version: Option<&str>,
        status: ToolExit,
    ) {
        if !request.wants_response {
            return;
        }
        // C clients only look at the status; the first two say where an answer was made.
        let body = Element::new(tag)
            .with("function", "acknowledge")
            .with("line", line!())
            .with("status", status.code())
            .with_some("ipc-protocol-version", protocol_version);
        self.respond(client, request, &body);
    }

    /// Sends an event. A client that does not take its events is disconnected.
    pub fn notify(&mut self, client: ClientId, body: &Element) {
        self.send_event(client, IpcFlags::NONE, body);
    }

    fn send_event(&mut self, client: ClientId, flags: IpcFlags, body: &Element) {
        let Some(limit) = self.server.message_limit(client) else { return };
        let number = self.event_numbers.next();
        let result = codec::encode(number, flags | IpcFlags::SERVER_EVENT, body, limit)
            .and_then(|message| self.server.event(client, &message));
        self.report(client, body.name(), result);
    }

    fn report(&self, client: ClientId, what: &str, result: Result<(), CallError>) {
        match result {
            // That a client has gone is an event of its own.
            Ok(()) | Err(CallError::Lost) => {}
            Err(error) => {
                let name = &self.name;
                tracing::warn!("{name}: <{what}> cannot be sent to client {client}: {error}");
            }
        }
    }

    /// Closes a connection; [`XmlEvent::Disconnected`] does not follow.
    pub fn disconnect(&mut self, client: ClientId) {
        self.proxies.remove(&client);
        self.server.disconnect(client);
    }
}
