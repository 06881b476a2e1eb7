use std::time::Duration;

use machine::TimerToken;
use messages::{
    attributes::FailureFilter,
    cib,
    crmd::Message,
    executor::{Agent, Execute},
};
use vocab::{Interval, NodeId, NodeName, ResourceId, Task, ToolExit};
use xml::Element;

use crate::{note::Note, timer::Timer};

/// Everything that a controller asks of the world, in the order in which it must be done.
#[derive(Clone, Debug)]
pub enum Output {
    /// Send to one controller, or to all, the local one included.
    Send {
        /// The receiver.
        to: Option<(NodeId, NodeName)>,
        /// The message; its receiver inside the node says which destination the envelope has.
        message: Box<Message>,
    },
    /// Send to a local client.
    Reply {
        /// Who the controller knows the client as.
        client: String,
        /// The message.
        message: Box<Message>,
    },
    /// Ask the CIB manager; [`crate::Input::CibReply`] follows, unless the request wants no reply.
    Cib {
        /// To be given back.
        call: u64,
        /// The request.
        request: Box<cib::Request>,
    },
    /// Ask the scheduler for a plan; [`crate::Input::Scheduled`] or [`crate::Input::SchedulerFailed`] follows.
    Schedule {
        /// To be given back.
        reference: String,
        /// What the plan is made from.
        cib: Box<Element>,
    },
    /// Make a resource known to the executor.
    Register {
        /// The resource.
        resource: ResourceId,
        /// What manages it.
        agent: Agent,
    },
    /// Have the executor forget a resource; [`crate::Input::Unregistered`] follows.
    Unregister {
        /// The resource.
        resource: ResourceId,
    },
    /// Have an operation carried out; [`crate::Input::Executing`] follows before any result.
    Execute {
        /// To be given back.
        ticket: u64,
        /// The operation.
        operation: Box<Execute>,
    },
    /// Stop a recurring operation; [`crate::Input::Cancelling`] follows.
    CancelOperation {
        /// To be given back.
        ticket: u64,
        /// The resource.
        resource: ResourceId,
        /// What it does.
        task: Task,
        /// How often.
        interval: Interval,
    },
    /// Ask an agent about itself; [`crate::Input::Metadata`] follows.
    ReadMetadata {
        /// To be given back.
        ticket: u64,
        /// The resource that uses the agent.
        resource: ResourceId,
        /// The agent.
        agent: Agent,
    },
    /// Set node attributes together; `None` removes one.
    SetAttributes {
        /// The node.
        node: NodeName,
        /// Name and value; `value++` adds one.
        attributes: Vec<(String, Option<String>)>,
    },
    /// Forget failures in the node attributes.
    ClearFailures {
        /// The node.
        node: NodeName,
        /// Which.
        filter: FailureFilter,
    },
    /// Have a node fenced; [`crate::Input::Fenced`] follows.
    Fence {
        /// The transition key, to be given back.
        key: String,
        /// The node.
        target: NodeName,
        /// `off`, `reboot` or `on`.
        action: String,
        /// How long it may take.
        timeout: Duration,
        /// How long to wait before it, in seconds as configured.
        delay: Option<String>,
    },
    /// Fire [`crate::Input::Timer`] later.
    Arm {
        /// Which timer.
        timer: Timer,
        /// To be given back.
        token: TimerToken,
        /// When, from now.
        after: Duration,
    },
    /// Say in the log what happened.
    Note(Note),
    /// Disconnect from everything and end the process, after all that was asked for before.
    Exit(ToolExit),
}
