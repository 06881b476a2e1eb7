use std::sync::Arc;

use xml::{Element, Node};

pub(super) const TYPE: &str = "t";
pub(super) const SUBTYPE: &str = "subt";
pub(super) const ORIGIN: &str = "src";
pub(super) const OPERATION: &str = "cib_op";
pub(super) const SECTION: &str = "cib_section";
pub(super) const HOST: &str = "cib_host";
pub(super) const CALL_ID: &str = "cib_callid";
pub(super) const CALL_OPTIONS: &str = "cib_callopt";
pub(super) const CALL_DATA: &str = "cib_calldata";
pub(super) const CLIENT_ID: &str = "cib_clientid";
pub(super) const CLIENT_NAME: &str = "cib_clientname";
pub(super) const USER: &str = "cib_user";
pub(super) const REPLY_TO: &str = "cib_isreplyto";
pub(super) const DELEGATED_FROM: &str = "cib_delegated_from";
pub(super) const RESULT: &str = "cib_rc";
pub(super) const PING_ID: &str = "cib_ping_id";
pub(super) const SCHEMA_MAX: &str = "cib_schema_max";
pub(super) const UPGRADE_RESULT: &str = "cib_upgrade_rc";
/// A boolean attribute of a synchronisation; as a child's name, the change that a notification is about.
pub(super) const UPDATE: &str = "cib_update";
pub(super) const UPDATE_RESULT: &str = "cib_update_result";
pub(super) const DIGEST: &str = "digest";
pub(super) const FEATURE_SET: &str = "crm_feature_set";
/// The value of `t` in everything but notifications.
pub(super) const TYPE_CIB: &str = "cib";

/// A message that is not one of the CIB daemon's, or is missing something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// A field that must be there is not.
    #[error("the message <{element}> has no {field}")]
    Missing {
        /// The name of the message's element.
        element: String,
        /// The field.
        field: &'static str,
    },
    /// A field's value makes no sense.
    #[error("{field}=\"{value}\" makes no sense in a CIB message")]
    Invalid {
        /// The field.
        field: &'static str,
        /// The value, at most 64 characters of it.
        value: String,
    },
    /// An operation that does not exist.
    #[error("there is no CIB operation \"{0}\"")]
    UnknownOperation(String),
    /// What only nodes of before Pacemaker 1.1.14 send.
    #[error("the sender speaks a protocol of before Pacemaker 1.1.14, which is not supported")]
    Legacy,
}

impl MessageError {
    pub(super) fn missing(element: &Element, field: &'static str) -> Self {
        Self::Missing { element: shorten(element.name()), field }
    }

    pub(super) fn invalid(field: &'static str, value: &str) -> Self {
        Self::Invalid { field, value: shorten(value) }
    }
}

pub(super) fn shorten(text: &str) -> String {
    text.chars().take(64).collect()
}

pub(super) fn required<'a>(
    element: &'a Element,
    field: &'static str,
) -> Result<&'a str, MessageError> {
    element.attr(field).ok_or_else(|| MessageError::missing(element, field))
}

/// A number that may be missing but, if there, must be one.
pub(super) fn number<T: std::str::FromStr>(
    element: &Element,
    field: &'static str,
) -> Result<Option<T>, MessageError> {
    match element.attr(field) {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| MessageError::invalid(field, text)),
    }
}

/// The text of a field; an empty one counts as missing.
pub(super) fn text<'a>(element: &'a Element, field: &str) -> Option<&'a str> {
    element.attr(field).filter(|value| !value.is_empty())
}

/// The element inside the wrapper child `field`, shared.
pub(super) fn data(element: &Element, field: &str) -> Option<Arc<Element>> {
    let wrapper = element.child(field)?;
    wrapper.nodes().iter().find_map(|node| match node {
        Node::Element(inner) => Some(Arc::clone(inner)),
        Node::Text(_) | Node::Comment(_) => None,
    })
}

/// Adds `data`, shared, inside a wrapper child `field`.
pub(super) fn attach(element: &mut Element, field: &str, data: &Arc<Element>) {
    let mut wrapper = Element::new(field);
    wrapper.push(Node::Element(Arc::clone(data)));
    element.push(wrapper);
}
