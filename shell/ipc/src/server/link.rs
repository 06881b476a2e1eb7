use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    sync::Arc,
    task::{Context, Poll},
};

use rustix::{
    io::{Errno, IoSlice},
    net::{
        AddressFamily, RecvFlags, SendAncillaryBuffer, SendFlags, SocketAddrUnix, SocketFlags,
        SocketType, bind, connect, recvfrom, send, sendmsg, socket_with, sockopt,
    },
};
use tokio::io::unix::AsyncFd;
use wire::qb::{ConnectionResponse, Transport};

use crate::{
    access::Ownership,
    address,
    shm::{Channel, Control, Damage, Directory, Ring, RingReader, RingWriter},
    watched::watch,
};

/// The server's end of a connection's three channels.
#[derive(Debug)]
pub(super) enum Link {
    Rings(Rings),
    Sockets(Box<Sockets>),
}

/// Why nothing more can be exchanged with a client.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    #[error(transparent)]
    Damage(#[from] Damage),
    #[error(transparent)]
    System(#[from] io::Error),
}

impl From<Errno> for LinkError {
    fn from(error: Errno) -> Self {
        Self::System(error.into())
    }
}

/// Channels in shared memory.
#[derive(Debug)]
pub(super) struct Rings {
    requests: RingReader,
    responses: RingWriter,
    events: RingWriter,
    directory: Directory,
}

/// Channels over datagram sockets.
#[derive(Debug)]
pub(super) struct Sockets {
    /// Receives requests and sends answers.
    requests: AsyncFd<OwnedFd>,
    events: OwnedFd,
    control: Control,
    client_requests: SocketAddrUnix,
    client_events: SocketAddrUnix,
    is_connected: bool,
    events_connected: bool,
    message_max: usize,
    _directory: Directory,
}

/// What the new channels are for.
pub(super) struct Plan<'a> {
    pub(super) service: &'a str,
    pub(super) transport: Transport,
    pub(super) message_max: u32,
    pub(super) owner: Ownership,
    /// Numbers for the names of the files: server process, client process, connection.
    pub(super) marks: [u64; 3],
}

impl Link {
    /// Sets up the channels; the second value tells the client where they are.
    pub(super) fn create(plan: &Plan<'_>) -> io::Result<(Self, ConnectionResponse)> {
        let directory = Directory::create(plan.marks)?;
        match plan.transport {
            Transport::SharedMemory => create_rings(plan, directory),
            Transport::Socket => create_sockets(plan, directory),
        }
    }

    /// The next request, if there is one.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Vec<u8>, LinkError>> {
        match self {
            Self::Rings(rings) => match rings.requests.read() {
                Ok(Some(message)) => {
                    // A client that sends has opened all files: they need no names any more.
                    rings.directory.remove();
                    Poll::Ready(Ok(message))
                }
                Ok(None) => Poll::Pending,
                Err(damage) => Poll::Ready(Err(damage.into())),
            },
            Self::Sockets(sockets) => sockets.poll_read(cx),
        }
    }

    /// Sends an answer; false if there is no room for it now.
    pub(super) fn respond(&mut self, message: &[u8]) -> Result<bool, LinkError> {
        match self {
            Self::Rings(rings) => Ok(rings.responses.write(&[message])?),
            Self::Sockets(sockets) => {
                if !sockets.is_connected {
                    return Ok(false);
                }
                sockets.send(Channel::Response, &[message])
            }
        }
    }

    /// Sends an event, whose parts are one message; false if there is no room for it now.
    pub(super) fn notify(&mut self, parts: &[&[u8]]) -> Result<bool, LinkError> {
        match self {
            Self::Rings(rings) => Ok(rings.events.write(parts)?),
            Self::Sockets(sockets) => {
                if !sockets.events_connected {
                    match connect(&sockets.events, &sockets.client_events) {
                        // The client has not got that far yet.
                        Err(Errno::CONNREFUSED | Errno::NOENT) => return Ok(false),
                        result => result?,
                    }
                    sockets.events_connected = true;
                }
                sockets.send(Channel::Event, parts)
            }
        }
    }

    /// Tells the client whether it may send requests: what it obeys is its own affair.
    pub(super) fn set_flow_control(&self, number: i32) {
        match self {
            Self::Rings(rings) => rings.requests.ring().set_flow_control(number),
            Self::Sockets(sockets) => sockets.control.set_flow_control(number),
        }
    }

    /// Whether a byte on the connection's socket must go with each event.
    pub(super) const fn needs_wake_up(&self) -> bool {
        matches!(self, Self::Rings(_))
    }
}

impl Drop for Rings {
    fn drop(&mut self) {
        // C clients look at the count to see whether there still is a server.
        for ring in [self.requests.ring(), self.responses.ring(), self.events.ring()] {
            ring.close();
        }
    }
}

