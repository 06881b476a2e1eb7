use std::time::Duration;

use vocab::NodeName;
use xml::Element;

use super::{
    DeviceRegistration, HistoryEntry, Level, LevelTarget, MessageError, NoticeKind, device, find,
    flag, history, holder, number, text,
};

/// Options of a call, as a set of bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallOptions(u32);

impl CallOptions {
    /// None.
    pub const NONE: Self = Self(0);
    /// The target may fence itself.
    pub const ALLOW_SELF: Self = Self(0x2);
    /// A human says that the target is off.
    pub const MANUAL_ACK: Self = Self(0x8);
    /// No answer is wanted.
    pub const DISCARD_REPLY: Self = Self(0x10);
    /// The fencing follows the topology.
    pub const TOPOLOGY: Self = Self(0x40);
    /// The target is a node's number.
    pub const NODE_ID: Self = Self(0x200);
    /// The client waits for the result.
    pub const SYNC_CALL: Self = Self(0x1000);
    /// History: forget what has ended.
    pub const CLEANUP: Self = Self(0x8_0000);
    /// History: compare with the other nodes.
    pub const BROADCAST: Self = Self(0x10_0000);

    /// The set as a number.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The set that a number stands for; unknown bits are kept.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// Whether all of that is in the set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The set with that added.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The set with that removed.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// What travels around every request: whose it is and how it is to be answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallHeader {
    /// The client's number of the call.
    pub call: i32,
    /// Options.
    pub options: CallOptions,
    /// The token that the fencer gave to the client, or that peers use instead.
    pub token: Option<String>,
    /// The client's id.
    pub client_id: Option<String>,
    /// The client's name.
    pub client_name: Option<String>,
    /// The node the client is on.
    pub client_node: Option<NodeName>,
    /// How long it may take; whole seconds.
    pub timeout: Duration,
    /// Seconds to wait before a fencing; below zero: none of the configured delays either.
    pub delay: Option<i32>,
}

/// A request with its header.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Whose request it is.
    pub header: CallHeader,
    /// What is asked for.
    pub request: Request,
}

/// What can be asked of a fencer.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// First message of a client; its name is in the header.
    Hello,
    /// Makes a device known.
    AddDevice(DeviceRegistration),
    /// Forgets a device.
    RemoveDevice(String),
    /// Makes a fencing level known.
    AddLevel(Level),
    /// Forgets one fencing level of a target, or all with index 0.
    RemoveLevel(LevelTarget, u32),
    /// Asks which devices there are, or can fence a target.
    Query(Query),
    /// Has an agent carry out `list`, `monitor` or `status`.
    Execute {
        /// The device.
        device: String,
        /// What to do.
        action: String,
        /// The node it is about.
        target: Option<NodeName>,
    },
    /// Fences a node.
    Fence(Fencing),
    /// Fences a node that cannot do so itself, on behalf of it.
    Relay(Fencing),
    /// Asks for the history, cleans it or compares it, as the options say.
    History {
        /// The node it is about; all if `None`.
        target: Option<String>,
        /// What the sender knows, from a peer.
        sync: Option<HistorySync>,
    },
    /// Subscribes to notices or ends that.
    Notify {
        /// Of which kind; `None` for one that is not known.
        kind: Option<NoticeKind>,
        /// Whether to subscribe.
        active: bool,
    },
    /// Tells a client's node how long the client's fencing may take.
    UpdateTimeout,
    /// Forgets a node.
    ForgetNode,
    /// A sign of life of a peer.
    Poke,
}

/// A question about devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// The node to fence; every device if `None`.
    pub target: Option<String>,
    /// What to do to it.
    pub action: Option<String>,
    /// The device that the question names; `manual_ack` needs no answer.
    pub device: Option<String>,
    /// The fencing it is asked for, from a peer.
    pub operation: Option<String>,
    /// The node whose client asked, from a peer.
    pub origin: Option<NodeName>,
    /// The fencing that this one replaces, from a peer.
    pub relayed: Option<String>,
}

/// A node to fence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fencing {
    /// The node: its name, or its number if the options say so.
    pub target: String,
    /// `off`, `reboot` or `on`.
    pub action: String,
    /// The device to use; any if `None`.
    pub device: Option<String>,
    /// A fencing not longer ago than this counts.
    pub tolerance: Duration,
    /// The fencing's identifier, from a peer.
    pub operation: Option<String>,
    /// The node whose client asked, from a peer.
    pub origin: Option<NodeName>,
}

/// What another fencer knows of the past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistorySync {
    /// The fencings.
    pub entries: Vec<HistoryEntry>,
    /// Whether that is only what we lack, so that no answer is needed.
    pub differential: bool,
}

