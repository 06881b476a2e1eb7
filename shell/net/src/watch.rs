use std::{
    io,
    os::fd::OwnedFd,
    task::{Context, Poll, ready},
};

use rustix::{
    io::Errno,
    net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, netlink, recv, socket_with},
};
use tokio::io::{Interest, unix::AsyncFd};

/// Links, IPv4 addresses and IPv6 addresses, as bits.
const GROUPS: u32 = 1 | 0x10 | 0x100;

/// Says when the addresses or interfaces of this host have changed: then [`crate::local_addresses`] may give another list.
#[derive(Debug)]
pub struct AddressWatch {
    socket: AsyncFd<OwnedFd>,
}

impl AddressWatch {
    /// Starts to watch. Must be called within the event loop.
    pub fn start() -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        // The default protocol of this family is the one for routes and addresses.
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
        bind(&socket, &netlink::SocketAddrNetlink::new(0, GROUPS))?;
        // SAFETY: an owned descriptor stays open, and the same, until the registration is dropped and with it the descriptor.
        let socket = unsafe { AsyncFd::register_with_interest(socket, Interest::READABLE) }?;
        Ok(Self { socket })
    }

    /// Waits for the next change; several that come together are one. Dropping the future loses nothing.
    pub async fn changed(&mut self) {
        std::future::poll_fn(|cx| self.poll_changed(cx)).await;
    }

    /// As [`Self::changed`].
    pub fn poll_changed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut has_changed = false;
        loop {
            let Ok(mut guard) = ready!(self.socket.poll_read_ready(cx)) else {
                return Poll::Pending;
            };
            let mut message = [0_u8; 8192];
            // What exactly has changed does not matter: the whole list is read anew.
            match recv(self.socket.get_ref(), &mut message[..], RecvFlags::DONTWAIT) {
                // Messages were lost, so something has changed.
                Ok(_) | Err(Errno::NOBUFS) => has_changed = true,
                Err(Errno::INTR) => {}
                Err(_) => {
                    guard.clear_ready();
                    if has_changed {
                        return Poll::Ready(());
                    }
                }
            }
        }
    }
}
