use vocab::{NodeName, Timestamp};
use xml::Element;

use super::{FenceOutcome, MessageError, number, text};

/// How far a fencing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OperationState {
    /// Fencers are asked what they can do.
    Query,
    /// Somebody carries it out.
    Executing,
    /// It worked.
    Done,
    /// The same is under way already; this one ends with that.
    Duplicate,
    /// It failed.
    Failed,
}

impl OperationState {
    const ALL: [Self; 5] =
        [Self::Query, Self::Executing, Self::Done, Self::Duplicate, Self::Failed];

    /// The number on the wire.
    pub fn code(self) -> i32 {
        self as i32
    }

    /// The state of that number.
    pub fn from_code(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether there is no result yet.
    pub fn is_pending(self) -> bool {
        !matches!(self, Self::Done | Self::Failed)
    }
}

/// A fencing that was asked for at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Its identifier, if it was told; clients are not.
    pub operation: Option<String>,
    /// The node to be fenced.
    pub target: NodeName,
    /// `off`, `reboot` or `on`.
    pub action: String,
    /// The node whose client asked.
    pub origin: Option<NodeName>,
    /// The node, or whoever else, that carried it out.
    pub delegate: Option<String>,
    /// The client that asked.
    pub client: Option<String>,
    /// When it ended.
    pub completed: Timestamp,
    /// Nanoseconds beyond that second.
    pub completed_nanos: u32,
    /// How far it is.
    pub state: OperationState,
    /// How it went, if it has ended.
    pub outcome: FenceOutcome,
}

impl HistoryEntry {
    pub(super) fn to_element(&self) -> Element {
        let element = Element::new("st_execute")
            .with_some("st_remote_op", self.operation.as_ref())
            .with("st_target", &self.target)
            .with("st_device_action", &self.action)
            .with_some("st_origin", self.origin.as_ref())
            .with_some("st_delegate", self.delegate.as_ref())
            .with_some("st_clientname", self.client.as_ref())
            .with("st_date", self.completed)
            .with("st_date_nsec", self.completed_nanos)
            .with("st_state", self.state.code());
        self.outcome.put(element)
    }

    pub(super) fn from_element(element: &Element) -> Result<Self, MessageError> {
        let missing = |missing| MessageError::Missing { operation: "st_fence_history", missing };
        let state: i32 = number(element, "st_state")?.ok_or_else(|| missing("st_state"))?;
        Ok(Self {
            operation: text(element, "st_remote_op"),
            target: text(element, "st_target").ok_or_else(|| missing("st_target"))?.into(),
            action: text(element, "st_device_action").unwrap_or_default(),
            origin: text(element, "st_origin").map(NodeName::from),
            delegate: text(element, "st_delegate"),
            client: text(element, "st_clientname"),
            completed: Timestamp(number(element, "st_date")?.unwrap_or(0)),
            completed_nanos: number(element, "st_date_nsec")?.unwrap_or(0),
            state: OperationState::from_code(state).ok_or(MessageError::Unreadable("st_state"))?,
            // Old fencers send none with the history.
            outcome: FenceOutcome::take(element).unwrap_or(FenceOutcome::pending()),
        })
    }
}

/// The element around entries.
pub(super) fn list(entries: &[HistoryEntry]) -> Element {
    Element::new("st_history").with_children(entries.iter().map(HistoryEntry::to_element))
}

/// The entries in a list; one that makes no sense is left out.
pub(super) fn entries(list: &Element) -> Vec<HistoryEntry> {
    list.children().filter_map(|entry| HistoryEntry::from_element(entry).ok()).collect()
}
