use std::{fmt, sync::Arc};

use xml::Element;

use super::{
    Failure, MessageError, Operation,
    field::{self, attach, data, number, required},
};

/// The kinds of notification that a client can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotificationKind {
    /// Every change, as a patch set.
    Diff,
    /// The CIB, or much of it, was replaced.
    Replaced,
    /// Accepted for old clients and never sent, as in Pacemaker 2.1.
    Obsolete,
}

/// Which parts of the CIB a replacement changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ChangedSections {
    /// `configuration/nodes`.
    pub nodes: bool,
    /// `configuration/alerts`.
    pub alerts: bool,
    /// `status`.
    pub status: bool,
}

/// A change that was made, or that failed.
#[derive(Clone, Debug, PartialEq)]
pub struct DiffNotification {
    /// The operation that made it.
    pub operation: Operation,
    /// How it went. A failed operation with a patch set is one whose result was refused.
    pub result: Result<(), Failure>,
    /// What the operation was asked to work with.
    pub update: Option<Arc<Element>>,
    /// What changed: a patch set.
    pub patch: Arc<Element>,
    /// The root of the CIB afterwards, attributes only.
    pub generation: Arc<Element>,
}

/// What a daemon tells its clients without being asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Notification {
    /// The CIB changed.
    Diff(DiffNotification),
    /// The CIB was replaced.
    Replaced {
        /// Which parts differ from before.
        sections: ChangedSections,
        /// The root of the CIB afterwards, attributes only.
        generation: Arc<Element>,
    },
}

impl NotificationKind {
    /// The name on the wire; an obsolete kind's is that of one of them.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Diff => "cib_diff_notify",
            Self::Replaced => "cib_refresh_notify",
            Self::Obsolete => "cib_post_notify",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "cib_diff_notify" => Some(Self::Diff),
            "cib_refresh_notify" => Some(Self::Replaced),
            "cib_pre_notify" | "cib_post_notify" | "cib_update_confirmation" => {
                Some(Self::Obsolete)
            }
            _ => None,
        }
    }
}

impl fmt::Display for NotificationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl ChangedSections {
    /// All of them.
    pub const ALL: Self = Self { nodes: true, alerts: true, status: true };

    /// Whether any part changed.
    pub const fn any(self) -> bool {
        self.nodes || self.alerts || self.status
    }

    const fn bits(self) -> u8 {
        self.nodes as u8 | (self.alerts as u8) << 1 | (self.status as u8) << 2
    }

    const fn from_bits(bits: u64) -> Self {
        Self { nodes: bits & 1 != 0, alerts: bits & 2 != 0, status: bits & 4 != 0 }
    }
}

impl Notification {
    /// Who gets it.
    pub const fn kind(&self) -> NotificationKind {
        match self {
            Self::Diff(_) => NotificationKind::Diff,
            Self::Replaced { .. } => NotificationKind::Replaced,
        }
    }

    /// The notification as it is sent.
    pub fn to_element(&self) -> Element {
        match self {
            Self::Diff(diff) => {
                let object = diff.update.as_ref().unwrap_or(&diff.patch).name();
                let mut element = Element::new("notify")
                    .with(field::TYPE, "cib_notify")
                    .with(field::SUBTYPE, NotificationKind::Diff)
                    .with(field::OPERATION, diff.operation)
                    .with(field::RESULT, diff.result.err().map_or(0, Failure::code))
                    .with("cib_object_type", object);
                attach(&mut element, "cib_generation", &diff.generation);
                if let Some(update) = &diff.update {
                    attach(&mut element, field::UPDATE, update);
                }
                attach(&mut element, field::UPDATE_RESULT, &diff.patch);
                element
            }
            Self::Replaced { sections, generation } => {
                let mut element = Element::new("notify-replace")
                    .with(field::TYPE, "cib_notify")
                    .with(field::SUBTYPE, NotificationKind::Replaced)
                    .with(field::OPERATION, Operation::Replace)
                    .with(field::RESULT, 0)
                    .with("cib_change_section", sections.bits());
                attach(&mut element, "cib-replace-generation", generation);
                element
            }
        }
    }

    /// Reads a notification; none if it is of an obsolete kind.
    pub fn from_element(element: &Element) -> Result<Option<Self>, MessageError> {
        let subtype = required(element, field::SUBTYPE)?;
        match NotificationKind::from_name(subtype) {
            Some(NotificationKind::Diff) => diff(element).map(Self::Diff).map(Some),
            Some(NotificationKind::Replaced) => {
                let bits = number(element, "cib_change_section")?.unwrap_or(7);
                Ok(Some(Self::Replaced {
                    sections: ChangedSections::from_bits(bits),
                    generation: generation(element, "cib-replace-generation"),
                }))
            }
            Some(NotificationKind::Obsolete) => Ok(None),
            None => Err(MessageError::invalid(field::SUBTYPE, subtype)),
        }
    }

    /// Whether the message is a notification, and no reply.
    pub fn is_one(element: &Element) -> bool {
        element.attr(field::TYPE) == Some("cib_notify")
    }
}

fn diff(element: &Element) -> Result<DiffNotification, MessageError> {
    let name = required(element, field::OPERATION)?;
    let operation = Operation::from_name(name)
        .ok_or_else(|| MessageError::UnknownOperation(field::shorten(name)))?;
    let code: i32 = number(element, field::RESULT)?.unwrap_or(0);
    Ok(DiffNotification {
        operation,
        result: Failure::from_code(code).map_or(Ok(()), Err),
        update: data(element, field::UPDATE),
        patch: data(element, field::UPDATE_RESULT)
            .ok_or_else(|| MessageError::missing(element, field::UPDATE_RESULT))?,
        generation: generation(element, "cib_generation"),
    })
}

fn generation(element: &Element, field: &str) -> Arc<Element> {
    data(element, field).unwrap_or_else(|| Arc::new(Element::new("generation_tuple")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notifications_go_both_ways() {
        let generation = Arc::new(Element::new("generation_tuple").with("epoch", 4));
        for notification in [
            Notification::Diff(DiffNotification {
                operation: Operation::Modify,
                result: Ok(()),
                update: Some(Arc::new(Element::new("nvpair"))),
                patch: Arc::new(Element::new("diff").with("format", 2)),
                generation: Arc::clone(&generation),
            }),
            Notification::Replaced {
                sections: ChangedSections { nodes: true, alerts: false, status: true },
                generation,
            },
        ] {
            let element = notification.to_element();
            assert!(Notification::is_one(&element));
            assert_eq!(Notification::from_element(&element), Ok(Some(notification)));
        }
    }

    #[test]
    fn a_diff_without_a_patch_set_is_refused() {
        let element = xml::parse("<notify subt='cib_diff_notify' cib_op='cib_modify'/>").unwrap();
        assert!(matches!(Notification::from_element(&element), Err(MessageError::Missing { .. })));
    }
}
