//! Clients on other hosts: who they are, and the messages between them and this daemon.
//!
//! One task for each connection reads, another one writes. A client has to log in, within a short time and with a short
//! message, as a user who belongs to the cluster's group; until then nothing that it says reaches the machine.

mod connection;
mod login;

use std::{cell::Cell, collections::BTreeMap, io, net::Ipv4Addr, rc::Rc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, UnboundedSender, channel, unbounded_channel},
    task::AbortHandle,
};
use wire::RemoteFrame;
use xml::Element;

/// The most connections at a time, those of strangers included.
const CONNECTIONS_MAX: usize = 64;
/// The most bytes that may wait for a client that does not read.
const WAITING_MAX: usize = 128 << 20;
/// Messages of all clients that wait to be handled; more wait with their senders.
const BACKLOG: usize = 64;
/// How long to wait when no connection can be accepted, for want of file descriptors as a rule.
const PAUSE: Duration = Duration::from_millis(200);

/// Everything about remote clients.
#[derive(Debug)]
pub(crate) struct Remote {
    listener: Option<Listener>,
    /// The port that a listener with encryption was asked for.
    encrypted_port: Option<u16>,
    connections: BTreeMap<u64, Connection>,
    last: u64,
    events: Receiver<RemoteEvent>,
    sender: Sender<RemoteEvent>,
}

#[derive(Debug)]
struct Listener {
    port: u16,
    socket: TcpListener,
}

#[derive(Debug)]
struct Connection {
    outgoing: UnboundedSender<Vec<u8>>,
    /// Bytes that are not written yet.
    waiting: Rc<Cell<usize>>,
    tasks: [AbortHandle; 2],
    sent: u64,
}

/// Something that a remote client did.
#[derive(Debug)]
pub(crate) enum RemoteEvent {
    /// It logged in.
    LoggedIn {
        /// The connection.
        connection: u64,
        /// The user.
        user: String,
    },
    /// It sent a message.
    Message {
        /// The connection.
        connection: u64,
        /// The message.
        body: Element,
    },
    /// It has gone, or has to go.
    Closed {
        /// The connection.
        connection: u64,
        /// Whether it had logged in.
        was_known: bool,
        /// Why, if it is worth telling.
        reason: Option<String>,
    },
}

impl Remote {
    pub(crate) fn new() -> Self {
        let (sender, events) = channel(BACKLOG);
        let connections = BTreeMap::new();
        Self { listener: None, encrypted_port: None, connections, last: 0, events, sender }
    }

    /// Listens at the ports that the CIB asks for, and at no others.
    pub(crate) fn listen(&mut self, cib: &Element) {
        let port = |name| {
            let number = cib.attr(name).and_then(|text| text.trim().parse::<u16>().ok());
            number.filter(|&number| number > 0)
        };
        let (clear, encrypted) = (port("remote-clear-port"), port("remote-tls-port"));
        if self.encrypted_port != encrypted {
            self.encrypted_port = encrypted;
            if let Some(port) = encrypted {
                tracing::error!(
                    "not listening on port {port}: encryption (remote-tls-port) is not implemented yet"
                );
            }
        }
        if self.listener.as_ref().map(|listener| listener.port) == clear {
            return;
        }
        self.listener = None;
        let Some(port) = clear else { return };
        match bind(port) {
            Ok(socket) => {
                tracing::warn!("Starting plain-text listener on port {port}");
                self.listener = Some(Listener { port, socket });
            }
            Err(error) => tracing::error!("cannot listen on port {port}: {error}"),
        }
    }

    /// Waits for the next thing that a client does. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> RemoteEvent {
        loop {
            tokio::select! {
                accepted = accept(self.listener.as_ref()) => match accepted {
                    Ok(stream) => self.connected(stream),
                    Err(error) => {
                        tracing::warn!("cannot accept a remote client: {error}");
                        tokio::time::sleep(PAUSE).await;
                    }
                },
                Some(event) = self.events.recv() => {
                    if let RemoteEvent::Closed { connection, .. } = &event {
                        self.disconnect(*connection);
                    }
                    return event;
                }
            }
        }
    }

    fn connected(&mut self, stream: TcpStream) {
        if self.connections.len() >= CONNECTIONS_MAX {
            tracing::warn!("refused a remote client: there are {CONNECTIONS_MAX} already");
            return;
        }
        // Without it answers only come later.
        let _ = stream.set_nodelay(true);
        self.last += 1;
        let (outgoing, queue) = unbounded_channel();
        let waiting = Rc::new(Cell::new(0));
        let (input, output) = stream.into_split();
        let reading = connection::read(self.last, input, self.sender.clone());
        let writing = connection::write(output, queue, Rc::clone(&waiting));
        let tasks = [
            tokio::task::spawn_local(reading).abort_handle(),
            tokio::task::spawn_local(writing).abort_handle(),
        ];
        self.connections.insert(self.last, Connection { outgoing, waiting, tasks, sent: 0 });
    }

    /// Sends a message to a client.
    pub(crate) fn send(&mut self, connection: u64, body: &Element) {
        let Some(client) = self.connections.get_mut(&connection) else { return };
        client.sent += 1;
        let frame = match RemoteFrame::encode(client.sent, &body.to_compact()) {
            Ok(frame) => frame,
            Err(error) => {
                return tracing::warn!("a message to a remote client was not sent: {error}");
            }
        };
        client.waiting.set(client.waiting.get() + frame.len());
        let sent = client.waiting.get() <= WAITING_MAX && client.outgoing.send(frame).is_ok();
        if !sent {
            tracing::warn!("a remote client does not read what it is sent");
            // The reader's end tells the machine that the client has gone.
            let reason = None;
            let event = RemoteEvent::Closed { connection, was_known: true, reason };
            let sender = self.sender.clone();
            tokio::task::spawn_local(async move { drop(sender.send(event).await) });
            self.disconnect(connection);
        }
    }

    /// Closes a connection.
    pub(crate) fn disconnect(&mut self, connection: u64) {
        if let Some(client) = self.connections.remove(&connection) {
            client.tasks.iter().for_each(AbortHandle::abort);
        }
    }
}

fn bind(port: u16) -> io::Result<TcpListener> {
    let socket = std::net::TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket)
}

async fn accept(listener: Option<&Listener>) -> io::Result<TcpStream> {
    match listener {
        Some(listener) => listener.socket.accept().await.map(|(stream, _)| stream),
        None => std::future::pending().await,
    }
}
