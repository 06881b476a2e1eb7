//! Debian's libqb as a client, loaded at run time.

use std::{
    ffi::{CStr, CString, c_char, c_int, c_void},
    io,
};

type Connection = *mut c_void;

/// A connection that C code makes and uses.
pub(crate) struct CClient {
    functions: Functions,
    connection: Connection,
}

/// What is used of the library. Calling these is as safe as the methods below are careful.
#[derive(Clone, Copy)]
struct Functions {
    connect: extern "C" fn(*const c_char, usize) -> Connection,
    send: extern "C" fn(Connection, *const c_void, usize) -> isize,
    receive: extern "C" fn(Connection, *mut c_void, usize, c_int) -> isize,
    receive_event: extern "C" fn(Connection, *mut c_void, usize, c_int) -> isize,
    set_flow_control_max: extern "C" fn(Connection, u32) -> c_int,
    disconnect: extern "C" fn(Connection),
}

impl Functions {
    fn load() -> Self {
        // SAFETY: the argument is a C string; loading the library runs nothing that could disturb this process.
        let library = unsafe { libc::dlopen(c"libqb.so.100".as_ptr(), libc::RTLD_NOW) };
        assert!(!library.is_null(), "this needs Debian's package libqb100");
        Self {
            connect: symbol(library, c"qb_ipcc_connect"),
            send: symbol(library, c"qb_ipcc_send"),
            receive: symbol(library, c"qb_ipcc_recv"),
            receive_event: symbol(library, c"qb_ipcc_event_recv"),
            set_flow_control_max: symbol(library, c"qb_ipcc_fc_enable_max_set"),
            disconnect: symbol(library, c"qb_ipcc_disconnect"),
        }
    }
}

/// A function of the library; `F` is its type in the library's header.
fn symbol<F: Copy>(library: *mut c_void, name: &CStr) -> F {
    // SAFETY: the library stays loaded, and the argument is a C string.
    let found = unsafe { libc::dlsym(library, name.as_ptr()) };
    assert!(!found.is_null() && size_of::<F>() == size_of_val(&found), "{name:?}");
    // SAFETY: a pointer to a function, whose type the caller knows, of the same size as any.
    unsafe { std::mem::transmute_copy(&found) }
}

#[allow(dead_code, reason = "not everybody uses all of it")]
impl CClient {
    /// Connects; blocks until the server has answered.
    pub(crate) fn connect(name: &str, max_message_bytes: usize) -> io::Result<Self> {
        let functions = Functions::load();
        let name = CString::new(name).unwrap();
        let connection = (functions.connect)(name.as_ptr(), max_message_bytes);
        if connection.is_null() {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { functions, connection })
    }

    /// Sends a request.
    pub(crate) fn send(&mut self, message: &[u8]) -> io::Result<()> {
        let result = (self.functions.send)(self.connection, message.as_ptr().cast(), message.len());
        count(result).map(|_| ())
    }

    /// Waits for an answer; its bytes are at the start of the buffer then.
    pub(crate) fn receive(&mut self, buffer: &mut [u8], ms: i32) -> io::Result<usize> {
        let (start, length) = (buffer.as_mut_ptr().cast(), buffer.len());
        count((self.functions.receive)(self.connection, start, length, ms))
    }

    /// Waits for an event, as [`Self::receive`] for an answer.
    pub(crate) fn receive_event(&mut self, buffer: &mut [u8], ms: i32) -> io::Result<usize> {
        let (start, length) = (buffer.as_mut_ptr().cast(), buffer.len());
        count((self.functions.receive_event)(self.connection, start, length, ms))
    }

    /// Says how early requests are held back: 2 for what is sent in bulk, else 1.
    pub(crate) fn set_flow_control_max(&mut self, max: u32) {
        assert_eq!((self.functions.set_flow_control_max)(self.connection, max), 0);
    }
}

impl Drop for CClient {
    fn drop(&mut self) {
        (self.functions.disconnect)(self.connection);
    }
}

// SAFETY: the library's connections may be used from one thread at a time, whichever it is.
unsafe impl Send for CClient {}

fn count(result: isize) -> io::Result<usize> {
    usize::try_from(result)
        .map_err(|_| io::Error::from_raw_os_error(i32::try_from(-result).unwrap_or(libc::EIO)))
}
