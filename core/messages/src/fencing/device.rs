use std::time::Duration;

use xml::Element;

use super::{MessageError, find, flag, number, text};
use crate::executor::Parameters;

/// A fence device to make known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRegistration {
    /// The device's id, that of its resource.
    pub id: String,
    /// The fence agent.
    pub agent: String,
    /// The family the agent belongs to, if it was said.
    pub namespace: Option<String>,
    /// The meta-attribute `provides`.
    pub provides: Option<String>,
    /// Its parameters, the cluster's own (`pcmk_*`) among them.
    pub parameters: Parameters,
}

impl DeviceRegistration {
    pub(super) fn to_element(&self) -> Element {
        let mut attributes = Element::new("attributes");
        for (name, value) in self.parameters.iter() {
            attributes.set(name, value);
        }
        Element::new("st_device_id")
            .with("id", &self.id)
            .with("agent", &self.agent)
            .with_some("namespace", self.namespace.as_ref())
            .with_some("rsc_provides", self.provides.as_ref())
            .with_child(attributes)
    }

    pub(super) fn from_message(element: &Element) -> Result<Self, MessageError> {
        let missing = |missing| MessageError::Missing { operation: "st_device_register", missing };
        let device = find(element, "st_device_id").ok_or_else(|| missing("st_device_id"))?;
        Ok(Self {
            id: text(device, "id").ok_or_else(|| missing("id"))?,
            agent: text(device, "agent").ok_or_else(|| missing("agent"))?,
            namespace: text(device, "namespace"),
            provides: text(device, "rsc_provides"),
            parameters: Parameters::inside(device),
        })
    }
}

/// Which nodes a fencing level is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LevelTarget {
    /// The node of this name.
    Name(String),
    /// Every node whose name matches this regular expression.
    Pattern(String),
    /// Every node with this attribute and value.
    Attribute(String, String),
}

/// One level of the fencing topology.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    /// Its id in the CIB.
    pub id: String,
    /// Whom it is for.
    pub target: LevelTarget,
    /// Its place, 1 to 9; lower ones are tried first.
    pub index: u32,
    /// The devices that all have to succeed, in order.
    pub devices: Vec<String>,
}

impl LevelTarget {
    /// The target that a `fencing-level` element names.
    pub fn from_element(level: &Element) -> Option<Self> {
        if let Some(name) = level.attr("target") {
            Some(Self::Name(name.to_owned()))
        } else if let Some(pattern) = level.attr("target-pattern") {
            Some(Self::Pattern(pattern.to_owned()))
        } else {
            let name = level.attr("target-attribute")?;
            Some(Self::Attribute(name.to_owned(), level.attr("target-value")?.to_owned()))
        }
    }

    fn put(&self, element: Element) -> Element {
        match self {
            Self::Name(name) => element.with("target", name),
            Self::Pattern(pattern) => element.with("target-pattern", pattern),
            Self::Attribute(name, value) => {
                element.with("target-attribute", name).with("target-value", value)
            }
        }
    }
}

impl std::fmt::Display for LevelTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(text) | Self::Pattern(text) => f.write_str(text),
            Self::Attribute(name, value) => write!(f, "{name}={value}"),
        }
    }
}

impl Level {
    /// Reads a `fencing-level` element of the CIB or of a message.
    pub fn from_element(level: &Element) -> Result<Self, MessageError> {
        let missing = |missing| MessageError::Missing { operation: "fencing-level", missing };
        let index = number(level, "index")?.ok_or_else(|| missing("index"))?;
        if !(1..=9).contains(&index) {
            return Err(MessageError::Unreadable("index"));
        }
        let devices = text(level, "devices").unwrap_or_default();
        Ok(Self {
            id: text(level, "id").ok_or_else(|| missing("id"))?,
            target: LevelTarget::from_element(level).ok_or_else(|| missing("target"))?,
            index,
            devices: devices
                .split(',')
                .map(|device| device.trim().to_owned())
                .filter(|device| !device.is_empty())
                .collect(),
        })
    }

    pub(super) fn to_element(&self) -> Element {
        self.target
            .put(Element::new("fencing-level").with("id", &self.id).with("index", self.index))
            .with("devices", self.devices.join(","))
    }
}

/// The `fencing-level` element that names a level without its devices.
pub(super) fn level_name(target: &LevelTarget, index: u32) -> Element {
    target.put(Element::new("fencing-level").with("index", index))
}

/// What a fence agent can do, as a set of bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Supports(pub u32);

