use vocab::NodeName;
use xml::Element;

use super::{
    FailureFilter, MessageError, PROTOCOL_VERSION, Update,
    field::{self, Fields},
    request::{read_updates, write_clear_failure, write_updates},
};

/// Where the sender of a peer message stands in the election of the writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum WriterState {
    /// No election was held.
    #[default]
    Undecided,
    /// An election goes on.
    Running,
    /// Another node won.
    Lost,
    /// It is the writer.
    Won,
}

/// What one attribute manager tells the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerMessage {
    /// A client's updates, in the order that all nodes agree on.
    Update(Vec<Update>),
    /// Values that the sender knows, each as an update of value and dampening.
    Values(Vec<Update>),
    /// The sender asks for all values.
    SyncRequest,
    /// A node has left for good.
    RemovePeer(NodeName),
    /// Failures of resources are to be forgotten.
    ClearFailure {
        /// Which.
        filter: FailureFilter,
        /// On this node; on all if there is none.
        node: Option<NodeName>,
        /// The node is a remote one.
        is_remote: bool,
    },
    /// What only versions of before 2.0 send, and what nobody needs.
    Obsolete,
}

/// A peer message with what every one of them carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Where the sender stands.
    pub writer: WriterState,
    /// What it says.
    pub message: PeerMessage,
}

impl WriterState {
    const fn code(self) -> u8 {
        match self {
            Self::Undecided => 0,
            Self::Running => 1,
            Self::Lost => 2,
            Self::Won => 3,
        }
    }

    fn from_code(code: i64) -> Self {
        match code {
            1 => Self::Running,
            2 => Self::Lost,
            3 => Self::Won,
            _ => Self::Undecided,
        }
    }
}

impl Envelope {
    /// The message as it is sent.
    pub fn to_element(&self) -> Element {
        let mut element = Element::new("attrd_message").with(field::TYPE, field::TYPE_ATTRD);
        match &self.message {
            PeerMessage::Update(updates) => write_updates(&mut element, updates),
            PeerMessage::Values(values) => {
                element.set(field::TASK, "sync-response");
                for value in values {
                    value.write(element.push_new("attrd_value"), false);
                }
            }
            PeerMessage::SyncRequest => element.set(field::TASK, "sync"),
            PeerMessage::RemovePeer(node) => {
                element.set(field::TASK, "peer-remove");
                element.set(field::NODE, node);
            }
            PeerMessage::ClearFailure { filter, node, is_remote } => {
                write_clear_failure(&mut element, filter, node.as_ref(), *is_remote);
            }
            PeerMessage::Obsolete => element.set(field::TASK, "flush"),
        }
        element.set(field::VERSION, PROTOCOL_VERSION);
        element.set(field::WRITER, self.writer.code());
        element
    }

    /// Reads a message.
    pub fn from_element(element: &Element) -> Result<Self, MessageError> {
        let fields = Fields::of(element);
        let task = fields.get(field::TASK).ok_or(MessageError::Missing(field::TASK))?;
        let node = || fields.get(field::NODE).map(NodeName::from);
        let message = match task {
            "update" | "update-delay" | "update-both" => {
                PeerMessage::Update(read_updates(element)?)
            }
            "sync-response" => {
                let read = |value| Update::read(Fields::of(value));
                PeerMessage::Values(element.children().map(read).collect::<Result<_, _>>()?)
            }
            "sync" => PeerMessage::SyncRequest,
            "peer-remove" => {
                PeerMessage::RemovePeer(node().ok_or(MessageError::Missing(field::NODE))?)
            }
            "clear-failure" => PeerMessage::ClearFailure {
                filter: FailureFilter::read(fields)?,
                node: node(),
                is_remote: fields.flag(field::IS_REMOTE)?,
            },
            "flush" => PeerMessage::Obsolete,
            other => return Err(MessageError::unknown_task(other)),
        };
        let writer =
            fields.number(field::WRITER)?.map_or_else(WriterState::default, WriterState::from_code);
        Ok(Self { writer, message })
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Dampening, UpdateKind},
        *,
    };
    use std::time::Duration;
    use vocab::NodeId;

    #[test]
    fn messages_go_both_ways() {
        let value = Update {
            kind: UpdateKind::Both,
            dampening: Dampening::Delay(Duration::ZERO),
            node_id: Some(NodeId(1)),
            is_forced: true,
            ..Update::set("a", Some("1")).on("n1".into(), false)
        };
        let clear = PeerMessage::ClearFailure {
            filter: FailureFilter::default(),
            node: Some("n1".into()),
            is_remote: true,
        };
        for message in [
            PeerMessage::Update(vec![value.clone()]),
            PeerMessage::Update(vec![value.clone(), value.clone()]),
            PeerMessage::Values(vec![value]),
            PeerMessage::Values(Vec::new()),
            PeerMessage::SyncRequest,
            PeerMessage::RemovePeer("n3".into()),
            clear,
            PeerMessage::Obsolete,
        ] {
            let envelope = Envelope { writer: WriterState::Won, message };
            assert_eq!(Envelope::from_element(&envelope.to_element()), Ok(envelope));
        }
    }

    #[test]
    fn a_synchronisation_of_pacemaker_is_understood() {
        let element = xml::parse(
            "<attrd_peer_sync task='sync-response' t='attrd' attr_version='4' attr_writer='3'>\
             <attrd_add_value_xml attr_name='#attrd-protocol' attr_host='node1' attr_host_id='1' \
             attr_value='4' attr_dampening='0' attr_is_private='1' attrd_is_force_write='0'/>\
             </attrd_peer_sync>",
        )
        .unwrap();
        let envelope = Envelope::from_element(&element).unwrap();
        assert_eq!(envelope.writer, WriterState::Won);
        let PeerMessage::Values(values) = envelope.message else { panic!("it has values") };
        assert_eq!(values[0].kind, UpdateKind::Both);
        assert_eq!(values[0].node_id, Some(NodeId(1)));
        assert!(values[0].is_private && !values[0].is_forced);
    }
}
