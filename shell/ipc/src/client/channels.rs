use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::Arc,
};

use rustix::{
    fs::{Mode, OFlags},
    io::Errno,
    net::{RecvFlags, SendFlags, connect, recv, send},
};
use wire::qb::{ConnectionResponse, Transport};

use super::Priority;
use crate::{
    CallError, address,
    server::link::datagram_socket,
    shm::{Channel, Control, Damage, Ring, RingReader, RingWriter},
};

/// The client's end of a connection's three channels. Nothing here waits.
#[derive(Debug)]
pub(super) enum Channels {
    Rings { requests: RingWriter, responses: RingReader, events: RingReader },
    Sockets(Sockets),
}

/// Channels over datagram sockets.
#[derive(Debug)]
pub(super) struct Sockets {
    /// Sends requests and receives answers.
    requests: OwnedFd,
    events: OwnedFd,
    control: Control,
    message_max: usize,
}

impl From<Damage> for CallError {
    fn from(damage: Damage) -> Self {
        Self::Malformed(damage.to_string())
    }
}

impl Channels {
    /// Opens what the server has set up.
    pub(super) fn open(response: &ConnectionResponse) -> io::Result<Self> {
        let message_max = response.max_message_bytes as usize;
        match response.transport {
            Transport::SharedMemory => {
                let ring = |path: &str| -> io::Result<Arc<Ring>> {
                    let header = open_file(&format!("{path}-header"))?;
                    let data = open_file(&format!("{path}-data"))?;
                    Ring::open(header, data, message_max).map(Arc::new)
                };
                Ok(Self::Rings {
                    requests: ring(&response.request)?.writer(),
                    responses: ring(&response.response)?.reader(),
                    events: ring(&response.event)?.reader(),
                })
            }
            Transport::Socket => {
                let control = Control::open(open_file(&response.request)?)?;
                let socket = |own, other| -> io::Result<OwnedFd> {
                    let base_name = &response.response;
                    let socket = datagram_socket(base_name, own, response.max_message_bytes)?;
                    connect(&socket, &address::of_connection(base_name, other)?)?;
                    Ok(socket)
                };
                let requests = socket("response", "request")?;
                let events = socket("event", "event-tx")?;
                Ok(Self::Sockets(Sockets { requests, events, control, message_max }))
            }
        }
    }

    /// Sends a request; false if the server takes none now.
    pub(super) fn send(&mut self, message: &[u8], priority: Priority) -> Result<bool, CallError> {
        let flow_control = match self {
            Self::Rings { requests, .. } => requests.ring().flow_control(),
            Self::Sockets(sockets) => sockets.control.flow_control(),
        };
        if (1..=priority.obeys()).contains(&flow_control) {
            return Ok(false);
        }
        match self {
            Self::Rings { requests, .. } => Ok(requests.write(&[message])?),
            Self::Sockets(sockets) => {
                match send(&sockets.requests, message, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
                    Ok(_) => {
                        sockets.control.sent(Channel::Request);
                        Ok(true)
                    }
                    Err(Errno::AGAIN | Errno::INTR | Errno::NOBUFS) => Ok(false),
                    Err(error) => Err(lost_or(error)),
                }
            }
        }
    }

    /// The next answer, if it is there.
    pub(super) fn response(&mut self) -> Result<Option<Vec<u8>>, CallError> {
        match self {
            Self::Rings { responses, .. } => Ok(responses.read()?),
            Self::Sockets(sockets) => sockets.receive(Channel::Response),
        }
    }

    /// The next event, if there is one.
    pub(super) fn event(&mut self) -> Result<Option<Vec<u8>>, CallError> {
        match self {
            Self::Rings { events, .. } => Ok(events.read()?),
            Self::Sockets(sockets) => sockets.receive(Channel::Event),
        }
    }

    /// The ring that answers come through, which can be waited for; `None` with sockets.
    pub(super) fn response_ring(&self) -> Option<Arc<Ring>> {
        match self {
            Self::Rings { responses, .. } => Some(Arc::clone(responses.ring())),
            Self::Sockets(_) => None,
        }
    }

    /// The socket that answers come through; `None` with rings.
    pub(super) fn response_socket(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Rings { .. } => None,
            Self::Sockets(sockets) => Some(sockets.requests.as_fd()),
        }
    }

    /// The socket that events come through; `None` with rings, where the connection's own socket announces them.
    pub(super) fn event_socket(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Rings { .. } => None,
            Self::Sockets(sockets) => Some(sockets.events.as_fd()),
        }
    }
}

impl Sockets {
    fn receive(&self, channel: Channel) -> Result<Option<Vec<u8>>, CallError> {
        let socket = match channel {
            Channel::Event => &self.events,
            Channel::Request | Channel::Response => &self.requests,
        };
        loop {
            let mut message = vec![0; self.message_max + 1];
            match recv(socket, &mut message[..], RecvFlags::DONTWAIT) {
                Ok((length, _)) => {
                    self.control.received(channel);
                    message.truncate(length);
                    return Ok(Some(message));
                }
                Err(Errno::AGAIN) => return Ok(None),
                Err(Errno::INTR) => {}
                Err(error) => return Err(lost_or(error)),
            }
        }
    }
}

fn lost_or(error: Errno) -> CallError {
    match error {
        Errno::CONNREFUSED | Errno::CONNRESET | Errno::NOTCONN | Errno::PIPE | Errno::NOENT => {
            CallError::Lost
        }
        error => CallError::System(error.into()),
    }
}

fn open_file(path: &str) -> io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    Ok(rustix::fs::open(path, flags, Mode::empty())?)
}
