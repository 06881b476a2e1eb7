use std::{io, sync::Arc};

use cib::{
    Document, Replica, Version,
    replica::{Call, ClientKey, Input, Output, Settings, Timer},
};
use disk::{CibStore, CibWriter, Stored};
use machine::{Outbox, TimerToken};
use messages::cib::{ClientMessage, PeerMessage};
use rules::LocalTime;
use runtime::{Clock, Termination, TimerQueue};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use vocab::{NodeId, NodeName, Timestamp, ToolExit};
use xml::Element;

use crate::{
    arguments::Arguments,
    endpoints::{ClientEvent, Endpoints},
    ring_side::{RingEvent, RingSide},
};

/// The daemon: the machine and everything it acts on.
#[derive(Debug)]
pub(crate) struct Daemon {
    pub(crate) replica: Replica,
    pub(crate) endpoints: Endpoints,
    pub(crate) ring: Option<RingSide>,
    /// None if nothing is to be put on disk.
    pub(crate) writer: Option<CibWriter>,
    stored: UnboundedReceiver<Stored>,
    pub(crate) timers: TimerQueue<(Timer, TimerToken)>,
    clock: Clock,
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
            ring,
            writer,
            stored,
            timers: TimerQueue::new(clock),
            clock,
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
        loop {
            if let Some(exit) = self.exit {
                return self.finish(exit);
            }
            tokio::select! {
                event = self.endpoints.next() => self.client(event),
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
                self.endpoints.refuse(client, call);
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
