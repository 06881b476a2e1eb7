use std::{io, path::Path};

use rustix::net::SocketAddrUnix;

/// If this file exists, servers listen on sockets in the file system.
const FORCE_FILESYSTEM: &str = "/etc/libqb/force-filesystem-sockets";
/// Where they are then, as Debian's libqb is built.
const SOCKET_DIRECTORY: &str = "/tmp";
/// Bytes of an abstract name: C programs give the whole field, zeros included.
const ABSTRACT_SIZE: usize = 107;

/// Where a server listens for connections.
pub(crate) fn listening(name: &str) -> io::Result<SocketAddrUnix> {
    if Path::new(FORCE_FILESYSTEM).exists() {
        Ok(SocketAddrUnix::new(format!("{SOCKET_DIRECTORY}/{name}"))?)
    } else {
        abstract_name(name)
    }
}

/// The address of one of a connection's own sockets: `end` is `request`, `response`, `event` or `event-tx`.
pub(crate) fn of_connection(base_name: &str, end: &str) -> io::Result<SocketAddrUnix> {
    abstract_name(&format!("{base_name}-{end}"))
}

fn abstract_name(name: &str) -> io::Result<SocketAddrUnix> {
    if name.len() >= ABSTRACT_SIZE {
        return Err(io::ErrorKind::InvalidFilename.into());
    }
    let mut padded = name.as_bytes().to_vec();
    padded.resize(ABSTRACT_SIZE, 0);
    Ok(SocketAddrUnix::new_abstract_name(&padded)?)
}
