//! The calls that move packets, many at a time, and the reading of a socket's error queue.

use std::{
    io,
    mem::{MaybeUninit, zeroed},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6},
    os::fd::{AsRawFd, BorrowedFd},
    ptr,
};

use socket2::SockAddr;

/// Bytes of the biggest packet, with room to spare: UDP has 16 bits for the length.
pub(crate) const PACKET_MAX: usize = 65_536;
/// Packets sent with one call.
const SEND_AT_ONCE: usize = 64;

/// Memory that the kernel puts packets into.
pub(crate) struct ReceiveSlots {
    bytes: Box<[u8]>,
    names: Box<[libc::sockaddr_storage]>,
    vectors: Box<[libc::iovec]>,
    headers: Box<[libc::mmsghdr]>,
}

impl ReceiveSlots {
    pub(crate) fn new(count: usize) -> Self {
        let mut bytes = vec![0_u8; count * PACKET_MAX].into_boxed_slice();
        // SAFETY: zeros are valid for these plain structures.
        let mut names =
            vec![unsafe { zeroed::<libc::sockaddr_storage>() }; count].into_boxed_slice();
        let mut vectors: Box<[libc::iovec]> = bytes
            .chunks_exact_mut(PACKET_MAX)
            .map(|slot| libc::iovec { iov_base: slot.as_mut_ptr().cast(), iov_len: slot.len() })
            .collect();
        let headers = vectors
            .iter_mut()
            .zip(names.iter_mut())
            .map(|(vector, name)| {
                // SAFETY: zeros are valid for this plain structure.
                let mut header = unsafe { zeroed::<libc::mmsghdr>() };
                header.msg_hdr.msg_name = ptr::from_mut(name).cast();
                header.msg_hdr.msg_iov = vector;
                header.msg_hdr.msg_iovlen = 1;
                header
            })
            .collect();
        Self { bytes, names, vectors, headers }
    }

    /// What is in a slot.
    pub(crate) fn bytes(&self, slot: usize, length: usize) -> &[u8] {
        &self.bytes[slot * PACKET_MAX..][..length]
    }

    /// Takes packets that are there into the slots from `first` on, at most `count`; calls `found` with slot, length and
    /// sender of each. Returns how many were taken, those with a sender of no known kind included.
    pub(crate) fn receive(
        &mut self,
        socket: BorrowedFd<'_>,
        first: usize,
        count: usize,
        mut found: impl FnMut(usize, usize, SocketAddr),
    ) -> io::Result<usize> {
        let headers = self.headers.get_mut(first..).unwrap_or_default();
        let count = count.min(headers.len());
        let headers = &mut headers[..count];
        for header in headers.iter_mut() {
            header.msg_hdr.msg_namelen = NAME_SIZE;
        }
        // SAFETY: each header points to a name and a vector, and each vector to bytes, that `self` owns and nobody else
        // looks at during the call.
        let result = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                headers.as_mut_ptr(),
                u32::try_from(count).unwrap_or(0),
                libc::MSG_DONTWAIT,
                ptr::null_mut(),
            )
        };
        let taken = usize::try_from(result).map_err(|_| io::Error::last_os_error())?;
        for (index, header) in headers.iter().take(taken).enumerate() {
            let slot = first + index;
            let is_whole = header.msg_hdr.msg_flags & libc::MSG_TRUNC == 0;
            let sender = socket_address(&self.names[slot]).filter(|_| is_whole);
            if let Some(sender) = sender {
                found(slot, header.msg_len as usize, sender);
            }
        }
        debug_assert_eq!(self.vectors.len(), self.headers.len());
        Ok(taken)
    }
}

const NAME_SIZE: libc::socklen_t = size_of::<libc::sockaddr_storage>() as libc::socklen_t;

/// Sends one packet to many addresses. Returns to how many of the first it was sent; an error is that of the first.
pub(crate) fn send(socket: BorrowedFd<'_>, packet: &[u8], to: &[SocketAddr]) -> io::Result<usize> {
    let mut vector =
        libc::iovec { iov_base: packet.as_ptr().cast_mut().cast(), iov_len: packet.len() };
    let mut names: [MaybeUninit<SockAddr>; SEND_AT_ONCE] =
        [const { MaybeUninit::uninit() }; SEND_AT_ONCE];
    // SAFETY: zeros are valid for this plain structure.
    let mut headers: [libc::mmsghdr; SEND_AT_ONCE] = unsafe { zeroed() };
    let mut count = 0;
    for ((&address, name), header) in to.iter().zip(&mut names).zip(&mut headers) {
        let name = name.write(SockAddr::from(address));
        header.msg_hdr.msg_name = name.as_ptr().cast_mut().cast();
        header.msg_hdr.msg_namelen = name.len();
        header.msg_hdr.msg_iov = &mut vector;
        header.msg_hdr.msg_iovlen = 1;
        count += 1;
    }
    // SAFETY: the first `count` headers point to names and a vector that live on this stack, and the vector to the packet;
    // the kernel only reads them.
    let result = unsafe {
        libc::sendmmsg(
            socket.as_raw_fd(),
            headers.as_mut_ptr(),
            count,
            libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT,
        )
    };
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

/// What a socket's error queue says about one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reported {
    /// Where the packet was sent to.
    pub(crate) to: SocketAddr,
    /// The error's number.
    pub(crate) errno: i32,
    /// For a packet that was too big: the greatest size.
    pub(crate) mtu: u32,
}

