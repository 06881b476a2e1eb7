use election::{Age, Ballot, Choice};
use vocab::{FeatureSet, NodeId, NodeName};
use xml::Element;

use super::{MessageError, Operation};

/// What a message is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A client introduces itself, or a controller lets a peer learn its name.
    Hello {
        /// The client's name; none between controllers.
        client_name: Option<String>,
    },
    /// Nothing but a sign of life.
    Noop,
    /// A vote or a no-vote.
    Election(Ballot),
    /// Is there a DC that would take me in?
    JoinAnnounce,
    /// The DC asks a node to join.
    JoinOffer {
        /// Which joining it belongs to.
        round: JoinRound,
        /// The DC's feature set.
        feature_set: Option<FeatureSet>,
    },
    /// A node wants to join.
    JoinRequest {
        /// The number of the joining.
        join: i32,
        /// The node's feature set.
        feature_set: Option<FeatureSet>,
        /// The attributes of the root of the node's CIB.
        generation: Option<Element>,
    },
    /// The DC's answer to a request to join.
    JoinAck {
        /// Which joining it belongs to.
        round: JoinRound,
        /// Whether the node is taken in.
        accepted: bool,
    },
    /// A node has joined and tells what its executor knows.
    JoinConfirm {
        /// The number of the joining.
        join: i32,
        /// The node's `node_state`.
        state: Option<Element>,
    },
    /// A node wants to leave once nothing runs there.
    ShutdownRequest,
    /// A node may or shall leave now.
    Shutdown {
        /// The action of the DC's transition, if there is one.
        operation: Option<Box<Operation>>,
        /// What its result would have to carry.
        transition_key: Option<String>,
    },
    /// The controller that gets it shall begin to leave.
    LocalShutdown,
    /// Do something to a resource.
    Invoke(Box<Operation>),
    /// Results of operations that do not go through the CIB, as a `node_state`; nothing for an answer that only says "done".
    InvokeResult(Option<Element>),
    /// Forget a resource's history.
    DeleteHistory {
        /// Which resource where.
        operation: Box<Operation>,
        /// What the result has to carry, if a transition asks.
        transition_key: Option<String>,
    },
    /// Pretend that a resource failed.
    Fail(Box<Operation>),
    /// Forget all history of a node and probe again.
    Reprobe(Box<Operation>),
    /// Forget a resource's failures.
    ClearFailures(Box<Operation>),
    /// Forget a node.
    ForgetNode(NodeQuery),
    /// Tell about a node.
    NodeInfoRequest(NodeQuery),
    /// What is known of a node.
    NodeInfo(NodeInfo),
    /// List the nodes.
    NodeListRequest,
    /// The nodes: id, name, state.
    NodeList(Vec<(NodeId, Option<NodeName>, Option<String>)>),
    /// Are you there, and in which state?
    PingRequest,
    /// The answer to a ping.
    Ping {
        /// The subsystem that was asked.
        subsystem: String,
        /// The controller's state, such as `S_IDLE`.
        state: String,
    },
    /// How busy a node is.
    Throttle(Throttle),
    /// Nodes behind remote connections enter or leave maintenance; kept as it is.
    MaintenanceNodes(Option<Element>),
    /// A remote node came or went.
    RemoteState {
        /// Its name.
        name: String,
        /// Whether it came.
        up: bool,
    },
    /// A request or answer that this version does not know.
    Unknown {
        /// What it calls itself.
        task: String,
        /// What it carries.
        data: Option<Element>,
    },
}

/// Which joining a message of a DC belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JoinRound {
    /// The DC's count of joinings.
    pub join: i32,
    /// Whether the DC is leaving.
    pub dc_leaving: bool,
}

/// Names a node by number, by name, or not at all (the one that is asked).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeQuery {
    /// Its number.
    pub id: Option<NodeId>,
    /// Its name.
    pub name: Option<NodeName>,
}

/// What a controller knows of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeInfo {
    /// Whether the partition has quorum.
    pub have_quorum: bool,
    /// The node's number.
    pub id: Option<NodeId>,
    /// The node's id in the CIB.
    pub uuid: Option<String>,
    /// The node's name.
    pub name: Option<NodeName>,
    /// `member` or `lost`.
    pub state: Option<String>,
    /// Whether it is a remote node.
    pub is_remote: bool,
}