impl Request {
    /// The operation's name on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hello => "register",
            Self::AddDevice(_) => "st_device_register",
            Self::RemoveDevice(_) => "st_device_remove",
            Self::AddLevel(_) => "st_level_add",
            Self::RemoveLevel(..) => "st_level_remove",
            Self::Query(_) => "st_query",
            Self::Execute { .. } => "st_execute",
            Self::Fence(_) => "st_fence",
            Self::Relay(_) => "st_relay",
            Self::History { .. } => "st_fence_history",
            Self::Notify { .. } => "st_notify",
            Self::UpdateTimeout => "st_timeout_update",
            Self::ForgetNode => "rm-node-cache",
            Self::Poke => "poke",
        }
    }

    fn call_data(&self) -> Option<Element> {
        Some(match self {
            Self::AddDevice(device) => device.to_element(),
            Self::RemoveDevice(id) => Element::new("st_device_id").with("id", id),
            Self::AddLevel(level) => level.to_element(),
            Self::RemoveLevel(target, index) => device::level_name(target, *index),
            Self::Query(query) if query.operation.is_none() => Element::new("st_device_id")
                .with_some("st_target", query.target.as_ref())
                .with_some("st_device_action", query.action.as_ref()),
            Self::Execute { device, action, target } => Element::new("st_device_id")
                .with("st_device_id", device)
                .with("st_device_action", action)
                .with_some("st_target", target.as_ref()),
            Self::Fence(fencing) if fencing.operation.is_none() => {
                fencing.put(Element::new("fence")).with("st_tolerance", fencing.tolerance.as_secs())
            }
            Self::History { target, sync } => {
                let mut data = Element::new("history").with_some("st_target", target.as_ref());
                if let Some(sync) = sync {
                    let mut list = history::list(&sync.entries);
                    if sync.differential {
                        list.set("st_differential", "true");
                    }
                    data.push(list);
                }
                data
            }
            Self::Query(_)
            | Self::Fence(_)
            | Self::Relay(_)
            | Self::Hello
            | Self::Notify { .. }
            | Self::UpdateTimeout
            | Self::ForgetNode
            | Self::Poke => return None,
        })
    }
}

impl Fencing {
    fn put(&self, element: Element) -> Element {
        element
            .with_some("st_remote_op", self.operation.as_ref())
            .with("st_target", &self.target)
            .with("st_device_action", &self.action)
            .with_some("st_origin", self.origin.as_ref())
            .with_some("st_device_id", self.device.as_ref())
    }

    fn from_message(element: &Element, operation: &'static str) -> Result<Self, MessageError> {
        let missing = |missing| MessageError::Missing { operation, missing };
        let data = holder(element, "st_target").ok_or_else(|| missing("st_target"))?;
        Ok(Self {
            target: text(data, "st_target").ok_or_else(|| missing("st_target"))?,
            action: text(data, "st_device_action").ok_or_else(|| missing("st_device_action"))?,
            device: text(data, "st_device_id"),
            tolerance: Duration::from_secs(number(data, "st_tolerance")?.unwrap_or(0)),
            operation: text(element, "st_remote_op"),
            origin: text(data, "st_origin").map(NodeName::from),
        })
    }
}

impl Message {
    /// The element that is sent.
    pub fn to_element(&self) -> Element {
        let header = &self.header;
        let mut element = Element::new("stonith_command")
            .with("t", "stonith-ng")
            .with_some("st_async_id", header.token.as_ref())
            .with("st_op", self.request.name());
        match &self.request {
            Request::Hello => {
                return element.with_some("st_clientname", header.client_name.as_ref());
            }
            Request::Notify { kind, active } => {
                let attribute = if *active { "st_notify_activate" } else { "st_notify_deactivate" };
                return element.with(attribute, kind.map_or("", NoticeKind::name));
            }
            Request::Query(query) if query.operation.is_some() => {
                element = element
                    .with_some("st_remote_op", query.operation.as_ref())
                    .with_some("st_target", query.target.as_ref())
                    .with_some("st_device_action", query.action.as_ref())
                    .with_some("st_origin", query.origin.as_ref())
                    .with_some("st_remote_op_relay", query.relayed.as_ref());
            }
            Request::Fence(fencing) if fencing.operation.is_some() => {
                element = fencing.put(element);
            }
            Request::Relay(fencing) => element = fencing.put(element),
            Request::History { sync: Some(_), .. } => element.set("subt", "broadcast"),
            _ => {}
        }
        let is_broadcast_history =
            matches!(&self.request, Request::History { .. }) && header.call == 0;
        if !is_broadcast_history {
            element.set("st_callid", header.call);
        }
        element = element
            .with("st_callopt", header.options.bits())
            .with_some("st_clientid", header.client_id.as_ref())
            .with_some("st_clientname", header.client_name.as_ref())
            .with_some("st_clientnode", header.client_node.as_ref())
            .with("st_timeout", header.timeout.as_secs())
            .with_some("st_delay", header.delay);
        match self.request.call_data() {
            Some(data) => element.with_child(Element::new("st_calldata").with_child(data)),
            None => element,
        }
    }

