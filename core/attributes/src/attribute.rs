use std::{collections::BTreeMap, time::Duration};

use messages::attributes::{Dampening, Selector, Update, UpdateKind};
use vocab::{NodeId, NodeName};

use crate::WriteId;

/// One attribute with its values on all nodes.
#[derive(Debug, Default)]
pub(crate) struct Attribute {
    pub(crate) set: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) is_private: bool,
    pub(crate) dampening: Duration,
    pub(crate) values: BTreeMap<NodeKey, Value>,
    /// A value changed since the last write began.
    pub(crate) changed: bool,
    /// A value could not be written because its node's number is not known.
    pub(crate) misses_nodes: bool,
    /// It is to be written although nothing changed.
    pub(crate) forced: bool,
    /// The write that is under way.
    pub(crate) writing: Option<WriteId>,
}

/// The value of one attribute on one node.
#[derive(Debug)]
pub(crate) struct Value {
    pub(crate) node: NodeName,
    pub(crate) node_id: Option<NodeId>,
    pub(crate) is_remote: bool,
    /// None after it was removed, which the CIB has yet to learn.
    pub(crate) current: Option<String>,
    /// The writer knows it. Counts only while a synchronisation is read.
    pub(crate) seen: bool,
}

/// Names of nodes compare without regard to case, as they do in Pacemaker.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeKey(String);

impl From<&NodeName> for NodeKey {
    fn from(name: &NodeName) -> Self {
        Self(name.as_str().to_lowercase())
    }
}

impl Attribute {
    /// A new attribute as its first update describes it.
    pub(crate) fn new(update: &Update) -> Self {
        Self {
            set: update.set.clone(),
            key: update.key.clone(),
            user: update.user.clone(),
            is_private: update.is_private,
            dampening: match update.dampening {
                Dampening::Delay(delay) => delay,
                Dampening::Unspecified | Dampening::Invalid(_) => Duration::ZERO,
            },
            ..Self::default()
        }
    }

    /// The value on a node, made if there is none.
    pub(crate) fn value_mut(&mut self, node: &NodeName) -> &mut Value {
        self.values.entry(NodeKey::from(node)).or_insert_with(|| Value {
            node: node.clone(),
            node_id: None,
            is_remote: false,
            current: None,
            seen: false,
        })
    }

    /// The value on a node, if it has one.
    pub(crate) fn current(&self, node: &NodeName) -> Option<&str> {
        self.values.get(&NodeKey::from(node))?.current.as_deref()
    }

    /// A value as peers are told it.
    pub(crate) fn describe(&self, name: &str, value: &Value, is_forced: bool) -> Update {
        Update {
            selector: Selector::Name(name.to_owned()),
            kind: UpdateKind::Both,
            value: value.current.clone(),
            // Pacemaker 2.1 tells whole seconds only, and would take another unit for a change.
            dampening: Dampening::Delay(Duration::from_secs(self.dampening.as_secs())),
            node: Some(value.node.clone()),
            node_id: value.node_id,
            set: self.set.clone(),
            key: self.key.clone(),
            user: self.user.clone(),
            is_remote: value.is_remote,
            is_private: self.is_private,
            is_forced,
        }
    }
}
