//! A server that never blocks: whatever a client does or leaves undone concerns that client only.

mod door;
mod handshake;
pub(crate) mod link;
mod peer;
mod ready;
mod settings;
mod stats;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    future::{Future, poll_fn},
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use rustix::io::Errno;
use tokio::{
    task::coop,
    time::{Sleep, sleep},
};
use wire::qb::{CONNECTION_RESPONSE_SIZE, ConnectionResponse};

use self::{
    door::Door,
    handshake::Applicant,
    link::{Link, Plan},
    peer::{Connected, Event, Gone, Peer},
    ready::Ready,
};
pub use self::{
    settings::{Backlog, RequestFlow, ServerSettings},
    stats::{ConnectionStats, ServerStats},
};
use crate::{Access, CallError, ClientId, Credentials, access::ClusterIds};

/// Connections at a time.
const CLIENTS_MAX: usize = 1000;
/// However big a client wants its buffers, they get no bigger.
const MESSAGE_LIMIT: u32 = 64 << 20;
/// After how long it is tried again to send what did not fit: clients do not say when they have read something.
const RETRY_FIRST: Duration = Duration::from_millis(2);
/// The same when no client has read anything for a while.
const RETRY_LAST: Duration = Duration::from_millis(20);
/// The place in the queue of those who want to connect.
const DOOR: ClientId = ClientId(0);

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
    door: Door,
    ready: Ready,
    peers: BTreeMap<ClientId, Peer>,
    /// Clients for which something waits, or that have not been told of all events.
    behind: BTreeSet<ClientId>,
    /// Those of them that were added since they were last looked at.
    posted: Vec<ClientId>,
    /// Clients with requests that have to wait until the next look, since they are far behind.
    slowed: BTreeSet<ClientId>,
    /// Those of them whose next request may be read all the same.
    passes: BTreeSet<ClientId>,
    /// Clients that have gone and have not been reported.
    gone: VecDeque<ClientId>,
    last_id: u64,
    retry: Option<Pin<Box<Sleep>>>,
    retry_after: Duration,
    flow: RequestFlow,
    is_ready: bool,
    closed: u64,
}

impl Server {
    /// Starts to listen.
    pub fn bind(settings: ServerSettings) -> io::Result<Self> {
        let ready = Ready::default();
        Ok(Self {
            door: Door::open(&settings.name, ready.turn(DOOR))?,
            settings,
            ids: ClusterIds::look_up(),
            ready,
            peers: BTreeMap::new(),
            behind: BTreeSet::new(),
            posted: Vec::new(),
            slowed: BTreeSet::new(),
            passes: BTreeSet::new(),
            gone: VecDeque::new(),
            last_id: DOOR.0,
            retry: None,
            retry_after: RETRY_FIRST,
            flow: RequestFlow::Open,
            is_ready: true,
            closed: 0,
        })
    }

