use std::{fmt, ops::BitOr};

/// How an operation is to be carried out: a set of the flags that Pacemaker calls call options.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct CallOptions(u32);

impl CallOptions {
    /// No option.
    pub const NONE: Self = Self(0);
    /// Problems go to the user rather than to the log.
    pub const VERBOSE: Self = Self(0x1);
    /// The section is an XPath expression.
    pub const XPATH: Self = Self(0x2);
    /// All that the XPath expression finds, not only the first.
    pub const MULTIPLE: Self = Self(0x4);
    /// A modify may add what is not there.
    pub const CAN_CREATE: Self = Self(0x8);
    /// The caller wants no reply.
    pub const DISCARD_REPLY: Self = Self(0x10);
    /// A query answers with elements without their children.
    pub const NO_CHILDREN: Self = Self(0x20);
    /// A query answers with the paths of what it finds.
    pub const XPATH_ADDRESS: Self = Self(0x40);
    /// A modify deletes the elements that are marked with `__delete__`.
    pub const MIXED_UPDATE: Self = Self(0x80);
    /// Only on the local node.
    pub const SCOPE_LOCAL: Self = Self(0x100);
    /// Everything as usual, but nothing is kept.
    pub const DRY_RUN: Self = Self(0x200);
    /// The request is a part of a transaction.
    pub const TRANSACTION: Self = Self(0x400);
    /// Values like `name++` in a modify are sums. They are so without it, too.
    pub const SCORE_UPDATE: Self = Self(0x800);
    /// The reply is the response of the same call, not a later event.
    pub const SYNC_CALL: Self = Self(0x1000);
    /// The attributes that say who changed the CIB last, and when, stay as they are.
    pub const NO_MTIME: Self = Self(0x2000);
    /// No notification.
    pub const INHIBIT_NOTIFY: Self = Self(0x1_0000);
    /// Even without quorum. Without effect, as in Pacemaker.
    pub const QUORUM_OVERRIDE: Self = Self(0x10_0000);

    /// The flags with these bits; unknown ones are kept, for the peers that know them.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The bits on the wire.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether all of `flags` are set.
    pub const fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// These flags without `flags`.
    #[must_use]
    pub const fn without(self, flags: Self) -> Self {
        Self(self.0 & !flags.0)
    }
}

impl BitOr for CallOptions {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallOptions({:#x})", self.0)
    }
}
