use std::fmt;

macro_rules! operations {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $kind:ident;)*) => {
        /// What can be asked of a CIB daemon.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Operation {
            $($(#[$doc])* $variant,)*
        }

        impl Operation {
            /// Every operation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The operation of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }

            /// What the operation touches, and so who may ask for it and where it is carried out.
            pub const fn kind(self) -> OperationKind {
                match self { $(Self::$variant => OperationKind::$kind,)* }
            }
        }
    };
}

/// What an operation touches, and so who may ask for it and where it is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// Reads; anybody; here, or on the node that the request names.
    Read,
    /// Changes the document; privileged; on every node in the same order.
    Write,
    /// Concerns the daemon's part in the cluster; privileged; here, or on the node that the request names.
    Control,
    /// Makes this instance primary or secondary; privileged; always here.
    Role,
}

operations! {
    /// Reads a section or what an XPath expression finds.
    Query = "cib_query", Read;
    /// Adds elements that must not be there yet.
    Create = "cib_create", Write;
    /// Merges into elements that are there.
    Modify = "cib_modify", Write;
    /// Puts elements, or a whole CIB, in the place of others.
    Replace = "cib_replace", Write;
    /// Removes elements.
    Delete = "cib_delete", Write;
    /// Obsolete; always refused.
    DeleteAbsolute = "cib_delete_alt", Write;
    /// Empties the CIB.
    Erase = "cib_erase", Write;
    /// Raises the epoch.
    Bump = "cib_bump", Write;
    /// Applies a patch set.
    ApplyPatch = "cib_apply_diff", Write;
    /// Upgrades to the latest schema.
    Upgrade = "cib_upgrade", Write;
    /// Carries out several changes, all or none.
    Commit = "cib_commit_transact", Write;
    /// Sends this CIB to all nodes.
    SyncToAll = "cib_sync", Control;
    /// Sends this CIB to the node that asks.
    SyncToOne = "cib_sync_one", Control;
    /// Makes this instance the primary one: the DC's.
    BecomePrimary = "cib_master", Role;
    /// Makes this instance a secondary one.
    BecomeSecondary = "cib_slave", Role;
    /// Makes all instances secondary ones.
    AllSecondary = "cib_slave_all", Role;
    /// Asks whether this instance is the primary one.
    IsPrimary = "cib_ismaster", Role;
    /// A daemon leaves.
    Shutdown = "cib_shutdown_req", Control;
    /// Asks for version and digest.
    Ping = "ping", Read;
    /// Nothing.
    Noop = "noop", Read;
}

impl Operation {
    /// Whether it can be a part of a transaction.
    pub const fn is_transactional(self) -> bool {
        match self {
            Self::Create
            | Self::Modify
            | Self::Replace
            | Self::Delete
            | Self::Erase
            | Self::Bump
            | Self::ApplyPatch
            | Self::Upgrade => true,
            Self::Query
            | Self::DeleteAbsolute
            | Self::Commit
            | Self::SyncToAll
            | Self::SyncToOne
            | Self::BecomePrimary
            | Self::BecomeSecondary
            | Self::AllSecondary
            | Self::IsPrimary
            | Self::Shutdown
            | Self::Ping
            | Self::Noop => false,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for &operation in Operation::ALL {
            assert_eq!(Operation::from_name(operation.as_str()), Some(operation));
        }
        assert_eq!(Operation::from_name("cib_explode"), None);
    }
}
