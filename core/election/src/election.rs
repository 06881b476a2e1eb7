use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use machine::{Instant, Outbox, TimerToken, Timers};
use vocab::{FeatureSet, NodeId, NodeName};

use crate::ballot::{Age, Ballot, Choice};

/// After a loss no election is called for this long, so that the winner can win.
const LOSS_DAMPENING: Duration = Duration::from_secs(2);
/// The own age is taken anew only when it was not asked for during this time.
const AGE_FREEZE: Duration = Duration::from_secs(2);

/// What a candidate knows about itself.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The local node.
    pub node: NodeId,
    /// Its name.
    pub name: NodeName,
    /// What it understands.
    pub feature_set: FeatureSet,
    /// How long peers that do not answer can delay a victory.
    pub timeout: Duration,
}

/// Where an election stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// None was called, or the last one was called off.
    Idle,
    /// Votes are out.
    Running,
    /// The local node won the last one.
    Won,
    /// Another node won the last one.
    Lost,
}

/// Everything that can happen to an election.
#[derive(Clone, Debug)]
pub enum Input {
    /// The active peers, the local node among them once it is one.
    Members(BTreeMap<NodeId, NodeName>),
    /// Call an election. Ignored while the local node is no member.
    Begin {
        /// The local node's age.
        age: Age,
    },
    /// A ballot came, perhaps the local node's own.
    Ballot {
        /// Its sender.
        from: NodeId,
        /// What it says.
        ballot: Ballot,
        /// The local node's age.
        age: Age,
        /// Whether the local node may win at present.
        eligible: bool,
    },
    /// The local node is no candidate any more, until the next [`Input::Begin`].
    Withdraw,
    /// The timer asked for with [`Output::Arm`] fired.
    Timer {
        /// Which arming it was.
        token: TimerToken,
    },
}

/// Everything that an election asks of the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send a ballot to one node, or to all including the local one.
    Send {
        /// The receiver; all members if none is given.
        to: Option<NodeId>,
        /// The ballot.
        ballot: Ballot,
    },
    /// Fire [`Input::Timer`] later.
    Arm {
        /// To be given back.
        token: TimerToken,
        /// When, from now.
        after: Duration,
    },
    /// An election of the local node began; the last result no longer holds.
    Started {
        /// Its number.
        round: u32,
    },
    /// The local node is elected.
    Won,
    /// Another node is the better candidate.
    Lost {
        /// That node.
        to: NodeId,
    },
}

#[derive(Clone, Copy, Debug)]
struct Loss {
    at: Instant,
    to: NodeId,
}

/// The election machine of one node.
#[derive(Debug)]
pub struct Election {
    settings: Settings,
    status: Status,
    round: u32,
    members: BTreeMap<NodeId, NodeName>,
    /// Who was a member when this round's vote was sent and has been since.
    asked: BTreeSet<NodeId>,
    /// Who conceded in this round, the local node included once its own vote came back.
    conceded: BTreeSet<NodeId>,
    loss: Option<Loss>,
    frozen_age: Option<(Age, Instant)>,
    timers: Timers<()>,
}

