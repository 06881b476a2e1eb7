use std::fmt;

use model::{Model, ResourceKey};
use vocab::Timestamp;
use xml::Element;

use crate::{
    OperationResult,
    record::Record,
    status::{self, Agent, Pretended},
};

/// Who is said to have recorded what was pretended.
pub(crate) const ORIGIN: &str = "crm_simulate";

/// Something that happens to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeEvent {
    /// It comes and joins.
    Up,
    /// It leaves in good order.
    Down,
    /// It is lost.
    Fail,
}

/// Something that is done to a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketEvent {
    /// It is given to this site.
    Grant,
    /// It is taken away.
    Revoke,
    /// It is about to be taken away.
    Standby,
    /// It is not about to be taken away any more.
    Activate,
}

impl TicketEvent {
    const ORDER: [Self; 4] = [Self::Grant, Self::Revoke, Self::Standby, Self::Activate];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Grant => "Granting",
            Self::Revoke => "Revoking",
            Self::Standby => "Standby",
            Self::Activate => "Activating",
        }
    }
}

impl NodeEvent {
    const ORDER: [Self; 3] = [Self::Up, Self::Down, Self::Fail];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "Online",
            Self::Down => "Offline",
            Self::Fail => "Failing",
        }
    }
}

/// What is to be pretended before a plan is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Injections {
    /// Whether the partition has quorum.
    pub quorum: Option<String>,
    /// Whether nodes have a watchdog.
    pub watchdog: Option<String>,
    /// What happens to nodes.
    pub nodes: Vec<(NodeEvent, String)>,
    /// What is done to tickets.
    pub tickets: Vec<(TicketEvent, String)>,
    /// Results of operations.
    pub operations: Vec<OperationResult>,
}

impl Injections {
    /// Whether there is anything to pretend. Quorum alone does not count, as for the original.
    pub fn is_empty(&self) -> bool {
        self.watchdog.is_none()
            && self.nodes.is_empty()
            && self.tickets.is_empty()
            && self.operations.is_empty()
    }
}

/// One thing that was pretended. Its text is what people read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Injected {
    /// Quorum.
    Quorum(String),
    /// A watchdog.
    Watchdog(String),
    /// Something that happened to a node.
    Node(NodeEvent, String),
    /// Something that was done to a ticket.
    Ticket(TicketEvent, String),
    /// The result of an operation.
    Operation(String),
    /// An attribute of a node that follows from such a result.
    Attribute {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
        /// The node's id.
        node_id: String,
    },
    /// A result that cannot be pretended, since there is no such resource.
    UnknownResource(String),
}

impl fmt::Display for Injected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quorum(value) => write!(f, "Setting quorum: {value}"),
            Self::Watchdog(value) => write!(f, "Setting watchdog: {value}"),
            Self::Node(NodeEvent::Up, node) => write!(f, "Bringing node {node} online"),
            Self::Node(NodeEvent::Down, node) => write!(f, "Taking node {node} offline"),
            Self::Node(NodeEvent::Fail, node) => write!(f, "Failing node {node}"),
            Self::Ticket(TicketEvent::Standby, ticket) => {
                write!(f, "Making ticket {ticket} standby")
            }
            Self::Ticket(event, ticket) => write!(f, "{} ticket {ticket}", event.as_str()),
            Self::Operation(spec) => write!(f, "Injecting {spec} into the configuration"),
            Self::Attribute { name, value, node_id } => {
                write!(f, "Injecting attribute {name}={value} into /node_state '{node_id}'")
            }
            Self::UnknownResource(id) => write!(f, "Invalid resource name: {id}"),
        }
    }
}

/// Pretends what is asked for. The model is that of the CIB as it is.
pub fn inject(
    cib: &Element,
    model: &Model,
    injections: &Injections,
    now: Timestamp,
) -> (Element, Vec<Injected>) {
    let mut injector = Injector { pretended: Pretended::new(cib), model, now, done: Vec::new() };
    if let Some(quorum) = &injections.quorum {
        injector.pretended.cib.set("have-quorum", quorum);
        injector.done.push(Injected::Quorum(quorum.clone()));
    }
    if let Some(watchdog) = &injections.watchdog {
        injector.set_watchdog(watchdog);
    }
    // A node that comes has to be configured, and then so have the others that something happens to.
    let configure = injections.nodes.iter().any(|(event, _)| *event == NodeEvent::Up);
    for kind in NodeEvent::ORDER {
        for (event, node) in injections.nodes.iter().filter(|(event, _)| *event == kind) {
            injector.node(*event, node, configure);
        }
    }
    for kind in TicketEvent::ORDER {
        for (event, ticket) in injections.tickets.iter().filter(|(event, _)| *event == kind) {
            injector.ticket(*event, ticket);
        }
    }
    for operation in &injections.operations {
        injector.operation(operation, configure);
    }
    (injector.pretended.cib, injector.done)
}

