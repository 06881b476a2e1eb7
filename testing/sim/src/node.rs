use std::sync::Arc;

use cib::{
    Document, Replica,
    replica::{Access, Call, ClientKey, Input as CibInput, Settings as CibSettings},
};
use controller::Controller;
use messages::cib::{ClientMessage, NotificationKind};
use vocab::{NodeId, NodeName};
use xml::Element;

use crate::executor::Executor;

/// The controller's connection to the CIB.
pub(crate) const CONTROLLER: ClientKey = ClientKey(1);
/// The attribute manager's and the test's connection to the CIB.
pub(crate) const OTHERS: ClientKey = ClientKey(2);

/// A host with its daemons.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) id: NodeId,
    pub(crate) name: NodeName,
    /// Whether the host runs.
    pub(crate) up: bool,
    pub(crate) controller: Option<Controller>,
    pub(crate) replica: Option<Replica>,
    pub(crate) executor: Executor,
    /// The CIB on disk.
    pub(crate) disk: Arc<Element>,
    /// Grows with each start of the controller, so that what was meant for an earlier one is not taken for it.
    pub(crate) incarnation: u32,
    /// The part of the network it is in.
    pub(crate) component: usize,
}

impl Node {
    pub(crate) fn new(id: NodeId, disk: Element) -> Self {
        Self {
            id,
            name: NodeName::from(format!("node{id}")),
            up: false,
            controller: None,
            replica: None,
            executor: Executor::default(),
            disk: Arc::new(disk),
            incarnation: 0,
            component: 0,
        }
    }

    /// What a new CIB replica is told before anything else.
    pub(crate) fn start_replica(&mut self) -> Vec<CibInput> {
        let settings =
            CibSettings { local: self.name.clone(), local_id: self.id, stand_alone: false };
        let document = Document::new(cib::from_file(Element::clone(&self.disk), false));
        self.replica = Some(Replica::new(settings, document));
        let mut inputs = Vec::new();
        for (client, name) in [(CONTROLLER, "crmd"), (OTHERS, "attrd")] {
            inputs.push(CibInput::Connected {
                client,
                token: format!("{}-{name}", self.name),
                user: "hacluster".to_owned(),
                name: name.to_owned(),
                access: Access::ReadWrite,
            });
            let message = ClientMessage::Register { client_name: Some(name.to_owned()) };
            inputs.push(CibInput::Client { client, call: call(), message });
        }
        for kind in [NotificationKind::Diff, NotificationKind::Replaced] {
            let message = ClientMessage::Subscribe { kind: Some(kind), active: true };
            inputs.push(CibInput::Client { client: CONTROLLER, call: call(), message });
        }
        inputs
    }
}

/// A call of a client that does not wait.
pub(crate) const fn call() -> Call {
    Call { number: 0, waits: false }
}