/// How busy a node is and how many operations it runs at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Throttle {
    /// 0 not at all, 1 a little, 16 (0x10) medium, 256 (0x100) very, 4096 (0x1000) extremely.
    pub mode: i32,
    /// The number of operations at once when it is not busy.
    pub job_max: i32,
}

impl Body {
    /// The name of what it asks or answers.
    pub fn task(&self) -> &str {
        match self {
            Self::Hello { .. } => "hello",
            Self::Noop => "noop",
            Self::Election(Ballot { choice: Choice::Vote(_), .. }) => "vote",
            Self::Election(Ballot { choice: Choice::NoVote, .. }) => "no-vote",
            Self::JoinAnnounce => "join_announce",
            Self::JoinOffer { .. } => "join_offer",
            Self::JoinRequest { .. } => "join_request",
            Self::JoinAck { .. } => "join_ack_nack",
            Self::JoinConfirm { .. } => "join_confirm",
            Self::ShutdownRequest => "req_shutdown",
            Self::Shutdown { .. } => "do_shutdown",
            Self::LocalShutdown => "start_shutdown",
            Self::Invoke(_) | Self::InvokeResult(_) => "lrm_invoke",
            Self::DeleteHistory { .. } => "lrm_delete",
            Self::Fail(_) => "lrm_fail",
            Self::Reprobe(_) => "probe_again",
            Self::ClearFailures(_) => "clear_failcount",
            Self::ForgetNode(_) => "rm_node_cache",
            Self::NodeInfoRequest(_) | Self::NodeInfo(_) => "node-info",
            Self::NodeListRequest | Self::NodeList(_) => "list-nodes",
            Self::PingRequest | Self::Ping { .. } => "ping",
            Self::Throttle(_) => "throttle",
            Self::MaintenanceNodes(_) => "maintenance_nodes",
            Self::RemoteState { .. } => "remote_state",
            Self::Unknown { task, .. } => task,
        }
    }

    /// Adds what it says to the envelope.
    pub(super) fn write(&self, element: &mut Element) {
        let boolean = |value: bool| if value { "true" } else { "false" };
        match self {
            Self::Election(ballot) => {
                element.set("election-owner", ballot.owner);
                element.set("election-id", ballot.round);
                if let Choice::Vote(age) = ballot.choice {
                    element.set("election-age-sec", age.seconds);
                    element.set("election-age-nano-sec", age.micros);
                }
            }
            Self::JoinOffer { round, feature_set } => {
                round.write(element);
                set_some(element, "crm_feature_set", *feature_set);
            }
            Self::JoinRequest { join, feature_set, .. } => {
                element.set("join_id", join);
                set_some(element, "crm_feature_set", *feature_set);
            }
            Self::JoinAck { round, accepted } => {
                round.write(element);
                element.set("join_ack_nack", boolean(*accepted));
            }
            Self::JoinConfirm { join, .. } => element.set("join_id", join),
            Self::Shutdown { transition_key, .. } | Self::DeleteHistory { transition_key, .. } => {
                set_some(element, "transition-key", transition_key.as_ref());
            }
            Self::ForgetNode(query) | Self::NodeInfoRequest(query) => {
                set_some(element, "id", query.id);
                set_some(element, "uname", query.name.as_ref());
            }
            Self::Throttle(throttle) => {
                element.set("crm-limit-mode", throttle.mode);
                element.set("crm-limit-max", throttle.job_max);
            }
            Self::RemoteState { name, up } => {
                element.set("id", name);
                element.set("in_ccm", boolean(*up));
            }
            _ => {}
        }
        if let Some(data) = self.data() {
            element.push(Element::new("crm_xml").with_child(data));
        }
    }