struct Injector<'a> {
    pretended: Pretended,
    model: &'a Model,
    now: Timestamp,
    done: Vec<Injected>,
}

impl Injector<'_> {
    fn set_watchdog(&mut self, value: &str) {
        const NAME: &str = "have-watchdog";
        const SET: &str = "cib-bootstrap-options";
        let config = self.pretended.cib.child_or_new("configuration").child_or_new("crm_config");
        let existing = config
            .find_path(|element| element.name() == "nvpair" && element.attr("name") == Some(NAME));
        if let Some(pair) = existing.and_then(|path| config.at_mut(&path)) {
            pair.set("value", value);
        } else {
            let pair = Element::new("nvpair")
                .with("id", format_args!("{SET}-{NAME}"))
                .with("name", NAME)
                .with("value", value);
            let sets = |element: &Element| {
                element.name() == "cluster_property_set" && element.id() == Some(SET)
            };
            match config.find_path(sets).and_then(|path| config.at_mut(&path)) {
                Some(set) => set.push(pair),
                None => {
                    let set = config.push_new("cluster_property_set");
                    set.set("id", SET);
                    set.push(pair);
                }
            }
        }
        self.done.push(Injected::Watchdog(value.to_owned()));
    }

    fn node(&mut self, event: NodeEvent, name: &str, configure: bool) {
        if configure {
            self.pretended.configure_node(name);
        }
        let state = self.pretended.node_state(name, None);
        status::set_membership(state, event != NodeEvent::Down, ORIGIN);
        if event == NodeEvent::Fail {
            state.set("in_ccm", "false");
        }
        self.pretended.count_update();
        if event == NodeEvent::Down {
            self.pretended.forget_node(name);
        }
        self.done.push(Injected::Node(event, name.to_owned()));
    }

    fn ticket(&mut self, event: TicketEvent, id: &str) {
        let (attribute, value) = match event {
            TicketEvent::Grant => ("granted", "true"),
            TicketEvent::Revoke => ("granted", "false"),
            TicketEvent::Standby => ("standby", "true"),
            TicketEvent::Activate => ("standby", "false"),
        };
        let tickets = self.pretended.cib.child_or_new("status").child_or_new("tickets");
        let existing = tickets
            .find_path(|element| element.name() == "ticket_state" && element.id() == Some(id));
        match existing.and_then(|path| tickets.at_mut(&path)) {
            Some(state) => state.set(attribute, value),
            None => {
                tickets.push(Element::new("ticket_state").with("id", id).with(attribute, value));
            }
        }
        self.pretended.count_update();
        self.done.push(Injected::Ticket(event, id.to_owned()));
    }

    fn operation(&mut self, operation: &OperationResult, configure: bool) {
        self.done.push(Injected::Operation(operation.to_string()));
        let resource = self.model.resource_named(&operation.resource);
        let Some(agent) = resource.and_then(|key| agent(self.model, key)) else {
            self.done.push(Injected::UnknownResource(operation.resource.clone()));
            return;
        };
        if configure {
            self.pretended.configure_node(&operation.node);
        }
        let for_good = operation.task == "stop"
            || (operation.task == "start" && self.model.options.start_failure_is_fatal);
        let mut state = self.pretended.node_state(&operation.node, None).clone();
        let failure = Failure { resource: &operation.resource, operation, for_good, now: self.now };
        self.done.extend(failure.count(&mut state).map(|(name, value)| Injected::Attribute {
            name,
            value,
            node_id: state.id().unwrap_or_default().to_owned(),
        }));
        let names = [operation.resource.as_str(); 2];
        let record = Record {
            resource: &operation.resource,
            task: &operation.task,
            interval_ms: operation.interval_ms,
            node: &operation.node,
            exit: operation.exit,
            expected: 0,
            reason: "Simulated action result",
            parameters: None,
            origin: ORIGIN,
            now: self.now,
        };
        record.write(status::history(&mut state, names, agent));
        self.pretended.merge(state);
    }
}

