use std::{
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd},
};

/// Signals as events of a descriptor, for programs that wait for several things by themselves. They are held back from the
/// whole process from then on, so this belongs before anything starts a thread.
#[derive(Debug)]
pub struct Signals(OwnedFd);

/// What a signal means to a program on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalEvent {
    /// Somebody wants the process to end, or its terminal has gone.
    End,
    /// The terminal has another size.
    Resized,
}

impl Signals {
    /// Takes over SIGTERM, SIGINT, SIGQUIT, SIGHUP and SIGWINCH.
    pub fn take_over() -> io::Result<Self> {
        let mut set = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: the set is initialised by the first call, before it is changed and read.
        let fd = unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            let signals =
                [libc::SIGTERM, libc::SIGINT, libc::SIGQUIT, libc::SIGHUP, libc::SIGWINCH];
            for signal in signals {
                libc::sigaddset(set.as_mut_ptr(), signal);
            }
            if libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), std::ptr::null_mut()) != 0 {
                return Err(io::Error::last_os_error());
            }
            libc::signalfd(-1, set.as_ptr(), libc::SFD_NONBLOCK | libc::SFD_CLOEXEC)
        };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel has just made it, and nobody else knows it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// The next signal that has come, if one has.
    pub fn take(&self) -> Option<SignalEvent> {
        let mut info = std::mem::MaybeUninit::<libc::signalfd_siginfo>::uninit();
        let size = size_of::<libc::signalfd_siginfo>();
        // SAFETY: the kernel writes at most `size` bytes, all of which are read only if it wrote all.
        let signal = unsafe {
            let count = libc::read(self.0.as_raw_fd(), info.as_mut_ptr().cast(), size);
            if usize::try_from(count) != Ok(size) {
                return None;
            }
            info.assume_init().ssi_signo
        };
        let resized = i32::try_from(signal) == Ok(libc::SIGWINCH);
        Some(if resized { SignalEvent::Resized } else { SignalEvent::End })
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
