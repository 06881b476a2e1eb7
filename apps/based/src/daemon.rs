use std::{io, sync::Arc};

use cib::{
    Document, Replica, Version,
    replica::{Access, Call, ClientKey, Input, Output, Settings, Timer},
};
use disk::{CibStore, CibWriter, Stored};
use machine::{Outbox, TimerToken};
use messages::cib::{ClientMessage, PeerMessage, Registered};
use rules::LocalTime;
use runtime::{Clock, Termination, TimerQueue};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use vocab::{NodeId, NodeName, Timestamp, ToolExit};
use xml::Element;

use crate::{
    arguments::Arguments,
    endpoints::{ClientEvent, Endpoints},
    remote::{Remote, RemoteEvent},
    ring_side::{RingEvent, RingSide},
};

/// The daemon: the machine and everything it acts on.
#[derive(Debug)]
pub(crate) struct Daemon {
    pub(crate) replica: Replica,
    pub(crate) endpoints: Endpoints,
    pub(crate) remote: Remote,
    pub(crate) ring: Option<RingSide>,
    /// None if nothing is to be put on disk.
    pub(crate) writer: Option<CibWriter>,
    stored: UnboundedReceiver<Stored>,
    pub(crate) timers: TimerQueue<(Timer, TimerToken)>,
    clock: Clock,
    /// The CIB that was last looked at for ports to listen at.
    listened: Option<Arc<Element>>,
    /// The second that the machine was last told.
    told: Option<Timestamp>,
    out: Outbox<Output>,
    pub(crate) exit: Option<ToolExit>,
}

impl Daemon {
    /// Reads the CIB from disk and gets ready.
    pub(crate) fn start(
        arguments: &Arguments,
        local: NodeName,
        local_id: NodeId,
        endpoints: Endpoints,
        ring: Option<RingSide>,
        clock: Clock,
    ) -> io::Result<Self> {
        let mut store = CibStore::new(&arguments.root);
        let document = load(&mut store, arguments.stand_alone);
        let (sender, stored) = unbounded_channel();
        // When nobody takes reports any more, the daemon is about to end.
        let report = move |stored| drop(sender.send(stored));
        let writer = if arguments.disk_writes {
            Some(CibWriter::start(store, cib::to_file, report)?)
        } else {
            None
        };
        let settings = Settings { local, local_id, stand_alone: arguments.stand_alone };
        Ok(Self {
            replica: Replica::new(settings, document),
            endpoints,
            remote: Remote::new(),
            ring,
            writer,
            stored,
            timers: TimerQueue::new(clock),
            clock,
            listened: None,
            told: None,
            out: Outbox::new(),
            exit: None,
        })
    }

    /// Runs until the machine says that it is over.
    pub(crate) async fn run(mut self, mut termination: Termination) -> ToolExit {
        if let Some(writer) = &self.writer {
            writer.write(Arc::clone(self.replica.document().root()));
        }
        tracing::info!("Pacemaker CIB manager successfully started and accepting connections");
        self.listen();
        loop {
            if let Some(exit) = self.exit {
                return self.finish(exit);
            }
            tokio::select! {
                event = self.endpoints.next() => self.client(event),
                event = self.remote.next() => self.remote_client(event),
                event = ring_event(&mut self.ring) => match event {
                    Ok(event) => self.ring_event(event),
                    Err(error) => {
                        tracing::error!("the connection to the cluster was lost: {error}");
                        return self.finish(ToolExit::Disconnect);
                    }
                },
                (timer, token) = self.timers.next() => self.feed(Input::Timer { timer, token }),
                Some(stored) = self.stored.recv() => self.feed(stored_input(&stored)),
                () = termination.requested() => self.feed(Input::Terminate),
            }
        }
    }

    fn finish(mut self, exit: ToolExit) -> ToolExit {
        if let Some(writer) = self.writer.take() {
            writer.finish();
        }
        tracing::info!("Exiting");
        exit
    }

    /// Gives the machine what happened and carries out what it asks for.
    pub(crate) fn feed(&mut self, input: Input) {
        let wall = self.clock.wall();
        if self.told != Some(wall) {
            let utc_offset_seconds = runtime::utc_offset_seconds(wall);
            let time = LocalTime { moment: wall, utc_offset_seconds };
            self.replica.set_time(time, &runtime::time_in_words(wall));
            self.told = Some(wall);
        }
        self.replica.handle(self.clock.now(), input, &mut self.out);
        while let Some(output) = self.out.pop() {
            self.carry_out(output);
        }
        self.listen();
    }

    /// Listens for remote clients where the CIB says so.
    fn listen(&mut self) {
        let root = self.replica.document().root();
        if !self.listened.as_ref().is_some_and(|listened| Arc::ptr_eq(listened, root)) {
            self.remote.listen(root);
            self.listened = Some(Arc::clone(root));
        }
    }