/// The agent of a primitive.
fn agent(model: &Model, key: ResourceKey) -> Option<Agent<'_>> {
    let agent = model.resources[key].agent.as_ref()?;
    Some(Agent { class: &agent.class, provider: agent.provider.as_deref(), name: &agent.agent })
}

/// A failure to be counted against a resource on a node.
pub(crate) struct Failure<'a> {
    /// The name it is counted under.
    pub(crate) resource: &'a str,
    pub(crate) operation: &'a OperationResult,
    /// Whether one failure is enough to keep the resource away.
    pub(crate) for_good: bool,
    pub(crate) now: Timestamp,
}

impl Failure<'_> {
    /// Counts it, if it is one, and gives the attributes that were set, each with its value.
    pub(crate) fn count(
        &self,
        state: &mut Element,
    ) -> impl Iterator<Item = (String, String)> + use<> {
        let operation = self.operation;
        let key = format!("{}#{}_{}", self.resource, operation.task, operation.interval_ms);
        let mut set = Vec::new();
        if operation.counts_as_failure() {
            let name = format!("fail-count-{key}");
            let before = status::transient(state, &name).and_then(|text| text.parse::<i32>().ok());
            let count = if self.for_good {
                "INFINITY".to_owned()
            } else {
                before.unwrap_or(0).saturating_add(1).to_string()
            };
            set.push((name, count));
            set.push((format!("last-failure-{key}"), self.now.0.to_string()));
        }
        for (name, value) in &set {
            status::set_transient(state, name, value);
        }
        set.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cib() -> Element {
        xml::parse(
            "<cib have-quorum='1'><configuration><crm_config/><nodes><node id='1' uname='a'/></nodes>\
             <resources><primitive id='r' class='ocf' provider='p' type='t'/></resources>\
             <constraints/></configuration><status><node_state id='1' uname='a' in_ccm='true' \
             crmd='online' join='member' expected='member'><lrm id='1'><lrm_resources/></lrm>\
             </node_state></status></cib>",
        )
        .unwrap()
    }

    fn run(injections: &Injections) -> (Element, Vec<Injected>) {
        let cib = cib();
        let (model, _) = Model::build(&cib, Timestamp(100));
        inject(&cib, &model, injections, Timestamp(100))
    }

    #[test]
    fn nodes_come_go_and_fail() {
        let nodes = vec![
            (NodeEvent::Down, "a".to_owned()),
            (NodeEvent::Up, "b".to_owned()),
            (NodeEvent::Fail, "c".to_owned()),
        ];
        let (cib, done) = run(&Injections { nodes, ..Injections::default() });
        let states: Vec<_> = cib
            .child("status")
            .unwrap()
            .children()
            .map(|s| (s.id().unwrap(), s.attr("in_ccm").unwrap(), s.attr("crmd").unwrap()))
            .collect();
        assert_eq!(
            states,
            [("1", "false", "offline"), ("b", "true", "online"), ("c", "false", "online")]
        );
        assert!(cib.descendants().all(|element| element.name() != "lrm"));
        assert_eq!(done[0].to_string(), "Bringing node b online");
        assert_eq!(done.len(), 3);
    }

    #[test]
    fn a_failed_start_is_counted_for_good() {
        let operations = vec!["r_start_0@a=1".parse().unwrap(), "x_start_0@a=1".parse().unwrap()];
        let (cib, done) = run(&Injections { operations, ..Injections::default() });
        let texts: Vec<String> = done.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "Injecting r_start_0@a=1 into the configuration",
                "Injecting attribute fail-count-r#start_0=INFINITY into /node_state '1'",
                "Injecting attribute last-failure-r#start_0=100 into /node_state '1'",
                "Injecting x_start_0@a=1 into the configuration",
                "Invalid resource name: x",
            ]
        );
        let (model, _) = Model::build(&cib, Timestamp(100));
        assert_eq!(model.failed.len(), 1);
    }

    #[test]
    fn tickets_quorum_and_watchdog_are_set() {
        let injections = Injections {
            quorum: Some("0".to_owned()),
            watchdog: Some("true".to_owned()),
            tickets: vec![
                (TicketEvent::Standby, "t".to_owned()),
                (TicketEvent::Grant, "t".to_owned()),
            ],
            ..Injections::default()
        };
        let (cib, done) = run(&injections);
        let (model, _) = Model::build(&cib, Timestamp(100));
        assert!(!model.quorate);
        assert!(model.options.have_watchdog);
        assert!(model.tickets["t"].granted && model.tickets["t"].standby);
        assert_eq!(done[2].to_string(), "Granting ticket t");
    }
}
