use std::fmt;

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name in logs and answers, as the tools know it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

named! {
    /// What a controller is doing.
    State {
        /// The DC has nothing to do.
        Idle = "S_IDLE",
        /// An election goes on.
        Election = "S_ELECTION",
        /// The DC waits for requests to join.
        Integration = "S_INTEGRATION",
        /// The DC takes in the nodes that asked.
        FinalizeJoin = "S_FINALIZE_JOIN",
        /// Member of a cluster with another DC.
        NotDc = "S_NOT_DC",
        /// The DC has a plan made.
        PolicyEngine = "S_POLICY_ENGINE",
        /// Something went wrong; the process will end.
        Recovery = "S_RECOVERY",
        /// The DC gives up its office.
        ReleaseDc = "S_RELEASE_DC",
        /// The process has just begun.
        Starting = "S_STARTING",
        /// Waiting for a DC.
        Pending = "S_PENDING",
        /// Leaving in good order.
        Stopping = "S_STOPPING",
        /// Leaving at once.
        Terminate = "S_TERMINATE",
        /// The DC carries a plan out.
        TransitionEngine = "S_TRANSITION_ENGINE",
    }
}

named! {
    /// What makes a controller change what it does.
    Trigger {
        /// No DC showed up in time.
        DcTimeout = "I_DC_TIMEOUT",
        /// There has to be an election.
        Election = "I_ELECTION",
        /// There has to be a new plan.
        PolicyCalc = "I_PE_CALC",
        /// Another node is the better DC.
        ReleaseDc = "I_RELEASE_DC",
        /// This node is elected.
        ElectionDc = "I_ELECTION_DC",
        /// Something is beyond repair.
        Error = "I_ERROR",
        /// Something did not work that can be tried again.
        Fail = "I_FAIL",
        /// All nodes answered the offer to join.
        Integrated = "I_INTEGRATED",
        /// All nodes have joined.
        Finalized = "I_FINALIZED",
        /// A node has to be offered to join.
        NodeJoin = "I_NODE_JOIN",
        /// Another node is DC.
        NotDc = "I_NOT_DC",
        /// The office of DC is given up.
        ReleaseSuccess = "I_RELEASE_SUCCESS",
        /// A transition has ended and nothing is left to do.
        TransitionDone = "I_TE_SUCCESS",
        /// Somebody wants this node to leave.
        Shutdown = "I_SHUTDOWN",
        /// The node may leave now.
        Stop = "I_STOP",
        /// The process has to end.
        Terminate = "I_TERMINATE",
        /// There is a plan.
        Scheduled = "I_PE_SUCCESS",
        /// A DC offers to join.
        JoinOffer = "I_JOIN_OFFER",
        /// A node wants to join.
        JoinRequest = "I_JOIN_REQUEST",
        /// A DC, or a joining node, tells how joining went.
        JoinResult = "I_JOIN_RESULT",
        /// Wait for a DC.
        Pending = "I_PENDING",
    }
}

impl State {
    /// Whether the controller that is in it holds the office of DC, or will as soon as it is taken over.
    pub const fn is_dc(self) -> bool {
        matches!(
            self,
            Self::Idle
                | Self::Integration
                | Self::FinalizeJoin
                | Self::PolicyEngine
                | Self::TransitionEngine
        )
    }

