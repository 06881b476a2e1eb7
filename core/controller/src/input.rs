use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use election::Age;
use machine::{Instant, TimerToken};
use messages::{
    cib::{ChangedSections, Failure},
    crmd::Message,
    executor::OperationResult,
};
use transition::Graph;
use vocab::{CallId, ExecStatus, NodeId, NodeName, ResourceId, Timestamp};
use xml::Element;

use crate::{metadata::AgentMetadata, timer::Timer};

/// What the clocks say when an input comes.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Monotonic time.
    pub instant: Instant,
    /// Wall-clock time.
    pub wall: Timestamp,
    /// Processor time used so far: the candidate's age in elections.
    pub age: Age,
}

/// Everything that can happen to a controller.
#[derive(Clone, Debug)]
pub enum Input {
    /// CIB manager, executor and ring are connected: the controller may begin.
    Started,
    /// The ring's membership or quorum, at first and whenever it changes.
    Ring {
        /// Whether this partition has quorum.
        quorate: bool,
        /// Its nodes.
        members: BTreeSet<NodeId>,
    },
    /// The nodes on which a controller runs, at first and whenever it changes. Comes in order with the messages.
    Group {
        /// Those nodes.
        members: BTreeSet<NodeId>,
    },
    /// A message from a controller, perhaps the local one.
    Peer {
        /// The sender.
        from: NodeId,
        /// Its name.
        from_name: NodeName,
        /// What it says.
        message: Box<Message>,
    },
    /// A message from a local client.
    Client {
        /// Who the controller knows the client as; answers go there.
        client: String,
        /// The user it runs as, if not one of the cluster's own.
        user: Option<String>,
        /// What it says.
        message: Box<Message>,
    },
    /// An answer to [`crate::Output::Cib`].
    CibReply {
        /// Which request it answers.
        call: u64,
        /// What came of it.
        result: Result<Option<Arc<Element>>, Failure>,
    },
    /// The CIB changed.
    CibChanged {
        /// The patch set that leads to the new one.
        patch: Arc<Element>,
    },
    /// The CIB was put in the place of another.
    CibReplaced {
        /// Which parts may be different.
        sections: ChangedSections,
    },
    /// The scheduler answered.
    Scheduled {
        /// Which request it answers.
        reference: String,
        /// The plan.
        graph: Box<Graph>,
        /// Where the scheduler's input was saved.
        source: String,
    },
    /// The scheduler cannot be reached or did not answer with a plan.
    SchedulerFailed {
        /// Which request failed.
        reference: String,
        /// Why.
        reason: String,
    },
    /// An answer to [`crate::Output::Execute`].
    Executing {
        /// Which request it answers.
        ticket: u64,
        /// The executor's number for it, or why it did not take it.
        result: Result<CallId, String>,
    },
    /// An answer to [`crate::Output::CancelOperation`].
    Cancelling {
        /// Which request it answers.
        ticket: u64,
        /// Whether there was such an operation; its result will come then.
        found: bool,
    },
    /// An answer to [`crate::Output::Unregister`].
    Unregistered {
        /// The resource.
        resource: ResourceId,
        /// Whether an operation still runs; its result will come and say that the resource is deleted.
        in_progress: bool,
    },
    /// An answer to [`crate::Output::ReadMetadata`]; nothing if the agent told nothing.
    Metadata {
        /// Which request it answers.
        ticket: u64,
        /// What the agent says about itself.
        metadata: Option<AgentMetadata>,
    },
    /// An operation has a result.
    Executed(Box<OperationResult>),
    /// An answer to [`crate::Output::Fence`].
    Fenced {
        /// The transition key of the request.
        key: String,
        /// How it went.
        status: ExecStatus,
        /// Whether the target is fenced.
        success: bool,
        /// Why not.
        reason: Option<String>,
    },
    /// A node was fenced, or could not be, whoever asked for it.
    FencingNotice(FencingNotice),
    /// The connection to the fencer is lost.
    FencerLost,
    /// A daemon that the controller cannot do without is lost.
    ConnectionLost {
        /// Its name for logs.
        daemon: &'static str,
    },
    /// How busy the node is, measured now and then.
    Load(messages::crmd::Throttle),
    /// Leave, once nothing runs here.
    Shutdown,
    /// The timer asked for with [`crate::Output::Arm`] fired.
    Timer {
        /// Which one.
        timer: Timer,
        /// Which arming it was.
        token: TimerToken,
    },
}

/// What the fencer tells everybody about a fencing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FencingNotice {
    /// The node that was to be fenced.
    pub target: NodeName,
    /// `off`, `reboot` or `on`.
    pub action: String,
    /// The node that carried it out.
    pub executioner: Option<NodeName>,
    /// The node whose client asked.
    pub origin: Option<NodeName>,
    /// The client that asked.
    pub client: Option<String>,
    /// Whether it worked.
    pub success: bool,
    /// Why not.
    pub reason: Option<String>,
}

/// What does not change while the controller runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The local node.
    pub node: NodeId,
    /// Its name.
    pub name: NodeName,
    /// The nodes of the ring's configuration with the names they have there.
    pub configured: BTreeMap<NodeId, Option<NodeName>>,
    /// The cluster's name in the ring's configuration.
    pub cluster_name: Option<String>,
    /// What `dc-version` says while this node is DC.
    pub product_version: String,
    /// Identifies this process's terms as DC: 36 characters that no other process of the cluster has.
    pub origin: String,
    /// `standby` or `online`, if the environment wants the node to join as that.
    pub start_state: Option<StartState>,
    /// Whether a watchdog device is looked after by SBD.
    pub have_watchdog: bool,
    /// How many operations the node runs at once when it is not busy.
    pub job_max: i32,
}

/// The state that a node is to be in when it first joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartState {
    /// Runs nothing.
    Standby,
    /// May run resources.
    Online,
}
