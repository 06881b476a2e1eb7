use std::fmt;

/// How the ring's daemon answers a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub i32);

impl Status {
    /// Done.
    pub const OK: Self = Self(1);
    /// The library failed.
    pub const LIBRARY: Self = Self(2);
    /// Took too long.
    pub const TIMEOUT: Self = Self(5);
    /// Busy; ask again.
    pub const TRY_AGAIN: Self = Self(6);
    /// A parameter is wrong.
    pub const INVALID_PARAMETER: Self = Self(7);
    /// There is no such handle.
    pub const BAD_HANDLE: Self = Self(9);
    /// Another request of the same kind is under way.
    pub const BUSY: Self = Self(10);
    /// Not allowed.
    pub const ACCESS: Self = Self(11);
    /// There is no such thing.
    pub const NOT_EXIST: Self = Self(12);
    /// A name is too long.
    pub const NAME_TOO_LONG: Self = Self(13);
    /// It exists already.
    pub const EXIST: Self = Self(14);
    /// The membership changed under way.
    pub const INTERRUPT: Self = Self(16);
    /// There is nothing of that name.
    pub const NAME_NOT_FOUND: Self = Self(17);
    /// There are too many of these.
    pub const NO_RESOURCES: Self = Self(18);
    /// Not supported.
    pub const NOT_SUPPORTED: Self = Self(19);
    /// The operation failed.
    pub const FAILED_OPERATION: Self = Self(21);
    /// What was said does not fit the present state.
    pub const MESSAGE_ERROR: Self = Self(22);
    /// A queue is full; ask again.
    pub const QUEUE_FULL: Self = Self(23);
    /// An iteration is at its end.
    pub const NO_SECTIONS: Self = Self(27);

    /// The error, or nothing for [`Status::OK`].
    pub fn ok(self) -> Result<(), Self> {
        if self == Self::OK { Ok(()) } else { Err(self) }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.0 {
            1 => "CS_OK",
            2 => "CS_ERR_LIBRARY",
            3 => "CS_ERR_VERSION",
            4 => "CS_ERR_INIT",
            5 => "CS_ERR_TIMEOUT",
            6 => "CS_ERR_TRY_AGAIN",
            7 => "CS_ERR_INVALID_PARAM",
            8 => "CS_ERR_NO_MEMORY",
            9 => "CS_ERR_BAD_HANDLE",
            10 => "CS_ERR_BUSY",
            11 => "CS_ERR_ACCESS",
            12 => "CS_ERR_NOT_EXIST",
            13 => "CS_ERR_NAME_TOO_LONG",
            14 => "CS_ERR_EXIST",
            15 => "CS_ERR_NO_SPACE",
            16 => "CS_ERR_INTERRUPT",
            17 => "CS_ERR_NAME_NOT_FOUND",
            18 => "CS_ERR_NO_RESOURCES",
            19 => "CS_ERR_NOT_SUPPORTED",
            20 => "CS_ERR_BAD_OPERATION",
            21 => "CS_ERR_FAILED_OPERATION",
            22 => "CS_ERR_MESSAGE_ERROR",
            23 => "CS_ERR_QUEUE_FULL",
            24 => "CS_ERR_QUEUE_NOT_AVAILABLE",
            25 => "CS_ERR_BAD_FLAGS",
            26 => "CS_ERR_TOO_BIG",
            27 => "CS_ERR_NO_SECTIONS",
            28 => "CS_ERR_CONTEXT_NOT_FOUND",
            30 => "CS_ERR_TOO_MANY_GROUPS",
            100 => "CS_ERR_SECURITY",
            other => return write!(f, "unknown status {other}"),
        };
        f.pad(name)
    }
}
