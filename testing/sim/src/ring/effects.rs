//! What daemons ask for is done.

use std::{collections::VecDeque, rc::Rc};

use machine::TimerToken;
use totem::{Configuration, ConfigurationKind, Guarantee, Input, Output};
use vocab::NodeId;

use super::{
    Services,
    check::{self, Content, Lane, Property, Violation},
    log::digest,
    node::{Disk, Incoming, Process},
    services::Effect,
    world::World,
};
use crate::Random;

impl World {
    /// Gives a daemon an input, does what it asks for, and says what a daemon says in return.
    pub(super) fn give(&mut self, node: NodeId, input: Input<'_>) -> Result<(), Violation> {
        let Some(process) = &mut self.nodes[node.0 as usize - 1].process else { return Ok(()) };
        let (key, dies_after) = (process.key, process.dies_after);
        let mut outbox = std::mem::take(&mut self.outbox);
        process.ring.handle(self.now, input, &mut outbox);
        if let Err(what) = process.ring.check() {
            let what = format!("{}: {what}", self.checks.book().who(key));
            return Err(self.violation(Property::Assertion, what));
        }
        let mut follow = Vec::new();
        let mut done = 0;
        while let Some(output) = outbox.pop() {
            if dies_after.is_some_and(|outputs| done >= outputs) {
                while outbox.pop().is_some() {}
                break;
            }
            self.carry_out(node, output, &mut follow)?;
            done += 1;
        }
        self.outbox = outbox;
        if dies_after.is_some() {
            let fate = self.node(node).process.as_ref().map(|process| process.write_fate);
            fate.into_iter().for_each(|fate| self.end(node, fate));
            return Ok(());
        }
        follow.into_iter().try_for_each(|incoming| self.feed(node, incoming))
    }

    fn carry_out(
        &mut self,
        node: NodeId,
        output: Output,
        follow: &mut Vec<Incoming>,
    ) -> Result<(), Violation> {
        let now = self.now;
        let from = u64::from(node.0);
        match output {
            Output::Send { to, frame } => {
                self.log.note(now, [from << 8 | 2, u64::from(to.0), digest(&frame)], || {
                    format!("node {node} sends {} to {to}", describe(&frame))
                });
                self.put_frame(node, to, Rc::new(frame));
            }
            Output::Broadcast(frame) => {
                self.log.note(now, [from << 8 | 3, 0, digest(&frame)], || {
                    format!("node {node} sends {} to all", describe(&frame))
                });
                let frame = Rc::new(frame);
                for to in (1..=self.cluster.nodes).map(NodeId).filter(|to| *to != node) {
                    self.put_frame(node, to, Rc::clone(&frame));
                }
            }
            Output::Arm { timer, token, after } => {
                let at = now + after;
                if let Some(process) = &mut self.node(node).process {
                    let key = process.key;
                    if let Some(at) = process.arm(timer, token, at) {
                        self.put_timer(node, key, timer, at);
                    }
                }
            }
            Output::StoreRingSequence(number) => {
                self.log.note(now, [from << 8 | 4, number, 0], || {
                    format!("node {node} stores {number}")
                });
                if let Some(process) = &mut self.node(node).process {
                    process.writes.push_back(number);
                    let key = process.key;
                    self.put_stored(node, key, number);
                }
            }
            // All of these hosts have the same byte order.
            Output::Deliver { swapped: true, .. } => {
                let what = format!("node {node} takes a message for one in the other byte order");
                return Err(self.violation(Property::Integrity, what));
            }
            Output::Deliver { from: sender, message, swapped: false } => {
                return self.deliver(node, sender, &message, follow);
            }
            Output::Configuration(told) => return self.configure(node, &told, follow),
            Output::Notice(notice) => {
                self.log.note(now, [from << 8 | 7, 0, 0], || format!("node {node}: {notice}"));
            }
        }
        Ok(())
    }

    fn deliver(
        &mut self,
        node: NodeId,
        sender: NodeId,
        content: &[u8],
        follow: &mut Vec<Incoming>,
    ) -> Result<(), Violation> {
        let Some(process) = &self.nodes[node.0 as usize - 1].process else { return Ok(()) };
        let key = process.key;
        self.log.note(
            self.now,
            [u64::from(node.0) << 8 | 5, u64::from(sender.0), digest(content)],
            || format!("node {node} delivers {} bytes of {sender}", content.len()),
        );
        let message = self.checks.delivered(self.now, key, sender, content)?;
        self.deliveries += 1;
        self.note_probe(message);
        let now = self.now;
        let process = self.nodes[node.0 as usize - 1].process.as_mut();
        let services = process.and_then(|process| process.services.as_mut());
        let said = check::said(&self.checks.book().message(message).content);
        if let (Some(services), Some(said)) = (services, said) {
            let effects = services.delivered(now, sender, said);
            return self.do_for_services(node, effects, follow);
        }
        Ok(())
    }

