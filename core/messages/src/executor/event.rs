use std::time::Duration;

use vocab::{CallId, ExecStatus, Interval, OcfExit, ResourceId, Task, Timestamp};
use xml::Element;

use super::{
    Parameters, Refusal,
    fields::{self, Unreadable},
};

/// What the executor tells its clients without being asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A client connected.
    NewClient,
    /// A resource was registered.
    Registered {
        /// The resource.
        resource: ResourceId,
        /// The number of the request.
        call: CallId,
        /// Whether it worked.
        outcome: Result<(), Refusal>,
    },
    /// A resource was forgotten.
    Unregistered {
        /// The resource.
        resource: ResourceId,
        /// The number of the request.
        call: CallId,
        /// [`Refusal::InProgress`] if an operation for it still runs.
        outcome: Result<(), Refusal>,
    },
    /// A sign of life.
    Poked {
        /// The number of the request.
        call: CallId,
    },
    /// An operation has a result.
    Executed(Box<OperationResult>),
}

/// The result of one run of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationResult {
    /// The resource.
    pub resource: ResourceId,
    /// What was done.
    pub task: Task,
    /// How often it is done; once if zero.
    pub interval: Interval,
    /// The number of the request that asked for it.
    pub call: CallId,
    /// The text that came with the request.
    pub user_data: Option<String>,
    /// How long one run may take.
    pub timeout: Duration,
    /// How long the first run was to wait.
    pub start_delay: Duration,
    /// Whether it was carried out.
    pub status: ExecStatus,
    /// What the agent said, or what stands for it if it said nothing.
    pub exit: OcfExit,
    /// Why, in words for people.
    pub exit_reason: Option<String>,
    /// What the agent wrote: to standard error if it wrote there, else to standard output. Shortened if long.
    pub output: Option<String>,
    /// When the last run began.
    pub last_run: Timestamp,
    /// When the result last changed.
    pub last_change: Timestamp,
    /// How long the run took.
    pub execution_time: Duration,
    /// How long it had waited for its turn.
    pub queue_time: Duration,
    /// Whether the resource was unregistered meanwhile.
    pub resource_deleted: bool,
    /// The parameters of the operation.
    pub parameters: Parameters,
}

