use std::{fmt, time::Duration};

use vocab::{CallId, Interval, ResourceId, Task};
use xml::Element;

use super::{
    Agent,
    fields::{self, Unreadable},
};

/// What the executor answers at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The number that the executor gave the request.
    pub call: CallId,
    /// Whether it does what was asked.
    pub outcome: Result<(), Refusal>,
    /// What else there is to say.
    pub body: ReplyBody,
}

/// What an answer carries besides yes or no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyBody {
    /// Nothing.
    Empty,
    /// To a client that registered.
    Welcome {
        /// The token that the client puts on its requests.
        token: String,
        /// The protocol version of the executor.
        protocol: String,
    },
    /// The operation was taken; its results will carry the reply's call number.
    Queued,
    /// What manages the resource that was asked about.
    Info {
        /// The resource.
        resource: ResourceId,
        /// Its agent.
        agent: Agent,
    },
    /// Recurring operations.
    Recurring(Vec<RecurringOperation>),
}

/// A recurring operation that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecurringOperation {
    /// The resource.
    pub resource: ResourceId,
    /// What is done.
    pub task: Task,
    /// How often.
    pub interval: Interval,
    /// How long one run may take.
    pub timeout: Duration,
}

/// Why the executor does not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The resource is not registered.
    NoSuchResource,
    /// The request makes no sense.
    Invalid,
    /// There is no such operation, or nothing to cancel.
    NotSupported,
    /// The client may not ask for this.
    AccessDenied,
    /// The resource is forgotten, but an operation for it still runs.
    InProgress,
    /// The client's protocol version does not fit.
    ProtocolMismatch,
    /// What the client offers is of no use here.
    ProtocolNotSupported,
    /// Too much is waiting already.
    Busy,
    /// Another error of the system, by its number.
    Other(i32),
}

impl Refusal {
    const NUMBERED: [(i32, Self); 8] = [
        (19, Self::NoSuchResource),
        (22, Self::Invalid),
        (95, Self::NotSupported),
        (13, Self::AccessDenied),
        (115, Self::InProgress),
        (71, Self::ProtocolMismatch),
        (93, Self::ProtocolNotSupported),
        (11, Self::Busy),
    ];

    /// The system's error number that stands for it on the wire, above zero.
    pub fn errno(self) -> i32 {
        match self {
            Self::Other(errno) => errno,
            _ => Self::NUMBERED
                .iter()
                .find(|(_, refusal)| *refusal == self)
                .map_or(22, |(errno, _)| *errno),
        }
    }

    /// The refusal that an error number stands for.
    pub fn from_errno(errno: i32) -> Self {
        Self::NUMBERED
            .iter()
            .find(|(number, _)| *number == errno)
            .map_or(Self::Other(errno), |(_, refusal)| *refusal)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchResource => "the resource is not registered",
            Self::Invalid => "the request is not valid",
            Self::NotSupported => "there is no such operation",
            Self::AccessDenied => "not allowed",
            Self::InProgress => "an operation is still in progress",
            Self::ProtocolMismatch => "the protocol versions do not fit",
            Self::ProtocolNotSupported => "not supported by this executor",
            Self::Busy => "too many operations are waiting",
            Self::Other(errno) => return write!(f, "error {errno}"),
        })
    }
}

/// Why an element is not a reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// The return code is missing.
    #[error("a reply without lrmd_rc")]
    NoCode,
    /// A value is not what it should be.
    #[error("cannot make sense of {0} in a reply")]
    Unreadable(&'static str),
}

impl From<Unreadable> for ReplyError {
    fn from(Unreadable(name): Unreadable) -> Self {
        Self::Unreadable(name)
    }
}

impl Reply {
    /// The element that is sent.
    pub fn to_element(&self) -> Element {
        let code = match (&self.outcome, &self.body) {
            (Err(refusal), _) => -refusal.errno(),
            (Ok(()), ReplyBody::Queued) => self.call.0,
            (Ok(()), _) => 0,
        };
        let element = Element::new("lrmd_reply")
            .with(fields::ORIGIN, "executor")
            .with("lrmd_rc", code)
            .with(fields::CALL, self.call);
        match &self.body {
            ReplyBody::Empty | ReplyBody::Queued => element,
            ReplyBody::Welcome { token, protocol } => element
                .with(fields::OPERATION, "register")
                .with(fields::CLIENT_ID, token)
                .with(fields::PROTOCOL, protocol),
            ReplyBody::Info { resource, agent } => {
                fields::with_agent(element.with(fields::RESOURCE_ID, resource), agent)
            }
            ReplyBody::Recurring(operations) => element.with_children(recurring(operations)),
        }
    }

