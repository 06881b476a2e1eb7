use cib::replica::{Answer, ClientKey, Note, Output, Severity};
use messages::cib::PeerMessage;
use vocab::{NodeName, ToolExit};
use xml::Element;

use crate::daemon::{Daemon, remote_connection};

impl Daemon {
    /// Does one thing that the machine asked for.
    pub(crate) fn carry_out(&mut self, output: Output) {
        match output {
            Output::Respond { client, call, answer } => {
                // A remote client learnt its token when it logged in.
                if let Some(connection) = remote_connection(client) {
                    if let Answer::Reply(reply) = answer {
                        self.remote.send(connection, &reply.to_element());
                    }
                    return;
                }
                let body = match answer {
                    Answer::Registered(registered) => registered.to_element(),
                    Answer::Reply(reply) => reply.to_element(),
                };
                self.endpoints.respond(client, call, &body);
            }
            Output::Acknowledge { client, call, status } => {
                if remote_connection(client).is_none() {
                    self.endpoints.acknowledge(client, call, status);
                }
            }
            Output::Event { client, reply } => self.tell(client, &reply.to_element()),
            Output::Notify { clients, notification } => {
                let body = notification.to_element();
                clients.into_iter().for_each(|client| self.tell(client, &body));
            }
            Output::Disconnect { client } => match remote_connection(client) {
                Some(connection) => self.remote.disconnect(connection),
                None => self.endpoints.disconnect(client),
            },
            Output::Broadcast(message) => self.send(None, &message),
            Output::Send { to, message } => self.send(Some(to), &message),
            Output::Store(cib) => {
                if let Some(writer) = &self.writer {
                    writer.write(cib);
                }
            }
            Output::Arm { timer, token, after } => self.timers.arm(after, (timer, token)),
            Output::Note(note) => log(&note),
            Output::Exit(exit) => self.exit = Some(exit),
        }
    }

    fn tell(&mut self, client: ClientKey, body: &Element) {
        match remote_connection(client) {
            Some(connection) => self.remote.send(connection, body),
            None => self.endpoints.notify(client, body),
        }
    }

    fn send(&mut self, to: Option<NodeName>, message: &PeerMessage) {
        let Some(ring) = &mut self.ring else { return };
        if let Err(error) = ring.send(to, message) {
            // What was not sent would be missing here as well as elsewhere; a fresh start asks the peers for everything.
            tracing::error!("a message to the peers could not be sent: {error}");
            self.exit = Some(ToolExit::Disconnect);
        }
    }
}

fn log(note: &Note) {
    match note.severity() {
        Severity::Info => tracing::debug!("{note}"),
        Severity::Notice => tracing::info!("{note}"),
        Severity::Warning => tracing::warn!("{note}"),
        Severity::Error => tracing::error!("{note}"),
    }
}
