use std::collections::{BTreeMap, VecDeque};

use election::{Election, Settings as ElectionSettings};
use messages::crmd::{JoinRound, Throttle};
use transition::Graph;
use vocab::{FEATURE_SET, FeatureSet, NodeId, NodeName};
use xml::Element;

use crate::{
    desk::Desk,
    drive::Drive,
    executor::{LocalExecutor, Situation},
    fencing::Fencing,
    fsm::{State, Trigger},
    input::Settings,
    join::round::Round,
    note::Note,
    options::Options,
    peers::Peers,
    policy::Policy,
};

/// The controller without what it uses to reach the outside.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) state: State,
    pub(crate) events: VecDeque<Event>,
    pub(crate) peers: Peers,
    pub(crate) election: Election,
    pub(crate) options: Options,
    /// Who is DC, with its feature set as text.
    pub(crate) dc: Option<(NodeName, String)>,
    /// Whether this node holds the office.
    pub(crate) is_dc: bool,
    pub(crate) round: Round,
    pub(crate) policy: Policy,
    pub(crate) drive: Drive,
    pub(crate) fencing: Fencing,
    pub(crate) executor: LocalExecutor,
    pub(crate) throttles: BTreeMap<NodeName, Throttle>,
    pub(crate) progress: Progress,
}

/// What has happened once and for all, or holds until it does not.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// CIB, executor and ring are connected.
    pub(crate) connected: bool,
    /// The ring has told its membership.
    pub(crate) ring_known: bool,
    /// The process group has told its membership.
    pub(crate) group_known: bool,
    /// The options were read.
    pub(crate) options_known: bool,
    /// The node wants to leave.
    pub(crate) shutdown: bool,
    /// The node has joined once.
    pub(crate) joined: bool,
    pub(crate) quorate: bool,
    pub(crate) ever_quorate: bool,
    /// No election was lost yet, so nobody is known to be about to take office.
    pub(crate) election_lost: bool,
    /// The process is about to end.
    pub(crate) exiting: bool,
}

/// A trigger with what comes with it.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Plain(Trigger, String),
    NodeJoin(Option<NodeId>),
    JoinOffer { from: NodeName, round: JoinRound, version: String },
    JoinRequest(JoinRequest),
    JoinAck { from: NodeName, round: JoinRound, accepted: bool, version: String },
    JoinConfirm { from: NodeId, join: i32, state: Option<Element> },
    Scheduled { graph: Box<Graph>, source: String },
}

/// A node wants to join.
#[derive(Clone, Debug)]
pub(crate) struct JoinRequest {
    pub(crate) from: NodeId,
    pub(crate) join: i32,
    pub(crate) feature_set: Option<FeatureSet>,
    pub(crate) generation: Option<Element>,
}

impl Event {
    pub(crate) fn plain(trigger: Trigger, reason: &str) -> Self {
        Self::Plain(trigger, reason.to_owned())
    }

    fn trigger(&self) -> Trigger {
        match self {
            Self::Plain(trigger, _) => *trigger,
            Self::NodeJoin(_) => Trigger::NodeJoin,
            Self::JoinOffer { .. } => Trigger::JoinOffer,
            Self::JoinRequest(_) => Trigger::JoinRequest,
            Self::JoinAck { .. } | Self::JoinConfirm { .. } => Trigger::JoinResult,
            Self::Scheduled { .. } => Trigger::Scheduled,
        }
    }

    fn reason(&self) -> String {
        match self {
            Self::Plain(_, reason) => reason.clone(),
            _ => String::new(),
        }
    }
}

impl Core {
    pub(crate) fn new(settings: &Settings) -> Self {
        let options = Options::default();
        let election = Election::new(ElectionSettings {
            node: settings.node,
            name: settings.name.clone(),
            feature_set: FEATURE_SET,
            timeout: options.election_timeout,
        });
        let mut peers = Peers::new(settings.node, &settings.configured);
        peers.learn_name(settings.node, &settings.name);
        Self {
            state: State::Starting,
            events: VecDeque::new(),
            peers,
            election,
            options,
            dc: None,
            is_dc: false,
            round: Round::default(),
            policy: Policy::default(),
            drive: Drive::default(),
            fencing: Fencing::default(),
            executor: LocalExecutor::default(),
            throttles: BTreeMap::new(),
            progress: Progress::default(),
        }
    }

    pub(crate) fn raise(&mut self, event: Event) {
        self.events.push_back(event);
    }

    pub(crate) fn trigger(&mut self, trigger: Trigger, reason: &str) {
        self.raise(Event::plain(trigger, reason));
    }

    pub(crate) fn situation(&self) -> Situation {
        Situation {
            state: self.state,
            shutting_down: self.progress.shutdown,
            shutdown_lock: self.options.shutdown_lock,
        }
    }

    /// Who is DC, unless it is nobody.
    pub(crate) fn set_dc(&mut self, desk: &mut Desk<'_>, dc: Option<(NodeName, String)>) {
        let old = self.dc.as_ref().map(|(name, _)| name.clone());
        let new = dc.as_ref().map(|(name, _)| name.clone());
        self.dc = dc;
        if old != new {
            if let Some(name) = &new {
                self.expect(name, crate::peers::Expected::Member);
            }
            desk.note(Note::DcChange { dc: new });
        }
    }

    /// Takes note of what a node is expected to be.
    pub(crate) fn expect(&mut self, name: &NodeName, expected: crate::peers::Expected) {
        let id = self.peers.by_name(name.as_str()).map(|peer| peer.id);
        if let Some(peer) = id.and_then(|id| self.peers.get_mut(id)) {
            peer.expected = Some(expected);
        }
    }

    /// Works off what the last input has raised.
    pub(crate) fn settle(&mut self, desk: &mut Desk<'_>) {
        // Each event can raise others; a bound shows a circle before it hangs the daemon.
        for _ in 0..1_000 {
            let Some(event) = self.events.pop_front() else { break };
            let (from, trigger) = (self.state, event.trigger());
            let to = from.next(trigger);
            if to != from {
                self.change_state(desk, to, trigger, event.reason());
            }
            self.act(desk, from, event);
        }
        if !self.progress.exiting {
            self.drive_on(desk);
            self.plan_on(desk);
        }
    }
}
