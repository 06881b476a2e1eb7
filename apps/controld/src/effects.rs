use controller::{AgentMetadata, Input, Note, Output, Severity};
use messages::executor::{Agent, Standard};
use process::{AgentDirectories, Metadata};
use std::{cell::RefCell, rc::Rc};
use tokio::sync::mpsc::UnboundedSender;

use crate::{attribute_side, daemon::Daemon, executor_side, fencer_side};

impl Daemon {
    /// Does one thing that the machine asked for.
    pub(crate) fn carry_out(&mut self, output: Output) {
        match output {
            Output::Send { to, message } => {
                if let Err(error) = self.ring.send(to, &message) {
                    tracing::error!("a message to the peers could not be sent: {error}");
                    self.lost_ring = true;
                }
            }
            Output::Reply { client, message } => self.clients.send(&client, &message),
            Output::Cib { call, request } => give(&self.orders.cib, (call, *request)),
            Output::Schedule { reference, cib } => give(&self.orders.scheduler, (reference, *cib)),
            Output::Register { resource, agent } => {
                give(&self.orders.executor, executor_side::Order::Register { resource, agent });
            }
            Output::Unregister { resource } => {
                give(&self.orders.executor, executor_side::Order::Unregister { resource });
            }
            Output::Execute { ticket, operation } => {
                give(&self.orders.executor, executor_side::Order::Execute { ticket, operation });
            }
            Output::CancelOperation { ticket, resource, task, interval } => {
                let order = executor_side::Order::Cancel { ticket, resource, task, interval };
                give(&self.orders.executor, order);
            }
            Output::ReadMetadata { ticket, agent, .. } => self.read_metadata(ticket, agent),
            Output::SetAttributes { node, attributes } => {
                give(&self.orders.attributes, attribute_side::Order::Set { node, attributes });
            }
            Output::ClearFailures { node, filter } => {
                give(&self.orders.attributes, attribute_side::Order::Clear { node, filter });
            }
            Output::Fence { key, target, action, timeout, delay } => {
                let order = fencer_side::Order { key, target, action, timeout, delay };
                give(&self.orders.fencer, order);
            }
            Output::Arm { timer, token, after } => self.timers.arm(after, (timer, token)),
            Output::Note(note) => log(&note),
            Output::Exit(exit) => self.exit = Some(exit),
        }
    }

    /// Asks an agent about itself in a task of its own, since agents may be slow.
    fn read_metadata(&self, ticket: u64, agent: Agent) {
        let (inputs, store) = (self.inputs.clone(), Rc::clone(&self.metadata));
        tokio::task::spawn_local(async move {
            let metadata = read(&store, &agent).await;
            give(&inputs, Input::Metadata { ticket, metadata });
        });
    }
}

async fn read(store: &RefCell<Option<Metadata>>, agent: &Agent) -> Option<AgentMetadata> {
    // One agent is asked with the store taken out; another meanwhile starts with an empty one, which only costs time.
    let taken = store.borrow_mut().take();
    let mut reader = taken.unwrap_or_else(|| Metadata::new(AgentDirectories::from_environment()));
    let element = reader.element(agent).await;
    *store.borrow_mut() = Some(reader);
    match element {
        Ok(element) => Some(AgentMetadata::from_element(&element, agent.standard == Standard::Ocf)),
        Err(error) => {
            tracing::warn!("no metadata of {agent:?}: {error}");
            None
        }
    }
}

/// Hands something to a task. One that has ended is about to be, or has been, reported as lost.
fn give<T>(to: &UnboundedSender<T>, what: T) {
    let _ = to.send(what);
}

fn log(note: &Note) {
    match note.severity() {
        Severity::Info => tracing::debug!("{note}"),
        Severity::Notice => tracing::info!("{note}"),
        Severity::Warning => tracing::warn!("{note}"),
        Severity::Error => tracing::error!("{note}"),
    }
}
