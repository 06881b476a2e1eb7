//! A server that never blocks: whatever a client does or leaves undone concerns that client only.

mod handshake;
pub(crate) mod link;
mod peer;

use std::{
    collections::{BTreeMap, VecDeque},
    future::{Future, poll_fn},
    io,
    ops::Bound,
    os::fd::OwnedFd,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use rustix::{
    io::Errno,
    net::{AddressFamily, SocketFlags, SocketType, accept_with, bind, listen, socket_with},
};
use tokio::{
    io::unix::AsyncFd,
    time::{Sleep, sleep},
};
use wire::qb::{CONNECTION_RESPONSE_SIZE, ConnectionResponse, Transport};

use self::{
    handshake::{Applicant, Handshake},
    link::{Link, Plan},
    peer::{Gone, Peer},
};
use crate::{
    Access, CallError, ClientId, Credentials, access::ClusterIds, address, watched::watch,
};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 128;
/// Connections at a time.
const CLIENTS_MAX: usize = 1000;
/// Connections at a time whose client has not finished the handshake; a new one then costs the oldest its place.
const HANDSHAKES_MAX: usize = 64;
/// However big a client wants its buffers, they get no bigger.
const MESSAGE_LIMIT: u32 = 64 << 20;
/// After how long it is tried again to send what did not fit: clients do not say when they have read something.
const RETRY: Duration = Duration::from_millis(20);

/// What a server is to be.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// The name it listens under.
    pub name: String,
    /// How messages travel.
    pub transport: Transport,
    /// Bytes of the biggest message; a client may ask for more.
    pub max_message_bytes: u32,
    /// Who may connect.
    pub access: Access,
}

/// Something that a server has to deal with.
#[derive(Debug, PartialEq, Eq)]
pub enum ServerEvent {
    /// A client has connected.
    Connected {
        /// The connection.
        client: ClientId,
        /// Who it is.
        credentials: Credentials,
    },
    /// A client sent a request: libqb's header and what the header says is behind it.
    Request {
        /// The connection.
        client: ClientId,
        /// The message.
        bytes: Vec<u8>,
    },
    /// A client has gone. Nothing can be sent to it any more.
    Disconnected {
        /// The connection.
        client: ClientId,
    },
}

/// A server for local clients.
///
/// Everything happens inside [`Server::next`]: accepting, reading, and sending later what clients had no room for.
#[derive(Debug)]
pub struct Server {
    settings: ServerSettings,
    ids: ClusterIds,
    listener: AsyncFd<OwnedFd>,
    handshakes: VecDeque<Handshake>,
    peers: BTreeMap<ClientId, Peer>,
    /// Clients that have gone and have not been reported.
    gone: VecDeque<ClientId>,
    last_id: u64,
    /// The client that had its turn last.
    served: ClientId,
    retry: Option<Pin<Box<Sleep>>>,
    /// The system was out of something when the last connection came.
    is_accepting_late: bool,
}