    /// The element it carries.
    fn data(&self) -> Option<Element> {
        let boolean = |value: bool| if value { "true" } else { "false" };
        match self {
            Self::Hello { client_name } => client_name.as_ref().map(|name| {
                Element::new("hello")
                    .with("major_version", 0)
                    .with("minor_version", 1)
                    .with("client_name", name)
            }),
            Self::JoinRequest { generation, .. } => generation.clone(),
            Self::JoinConfirm { state, .. } | Self::InvokeResult(state) => state.clone(),
            Self::Shutdown { operation, .. } => operation.as_ref().map(|operation| {
                let mut element = operation.to_element();
                element.rename("crm_event");
                element
            }),
            Self::Invoke(operation)
            | Self::DeleteHistory { operation, .. }
            | Self::Fail(operation)
            | Self::ClearFailures(operation) => Some(operation.to_element()),
            Self::Reprobe(operation) => {
                let mut element = operation.to_element();
                element.rename("data_for_probe_again");
                Some(element)
            }
            Self::NodeInfo(info) => Some(
                Element::new("node")
                    .with("crm_subsystem", "crmd")
                    .with("have-quorum", boolean(info.have_quorum))
                    .with_some("id", info.id.map(|id| id.to_string()).or(info.uuid.clone()))
                    .with_some("uname", info.name.as_ref())
                    .with_some("crmd", info.state.as_ref())
                    .with_some("remote_node", info.id.map(|_| boolean(info.is_remote))),
            ),
            Self::NodeList(nodes) => {
                Some(Element::new("nodes").with_children(nodes.iter().map(|(id, name, state)| {
                    Element::new("node")
                        .with("id", id)
                        .with_some("uname", name.as_ref())
                        .with_some("in_ccm", state.as_ref())
                })))
            }
            Self::Ping { subsystem, state } => Some(
                Element::new("ping_response")
                    .with("crm_subsystem", subsystem)
                    .with("crmd_state", state)
                    .with("result", "ok"),
            ),
            Self::MaintenanceNodes(data) | Self::Unknown { data, .. } => data.clone(),
            _ => None,
        }
    }

    /// Reads what an envelope says.
    pub(super) fn read(
        task: &str,
        is_response: bool,
        from_executor: bool,
        element: &Element,
    ) -> Result<Self, MessageError> {
        let data = element.child("crm_xml").and_then(|holder| holder.children().next());
        let operation = || match data {
            Some(data) => Operation::from_element(data).map(Box::new),
            None => Err(MessageError::Missing("data")),
        };
        let transition_key = || element.attr("transition-key").map(str::to_owned);
        Ok(match (task, is_response) {
            ("hello", _) => Self::Hello {
                client_name: data.and_then(|d| d.attr("client_name")).map(str::to_owned),
            },
            ("noop", _) => Self::Noop,
            ("vote" | "no-vote", false) => Self::Election(read_ballot(task, element)?),
            ("join_announce", _) => Self::JoinAnnounce,
            ("join_offer", _) => Self::JoinOffer {
                round: JoinRound::read(element)?,
                feature_set: read_feature_set(element)?,
            },
            ("join_request", _) => Self::JoinRequest {
                join: number(element, "join_id")?,
                feature_set: read_feature_set(element)?,
                generation: data.cloned(),
            },
            ("join_ack_nack", _) => Self::JoinAck {
                round: JoinRound::read(element)?,
                accepted: truth(element, "join_ack_nack"),
            },
            ("join_confirm", _) => {
                Self::JoinConfirm { join: number(element, "join_id")?, state: data.cloned() }
            }
            ("req_shutdown", false) => Self::ShutdownRequest,
            ("do_shutdown", false) => Self::Shutdown {
                operation: data.map(Operation::from_element).transpose()?.map(Box::new),
                transition_key: transition_key(),
            },
            ("start_shutdown", _) => Self::LocalShutdown,
            ("lrm_invoke", _) if from_executor => Self::InvokeResult(data.cloned()),
            ("lrm_invoke", _) => Self::Invoke(operation()?),
            ("lrm_delete", _) => {
                Self::DeleteHistory { operation: operation()?, transition_key: transition_key() }
            }
            ("lrm_fail", _) => Self::Fail(operation()?),
            ("probe_again", _) => Self::Reprobe(operation()?),
            ("clear_failcount", _) => Self::ClearFailures(operation()?),
            ("rm_node_cache", _) => Self::ForgetNode(NodeQuery::read(element)),
            ("node-info", false) => Self::NodeInfoRequest(NodeQuery::read(element)),
            ("node-info", true) => Self::NodeInfo(read_node_info(data)?),
            ("list-nodes", false) => Self::NodeListRequest,
            ("list-nodes", true) => Self::NodeList(read_node_list(data)?),
            ("ping", false) => Self::PingRequest,
            ("ping", true) => {
                let data = data.ok_or(MessageError::Missing("data"))?;
                Self::Ping {
                    subsystem: data.attr("crm_subsystem").unwrap_or_default().to_owned(),
                    state: data.attr("crmd_state").unwrap_or_default().to_owned(),
                }
            }
            ("throttle", _) => Self::Throttle(Throttle {
                mode: number(element, "crm-limit-mode")?,
                job_max: number(element, "crm-limit-max")?,
            }),
            ("maintenance_nodes", _) => Self::MaintenanceNodes(data.cloned()),
            ("remote_state", _) => Self::RemoteState {
                name: element.id().ok_or(MessageError::Missing("id"))?.to_owned(),
                up: truth(element, "in_ccm"),
            },
            _ => Self::Unknown { task: task.to_owned(), data: data.cloned() },
        })
    }
}

