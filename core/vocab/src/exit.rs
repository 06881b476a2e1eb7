use std::fmt;

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal, $text:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$vdoc])* #[doc = concat!("(", stringify!($code), ")")] $variant,)*
        }

        impl $name {
            /// Every value, by code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The number on the wire, in files and as exit status.
            pub const fn code(self) -> i32 {
                match self { $(Self::$variant => $code,)* }
            }

            /// The value with that number.
            pub const fn from_code(code: i32) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }

            /// What the tools print for it.
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

codes! {
    /// What an agent's exit status means (OCF 1.1 and the cluster's own additions).
    OcfExit {
        /// Done; for a monitor: running.
        Ok = 0, "ok";
        /// Failed for a reason of its own.
        Error = 1, "error";
        /// Called with parameters it cannot use on this node.
        InvalidParameter = 2, "invalid parameter";
        /// The agent does not know the action.
        UnimplementedFeature = 3, "unimplemented feature";
        /// Not allowed to.
        InsufficientPrivileges = 4, "insufficient privileges";
        /// A needed program is missing on this node.
        NotInstalled = 5, "not installed";
        /// The configuration is wrong on every node.
        NotConfigured = 6, "not configured";
        /// Cleanly stopped.
        NotRunning = 7, "not running";
        /// Running, promoted.
        Promoted = 8, "promoted";
        /// Promoted and failed.
        FailedPromoted = 9, "promoted (failed)";
        /// Running, but likely to fail.
        Degraded = 190, "ok (degraded)";
        /// Promoted, but likely to fail.
        DegradedPromoted = 191, "promoted (degraded)";
        /// No result yet: the code of an operation on its way.
        Unknown = 193, "unknown";
    }
}

codes! {
    /// How the execution of an operation went, apart from what the agent said.
    ExecStatus {
        /// Not finished.
        Pending = -1, "pending";
        /// Finished; the exit status says how.
        Done = 0, "complete";
        /// Cancelled before it ran.
        Cancelled = 1, "cancelled";
        /// Took longer than it may.
        TimedOut = 2, "Timed Out";
        /// The agent does not offer it.
        NotSupported = 3, "NOT SUPPORTED";
        /// Could not be carried out; trying again may help.
        Error = 4, "Error";
        /// Could not be carried out and will not be on this node.
        ErrorHard = 5, "Hard error";
        /// Could not be carried out and will not be on any node.
        ErrorFatal = 6, "Fatal error";
        /// No such agent on this node.
        NotInstalled = 7, "Not installed";
        /// No connection to who should do it.
        NotConnected = 8, "Internal communication failure";
        /// Contradicts itself.
        Invalid = 9, "Cannot execute now";
        /// No device that could fence the target.
        NoFenceDevice = 10, "No fence device";
        /// A parameter's secret value could not be read.
        NoSecrets = 11, "CIB secrets unavailable";
    }
}

codes! {
    /// Exit status of the command line tools, as Pacemaker documents it.
    ToolExit {
        /// Success
        Ok = 0, "OK";
        /// Unspecified error
        Error = 1, "Error occurred";
        /// Invalid parameter
        InvalidParameter = 2, "Invalid parameter";
        /// Unimplemented
        UnimplementedFeature = 3, "Unimplemented";
        /// Insufficient privileges
        InsufficientPrivileges = 4, "Insufficient privileges";
        /// Not installed
        NotInstalled = 5, "Not installed";
        /// Not configured
        NotConfigured = 6, "Not configured";
        /// Not running
        NotRunning = 7, "Not running";
        /// Promoted
        Promoted = 8, "Promoted";
        /// Failed in promoted role
        FailedPromoted = 9, "Failed in promoted role";
        /// The command line is wrong.
        Usage = 64, "Incorrect usage";
        /// The input is wrong.
        DataError = 65, "Invalid data given";
        /// An input file is missing.
        NoInput = 66, "Input file not available";
        /// No such user.
        NoUser = 67, "User does not exist";
        /// No such host or node.
        NoHost = 68, "Host does not exist";
        /// A service that is needed is not there.
        Unavailable = 69, "Necessary service unavailable";
        /// A bug of ours.
        Software = 70, "Internal software bug";
        /// The operating system refused.
        OsError = 71, "Operating system error occurred";
        /// A system file is missing or wrong.
        OsFile = 72, "System file not available";
        /// An output file cannot be made.
        CannotCreate = 73, "Cannot create output file";
        /// Reading or writing failed.
        IoError = 74, "I/O error occurred";
        /// Try again later.
        TempFail = 75, "Temporary failure, try again";
        /// The other side broke the protocol.
        Protocol = 76, "Protocol violated";
        /// Not allowed.
        NoPermission = 77, "Insufficient privileges";
        /// The configuration is not valid.
        Config = 78, "Invalid configuration";
        /// A daemon that must not be started again.
        Fatal = 100, "Fatal error occurred, will not respawn";
        /// The host must be stopped.
        Panic = 101, "System panic required";
        /// The connection was lost or could not be made.
        Disconnect = 102, "Not connected";
        /// The change is older than what it would change.
        Old = 103, "Update was older than existing configuration";
        /// A digest does not match.
        Digest = 104, "Digest mismatch";
        /// What was asked for does not exist.
        NoSuch = 105, "No such object";
        /// The partition has no quorum.
        Quorum = 106, "Quorum required";
        /// Needs `--force`.
        Unsafe = 107, "Operation not safe";
        /// Exists already.
        Exists = 108, "Requested item already exists";
        /// More than one thing fits.
        Multiple = 109, "Multiple items match request";
        /// Its time is over.
        Expired = 110, "Requested item has expired";
        /// Its time has not come.
        NotYetInEffect = 111, "Requested item is not yet in effect";
        /// Cannot be told.
        Indeterminate = 112, "Could not determine status";
        /// A condition does not hold.
        Unsatisfied = 113, "Not applicable under current conditions";
        /// There is no DC.
        NoDc = 114, "DC is not yet elected";
        /// Took too long.
        Timeout = 124, "Timeout occurred";
        /// Running, but likely to fail.
        Degraded = 190, "Service is active but might fail soon";
        /// Promoted, but likely to fail.
        DegradedPromoted = 191, "Service is promoted but might fail soon";
        /// No code at all.
        None = 193, "No exit status available";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_go_both_ways() {
        for &exit in OcfExit::ALL {
            assert_eq!(OcfExit::from_code(exit.code()), Some(exit));
        }
        for &status in ExecStatus::ALL {
            assert_eq!(ExecStatus::from_code(status.code()), Some(status));
        }
        for &exit in ToolExit::ALL {
            assert_eq!(ToolExit::from_code(exit.code()), Some(exit));
        }
        assert_eq!(OcfExit::from_code(42), None);
    }
}
