//! What daemons ask for is done.

use std::rc::Rc;

use totem::{Configuration, ConfigurationKind, Guarantee, Input, Output};
use vocab::NodeId;

use super::{
    check::{self, Lane, Property, Violation},
    log::digest,
    node::{Disk, Incoming, Process},
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
        follow.into_iter().try_for_each(|incoming| self.feed(node, incoming))?;
        self.synchronize(node)
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
        // Who has heard of all members has synchronised.
        let ring = self.checks.book().ring_id_of(key);
        if ring.is_some() && self.synchronizing.get(&message).copied() == ring {
            let Some(process) = &mut self.node(node).process else { return Ok(()) };
            if let Some(waiting) = &mut process.synchronizing {
                waiting.retain(|member| *member != sender);
                if waiting.is_empty() {
                    process.synchronizing = None;
                    follow.push(Incoming::SynchronizationEnded);
                }
            }
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
        let synchronizes = self.cluster.synchronizes;
        let host = &mut self.nodes[node.0 as usize - 1];
        let Some(process) = &mut host.process else { return Ok(()) };
        let key = process.key;
        let stored = match host.disk {
            Disk::Number(number) => Some(number),
            Disk::Torn => None,
        };
        self.checks.configured(self.now, key, told, stored)?;
        if told.kind == ConfigurationKind::Regular {
            self.installs += 1;
            process.synchronizing = synchronizes.then(|| told.members.clone());
            process.owes_message = synchronizes;
            if synchronizes {
                follow.retain(|incoming| !matches!(incoming, Incoming::SynchronizationEnded));
                follow.push(Incoming::SynchronizationBegan);
            }
        }
        Ok(())
    }

    /// A daemon whose services have begun to synchronise sends the message that others wait for, once there is room.
    fn synchronize(&mut self, node: NodeId) -> Result<(), Violation> {
        let process = self.nodes[node.0 as usize - 1].process.as_mut();
        let Some(process) = process.filter(|process| process.owes_message) else { return Ok(()) };
        let key = process.key;
        let Some(ring) = self.checks.book().ring_id_of(key) else { return Ok(()) };
        let mut random = Random::new(ring.sequence << 8 | u64::from(node.0));
        let bytes = 10 + usize::try_from(random.below(3_000)).unwrap_or(0);
        if !process.ring.has_room_for(bytes) {
            return Ok(());
        }
        process.owes_message = false;
        let message = self.checks.given(key, Lane::Synchronizing, bytes);
        self.synchronizing.insert(message, ring);
        let message = check::fill(message, bytes);
        self.give(node, Input::Multicast { message, guarantee: Guarantee::Agreed })
    }
}

impl Process {
    /// In which order what it is given now goes out.
    pub(super) fn lane(&self) -> Lane {
        if self.synchronizing.is_some() { Lane::Synchronizing } else { Lane::Usual }
    }
}

/// A frame in words: its kind, if it is one of the ring's, and its length.
fn describe(frame: &[u8]) -> String {
    const KINDS: [&str; 6] =
        ["token", "messages", "merge-detect", "join", "commit-token", "token-hold-cancel"];
    let kind = frame.get(3).and_then(|kind| KINDS.get(usize::from(*kind)));
    format!("{} ({} bytes)", kind.unwrap_or(&"something"), frame.len())
}
