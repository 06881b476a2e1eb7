use std::{
    io,
    os::fd::AsFd,
    ptr::{self, NonNull},
    sync::atomic::{AtomicI32, AtomicU32, Ordering},
};

use rustix::mm::{MapFlags, ProtFlags};

use super::guard::Slot;

/// A file in memory, shared with a process that may change it, or cut it short, at any time.
///
/// Nothing in it may be relied on: numbers are read once into a variable and checked there, bytes are copied out.
#[derive(Debug)]
pub(crate) struct Mapping {
    start: NonNull<u8>,
    length: usize,
    /// Always there until drop.
    slot: Option<Slot>,
}

// SAFETY: the memory is mapped until drop and only accessed through atomics and copies, which do not care for threads.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps the first `length` bytes.
    pub(crate) fn new(file: impl AsFd, length: usize) -> io::Result<Self> {
        // SAFETY: a new mapping at an address of the kernel's choice cannot disturb anything.
        let start = unsafe {
            rustix::mm::mmap(
                ptr::null_mut(),
                length,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                file,
                0,
            )?
        };
        Self::register(start.cast(), length)
    }

    /// Maps the first `length` bytes, a multiple of the page size, twice in a row: reading past the end goes on at the start.
    pub(crate) fn circular(file: impl AsFd, length: usize) -> io::Result<Self> {
        let total = length.checked_mul(2).ok_or(io::ErrorKind::InvalidInput)?;
        // SAFETY: a new mapping at an address of the kernel's choice cannot disturb anything.
        let start: *mut u8 = unsafe {
            rustix::mm::mmap_anonymous(
                ptr::null_mut(),
                total,
                ProtFlags::empty(),
                MapFlags::PRIVATE,
            )?
        }
        .cast();
        for half in [0, length] {
            // SAFETY: both halves lie inside the mapping just made, which nobody else knows yet.
            let result = unsafe {
                rustix::mm::mmap(
                    start.add(half).cast(),
                    length,
                    ProtFlags::READ | ProtFlags::WRITE,
                    MapFlags::SHARED | MapFlags::FIXED,
                    &file,
                    0,
                )
            };
            if let Err(error) = result {
                // SAFETY: the mapping just made, used by nobody.
                let _ = unsafe { rustix::mm::munmap(start.cast(), total) };
                return Err(error.into());
            }
        }
        Self::register(start, total)
    }

    fn register(start: *mut u8, length: usize) -> io::Result<Self> {
        let unmap = || {
            // SAFETY: the mapping just made, used by nobody.
            let _ = unsafe { rustix::mm::munmap(start.cast(), length) };
        };
        let Some(pointer) = NonNull::new(start) else {
            unmap();
            return Err(io::ErrorKind::OutOfMemory.into());
        };
        match Slot::register(start as usize, length) {
            Ok(slot) => Ok(Self { start: pointer, length, slot: Some(slot) }),
            Err(error) => {
                unmap();
                Err(error)
            }
        }
    }

    /// Whether the file turned out to be shorter than what is mapped.
    pub(crate) fn is_damaged(&self) -> bool {
        self.slot.as_ref().is_some_and(Slot::is_damaged)
    }

    /// The number at an offset that is a multiple of four and inside the mapping.
    pub(crate) fn u32(&self, offset: usize) -> &AtomicU32 {
        assert!(
            offset.is_multiple_of(4) && offset + 4 <= self.length,
            "an offset inside the mapping"
        );
        // SAFETY: inside the mapping, aligned, and valid for every bit pattern; atomics may be shared with other processes.
        unsafe { AtomicU32::from_ptr(self.start.as_ptr().add(offset).cast()) }
    }

    /// The signed number at an offset that is a multiple of four and inside the mapping.
    pub(crate) fn i32(&self, offset: usize) -> &AtomicI32 {
        assert!(
            offset.is_multiple_of(4) && offset + 4 <= self.length,
            "an offset inside the mapping"
        );
        // SAFETY: as in `u32`.
        unsafe { AtomicI32::from_ptr(self.start.as_ptr().add(offset).cast()) }
    }

    /// A copy of the bytes at an offset.
    pub(crate) fn copy_out(&self, offset: usize, length: usize) -> Vec<u8> {
        assert!(self.length.checked_sub(offset).is_some_and(|rest| length <= rest), "inside");
        let mut bytes = Vec::with_capacity(length);
        // SAFETY: both ranges are valid for `length` bytes and do not overlap; that many are filled in before they count. If
        // the other side changes them meanwhile, the copy holds a mixture, checked like anything else it could have written.
        unsafe {
            ptr::copy_nonoverlapping(self.start.as_ptr().add(offset), bytes.as_mut_ptr(), length);
            bytes.set_len(length);
        }
        std::sync::atomic::compiler_fence(Ordering::AcqRel);
        bytes
    }

    /// Copies bytes to an offset.
    pub(crate) fn copy_in(&self, offset: usize, bytes: &[u8]) {
        assert!(self.length.checked_sub(offset).is_some_and(|rest| bytes.len() <= rest), "inside");
        // SAFETY: both ranges are valid for the length and do not overlap.
        unsafe {
            ptr::copy_nonoverlapping(bytes.as_ptr(), self.start.as_ptr().add(offset), bytes.len());
        }
        std::sync::atomic::compiler_fence(Ordering::AcqRel);
    }

    /// The semaphore at an offset inside the mapping.
    pub(crate) fn semaphore(&self, offset: usize) -> *mut libc::sem_t {
        assert!(
            offset.is_multiple_of(8) && offset + size_of::<libc::sem_t>() <= self.length,
            "inside"
        );
        // SAFETY: inside the mapping.
        unsafe { self.start.as_ptr().add(offset).cast() }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // First, since the addresses may belong to somebody else's mapping as soon as they are free.
        self.slot = None;
        // SAFETY: nothing borrowed from the mapping outlives `self`.
        let _ = unsafe { rustix::mm::munmap(self.start.as_ptr().cast(), self.length) };
    }
}
