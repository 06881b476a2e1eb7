//! How sockets are set up: as libknet and Corosync do it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};

use rustix::net::sockopt::{self, Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery};
use socket2::{Domain, Protocol, Socket, Type};

use crate::{NetError, Purpose, SocketSettings, interface_for, local_addresses};

/// Bytes that the kernel is to keep for a socket each way.
const BUFFER_BYTES: usize = 8 << 20;
/// The priority of interactive traffic.
const PRIORITY: u32 = 6;
/// The type of service that libknet asks for: low delay.
const LOW_DELAY: u32 = 0x10;

/// The sockets for a purpose.
pub(crate) struct Opened {
    /// Those to receive from; what is in an earlier one comes first.
    pub(crate) receivers: Vec<Socket>,
    /// The one to send from, if it is not the first of the others.
    pub(crate) sender: Option<Socket>,
    /// Where packets for all go, if there is such an address.
    pub(crate) group: Option<SocketAddr>,
}

/// Makes the sockets.
pub(crate) fn open(settings: &SocketSettings) -> Result<Opened, NetError> {
    let local = settings.local;
    match settings.purpose {
        Purpose::Link => {
            let socket = new_socket(local)?;
            set_buffers(&socket, local)?;
            set_class(&socket, settings, LOW_DELAY)?;
            allow_missing_address(&socket, local)?;
            forbid_fragments(&socket, local)?;
            ask_for_reports(&socket, local)?;
            bind(&socket, local)?;
            Ok(Opened { receivers: vec![socket], sender: None, group: None })
        }
        Purpose::Unicast => {
            let socket = new_socket(local)?;
            set_buffers(&socket, local)?;
            set_class(&socket, settings, 0)?;
            allow_missing_address(&socket, local)?;
            bind(&socket, local)?;
            Ok(Opened { receivers: vec![socket], sender: None, group: None })
        }
        Purpose::Multicast { group, ttl } => open_group(settings, group, ttl),
        Purpose::Broadcast => open_group(settings, Ipv4Addr::BROADCAST.into(), 1),
    }
}

/// The three sockets of `transport: udp`.
fn open_group(settings: &SocketSettings, group: IpAddr, ttl: u8) -> Result<Opened, NetError> {
    let local = settings.local;
    let addresses = local_addresses().map_err(NetError::at("listing addresses", local))?;
    let interface =
        interface_for(local.ip(), &addresses).map(|found| found.index).ok_or_else(|| NetError {
            step: "looking for the interface",
            local,
            source: std::io::ErrorKind::AddrNotAvailable.into(),
        })?;

    let from_group = reusable_socket(local)?;
    set_buffers(&from_group, local)?;
    join(&from_group, local, group, interface)?;
    let group_address = on_interface(group, local.port(), interface);
    bind(&from_group, group_address)?;

    let sender = reusable_socket(local)?;
    set_buffers(&sender, local)?;
    set_class(&sender, settings, 0)?;
    set_multicast(&sender, local, interface, ttl)
        .map_err(NetError::at("multicast options", local))?;
    if settings.purpose == Purpose::Broadcast {
        sender.set_broadcast(true).map_err(NetError::at("SO_BROADCAST", local))?;
    }
    bind(&sender, sending_address(local))?;

    let own = reusable_socket(local)?;
    set_buffers(&own, local)?;
    bind(&own, local)?;
    let group = Some(group_address);
    Ok(Opened { receivers: vec![from_group, own], sender: Some(sender), group })
}

/// Where packets come from with the transports that have a group: the port below the one that others send to.
pub(crate) fn sending_address(mut local: SocketAddr) -> SocketAddr {
    local.set_port(local.port().wrapping_sub(1));
    local
}

/// A group's address. One that is known on one network only (`ff02::/16`) says nothing without the interface.
fn on_interface(group: IpAddr, port: u16, interface: u32) -> SocketAddr {
    match group {
        IpAddr::V6(group) if group.segments()[0] & 0xff0f == 0xff02 => {
            SocketAddrV6::new(group, port, 0, interface).into()
        }
        group => SocketAddr::new(group, port),
    }
}

fn new_socket(local: SocketAddr) -> Result<Socket, NetError> {
    let domain = Domain::for_address(local);
    let socket = Socket::new(domain, Type::DGRAM.nonblocking().cloexec(), Some(Protocol::UDP))
        .map_err(NetError::at("socket", local))?;
    if local.is_ipv6() {
        socket.set_only_v6(true).map_err(NetError::at("IPV6_V6ONLY", local))?;
    }
    Ok(socket)
}

fn reusable_socket(local: SocketAddr) -> Result<Socket, NetError> {
    let socket = new_socket(local)?;
    socket.set_reuse_address(true).map_err(NetError::at("SO_REUSEADDR", local))?;
    Ok(socket)
}

fn bind(socket: &Socket, address: SocketAddr) -> Result<(), NetError> {
    socket.bind(&address.into()).map_err(NetError::at("bind", address))
}

