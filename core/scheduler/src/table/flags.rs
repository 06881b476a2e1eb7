use std::ops::{BitOr, BitOrAssign};

macro_rules! flag_set {
    ($(#[$doc:meta])* $name:ident: $repr:ty { $($(#[$fdoc:meta])* $flag:ident = $bit:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
        pub(crate) struct $name($repr);

        impl $name {
            /// None.
            pub(crate) const NONE: Self = Self(0);
            $($(#[$fdoc])* pub(crate) const $flag: Self = Self(1 << $bit);)*

            /// Whether all of `other` are set.
            pub(crate) const fn has(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Whether any of `other` is set.
            pub(crate) const fn any(self, other: Self) -> bool {
                self.0 & other.0 != 0
            }

            #[allow(dead_code, reason = "each set has all of the operations")]
            /// Whether anything but `other` is set.
            pub(crate) const fn has_more_than(self, other: Self) -> bool {
                self.0 & !other.0 != 0
            }

            /// Those that are in both.
            #[allow(dead_code, reason = "each set has all of the operations")]
            #[must_use]
            pub(crate) const fn only(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }

            /// Takes `other` out.
            pub(crate) const fn clear(&mut self, other: Self) {
                self.0 &= !other.0;
            }

            /// Puts `other` in.
            pub(crate) const fn set(&mut self, other: Self) {
                self.0 |= other.0;
            }
        }

        impl BitOr for $name {
            type Output = Self;

            fn bitor(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl BitOrAssign for $name {
            fn bitor_assign(&mut self, other: Self) {
                self.set(other);
            }
        }
    };
}

flag_set! {
    /// What is known about an action. The orderings change these until nothing changes any more.
    ActionFlags: u16 {
        /// Nobody carries it out.
        PSEUDO = 0;
        /// It could be carried out.
        RUNNABLE = 1;
        /// It does not have to be carried out.
        OPTIONAL = 2;
        /// It is in the graph even if it is optional.
        ALWAYS_IN_GRAPH = 3;
        /// A migration may replace it.
        MIGRATABLE = 4;
        /// A recurring operation that has to be started anew.
        RESCHEDULE = 5;
        /// The DC does it, wherever its node is.
        ON_DC = 6;
        /// A stop on a node where a migration left something behind.
        MIGRATION_ABORT = 7;
        /// It is in the graph.
        IN_GRAPH = 8;
        /// Its inputs are listed once each.
        INPUTS_UNIQUE = 9;
    }
}

flag_set! {
    /// What an ordering of two actions means beyond what comes first.
    Relation: u32 {
        /// No more than that.
        ORDERED = 0;
        /// Only if the first one is not a migration.
        IF_FIRST_UNMIGRATABLE = 1;
        /// If the second is required, the first is.
        THEN_IMPLIES_FIRST = 4;
        /// If the first is required, the second is.
        FIRST_IMPLIES_THEN = 5;
        /// If the second is required and its resource promoted, the first is required.
        PROMOTED_THEN_IMPLIES_FIRST = 6;
        /// If the second cannot be a migration, the first is not runnable.
        UNMIGRATABLE_THEN_BLOCKS = 7;
        /// If the first is not runnable, the second is not.
        UNRUNNABLE_FIRST_BLOCKS = 8;
        /// If the first is not runnable, the second becomes real.
        FIRST_ELSE_THEN = 9;
        /// If the first is required, the second on the same node is.
        FIRST_IMPLIES_SAME_NODE_THEN = 10;
        /// The second probes what is inside what the first probes.
        NESTED_REMOTE_PROBE = 11;
        /// A restart of the first is needed if the second cannot go on without.
        INTERMEDIATE_STOP = 12;
        /// Not at the same time.
        SERIALIZE = 14;
        /// Only on the same node.
        IF_ON_SAME_NODE = 15;
        /// If the second is required, the first is in the graph.
        THEN_IMPLIES_FIRST_GRAPHED = 16;
        /// If the first is required, the second is in the graph.
        FIRST_IMPLIES_THEN_GRAPHED = 17;
        /// Nothing is said about the way back.
        ASYMMETRIC = 20;
        /// Only on the same node, or the one a migration goes to.
        IF_ON_SAME_NODE_OR_TARGET = 21;
        /// The second needs some of several first ones.
        MIN_RUNNABLE = 22;
        /// Only on the same node, and if the first is required.
        IF_REQUIRED_ON_SAME_NODE = 23;
        /// Actions on a guest node may be ordered after its launcher's.
        GUEST_ALLOWED = 24;
        /// If the second is required, the first is not.
        THEN_CANCELS_FIRST = 25;
    }
}