impl JoinRound {
    fn write(&self, element: &mut Element) {
        element.set("join_id", self.join);
        element.set("dc-leaving", if self.dc_leaving { "true" } else { "false" });
    }

    fn read(element: &Element) -> Result<Self, MessageError> {
        Ok(Self { join: number(element, "join_id")?, dc_leaving: truth(element, "dc-leaving") })
    }
}

impl NodeQuery {
    /// An id that is 0 or no number stands for "any", as the originals have it.
    fn read(element: &Element) -> Self {
        Self {
            id: element.id().and_then(|id| id.parse().ok()).filter(|id| *id != 0).map(NodeId),
            name: element.attr("uname").map(NodeName::from),
        }
    }
}

fn read_ballot(task: &str, element: &Element) -> Result<Ballot, MessageError> {
    let choice = if task == "vote" {
        let age = Age {
            seconds: number(element, "election-age-sec")?,
            micros: number(element, "election-age-nano-sec")?,
        };
        Choice::Vote(age)
    } else {
        Choice::NoVote
    };
    let feature_set = element.attr("version").ok_or(MessageError::Missing("version"))?;
    Ok(Ballot {
        owner: NodeId(number(element, "election-owner")?),
        round: number(element, "election-id")?,
        feature_set: feature_set.parse().map_err(|_| MessageError::Unreadable("version"))?,
        choice,
    })
}

fn read_feature_set(element: &Element) -> Result<Option<FeatureSet>, MessageError> {
    let parse = |text: &str| text.parse().map_err(|_| MessageError::Unreadable("crm_feature_set"));
    element.attr("crm_feature_set").map(parse).transpose()
}

fn read_node_info(data: Option<&Element>) -> Result<NodeInfo, MessageError> {
    let data = data.ok_or(MessageError::Missing("data"))?;
    Ok(NodeInfo {
        have_quorum: truth(data, "have-quorum"),
        id: data.id().and_then(|id| id.parse().ok()).map(NodeId),
        uuid: data.id().map(str::to_owned),
        name: data.attr("uname").map(NodeName::from),
        state: data.attr("crmd").map(str::to_owned),
        is_remote: truth(data, "remote_node"),
    })
}

type NodeRow = (NodeId, Option<NodeName>, Option<String>);

fn read_node_list(data: Option<&Element>) -> Result<Vec<NodeRow>, MessageError> {
    let data = data.ok_or(MessageError::Missing("data"))?;
    let row = |node: &Element| {
        Ok((
            NodeId(number(node, "id")?),
            node.attr("uname").map(NodeName::from),
            node.attr("in_ccm").map(str::to_owned),
        ))
    };
    data.children_named("node").map(row).collect()
}

fn set_some(element: &mut Element, name: &str, value: Option<impl std::fmt::Display>) {
    if let Some(value) = value {
        element.set(name, value);
    }
}

fn truth(element: &Element, name: &str) -> bool {
    element.attr(name).is_some_and(|value| vocab::parse_boolean(value) == Ok(true))
}

fn number<T: std::str::FromStr>(element: &Element, name: &'static str) -> Result<T, MessageError> {
    let text = element.attr(name).ok_or(MessageError::Missing(name))?;
    text.parse().map_err(|_| MessageError::Unreadable(name))
}
