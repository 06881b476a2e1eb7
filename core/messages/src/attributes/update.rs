use std::{fmt, time::Duration};

use vocab::{NodeId, NodeName};
use xml::Element;

use super::{
    MessageError,
    field::{self, Fields},
};

/// Which attributes an update is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// The one of that name.
    Name(String),
    /// All whose names the regular expression finds.
    Pattern(String),
}

/// What an update changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateKind {
    /// The value.
    Value,
    /// The dampening.
    Delay,
    /// Both.
    Both,
}

/// How long changes of an attribute are held back, so that several are written at once.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Dampening {
    /// Nothing was said about it.
    #[default]
    Unspecified,
    /// So long.
    Delay(Duration),
    /// Something was said that is no duration.
    Invalid(String),
}

/// A change to one attribute, or to several by pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// Which attributes.
    pub selector: Selector,
    /// What changes.
    pub kind: UpdateKind,
    /// The new value; none removes it. `value++` and `value+=N` add to the old one.
    pub value: Option<String>,
    /// The new dampening. For an update of kind [`UpdateKind::Value`] it counts only if the attribute is new.
    pub dampening: Dampening,
    /// The node whose attribute it is. From a client: the local node if none is given with a name, all nodes with a pattern.
    pub node: Option<NodeName>,
    /// That node's number, where the sender knows it.
    pub node_id: Option<NodeId>,
    /// The id of the set in the CIB, if it is not the usual one.
    pub set: Option<String>,
    /// The id of the `nvpair` in the CIB, if it is not the usual one.
    pub key: Option<String>,
    /// The user in whose name the CIB is changed.
    pub user: Option<String>,
    /// The node is a remote one, which has no attribute manager.
    pub is_remote: bool,
    /// The attribute stays out of the CIB.
    pub is_private: bool,
    /// The value is to be written even if it does not change.
    pub is_forced: bool,
}

impl Update {
    /// A new value for the local node's attribute, nothing else said.
    pub fn set(name: impl Into<String>, value: Option<impl Into<String>>) -> Self {
        Self {
            selector: Selector::Name(name.into()),
            kind: UpdateKind::Value,
            value: value.map(Into::into),
            dampening: Dampening::Unspecified,
            node: None,
            node_id: None,
            set: None,
            key: None,
            user: None,
            is_remote: false,
            is_private: false,
            is_forced: false,
        }
    }

    /// The same for a certain node; a remote one if `is_remote`.
    #[must_use]
    pub fn on(mut self, node: NodeName, is_remote: bool) -> Self {
        self.node = Some(node);
        self.is_remote = is_remote;
        self
    }

    /// Adds the fields to `element`, the task too unless it is one value of a synchronisation.
    pub(super) fn write(&self, element: &mut Element, with_task: bool) {
        if with_task {
            element.set(field::TASK, self.kind);
        }
        match &self.selector {
            Selector::Name(name) => element.set(field::NAME, name),
            Selector::Pattern(pattern) => element.set(field::PATTERN, pattern),
        }
        let texts = [
            (field::SET, &self.set),
            (field::KEY, &self.key),
            (field::USER, &self.user),
            (field::VALUE, &self.value),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                element.set(name, text);
            }
        }
        match &self.dampening {
            Dampening::Unspecified => {}
            Dampening::Delay(delay) if delay.subsec_millis() == 0 => {
                element.set(field::DAMPENING, delay.as_secs());
            }
            Dampening::Delay(delay) => {
                element.set(field::DAMPENING, format_args!("{}ms", delay.as_millis()));
            }
            Dampening::Invalid(text) => element.set(field::DAMPENING, text),
        }
        if let Some(node) = &self.node {
            element.set(field::NODE, node);
        }
        if let Some(id) = self.node_id {
            element.set(field::NODE_ID, id);
        }
        element.set(field::IS_REMOTE, u8::from(self.is_remote));
        element.set(field::IS_PRIVATE, u8::from(self.is_private));
        if self.is_forced {
            element.set(field::FORCE, 1);
        }
    }

    /// Reads the fields. Without a task it is an update of both, as in a synchronisation.
    pub(super) fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        let kind = match fields.get(field::TASK) {
            None => UpdateKind::Both,
            Some(task) => {
                UpdateKind::from_name(task).ok_or_else(|| MessageError::unknown_task(task))?
            }
        };
        let selector = match (fields.get(field::NAME), fields.get(field::PATTERN)) {
            (Some(name), _) => Selector::Name(name.to_owned()),
            (None, Some(pattern)) => Selector::Pattern(pattern.to_owned()),
            (None, None) => return Err(MessageError::Missing(field::NAME)),
        };
        let dampening = match fields.get(field::DAMPENING) {
            None => Dampening::Unspecified,
            Some(text) => match vocab::parse_duration(text) {
                Ok(delay) => Dampening::Delay(delay),
                Err(_) => Dampening::Invalid(text.chars().take(64).collect()),
            },
        };
        Ok(Self {
            selector,
            kind,
            value: fields.text(field::VALUE),
            dampening,
            node: fields.get(field::NODE).map(NodeName::from),
            node_id: fields.number(field::NODE_ID)?.filter(|id| *id != 0).map(NodeId),
            set: fields.text(field::SET),
            key: fields.text(field::KEY),
            user: fields.text(field::USER),
            is_remote: fields.flag(field::IS_REMOTE)?,
            is_private: fields.flag(field::IS_PRIVATE)?,
            is_forced: fields.flag(field::FORCE)?,
        })
    }
}

impl UpdateKind {
    /// The task's name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Value => "update",
            Self::Delay => "update-delay",
            Self::Both => "update-both",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Value, Self::Delay, Self::Both].into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for UpdateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
