//! What this node's executor does for the cluster: requests of DC and tools go to it, its results into the CIB.

mod acknowledge;
mod cancel;
mod clear;
mod history;
mod request;
mod result;
mod row;
mod state;

use std::collections::BTreeMap;

use messages::{
    crmd::{Operation, Subsystem},
    executor::{Agent, OperationResult},
};
use vocab::{CallId, Interval, NodeName, ResourceId, Task};

use crate::{fsm::State, metadata::AgentMetadata};

pub(crate) use clear::{delete_history, refresh_after};
pub(crate) use history::ResourceHistory;
pub(crate) use row::{action_row, history_rows};
pub(crate) use state::REFRESH_ORIGIN;

/// The local executor as the controller sees it.
#[derive(Debug, Default)]
pub(crate) struct LocalExecutor {
    /// What is registered, with what happened to it.
    resources: BTreeMap<ResourceId, ResourceHistory>,
    /// Operations that the executor has taken and not finished, or runs again and again.
    active: BTreeMap<(ResourceId, CallId), ActiveOperation>,
    /// Operations that the executor has not answered yet.
    asked: BTreeMap<u64, ActiveOperation>,
    /// Cancellations that the executor has not answered yet.
    cancelling: BTreeMap<u64, Cancellation>,
    /// Who waits for a resource to be unregistered.
    deleting: BTreeMap<ResourceId, Vec<Deletion>>,
    /// What agents say about themselves; nothing for one that says nothing.
    metadata: BTreeMap<Agent, Option<AgentMetadata>>,
    /// Questions to agents that are not answered yet.
    reading: BTreeMap<u64, Agent>,
    /// Results that wait for what their agents say about themselves.
    held: Vec<OperationResult>,
    /// Operations that cannot even be asked for before their agents say what they can do.
    waiting: Vec<(Operation, ResourceId, Agent)>,
}

/// What an operation's request leaves to be known when its result comes.
#[derive(Clone, Debug)]
struct ActiveOperation {
    resource: ResourceId,
    task: Task,
    interval: Interval,
    transition_key: Option<String>,
    parameters: BTreeMap<String, String>,
    started: vocab::Timestamp,
    timeout: std::time::Duration,
    shutdown_lock: Option<i64>,
    /// Somebody asked to cancel it.
    cancelled: bool,
    /// Its row in the history goes when it is cancelled.
    remove: bool,
}

/// A request to cancel an operation.
#[derive(Clone, Debug)]
struct Cancellation {
    operation: Option<Operation>,
    resource: ResourceId,
    task: Task,
    interval: Interval,
    call: Option<CallId>,
    asker: Asker,
}

/// A request to delete a resource.
#[derive(Clone, Debug)]
struct Deletion {
    operation: Operation,
    asker: Asker,
}

/// Who asked for something and hears of its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asker {
    /// The node; the local one if there is none.
    pub(crate) host: Option<NodeName>,
    /// Who there.
    pub(crate) subsystem: Subsystem,
    /// On behalf of whom, if not of the cluster itself.
    pub(crate) user: Option<String>,
}

impl Asker {
    /// The DC's transition.
    pub(crate) fn transition() -> Self {
        Self { host: None, subsystem: Subsystem::Transition, user: None }
    }

    fn is_transition(&self) -> bool {
        self.subsystem == Subsystem::Transition
    }
}

/// What decides whether an operation can be taken now, and where its history goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation {
    pub(crate) state: State,
    pub(crate) shutting_down: bool,
    pub(crate) shutdown_lock: bool,
}

/// Whether an operation leaves a row in the history.
pub(crate) fn is_recordable(task: &Task) -> bool {
    !matches!(task, Task::Cancel | Task::Delete | Task::Notify | Task::MetaData)
}

impl LocalExecutor {
    /// Whether something runs, or is on its way, that does not recur.
    pub(crate) fn has_unfinished(&self) -> bool {
        let unfinished = |operation: &ActiveOperation| !operation.interval.is_recurring();
        self.active.values().any(unfinished) || self.asked.values().any(unfinished)
    }

    /// Whether some resource may be active here.
    pub(crate) fn has_active_resources(&self) -> bool {
        self.resources.values().any(ResourceHistory::is_active)
    }

    fn agent_of(&self, resource: &ResourceId) -> Option<Agent> {
        self.resources.get(resource).map(|history| history.agent.clone())
    }

    fn metadata_of(&self, resource: &ResourceId) -> Option<&AgentMetadata> {
        self.metadata.get(&self.agent_of(resource)?)?.as_ref()
    }
}
