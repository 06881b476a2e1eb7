use std::collections::VecDeque;

use messages::executor::Agent;
use vocab::{ExecStatus, Interval, Task};

use crate::{FenceEnd, operation::Operation};

/// How many operations may wait for one resource. A controller has a handful; more is a client gone mad.
pub(crate) const MAX_WAITING: usize = 256;

/// A registered resource.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) agent: Agent,
    /// Whether a client's recurring operations end when it goes.
    pub(crate) drop_recurring: bool,
    /// Operations that wait for their turn, the next one first.
    pub(crate) queue: VecDeque<Operation>,
    /// Recurring operations between two runs.
    pub(crate) resting: Vec<Operation>,
    /// What a probe of a fence device finds.
    pub(crate) device: DeviceState,
}

/// What is known of a fence device's registration with the fencer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeviceState {
    /// Not registered by us.
    Stopped,
    /// Registered by us.
    Started,
    /// Registered by us with a fencer that is no longer there.
    Unknown,
}

impl DeviceState {
    pub(crate) fn probe(self) -> FenceEnd {
        match self {
            Self::Stopped => {
                FenceEnd { status: ExecStatus::NoFenceDevice, succeeded: false, reason: None }
            }
            Self::Started => FenceEnd { status: ExecStatus::Done, succeeded: true, reason: None },
            Self::Unknown => FenceEnd {
                status: ExecStatus::NotConnected,
                succeeded: false,
                reason: Some("Lost connection to fencer".to_owned()),
            },
        }
    }
}

impl Resource {
    pub(crate) fn new(agent: Agent, drop_recurring: bool) -> Self {
        Self {
            agent,
            drop_recurring,
            queue: VecDeque::new(),
            resting: Vec::new(),
            device: DeviceState::Stopped,
        }
    }

    /// Takes the waiting operation out of the queue.
    pub(crate) fn take_queued(&mut self, task: &Task, interval: Interval) -> Option<Operation> {
        let index = self.queue.iter().position(|operation| operation.is(task, interval))?;
        self.queue.remove(index)
    }

    /// Takes the recurring operation out of its rest.
    pub(crate) fn take_resting(&mut self, task: &Task, interval: Interval) -> Option<Operation> {
        let index = self.resting.iter().position(|operation| operation.is(task, interval))?;
        Some(self.resting.remove(index))
    }

    /// Takes the next operation whose turn it is.
    pub(crate) fn take_next(&mut self) -> Option<Operation> {
        if self.queue.front()?.delayed {
            return None;
        }
        self.queue.pop_front()
    }
}
