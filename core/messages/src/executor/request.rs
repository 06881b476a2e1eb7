use std::time::Duration;

use vocab::{Interval, ResourceId, Task};
use xml::Element;

use super::{
    Agent, Parameters,
    fields::{self, Unreadable},
};

/// A request with what travels around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The token that the executor gave out when the client registered.
    pub token: Option<String>,
    /// How the client calls itself; only the first message of a client carries it.
    pub client_name: Option<String>,
    /// What is asked for.
    pub request: Request,
}

/// What a client can ask of the executor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// First message of a client: who it is and which protocol it speaks.
    Hello {
        /// The protocol version, as text.
        protocol: String,
        /// Whether the client offers to carry other daemons' connections, as a controller does for a remote node.
        carries_connections: bool,
    },
    /// Makes a resource known.
    Register {
        /// The resource.
        resource: ResourceId,
        /// What manages it.
        agent: Agent,
        /// Whether the recurring operations of a client end when that client goes.
        drop_recurring: bool,
    },
    /// Asks what manages a resource.
    Info(ResourceId),
    /// Forgets a resource; what is queued for it is cancelled.
    Unregister(ResourceId),
    /// Carries out an operation.
    Execute(Box<Execute>),
    /// Ends a recurring operation, or removes one that has not begun.
    Cancel {
        /// The resource.
        resource: ResourceId,
        /// What the operation does.
        task: Task,
        /// How often it does it.
        interval: Interval,
    },
    /// Asks for a sign of life, which goes to every client.
    Poke,
    /// Compares the watchdog timeout of the cluster with that of this node.
    Check {
        /// The cluster's `stonith-watchdog-timeout`, as configured.
        watchdog_timeout: Option<String>,
    },
    /// Runs an alert agent.
    Alert(Alert),
    /// Lists recurring operations, of one resource or of all.
    Recurring(Option<ResourceId>),
}

/// An operation to carry out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execute {
    /// The resource, which must be registered.
    pub resource: ResourceId,
    /// What to do.
    pub task: Task,
    /// How often; once if zero.
    pub interval: Interval,
    /// How long one run may take; no limit if zero.
    pub timeout: Duration,
    /// How long to wait before the first run.
    pub start_delay: Duration,
    /// Text that comes back with the result.
    pub user_data: Option<String>,
    /// What the agent gets.
    pub parameters: Parameters,
    /// Who hears of the result.
    pub options: CallOptions,
}

/// Who hears of the results of an operation, and of which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallOptions {
    /// Only the client that asked, not all.
    pub notify_origin_only: bool,
    /// Of a recurring operation only the first result and each that differs from the one before.
    pub notify_changes_only: bool,
}

/// An alert agent to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// The alert's id.
    pub id: String,
    /// The program.
    pub path: String,
    /// How long it may run.
    pub timeout: Duration,
    /// Its environment.
    pub environment: Parameters,
}

/// Why an element is not a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It names an operation that the executor does not have.
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

impl From<Unreadable> for RequestError {
    fn from(Unreadable(name): Unreadable) -> Self {
        Self::Unreadable(name)
    }
}

const NOTIFY_ORIGIN_ONLY: u32 = 1 << 1;
const NOTIFY_CHANGES_ONLY: u32 = 1 << 2;
/// The option of a registration; the number overlaps that of [`NOTIFY_ORIGIN_ONLY`], which only operations have.
const DROP_RECURRING: u32 = 3;

impl CallOptions {
    fn bits(self) -> u32 {
        u32::from(self.notify_origin_only) * NOTIFY_ORIGIN_ONLY
            + u32::from(self.notify_changes_only) * NOTIFY_CHANGES_ONLY
    }

    fn from_bits(bits: u32) -> Self {
        Self {
            notify_origin_only: bits & NOTIFY_ORIGIN_ONLY != 0,
            notify_changes_only: bits & NOTIFY_CHANGES_ONLY != 0,
        }
    }
}