impl Supports {
    /// `list`
    pub const LIST: Self = Self(1 << 0);
    /// `status`
    pub const STATUS: Self = Self(1 << 1);
    /// `reboot`
    pub const REBOOT: Self = Self(1 << 2);
    /// The target is told in the parameter `plug`.
    pub const PLUG: Self = Self(1 << 3);
    /// The target is told in the parameter `port`.
    pub const PORT: Self = Self(1 << 4);
    /// `on`
    pub const ON: Self = Self(1 << 5);

    /// Whether all of that is in the set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The set with that added.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A device that a fencer offers for a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceOffer {
    /// The device.
    pub id: String,
    /// Its agent.
    pub agent: String,
    /// The agent's family.
    pub namespace: Option<String>,
    /// Whether the device is known to work from there.
    pub verified: bool,
    /// What its agent can do.
    pub supports: Supports,
    /// The terms for the action asked about.
    pub requested: PhaseOffer,
    /// The terms for `off` if a reboot becomes off and on.
    pub off: Option<PhaseOffer>,
    /// The terms for `on` in that case.
    pub on: Option<PhaseOffer>,
    /// The device's parameters, told to who asks without a target.
    pub parameters: Option<Parameters>,
}

/// The terms of one action of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhaseOffer {
    /// How long it may take, if the device has a time of its own.
    pub timeout: Option<Duration>,
    /// The longest random delay before it.
    pub delay_max: Duration,
    /// The least delay before it.
    pub delay_base: Duration,
    /// Whether the cluster needs it for a node that joins.
    pub required: bool,
    /// Whether the node that offers may not do it.
    pub disallowed: bool,
}

impl PhaseOffer {
    fn put(&self, mut element: Element) -> Element {
        if self.required {
            element.set("st_required", 1);
        }
        element = element.with_some("st_action_timeout", self.timeout.map(|time| time.as_secs()));
        for (name, delay) in [("st_delay_max", self.delay_max), ("st_delay_base", self.delay_base)]
        {
            if !delay.is_zero() {
                element.set(name, delay.as_secs());
            }
        }
        if self.disallowed {
            element.set("st_action_disallowed", "true");
        }
        element
    }

    fn take(element: &Element) -> Result<Self, MessageError> {
        let seconds = |name| -> Result<Duration, MessageError> {
            Ok(Duration::from_secs(number(element, name)?.unwrap_or(0)))
        };
        Ok(Self {
            timeout: Some(seconds("st_action_timeout")?).filter(|time| !time.is_zero()),
            delay_max: seconds("st_delay_max")?,
            delay_base: seconds("st_delay_base")?,
            required: number::<i32>(element, "st_required")?.unwrap_or(0) != 0,
            disallowed: flag(element, "st_action_disallowed"),
        })
    }
}

impl DeviceOffer {
    pub(super) fn to_element(&self) -> Element {
        let mut element = Element::new("st_device_id")
            .with("id", &self.id)
            .with_some("namespace", self.namespace.as_ref())
            .with("agent", &self.agent)
            .with("st_monitor_verified", i32::from(self.verified))
            .with("st_device_support_flags", self.supports.0);
        element = self.requested.put(element);
        for (action, phase) in [("off", &self.off), ("on", &self.on)] {
            if let Some(phase) = phase {
                element.push(phase.put(Element::new("st_device_action").with("id", action)));
            }
        }
        if let Some(parameters) = &self.parameters {
            let mut attributes = Element::new("attributes");
            for (name, value) in parameters.iter() {
                attributes.set(name, value);
            }
            element.push(attributes);
        }
        element
    }

    pub(super) fn from_element(element: &Element) -> Result<Self, MessageError> {
        let missing = |missing| MessageError::Missing { operation: "a device", missing };
        let phase = |action: &str| {
            let child = element.children().find(|child| child.id() == Some(action));
            child.map(PhaseOffer::take).transpose()
        };
        // Fencers from before the flags were invented could all switch on.
        let supports = number(element, "st_device_support_flags")?.map_or(Supports::ON, Supports);
        Ok(Self {
            id: text(element, "id").ok_or_else(|| missing("id"))?,
            agent: text(element, "agent").unwrap_or_default(),
            namespace: text(element, "namespace"),
            verified: number::<i32>(element, "st_monitor_verified")?.unwrap_or(0) != 0,
            supports,
            requested: PhaseOffer::take(element)?,
            off: phase("off")?,
            on: phase("on")?,
            parameters: element.child("attributes").map(|_| Parameters::inside(element)),
        })
    }
}
