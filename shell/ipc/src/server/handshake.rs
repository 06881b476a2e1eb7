use std::{
    io,
    os::fd::OwnedFd,
    task::{Context, Poll},
};

use rustix::{
    io::Errno,
    net::{RecvFlags, SendFlags, recv, send, sockopt},
};
use tokio::io::unix::AsyncFd;
use wire::qb::{CONNECTION_REQUEST_SIZE, ConnectionRequest};

use crate::{Credentials, watched::watch};

/// A connection whose client has not yet said what it wants.
#[derive(Debug)]
pub(super) struct Handshake {
    socket: AsyncFd<OwnedFd>,
    credentials: Credentials,
    received: Vec<u8>,
}

/// A connection whose client has said what it wants and waits for the answer.
#[derive(Debug)]
pub(super) struct Applicant {
    pub(super) socket: AsyncFd<OwnedFd>,
    pub(super) credentials: Credentials,
    pub(super) request: ConnectionRequest,
}

impl Handshake {
    pub(super) fn new(socket: OwnedFd) -> io::Result<Self> {
        let credentials = Credentials::of_peer(&socket)?;
        // C clients learn who the server is from what comes with its answer; this makes the kernel attach it.
        sockopt::set_socket_passcred(&socket, true)?;
        Ok(Self { socket: watch(socket)?, credentials, received: Vec::new() })
    }

    /// Whether the client's message is complete, or an error if it never will be.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.received.len() < CONNECTION_REQUEST_SIZE {
            let Poll::Ready(guard) = self.socket.poll_read_ready(cx) else {
                return Poll::Pending;
            };
            let mut guard = guard?;
            let mut bytes = [0_u8; CONNECTION_REQUEST_SIZE];
            let wanted = CONNECTION_REQUEST_SIZE - self.received.len();
            match recv(self.socket.get_ref(), &mut bytes[..wanted], RecvFlags::DONTWAIT) {
                Ok((0, _)) => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                Ok((count, _)) => self.received.extend_from_slice(&bytes[..count]),
                Err(Errno::AGAIN) => guard.clear_ready(),
                Err(Errno::INTR) => {}
                Err(error) => return Poll::Ready(Err(error.into())),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// What the client wants, once its message is complete.
    pub(super) fn finish(self) -> Result<Applicant, wire::WireError> {
        let request = ConnectionRequest::decode(&self.received)?;
        Ok(Applicant { socket: self.socket, credentials: self.credentials, request })
    }
}

impl Applicant {
    /// Sends the answer, which fits into an empty socket.
    pub(super) fn answer(&self, message: &[u8]) -> io::Result<()> {
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        let sent = send(self.socket.get_ref(), message, flags)?;
        if sent == message.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
    }
}