    /// Waits for the next thing to deal with. Dropping the future loses nothing.
    pub async fn next(&mut self) -> ServerEvent {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Answers a request. The client reads answers in the order in which they are sent.
    pub fn respond(&mut self, client: ClientId, message: &[u8]) -> Result<(), CallError> {
        let peer = self.peers.get_mut(&client).ok_or(CallError::Lost)?;
        peer.respond(message)?;
        self.flush_after(client)
    }

    /// Sends an event. A client that does not take its events is disconnected.
    pub fn event(&mut self, client: ClientId, message: &[u8]) -> Result<(), CallError> {
        let peer = self.peers.get_mut(&client).ok_or(CallError::Lost)?;
        peer.notify(&mut Event::new(&[message]))?;
        self.flush_after(client)
    }

    /// Sends an event, in parts that are one message, but announces it only when [`Server::next`] or [`Server::flush`] is
    /// called next: several events for one client cost one system call then.
    pub fn post(&mut self, client: ClientId, parts: &[&[u8]]) -> Result<(), CallError> {
        self.post_later(client, &mut Event::new(parts))
    }

    /// As [`Self::post`], to several clients. Those that have gone are left out.
    pub fn post_all(
        &mut self,
        clients: impl IntoIterator<Item = ClientId>,
        parts: &[&[u8]],
    ) -> Result<(), CallError> {
        let mut event = Event::new(parts);
        for client in clients {
            match self.post_later(client, &mut event) {
                Ok(()) | Err(CallError::Lost) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn post_later(&mut self, client: ClientId, event: &mut Event<'_>) -> Result<(), CallError> {
        let peer = self.peers.get_mut(&client).ok_or(CallError::Lost)?;
        let was_behind = peer.is_behind();
        peer.notify(event)?;
        if !was_behind && peer.is_behind() {
            self.posted.push(client);
        }
        Ok(())
    }

    /// Announces all events to their clients now.
    pub fn flush(&mut self) {
        for client in std::mem::take(&mut self.posted) {
            // That a client has gone is an event of its own.
            let _ = self.flush_after(client);
        }
    }

    /// Sends what can be sent to a client, and keeps the rest in mind.
    fn flush_after(&mut self, client: ClientId) -> Result<(), CallError> {
        let peer = self.peers.get_mut(&client).ok_or(CallError::Lost)?;
        if !peer.is_behind() {
            return Ok(());
        }
        if let Err(why) = peer.flush() {
            self.drop_peer(client, &why);
            return Err(CallError::Lost);
        }
        if peer.is_behind() {
            self.behind.insert(client);
        }
        Ok(())
    }

    /// Bytes of the biggest message that the client takes; `None` if it has gone.
    pub fn message_limit(&self, client: ClientId) -> Option<usize> {
        self.peers.get(&client).map(Peer::message_max)
    }

    /// How many events wait for room in a client's buffer; none for a client that has gone.
    pub fn waiting(&self, client: ClientId) -> usize {
        self.peers.get(&client).map_or(0, Peer::waiting)
    }

    /// Closes a connection; [`ServerEvent::Disconnected`] does not follow.
    pub fn disconnect(&mut self, client: ClientId) {
        self.remove(client);
        self.gone.retain(|&gone| gone != client);
    }

    /// Lets other clients connect from now on; those that are connected stay.
    pub fn set_access(&mut self, access: Access) {
        self.settings.access = access;
    }

    /// Whether clients may connect at all; until then they are told to try again. At first they may.
    pub const fn set_ready(&mut self, is_ready: bool) {
        self.is_ready = is_ready;
    }

    /// Takes requests, or not: from all clients, those to come included. A client that was told otherwise by
    /// [`Self::set_client_flow`] keeps the stricter of both.
    pub fn set_flow(&mut self, flow: RequestFlow) {
        if self.flow != flow {
            self.flow = flow;
            for peer in self.peers.values_mut() {
                peer.set_flow(peer.flow(), flow);
            }
        }
    }

    /// Takes requests, or not, from one client. Nothing is lost meanwhile.
    pub fn set_client_flow(&mut self, client: ClientId, flow: RequestFlow) {
        if let Some(peer) = self.peers.get_mut(&client) {
            peer.set_flow(flow, self.flow);
        }
    }

    /// The connections and what they have done so far, the oldest first.
    pub fn connections(&self) -> impl Iterator<Item = (ClientId, ConnectionStats)> {
        self.peers.iter().map(|(&client, peer)| (client, peer.stats()))
    }

    /// What one connection has done so far; `None` if it has gone.
    pub fn connection_stats(&self, client: ClientId) -> Option<ConnectionStats> {
        self.peers.get(&client).map(Peer::stats)
    }

    /// How many connections there are and were.
    pub fn stats(&self) -> ServerStats {
        ServerStats { active: self.peers.len() as u64, closed: self.closed }
    }

    /// Begins to count anew.
    pub fn clear_stats(&mut self) {
        self.closed = 0;
        for peer in self.peers.values_mut() {
            peer.clear_stats();
        }
    }

    /// As [`Self::next`].
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<ServerEvent> {
        self.flush();
        // A client that sends without end must not keep the event loop from looking after anything else.
        let budget = ready!(coop::poll_proceed(cx));
        self.ready.wait(cx.waker());
        loop {
            if let Some(client) = self.gone.pop_front() {
                budget.made_progress();
                return Poll::Ready(ServerEvent::Disconnected { client });
            }
            // Each one that is queued now, once.
            for _ in 0..self.ready.len() {
                let Some(client) = self.ready.pop() else { break };
                let event = if client == DOOR { self.open_door() } else { self.read(client) };
                if let Some(event) = event {
                    budget.made_progress();
                    return Poll::Ready(event);
                }
            }
            // Who was queued meanwhile will not wake anybody any more.
            let is_through = self.gone.is_empty() && self.ready.len() == 0;
            if is_through && self.poll_retry(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    fn open_door(&mut self) -> Option<ServerEvent> {
        while let Some(applicant) = self.door.next() {
            let event = self.admit(applicant);
            if event.is_some() {
                return event;
            }
        }
        None
    }

    /// Opens a connection for a client that may have one.
    fn admit(&mut self, applicant: Applicant) -> Option<ServerEvent> {
        let name = &self.settings.name;
        let credentials = applicant.credentials;
        let refuse = |errno: Errno, why: &str| {
            let Credentials { pid, uid, gid } = credentials;
            tracing::warn!("{name}: connection of pid {pid} (uid {uid}, gid {gid}) refused: {why}");
            let _ = applicant.answer(&ConnectionResponse::refusal(errno.raw_os_error()));
        };
        if !self.is_ready {
            tracing::debug!("{name}: connection of pid {} refused: not ready", credentials.pid);
            let _ = applicant.answer(&ConnectionResponse::refusal(libc::EAGAIN));
            return None;
        }
        let access = &self.settings.access;
        let Some(admission) = access.admit(&self.ids, &credentials, applicant.socket.get_ref())
        else {
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
        let mut peer = Peer::new(Connected {
            socket: applicant.socket,
            link,
            message_max: message_max as usize,
            backlog: self.settings.backlog,
            turn: self.ready.turn(client),
            stats: ConnectionStats::new(credentials),
        });
        peer.ask_for_turn();
        peer.set_flow(RequestFlow::Open, self.flow);
        self.peers.insert(client, peer);
        Some(ServerEvent::Connected { client, credentials })
    }

    /// The next request of a client whose turn it is.
    fn read(&mut self, client: ClientId) -> Option<ServerEvent> {
        let peer = self.peers.get_mut(&client)?;
        if peer.is_far_behind() && !self.passes.remove(&client) {
            // One request at each look: who sends more than it takes is slowed down before it is disconnected.
            self.slowed.insert(client);
            return None;
        }
        match peer.poll_request() {
            Poll::Pending => None,
            Poll::Ready(Ok(bytes)) => {
                // Behind all others that have something to say.
                peer.ask_for_turn();
                // Who asks for something may have taken something before: a client that does both in turn must not fall
                // behind by the time until the next look.
                self.flush_after(client).ok()?;
                if self.behind.contains(&client) && self.retry_after > RETRY_FIRST {
                    // It is at work: there will be room again soon.
                    self.retry = None;
                    self.retry_after = RETRY_FIRST;
                }
                Some(ServerEvent::Request { client, bytes })
            }
            Poll::Ready(Err(why)) => {
                self.drop_peer(client, &why);
                None
            }
        }
    }

    fn drop_peer(&mut self, client: ClientId, why: &Gone) {
        let name = &self.settings.name;
        match why {
            Gone::Closed => tracing::debug!("{name}: client {client} disconnected"),
            Gone::Broken(_) | Gone::Evicted(_) => {
                tracing::warn!("{name}: client {client} is disconnected: {why}");
            }
        }
        self.remove(client);
        self.gone.push_back(client);
    }

    fn remove(&mut self, client: ClientId) {
        self.behind.remove(&client);
        self.slowed.remove(&client);
        self.passes.remove(&client);
        if self.peers.remove(&client).is_some() {
            self.closed += 1;
        }
    }

    /// Ready when it is time to look again, after what could not be done was tried again.
    fn poll_retry(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.door.is_accepting_late() && self.behind.is_empty() {
            self.retry = None;
            self.retry_after = RETRY_FIRST;
            return Poll::Pending;
        }
        let timer = self.retry.get_or_insert_with(|| Box::pin(sleep(self.retry_after)));
        ready!(timer.as_mut().poll(cx));
        self.retry = None;
        let has_moved = self.flush_behind();
        self.retry_after =
            if has_moved { RETRY_FIRST } else { (self.retry_after * 2).min(RETRY_LAST) };
        for client in std::mem::take(&mut self.slowed) {
            if let Some(peer) = self.peers.get(&client) {
                self.passes.insert(client);
                peer.ask_for_turn();
            }
        }
        if self.door.is_accepting_late() {
            self.door.accept_late();
        }
        Poll::Ready(())
    }

    /// Sends what waits, as far as there is room. True if a client took something.
    fn flush_behind(&mut self) -> bool {
        let mut has_moved = false;
        for client in std::mem::take(&mut self.behind) {
            let Some(peer) = self.peers.get_mut(&client) else { continue };
            match peer.flush() {
                Ok(moved) => has_moved |= moved,
                Err(why) => {
                    self.drop_peer(client, &why);
                    continue;
                }
            }
            if peer.is_behind() {
                self.behind.insert(client);
            }
        }
        has_moved
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.flush();
    }
}
