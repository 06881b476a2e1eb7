use std::sync::Arc;

use vocab::{FEATURE_SET, NodeName};
use xml::Element;

use super::{
    Failure, MessageError, Operation, Reply, Request,
    field::{self, attach, data, number, required, text},
};

/// What CIB daemons tell each other, in an order that is the same on all nodes.
#[derive(Clone, Debug, PartialEq)]
pub enum PeerMessage {
    /// A client's request that is to be carried out by all nodes, or by the one it names.
    Request(Request),
    /// A whole CIB, to take the place of older ones.
    Replacement(Replacement),
    /// The primary asks everybody for version and digest.
    Ping(Ping),
    /// Version and digest of the sender's CIB.
    Pong(Pong),
    /// The sender missed something and asks for the receivers' CIB.
    SyncMe,
    /// The sender is about to leave.
    Leaving,
    /// The sender knows that the receiver is about to leave.
    LeavingAcknowledged {
        /// Who is about to leave.
        to: NodeName,
    },
    /// The primary tells everybody to upgrade.
    Upgrade(UpgradeOrder),
    /// The primary refuses to upgrade.
    UpgradeRefused {
        /// The node whose client asked.
        to: NodeName,
        /// The answer for that client.
        reply: Reply,
    },
    /// The answer to a request that was meant for one node.
    Reply {
        /// The node whose client asked.
        to: NodeName,
        /// The answer for that client.
        reply: Reply,
    },
}

/// A whole CIB, sent by one daemon for the others to take over.
#[derive(Clone, Debug, PartialEq)]
pub struct Replacement {
    /// The CIB.
    pub cib: Arc<Element>,
    /// Its digest, so that what arrives is known to be what was sent.
    pub digest: String,
    /// The feature set with which the digest was made.
    pub feature_set: String,
    /// The node that asked for it. All take it over, that one also tells its client.
    pub reply_to: Option<NodeName>,
    /// Whether only the node that asked shall look at it.
    pub only_for: Option<NodeName>,
    /// The client's request that led to it, if one did.
    pub request: Option<Request>,
}

/// The primary's question for version and digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ping {
    /// Grows with each ping of one primary.
    pub sequence: u64,
}

/// The answer to a [`Ping`].
#[derive(Clone, Debug, PartialEq)]
pub struct Pong {
    /// The node that asked.
    pub to: NodeName,
    /// The ping's number.
    pub sequence: u64,
    /// The digest of the sender's CIB.
    pub digest: String,
    /// The feature set with which the digest was made.
    pub feature_set: String,
    /// The root of the sender's CIB, attributes only.
    pub generation: Arc<Element>,
}

/// The primary's order to upgrade.
#[derive(Clone, Debug, PartialEq)]
pub struct UpgradeOrder {
    /// The schema to upgrade to, no newer.
    pub schema: String,
    /// The client's request that led to it; `delegated_from` is the node that answers.
    pub request: Request,
}

impl PeerMessage {
    /// The message as it is sent.
    pub fn to_element(&self) -> Element {
        match self {
            Self::Request(request) => request.to_element(),
            Self::Replacement(replacement) => replacement.to_element(),
            Self::Ping(ping) => command("ping", Operation::Ping)
                .with(field::PING_ID, ping.sequence)
                .with(field::FEATURE_SET, FEATURE_SET),
            Self::Pong(pong) => pong.to_element(),
            Self::SyncMe => command("sync-me", Operation::SyncToOne),
            Self::Leaving => command("exit-notification", Operation::Shutdown),
            Self::LeavingAcknowledged { to } => {
                let reply = Reply::to(&Request::new(Operation::Shutdown));
                reply.to_element().with(field::REPLY_TO, to)
            }
            Self::Upgrade(order) => {
                order.request.to_element().with(field::SCHEMA_MAX, &order.schema)
            }
            Self::UpgradeRefused { to, reply } => reply
                .to_element()
                .with(field::REPLY_TO, to)
                .with(field::DELEGATED_FROM, to)
                .with(field::UPGRADE_RESULT, reply.result.err().map_or(0, Failure::code)),
            Self::Reply { to, reply } => reply.to_element().with(field::REPLY_TO, to),
        }
    }

    /// The user for whom something is to be done.
    pub fn user(&self) -> Option<&str> {
        match self {
            Self::Request(request) | Self::Upgrade(UpgradeOrder { request, .. }) => {
                request.user.as_deref()
            }
            Self::Replacement(_)
            | Self::Ping(_)
            | Self::Pong(_)
            | Self::SyncMe
            | Self::Leaving
            | Self::LeavingAcknowledged { .. }
            | Self::UpgradeRefused { .. }
            | Self::Reply { .. } => None,
        }
    }

