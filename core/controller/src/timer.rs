use transition::ActionId;

/// The timers of a controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// How long to wait for a DC to show up (`dc-deadtime`).
    DcDeadtime,
    /// The election's own.
    Election,
    /// How long nodes may take to answer an offer to join (`join-integration-timeout`).
    Integration,
    /// How long joining nodes may take to confirm (`join-finalization-timeout`).
    Finalization,
    /// Planning anew without cause (`cluster-recheck-interval`).
    Recheck,
    /// How long the scheduler may take.
    Scheduler,
    /// Quiet time before a new plan (`transition-delay`).
    TransitionDelay,
    /// A plan after quorum came, in case more nodes come at the same time.
    QuorumGained,
    /// How long a node of the ring may be without controller before it counts as failed.
    Settling,
    /// How long a fail count may take to come into the CIB.
    Counting,
    /// How long an orderly shutdown may take (`shutdown-escalation`).
    ShutdownEscalation,
    /// How long the result of an action may take.
    Action {
        /// The transition.
        transition: i32,
        /// The action.
        action: ActionId,
    },
}
