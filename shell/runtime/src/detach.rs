use std::{io, os::fd::AsRawFd};

/// Goes on in the background: the calling process ends with success, a child of it without a terminal returns from here.
///
/// Must be called before anything starts a thread, since only the calling one lives on; fails if there is another.
pub fn detach() -> io::Result<()> {
    detach_telling(|_| {})
}

/// The same; before the calling process ends, it is told the number of the one that goes on.
pub fn detach_telling(tell: impl FnOnce(u32)) -> io::Result<()> {
    if std::fs::read_dir("/proc/self/task")?.count() != 1 {
        return Err(io::Error::other("there are threads, which would not live through a fork"));
    }
    // SAFETY: there is no other thread that could hold a lock or be lost.
    match unsafe { libc::fork() } {
        -1 => return Err(io::Error::last_os_error()),
        0 => {}
        child => {
            tell(child.unsigned_abs());
            std::process::exit(0)
        }
    }
    rustix::process::setsid()?;
    let flags = rustix::fs::OFlags::RDWR;
    let nothing = rustix::fs::open("/dev/null", flags, rustix::fs::Mode::empty())?;
    for standard in [libc::STDIN_FILENO, libc::STDOUT_FILENO, libc::STDERR_FILENO] {
        // SAFETY: plain system calls on numbers; the three descriptors belong to nobody in particular.
        if unsafe { libc::dup2(nothing.as_raw_fd(), standard) } < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}
