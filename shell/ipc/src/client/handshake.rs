use std::{
    io,
    mem::MaybeUninit,
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use rustix::{
    io::{Errno, IoSliceMut},
    net::{
        AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags,
        SocketFlags, SocketType, connect, recvmsg, send, socket_with, sockopt,
    },
};
use wire::qb::{CONNECTION_RESPONSE_SIZE, ConnectionRequest, ConnectionResponse};

use super::{Channels, Connection, wait_readable};
use crate::{ConnectError, Credentials, address};

/// A connection whose server has not answered yet.
pub(super) struct Handshake {
    name: String,
    socket: OwnedFd,
    received: Vec<u8>,
    server: Option<Credentials>,
}

impl Handshake {
    /// Connects to the server's socket and says what is wanted.
    pub(super) fn start(name: &str, max_message_bytes: u32) -> Result<Self, ConnectError> {
        let system = |source: io::Error| match source.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => {
                ConnectError::NotRunning { name: name.to_owned() }
            }
            // The backlog is full.
            io::ErrorKind::WouldBlock => ConnectError::NotReady { name: name.to_owned() },
            _ => ConnectError::System { name: name.to_owned(), source },
        };
        let open = || -> io::Result<OwnedFd> {
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
            connect(&socket, &address::listening(name)?)?;
            sockopt::set_socket_passcred(&socket, true)?;
            let least = u32::try_from(CONNECTION_RESPONSE_SIZE).unwrap_or(0);
            let request = ConnectionRequest { max_message_bytes: max_message_bytes.max(least) };
            send(&socket, &request.encode(), SendFlags::NOSIGNAL)?;
            Ok(socket)
        };
        let socket = open().map_err(system)?;
        Ok(Self { name: name.to_owned(), socket, received: Vec::new(), server: None })
    }

    /// The socket to wait for.
    pub(super) const fn socket(&self) -> &OwnedFd {
        &self.socket
    }

    /// Waits until the answer is there.
    pub(super) fn wait(&mut self, timeout: Duration) -> Result<(), ConnectError> {
        let deadline = Instant::now() + timeout;
        while !self.read()? {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(self.timed_out(timeout));
            }
            wait_readable(&self.socket, left).map_err(|error| self.system(error))?;
        }
        Ok(())
    }

    pub(super) fn timed_out(&self, after: Duration) -> ConnectError {
        ConnectError::Timeout { name: self.name.clone(), after }
    }

    fn system(&self, source: io::Error) -> ConnectError {
        ConnectError::System { name: self.name.clone(), source }
    }

    fn protocol(&self, problem: impl ToString) -> ConnectError {
        ConnectError::Protocol { name: self.name.clone(), problem: problem.to_string() }
    }

    /// Takes what has come of the answer; true once it is complete.
    pub(super) fn read(&mut self) -> Result<bool, ConnectError> {
        while self.received.len() < CONNECTION_RESPONSE_SIZE {
            let mut bytes = vec![0; CONNECTION_RESPONSE_SIZE - self.received.len()];
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmCredentials(1))];
            let mut ancillary = RecvAncillaryBuffer::new(&mut space);
            let result = recvmsg(
                &self.socket,
                &mut [IoSliceMut::new(&mut bytes)],
                &mut ancillary,
                RecvFlags::CMSG_CLOEXEC,
            );
            let count = match result {
                Ok(message) if message.bytes == 0 => {
                    return Err(self.protocol("it closed the connection during the handshake"));
                }
                Ok(message) => message.bytes,
                Err(Errno::AGAIN) => return Ok(false),
                Err(Errno::INTR) => continue,
                Err(error) => return Err(self.system(error.into())),
            };
            for message in ancillary.drain() {
                if let RecvAncillaryMessage::ScmCredentials(credentials) = message {
                    self.server = Some(credentials.into());
                }
            }
            self.received.extend_from_slice(&bytes[..count]);
        }
        Ok(true)
    }

    /// Opens the channels that the complete answer names.
    pub(super) fn finish(self) -> Result<Connection, ConnectError> {
        let response = match ConnectionResponse::decode(&self.received) {
            Err(error) => return Err(self.protocol(error)),
            Ok(Err(errno)) => return Err(self.refused(errno)),
            Ok(Ok(response)) => response,
        };
        let server = match self.server {
            Some(server) => server,
            None => Credentials::of_peer(&self.socket).map_err(|error| self.system(error))?,
        };
        // From here on the socket carries single bytes without a sender.
        sockopt::set_socket_passcred(&self.socket, false)
            .map_err(|error| self.system(error.into()))?;
        let channels = Channels::open(&response).map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => ConnectError::Denied { name: self.name.clone() },
            _ => self.system(error),
        })?;
        let message_max = response.max_message_bytes as usize;
        Ok(Connection::new(self.socket, channels, server, message_max))
    }

    fn refused(&self, errno: i32) -> ConnectError {
        let source = io::Error::from_raw_os_error(errno);
        let name = self.name.clone();
        match source.kind() {
            io::ErrorKind::PermissionDenied => ConnectError::Denied { name },
            io::ErrorKind::WouldBlock => ConnectError::NotReady { name },
            _ => ConnectError::System { name, source },
        }
    }
}
