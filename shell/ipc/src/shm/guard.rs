//! Keeps the process alive when somebody truncates a file that it has mapped.
//!
//! Whoever may open a connection's files may also cut them short, and the next access to the missing page raises
//! SIGBUS. For addresses inside a registered mapping the handler puts an empty page in place and marks the mapping, so
//! that the access gives zeros and the owner can drop the connection. Any other SIGBUS ends the process as it always did.

use std::{
    io,
    sync::{
        Once,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

/// Six mappings per connection.
const SLOTS: usize = 8192;

struct Entry {
    /// 0 if the entry is free, 1 while it is being filled in.
    start: AtomicUsize,
    end: AtomicUsize,
    damaged: AtomicBool,
}

static TABLE: [Entry; SLOTS] = [const {
    Entry { start: AtomicUsize::new(0), end: AtomicUsize::new(0), damaged: AtomicBool::new(false) }
}; SLOTS];

/// One past the highest entry ever used, so that the handler need not look at all of them.
static USED: AtomicUsize = AtomicUsize::new(0);
static PAGE_SIZE: AtomicUsize = AtomicUsize::new(4096);
static INSTALL: Once = Once::new();

/// A registered range of addresses.
#[derive(Debug)]
pub(super) struct Slot(usize);

impl Slot {
    /// Registers a mapping that has just been made.
    pub(super) fn register(start: usize, length: usize) -> io::Result<Self> {
        INSTALL.call_once(install);
        for (index, entry) in TABLE.iter().enumerate() {
            if entry.start.compare_exchange(0, 1, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
                entry.damaged.store(false, Ordering::Relaxed);
                entry.end.store(start + length, Ordering::Relaxed);
                entry.start.store(start, Ordering::Release);
                USED.fetch_max(index + 1, Ordering::AcqRel);
                return Ok(Self(index));
            }
        }
        Err(io::Error::other("too many shared memory mappings"))
    }

    /// Whether a page of the mapping was missing when it was accessed.
    pub(super) fn is_damaged(&self) -> bool {
        TABLE[self.0].damaged.load(Ordering::Acquire)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        TABLE[self.0].start.store(0, Ordering::Release);
    }
}

fn install() {
    PAGE_SIZE.store(rustix::param::page_size(), Ordering::Relaxed);
    // SAFETY: the structure is plain data for which zeros are valid.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handle as *const () as libc::sighandler_t;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
    // SAFETY: the handler does nothing but atomic loads and stores and system calls.
    let result = unsafe { libc::sigaction(libc::SIGBUS, &action, std::ptr::null_mut()) };
    if result != 0 {
        tracing::warn!("truncated shared memory would be fatal: {}", io::Error::last_os_error());
    }
}

extern "C" fn handle(_signal: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: the kernel passes a valid structure to a handler installed with SA_SIGINFO.
    let address = unsafe { (*info).si_addr() } as usize;
    if !patch(address) {
        // Nobody here expected this: let the access fail again, for good.
        // SAFETY: a plain system call.
        unsafe { libc::signal(libc::SIGBUS, libc::SIG_DFL) };
    }
}

/// Puts an empty page under an address of a registered mapping.
fn patch(address: usize) -> bool {
    let used = USED.load(Ordering::Acquire).min(SLOTS);
    let found = TABLE[..used].iter().find(|entry| {
        let start = entry.start.load(Ordering::Acquire);
        start > 1 && address >= start && address < entry.end.load(Ordering::Relaxed)
    });
    let Some(entry) = found else { return false };
    let page_size = PAGE_SIZE.load(Ordering::Relaxed);
    let page = address - address % page_size;
    // SAFETY: the page lies inside a mapping of this crate, which is replaced there by private memory of the same size.
    let result = unsafe {
        libc::mmap(
            page as *mut libc::c_void,
            page_size,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED,
            -1,
            0,
        )
    };
    entry.damaged.store(true, Ordering::Release);
    result != libc::MAP_FAILED
}
