use std::{collections::BTreeMap, fmt::Write};

use vocab::NodeId;
use wire::corosync::{RingId, Status, quorum};

use crate::{Answer, ClientId, Event, Notice, Output, View, effects::Effects};

/// Characters of one line of a list of nodes.
const LIST_LINE_MAX: usize = 63;

/// The service "quorum": whether there is quorum, and who came and went. It does not know how quorum comes about.
#[derive(Debug)]
pub(crate) struct Service {
    has_provider: bool,
    view: View,
    /// The membership that services synchronise for, or did last.
    ring: RingId,
    members: Vec<NodeId>,
    joined: Vec<NodeId>,
    left: Vec<NodeId>,
    /// The members when services were synchronised last.
    synchronised: Vec<NodeId>,
    clients: BTreeMap<ClientId, Client>,
}

/// What a client asked for.
#[derive(Clone, Copy, Debug, Default)]
struct Client {
    layout: Layout,
    follows: bool,
}

/// How a client wants events laid out.
#[derive(Clone, Copy, Debug, Default)]
enum Layout {
    #[default]
    Old,
    New,
}

/// Numbers of nodes as messages have them.
pub(crate) fn numbers(nodes: &[NodeId]) -> Vec<u32> {
    nodes.iter().map(|node| node.0).collect()
}

impl Service {
    /// Without anybody to say otherwise a node always has quorum.
    pub(crate) fn new(has_provider: bool) -> Self {
        let view = View { quorate: !has_provider, ring: RingId::default(), members: Vec::new() };
        Self {
            has_provider,
            view,
            ring: RingId::default(),
            members: Vec::new(),
            joined: Vec::new(),
            left: Vec::new(),
            synchronised: Vec::new(),
            clients: BTreeMap::new(),
        }
    }

    pub(crate) fn is_quorate(&self) -> bool {
        self.view.quorate
    }

    /// Whether there is quorum, from who decides it.
    pub(crate) fn set(&mut self, view: View, effects: &mut Effects<'_>) {
        match (self.view.quorate, view.quorate) {
            (false, true) => effects.notice(Notice::Primary),
            (true, false) => effects.notice(Notice::NonPrimary),
            (true, true) | (false, false) => {}
        }
        notice_nodes("Members", &view.members, effects);
        self.view = view;
        effects.out.push(Output::View(self.view.clone()));
        for (&client, what) in self.clients.iter().filter(|(_, client)| client.follows) {
            effects.tell(client, Event::Quorum(self.quorum_event(what.layout)));
        }
    }

    pub(crate) fn on_sync_init(
        &mut self,
        transitional: &[NodeId],
        members: &[NodeId],
        ring: RingId,
        effects: &mut Effects<'_>,
    ) {
        // Who did not come along with this node was away, even if it is back.
        let stayed = |node: &NodeId| transitional.contains(node) && members.contains(node);
        self.left = self.synchronised.iter().copied().filter(|node| !stayed(node)).collect();
        let is_new = |node: &NodeId| !self.synchronised.contains(node) || self.left.contains(node);
        self.joined = members.iter().copied().filter(is_new).collect();
        self.members = members.to_vec();
        self.ring = ring;
        notice_nodes("Sync members", &self.members, effects);
        for (what, nodes) in [("Sync joined", &self.joined), ("Sync left", &self.left)] {
            if !nodes.is_empty() {
                notice_nodes(what, nodes, effects);
            }
        }
    }

    pub(crate) fn on_sync_activate(&mut self, effects: &mut Effects<'_>) {
        self.synchronised.clone_from(&self.members);
        for (&client, what) in self.clients.iter().filter(|(_, client)| client.follows) {
            match what.layout {
                Layout::Old => {}
                Layout::New => {
                    effects.tell(client, self.node_list_event(&self.joined, &self.left));
                }
            }
        }
    }

    pub(crate) fn on_request(
        &mut self,
        client: ClientId,
        request: quorum::Request,
        effects: &mut Effects<'_>,
    ) {
        let quorum_type = u32::from(self.has_provider);
        let answer = match request {
            quorum::Request::GetQuorate => {
                Answer::Number { id: quorum::QUORATE_ANSWER, number: u32::from(self.view.quorate) }
            }
            quorum::Request::GetType => {
                Answer::Number { id: quorum::TYPE_ANSWER, number: quorum_type }
            }
            quorum::Request::ModelGetType { model } => self.on_model(client, model, quorum_type),
            quorum::Request::TrackStart { flags } => Answer::Status {
                id: quorum::TRACK_START_ANSWER,
                status: self.on_track_start(client, flags, effects),
            },
            quorum::Request::TrackStop => {
                self.clients.entry(client).or_default().follows = false;
                // Corosync says so too when the client did not follow.
                Answer::Status { id: quorum::TRACK_STOP_ANSWER, status: Status::OK }
            }
        };
        effects.answer(client, answer);
    }

    pub(crate) fn on_disconnected(&mut self, client: ClientId) {
        self.clients.remove(&client);
    }

    fn on_model(&mut self, client: ClientId, model: u32, quorum_type: u32) -> Answer {
        let layout = match model {
            0 => Layout::Old,
            1 => Layout::New,
            _ => {
                let (id, status) = (quorum::MODEL_TYPE_ANSWER, Status::INVALID_PARAMETER);
                return Answer::Status { id, status };
            }
        };
        self.clients.entry(client).or_default().layout = layout;
        Answer::Number { id: quorum::MODEL_TYPE_ANSWER, number: quorum_type }
    }

    fn on_track_start(
        &mut self,
        client: ClientId,
        flags: u32,
        effects: &mut Effects<'_>,
    ) -> Status {
        let known = *self.clients.entry(client).or_default();
        if flags & (quorum::TRACK_CURRENT | quorum::TRACK_CHANGES) != 0 {
            match known.layout {
                Layout::Old => {}
                Layout::New => effects.tell(client, self.node_list_event(&[], &[])),
            }
            effects.tell(client, Event::Quorum(self.quorum_event(known.layout)));
        }
        if known.follows {
            return Status::EXIST;
        }
        let follows = flags & (quorum::TRACK_CHANGES | quorum::TRACK_CHANGES_ONLY) != 0;
        self.clients.insert(client, Client { follows, ..known });
        Status::OK
    }

    fn quorum_event(&self, layout: Layout) -> quorum::Event {
        let members = numbers(&self.view.members);
        let View { quorate, ring, .. } = self.view;
        match layout {
            Layout::Old => {
                quorum::Event::Notification { quorate, ring_sequence: ring.sequence, members }
            }
            Layout::New => quorum::Event::Quorum { quorate, ring, members },
        }
    }

    fn node_list_event(&self, joined: &[NodeId], left: &[NodeId]) -> Event {
        Event::Quorum(quorum::Event::NodeList {
            ring: self.ring,
            members: numbers(&self.members),
            joined: numbers(joined),
            left: numbers(left),
        })
    }
}

/// Says a list in as many lines as it takes.
fn notice_nodes(what: &'static str, nodes: &[NodeId], effects: &mut Effects<'_>) {
    let count = nodes.len();
    let mut line = String::new();
    for node in nodes {
        let start = line.len();
        // Writing to a string does not fail.
        let _ = write!(line, " {node}");
        if line.len() > LIST_LINE_MAX {
            let next = line.split_off(start);
            line.push('\\');
            effects.notice(Notice::Nodes { what, count, line: std::mem::replace(&mut line, next) });
        }
    }
    effects.notice(Notice::Nodes { what, count, line });
}
