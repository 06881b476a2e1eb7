//! Replicas in memory, in virtual time, with a group that delivers to all in the same order.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use machine::{Instant, Outbox, TimerToken};
use messages::cib::{
    CallOptions, ClientMessage, Notification, NotificationKind, PeerMessage, Reply, Request,
};
use vocab::{NodeId, NodeName, ToolExit};
use xml::Element;

use super::super::*;
use crate::empty;

/// A message on its way, as it is on the wire.
struct Message {
    from: usize,
    to: Option<NodeName>,
    body: Element,
}

pub(super) struct Node {
    pub(super) replica: Option<Replica>,
    /// What was last put on disk.
    pub(super) disk: Element,
    timers: Vec<(Instant, Timer, TimerToken)>,
    pub(super) responses: BTreeMap<i32, Answer>,
    pub(super) events: Vec<Reply>,
    pub(super) notifications: Vec<Notification>,
    /// What the user is told who is subject to access control.
    pub(super) joe_s_notifications: Vec<Notification>,
    pub(super) acknowledged: Vec<ToolExit>,
    pub(super) notes: Vec<Note>,
    pub(super) exit: Option<ToolExit>,
    calls: i32,
}

pub(super) struct World {
    pub(super) nodes: Vec<Node>,
    queue: VecDeque<Message>,
    now: Instant,
    /// Nodes that hear nobody and are heard by nobody.
    cut_off: BTreeSet<usize>,
}

pub(super) const CLIENT: ClientKey = ClientKey(1);
const READER: ClientKey = ClientKey(2);
pub(super) const JOE: ClientKey = ClientKey(3);

pub(super) fn name(index: usize) -> NodeName {
    ["a", "b", "c", "d"][index].into()
}

impl World {
    pub(super) fn new(count: usize) -> Self {
        let nodes = (0..count).map(|_| Node {
            replica: None,
            disk: empty(0),
            timers: Vec::new(),
            responses: BTreeMap::new(),
            events: Vec::new(),
            notifications: Vec::new(),
            joe_s_notifications: Vec::new(),
            acknowledged: Vec::new(),
            notes: Vec::new(),
            exit: None,
            calls: 0,
        });
        let mut world = Self {
            nodes: nodes.collect(),
            queue: VecDeque::new(),
            now: Instant::START,
            cut_off: BTreeSet::new(),
        };
        (0..count).for_each(|index| world.start(index));
        world
    }

    /// Starts a node from what it has on disk, with a client that wants to know everything.
    pub(super) fn start(&mut self, index: usize) {
        let mut root = self.nodes[index].disk.clone();
        root.set("num_updates", 0);
        root.child_or_new("status").nodes_mut().clear();
        let settings =
            Settings { local: name(index), local_id: node_id(index), stand_alone: false };
        let node = &mut self.nodes[index];
        node.replica = Some(Replica::new(settings, Document::new(root)));
        node.timers.clear();
        for (client, user, access) in [
            (CLIENT, "root", Access::ReadWrite),
            (READER, "root", Access::ReadOnly),
            (JOE, "joe", Access::ReadWrite),
        ] {
            let token = format!("{}-{}", name(index), client.0);
            let input =
                Input::Connected { client, token, user: user.into(), name: "test".into(), access };
            self.handle(index, input);
        }
        for kind in [NotificationKind::Diff, NotificationKind::Replaced] {
            let message = ClientMessage::Subscribe { kind: Some(kind), active: true };
            self.say(index, CLIENT, message.clone());
            self.say(index, JOE, message);
        }
        self.tell_members();
        self.deliver();
    }

    /// Kills a node; what it has on disk stays.
    pub(super) fn kill(&mut self, index: usize) {
        self.nodes[index].replica = None;
        self.queue.retain(|message| message.from != index);
        self.tell_members();
    }

    pub(super) fn cut_off(&mut self, index: usize) {
        self.cut_off.insert(index);
        self.tell_members();
    }

    pub(super) fn rejoin(&mut self, index: usize) {
        self.cut_off.remove(&index);
        self.tell_members();
        self.deliver();
    }

    fn tell_members(&mut self) {
        for index in 0..self.nodes.len() {
            if self.nodes[index].replica.is_some() {
                let members = self.group(index).into_iter().map(node_id).collect();
                self.handle(index, Input::Members(members));
            }
        }
    }

    /// The living nodes that a node hears.
    fn group(&self, index: usize) -> Vec<usize> {
        let together = |other: &usize| {
            *other == index || !self.cut_off.contains(other) && !self.cut_off.contains(&index)
        };
        let living = (0..self.nodes.len()).filter(|&other| self.nodes[other].replica.is_some());
        living.filter(together).collect()
    }

    pub(super) fn say(&mut self, index: usize, client: ClientKey, message: ClientMessage) -> i32 {
        self.nodes[index].calls += 1;
        let number = self.nodes[index].calls;
        let message = ClientMessage::from_element(&message.to_element()).unwrap();
        let call = Call { number, waits: true };
        self.handle(index, Input::Client { client, call, message });
        number
    }