    /// Reads what a peer sent.
    pub fn from_element(element: &Element) -> Result<Self, MessageError> {
        let name = required(element, field::OPERATION)?;
        let operation = Operation::from_name(name)
            .ok_or_else(|| MessageError::UnknownOperation(field::shorten(name)))?;
        let reply_to = text(element, field::REPLY_TO).map(NodeName::from);
        let from_daemon = element.attr(field::UPDATE) == Some("true");
        match (operation, reply_to) {
            (Operation::Replace, reply_to) if from_daemon || reply_to.is_some() => {
                Replacement::from_element(element, reply_to).map(Self::Replacement)
            }
            _ if from_daemon => Err(MessageError::Legacy),
            (Operation::Ping, Some(to)) => Pong::from_element(element, to).map(Self::Pong),
            (Operation::Ping, None) if element.attr(field::PING_ID).is_some() => {
                let sequence = number(element, field::PING_ID)?.unwrap_or(0);
                Ok(Self::Ping(Ping { sequence }))
            }
            (Operation::SyncToOne, None) if text(element, field::CLIENT_ID).is_none() => {
                Ok(Self::SyncMe)
            }
            (Operation::Shutdown, Some(to)) => Ok(Self::LeavingAcknowledged { to }),
            (Operation::Shutdown, None) => Ok(Self::Leaving),
            (Operation::Upgrade, Some(to)) => Self::upgrade_refused(element, to),
            (Operation::Upgrade, None) if text(element, field::SCHEMA_MAX).is_some() => {
                Ok(Self::Upgrade(UpgradeOrder {
                    schema: required(element, field::SCHEMA_MAX)?.to_owned(),
                    request: Request::from_element(element)?,
                }))
            }
            (_, Some(to)) => Ok(Self::Reply { to, reply: Reply::from_element(element)? }),
            (_, None) => Request::from_element(element).map(Self::Request),
        }
    }

    fn upgrade_refused(element: &Element, to: NodeName) -> Result<Self, MessageError> {
        let code: i32 = number(element, field::UPGRADE_RESULT)?.unwrap_or(0);
        let mut reply = Reply::from_element(element)?;
        reply.result = Failure::from_code(code).map_or(Ok(()), Err);
        Ok(Self::UpgradeRefused { to, reply })
    }
}

fn command(name: &str, operation: Operation) -> Element {
    Element::new(name).with(field::TYPE, field::TYPE_CIB).with(field::OPERATION, operation)
}

impl Replacement {
    fn to_element(&self) -> Element {
        let mut element = Element::new("copy")
            .with(field::TYPE, field::TYPE_CIB)
            .with_some(field::HOST, self.only_for.as_ref());
        if let Some(request) = &self.request {
            element.set(field::CLIENT_ID, &request.client_id);
            element.set(field::CALL_OPTIONS, request.options.bits());
            element.set(field::CALL_ID, request.call_id);
            if let Some(section) = &request.section {
                element.set(field::SECTION, section);
            }
            if let Some(node) = &request.delegated_from {
                element.set(field::DELEGATED_FROM, node);
            }
            if let Some(name) = &request.client_name {
                element.set(field::CLIENT_NAME, name);
            }
            if let Some(user) = &request.user {
                element.set(field::USER, user);
            }
            element.set("original_cib_op", request.operation);
        }
        let mut element = element
            .with_some(field::REPLY_TO, self.reply_to.as_ref())
            .with(field::OPERATION, Operation::Replace)
            .with(field::UPDATE, "true")
            .with(field::FEATURE_SET, &self.feature_set)
            .with(field::DIGEST, &self.digest);
        attach(&mut element, field::CALL_DATA, &self.cib);
        element
    }

    fn from_element(element: &Element, reply_to: Option<NodeName>) -> Result<Self, MessageError> {
        let cib = data(element, field::CALL_DATA)
            .ok_or_else(|| MessageError::missing(element, field::CALL_DATA))?;
        let request = match text(element, field::CLIENT_ID) {
            None => None,
            Some(_) => {
                let mut request = Request::from_element(element)?;
                request.data = None;
                request.host = None;
                request.operation = element
                    .attr("original_cib_op")
                    .and_then(Operation::from_name)
                    .unwrap_or(Operation::Replace);
                Some(request)
            }
        };
        Ok(Self {
            cib,
            digest: required(element, field::DIGEST)?.to_owned(),
            feature_set: required(element, field::FEATURE_SET)?.to_owned(),
            reply_to,
            only_for: text(element, field::HOST).map(NodeName::from),
            request,
        })
    }
}

