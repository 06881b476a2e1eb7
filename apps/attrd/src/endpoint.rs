//! Where clients connect.

use std::{collections::BTreeMap, io};

use attributes::Ticket;
use ipc::{
    Access, ClientId, Credentials,
    xml::{RequestId, XmlEvent, XmlServer},
};
use messages::attributes::{ClientMessage, QueryReply, Request};
use vocab::ToolExit;
use xml::Element;

/// The name of the endpoint.
const NAME: &str = "attrd";

/// The endpoint with its clients.
#[derive(Debug)]
pub(crate) struct Endpoint {
    server: XmlServer,
    clients: BTreeMap<ClientId, Client>,
    /// The requests that are not answered yet.
    tickets: BTreeMap<Ticket, (ClientId, RequestId)>,
    last_ticket: u64,
}

#[derive(Debug)]
struct Client {
    /// The name of its user; none for root and the cluster's own user, which may speak for others.
    user: Option<String>,
}

/// What a client asks.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) ticket: Ticket,
    pub(crate) request: Request,
    /// In whose name the CIB is to be changed.
    pub(crate) user: Option<String>,
}

impl Endpoint {
    /// Starts to listen.
    pub(crate) fn bind() -> io::Result<Self> {
        Ok(Self {
            server: XmlServer::bind(NAME, Access::Cluster)?,
            clients: BTreeMap::new(),
            tickets: BTreeMap::new(),
            last_ticket: 0,
        })
    }

    /// Waits for the next request. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Asked {
        loop {
            match self.server.next().await {
                XmlEvent::Connected { client, credentials } => {
                    self.clients.insert(client, Client { user: user(credentials) });
                }
                XmlEvent::Disconnected { client } => {
                    self.clients.remove(&client);
                    self.tickets.retain(|_, (owner, _)| *owner != client);
                }
                XmlEvent::Malformed { client, error } => {
                    tracing::debug!("a client sent something unreadable: {error}");
                    self.server.disconnect(client);
                    self.clients.remove(&client);
                }
                XmlEvent::Request { client, request, body, .. } => {
                    if let Some(asked) = self.on_request(client, request, &body) {
                        return asked;
                    }
                }
            }
        }
    }

    fn on_request(&mut self, client: ClientId, id: RequestId, body: &Element) -> Option<Asked> {
        let message = match ClientMessage::from_element(body) {
            Ok(message) => message,
            Err(error) => {
                tracing::warn!("a client sent a bad request: {error}");
                self.server.acknowledge(client, id, ToolExit::Protocol);
                return None;
            }
        };
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        self.tickets.insert(ticket, (client, id));
        let user = match self.clients.get(&client) {
            Some(Client { user: Some(user) }) => Some(user.clone()),
            Some(Client { user: None }) | None => message.user,
        };
        Some(Asked { ticket, request: message.request, user })
    }

    /// Tells a client that its request was taken.
    pub(crate) fn acknowledge(&mut self, ticket: Ticket) {
        if let Some((client, id)) = self.tickets.remove(&ticket) {
            // "Taken": what becomes of it is not known yet.
            self.server.acknowledge(client, id, ToolExit::Indeterminate);
        }
    }

    /// Answers a client.
    pub(crate) fn answer(&mut self, ticket: Ticket, reply: &QueryReply) {
        if let Some((client, id)) = self.tickets.remove(&ticket) {
            self.server.respond(client, id, &reply.to_element());
        }
    }
}

/// The user whose rights count for a client; none for those who may do everything.
fn user(credentials: Credentials) -> Option<String> {
    if credentials.uid == 0 {
        return None;
    }
    match runtime::user_name(credentials.uid) {
        Some(name) if name == crate::USER => None,
        Some(name) => Some(name),
        // Nobody by that name has any rights.
        None => Some(format!("#{}", credentials.uid)),
    }
}
