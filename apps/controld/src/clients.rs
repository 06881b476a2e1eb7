use std::{collections::BTreeMap, io};

use controller::Input;
use ipc::{
    Access, ClientId,
    xml::{XmlEvent, XmlServer},
};
use messages::crmd::Message;
use vocab::ToolExit;

/// The name of the controller's endpoint.
const ENDPOINT: &str = "crmd";

/// The local clients and what the machine knows them as.
#[derive(Debug)]
pub(crate) struct Clients {
    server: XmlServer,
    known: BTreeMap<ClientId, Client>,
}

#[derive(Debug)]
struct Client {
    /// A name that no other client of any node has: answers from other nodes come back to it.
    name: String,
    /// The user it runs as, if not one of the cluster's own.
    user: Option<String>,
}

impl Clients {
    pub(crate) fn bind() -> io::Result<Self> {
        Ok(Self { server: XmlServer::bind(ENDPOINT, Access::Cluster)?, known: BTreeMap::new() })
    }

    /// Waits for the next message of a client. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Input {
        loop {
            match self.server.next().await {
                XmlEvent::Connected { client, credentials } => {
                    let user = runtime::user_name(credentials.uid)
                        .unwrap_or_else(|| credentials.uid.to_string());
                    let user = (!matches!(&*user, "root" | crate::USER)).then_some(user);
                    let name = uuid::Uuid::new_v4().to_string();
                    self.known.insert(client, Client { name, user });
                }
                XmlEvent::Request { client, request, body, .. } => {
                    // Whatever there is to say comes later, as an event.
                    self.server.acknowledge(client, request, ToolExit::Indeterminate);
                    let Some(known) = self.known.get(&client) else { continue };
                    match Message::from_element(&body) {
                        Ok(message) => {
                            return Input::Client {
                                client: known.name.clone(),
                                user: known.user.clone(),
                                message: Box::new(message),
                            };
                        }
                        Err(error) => tracing::warn!("ignored a client's message: {error}"),
                    }
                }
                XmlEvent::Malformed { client, error } => {
                    tracing::warn!("ignored what client {} sent: {error}", client.0);
                }
                XmlEvent::Disconnected { client } => {
                    self.known.remove(&client);
                }
            }
        }
    }

    /// Sends to a client, if it is still there.
    pub(crate) fn send(&mut self, name: &str, message: &Message) {
        let found = self.known.iter().find(|(_, client)| client.name == name);
        match found.map(|(id, _)| *id) {
            Some(client) => self.server.notify(client, &message.to_element()),
            None => tracing::debug!("client {name} is gone before it was answered"),
        }
    }
}
