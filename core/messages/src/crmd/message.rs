use vocab::{FEATURE_SET, NodeName};
use xml::Element;

use super::{Body, Subsystem};

/// A message with its envelope.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Whether it answers a request.
    pub is_response: bool,
    /// Identifies a request; its answer carries the same.
    pub reference: String,
    /// Who it is for on the node.
    pub to: Subsystem,
    /// Who it is from on its node.
    pub from: Option<Subsystem>,
    /// The node it is for; every node, or the local one, if there is none.
    pub to_node: Option<NodeName>,
    /// The node it is from. On messages from peers the receiver fills it in from what the ring says.
    pub from_node: Option<NodeName>,
    /// The feature set of the sender, as text.
    pub version: String,
    /// The user on whose behalf it was sent.
    pub user: Option<String>,
    /// What it says.
    pub body: Body,
}

/// Why an element is not a message of the controller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// It belongs to another protocol.
    #[error("a message of type '{0}', not 'crmd'")]
    OtherProtocol(String),
    /// Something that it needs is not there.
    #[error("a message without {0}")]
    Missing(&'static str),
    /// A value is not what it should be.
    #[error("cannot make sense of {0} in a message")]
    Unreadable(&'static str),
}

impl Message {
    /// A request from this node's controller. The reference should differ from that of every other request of the cluster.
    pub fn request(reference: String, from: Subsystem, to: Subsystem, body: Body) -> Self {
        Self {
            is_response: false,
            reference,
            to,
            from: Some(from),
            to_node: None,
            from_node: None,
            version: FEATURE_SET.to_string(),
            user: None,
            body,
        }
    }

    /// The same message for one node only.
    #[must_use]
    pub fn to_node(mut self, node: NodeName) -> Self {
        self.to_node = Some(node);
        self
    }

    /// An answer to this message.
    pub fn response(&self, body: Body) -> Self {
        Self {
            is_response: true,
            reference: self.reference.clone(),
            to: self.from.clone().unwrap_or(Subsystem::Controller),
            from: Some(self.to.clone()),
            to_node: self.from_node.clone(),
            from_node: None,
            version: FEATURE_SET.to_string(),
            user: None,
            body,
        }
    }

    /// The element that is sent.
    pub fn to_element(&self) -> Element {
        // The originals name the element after what made it; nobody looks.
        let name = if self.is_response { "create_reply_adv" } else { "create_request_adv" };
        let mut element = Element::new(name)
            .with("t", "crmd")
            .with("version", &self.version)
            .with("subt", if self.is_response { "response" } else { "request" })
            .with("reference", &self.reference)
            .with("crm_task", self.body.task())
            .with("crm_sys_to", &self.to)
            .with_some("crm_sys_from", self.from.as_ref())
            .with_some("crm_host_to", self.to_node.as_ref())
            .with_some("src", self.from_node.as_ref())
            .with_some("crm_user", self.user.as_ref());
        self.body.write(&mut element);
        element
    }

    /// Reads an element.
    pub fn from_element(element: &Element) -> Result<Self, MessageError> {
        match element.attr("t") {
            Some("crmd") => {}
            other => return Err(MessageError::OtherProtocol(other.unwrap_or_default().to_owned())),
        }
        let task = element.attr("crm_task").ok_or(MessageError::Missing("crm_task"))?;
        let is_response = match element.attr("subt") {
            Some("request") => false,
            Some("response") => true,
            Some(_) => return Err(MessageError::Unreadable("subt")),
            None => return Err(MessageError::Missing("subt")),
        };
        let to = match element.attr("crm_sys_to") {
            Some(name) => Subsystem::from_name(name),
            // Only the greeting of a client goes to nobody in particular.
            None if task == "hello" => Subsystem::Controller,
            None => return Err(MessageError::Missing("crm_sys_to")),
        };
        let from = element.attr("crm_sys_from").map(Subsystem::from_name);
        let from_executor = from == Some(Subsystem::Executor);
        Ok(Self {
            is_response,
            reference: element.attr("reference").unwrap_or_default().to_owned(),
            to,
            from,
            to_node: element.attr("crm_host_to").filter(|n| !n.is_empty()).map(NodeName::from),
            from_node: element.attr("src").map(NodeName::from),
            version: element.attr("version").unwrap_or_default().to_owned(),
            user: element.attr("crm_user").map(str::to_owned),
            body: Body::read(task, is_response, from_executor, element)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use election::{Age, Ballot, Choice};
    use vocab::NodeId;

    use super::*;
    use crate::crmd::{JoinRound, NodeInfo, NodeQuery, Operation, Throttle};

    fn round_trip(from: Subsystem, body: Body) {
        let is_response = matches!(body, Body::NodeInfo(_) | Body::NodeList(_) | Body::Ping { .. });
        let mut message = Message::request("x-1".into(), from, Subsystem::Controller, body);
        message.is_response = is_response;
        let element = message.to_element();
        assert_eq!(Message::from_element(&element), Ok(message), "{element:?}");
    }

    #[test]
    fn bodies_go_both_ways() {
        let round = JoinRound { join: 3, dc_leaving: true };
        let operation = Box::new(Operation::default());
        let vote = Ballot {
            owner: NodeId(2),
            round: 4,
            feature_set: FEATURE_SET,
            choice: Choice::Vote(Age { seconds: 1, micros: 7 }),
        };
        let state = Some(Element::new("node_state").with("id", 1));
        let query = NodeQuery { id: Some(NodeId(2)), name: Some("b".into()) };
        let info = NodeInfo {
            have_quorum: true,
            id: Some(NodeId(2)),
            uuid: Some("2".into()),
            name: Some("b".into()),
            state: Some("member".into()),
            is_remote: false,
        };
        for body in [
            Body::Hello { client_name: Some("crmadmin".into()) },
            Body::Noop,
            Body::Election(vote),
            Body::Election(Ballot { choice: Choice::NoVote, ..vote }),
            Body::JoinAnnounce,
            Body::JoinOffer { round, feature_set: Some(FEATURE_SET) },
            Body::JoinRequest {
                join: 3,
                feature_set: Some(FEATURE_SET),
                generation: state.clone(),
            },
            Body::JoinAck { round, accepted: true },
            Body::JoinConfirm { join: 3, state: state.clone() },
            Body::ShutdownRequest,
            Body::Shutdown { operation: None, transition_key: Some("k".into()) },
            Body::LocalShutdown,
            Body::Invoke(operation.clone()),
            Body::DeleteHistory { operation: operation.clone(), transition_key: None },
            Body::Fail(operation.clone()),
            Body::Reprobe(operation.clone()),
            Body::ClearFailures(operation),
            Body::ForgetNode(query.clone()),
            Body::NodeInfoRequest(query),
            Body::NodeInfo(info),
            Body::NodeListRequest,
            Body::NodeList(vec![(NodeId(1), Some("a".into()), Some("member".into()))]),
            Body::PingRequest,
            Body::Ping { subsystem: "dc".into(), state: "S_IDLE".into() },
            Body::Throttle(Throttle { mode: 1, job_max: 8 }),
            Body::RemoteState { name: "r".into(), up: true },
            Body::Unknown { task: "te_halt".into(), data: None },
        ] {
            round_trip(Subsystem::Controller, body);
        }
        round_trip(Subsystem::Executor, Body::InvokeResult(state));
    }

    #[test]
    fn a_ping_of_crmadmin_is_understood_and_answered() {
        let text = r#"<create_request_adv origin="create_controller_request" t="crmd" version="3.16.1"
            subt="request" reference="ping-crmadmin-1-1" crm_task="ping" crm_sys_to="dc"
            crm_sys_from="57ad_crmadmin"/>"#;
        let ping = Message::from_element(&xml::parse(text).unwrap()).unwrap();
        assert_eq!(ping.to, Subsystem::Dc);
        let pong = ping.response(Body::Ping { subsystem: "dc".into(), state: "S_IDLE".into() });
        let element = pong.to_element();
        assert_eq!(element.attr("crm_sys_to"), Some("57ad_crmadmin"));
        assert_eq!(element.attr("reference"), Some("ping-crmadmin-1-1"));
        let data = element.descend(&["crm_xml", "ping_response"]).unwrap();
        assert_eq!(data.attr("crmd_state"), Some("S_IDLE"));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for bad in [
            "<a/>",
            "<a t='attrd'/>",
            "<a t='crmd' subt='request' crm_sys_to='crmd'/>",
            "<a t='crmd' subt='question' crm_task='ping' crm_sys_to='crmd'/>",
            "<a t='crmd' subt='request' crm_task='ping'/>",
            "<a t='crmd' subt='request' crm_task='vote' crm_sys_to='crmd' election-owner='x'/>",
            "<a t='crmd' subt='request' crm_task='lrm_invoke' crm_sys_to='lrmd'/>",
        ] {
            assert!(Message::from_element(&xml::parse(bad).unwrap()).is_err(), "{bad}");
        }
    }
}