impl Request {
    /// The operation's name in the protocol.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "register",
            Self::Register { .. } => "lrmd_rsc_register",
            Self::Info(_) => "lrmd_rsc_info",
            Self::Unregister(_) => "lrmd_rsc_unregister",
            Self::Execute(_) => "lrmd_rsc_exec",
            Self::Cancel { .. } => "lrmd_rsc_cancel",
            Self::Poke => "lrmd_rsc_poke",
            Self::Check { .. } => "lrmd_check",
            Self::Alert(_) => "lrmd_alert_exec",
            Self::Recurring(_) => "lrmd_get_recurring",
        }
    }

    fn call_data(&self) -> Option<Element> {
        let about = |id: &ResourceId| Element::new(fields::RESOURCE).with(fields::RESOURCE_ID, id);
        match self {
            Self::Hello { .. } => None,
            Self::Register { resource, agent, .. } => {
                Some(fields::with_agent(about(resource), agent))
            }
            Self::Info(resource) | Self::Unregister(resource) => Some(about(resource)),
            Self::Execute(execute) => Some(execute.to_element()),
            Self::Cancel { resource, task, interval } => Some(
                about(resource).with(fields::ACTION, task).with(fields::INTERVAL, interval.millis),
            ),
            Self::Poke => Some(Element::new(fields::RESOURCE)),
            Self::Check { watchdog_timeout } => Some(
                Element::new(fields::OPERATION)
                    .with_some("lrmd_watchdog", watchdog_timeout.as_ref()),
            ),
            Self::Alert(alert) => Some(
                Element::new("lrmd_alert")
                    .with("lrmd_alert_id", &alert.id)
                    .with("lrmd_alert_path", &alert.path)
                    .with(fields::TIMEOUT, fields::as_millis(alert.timeout))
                    .with_child(alert.environment.to_element()),
            ),
            Self::Recurring(resource) => resource.as_ref().map(about),
        }
    }

    fn call_options(&self) -> u32 {
        match self {
            Self::Register { drop_recurring: true, .. } => DROP_RECURRING,
            Self::Execute(execute) => execute.options.bits(),
            Self::Alert(_) => NOTIFY_ORIGIN_ONLY,
            Self::Register { .. }
            | Self::Hello { .. }
            | Self::Info(_)
            | Self::Unregister(_)
            | Self::Cancel { .. }
            | Self::Poke
            | Self::Check { .. }
            | Self::Recurring(_) => 0,
        }
    }
}

impl Execute {
    fn to_element(&self) -> Element {
        Element::new(fields::RESOURCE)
            .with(fields::RESOURCE_ID, &self.resource)
            .with(fields::ACTION, &self.task)
            .with_some(fields::USER_DATA, self.user_data.as_ref())
            .with(fields::INTERVAL, self.interval.millis)
            .with(fields::TIMEOUT, fields::as_millis(self.timeout))
            .with(fields::START_DELAY, fields::as_millis(self.start_delay))
            .with_child(self.parameters.to_element())
    }
}

impl Message {
    /// The element that is sent.
    pub fn to_element(&self) -> Element {
        let mut element = Element::new("lrmd_command")
            .with("t", "lrmd")
            .with_some("lrmd_async_id", self.token.as_ref())
            .with(fields::OPERATION, self.request.name())
            .with_some("lrmd_clientname", self.client_name.as_ref());
        if let Request::Hello { protocol, carries_connections } = &self.request {
            element.set(fields::PROTOCOL, protocol);
            if *carries_connections {
                element.set("lrmd_is_ipc_provider", "true");
            }
            return element;
        }
        let timeout = match &self.request {
            Request::Execute(execute) => execute.timeout,
            Request::Alert(alert) => alert.timeout,
            _ => Duration::ZERO,
        };
        element.set(fields::TIMEOUT, fields::as_millis(timeout));
        element.set("lrmd_callopt", self.request.call_options());
        if let Some(data) = self.request.call_data() {
            element.push(Element::new("lrmd_calldata").with_child(data));
        }
        element
    }

