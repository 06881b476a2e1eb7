//! Clients on other hosts: who they are, and the messages between them and this daemon.
//!
//! One task for each connection reads, another one writes. A client has to log in, within a short time and with a short
//! message, as a user who belongs to the cluster's group; until then nothing that it says reaches the machine.

mod connection;
mod login;

use std::{cell::Cell, collections::BTreeMap, io, net::Ipv4Addr, rc::Rc, time::Duration};

use client::tls::Credentials;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, UnboundedSender, channel, unbounded_channel},
    task::AbortHandle,
};
use tokio_rustls::TlsAcceptor;
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
    clear: Option<Listener>,
    encrypted: Option<Listener>,
    /// The ports that were asked for, whether anything listens there or not.
    ports: (Option<u16>, Option<u16>),
    connections: BTreeMap<u64, Connection>,
    last: u64,
    events: Receiver<RemoteEvent>,
    sender: Sender<RemoteEvent>,
}

#[derive(Debug)]
struct Listener {
    socket: TcpListener,
    /// What encrypts its connections.
    tls: Option<Acceptor>,
}

#[derive(Clone)]
struct Acceptor(TlsAcceptor);

impl std::fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Acceptor")
    }
}

#[derive(Debug)]
struct Connection {
    outgoing: UnboundedSender<Vec<u8>>,
    /// Bytes that are not written yet.
    waiting: Rc<Cell<usize>>,
    task: AbortHandle,
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
        /// The name that it gave itself.
        name: Option<String>,
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
        let ports = (None, None);
        Self { clear: None, encrypted: None, ports, connections, last: 0, events, sender }
    }

    /// Listens at the ports that the CIB asks for, and at no others.
    pub(crate) fn listen(&mut self, cib: &Element) {
        let port = |name| {
            let number = cib.attr(name).and_then(|text| text.trim().parse::<u16>().ok());
            number.filter(|&number| number > 0)
        };
        let ports = (port("remote-clear-port"), port("remote-tls-port"));
        let before = std::mem::replace(&mut self.ports, ports);
        if before.0 != ports.0 {
            self.clear = None;
            if let Some(port) = ports.0 {
                tracing::warn!("Starting plain-text listener on port {port}");
                self.clear = listener(port, None);
            }
        }
        if before.1 != ports.1 {
            self.encrypted = None;
            if let Some(port) = ports.1 {
                tracing::info!("Starting TLS listener on port {port}");
                self.encrypted = acceptor().and_then(|tls| listener(port, Some(tls)));
            }
        }
    }

    /// Waits for the next thing that a client does. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> RemoteEvent {
        loop {
            tokio::select! {
                accepted = accept(self.clear.as_ref(), self.encrypted.as_ref()) => match accepted {
                    Ok((stream, tls)) => self.connected(stream, tls),
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

    fn connected(&mut self, stream: TcpStream, tls: Option<Acceptor>) {
        if self.connections.len() >= CONNECTIONS_MAX {
            tracing::warn!("refused a remote client: there are {CONNECTIONS_MAX} already");
            return;
        }
        // Without it answers only come later.
        let _ = stream.set_nodelay(true);
        self.last += 1;
        let (outgoing, queue) = unbounded_channel();
        let waiting = Rc::new(Cell::new(0));
        let pipe = connection::Pipe {
            connection: self.last,
            events: self.sender.clone(),
            queue,
            waiting: Rc::clone(&waiting),
        };
        let task = tokio::task::spawn_local(async move {
            match tls {
                None => pipe.serve(stream).await,
                Some(Acceptor(tls)) => pipe.serve_encrypted(stream, tls).await,
            }
        });
        let task = task.abort_handle();
        self.connections.insert(self.last, Connection { outgoing, waiting, task, sent: 0 });
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
            client.task.abort();
        }
    }
}

fn listener(port: u16, tls: Option<Acceptor>) -> Option<Listener> {
    match bind(port) {
        Ok(socket) => Some(Listener { socket, tls }),
        Err(error) => {
            tracing::error!("cannot listen on port {port}: {error}");
            None
        }
    }
}

/// What encrypts connections with the certificates that the environment names.
fn acceptor() -> Option<Acceptor> {
    let credentials = match Credentials::from_environment() {
        Ok(Some(credentials)) => credentials,
        Ok(None) => {
            tracing::error!(
                "not listening with encryption: without certificates (PCMK_ca_file, PCMK_cert_file, \
                 PCMK_key_file) it is not implemented"
            );
            return None;
        }
        Err(error) => {
            tracing::error!("not listening with encryption: {error}");
            return None;
        }
    };
    match credentials.server() {
        Ok(config) => Some(Acceptor(TlsAcceptor::from(config))),
        Err(error) => {
            tracing::error!("not listening with encryption: {error}");
            None
        }
    }
}

fn bind(port: u16) -> io::Result<TcpListener> {
    let socket = std::net::TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket)
}

async fn accept(
    clear: Option<&Listener>,
    encrypted: Option<&Listener>,
) -> io::Result<(TcpStream, Option<Acceptor>)> {
    let (listener, (stream, _)) = tokio::select! {
        accepted = accept_at(clear) => accepted?,
        accepted = accept_at(encrypted) => accepted?,
    };
    Ok((stream, listener.tls.clone()))
}

async fn accept_at(
    listener: Option<&Listener>,
) -> io::Result<(&Listener, (TcpStream, std::net::SocketAddr))> {
    match listener {
        Some(listener) => Ok((listener, listener.socket.accept().await?)),
        None => std::future::pending().await,
    }
}
