use std::fmt;

use vocab::ToolExit;

macro_rules! failures {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $text:literal, $exit:ident;)*) => {
        /// Why an operation on the CIB was not carried out.
        ///
        /// On the wire it is a negative number: a system error number, or one from 201 on that Pacemaker defined.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Failure {
            $($(#[$doc])* $variant,)*
            /// A number that has no name here, as it is on the wire.
            Other(i32),
        }

        impl Failure {
            /// The number on the wire, always negative.
            pub const fn code(self) -> i32 {
                match self { $(Self::$variant => $code,)* Self::Other(code) => code }
            }

            /// The failure with that number; `None` for zero and above, which mean success.
            pub const fn from_code(code: i32) -> Option<Self> {
                match code { 0.. => None, $($code => Some(Self::$variant),)* other => Some(Self::Other(other)) }
            }

            /// The exit status with which a tool reports it.
            pub const fn exit(self) -> ToolExit {
                match self { $(Self::$variant => ToolExit::$exit,)* Self::Other(_) => ToolExit::Error }
            }

            const fn text(self) -> Option<&'static str> {
                match self { $(Self::$variant => Some($text),)* Self::Other(_) => None }
            }
        }
    };
}

failures! {
    /// Only the primary instance does that.
    NotPermitted = -1, "Operation not permitted", Error;
    /// What the operation names does not exist.
    NotFound = -6, "No such device or address", NoSuch;
    /// Not allowed to this user or on this connection.
    AccessDenied = -13, "Permission denied", InsufficientPrivileges;
    /// Something of that name and id exists already.
    Exists = -17, "File exists", Exists;
    /// The request makes no sense.
    Invalid = -22, "Invalid argument", Software;
    /// The answer could not be made sense of.
    NoMessage = -42, "No message of desired type", Protocol;
    /// The answer did not come in time.
    TimedOut = -62, "Timer expired", Timeout;
    /// Sending failed.
    Communication = -70, "Communication error on send", OsError;
    /// The other side broke the protocol.
    Protocol = -71, "Protocol error", Protocol;
    /// A message is larger than can be sent.
    TooLarge = -90, "Message too long", Protocol;
    /// Not spoken here: an obsolete operation, or a CIB of a newer feature set than ours.
    NotSupported = -93, "Protocol not supported", Protocol;
    /// An operation that cannot be a part of a transaction.
    NotInTransaction = -95, "Operation not supported", UnimplementedFeature;
    /// There is no connection.
    NotConnected = -107, "Transport endpoint is not connected", Disconnect;
    /// The result would break the rules of its schema.
    SchemaValidation = -203, "Update does not conform to the configured schema", Config;
    /// A schema upgrade could not be made.
    TransformFailed = -204, "Schema transform failed", Config;
    /// The CIB that is there is newer.
    OldData = -205, "Update was older than existing configuration", Old;
    /// A patch set does not fit, or its result is not what it promised.
    DiffFailed = -206, "Application of update diff failed", Error;
    /// A patch set starts from a newer CIB than the one here.
    DiffResync = -207, "Application of update diff failed, requesting full refresh", Error;
    /// The file was changed by hand.
    FileModified = -208, "On-disk configuration was manually modified", Error;
    /// The previous file could not be archived.
    FileBackup = -209, "Could not archive previous configuration", Error;
    /// The file could not be written.
    FileSave = -210, "Could not save new configuration to disk", Error;
    /// The CIB already follows the latest schema.
    SchemaUnchanged = -211, "Schema is already the latest available", Error;
    /// The file is not a CIB.
    FileCorrupt = -212, "Could not parse on-disk configuration", Error;
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text() {
            Some(text) => f.write_str(text),
            None => write!(f, "Error {}", self.code().unsigned_abs()),
        }
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_both_ways() {
        for code in [-1, -6, -13, -17, -22, -62, -93, -107, -203, -205, -211, -5, -999, i32::MIN] {
            assert_eq!(Failure::from_code(code).map(Failure::code), Some(code));
        }
        assert_eq!(Failure::from_code(0), None);
        assert_eq!(Failure::from_code(7), None);
    }

    #[test]
    fn tools_exit_as_documented() {
        assert_eq!(Failure::SchemaValidation.exit().code(), 78);
        assert_eq!(Failure::OldData.exit().code(), 103);
        assert_eq!(Failure::NotFound.exit().code(), 105);
        assert_eq!(Failure::Exists.exit().code(), 108);
        assert_eq!(Failure::AccessDenied.exit().code(), 4);
    }
}
