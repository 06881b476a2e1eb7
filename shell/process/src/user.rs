use std::ffi::CString;

/// A user and its primary group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    /// User.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
}

impl User {
    /// The user of that name; `None` if there is none.
    #[allow(unsafe_code, reason = "no crate in use wraps getpwnam_r")]
    pub fn named(name: &str) -> Option<Self> {
        let name = CString::new(name).ok()?;
        let mut buffer = vec![0; 16 * 1024];
        let mut entry = std::mem::MaybeUninit::<libc::passwd>::uninit();
        let mut found = std::ptr::null_mut();
        // SAFETY: all pointers are valid for the call, and the length is that of the buffer.
        let status = unsafe {
            libc::getpwnam_r(
                name.as_ptr(),
                entry.as_mut_ptr(),
                buffer.as_mut_ptr(),
                buffer.len(),
                &raw mut found,
            )
        };
        if status != 0 || found.is_null() {
            return None;
        }
        // SAFETY: the call succeeded and found an entry, which it then has filled in.
        let entry = unsafe { entry.assume_init() };
        Some(Self { uid: entry.pw_uid, gid: entry.pw_gid })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_known_everywhere() {
        assert_eq!(User::named("root"), Some(User { uid: 0, gid: 0 }));
        assert_eq!(User::named("no such user"), None);
    }
}
