use std::{
    collections::VecDeque,
    io,
    os::fd::OwnedFd,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use rustix::{
    io::Errno,
    net::{AddressFamily, SocketFlags, SocketType, accept_with, bind, listen, socket_with},
};
use tokio::io::unix::AsyncFd;

use super::{
    handshake::{Applicant, Handshake},
    ready::Turn,
};
use crate::{address, watched::watch};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 128;
/// Connections at a time whose client has not finished the handshake; a new one then costs the oldest its place.
const HANDSHAKES_MAX: usize = 64;

/// Where clients come in: the listening socket and those who have not yet said what they want.
#[derive(Debug)]
pub(super) struct Door {
    name: String,
    listener: AsyncFd<OwnedFd>,
    handshakes: VecDeque<Handshake>,
    turn: Arc<Turn>,
    waker: Waker,
    /// The system was out of something when the last connection came.
    is_accepting_late: bool,
}

impl Door {
    /// Starts to listen.
    pub(super) fn open(name: &str, turn: Arc<Turn>) -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        let address = address::listening(name)?;
        if let Some(path) = address.path() {
            // A socket in the file system outlives its server.
            let _ = rustix::fs::unlink(path);
        }
        bind(&socket, &address)?;
        if let Some(path) = address.path() {
            // Who may connect is decided when somebody does.
            rustix::fs::chmod(path, rustix::fs::Mode::from_raw_mode(0o777))?;
        }
        listen(&socket, BACKLOG)?;
        turn.ask();
        Ok(Self {
            name: name.to_owned(),
            listener: watch(socket)?,
            handshakes: VecDeque::new(),
            waker: Waker::from(Arc::clone(&turn)),
            turn,
            is_accepting_late: false,
        })
    }

    /// The next client that has said what it wants. Called again, as long as there is one.
    pub(super) fn next(&mut self) -> Option<Applicant> {
        let waker = self.waker.clone();
        let mut cx = Context::from_waker(&waker);
        self.accept(&mut cx);
        let applicant = self.shake_hands(&mut cx);
        if applicant.is_some() {
            self.turn.ask();
        }
        applicant
    }

    fn accept(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(Ok(mut guard)) = self.listener.poll_read_ready(cx) {
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            match accept_with(self.listener.get_ref(), flags).map_err(io::Error::from) {
                Ok(socket) => match Handshake::new(socket) {
                    Ok(handshake) => self.handshakes.push_back(handshake),
                    Err(error) => tracing::warn!("{}: new connection: {error}", self.name),
                },
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => guard.clear_ready(),
                Err(error) if is_about_one_connection(&error) => {}
                Err(error) => {
                    // Out of file descriptors or memory: the connection stays in the backlog.
                    tracing::warn!("{}: cannot accept a connection: {error}", self.name);
                    guard.clear_ready();
                    self.is_accepting_late = true;
                }
            }
            if self.handshakes.len() > HANDSHAKES_MAX {
                self.handshakes.pop_front();
            }
        }
    }

    fn shake_hands(&mut self, cx: &mut Context<'_>) -> Option<Applicant> {
        let mut index = 0;
        while let Some(handshake) = self.handshakes.get_mut(index) {
            let Poll::Ready(result) = handshake.poll(cx) else {
                index += 1;
                continue;
            };
            let handshake = self.handshakes.remove(index)?;
            let applicant = match result {
                Ok(()) => handshake.finish().map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            match applicant {
                Ok(applicant) => return Some(applicant),
                Err(problem) => tracing::debug!("{}: handshake failed: {problem}", self.name),
            }
        }
        None
    }

    /// Whether [`Self::accept_late`] is to be called after a while.
    pub(super) const fn is_accepting_late(&self) -> bool {
        self.is_accepting_late
    }

    /// Accepts without having been told that there is something to accept: that was said only once.
    pub(super) fn accept_late(&mut self) {
        self.is_accepting_late = false;
        self.turn.ask();
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        while self.handshakes.len() < HANDSHAKES_MAX {
            match accept_with(self.listener.get_ref(), flags) {
                Ok(socket) => self.handshakes.extend(Handshake::new(socket)),
                Err(Errno::AGAIN) => return,
                Err(_) => break,
            }
        }
        self.is_accepting_late = true;
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let address = rustix::net::getsockname(self.listener.get_ref());
        let address = address.ok().and_then(|a| rustix::net::SocketAddrUnix::try_from(a).ok());
        if let Some(path) = address.as_ref().and_then(|address| address.path()) {
            let _ = rustix::fs::unlink(path);
        }
    }
}

/// Whether accepting failed because of the connection that was to be accepted.
fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
            | io::ErrorKind::PermissionDenied
    )
}
