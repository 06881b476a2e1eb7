//! Network namespaces of a test's own thread.

use std::{fs::File, future::Future, os::fd::AsRawFd, process::Command};

use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space, unshare_unsafe};
use tokio::runtime::Runtime;

/// A network namespace without a name; it ends with the last socket and descriptor in it.
pub(crate) struct Namespace {
    file: File,
}

impl Namespace {
    /// A new one, with its loopback interface up. The calling thread is in it from now on.
    pub(crate) fn enter() -> Self {
        // SAFETY: a network namespace of its own changes nothing that other threads rely on.
        unsafe { unshare_unsafe(UnshareFlags::NEWNET) }.expect("this test needs root");
        run("ip link set lo up");
        Self { file: File::open("/proc/thread-self/ns/net").unwrap() }
    }

    /// Brings the calling thread back into it.
    #[allow(dead_code, reason = "not all tests have two")]
    pub(crate) fn back(&self) {
        use std::os::fd::AsFd;
        let kind = Some(LinkNameSpaceType::Network);
        move_into_link_name_space(self.file.as_fd(), kind).unwrap();
    }

    /// The path under which other programs find it while this is kept.
    #[allow(dead_code, reason = "not all tests have two")]
    pub(crate) fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd())
    }

    /// Runs a future on an event loop of this thread; fails if it takes far too long.
    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        let runtime: Runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let limit = std::time::Duration::from_secs(60);
        runtime.block_on(async { tokio::time::timeout(limit, future).await.expect("in time") })
    }
}

/// Runs a program in the thread's namespace and gives what it prints.
pub(crate) fn run(command: &str) -> String {
    let mut words = command.split_whitespace();
    let output = Command::new(words.next().unwrap()).args(words).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Waits for a packet and gives the type of service in its header.
#[allow(dead_code, reason = "not all tests look at it")]
pub(crate) fn type_of_service(socket: &std::net::UdpSocket) -> u8 {
    let (mut bytes, mut control) = ([0_u8; 64], [0_u64; 8]);
    let mut vector = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
    // SAFETY: zeros are valid for this plain structure.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = &mut vector;
    header.msg_iovlen = 1;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = size_of_val(&control);
    // SAFETY: the header points to memory on this stack only.
    assert!(unsafe { libc::recvmsg(socket.as_raw_fd(), &mut header, 0) } > 0);
    // SAFETY: the kernel filled in the control part, whose only message is one byte.
    unsafe { *libc::CMSG_DATA(libc::CMSG_FIRSTHDR(&header)) }
}
