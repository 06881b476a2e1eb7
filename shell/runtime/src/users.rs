use std::ffi::{CStr, CString};

/// The name of a user; `None` if there is none of that number.
#[allow(unsafe_code, reason = "no crate in use wraps getpwuid_r")]
pub fn user_name(uid: u32) -> Option<String> {
    let mut buffer = vec![0_u8; 16 * 1024];
    // SAFETY: an entry of all zeroes is valid: its fields are numbers and pointers.
    let mut entry: libc::passwd = unsafe { std::mem::zeroed() };
    let mut found = std::ptr::null_mut();
    // SAFETY: all pointers are to live variables of this function, and the length is the buffer's.
    let result = unsafe {
        libc::getpwuid_r(uid, &mut entry, buffer.as_mut_ptr().cast(), buffer.len(), &mut found)
    };
    if result != 0 || found.is_null() {
        return None;
    }
    // SAFETY: the call succeeded, so the name is a C string inside the buffer, which still lives.
    let name = unsafe { CStr::from_ptr(entry.pw_name) };
    Some(name.to_string_lossy().into_owned())
}

/// The number of a user; `None` if there is none of that name.
#[allow(unsafe_code, reason = "no crate in use wraps getpwnam_r")]
pub fn user_number(name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    let mut buffer = vec![0_u8; 16 * 1024];
    // SAFETY: an entry of all zeroes is valid: its fields are numbers and pointers.
    let mut entry: libc::passwd = unsafe { std::mem::zeroed() };
    let mut found = std::ptr::null_mut();
    let (bytes, length) = (buffer.as_mut_ptr().cast(), buffer.len());
    // SAFETY: all pointers are to live variables of this function, and the length is the buffer's.
    let result = unsafe { libc::getpwnam_r(name.as_ptr(), &mut entry, bytes, length, &mut found) };
    (result == 0 && !found.is_null()).then_some(entry.pw_uid)
}

/// The number of a group; `None` if there is none of that name.
#[allow(unsafe_code, reason = "no crate in use wraps getgrnam_r")]
pub fn group_number(name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    // A group's entry has all its members in it.
    let mut buffer = vec![0_u8; 256 * 1024];
    // SAFETY: an entry of all zeroes is valid: its fields are numbers and pointers.
    let mut entry: libc::group = unsafe { std::mem::zeroed() };
    let mut found = std::ptr::null_mut();
    let (bytes, length) = (buffer.as_mut_ptr().cast(), buffer.len());
    // SAFETY: all pointers are to live variables of this function, and the length is the buffer's.
    let result = unsafe { libc::getgrnam_r(name.as_ptr(), &mut entry, bytes, length, &mut found) };
    (result == 0 && !found.is_null()).then_some(entry.gr_gid)
}

/// The names of the groups that a user is in; none for a user who does not exist.
#[allow(unsafe_code, reason = "no crate in use wraps getgrouplist and getgrgid_r")]
pub fn group_names(user: &str) -> Vec<String> {
    let Some((name, group)) = CString::new(user).ok().zip(main_group(user)) else {
        return Vec::new();
    };
    let mut numbers = vec![0; 64];
    loop {
        let mut count = libc::c_int::try_from(numbers.len()).unwrap_or(libc::c_int::MAX);
        // SAFETY: the name is a C string, and there is room for as many numbers as the count says.
        let result =
            unsafe { libc::getgrouplist(name.as_ptr(), group, numbers.as_mut_ptr(), &mut count) };
        let found = usize::try_from(count).unwrap_or(0);
        if result >= 0 || numbers.len() >= 65_536 {
            numbers.truncate(found);
            break;
        }
        numbers.resize((2 * numbers.len()).max(found), 0);
    }
    numbers.into_iter().filter_map(group_name).collect()
}

#[allow(unsafe_code, reason = "no crate in use wraps getpwnam_r")]
fn main_group(user: &str) -> Option<u32> {
    let name = CString::new(user).ok()?;
    let mut buffer = vec![0_u8; 16 * 1024];
    // SAFETY: an entry of all zeroes is valid: its fields are numbers and pointers.
    let mut entry: libc::passwd = unsafe { std::mem::zeroed() };
    let mut found = std::ptr::null_mut();
    let (bytes, length) = (buffer.as_mut_ptr().cast(), buffer.len());
    // SAFETY: all pointers are to live variables of this function, and the length is the buffer's.
    let result = unsafe { libc::getpwnam_r(name.as_ptr(), &mut entry, bytes, length, &mut found) };
    (result == 0 && !found.is_null()).then_some(entry.pw_gid)
}

#[allow(unsafe_code, reason = "no crate in use wraps getgrgid_r")]
fn group_name(number: u32) -> Option<String> {
    // A group's entry has all its members in it.
    let mut buffer = vec![0_u8; 256 * 1024];
    // SAFETY: an entry of all zeroes is valid: its fields are numbers and pointers.
    let mut entry: libc::group = unsafe { std::mem::zeroed() };
    let mut found = std::ptr::null_mut();
    let (bytes, length) = (buffer.as_mut_ptr().cast(), buffer.len());
    // SAFETY: all pointers are to live variables of this function, and the length is the buffer's.
    let result = unsafe { libc::getgrgid_r(number, &mut entry, bytes, length, &mut found) };
    if result != 0 || found.is_null() {
        return None;
    }
    // SAFETY: the call succeeded, so the name is a C string inside the buffer, which still lives.
    let name = unsafe { CStr::from_ptr(entry.gr_name) };
    Some(name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_known_and_nobody_s_numbers_are_not() {
        assert_eq!(user_name(0).as_deref(), Some("root"));
        assert_eq!(user_name(3_999_999_999), None);
        assert_eq!((user_number("root"), group_number("root")), (Some(0), Some(0)));
        assert_eq!((user_number("no such one"), group_number("no\0such")), (None, None));
        assert!(group_names("root").contains(&"root".to_owned()));
        assert!(group_names("no such one").is_empty());
    }
}
