use vocab::FEATURE_SET;
use xml::Element;

/// What the launcher can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// How far are you?
    Ping,
    /// Stop the daemons and end.
    Quit,
    /// Forget a node; the launcher knows none and only says yes.
    ForgetNode,
    /// Something it does not know.
    Unknown(String),
}

/// A request with its envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is asked.
    pub kind: RequestKind,
    /// Identifies it; the reply carries the same.
    pub reference: String,
    /// The client, as process number, underscore and name.
    pub from: String,
}

/// A message that is not one of the launcher's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// A field that must be there is not.
    #[error("a message of the launcher has no {0}")]
    Missing(&'static str),
    /// A field's value makes no sense.
    #[error("{0} of a launcher's message makes no sense")]
    Unreadable(&'static str),
}

impl Request {
    /// The message as it is sent.
    pub fn to_element(&self) -> Element {
        Element::new("create_request_adv")
            .with("t", "crmd")
            .with("version", FEATURE_SET)
            .with("subt", "request")
            .with("reference", &self.reference)
            .with("crm_task", self.kind.task())
            .with("crm_sys_to", "pacemakerd")
            .with("crm_sys_from", &self.from)
    }

    /// Reads a message.
    pub fn from_element(element: &Element) -> Result<Self, MessageError> {
        let kind = match element.attr("crm_task").ok_or(MessageError::Missing("crm_task"))? {
            "ping" => RequestKind::Ping,
            "quit" => RequestKind::Quit,
            "rm_node_cache" => RequestKind::ForgetNode,
            other => RequestKind::Unknown(other.chars().take(64).collect()),
        };
        Ok(Self {
            kind,
            reference: element.attr("reference").unwrap_or_default().to_owned(),
            from: element.attr("crm_sys_from").unwrap_or_default().to_owned(),
        })
    }

    /// Whether SBD asks, which starts the daemons when they wait for it.
    pub fn is_from_sbd(&self) -> bool {
        self.from.contains("sbd")
    }
}

impl RequestKind {
    /// The name on the wire.
    pub fn task(&self) -> &str {
        match self {
            Self::Ping => "ping",
            Self::Quit => "quit",
            Self::ForgetNode => "rm_node_cache",
            Self::Unknown(task) => task,
        }
    }
}