/// The oldest report in a socket's error queue, if there is one. The inner one is none for what does not concern packets.
pub(crate) fn next_report(socket: BorrowedFd<'_>) -> Option<Option<Reported>> {
    // SAFETY: zeros are valid for these plain structures.
    let (mut name, mut header): (libc::sockaddr_storage, libc::msghdr) =
        unsafe { (zeroed(), zeroed()) };
    // Aligned as ancillary data must be.
    let mut control = [0_u64; 64];
    let mut payload = [0_u8; 64];
    let mut vector = libc::iovec { iov_base: payload.as_mut_ptr().cast(), iov_len: payload.len() };
    header.msg_name = ptr::from_mut(&mut name).cast();
    header.msg_namelen = NAME_SIZE;
    header.msg_iov = &mut vector;
    header.msg_iovlen = 1;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = size_of_val(&control);
    // SAFETY: the header points to memory on this stack only.
    let result = unsafe {
        libc::recvmsg(socket.as_raw_fd(), &mut header, libc::MSG_ERRQUEUE | libc::MSG_DONTWAIT)
    };
    if result < 0 {
        return None;
    }
    Some(socket_address(&name).and_then(|to| {
        let error = extended_error(&header)?;
        let is_about_a_packet = matches!(
            error.ee_origin,
            libc::SO_EE_ORIGIN_NONE
                | libc::SO_EE_ORIGIN_LOCAL
                | libc::SO_EE_ORIGIN_ICMP
                | libc::SO_EE_ORIGIN_ICMP6
        );
        is_about_a_packet.then(|| Reported {
            to,
            errno: i32::try_from(error.ee_errno).unwrap_or(0),
            mtu: error.ee_info,
        })
    }))
}

/// The error among the ancillary data that the kernel has filled in.
fn extended_error(header: &libc::msghdr) -> Option<libc::sock_extended_err> {
    // SAFETY: the header's control part was filled in by the kernel.
    let mut part = unsafe { libc::CMSG_FIRSTHDR(header) };
    while !part.is_null() {
        // SAFETY: the macros give only parts that lie whole inside the control part.
        let kind = unsafe { ((*part).cmsg_level, (*part).cmsg_type) };
        if kind == (libc::SOL_IP, libc::IP_RECVERR) || kind == (libc::SOL_IPV6, libc::IPV6_RECVERR)
        {
            // SAFETY: the kernel puts this structure there under these two kinds.
            return Some(unsafe {
                ptr::read_unaligned(libc::CMSG_DATA(part).cast::<libc::sock_extended_err>())
            });
        }
        // SAFETY: as above.
        part = unsafe { libc::CMSG_NXTHDR(header, part) };
    }
    None
}

/// The kernel's form of an address as ours; `None` for other families.
fn socket_address(name: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match i32::from(name.ss_family) {
        libc::AF_INET => {
            // SAFETY: the storage is big enough and aligned for every kind of address, and the family says which.
            let name = unsafe { &*ptr::from_ref(name).cast::<libc::sockaddr_in>() };
            let address = Ipv4Addr::from(u32::from_be(name.sin_addr.s_addr));
            Some(SocketAddrV4::new(address, u16::from_be(name.sin_port)).into())
        }
        libc::AF_INET6 => {
            // SAFETY: as above.
            let name = unsafe { &*ptr::from_ref(name).cast::<libc::sockaddr_in6>() };
            let address = Ipv6Addr::from(name.sin6_addr.s6_addr);
            let port = u16::from_be(name.sin6_port);
            Some(SocketAddrV6::new(address, port, 0, name.sin6_scope_id).into())
        }
        _ => None,
    }
}

/// An address from the kernel's form; `None` for other families and for none.
///
/// # Safety
///
/// `name` is null or points to an address that is as long as its family says.
pub(crate) unsafe fn ip_address(name: *const libc::sockaddr) -> Option<IpAddr> {
    // SAFETY: the caller says so.
    let family = i32::from(unsafe { name.as_ref() }?.sa_family);
    match family {
        libc::AF_INET => {
            // SAFETY: as above.
            let name = unsafe { ptr::read_unaligned(name.cast::<libc::sockaddr_in>()) };
            Some(Ipv4Addr::from(u32::from_be(name.sin_addr.s_addr)).into())
        }
        libc::AF_INET6 => {
            // SAFETY: as above.
            let name = unsafe { ptr::read_unaligned(name.cast::<libc::sockaddr_in6>()) };
            Some(Ipv6Addr::from(name.sin6_addr.s6_addr).into())
        }
        _ => None,
    }
}
