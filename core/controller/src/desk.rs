use std::{collections::BTreeMap, time::Duration};

use machine::{Outbox, Timers};
use messages::{
    cib::{CallOptions, Operation as CibOperation, Request},
    crmd::{Body, Message, Subsystem},
};
use vocab::{NodeId, NodeName};
use xml::Element;

use crate::{
    input::{Now, Settings},
    note::{Note, Severity},
    output::Output,
    timer::Timer,
};

/// What every part of the controller may use: the time, its own settings, and the ways to the outside.
#[derive(Debug)]
pub(crate) struct Desk<'a> {
    pub(crate) now: Now,
    pub(crate) settings: &'a Settings,
    pub(crate) book: &'a mut Book,
    pub(crate) out: &'a mut Outbox<Output>,
}

/// What has been asked of the outside and is not answered yet.
#[derive(Debug, Default)]
pub(crate) struct Book {
    references: u64,
    tickets: u64,
    /// The CIB requests without answer and what each is for.
    calls: BTreeMap<u64, Purpose>,
    pub(crate) timers: Timers<Timer>,
}

/// What a request to the CIB manager is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A change that only has to be made; the words say which for the log.
    Update(String),
    /// A change without which the controller cannot go on.
    Vital(String),
    /// The attributes of the CIB's root, to answer an offer to join.
    Generation { join: i32 },
    /// The options of the cluster.
    Options,
    /// The CIB for the scheduler.
    Plan,
    /// The best CIB goes to everybody.
    Sync { join: i32 },
    /// The history of a node that joined.
    JoinHistory { join: i32 },
    /// The result of fencing.
    Fencing { target: NodeName },
    /// Nodes that have the name of another one.
    NameClash,
}

impl Book {
    pub(crate) fn answered(&mut self, call: u64) -> Option<Purpose> {
        self.calls.remove(&call)
    }

    /// Whether changes of the CIB are on their way.
    pub(crate) fn has_updates(&self) -> bool {
        self.calls.values().any(|purpose| {
            matches!(
                purpose,
                Purpose::Update(_)
                    | Purpose::Vital(_)
                    | Purpose::JoinHistory { .. }
                    | Purpose::Fencing { .. }
            )
        })
    }
}

impl Desk<'_> {
    pub(crate) fn note(&mut self, note: Note) {
        self.out.push(Output::Note(note));
    }

    pub(crate) fn say(&mut self, severity: Severity, text: impl Into<String>) {
        self.note(Note::Text(severity, text.into()));
    }

    pub(crate) fn arm(&mut self, timer: Timer, after: Duration) {
        let token = self.book.timers.arm(timer);
        self.out.push(Output::Arm { timer, token, after });
    }

    pub(crate) fn disarm(&mut self, timer: Timer) {
        self.book.timers.disarm(&timer);
    }

    /// A number for a request to the executor.
    pub(crate) fn ticket(&mut self) -> u64 {
        self.book.tickets += 1;
        self.book.tickets
    }

    /// A reference that no other request of the cluster has.
    pub(crate) fn reference(&mut self, task: &str, from: &Subsystem) -> String {
        self.book.references += 1;
        format!("{task}-{from}-{}-{}", self.now.wall, self.book.references)
    }

    pub(crate) fn request(&mut self, from: Subsystem, to: Subsystem, body: Body) -> Message {
        let reference = self.reference(body.task(), &from);
        Message::request(reference, from, to, body)
    }

    /// Sends to every controller, the local one included.
    pub(crate) fn broadcast(&mut self, from: Subsystem, to: Subsystem, body: Body) {
        let message = self.request(from, to, body);
        self.out.push(Output::Send { to: None, message: Box::new(message) });
    }

    /// Sends to the controller of one node.
    pub(crate) fn send(
        &mut self,
        node: (NodeId, NodeName),
        from: Subsystem,
        to: Subsystem,
        body: Body,
    ) {
        let message = self.request(from, to, body).to_node(node.1.clone());
        self.out.push(Output::Send { to: Some(node), message: Box::new(message) });
    }

    pub(crate) fn cib(&mut self, purpose: Purpose, request: Request) -> u64 {
        self.book.references += 1;
        let call = self.book.references;
        self.book.calls.insert(call, purpose);
        self.out.push(Output::Cib { call, request: Box::new(request) });
        call
    }

    /// Merges `data` into a section, adding what is not there.
    pub(crate) fn update(&mut self, purpose: Purpose, section: &str, data: Element) -> u64 {
        let request = Request::change(CibOperation::Modify, Some(section), data)
            .with_options(CallOptions::QUORUM_OVERRIDE | CallOptions::CAN_CREATE);
        self.cib(purpose, request)
    }

    /// Removes everything that an XPath expression finds.
    pub(crate) fn delete_xpath(&mut self, expression: String) -> u64 {
        let purpose = Purpose::Update(format!("deletion of {expression}"));
        let mut request = Request::new(CibOperation::Delete).with_options(
            CallOptions::QUORUM_OVERRIDE | CallOptions::XPATH | CallOptions::MULTIPLE,
        );
        request.section = Some(expression);
        self.cib(purpose, request)
    }

    /// Sets a cluster property in `cib-bootstrap-options`.
    pub(crate) fn set_property(&mut self, name: &str, value: &str) {
        let pair = Element::new("nvpair")
            .with("id", format_args!("cib-bootstrap-options-{name}"))
            .with("name", name)
            .with("value", value);
        let set = Element::new("cluster_property_set")
            .with("id", "cib-bootstrap-options")
            .with_child(pair);
        let data = Element::new("crm_config").with_child(set);
        let purpose = Purpose::Update(format!("property {name}"));
        self.update(purpose, "crm_config", data);
    }
}

/// Quotes a text for an XPath expression. A text with both kinds of quotes cannot be a name in the CIB's schema.
pub(crate) fn quoted(text: &str) -> String {
    if text.contains('\'') { format!("\"{text}\"") } else { format!("'{text}'") }
}