fn create_rings(
    plan: &Plan<'_>,
    mut directory: Directory,
) -> io::Result<(Link, ConnectionResponse)> {
    let mut files = Vec::new();
    let mut ring = |kind: &str| -> io::Result<(Arc<Ring>, String)> {
        let end = format!("-{kind}-{}", plan.service);
        let header = directory.create_file(&format!("{end}-header"))?;
        let data = directory.create_file(&format!("{end}-data"))?;
        let path = directory.base_path() + &end;
        let ring = Ring::create(&header, &data, &path, plan.message_max as usize)?;
        files.extend([header, data]);
        Ok((Arc::new(ring), path))
    };
    let (requests, request) = ring("request")?;
    let (responses, response) = ring("response")?;
    let (events, event) = ring("event")?;
    directory.hand_over(&files.iter().collect::<Vec<_>>(), plan.owner)?;
    let link = Link::Rings(Rings {
        requests: requests.reader(),
        responses: responses.writer(),
        events: events.writer(),
        directory,
    });
    Ok((link, answer(plan, request, response, event)))
}

fn create_sockets(
    plan: &Plan<'_>,
    mut directory: Directory,
) -> io::Result<(Link, ConnectionResponse)> {
    let end = format!("-control-{}", plan.service);
    let file = directory.create_file(&end)?;
    let control = Control::create(&file)?;
    let base_name = format!("{}-{}", directory.base_path(), plan.service);
    let requests = datagram_socket(&base_name, "request", plan.message_max)?;
    let events = datagram_socket(&base_name, "event-tx", plan.message_max)?;
    let request = directory.base_path() + &end;
    directory.hand_over(&[&file], plan.owner)?;
    let link = Link::Sockets(Box::new(Sockets {
        requests: watch(requests)?,
        events,
        control,
        client_requests: address::of_connection(&base_name, "response")?,
        client_events: address::of_connection(&base_name, "event")?,
        is_connected: false,
        events_connected: false,
        message_max: plan.message_max as usize,
        _directory: directory,
    }));
    Ok((link, answer(plan, request, base_name, String::new())))
}

fn answer(plan: &Plan<'_>, request: String, response: String, event: String) -> ConnectionResponse {
    ConnectionResponse {
        transport: plan.transport,
        max_message_bytes: plan.message_max,
        connection: plan.marks[2],
        request,
        response,
        event,
    }
}

/// A socket for whole messages under one of a connection's names.
pub(crate) fn datagram_socket(base_name: &str, end: &str, message_max: u32) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::DGRAM, flags, None)?;
    bind(&socket, &address::of_connection(base_name, end)?)?;
    let wanted = message_max as usize;
    if sockopt::socket_send_buffer_size(&socket)? <= wanted {
        sockopt::set_socket_send_buffer_size(&socket, wanted)?;
    }
    Ok(socket)
}

impl Sockets {
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Vec<u8>, LinkError>> {
        loop {
            let Poll::Ready(guard) = self.requests.poll_read_ready(cx) else {
                return Poll::Pending;
            };
            let mut guard = guard?;
            // One byte more, so that a message that is too long is noticed.
            let mut message = vec![0; self.message_max + 1];
            let received = recvfrom(self.requests.get_ref(), &mut message[..], RecvFlags::empty());
            let (length, sender) = match received {
                Err(Errno::AGAIN) => {
                    guard.clear_ready();
                    continue;
                }
                Err(Errno::INTR) => continue,
                Err(error) => return Poll::Ready(Err(error.into())),
                Ok((length, _, sender)) => (length, sender),
            };
            if !self.is_connected {
                // Anybody may send to a name; once connected the kernel lets only the client.
                let sender = sender.and_then(|sender| SocketAddrUnix::try_from(sender).ok());
                if sender.as_ref() != Some(&self.client_requests) {
                    continue;
                }
                connect(self.requests.get_ref(), &self.client_requests)?;
                self.is_connected = true;
            }
            self.control.received(Channel::Request);
            message.truncate(length);
            return Poll::Ready(Ok(message));
        }
    }

    fn send(&self, channel: Channel, parts: &[&[u8]]) -> Result<bool, LinkError> {
        let socket = match channel {
            Channel::Event => self.events.as_fd(),
            Channel::Request | Channel::Response => self.requests.as_fd(),
        };
        let sent = match parts {
            [message] => send(socket, message, SendFlags::NOSIGNAL),
            parts => {
                let parts: Vec<_> = parts.iter().map(|part| IoSlice::new(part)).collect();
                let mut nothing = SendAncillaryBuffer::default();
                sendmsg(socket, &parts, &mut nothing, SendFlags::NOSIGNAL)
            }
        };
        match sent {
            Ok(_) => {
                self.control.sent(channel);
                Ok(true)
            }
            Err(Errno::AGAIN | Errno::INTR | Errno::NOBUFS) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