    fn remote_client(&mut self, event: RemoteEvent) {
        match event {
            RemoteEvent::LoggedIn { connection, user, name } => {
                let client = remote_key(connection);
                let token = uuid::Uuid::new_v4().to_string();
                tracing::info!("Remote CIB client connection accepted for user {user}");
                let registered = Registered { client_id: token.clone() };
                self.remote.send(connection, &registered.to_element());
                self.tell_groups(Some(&user));
                let (name, access) = (name.unwrap_or_else(|| token.clone()), Access::ReadWrite);
                self.feed(Input::Connected { client, token, user, name, access });
            }
            RemoteEvent::Message { connection, mut body } => {
                // Nobody from outside asks one node in particular, or acts for others.
                for name in ["cib_host", "cib_user", "acl_target", "src"] {
                    body.remove_attr(name);
                }
                let call = Call { number: 0, waits: false };
                self.message(remote_key(connection), call, &body);
            }
            RemoteEvent::Closed { connection, was_known, reason } => {
                if let Some(reason) = reason {
                    tracing::warn!("{reason}");
                }
                if was_known {
                    self.feed(Input::Disconnected { client: remote_key(connection) });
                }
            }
        }
    }

    fn client(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Connected { client, pid, uid, access } => {
                let user = runtime::user_name(uid).unwrap_or_else(|| uid.to_string());
                let token = uuid::Uuid::new_v4().to_string();
                self.tell_groups(Some(&user));
                self.feed(Input::Connected { client, token, user, name: pid.to_string(), access });
            }
            ClientEvent::Message { client, call, body } => self.message(client, call, &body),
            ClientEvent::Malformed { client, problem } => {
                tracing::warn!("ignored what client {} sent: {problem}", client.0);
            }
            ClientEvent::Disconnected { client } => self.feed(Input::Disconnected { client }),
        }
    }

    /// Tells the machine the groups of a user, if what the user may depends on them.
    fn tell_groups(&mut self, user: Option<&str>) {
        if let Some(user) = user.filter(|user| self.replica.wants_groups(Some(user))) {
            self.replica.set_groups(user, runtime::group_names(user));
        }
    }

    fn message(&mut self, client: ClientKey, call: Call, body: &Element) {
        match ClientMessage::from_element(body) {
            Ok(message) => {
                if let ClientMessage::Request(request) = &message {
                    let user = self.replica.user_of(client, request).map(str::to_owned);
                    self.tell_groups(user.as_deref());
                }
                self.feed(Input::Client { client, call, message });
            }
            Err(error) => {
                tracing::warn!("refused a message of client {}: {error}", client.0);
                if remote_connection(client).is_none() {
                    self.endpoints.refuse(client, call);
                }
            }
        }
    }

    fn ring_event(&mut self, event: RingEvent) {
        match event {
            RingEvent::Members(members) => self.feed(Input::Members(members)),
            RingEvent::Message { from, body } => match PeerMessage::from_element(&body) {
                Ok(message) => {
                    self.tell_groups(message.user());
                    self.feed(Input::Peer { from, message });
                }
                Err(error) => tracing::warn!("ignored a message of {from}: {error}"),
            },
        }
    }
}

/// Local clients' keys never have this in their last bits.
const REMOTE: u64 = 3;

const fn remote_key(connection: u64) -> ClientKey {
    ClientKey(connection << 2 | REMOTE)
}

/// The connection of a remote client; `None` for a local one.
pub(crate) fn remote_connection(client: ClientKey) -> Option<u64> {
    (client.0 & REMOTE == REMOTE).then_some(client.0 >> 2)
}

async fn ring_event(ring: &mut Option<RingSide>) -> Result<RingEvent, ring::RingError> {
    match ring {
        Some(ring) => ring.next().await,
        None => std::future::pending().await,
    }
}

fn stored_input(stored: &Stored) -> Input {
    let result = match &stored.result {
        Ok(()) => Ok(()),
        Err(error) => Err(error.to_string()),
    };
    Input::Stored { version: Version::of(&stored.cib), result }
}

/// The CIB to start from: what is on disk, or an empty one.
fn load(store: &mut CibStore, keep_status: bool) -> Document {
    let loaded = store.load();
    for note in &loaded.notes {
        if note.is_alarming() {
            tracing::error!("{note}");
        } else {
            tracing::info!("{note}");
        }
    }
    let root = loaded.cib.unwrap_or_else(|| {
        tracing::warn!("Continuing with an empty configuration");
        cib::empty(0)
    });
    let document = Document::new(cib::from_file(root, keep_status));
    if let Some(violation) = document.violation() {
        tracing::error!(
            "The configuration does not conform to its schema and must be repaired: {violation}"
        );
    }
    document
}