    /// Reads what a client sent.
    pub fn from_element(element: &Element) -> Result<Self, RequestError> {
        Ok(Self {
            token: element.attr("lrmd_async_id").map(str::to_owned),
            client_name: element.attr("lrmd_clientname").map(str::to_owned),
            request: read_request(element)?,
        })
    }
}

fn read_request(element: &Element) -> Result<Request, RequestError> {
    let operation = element.attr(fields::OPERATION).unwrap_or_default();
    let options: u32 = fields::number(element, "lrmd_callopt")?.unwrap_or(0);
    let data = element.child("lrmd_calldata");
    let subject = data.and_then(|data| data.child(fields::RESOURCE));
    let about = |operation: &'static str| -> Result<(&Element, ResourceId), RequestError> {
        let missing = RequestError::Missing { operation, missing: fields::RESOURCE_ID };
        let subject = subject.ok_or_else(|| missing.clone())?;
        Ok((subject, fields::resource(subject).ok_or(missing)?))
    };
    Ok(match operation {
        "register" => Request::Hello {
            protocol: element.attr(fields::PROTOCOL).unwrap_or_default().to_owned(),
            carries_connections: element
                .attr("lrmd_is_ipc_provider")
                .is_some_and(|text| vocab::parse_boolean(text) == Ok(true)),
        },
        "lrmd_rsc_register" => {
            let (subject, resource) = about("lrmd_rsc_register")?;
            let agent = fields::agent(subject).ok_or(RequestError::Missing {
                operation: "lrmd_rsc_register",
                missing: "a complete agent name",
            })?;
            let drop_recurring = options & DROP_RECURRING == DROP_RECURRING;
            Request::Register { resource, agent, drop_recurring }
        }
        "lrmd_rsc_info" => Request::Info(about("lrmd_rsc_info")?.1),
        "lrmd_rsc_unregister" => Request::Unregister(about("lrmd_rsc_unregister")?.1),
        "lrmd_rsc_exec" => {
            let (subject, resource) = about("lrmd_rsc_exec")?;
            Request::Execute(Box::new(read_execute(subject, resource, options)?))
        }
        "lrmd_rsc_cancel" => {
            let (subject, resource) = about("lrmd_rsc_cancel")?;
            let task = read_task(subject, "lrmd_rsc_cancel")?;
            Request::Cancel { resource, task, interval: fields::interval(subject)? }
        }
        "lrmd_rsc_poke" => Request::Poke,
        "lrmd_check" => Request::Check {
            watchdog_timeout: data
                .and_then(|data| data.children().next())
                .and_then(|check| check.attr("lrmd_watchdog"))
                .map(str::to_owned),
        },
        "lrmd_alert_exec" => Request::Alert(read_alert(data)?),
        "lrmd_get_recurring" => Request::Recurring(subject.and_then(fields::resource)),
        other => return Err(RequestError::UnknownOperation(other.to_owned())),
    })
}

fn read_task(subject: &Element, operation: &'static str) -> Result<Task, RequestError> {
    match subject.attr(fields::ACTION) {
        Some(name) if !name.is_empty() => Ok(Task::from_name(name)),
        _ => Err(RequestError::Missing { operation, missing: fields::ACTION }),
    }
}

fn read_execute(
    subject: &Element,
    resource: ResourceId,
    options: u32,
) -> Result<Execute, RequestError> {
    Ok(Execute {
        resource,
        task: read_task(subject, "lrmd_rsc_exec")?,
        interval: fields::interval(subject)?,
        timeout: fields::millis(subject, fields::TIMEOUT)?,
        start_delay: fields::millis(subject, fields::START_DELAY)?,
        user_data: subject.attr(fields::USER_DATA).map(str::to_owned),
        parameters: Parameters::inside(subject),
        options: CallOptions::from_bits(options),
    })
}