    /// Sends a request of a client that waits, without delivering anything. Gives the number of its answer.
    pub(super) fn send(&mut self, index: usize, mut request: Request) -> i32 {
        request.call_id = self.nodes[index].calls + 1;
        request.options = request.options | CallOptions::SYNC_CALL;
        self.say(index, CLIENT, ClientMessage::Request(request))
    }

    /// Sends a request and waits for the reply.
    pub(super) fn call(&mut self, index: usize, request: Request) -> Reply {
        let number = self.send(index, request);
        self.deliver();
        self.reply(index, number)
    }

    pub(super) fn call_as_reader(&mut self, index: usize, request: Request) -> Reply {
        self.call_as(READER, index, request)
    }

    /// Sends a request of any client and waits for the reply.
    pub(super) fn call_as(
        &mut self,
        client: ClientKey,
        index: usize,
        mut request: Request,
    ) -> Reply {
        request.options = request.options | CallOptions::SYNC_CALL;
        let number = self.say(index, client, ClientMessage::Request(request));
        self.deliver();
        self.reply(index, number)
    }

    pub(super) fn reply(&mut self, index: usize, number: i32) -> Reply {
        match self.nodes[index].responses.remove(&number) {
            Some(Answer::Reply(reply)) => reply,
            other => panic!("no reply to call {number} on {}: {other:?}", name(index)),
        }
    }

    pub(super) fn handle(&mut self, index: usize, input: Input) {
        let Some(mut replica) = self.nodes[index].replica.take() else { return };
        let mut out = Outbox::new();
        let time = LocalTime { moment: vocab::Timestamp(1_795_219_200), utc_offset_seconds: 0 };
        replica.set_time(time, "Sat Nov 21 00:00:00 2026");
        replica.handle(self.now, input, &mut out);
        self.nodes[index].replica = Some(replica);
        while let Some(output) = out.pop() {
            self.carry_out(index, output);
        }
    }

    fn carry_out(&mut self, index: usize, output: Output) {
        let node = &mut self.nodes[index];
        match output {
            Output::Respond { call, answer, .. } => {
                let twice = node.responses.insert(call.number, answer);
                assert!(twice.is_none(), "call {} was answered twice", call.number);
            }
            Output::Acknowledge { status, .. } => node.acknowledged.push(status),
            Output::Event { reply, .. } => node.events.push(reply),
            Output::Notify { clients, notification } => {
                if clients.contains(&JOE) {
                    node.joe_s_notifications.push(notification.clone());
                }
                if clients.contains(&CLIENT) {
                    node.notifications.push(notification);
                }
            }
            Output::Disconnect { .. } => {}
            Output::Broadcast(message) => {
                self.queue.push_back(Message { from: index, to: None, body: message.to_element() });
            }
            Output::Send { to, message } => {
                let body = message.to_element();
                self.queue.push_back(Message { from: index, to: Some(to), body });
            }
            Output::Store(cib) => node.disk = Element::clone(&cib),
            Output::Arm { timer, token, after } => {
                node.timers.push((self.now + after, timer, token));
            }
            Output::Note(note) => node.notes.push(note),
            Output::Exit(exit) => node.exit = Some(exit),
        }
    }

    /// Delivers one message to all who are to get it; `false` if there is none.
    fn deliver_one(&mut self) -> bool {
        let Some(message) = self.queue.pop_front() else { return false };
        for index in self.group(message.from) {
            if message.to.as_ref().is_none_or(|to| *to == name(index)) {
                let body = PeerMessage::from_element(&message.body).unwrap();
                self.handle(index, Input::Peer { from: name(message.from), message: body });
            }
        }
        true
    }

    pub(super) fn deliver(&mut self) {
        while self.deliver_one() {}
    }

    /// Lets time pass; due timers fire and messages are delivered.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            self.deliver();
            let due = (0..self.nodes.len())
                .flat_map(|index| {
                    let timers = self.nodes[index].timers.iter().enumerate();
                    timers.map(move |(at, timer)| (timer.0, index, at))
                })
                .filter(|(at, _, _)| *at <= end)
                .min();
            let Some((at, index, position)) = due else { break };
            self.now = at;
            let (_, timer, token) = self.nodes[index].timers.remove(position);
            self.handle(index, Input::Timer { timer, token });
        }
        self.now = end;
    }

    pub(super) fn root(&self, index: usize) -> &Arc<Element> {
        self.nodes[index].replica.as_ref().unwrap().document().root()
    }

    /// Asserts that all living nodes have the same CIB, and gives its version.
    pub(super) fn agreed(&self) -> String {
        let living: Vec<_> =
            (0..self.nodes.len()).filter(|&i| self.nodes[i].replica.is_some()).collect();
        let digests: BTreeSet<_> =
            living.iter().map(|&index| xml::digest::versioned(self.root(index))).collect();
        let texts: Vec<_> = living.iter().map(|&index| self.root(index).to_compact()).collect();
        assert_eq!(digests.len(), 1, "the CIBs differ:\n{}", texts.join("\n"));
        crate::Version::of(self.root(living[0])).to_string()
    }
}

fn node_id(index: usize) -> NodeId {
    NodeId(u32::try_from(index).unwrap() + 1)
}
