use xml::Element;

pub(super) const TYPE: &str = "t";
pub(super) const SUBTYPE: &str = "subt";
pub(super) const ORIGIN: &str = "src";
pub(super) const TASK: &str = "task";
pub(super) const NAME: &str = "attr_name";
pub(super) const PATTERN: &str = "attr_regex";
pub(super) const VALUE: &str = "attr_value";
pub(super) const SET: &str = "attr_set";
/// The id of the `nvpair`.
pub(super) const KEY: &str = "attr_key";
pub(super) const NODE: &str = "attr_host";
pub(super) const NODE_ID: &str = "attr_host_id";
pub(super) const DAMPENING: &str = "attr_dampening";
pub(super) const IS_REMOTE: &str = "attr_is_remote";
pub(super) const IS_PRIVATE: &str = "attr_is_private";
pub(super) const FORCE: &str = "attrd_is_force_write";
pub(super) const USER: &str = "attr_user";
pub(super) const RESOURCE: &str = "attr_resource";
pub(super) const OPERATION: &str = "attr_clear_operation";
pub(super) const INTERVAL: &str = "attr_clear_interval";
pub(super) const VERSION: &str = "attr_version";
pub(super) const WRITER: &str = "attr_writer";
/// The value of `t` in every message.
pub(super) const TYPE_ATTRD: &str = "attrd";
/// One of several updates in a message.
pub(super) const OP: &str = "op";

/// A message that is not one of the attribute manager's, or is missing something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// A field that must be there is not.
    #[error("a message to the attribute manager has no {0}")]
    Missing(&'static str),
    /// A field's value makes no sense.
    #[error("{field}=\"{value}\" makes no sense in a message to the attribute manager")]
    Invalid {
        /// The field.
        field: &'static str,
        /// The value, at most 64 characters of it.
        value: String,
    },
    /// A task that does not exist, or not for this kind of sender.
    #[error("the attribute manager does not know the task \"{0}\"")]
    UnknownTask(String),
}

impl MessageError {
    pub(super) fn invalid(field: &'static str, value: &str) -> Self {
        Self::Invalid { field, value: shorten(value) }
    }

    pub(super) fn unknown_task(task: &str) -> Self {
        Self::UnknownTask(shorten(task))
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(64).collect()
}

/// A message element and, behind it, the element whose attributes it inherits.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) own: &'a Element,
    pub(super) inherited: Option<&'a Element>,
}

impl<'a> Fields<'a> {
    pub(super) const fn of(own: &'a Element) -> Self {
        Self { own, inherited: None }
    }

    pub(super) fn get(self, field: &str) -> Option<&'a str> {
        self.own.attr(field).or_else(|| self.inherited.and_then(|parent| parent.attr(field)))
    }

    pub(super) fn text(self, field: &str) -> Option<String> {
        self.get(field).map(str::to_owned)
    }

    /// A flag as Pacemaker writes it: a number that is not zero.
    pub(super) fn flag(self, field: &'static str) -> Result<bool, MessageError> {
        Ok(self.number::<i64>(field)?.is_some_and(|number| number != 0))
    }

    pub(super) fn number<T: std::str::FromStr>(
        self,
        field: &'static str,
    ) -> Result<Option<T>, MessageError> {
        match self.get(field) {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| MessageError::invalid(field, text)),
        }
    }
}