    /// The state after a trigger. Total: what makes no sense changes nothing or leads to recovery.
    pub const fn next(self, trigger: Trigger) -> Self {
        use Trigger as T;
        match (trigger, self) {
            (T::DcTimeout, Self::NotDc | Self::Pending) => Self::Election,
            (
                T::DcTimeout,
                Self::Idle
                | Self::Integration
                | Self::FinalizeJoin
                | Self::PolicyEngine
                | Self::ReleaseDc
                | Self::TransitionEngine,
            ) => Self::Recovery,
            (
                T::Election,
                Self::Recovery
                | Self::ReleaseDc
                | Self::Starting
                | Self::Stopping
                | Self::Terminate,
            ) => self,
            (T::Election, _) => Self::Election,
            (T::PolicyCalc, Self::Idle | Self::TransitionEngine) => Self::PolicyEngine,
            (T::PolicyCalc, Self::Starting) => Self::Recovery,
            (
                T::ReleaseDc,
                Self::Idle
                | Self::Election
                | Self::Integration
                | Self::FinalizeJoin
                | Self::PolicyEngine
                | Self::TransitionEngine,
            ) => Self::ReleaseDc,
            (T::ReleaseDc, Self::Starting) => Self::Recovery,
            (
                T::ElectionDc,
                Self::Idle
                | Self::Election
                | Self::FinalizeJoin
                | Self::NotDc
                | Self::PolicyEngine
                | Self::TransitionEngine,
            ) => Self::Integration,
            (T::ElectionDc, Self::Starting) => Self::Recovery,
            (T::Error, Self::Stopping | Self::Terminate) => Self::Terminate,
            (T::Error, _) => Self::Recovery,
            (T::Fail, Self::Idle | Self::NotDc) => Self::Recovery,
            (T::Fail, Self::Election) => Self::ReleaseDc,
            (T::Fail, Self::FinalizeJoin | Self::PolicyEngine) => Self::Integration,
            (T::Fail, Self::Starting | Self::Pending) => Self::Stopping,
            (T::Fail, Self::TransitionEngine) => Self::PolicyEngine,
            (T::Integrated, Self::Integration) => Self::FinalizeJoin,
            (T::Finalized, Self::FinalizeJoin) => Self::PolicyEngine,
            (
                T::Integrated | T::Finalized | T::NodeJoin | T::NotDc | T::ReleaseSuccess,
                Self::Starting,
            )
            | (T::Integrated | T::Finalized, Self::Pending) => Self::Recovery,
            (
                T::NodeJoin,
                Self::Idle | Self::FinalizeJoin | Self::PolicyEngine | Self::TransitionEngine,
            ) => Self::Integration,
            (
                T::NotDc,
                Self::Idle
                | Self::Integration
                | Self::FinalizeJoin
                | Self::PolicyEngine
                | Self::TransitionEngine,
            ) => Self::Recovery,
            (T::NotDc, Self::Pending) => Self::NotDc,
            (T::ReleaseSuccess, Self::ReleaseDc) => Self::Pending,
            (
                T::ReleaseSuccess,
                Self::Idle
                | Self::Integration
                | Self::FinalizeJoin
                | Self::PolicyEngine
                | Self::TransitionEngine,
            ) => Self::Recovery,
            (T::TransitionDone, Self::TransitionEngine) => Self::Idle,
            (T::TransitionDone | T::Scheduled | T::JoinResult, Self::Starting) => Self::Recovery,
            (T::Shutdown, Self::Idle | Self::TransitionEngine) => Self::PolicyEngine,
            (T::Shutdown, Self::Recovery | Self::Starting) => Self::Stopping,
            (T::Stop, Self::Terminate) => Self::Terminate,
            (T::Stop, _) => Self::Stopping,
            (T::Terminate, _) => Self::Terminate,
            (T::Scheduled, Self::PolicyEngine) => Self::TransitionEngine,
            (T::JoinOffer, Self::NotDc) => Self::Pending,
            (
                T::JoinRequest,
                Self::Idle | Self::FinalizeJoin | Self::PolicyEngine | Self::TransitionEngine,
            ) => Self::Integration,
            (T::JoinResult, Self::Idle | Self::PolicyEngine | Self::TransitionEngine) => {
                Self::Integration
            }
            (T::JoinResult, Self::NotDc) => Self::Pending,
            (T::Pending, Self::Recovery | Self::ReleaseDc | Self::Stopping | Self::Terminate) => {
                self
            }
            (T::Pending, _) => Self::Pending,
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    /// One letter per state, in the order of [`State::ALL`]; a dot where nothing changes.
    #[test]
    fn the_whole_table() {
        const LETTERS: &[u8] = b"IEJFNPRLSWXTA";
        let mut table = String::from("                  IEJFNPRLSWXTA\n");
        for trigger in Trigger::ALL {
            write!(table, "{:<18}", trigger.as_str()).unwrap();
            for state in State::ALL {
                let next = state.next(*trigger);
                let index = State::ALL.iter().position(|s| *s == next).unwrap();
                table.push(if next == *state { '.' } else { LETTERS[index] as char });
            }
            table.push('\n');
        }
        // I idle, E election, J integration, F finalize join, N not DC, P policy engine, R recovery, L release DC,
        // S starting, W pending, X stopping, T terminate, A transition engine.
        assert_eq!(table, include_str!("fsm_table.txt"));
    }
}
