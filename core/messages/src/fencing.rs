//! Messages of the fencer (`stonith-ng`): what its clients ask, what it answers and tells them, and what the fencers of the
//! nodes tell each other on the process group of that name.
//!
//! Clients and peers send the same [`Message`]s; answers are [`Reply`]s. The outcome of a fencing reaches all fencers as a
//! [`Finished`], and their clients as a [`Notice`]. Start from [`Request`].

mod device;
mod finished;
mod history;
mod notice;
mod outcome;
mod reply;
mod request;

pub use device::{DeviceOffer, DeviceRegistration, Level, LevelTarget, PhaseOffer, Supports};
pub use finished::Finished;
pub use history::{HistoryEntry, OperationState};
pub use notice::{Notice, NoticeKind};
pub use outcome::FenceOutcome;
pub use reply::{Reply, ReplyBody};
pub use request::{CallHeader, CallOptions, Fencing, HistorySync, Message, Query, Request};

use xml::Element;

/// Why an element is not a message of the fencer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// It names an operation that the fencer does not have.
    #[error("unknown operation '{0}'")]
    UnknownOperation(String),
    /// Something that the operation needs is not there.
    #[error("{operation} without {missing}")]
    Missing {
        /// The operation.
        operation: &'static str,
        /// The attribute or element.
        missing: &'static str,
    },
    /// A value is not what it should be.
    #[error("cannot make sense of {0}")]
    Unreadable(&'static str),
}

/// A message between fencers.
#[derive(Clone, Debug, PartialEq)]
pub enum PeerMessage {
    /// Something asked.
    Request(Box<Message>),
    /// Something answered.
    Reply(Box<Reply>),
    /// The end of a fencing, for all.
    Finished(Box<Finished>),
}

impl PeerMessage {
    /// The element that is sent.
    pub fn to_element(&self) -> Element {
        match self {
            Self::Request(message) => message.to_element(),
            Self::Reply(reply) => reply.to_element(),
            Self::Finished(finished) => finished.to_element(),
        }
    }

    /// Reads what another fencer sent.
    pub fn from_element(element: &Element) -> Result<Self, MessageError> {
        if element.name() != reply::NAME && find(element, reply::NAME).is_none() {
            return Message::from_element(element).map(Box::new).map(Self::Request);
        }
        if element.attr("subt") == Some("broadcast") {
            return Finished::from_element(element).map(Box::new).map(Self::Finished);
        }
        Reply::from_element(element).map(Box::new).map(Self::Reply)
    }
}

/// The first element of that name, at any depth.
fn find<'a>(element: &'a Element, name: &str) -> Option<&'a Element> {
    element.descendants().find(|inner| inner.name() == name)
}

/// The first element with that attribute, at any depth: the protocol does not say where an attribute stands.
fn holder<'a>(element: &'a Element, attribute: &str) -> Option<&'a Element> {
    element.descendants().find(|inner| inner.attr(attribute).is_some())
}

/// The number in an attribute; `None` if the attribute is not there.
fn number<T: std::str::FromStr>(
    element: &Element,
    name: &'static str,
) -> Result<Option<T>, MessageError> {
    element
        .attr(name)
        .map(|text| text.trim().parse().map_err(|_| MessageError::Unreadable(name)))
        .transpose()
}

/// An attribute's text, if it is there and not empty.
fn text(element: &Element, name: &str) -> Option<String> {
    element.attr(name).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Whether an attribute says yes.
fn flag(element: &Element, name: &str) -> bool {
    element.attr(name).is_some_and(|text| vocab::parse_boolean(text) == Ok(true))
}

#[cfg(test)]
mod tests;