    fn configure(
        &mut self,
        node: NodeId,
        told: &Configuration,
        follow: &mut Vec<Incoming>,
    ) -> Result<(), Violation> {
        let numbers = [u64::from(node.0) << 8 | 6, told.ring.sequence, told.members.len() as u64];
        self.log.note(self.now, numbers, || format!("node {node} tells {told:?}"));
        let host = &mut self.nodes[node.0 as usize - 1];
        let Some(process) = &mut host.process else { return Ok(()) };
        let key = process.key;
        let stored = match host.disk {
            Disk::Number(number) => Some(number),
            Disk::Torn => None,
        };
        self.checks.configured(self.now, key, told, stored)?;
        let now = self.now;
        let is_regular = told.kind == ConfigurationKind::Regular;
        if is_regular {
            self.installs += 1;
            let host = self.node(node);
            host.farewell = host.process.as_ref().map(|process| Rc::new(process.ring.farewell()));
        }
        let process = self.nodes[node.0 as usize - 1].process.as_mut();
        let Some(services) = process.and_then(|process| process.services.as_mut()) else {
            return Ok(());
        };
        if is_regular {
            follow.push(Incoming::SynchronizationBegan);
        }
        let effects = services.configured(now, told);
        self.do_for_services(node, effects, follow)
    }

    /// Does what services ask for; what the ring is to be told follows when it has been heard out.
    pub(super) fn do_for_services(
        &mut self,
        node: NodeId,
        effects: VecDeque<Effect>,
        follow: &mut Vec<Incoming>,
    ) -> Result<(), Violation> {
        let Some(key) = self.node(node).process.as_ref().map(|process| process.key) else {
            return Ok(());
        };
        for effect in effects {
            match effect {
                Effect::Say(message) => follow.push(Incoming::Say(message.into_bytes())),
                Effect::Chat => follow.push(Incoming::Chat),
                Effect::Completed => follow.push(Incoming::SynchronizationEnded),
                Effect::View(view) => {
                    let numbers = [u64::from(node.0) << 8 | 8, u64::from(view.quorate), 0];
                    self.log.note(self.now, numbers, || format!("node {node} finds {view:?}"));
                    if self.cluster.services != Services::TieBreaker {
                        self.checks.viewed(self.now, key, view)?;
                    }
                }
                Effect::Arm { timer, token, after } => {
                    self.put_quorum_timer(node, key, (timer, token), after);
                }
                Effect::StoreExpectedVotes(votes) => self.node(node).expected_votes = votes,
            }
        }
        Ok(())
    }

    /// The services of a daemon begin to synchronise, or are through with it.
    pub(super) fn synchronize(&mut self, node: NodeId, begins: bool) -> Result<(), Violation> {
        let Some(process) = &mut self.node(node).process else { return Ok(()) };
        process.is_synchronizing = begins;
        let input = if begins { Input::SynchronizationBegan } else { Input::SynchronizationEnded };
        self.give(node, input)
    }

    /// A message of any size, as process groups send while they are synchronised.
    pub(super) fn chat(&mut self, node: NodeId) -> Result<(), Violation> {
        let Some(process) = &self.node(node).process else { return Ok(()) };
        let key = process.key;
        let sequence = self.checks.book().ring_id_of(key).map_or(0, |ring| ring.sequence);
        let mut random = Random::new(sequence << 8 | u64::from(node.0));
        let bytes = 10 + usize::try_from(random.below(3_000)).unwrap_or(0);
        self.send(node, Content::Filler(bytes), Guarantee::Agreed).map(drop)
    }

    /// A timer of quorum ran out.
    pub(super) fn fire_quorum(
        &mut self,
        node: NodeId,
        timer: quorum::Timer,
        token: TimerToken,
    ) -> Result<(), Violation> {
        let now = self.now;
        let process = self.node(node).process.as_mut();
        let Some(services) = process.and_then(|process| process.services.as_mut()) else {
            return Ok(());
        };
        let effects = services.fired(now, timer, token);
        let mut follow = Vec::new();
        self.do_for_services(node, effects, &mut follow)?;
        follow.into_iter().try_for_each(|incoming| self.feed(node, incoming))
    }
}

impl Process {
    /// In which order what it is given now goes out.
    pub(super) fn lane(&self) -> Lane {
        if self.is_synchronizing { Lane::Synchronizing } else { Lane::Usual }
    }
}

/// A frame in words: its kind, if it is one of the ring's, and its length.
fn describe(frame: &[u8]) -> String {
    const KINDS: [&str; 6] =
        ["token", "messages", "merge-detect", "join", "commit-token", "token-hold-cancel"];
    let kind = frame.get(3).and_then(|kind| KINDS.get(usize::from(*kind)));
    format!("{} ({} bytes)", kind.unwrap_or(&"something"), frame.len())
}
