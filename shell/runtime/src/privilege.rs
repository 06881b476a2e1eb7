use std::{ffi::CString, io};

/// Why a process could not become another user.
#[derive(Debug, thiserror::Error)]
pub enum PrivilegeError {
    /// The user is not in the password database.
    #[error("there is no user '{0}'")]
    NoUser(String),
    /// The group is not in the group database.
    #[error("there is no group '{0}'")]
    NoGroup(String),
    /// The system refused.
    #[error("{step}: {source}")]
    Refused {
        /// The call that failed.
        step: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

/// Gives up root for good and goes on as `user`, with `group` as primary group and the user's other groups besides.
///
/// Does nothing if the process already runs as somebody else than root.
#[allow(unsafe_code, reason = "no crate in use wraps getpwnam, getgrnam and initgroups")]
pub fn become_user(user: &str, group: &str) -> Result<(), PrivilegeError> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let c_user = CString::new(user).map_err(|_| PrivilegeError::NoUser(user.to_owned()))?;
    let c_group = CString::new(group).map_err(|_| PrivilegeError::NoGroup(group.to_owned()))?;
    // SAFETY: the argument is a valid C string; the result, static data of libc, is read at once by this one thread.
    let uid = match unsafe { libc::getpwnam(c_user.as_ptr()).as_ref() } {
        Some(entry) => entry.pw_uid,
        None => return Err(PrivilegeError::NoUser(user.to_owned())),
    };
    // SAFETY: as above.
    let gid = match unsafe { libc::getgrnam(c_group.as_ptr()).as_ref() } {
        Some(entry) => entry.gr_gid,
        None => return Err(PrivilegeError::NoGroup(group.to_owned())),
    };
    // SAFETY: the argument is a valid C string and nothing else in the process depends on its groups.
    check("initgroups", unsafe { libc::initgroups(c_user.as_ptr(), gid) })?;
    // SAFETY: plain system calls on numbers.
    check("setresgid", unsafe { libc::setresgid(gid, gid, gid) })?;
    // SAFETY: as above.
    check("setresuid", unsafe { libc::setresuid(uid, uid, uid) })
}

fn check(step: &'static str, result: libc::c_int) -> Result<(), PrivilegeError> {
    if result == 0 {
        Ok(())
    } else {
        Err(PrivilegeError::Refused { step, source: io::Error::last_os_error() })
    }
}
