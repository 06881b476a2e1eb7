use vocab::{FEATURE_SET, Timestamp, ToolExit};
use xml::Element;

use super::{LauncherState, MessageError, Request, RequestKind};

/// What the launcher says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyBody {
    /// How far it is.
    State {
        /// That.
        state: LauncherState,
        /// When a daemon was last seen in good health.
        last_good: Timestamp,
    },
    /// Whether it will stop: [`ToolExit::Ok`], or [`ToolExit::InsufficientPrivileges`].
    Quit(ToolExit),
}

/// A reply with its envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The reference of the request.
    pub reference: String,
    /// The client.
    pub to: String,
    /// What is said.
    pub body: ReplyBody,
}

impl Reply {
    /// The reply to a request.
    pub fn to_request(request: &Request, body: ReplyBody) -> Self {
        Self { reference: request.reference.clone(), to: request.from.clone(), body }
    }

    /// The message as it is sent.
    pub fn to_element(&self) -> Element {
        let (kind, data) = match self.body {
            ReplyBody::State { state, last_good } => (
                RequestKind::Ping,
                Element::new("ping_response")
                    .with("crm_subsystem", "pacemakerd")
                    .with("pacemakerd_state", state)
                    .with("crm-timestamp", last_good)
                    .with("result", "ok"),
            ),
            ReplyBody::Quit(exit) => {
                (RequestKind::Quit, Element::new("shutdown").with("op-status", exit.code()))
            }
        };
        Element::new("create_reply_adv")
            .with("t", "crmd")
            .with("version", FEATURE_SET)
            .with("subt", "response")
            .with("reference", &self.reference)
            .with("crm_task", kind.task())
            .with("crm_sys_to", &self.to)
            .with("crm_sys_from", "pacemakerd")
            .with_child(Element::new("crm_xml").with_child(data))
    }

    /// Reads a message.
    pub fn from_element(element: &Element) -> Result<Self, MessageError> {
        if element.attr("subt") != Some("response") {
            return Err(MessageError::Unreadable("subt"));
        }
        let task = element.attr("crm_task").ok_or(MessageError::Missing("crm_task"))?;
        let data = element
            .child("crm_xml")
            .and_then(|wrapper| wrapper.children().next())
            .ok_or(MessageError::Missing("crm_xml"))?;
        let body = match task {
            "ping" => ReplyBody::State {
                state: data
                    .attr("pacemakerd_state")
                    .and_then(LauncherState::from_name)
                    .ok_or(MessageError::Unreadable("pacemakerd_state"))?,
                last_good: data
                    .attr("crm-timestamp")
                    .map_or(Ok(0), str::parse)
                    .map(Timestamp)
                    .map_err(|_| MessageError::Unreadable("crm-timestamp"))?,
            },
            "quit" => {
                let code = data.attr("op-status").ok_or(MessageError::Missing("op-status"))?;
                let exit = code.parse().ok().and_then(ToolExit::from_code);
                ReplyBody::Quit(exit.ok_or(MessageError::Unreadable("op-status"))?)
            }
            _ => return Err(MessageError::Unreadable("crm_task")),
        };
        let text = |field| element.attr(field).unwrap_or_default().to_owned();
        Ok(Self { reference: text("reference"), to: text("crm_sys_to"), body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_go_both_ways() {
        for kind in [
            RequestKind::Ping,
            RequestKind::Quit,
            RequestKind::ForgetNode,
            RequestKind::Unknown("explode".into()),
        ] {
            let request = Request { kind, reference: "ping-x-1".into(), from: "7_crmadmin".into() };
            assert_eq!(Request::from_element(&request.to_element()), Ok(request));
        }
        let last_good = Timestamp(1_700_000_000);
        let states = LauncherState::ALL.map(|state| ReplyBody::State { state, last_good });
        let quits = [ToolExit::Ok, ToolExit::InsufficientPrivileges].map(ReplyBody::Quit);
        for body in states.into_iter().chain(quits) {
            let reply = Reply { reference: "r".into(), to: "7_crmadmin".into(), body };
            assert_eq!(Reply::from_element(&reply.to_element()), Ok(reply));
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "<a/>",
            "<a subt='response' crm_task='ping'/>",
            "<a subt='response' crm_task='ping'><crm_xml><p pacemakerd_state='asleep'/></crm_xml></a>",
            "<a subt='response' crm_task='quit'><crm_xml><p op-status='x'/></crm_xml></a>",
        ] {
            assert!(Reply::from_element(&xml::parse(text).unwrap()).is_err(), "{text}");
        }
        assert!(Request::from_element(&Element::new("a")).is_err());
    }
}