impl Server {
    /// Starts to listen.
    pub fn bind(settings: ServerSettings) -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        let address = address::listening(&settings.name)?;
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
        Ok(Self {
            settings,
            ids: ClusterIds::look_up(),
            listener: watch(socket)?,
            handshakes: VecDeque::new(),
            peers: BTreeMap::new(),
            gone: VecDeque::new(),
            last_id: 0,
            served: ClientId(0),
            retry: None,
            is_accepting_late: false,
        })
    }

    /// Waits for the next thing to deal with. Dropping the future loses nothing.
    pub async fn next(&mut self) -> ServerEvent {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Answers a request. The client reads answers in the order in which they are sent.
    pub fn respond(&mut self, client: ClientId, message: &[u8]) -> Result<(), CallError> {
        self.send(client, |peer| peer.respond(message))
    }

    /// Sends an event. A client that does not take its events is disconnected.
    pub fn event(&mut self, client: ClientId, message: &[u8]) -> Result<(), CallError> {
        self.send(client, |peer| peer.notify(message))
    }

    fn send(
        &mut self,
        client: ClientId,
        put: impl FnOnce(&mut Peer) -> Result<(), CallError>,
    ) -> Result<(), CallError> {
        let peer = self.peers.get_mut(&client).ok_or(CallError::Lost)?;
        put(peer)?;
        if let Err(why) = peer.flush() {
            self.drop_peer(client, &why);
            return Err(CallError::Lost);
        }
        Ok(())
    }

    /// Bytes of the biggest message that the client takes; `None` if it has gone.
    pub fn message_limit(&self, client: ClientId) -> Option<usize> {
        self.peers.get(&client).map(Peer::message_max)
    }

    /// Closes a connection; [`ServerEvent::Disconnected`] does not follow.
    pub fn disconnect(&mut self, client: ClientId) {
        self.peers.remove(&client);
        self.gone.retain(|&gone| gone != client);
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<ServerEvent> {
        loop {
            if let Some(client) = self.gone.pop_front() {
                return Poll::Ready(ServerEvent::Disconnected { client });
            }
            self.accept(cx);
            if let Some(event) = self.shake_hands(cx) {
                return Poll::Ready(event);
            }
            self.flush();
            if let Some(event) = self.read(cx) {
                return Poll::Ready(event);
            }
            if self.gone.is_empty() && self.poll_retry(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    fn accept(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(Ok(mut guard)) = self.listener.poll_read_ready(cx) {
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            match accept_with(self.listener.get_ref(), flags).map_err(io::Error::from) {
                Ok(socket) => match Handshake::new(socket) {
                    Ok(handshake) => self.handshakes.push_back(handshake),
                    Err(error) => {
                        tracing::warn!("{}: new connection: {error}", self.settings.name);
                    }
                },
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => guard.clear_ready(),
                Err(error) if is_about_one_connection(&error) => {}
                Err(error) => {
                    // Out of file descriptors or memory: the connection stays in the backlog.
                    tracing::warn!("{}: cannot accept a connection: {error}", self.settings.name);
                    guard.clear_ready();
                    self.is_accepting_late = true;
                }
            }
            if self.handshakes.len() > HANDSHAKES_MAX {
                self.handshakes.pop_front();
            }
        }
    }

    fn shake_hands(&mut self, cx: &mut Context<'_>) -> Option<ServerEvent> {
        let mut index = 0;
        while let Some(handshake) = self.handshakes.get_mut(index) {
            match handshake.poll(cx) {
                Poll::Pending => index += 1,
                Poll::Ready(result) => {
                    let handshake = self.handshakes.remove(index)?;
                    let applicant = match result {
                        Ok(()) => handshake.finish().map_err(|error| error.to_string()),
                        Err(error) => Err(error.to_string()),
                    };
                    match applicant {
                        Ok(applicant) => {
                            let event = self.admit(applicant);
                            if event.is_some() {
                                return event;
                            }
                        }
                        Err(problem) => {
                            tracing::debug!("{}: handshake failed: {problem}", self.settings.name);
                        }
                    }
                }
            }
        }
        None
    }

    /// Opens a connection for a client that may have one.
    fn admit(&mut self, applicant: Applicant) -> Option<ServerEvent> {
        let name = &self.settings.name;
        let credentials = applicant.credentials;
        let admission =
            self.settings.access.admit(&self.ids, &credentials, applicant.socket.get_ref());
        let refuse = |errno: Errno, why: &str| {
            let Credentials { pid, uid, gid } = credentials;
            tracing::warn!("{name}: connection of pid {pid} (uid {uid}, gid {gid}) refused: {why}");
            let _ = applicant.answer(&ConnectionResponse::refusal(errno.raw_os_error()));
        };
        let Some(admission) = admission else {
            refuse(Errno::ACCESS, "permission denied");
            return None;
        };
        if self.peers.len() >= CLIENTS_MAX {
            refuse(Errno::MFILE, "too many connections");
            return None;
        }
        let least = u32::try_from(CONNECTION_RESPONSE_SIZE).unwrap_or(0);
        let asked = applicant.request.max_message_bytes.clamp(least, MESSAGE_LIMIT);
        let message_max = asked.max(self.settings.max_message_bytes);
        let id = self.last_id + 1;
        let plan = Plan {
            service: name,
            transport: self.settings.transport,
            message_max,
            owner: admission.owner,
            marks: [u64::from(std::process::id()), u64::from(credentials.pid), id],
        };
        let (link, response) = match Link::create(&plan) {
            Ok(created) => created,
            Err(error) => {
                let errno = error.raw_os_error().unwrap_or(libc::EIO);
                refuse(Errno::from_raw_os_error(errno), &error.to_string());
                return None;
            }
        };
        if let Err(error) = applicant.answer(&response.encode()) {
            tracing::debug!(
                "{name}: client {} left during the handshake: {error}",
                credentials.pid
            );
            return None;
        }
        self.last_id = id;
        let client = ClientId(id);
        self.peers.insert(client, Peer::new(applicant.socket, link, message_max as usize));
        Some(ServerEvent::Connected { client, credentials })
    }

    fn flush(&mut self) {
        let failed: Vec<_> = self
            .peers
            .iter_mut()
            .filter(|(_, peer)| peer.is_behind())
            .filter_map(|(&client, peer)| peer.flush().err().map(|why| (client, why)))
            .collect();
        for (client, why) in failed {
            self.drop_peer(client, &why);
        }
    }

    /// The next request, each client in turn.
    fn read(&mut self, cx: &mut Context<'_>) -> Option<ServerEvent> {
        let mut found = None;
        let mut failed = Vec::new();
        let after = (Bound::Excluded(self.served), Bound::Unbounded);
        let before = (Bound::Unbounded, Bound::Included(self.served));
        'turns: for range in [after, before] {
            for (&client, peer) in self.peers.range_mut(range) {
                match peer.poll_request(cx) {
                    Poll::Pending => {}
                    Poll::Ready(Ok(bytes)) => {
                        found = Some((client, bytes));
                        break 'turns;
                    }
                    Poll::Ready(Err(why)) => failed.push((client, why)),
                }
            }
        }
        for (client, why) in failed {
            self.drop_peer(client, &why);
        }
        let (client, bytes) = found?;
        self.served = client;
        Some(ServerEvent::Request { client, bytes })
    }

    fn drop_peer(&mut self, client: ClientId, why: &Gone) {
        let name = &self.settings.name;
        match why {
            Gone::Closed => tracing::debug!("{name}: client {client} disconnected"),
            Gone::Broken(_) | Gone::Evicted(_) => {
                tracing::warn!("{name}: client {client} is disconnected: {why}");
            }
        }
        self.peers.remove(&client);
        self.gone.push_back(client);
    }

    /// Ready when it is time to try again what could not be done.
    fn poll_retry(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_accepting_late && !self.peers.values().any(Peer::is_behind) {
            self.retry = None;
            return Poll::Pending;
        }
        let timer = self.retry.get_or_insert_with(|| Box::pin(sleep(RETRY)));
        if timer.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.retry = None;
        if std::mem::take(&mut self.is_accepting_late) {
            self.accept_late();
        }
        Poll::Ready(())
    }

    /// Accepts without having been told that there is something to accept: that was said only once.
    fn accept_late(&mut self) {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        while self.handshakes.len() < HANDSHAKES_MAX {
            match accept_with(self.listener.get_ref(), flags) {
                Ok(socket) => self.handshakes.extend(Handshake::new(socket)),
                Err(Errno::AGAIN) => return,
                Err(_) => {
                    self.is_accepting_late = true;
                    return;
                }
            }
        }
        self.is_accepting_late = true;
    }
}

impl Drop for Server {
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
