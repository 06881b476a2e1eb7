use std::time::Duration;

use xml::Element;

use super::{FenceOutcome, Finished, MessageError, Reply, find, number, text};

/// What a client can subscribe to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeKind {
    /// The end of every fencing.
    Fence,
    /// The history has changed.
    History,
    /// The history was compared with that of the other nodes.
    HistorySynced,
    /// A device was made known.
    DeviceAdded,
    /// A device was forgotten.
    DeviceRemoved,
    /// A fencing level was made known.
    LevelAdded,
    /// A fencing level was forgotten.
    LevelRemoved,
}

impl NoticeKind {
    const NAMED: [(&'static str, Self); 7] = [
        ("st_notify_fence", Self::Fence),
        ("st_notify_history", Self::History),
        ("st_notify_history_synced", Self::HistorySynced),
        ("st_device_register", Self::DeviceAdded),
        ("st_device_remove", Self::DeviceRemoved),
        ("st_level_add", Self::LevelAdded),
        ("st_level_remove", Self::LevelRemoved),
    ];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        Self::NAMED.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }
}

/// What the fencer tells a client without being asked, or later than asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// The result of something that the client asked for and did not wait for.
    Result(Box<Reply>),
    /// A fencing, anybody's, has ended.
    Fenced(Box<Finished>),
    /// Something else changed; for devices and levels with its name and how many there are now.
    Changed {
        /// What kind of thing.
        kind: NoticeKind,
        /// Which one.
        subject: Option<String>,
        /// How many there are.
        active: Option<u32>,
        /// Whether the change was made.
        outcome: FenceOutcome,
    },
    /// A fencing that the client asked for may take that long in all.
    Timeout {
        /// The client's number of the call.
        call: i32,
        /// How long.
        timeout: Duration,
    },
}

impl Notice {
    /// The element that is sent.
    pub fn to_element(&self) -> Element {
        let notify = |kind: NoticeKind, outcome: &FenceOutcome| {
            let name = kind.name();
            let element = Element::new("notify").with("t", "st_notify").with("subt", name);
            outcome.put(element.with("st_op", name))
        };
        let holding = |element: Element, data: Element| {
            element.with_child(Element::new("st_calldata").with_child(data))
        };
        match self {
            Self::Result(reply) => reply.to_element(),
            Self::Fenced(finished) => {
                holding(notify(NoticeKind::Fence, &finished.outcome), finished.data())
            }
            Self::Changed { kind, subject: None, outcome, .. } => notify(*kind, outcome),
            Self::Changed { kind, subject, active, outcome } => {
                let data = Element::new(kind.name())
                    .with_some("st_device_id", subject.as_ref())
                    .with_some("st_active", active.as_ref());
                holding(notify(*kind, outcome), data)
            }
            Self::Timeout { call, timeout } => Element::new("st-async-timeout-value")
                .with("t", "st-async-timeout-value")
                .with("st_callid", call)
                .with("st_timeout", timeout.as_secs()),
        }
    }

    /// Reads what a fencer sent.
    pub fn from_element(element: &Element) -> Result<Self, MessageError> {
        let kind = element.attr("t").unwrap_or_default();
        match kind {
            "stonith-ng" => Reply::from_element(element).map(Box::new).map(Self::Result),
            "st-async-timeout-value" => Ok(Self::Timeout {
                call: number(element, "st_callid")?.unwrap_or(0),
                timeout: Duration::from_secs(number(element, "st_timeout")?.unwrap_or(0)),
            }),
            "st_notify" => {
                let name = element.attr("subt").unwrap_or_default();
                match NoticeKind::from_name(name) {
                    Some(NoticeKind::Fence) => {
                        Finished::from_element(element).map(Box::new).map(Self::Fenced)
                    }
                    Some(kind) => {
                        let data = find(element, name);
                        Ok(Self::Changed {
                            kind,
                            subject: data.and_then(|data| text(data, "st_device_id")),
                            active: data
                                .map(|data| number(data, "st_active"))
                                .transpose()?
                                .flatten(),
                            outcome: FenceOutcome::take(element)?,
                        })
                    }
                    None => Err(MessageError::UnknownOperation(name.to_owned())),
                }
            }
            other => Err(MessageError::UnknownOperation(other.to_owned())),
        }
    }
}