/// Asks for big buffers, by force where that is permitted. Smaller ones work too, but packets get lost in a burst.
fn set_buffers(socket: &Socket, local: SocketAddr) -> Result<(), NetError> {
    socket.set_recv_buffer_size(BUFFER_BYTES).map_err(NetError::at("SO_RCVBUF", local))?;
    socket.set_send_buffer_size(BUFFER_BYTES).map_err(NetError::at("SO_SNDBUF", local))?;
    let receive = || socket.recv_buffer_size().map_err(NetError::at("SO_RCVBUF", local));
    if receive()? < BUFFER_BYTES {
        // Not permitted: told below.
        let _ = sockopt::set_socket_recv_buffer_size_force(socket, BUFFER_BYTES);
        let _ = sockopt::set_socket_send_buffer_size_force(socket, BUFFER_BYTES);
    }
    let got = receive()?;
    if got < BUFFER_BYTES {
        tracing::warn!(
            "the socket for {local} has a buffer of {got} instead of {BUFFER_BYTES} bytes: expect lost packets"
        );
    }
    Ok(())
}

/// Sets the class of traffic; `type_of_service` is what it is unless configured.
fn set_class(
    socket: &Socket,
    settings: &SocketSettings,
    type_of_service: u32,
) -> Result<(), NetError> {
    let local = settings.local;
    let class = if settings.dscp == 0 { type_of_service } else { u32::from(settings.dscp) << 2 };
    if class != 0 {
        match local {
            SocketAddr::V4(_) => socket.set_tos_v4(class),
            SocketAddr::V6(_) => socket.set_tclass_v6(class),
        }
        .map_err(NetError::at("class of traffic", local))?;
    }
    // After the class, which changes it.
    socket.set_priority(PRIORITY).map_err(NetError::at("SO_PRIORITY", local))
}

fn allow_missing_address(socket: &Socket, local: SocketAddr) -> Result<(), NetError> {
    match local {
        SocketAddr::V4(_) => socket.set_freebind_v4(true),
        SocketAddr::V6(_) => socket.set_freebind_v6(true),
    }
    .map_err(NetError::at("IP_FREEBIND", local))
}

/// Every packet goes as it is, whatever size the kernel believes the way to have: the sizes are found out by trying.
fn forbid_fragments(socket: &Socket, local: SocketAddr) -> Result<(), NetError> {
    match local {
        SocketAddr::V4(_) => sockopt::set_ip_mtu_discover(socket, Ipv4PathMtuDiscovery::PROBE)
            .map_err(NetError::at("IP_MTU_DISCOVER", local)),
        SocketAddr::V6(_) => {
            sockopt::set_ipv6_mtu_discover(socket, Ipv6PathMtuDiscovery::PROBE)
                .map_err(NetError::at("IPV6_MTU_DISCOVER", local))?;
            set_flag(socket, local, "IPV6_DONTFRAG", libc::IPPROTO_IPV6, libc::IPV6_DONTFRAG)
        }
    }
}

/// Lets the network's reports about packets come, and wake who waits.
fn ask_for_reports(socket: &Socket, local: SocketAddr) -> Result<(), NetError> {
    let (level, option) = match local {
        SocketAddr::V4(_) => (libc::SOL_IP, libc::IP_RECVERR),
        SocketAddr::V6(_) => (libc::SOL_IPV6, libc::IPV6_RECVERR),
    };
    set_flag(socket, local, "IP_RECVERR", level, option)?;
    set_flag(socket, local, "SO_SELECT_ERR_QUEUE", libc::SOL_SOCKET, libc::SO_SELECT_ERR_QUEUE)
}

/// Turns on an option for which no crate in use has a function.
fn set_flag(
    socket: &Socket,
    local: SocketAddr,
    name: &'static str,
    level: libc::c_int,
    option: libc::c_int,
) -> Result<(), NetError> {
    use std::os::fd::AsRawFd;
    let on: libc::c_int = 1;
    // SAFETY: the option's value is a number that lives during the call, with its size.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            option,
            std::ptr::from_ref(&on).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(NetError::at(name, local)(std::io::Error::last_os_error()))
    }
}

/// Lets a socket receive what is sent to the group over the interface that has the local address.
fn join(socket: &Socket, local: SocketAddr, group: IpAddr, interface: u32) -> Result<(), NetError> {
    match (group, local.ip()) {
        (IpAddr::V4(Ipv4Addr::BROADCAST), _) => socket.set_broadcast(true),
        (IpAddr::V4(group), IpAddr::V4(own)) => socket
            .join_multicast_v4(&group, &own)
            // Else everything counts that any program on this host has joined, on any interface.
            .and_then(|()| socket.set_multicast_all_v4(false)),
        (IpAddr::V6(group), IpAddr::V6(_)) => socket.join_multicast_v6(&group, interface),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => {
            Err(std::io::ErrorKind::InvalidInput.into())
        }
    }
    .map_err(NetError::at("joining the multicast group", local))
}

/// Sends what is for the group over the right interface, as far as configured, and not to this node itself.
fn set_multicast(
    socket: &Socket,
    local: SocketAddr,
    interface: u32,
    ttl: u8,
) -> std::io::Result<()> {
    match local.ip() {
        IpAddr::V4(own) => {
            socket.set_multicast_loop_v4(false)?;
            socket.set_multicast_ttl_v4(ttl.into())?;
            socket.set_multicast_if_v4(&own)
        }
        IpAddr::V6(_) => {
            socket.set_multicast_loop_v6(false)?;
            socket.set_multicast_hops_v6(ttl.into())?;
            socket.set_multicast_if_v6(interface)
        }
    }
}
