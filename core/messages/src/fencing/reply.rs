use vocab::NodeName;
use xml::Element;

use super::{
    CallHeader, CallOptions, DeviceOffer, FenceOutcome, HistoryEntry, MessageError, find, flag,
    history, holder, number, text,
};

pub(super) const NAME: &str = "st-reply";

/// An answer of a fencer, to a client or to another fencer.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// What it answers: the operation's name and whose call it was.
    pub operation: String,
    /// The call's header, as far as it is sent back.
    pub header: CallHeader,
    /// How it went.
    pub outcome: FenceOutcome,
    /// The fencing it belongs to.
    pub fencing: Option<String>,
    /// The device it is about.
    pub device: Option<String>,
    /// The node it is about.
    pub target: Option<NodeName>,
    /// The node, or whoever else, that carried it out.
    pub delegate: Option<String>,
    /// Whether it ended because the same thing ended.
    pub merged: bool,
    /// What else there is to say.
    pub body: ReplyBody,
}

/// What an answer carries besides its result.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplyBody {
    /// Nothing.
    Empty,
    /// Devices that can fence the target, or all devices.
    Devices(Vec<DeviceOffer>),
    /// Fencings.
    History(Vec<HistoryEntry>),
}

impl Reply {
    /// An answer without more than a result.
    pub fn new(operation: &str, header: CallHeader, outcome: FenceOutcome) -> Self {
        Self {
            operation: operation.to_owned(),
            header,
            outcome,
            fencing: None,
            device: None,
            target: None,
            delegate: None,
            merged: false,
            body: ReplyBody::Empty,
        }
    }

    /// The element that is sent.
    pub fn to_element(&self) -> Element {
        let element = Element::new(NAME).with("st_origin", "fencer").with("t", "stonith-ng");
        let mut element = self
            .outcome
            .put(element)
            .with("st_op", &self.operation)
            .with("st_callid", self.header.call)
            .with_some("st_clientid", self.header.client_id.as_ref())
            .with_some("st_clientname", self.header.client_name.as_ref())
            .with_some("st_remote_op", self.fencing.as_ref())
            .with("st_callopt", self.header.options.bits())
            .with_some("st_device_id", self.device.as_ref())
            .with_some("st_target", self.target.as_ref())
            .with_some("st_delegate", self.delegate.as_ref());
        if self.merged {
            element.set("st_op_merged", "true");
        }
        let data = match &self.body {
            ReplyBody::Empty => return element,
            ReplyBody::Devices(devices) => Element::new("stonith_query_capable_device_cb")
                .with_some("st_target", self.target.as_ref())
                .with_children(devices.iter().map(DeviceOffer::to_element))
                .with("st-available-devices", devices.len()),
            ReplyBody::History(entries) => history::list(entries),
        };
        element.with_child(Element::new("st_calldata").with_child(data))
    }

    /// Reads an answer.
    pub fn from_element(element: &Element) -> Result<Self, MessageError> {
        let body = if let Some(devices) = holder(element, "st-available-devices") {
            let offers: Result<_, _> =
                devices.children_named("st_device_id").map(DeviceOffer::from_element).collect();
            ReplyBody::Devices(offers?)
        } else if let Some(list) = find(element, "st_history") {
            ReplyBody::History(history::entries(list))
        } else {
            ReplyBody::Empty
        };
        let anywhere = |name: &str| holder(element, name).and_then(|holder| text(holder, name));
        Ok(Self {
            operation: text(element, "st_op").unwrap_or_default(),
            header: CallHeader {
                call: number(element, "st_callid")?.unwrap_or(0),
                options: CallOptions::from_bits(number(element, "st_callopt")?.unwrap_or(0)),
                client_id: text(element, "st_clientid"),
                client_name: text(element, "st_clientname"),
                ..CallHeader::default()
            },
            outcome: FenceOutcome::take(element)?,
            fencing: anywhere("st_remote_op"),
            device: text(element, "st_device_id"),
            target: anywhere("st_target").map(NodeName::from),
            delegate: anywhere("st_delegate"),
            merged: flag(element, "st_op_merged"),
            body,
        })
    }
}