/// Why an element is not an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// An event of another kind.
    #[error("unknown event '{0}'")]
    UnknownKind(String),
    /// Something is not there.
    #[error("an event without {0}")]
    Missing(&'static str),
    /// A value is not what it should be.
    #[error("cannot make sense of {0} in an event")]
    Unreadable(&'static str),
}

impl From<Unreadable> for EventError {
    fn from(Unreadable(name): Unreadable) -> Self {
        Self::Unreadable(name)
    }
}

const NEW_CLIENT: &str = "lrmd_rsc_new_client";
const REGISTERED: &str = "lrmd_rsc_register";
const UNREGISTERED: &str = "lrmd_rsc_unregister";
const POKED: &str = "lrmd_rsc_poke";
const EXECUTED: &str = "lrmd_rsc_exec";

impl Event {
    /// The element that is sent.
    pub fn to_element(&self) -> Element {
        let notify = |kind| {
            Element::new("lrmd_notify")
                .with(fields::ORIGIN, "executor")
                .with(fields::OPERATION, kind)
        };
        let code =
            |outcome: &Result<(), Refusal>| outcome.map_or_else(|refusal| -refusal.errno(), |()| 0);
        match self {
            Self::NewClient => notify(NEW_CLIENT),
            Self::Poked { call } => notify(POKED).with("lrmd_rc", 0).with(fields::CALL, call),
            Self::Registered { resource, call, outcome } => notify(REGISTERED)
                .with("lrmd_rc", code(outcome))
                .with(fields::CALL, call)
                .with(fields::RESOURCE_ID, resource),
            Self::Unregistered { resource, call, outcome } => notify(UNREGISTERED)
                .with("lrmd_rc", code(outcome))
                .with(fields::CALL, call)
                .with(fields::RESOURCE_ID, resource),
            Self::Executed(result) => result.fill(notify(EXECUTED)),
        }
    }

    /// Reads what an executor sent.
    pub fn from_element(element: &Element) -> Result<Self, EventError> {
        let call = CallId(fields::number(element, fields::CALL)?.unwrap_or(0));
        let code: i32 = fields::number(element, "lrmd_rc")?.unwrap_or(0);
        let outcome =
            if code < 0 { Err(Refusal::from_errno(code.saturating_neg())) } else { Ok(()) };
        let resource = || fields::resource(element).ok_or(EventError::Missing(fields::RESOURCE_ID));
        match element.attr(fields::OPERATION).unwrap_or_default() {
            NEW_CLIENT => Ok(Self::NewClient),
            POKED => Ok(Self::Poked { call }),
            REGISTERED => Ok(Self::Registered { resource: resource()?, call, outcome }),
            UNREGISTERED => Ok(Self::Unregistered { resource: resource()?, call, outcome }),
            EXECUTED => {
                Ok(Self::Executed(Box::new(OperationResult::read(element, resource()?, call)?)))
            }
            other => Err(EventError::UnknownKind(other.to_owned())),
        }
    }
}

impl OperationResult {
    fn fill(&self, notify: Element) -> Element {
        notify
            .with(fields::TIMEOUT, fields::as_millis(self.timeout))
            .with(fields::INTERVAL, self.interval.millis)
            .with(fields::START_DELAY, fields::as_millis(self.start_delay))
            .with("lrmd_exec_rc", self.exit.code())
            .with("lrmd_exec_op_status", self.status.code())
            .with(fields::CALL, self.call)
            .with("lrmd_rsc_deleted", i32::from(self.resource_deleted))
            .with("lrmd_run_time", self.last_run)
            .with("lrmd_rcchange_time", self.last_change)
            .with("lrmd_exec_time", fields::as_millis(self.execution_time))
            .with("lrmd_queue_time", fields::as_millis(self.queue_time))
            .with(fields::RESOURCE_ID, &self.resource)
            .with(fields::ACTION, &self.task)
            .with_some(fields::USER_DATA, self.user_data.as_ref())
            .with_some("lrmd_rsc_exit_reason", self.exit_reason.as_ref())
            .with_some("lrmd_rsc_output", self.output.as_ref())
            .with_child(self.parameters.to_element())
    }

    fn read(element: &Element, resource: ResourceId, call: CallId) -> Result<Self, EventError> {
        let text = |name| element.attr(name).map(str::to_owned);
        let status: i32 = fields::number(element, "lrmd_exec_op_status")?
            .ok_or(EventError::Missing("lrmd_exec_op_status"))?;
        let exit: i32 =
            fields::number(element, "lrmd_exec_rc")?.ok_or(EventError::Missing("lrmd_exec_rc"))?;
        let task = element.attr(fields::ACTION).ok_or(EventError::Missing(fields::ACTION))?;
        Ok(Self {
            resource,
            task: Task::from_name(task),
            interval: fields::interval(element)?,
            call,
            user_data: text(fields::USER_DATA),
            timeout: fields::millis(element, fields::TIMEOUT)?,
            start_delay: fields::millis(element, fields::START_DELAY)?,
            status: ExecStatus::from_code(status)
                .ok_or(EventError::Unreadable("lrmd_exec_op_status"))?,
            // Whatever an agent may say that has no meaning is an error without a name.
            exit: OcfExit::from_code(exit).unwrap_or(OcfExit::Error),
            exit_reason: text("lrmd_rsc_exit_reason"),
            output: text("lrmd_rsc_output"),
            last_run: fields::timestamp(element, "lrmd_run_time")?,
            last_change: fields::timestamp(element, "lrmd_rcchange_time")?,
            execution_time: fields::millis(element, "lrmd_exec_time")?,
            queue_time: fields::millis(element, "lrmd_queue_time")?,
            resource_deleted: fields::number::<i32>(element, "lrmd_rsc_deleted")? == Some(1),
            parameters: Parameters::inside(element),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_survives_the_journey() {
        let call = CallId(9);
        let result = OperationResult {
            resource: "vip".into(),
            task: Task::Start,
            interval: Interval::ONCE,
            call,
            user_data: Some("2:1:0:uuid".into()),
            timeout: Duration::from_secs(20),
            start_delay: Duration::from_millis(3),
            status: ExecStatus::TimedOut,
            exit: OcfExit::Error,
            exit_reason: Some("too \"slow\"".into()),
            output: Some("a\nb".into()),
            last_run: Timestamp(1_700_000_000),
            last_change: Timestamp(1_700_000_001),
            execution_time: Duration::from_millis(1_500),
            queue_time: Duration::from_millis(2),
            resource_deleted: true,
            parameters: [("ip", "10.0.0.1")].into_iter().collect(),
        };
        for event in [
            Event::NewClient,
            Event::Poked { call },
            Event::Registered { resource: "a".into(), call, outcome: Ok(()) },
            Event::Unregistered { resource: "a".into(), call, outcome: Err(Refusal::InProgress) },
            Event::Executed(Box::new(result)),
        ] {
            assert_eq!(Event::from_element(&event.to_element()), Ok(event));
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let read = |text: &str| Event::from_element(&xml::parse(text).unwrap()).unwrap_err();
        assert_eq!(read("<lrmd_notify/>"), EventError::UnknownKind(String::new()));
        assert_eq!(
            read(r#"<n lrmd_op="lrmd_rsc_exec" lrmd_rsc_id="a"/>"#),
            EventError::Missing("lrmd_exec_op_status")
        );
        assert_eq!(
            read(r#"<n lrmd_op="lrmd_rsc_exec" lrmd_rsc_id="a" lrmd_exec_op_status="x"/>"#),
            EventError::Unreadable("lrmd_exec_op_status")
        );
    }
}
