use std::ops::BitOr;

/// The flag bits in the header of a message between a tool and a daemon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IpcFlags(pub u32);

impl IpcFlags {
    /// No flag.
    pub const NONE: Self = Self(0);
    /// The body is compressed.
    pub const COMPRESSED: Self = Self(0x0000_0001);
    /// The client speaks for somebody on another host: every answer goes out as an event.
    pub const PROXIED: Self = Self(0x0000_0100);
    /// The client waits for an answer to this request.
    pub const CLIENT_RESPONSE: Self = Self(0x0000_0200);
    /// An event, not an answer.
    pub const SERVER_EVENT: Self = Self(0x0001_0000);
    /// An event that was meant as an answer; see [`IpcFlags::PROXIED`].
    pub const PROXIED_RELAY_RESPONSE: Self = Self(0x0004_0000);

    /// Whether every bit of `other` is set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for IpcFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