impl Election {
    /// A candidate that has not called an election yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            status: Status::Idle,
            round: 0,
            members: BTreeMap::new(),
            asked: BTreeSet::new(),
            conceded: BTreeSet::new(),
            loss: None,
            frozen_age: None,
            timers: Timers::new(),
        }
    }

    /// Where it stands.
    pub fn status(&self) -> Status {
        self.status
    }

    /// How many elections the local node has called.
    pub fn round(&self) -> u32 {
        self.round
    }

    /// Sets how long peers that do not answer can delay a victory; counts from the next round.
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.settings.timeout = timeout;
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Instant, input: Input, out: &mut Outbox<Output>) {
        match input {
            Input::Members(members) => self.on_members(members, out),
            Input::Begin { age } => self.begin(now, age, out),
            Input::Ballot { from, ballot, age, eligible } => {
                self.on_ballot(now, from, ballot, age, eligible, out);
            }
            Input::Withdraw => self.end(Status::Idle),
            Input::Timer { token } => {
                // Not having lost until now means that nobody better is there to answer.
                if self.timers.fired(&(), token) && self.status == Status::Running {
                    self.win(out);
                }
            }
        }
    }

    fn on_members(&mut self, members: BTreeMap<NodeId, NodeName>, out: &mut Outbox<Output>) {
        self.members = members;
        self.asked.retain(|node| self.members.contains_key(node));
        self.conceded.retain(|node| self.members.contains_key(node));
        // The dampening protects the winner. If it left, it would only delay its successor.
        if self.loss.is_some_and(|loss| !self.members.contains_key(&loss.to)) {
            self.loss = None;
        }
        self.check(out);
    }

    fn begin(&mut self, now: Instant, age: Age, out: &mut Outbox<Output>) {
        if !self.members.contains_key(&self.settings.node) {
            return;
        }
        self.round += 1;
        self.status = Status::Running;
        self.asked = self.members.keys().copied().collect();
        self.conceded.clear();
        out.push(Output::Started { round: self.round });
        let choice = Choice::Vote(self.freeze(now, age));
        out.push(Output::Send {
            to: None,
            ballot: self.ballot(self.settings.node, self.round, choice),
        });
        let token = self.timers.arm(());
        out.push(Output::Arm { token, after: self.settings.timeout });
    }

    fn on_ballot(
        &mut self,
        now: Instant,
        from: NodeId,
        ballot: Ballot,
        age: Age,
        eligible: bool,
        out: &mut Outbox<Output>,
    ) {
        let member = self.members.contains_key(&self.settings.node);
        let own_election = ballot.owner == self.settings.node;
        let vote_of_peer = match ballot.choice {
            Choice::Vote(peer_age) if from != self.settings.node => Some(peer_age),
            Choice::Vote(_) | Choice::NoVote => None,
        };
        let Some(peer_age) = vote_of_peer else {
            // The own vote coming back, or a concession: both count for the local node, this round only.
            let current = own_election && ballot.round == self.round;
            if current && self.status == Status::Running && self.members.contains_key(&from) {
                self.conceded.insert(from);
                self.check(out);
            }
            return;
        };
        if !eligible || !member {
            self.lose(now, from, &ballot, out);
            return;
        }
        let Some(peer_name) = self.members.get(&from) else { return };
        let own_age = self.freeze_peek(now, age);
        let peer_is_better = self.is_better(ballot.feature_set, peer_age, peer_name, own_age);
        self.freeze(now, age);
        if peer_is_better {
            self.lose(now, from, &ballot, out);
        } else if self.dampened(now) {
            // Conceding to a worse one leaves the field to whoever won, whose leaving ends the dampening.
            let winner = self.loss;
            self.lose(now, from, &ballot, out);
            self.loss = winner;
        } else if !self.will_concede(from) {
            self.begin(now, age, out);
        }
    }

    /// Whether a worse candidate that votes has yet to hear the local node's vote of this round, and so will concede
    /// without being told again. Had it heard that vote before it voted, its concession would have come first.
    fn will_concede(&self, peer: NodeId) -> bool {
        self.status == Status::Running
            && self.asked.contains(&peer)
            && !self.conceded.contains(&peer)
    }

    fn is_better(
        &self,
        peer_features: FeatureSet,
        peer_age: Age,
        peer_name: &NodeName,
        own_age: Age,
    ) -> bool {
        let lower = |name: &NodeName| name.as_str().to_ascii_lowercase();
        peer_features
            .cmp(&self.settings.feature_set)
            .then_with(|| own_age.cmp(&peer_age))
            .then_with(|| lower(peer_name).cmp(&lower(&self.settings.name)))
            == Ordering::Less
    }

    fn dampened(&self, now: Instant) -> bool {
        self.loss.is_some_and(|loss| now.since(loss.at) <= LOSS_DAMPENING)
    }

    fn lose(&mut self, now: Instant, to: NodeId, ballot: &Ballot, out: &mut Outbox<Output>) {
        self.loss = Some(Loss { at: now, to });
        self.end(Status::Lost);
        out.push(Output::Send {
            to: Some(to),
            ballot: self.ballot(ballot.owner, ballot.round, Choice::NoVote),
        });
        out.push(Output::Lost { to });
    }

    fn check(&mut self, out: &mut Outbox<Output>) {
        let all = self.members.keys().all(|node| self.conceded.contains(node));
        if self.status == Status::Running && all && !self.members.is_empty() {
            self.win(out);
        }
    }

    fn win(&mut self, out: &mut Outbox<Output>) {
        self.loss = None;
        self.end(Status::Won);
        out.push(Output::Won);
    }

    fn end(&mut self, status: Status) {
        self.status = status;
        self.conceded.clear();
        self.timers.disarm(&());
    }

    fn ballot(&self, owner: NodeId, round: u32, choice: Choice) -> Ballot {
        Ballot { owner, round, feature_set: self.settings.feature_set, choice }
    }

    /// The age to compare with, without prolonging the freeze.
    fn freeze_peek(&self, now: Instant, age: Age) -> Age {
        match self.frozen_age {
            Some((frozen, last_use)) if now.since(last_use) <= AGE_FREEZE => frozen,
            _ => age,
        }
    }

    fn freeze(&mut self, now: Instant, age: Age) -> Age {
        let age = self.freeze_peek(now, age);
        self.frozen_age = Some((age, now));
        age
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// Candidates on a bus that keeps one order for all.
    struct Room {
        now: Instant,
        nodes: BTreeMap<NodeId, (Election, Age)>,
        bus: VecDeque<(NodeId, Option<NodeId>, Ballot)>,
        timers: Vec<(NodeId, TimerToken)>,
        results: Vec<(NodeId, Output)>,
        messages: usize,
    }

    impl Room {
        fn new(ages: &[(&str, u64)]) -> Self {
            let nodes = (1..)
                .zip(ages)
                .map(|(id, (name, age))| {
                    let settings = Settings {
                        node: NodeId(id),
                        name: NodeName::from(*name),
                        feature_set: vocab::FEATURE_SET,
                        timeout: Duration::from_secs(60),
                    };
                    (NodeId(id), (Election::new(settings), Age { seconds: *age, micros: 0 }))
                })
                .collect();
            let mut room = Self {
                now: Instant::START + Duration::from_secs(100),
                nodes,
                bus: VecDeque::new(),
                timers: Vec::new(),
                results: Vec::new(),
                messages: 0,
            };
            room.membership();
            room
        }

        fn membership(&mut self) {
            let members: BTreeMap<_, _> = self
                .nodes
                .iter()
                .map(|(id, (election, _))| (*id, election.settings.name.clone()))
                .collect();
            for id in members.keys() {
                self.feed(*id, Input::Members(members.clone()));
            }
        }

        fn feed(&mut self, node: NodeId, input: Input) {
            let mut out = Outbox::new();
            self.nodes.get_mut(&node).unwrap().0.handle(self.now, input, &mut out);
            for output in out.drain() {
                match output {
                    Output::Send { to, ballot } => self.bus.push_back((node, to, ballot)),
                    Output::Arm { token, .. } => self.timers.push((node, token)),
                    Output::Started { .. } => {}
                    Output::Won | Output::Lost { .. } => self.results.push((node, output)),
                }
            }
        }

        fn begin(&mut self, node: u32) {
            let age = self.nodes[&NodeId(node)].1;
            self.feed(NodeId(node), Input::Begin { age });
        }

        fn settle(&mut self) {
            while let Some((from, to, ballot)) = self.bus.pop_front() {
                self.messages += 1;
                assert!(self.messages < 200, "an election must end");
                let receivers: Vec<_> =
                    self.nodes.keys().copied().filter(|id| to.is_none_or(|to| to == *id)).collect();
                for id in receivers {
                    let age = self.nodes[&id].1;
                    self.feed(id, Input::Ballot { from, ballot, age, eligible: true });
                }
            }
        }

        fn winners(&self) -> Vec<u32> {
            let won = |(id, (e, _)): (&NodeId, &(Election, Age))| {
                (e.status() == Status::Won).then_some(id.0)
            };
            self.nodes.iter().filter_map(won).collect()
        }
    }

    #[test]
    fn all_call_at_once_and_the_oldest_wins_in_one_round() {
        let mut room = Room::new(&[("a", 1), ("b", 9), ("c", 5)]);
        for node in 1..=3 {
            room.begin(node);
        }
        room.settle();
        assert_eq!(room.winners(), [2]);
        // Three votes; a and c concede to b, and a to c besides.
        assert_eq!(room.messages, 6);
    }

    #[test]
    fn equal_age_goes_by_name() {
        let mut room = Room::new(&[("node3", 4), ("Node1", 4), ("node2", 4)]);
        room.begin(1);
        room.settle();
        assert_eq!(room.winners(), [2]);
    }

    #[test]
    fn an_older_feature_set_wins_over_age() {
        let mut room = Room::new(&[("a", 9), ("b", 1)]);
        room.nodes.get_mut(&NodeId(2)).unwrap().0.settings.feature_set = "3.15.0".parse().unwrap();
        room.begin(1);
        room.settle();
        assert_eq!(room.winners(), [2]);
    }

    #[test]
    fn the_successor_of_a_dead_winner_is_not_held_up_by_dampening() {
        let mut room = Room::new(&[("a", 1), ("b", 5), ("c", 9)]);
        room.begin(1);
        room.settle();
        assert_eq!(room.winners(), [3]);
        room.nodes.remove(&NodeId(3));
        room.membership();
        room.begin(1);
        room.begin(2);
        room.messages = 0;
        room.settle();
        assert_eq!(room.winners(), [2]);
        assert!(room.messages <= 3, "one round of messages, not {}", room.messages);
    }

    #[test]
    fn conceding_to_a_worse_candidate_does_not_hide_who_won() {
        let mut room = Room::new(&[("a", 9), ("b", 5), ("c", 1)]);
        for node in 1..=3 {
            room.begin(node);
        }
        room.settle();
        assert_eq!(room.winners(), [1]);
        room.nodes.remove(&NodeId(1));
        room.membership();
        room.begin(3);
        room.begin(2);
        room.settle();
        assert_eq!(room.winners(), [2]);
    }

    #[test]
    fn a_loser_does_not_call_again_at_once() {
        let mut room = Room::new(&[("a", 9), ("b", 5), ("c", 1)]);
        room.begin(1);
        room.settle();
        let ballot = Ballot {
            owner: NodeId(3),
            round: 7,
            feature_set: vocab::FEATURE_SET,
            choice: Choice::Vote(Age::default()),
        };
        let age = room.nodes[&NodeId(2)].1;
        room.feed(NodeId(2), Input::Ballot { from: NodeId(3), ballot, age, eligible: true });
        assert_eq!(room.bus.pop_front().unwrap().2.choice, Choice::NoVote);
    }

    #[test]
    fn silence_of_a_peer_delays_only_until_the_timeout() {
        let mut room = Room::new(&[("a", 9), ("b", 5)]);
        room.begin(1);
        let (from, _, ballot) = room.bus.pop_front().unwrap();
        let age = Age::default();
        room.feed(NodeId(1), Input::Ballot { from, ballot, age, eligible: true });
        assert_eq!(room.winners(), []);
        let (node, token) = room.timers[0];
        room.feed(node, Input::Timer { token });
        assert_eq!(room.winners(), [1]);
    }

    #[test]
    fn a_peer_that_leaves_is_not_waited_for() {
        let mut room = Room::new(&[("a", 9), ("b", 5)]);
        room.begin(1);
        let (from, _, ballot) = room.bus.pop_front().unwrap();
        room.feed(NodeId(1), Input::Ballot { from, ballot, age: Age::default(), eligible: true });
        room.nodes.remove(&NodeId(2));
        room.membership();
        assert_eq!(room.winners(), [1]);
    }

    #[test]
    fn a_node_outside_the_membership_does_not_vote() {
        let mut room = Room::new(&[("a", 9)]);
        room.feed(NodeId(1), Input::Members(BTreeMap::new()));
        room.begin(1);
        assert!(room.bus.is_empty());
    }

    #[test]
    fn an_old_concession_means_nothing() {
        let mut room = Room::new(&[("a", 9), ("b", 5)]);
        room.begin(1);
        room.begin(1);
        let ballot = Ballot {
            owner: NodeId(1),
            round: 1,
            feature_set: vocab::FEATURE_SET,
            choice: Choice::NoVote,
        };
        for from in [NodeId(1), NodeId(2)] {
            let age = Age::default();
            room.feed(NodeId(1), Input::Ballot { from, ballot, age, eligible: true });
        }
        assert_eq!(room.winners(), []);
    }
}
