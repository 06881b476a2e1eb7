use vocab::NodeName;
use xml::Element;

use super::{FenceOutcome, MessageError, OperationState, find, flag, holder, number, text};

/// The end of a fencing, told to all fencers by the one that was responsible for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The fencing's identifier.
    pub operation: String,
    /// How far it got.
    pub state: OperationState,
    /// The node to be fenced.
    pub target: Option<NodeName>,
    /// `off`, `reboot` or `on`.
    pub action: String,
    /// The node, or whoever else, that carried it out.
    pub delegate: Option<String>,
    /// The node whose client asked.
    pub origin: Option<NodeName>,
    /// The client's id on that node.
    pub client_id: Option<String>,
    /// The client's name.
    pub client: Option<String>,
    /// Whether it ended because the same thing ended.
    pub merged: bool,
    /// How it went.
    pub outcome: FenceOutcome,
}

const DATA: &str = "st_notify_fence";

impl Finished {
    /// The data that peers and subscribed clients get.
    pub(super) fn data(&self) -> Element {
        Element::new(DATA)
            .with("state", self.state.code())
            .with_some("st_target", self.target.as_ref())
            .with("st_device_action", &self.action)
            .with_some("st_delegate", self.delegate.as_ref())
            .with("st_remote_op", &self.operation)
            .with_some("st_origin", self.origin.as_ref())
            .with_some("st_clientid", self.client_id.as_ref())
            .with_some("st_clientname", self.client.as_ref())
    }

    /// The element that is sent to all fencers.
    pub fn to_element(&self) -> Element {
        let mut element = Element::new(super::reply::NAME)
            .with("t", "st_notify")
            .with("subt", "broadcast")
            .with("st_op", "st_notify");
        if self.merged {
            element.set("st_op_merged", "true");
        }
        element.with_child(Element::new("st_calldata").with_child(self.outcome.put(self.data())))
    }

    /// Reads the end of a fencing.
    pub fn from_element(element: &Element) -> Result<Self, MessageError> {
        // A fencer that fences on behalf of a dead originator sends its plain reply to all.
        let data = find(element, DATA).unwrap_or(element);
        let missing = |missing| MessageError::Missing { operation: "st_notify", missing };
        let outcome = holder(element, "rc-code").or_else(|| holder(element, "st_rc"));
        let outcome = FenceOutcome::take(outcome.ok_or_else(|| missing("rc-code"))?)?;
        let state = match number::<i32>(data, "state")?.and_then(OperationState::from_code) {
            Some(state) => state,
            None if outcome.is_success() => OperationState::Done,
            None => OperationState::Failed,
        };
        Ok(Self {
            operation: text(data, "st_remote_op").ok_or_else(|| missing("st_remote_op"))?,
            state,
            target: text(data, "st_target").map(NodeName::from),
            action: text(data, "st_device_action").unwrap_or_default(),
            delegate: text(data, "st_delegate"),
            origin: text(data, "st_origin").map(NodeName::from),
            client_id: text(data, "st_clientid"),
            client: text(data, "st_clientname"),
            merged: flag(element, "st_op_merged"),
            outcome,
        })
    }
}