fn read_alert(data: Option<&Element>) -> Result<Alert, RequestError> {
    let missing = |missing| RequestError::Missing { operation: "lrmd_alert_exec", missing };
    let alert = data.and_then(|data| data.child("lrmd_alert")).ok_or(missing("lrmd_alert"))?;
    let text = |name| alert.attr(name).map(str::to_owned).ok_or(missing(name));
    Ok(Alert {
        id: text("lrmd_alert_id")?,
        path: text("lrmd_alert_path")?,
        timeout: fields::millis(alert, fields::TIMEOUT)?,
        environment: Parameters::inside(alert),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(request: Request) -> String {
        let message = Message { token: Some("t".into()), client_name: None, request };
        let element = message.to_element();
        assert_eq!(Message::from_element(&element).as_ref(), Ok(&message));
        element.to_compact()
    }

    #[test]
    fn an_operation_travels_as_the_protocol_has_it() {
        let text = round_trip(Request::Execute(Box::new(Execute {
            resource: "vip".into(),
            task: Task::Monitor,
            interval: Interval { millis: 10_000 },
            timeout: Duration::from_secs(20),
            start_delay: Duration::ZERO,
            user_data: Some("2:1:0:uuid".into()),
            parameters: [("ip", "10.0.0.1")].into_iter().collect(),
            options: CallOptions { notify_origin_only: true, notify_changes_only: true },
        })));
        assert_eq!(
            text,
            concat!(
                r#"<lrmd_command t="lrmd" lrmd_async_id="t" lrmd_op="lrmd_rsc_exec" lrmd_timeout="20000" "#,
                r#"lrmd_callopt="6"><lrmd_calldata><lrmd_rsc lrmd_rsc_id="vip" lrmd_rsc_action="monitor" "#,
                r#"lrmd_rsc_userdata_str="2:1:0:uuid" lrmd_rsc_interval="10000" lrmd_timeout="20000" "#,
                r#"lrmd_rsc_start_delay="0"><attributes ip="10.0.0.1"/></lrmd_rsc></lrmd_calldata></lrmd_command>"#
            )
        );
    }

    #[test]
    fn every_request_survives_the_journey() {
        let agent: Agent = "ocf:heartbeat:Dummy".parse().unwrap();
        let interval = Interval { millis: 5 };
        for request in [
            Request::Hello { protocol: "1.1".into(), carries_connections: true },
            Request::Register { resource: "a".into(), agent: agent.clone(), drop_recurring: true },
            Request::Register { resource: "a".into(), agent, drop_recurring: false },
            Request::Info("a".into()),
            Request::Unregister("a".into()),
            Request::Cancel { resource: "a".into(), task: Task::Monitor, interval },
            Request::Poke,
            Request::Check { watchdog_timeout: Some("10s".into()) },
            Request::Recurring(None),
            Request::Recurring(Some("a".into())),
            Request::Alert(Alert {
                id: "x".into(),
                path: "/bin/true".into(),
                timeout: Duration::from_secs(30),
                environment: [("CRM_alert_kind", "node")].into_iter().collect(),
            }),
        ] {
            round_trip(request);
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let read = |text: &str| Message::from_element(&xml::parse(text).unwrap()).unwrap_err();
        assert_eq!(read("<x/>"), RequestError::UnknownOperation(String::new()));
        assert_eq!(
            read(r#"<x lrmd_op="lrmd_rsc_exec"/>"#),
            RequestError::Missing { operation: "lrmd_rsc_exec", missing: "lrmd_rsc_id" }
        );
        let exec = |attributes: &str| {
            format!(
                r#"<x lrmd_op="lrmd_rsc_exec"><lrmd_calldata><lrmd_rsc lrmd_rsc_id="a" {attributes}/></lrmd_calldata></x>"#
            )
        };
        assert!(matches!(read(&exec("")), RequestError::Missing { .. }));
        assert_eq!(
            read(&exec(r#"lrmd_rsc_action="start" lrmd_timeout="soon""#)),
            RequestError::Unreadable("lrmd_timeout")
        );
    }
}
