use vocab::{NodeId, NodeName};
use xml::Element;

use super::{
    FailureFilter, MessageError, Update,
    field::{self, Fields},
};

/// What a client may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Change attributes; at least one update.
    Update(Vec<Update>),
    /// Tell the values of an attribute.
    Query {
        /// Its name.
        name: String,
        /// On this node only (`localhost` is the one asked); on all if there is none.
        node: Option<NodeName>,
    },
    /// Write all attributes to the CIB now.
    Refresh,
    /// Forget all values of a node that has left for good.
    RemovePeer {
        /// Its name, which counts if both are given.
        node: Option<NodeName>,
        /// Its number.
        node_id: Option<NodeId>,
    },
    /// Forget failures of resources.
    ClearFailure {
        /// Which.
        filter: FailureFilter,
        /// On this node; on all if there is none.
        node: Option<NodeName>,
        /// The node is a remote one.
        is_remote: bool,
    },
}

/// A request with what is said about who makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientMessage {
    /// The client's name for itself, for logs.
    pub origin: Option<String>,
    /// The user in whose name the CIB is to be changed; only privileged clients are believed.
    pub user: Option<String>,
    /// What is asked.
    pub request: Request,
}

impl ClientMessage {
    /// The message as it is sent.
    pub fn to_element(&self) -> Element {
        let mut element = Element::new("attrd_op")
            .with(field::TYPE, field::TYPE_ATTRD)
            .with_some(field::ORIGIN, self.origin.as_ref())
            .with_some(field::USER, self.user.as_ref());
        match &self.request {
            Request::Update(updates) => write_updates(&mut element, updates),
            Request::Query { name, node } => {
                element.set(field::NAME, name);
                element.set(field::TASK, "query");
                set_node(&mut element, node.as_ref());
            }
            Request::Refresh => element.set(field::TASK, "refresh"),
            Request::RemovePeer { node, node_id } => {
                element.set(field::TASK, "peer-remove");
                set_node(&mut element, node.as_ref());
                if let Some(id) = node_id {
                    element.set(field::NODE_ID, id);
                }
            }
            Request::ClearFailure { filter, node, is_remote } => {
                write_clear_failure(&mut element, filter, node.as_ref(), *is_remote);
            }
        }
        element
    }

    /// Reads a message; nothing in it is believed yet.
    pub fn from_element(element: &Element) -> Result<Self, MessageError> {
        let fields = Fields::of(element);
        let task = fields.get(field::TASK).ok_or(MessageError::Missing(field::TASK))?;
        let node = || fields.get(field::NODE).map(NodeName::from);
        let request = match task {
            "update" | "update-delay" | "update-both" => Request::Update(read_updates(element)?),
            "query" => Request::Query {
                name: fields.text(field::NAME).ok_or(MessageError::Missing(field::NAME))?,
                node: node(),
            },
            "refresh" => Request::Refresh,
            "peer-remove" => Request::RemovePeer {
                node: node(),
                node_id: fields.number(field::NODE_ID)?.filter(|id| *id != 0).map(NodeId),
            },
            "clear-failure" => Request::ClearFailure {
                filter: FailureFilter::read(fields)?,
                node: node(),
                is_remote: fields.flag(field::IS_REMOTE)?,
            },
            other => return Err(MessageError::unknown_task(other)),
        };
        Ok(Self { origin: fields.text(field::ORIGIN), user: fields.text(field::USER), request })
    }
}

pub(super) fn write_clear_failure(
    element: &mut Element,
    filter: &FailureFilter,
    node: Option<&NodeName>,
    is_remote: bool,
) {
    element.set(field::TASK, "clear-failure");
    set_node(element, node);
    filter.write(element);
    element.set(field::IS_REMOTE, u8::from(is_remote));
}

fn set_node(element: &mut Element, node: Option<&NodeName>) {
    if let Some(node) = node {
        element.set(field::NODE, node);
    }
}

/// One update stands in the message itself; several stand below it, and the message has the task of the first.
pub(super) fn write_updates(element: &mut Element, updates: &[Update]) {
    match updates {
        [] => {}
        [only] => only.write(element, true),
        [first, ..] => {
            element.set(field::TASK, first.kind);
            for update in updates {
                update.write(element.push_new(field::OP), true);
            }
        }
    }
}

pub(super) fn read_updates(element: &Element) -> Result<Vec<Update>, MessageError> {
    if element.children().next().is_none() {
        return Ok(vec![Update::read(Fields::of(element))?]);
    }
    let read = |own| Update::read(Fields { own, inherited: Some(element) });
    element.children_named(field::OP).map(read).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use vocab::Interval;

    use super::{super::Dampening, *};

    fn round_trip(request: Request) {
        let message = ClientMessage { origin: Some("test".into()), user: None, request };
        assert_eq!(ClientMessage::from_element(&message.to_element()), Ok(message));
    }

    #[test]
    fn requests_go_both_ways() {
        let update = Update {
            dampening: Dampening::Delay(Duration::from_millis(1500)),
            ..Update::set("pingd", Some("3")).on("node2".into(), true)
        };
        round_trip(Request::Update(vec![update.clone()]));
        round_trip(Request::Update(vec![update, Update::set("b", None::<String>)]));
        round_trip(Request::Query { name: "pingd".into(), node: Some("localhost".into()) });
        round_trip(Request::Refresh);
        round_trip(Request::RemovePeer { node: None, node_id: Some(NodeId(3)) });
        round_trip(Request::ClearFailure {
            filter: FailureFilter {
                resource: Some("ip".into()),
                operation: Some(("monitor".into(), Interval { millis: 10_000 })),
            },
            node: None,
            is_remote: false,
        });
    }

    #[test]
    fn what_pacemaker_sends_is_understood() {
        let element = xml::parse(
            "<create_attrd_op t='attrd' src='attrd_updater' task='update' attr_name='a' \
             attr_value='1' attr_dampening='5s' attr_host='n1' attr_is_remote='0' attr_is_private='1'/>",
        )
        .unwrap();
        let message = ClientMessage::from_element(&element).unwrap();
        let expected = Update {
            dampening: Dampening::Delay(Duration::from_secs(5)),
            is_private: true,
            ..Update::set("a", Some("1")).on("n1".into(), false)
        };
        assert_eq!(message.request, Request::Update(vec![expected]));
    }

    #[test]
    fn children_inherit() {
        let element = xml::parse(
            "<x task='update' attr_user='u' attr_host='n1'><op attr_name='a' attr_host='n2'/>\
             <op attr_name='b'/></x>",
        )
        .unwrap();
        let Request::Update(updates) = ClientMessage::from_element(&element).unwrap().request
        else {
            panic!("it is an update")
        };
        assert_eq!(updates[0].node, Some("n2".into()));
        assert_eq!(updates[1].node, Some("n1".into()));
        assert_eq!(updates[1].user.as_deref(), Some("u"));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "<x/>",
            "<x task='explode'/>",
            "<x task='query'/>",
            "<x task='update'/>",
            "<x task='update' attr_name='a' attr_is_private='perhaps'/>",
            "<x task='clear-failure' attr_clear_interval='soon'/>",
        ] {
            let element = xml::parse(text).unwrap();
            assert!(ClientMessage::from_element(&element).is_err(), "{text}");
        }
    }
}