    /// Reads an executor's answer.
    pub fn from_element(element: &Element) -> Result<Self, ReplyError> {
        let code: i32 = fields::number(element, "lrmd_rc")?.ok_or(ReplyError::NoCode)?;
        let call = CallId(fields::number(element, fields::CALL)?.unwrap_or(0));
        let outcome =
            if code < 0 { Err(Refusal::from_errno(code.saturating_neg())) } else { Ok(()) };
        Ok(Self { call, outcome, body: read_body(element, code)? })
    }
}

/// One element per resource, an operation per child; neighbours of the same resource share an element.
fn recurring(operations: &[RecurringOperation]) -> impl Iterator<Item = Element> + '_ {
    operations.chunk_by(|a, b| a.resource == b.resource).map(|group| {
        let resource = Element::new(fields::RESOURCE).with(fields::RESOURCE_ID, &group[0].resource);
        resource.with_children(group.iter().map(|operation| {
            Element::new("lrmd_rsc_op")
                .with(fields::ACTION, &operation.task)
                .with(fields::INTERVAL, operation.interval.millis)
                .with(fields::TIMEOUT, fields::as_millis(operation.timeout))
        }))
    })
}

fn read_body(element: &Element, code: i32) -> Result<ReplyBody, ReplyError> {
    if let Some(token) = element.attr(fields::CLIENT_ID) {
        let protocol = element.attr(fields::PROTOCOL).unwrap_or("1.0").to_owned();
        return Ok(ReplyBody::Welcome { token: token.to_owned(), protocol });
    }
    if let Some(resource) = fields::resource(element)
        && let Some(agent) = fields::agent(element)
    {
        return Ok(ReplyBody::Info { resource, agent });
    }
    let mut operations = Vec::new();
    for group in element.children_named(fields::RESOURCE) {
        let Some(resource) = fields::resource(group) else { continue };
        for operation in group.children_named("lrmd_rsc_op") {
            operations.push(RecurringOperation {
                resource: resource.clone(),
                task: Task::from_name(operation.attr(fields::ACTION).unwrap_or_default()),
                interval: fields::interval(operation)?,
                timeout: fields::millis(operation, fields::TIMEOUT)?,
            });
        }
    }
    Ok(if !operations.is_empty() {
        ReplyBody::Recurring(operations)
    } else if code > 0 {
        ReplyBody::Queued
    } else {
        ReplyBody::Empty
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_survives_the_journey() {
        let operation = |resource: &str, millis| RecurringOperation {
            resource: resource.into(),
            task: Task::Monitor,
            interval: Interval { millis },
            timeout: Duration::from_secs(20),
        };
        let agent: Agent = "ocf:heartbeat:Dummy".parse().unwrap();
        for (outcome, body) in [
            (Ok(()), ReplyBody::Empty),
            (Ok(()), ReplyBody::Queued),
            (Err(Refusal::NoSuchResource), ReplyBody::Empty),
            (Err(Refusal::Other(5)), ReplyBody::Empty),
            (Ok(()), ReplyBody::Welcome { token: "t".into(), protocol: "1.1".into() }),
            (Ok(()), ReplyBody::Info { resource: "a".into(), agent }),
            (
                Ok(()),
                ReplyBody::Recurring(vec![operation("a", 1), operation("a", 2), operation("b", 1)]),
            ),
        ] {
            let reply = Reply { call: CallId(7), outcome, body };
            assert_eq!(Reply::from_element(&reply.to_element()), Ok(reply));
        }
    }

    #[test]
    fn a_taken_operation_answers_with_its_number() {
        let reply = Reply { call: CallId(7), outcome: Ok(()), body: ReplyBody::Queued };
        assert_eq!(reply.to_element().attr("lrmd_rc"), Some("7"));
    }

    #[test]
    fn refusals_and_numbers_agree() {
        for (errno, refusal) in Refusal::NUMBERED {
            assert_eq!(refusal.errno(), errno);
            assert_eq!(Refusal::from_errno(errno), refusal);
        }
    }
}