impl Pong {
    fn to_element(&self) -> Element {
        let mut answer = Element::new("ping_response")
            .with(field::FEATURE_SET, &self.feature_set)
            .with(field::DIGEST, &self.digest)
            .with(field::PING_ID, self.sequence);
        attach(&mut answer, field::CALL_DATA, &self.generation);
        let mut reply = Reply::to(&Request::new(Operation::Ping));
        reply.output = Some(Arc::new(answer));
        reply.to_element().with(field::REPLY_TO, &self.to)
    }

    fn from_element(element: &Element, to: NodeName) -> Result<Self, MessageError> {
        let answer = data(element, field::CALL_DATA)
            .ok_or_else(|| MessageError::missing(element, field::CALL_DATA))?;
        let sequence = number(&answer, field::PING_ID)?
            .ok_or_else(|| MessageError::missing(&answer, field::PING_ID))?;
        Ok(Self {
            to,
            sequence,
            digest: required(&answer, field::DIGEST)?.to_owned(),
            feature_set: required(&answer, field::FEATURE_SET)?.to_owned(),
            generation: data(&answer, field::CALL_DATA)
                .unwrap_or_else(|| Arc::new(Element::new("cib"))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cib::CallOptions;

    fn request() -> Request {
        Request {
            call_id: 12,
            client_id: "token".into(),
            client_name: Some("crmd".into()),
            delegated_from: Some("a".into()),
            options: CallOptions::QUORUM_OVERRIDE,
            ..Request::new(Operation::SyncToAll)
        }
    }

    #[test]
    fn messages_go_both_ways() {
        let cib = Arc::new(Element::new("cib").with("epoch", 3));
        let mut refusal = Reply::to(&Request { operation: Operation::Upgrade, ..request() });
        refusal.result = Err(Failure::SchemaUnchanged);
        for message in [
            PeerMessage::Request(request()),
            PeerMessage::Replacement(Replacement {
                cib: Arc::clone(&cib),
                digest: "d".into(),
                feature_set: "3.16.1".into(),
                reply_to: Some("b".into()),
                only_for: None,
                request: Some(request()),
            }),
            PeerMessage::Replacement(Replacement {
                cib: Arc::clone(&cib),
                digest: "d".into(),
                feature_set: "3.16.1".into(),
                reply_to: Some("b".into()),
                only_for: Some("b".into()),
                request: None,
            }),
            PeerMessage::Ping(Ping { sequence: 5 }),
            PeerMessage::Pong(Pong {
                to: "a".into(),
                sequence: 5,
                digest: "d".into(),
                feature_set: "3.16.1".into(),
                generation: cib,
            }),
            PeerMessage::SyncMe,
            PeerMessage::Leaving,
            PeerMessage::LeavingAcknowledged { to: "b".into() },
            PeerMessage::Upgrade(UpgradeOrder {
                schema: "pacemaker-3.9".into(),
                request: Request { operation: Operation::Upgrade, ..request() },
            }),
            PeerMessage::UpgradeRefused { to: "b".into(), reply: refusal },
            PeerMessage::Reply { to: "b".into(), reply: Reply::to(&request()) },
        ] {
            assert_eq!(PeerMessage::from_element(&message.to_element()), Ok(message));
        }
    }

    #[test]
    fn a_client_s_replacement_is_a_request() {
        let request = Request {
            data: Some(Arc::new(Element::new("cib"))),
            ..Request { operation: Operation::Replace, ..request() }
        };
        let element = request.to_element();
        assert_eq!(PeerMessage::from_element(&element), Ok(PeerMessage::Request(request)));
    }

    #[test]
    fn what_old_nodes_broadcast_is_named() {
        let element = xml::parse("<x cib_op='cib_apply_diff' cib_update='true'/>").unwrap();
        assert_eq!(PeerMessage::from_element(&element), Err(MessageError::Legacy));
    }

    #[test]
    fn a_replacement_must_be_complete() {
        for text in [
            "<copy cib_op='cib_replace' cib_update='true' digest='d' crm_feature_set='3.16.1'/>",
            "<copy cib_op='cib_replace' cib_update='true'><cib_calldata><cib/></cib_calldata></copy>",
            "<x cib_op='ping' cib_isreplyto='a'><cib_calldata><y/></cib_calldata></x>",
        ] {
            assert!(PeerMessage::from_element(&xml::parse(text).unwrap()).is_err(), "{text}");
        }
    }
}
