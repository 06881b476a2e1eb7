//! Faults, made up from a seed.

use std::time::Duration;

use machine::Instant;
use totem::Suspicion;
use vocab::NodeId;

use super::{
    Cluster, Event, Happening, ResumeOrder, WriteFate,
    plan::{any_node, soon},
};
use crate::Random;

/// Puts faults, and what undoes most of them later, among the events.
pub(super) fn add(cluster: &Cluster, events: &mut Vec<Event>) {
    let mut random = Random::stream(cluster.seed, "faults");
    let number = random.below(13);
    let span = cluster.faults_end.since(Instant::START);
    let mut at = soon(&mut random, Instant::START, span);
    for _ in 0..number {
        // Faults that follow each other closely meet the protocol in the middle of what the first began.
        at = if random.below(2) == 0 {
            soon(&mut random, Instant::START, span)
        } else {
            let within = *random.choose(&[cluster.hop * 20, cluster.token / 4, cluster.token * 3]);
            soon(&mut random, at, within)
        };
        if at < cluster.faults_end {
            let mut faults = Faults { cluster, random: &mut random, at, events };
            faults.add_one();
        }
    }
}

/// A fault about to be added.
struct Faults<'a> {
    cluster: &'a Cluster,
    random: &'a mut Random,
    at: Instant,
    events: &'a mut Vec<Event>,
}

impl Faults<'_> {
    fn now(&mut self, what: Happening) {
        self.events.push(Event { at: self.at, what });
    }

    fn later(&mut self, what: Happening) {
        let token = self.cluster.token;
        let within = *self.random.choose(&[token / 20, token / 2, token * 2, token * 6]);
        let at = soon(self.random, self.at, within);
        if at < self.cluster.faults_end {
            self.events.push(Event { at, what });
        }
    }

    fn node(&mut self) -> NodeId {
        any_node(self.cluster, self.random)
    }

    fn add_one(&mut self) {
        let node = self.node();
        match self.random.below(20) {
            0..5 => self.crash(node),
            5..7 => self.pause(node),
            7..9 => self.cut(node),
            9..13 => self.partition(),
            13..15 => self.isolate(node),
            15 => {
                self.now(Happening::Leave(node));
                self.later(Happening::Start(node));
            }
            16..18 => self.suspect(node),
            18 => self.now(Happening::Gather(node)),
            _ => self.slow_disk(node),
        }
    }

    fn crash(&mut self, node: NodeId) {
        let write = match self.random.below(10) {
            0..5 => WriteFate::Lost,
            5..9 => WriteFate::Kept,
            _ => WriteFate::Torn,
        };
        let outputs = match self.random.below(3) {
            0 => Some(u32::try_from(self.random.below(6)).unwrap_or(0)),
            _ => None,
        };
        self.now(Happening::Crash { node, write, outputs });
        if self.random.below(5) > 0 {
            self.later(Happening::Start(node));
        }
        if self.random.below(4) == 0 {
            self.later(Happening::Farewell(node));
        }
        // A host that has seen the connection close tells it at once.
        if self.random.below(4) == 0 {
            let who = self.node();
            if who != node {
                self.later(Happening::Suspect { node: who, suspect: node, why: Suspicion::Gone });
            }
        }
    }

    fn pause(&mut self, node: NodeId) {
        let order = *self.random.choose(&[
            ResumeOrder::AsItCame,
            ResumeOrder::TimersFirst,
            ResumeOrder::PacketsFirst,
        ]);
        self.now(Happening::Pause(node));
        self.later(Happening::Resume { node, order });
    }

    fn cut(&mut self, from: NodeId) {
        let to = self.node();
        if to != from {
            self.now(Happening::Cut { from, to });
            self.later(Happening::Mend { from, to });
        }
    }

    fn partition(&mut self) {
        let mut groups = vec![Vec::new(); 2 + usize::from(self.random.below(4) == 0)];
        for node in self.cluster.node_ids() {
            let group = self.random.below(groups.len() as u64);
            groups[usize::try_from(group).unwrap_or(0)].push(node);
        }
        groups.retain(|group| !group.is_empty());
        self.now(Happening::Partition(groups));
        self.later(Happening::Heal);
    }

    fn isolate(&mut self, node: NodeId) {
        let rest = self.cluster.node_ids().filter(|other| *other != node).collect();
        self.now(Happening::Partition(vec![vec![node], rest]));
        self.later(Happening::Heal);
    }

    fn suspect(&mut self, node: NodeId) {
        let suspect = self.node();
        if suspect != node {
            let why = *self.random.choose(&[Suspicion::Unreachable, Suspicion::Gone]);
            self.now(Happening::Suspect { node, suspect, why });
        }
    }

    fn slow_disk(&mut self, node: NodeId) {
        let latency = *self.random.choose(&[
            self.cluster.token / 10,
            self.cluster.token,
            self.cluster.token * 3,
        ]);
        self.now(Happening::Disk { node, latency });
        self.later(Happening::Disk { node, latency: Duration::ZERO });
    }
}