    /// Reads what a client or another fencer sent.
    pub fn from_element(element: &Element) -> Result<Self, MessageError> {
        let delay = holder(element, "st_delay");
        Ok(Self {
            header: CallHeader {
                call: number(element, "st_callid")?.unwrap_or(0),
                options: CallOptions(number(element, "st_callopt")?.unwrap_or(0)),
                token: text(element, "st_async_id"),
                client_id: text(element, "st_clientid"),
                client_name: text(element, "st_clientname"),
                client_node: text(element, "st_clientnode").map(NodeName::from),
                timeout: Duration::from_secs(
                    number::<i64>(element, "st_timeout")?.unwrap_or(0).max(0).unsigned_abs(),
                ),
                delay: delay.map(|holder| number(holder, "st_delay")).transpose()?.flatten(),
            },
            request: read_request(element)?,
        })
    }
}

fn read_request(element: &Element) -> Result<Request, MessageError> {
    let operation = element.attr("st_op").or_else(|| element.attr("crm_task")).unwrap_or_default();
    Ok(match operation {
        "register" => Request::Hello,
        "st_device_register" => Request::AddDevice(DeviceRegistration::from_message(element)?),
        "st_device_remove" => {
            let id = find(element, "st_device_id").and_then(|device| text(device, "id"));
            Request::RemoveDevice(
                id.ok_or(MessageError::Missing { operation: "st_device_remove", missing: "id" })?,
            )
        }
        "st_level_add" => Request::AddLevel(Level::from_element(level(element, "st_level_add")?)?),
        "st_level_remove" => {
            let level = level(element, "st_level_remove")?;
            let target = LevelTarget::from_element(level)
                .ok_or(MessageError::Missing { operation: "st_level_remove", missing: "target" })?;
            Request::RemoveLevel(target, number(level, "index")?.unwrap_or(0))
        }
        "st_query" => Request::Query(read_query(element)),
        "st_execute" => read_execute(element)?,
        "st_fence" => Request::Fence(Fencing::from_message(element, "st_fence")?),
        "st_relay" => Request::Relay(Fencing::from_message(element, "st_relay")?),
        "st_fence_history" => Request::History {
            // Not from anywhere: the entries of a history have targets too.
            target: element
                .child("st_calldata")
                .and_then(|data| data.children().next())
                .and_then(|data| text(data, "st_target")),
            sync: find(element, "st_history").map(|list| HistorySync {
                entries: history::entries(list),
                differential: flag(list, "st_differential"),
            }),
        },
        "st_notify" => {
            let (active, name) = match element.attr("st_notify_activate") {
                Some(name) => (true, name),
                None => (false, element.attr("st_notify_deactivate").unwrap_or_default()),
            };
            Request::Notify { kind: NoticeKind::from_name(name), active }
        }
        "st_timeout_update" => Request::UpdateTimeout,
        "rm-node-cache" => Request::ForgetNode,
        "poke" => Request::Poke,
        other => return Err(MessageError::UnknownOperation(other.to_owned())),
    })
}

fn level<'a>(element: &'a Element, operation: &'static str) -> Result<&'a Element, MessageError> {
    find(element, "fencing-level")
        .ok_or(MessageError::Missing { operation, missing: "fencing-level" })
}

fn read_query(element: &Element) -> Query {
    let data = holder(element, "st_device_action");
    let of = |name| data.and_then(|data| text(data, name));
    Query {
        target: of("st_target"),
        action: of("st_device_action"),
        device: of("st_device_id"),
        operation: text(element, "st_remote_op"),
        origin: of("st_origin").map(NodeName::from),
        relayed: text(element, "st_remote_op_relay"),
    }
}

fn read_execute(element: &Element) -> Result<Request, MessageError> {
    let missing = |missing| MessageError::Missing { operation: "st_execute", missing };
    let data = holder(element, "st_device_action").ok_or_else(|| missing("st_device_action"))?;
    let device = holder(element, "st_device_id").and_then(|holder| text(holder, "st_device_id"));
    Ok(Request::Execute {
        device: device.ok_or_else(|| missing("st_device_id"))?,
        action: text(data, "st_device_action").ok_or_else(|| missing("st_device_action"))?,
        target: text(data, "st_target").map(NodeName::from),
    })
}
