//! Passwords, as the system checks them.
//!
//! Of the crates that wrap PAM none is kept well; this is the little that is needed. The library is loaded when it is first
//! needed, so that neither building nor daemons without remote clients depend on it.

use std::ffi::{CStr, CString, c_char, c_int, c_void};

/// Why a password was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PamError {
    /// The library is not installed, or is not what it should be.
    #[error("the library libpam.so.0 cannot be used")]
    Library,
    /// A name or a password that holds a NUL.
    #[error("a name or password that cannot be one")]
    Text,
    /// PAM said no.
    #[error("{step} failed with PAM status {status}")]
    Refused {
        /// What was tried.
        step: &'static str,
        /// Its number for the reason.
        status: c_int,
    },
    /// PAM accepted the password of somebody else.
    #[error("another user than the one asked for was accepted")]
    OtherUser,
}

const SUCCESS: c_int = 0;
const CONVERSATION_ERROR: c_int = 19;
const ITEM_USER: c_int = 2;
const PROMPT_ECHO_OFF: c_int = 1;
const PROMPT_ECHO_ON: c_int = 2;

#[repr(C)]
struct Message {
    style: c_int,
    text: *const c_char,
}

#[repr(C)]
struct Response {
    text: *mut c_char,
    code: c_int,
}

type Converse = extern "C" fn(c_int, *mut *const Message, *mut *mut Response, *mut c_void) -> c_int;

#[repr(C)]
struct Conversation {
    converse: Converse,
    data: *mut c_void,
}

// SAFETY: calls need C strings, a conversation and room for a handle; all must outlive the handle.
type Start = unsafe extern "C" fn(
    *const c_char,
    *const c_char,
    *const Conversation,
    *mut *mut c_void,
) -> c_int;
// SAFETY: calls need a handle that was started and not ended.
type Step = unsafe extern "C" fn(*mut c_void, c_int) -> c_int;
// SAFETY: calls need such a handle, too, and room for a pointer.
type GetItem = unsafe extern "C" fn(*mut c_void, c_int, *mut *const c_void) -> c_int;

struct Library {
    start: Start,
    authenticate: Step,
    account: Step,
    get_item: GetItem,
    end: Step,
}

/// Checks a user's password, and that the user may log in, by the rules of a PAM service. Takes as long as the rules say:
/// to be called where nobody waits.
#[allow(unsafe_code, reason = "no well-kept crate wraps PAM")]
pub fn check_password(service: &str, user: &str, password: &str) -> Result<(), PamError> {
    let text = |text: &str| CString::new(text).map_err(|_| PamError::Text);
    let (service, name, password) = (text(service)?, text(user)?, text(password)?);
    let library = Library::load().ok_or(PamError::Library)?;
    let conversation =
        Conversation { converse: answer, data: password.as_ptr().cast_mut().cast::<c_void>() };
    let mut handle = std::ptr::null_mut();
    // SAFETY: all pointers are to values of this function, which outlive the handle: it is ended below.
    let status =
        unsafe { (library.start)(service.as_ptr(), name.as_ptr(), &conversation, &mut handle) };
    if status != SUCCESS {
        return Err(PamError::Refused { step: "pam_start", status });
    }
    let (status, result) = library.check(handle, &name);
    // SAFETY: the handle is one that was started and not ended yet.
    unsafe { (library.end)(handle, status) };
    result
}

impl Library {
    #[allow(unsafe_code, reason = "no well-kept crate wraps PAM")]
    fn load() -> Option<Self> {
        // SAFETY: the name is a C string. The library stays loaded, so that its functions stay valid.
        let library = unsafe { libc::dlopen(c"libpam.so.0".as_ptr(), libc::RTLD_NOW) };
        if library.is_null() {
            return None;
        }
        let function = |name: &CStr| {
            // SAFETY: the library is loaded and the name is a C string.
            let found = unsafe { libc::dlsym(library, name.as_ptr()) };
            (!found.is_null()).then_some(found)
        };
        // SAFETY: the functions of these names have these signatures in every version of Linux-PAM.
        unsafe {
            Some(Self {
                start: std::mem::transmute::<*mut c_void, Start>(function(c"pam_start")?),
                authenticate: std::mem::transmute::<*mut c_void, Step>(function(
                    c"pam_authenticate",
                )?),
                account: std::mem::transmute::<*mut c_void, Step>(function(c"pam_acct_mgmt")?),
                get_item: std::mem::transmute::<*mut c_void, GetItem>(function(c"pam_get_item")?),
                end: std::mem::transmute::<*mut c_void, Step>(function(c"pam_end")?),
            })
        }
    }

    /// The last status, and how it went.
    #[allow(unsafe_code, reason = "no well-kept crate wraps PAM")]
    fn check(&self, handle: *mut c_void, name: &CStr) -> (c_int, Result<(), PamError>) {
        // SAFETY: the handle is one that was started.
        let status = unsafe { (self.authenticate)(handle, 0) };
        if status != SUCCESS {
            return (status, Err(PamError::Refused { step: "pam_authenticate", status }));
        }
        let mut item = std::ptr::null();
        // SAFETY: the handle is one that was started, and there is room for one pointer.
        let status = unsafe { (self.get_item)(handle, ITEM_USER, &mut item) };
        // SAFETY: this item is a C string that belongs to the handle, or null.
        let accepted = (!item.is_null()).then(|| unsafe { CStr::from_ptr(item.cast::<c_char>()) });
        if status != SUCCESS || accepted != Some(name) {
            return (status, Err(PamError::OtherUser));
        }
        // SAFETY: the handle is one that was started.
        let status = unsafe { (self.account)(handle, 0) };
        if status != SUCCESS {
            return (status, Err(PamError::Refused { step: "pam_acct_mgmt", status }));
        }
        (status, Ok(()))
    }
}

/// Answers every question with the password.
#[allow(unsafe_code, reason = "no well-kept crate wraps PAM")]
extern "C" fn answer(
    count: c_int,
    messages: *mut *const Message,
    responses: *mut *mut Response,
    password: *mut c_void,
) -> c_int {
    let wanted = usize::try_from(count).ok().filter(|count| (1..=32).contains(count));
    let Some(count) = wanted.filter(|_| !messages.is_null() && !responses.is_null()) else {
        return CONVERSATION_ERROR;
    };
    // SAFETY: the sizes are those of what is put there; PAM frees it.
    let answers = unsafe { libc::calloc(count, size_of::<Response>()) }.cast::<Response>();
    if answers.is_null() {
        return CONVERSATION_ERROR;
    }
    for index in 0..count {
        // SAFETY: PAM gives as many pointers to messages as it says, and there are as many answers.
        let (message, answer) = unsafe { (*messages.add(index), answers.add(index)) };
        // SAFETY: each of the pointers is to a message, or null.
        let style = unsafe { message.as_ref() }.map(|message| message.style);
        if matches!(style, Some(PROMPT_ECHO_OFF | PROMPT_ECHO_ON)) {
            // SAFETY: the password is a C string that outlives the conversation; PAM frees the copy.
            unsafe { (*answer).text = libc::strdup(password.cast::<c_char>()) };
        }
    }
    // SAFETY: there is room for one pointer.
    unsafe { *responses = answers };
    SUCCESS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_in_without_a_service_that_lets_him() {
        let refused = check_password("no-such-service-of-cardea", "no such user", "no password");
        assert!(
            matches!(refused, Err(PamError::Refused { .. } | PamError::Library)),
            "{refused:?}"
        );
        assert_eq!(check_password("login", "root", "a\0b"), Err(PamError::Text));
    }
}
