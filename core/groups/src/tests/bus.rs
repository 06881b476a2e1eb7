use std::collections::{BTreeMap, VecDeque};

use machine::{Instant, Outbox};
use vocab::NodeId;
use wire::{
    corosync::{
        RingId,
        cpg::{
            self, Address, Event as Told, GroupName, Guarantee, Iteration, Part, Request,
            decode_iteration, decode_iteration_next,
        },
    },
    exec::{Channel, Incoming, Outgoing, Service},
    qb,
};

use crate::{
    Admission, ClientId, Groups, Input, Output, Settings,
    sync::{self, Barrier},
};

struct Node {
    barrier: Barrier,
    groups: Groups,
    members: Vec<NodeId>,
    /// What waits for the ring.
    queue: VecDeque<Outgoing>,
    /// What was queued when the membership changed: it goes out once services are synchronised.
    kept: VecDeque<Outgoing>,
}

struct Client {
    node: NodeId,
    id: ClientId,
    pid: u32,
    heard: Vec<String>,
    answers: Vec<Vec<u8>>,
}

/// Nodes, by number, and clients, by name.
pub(super) struct Bus {
    nodes: BTreeMap<NodeId, Node>,
    clients: BTreeMap<&'static str, Client>,
    sequence: u64,
    last_client: u64,
    pub(super) notices: Vec<String>,
}

pub(super) fn name(text: &str) -> GroupName {
    GroupName::new(text.as_bytes()).unwrap()
}

impl Bus {
    /// Nodes that have formed their first membership together.
    pub(super) fn new(nodes: &[u32]) -> Self {
        let mut bus = Self {
            nodes: BTreeMap::new(),
            clients: BTreeMap::new(),
            sequence: 0,
            last_client: 0,
            notices: Vec::new(),
        };
        for &node in nodes {
            bus.start(node);
        }
        if !nodes.is_empty() {
            bus.form(&[nodes]);
        }
        bus
    }

    /// One node with the services of a C daemon, which is told of its memberships by [`Bus::change`].
    pub(super) fn alone(settings: Settings) -> Self {
        let mut bus = Self::new(&[]);
        let services = vec![Service::Cmap, Service::Cpg, Service::Quorum, Service::Votequorum];
        bus.start_with(settings, services);
        bus
    }

    /// Starts a node; it hears nobody until the next [`Bus::form`].
    pub(super) fn start(&mut self, node: u32) {
        let settings = Settings { node: NodeId(node) };
        self.start_with(settings, vec![Service::Cpg, Service::Quorum]);
    }

    fn start_with(&mut self, settings: Settings, services: Vec<Service>) {
        let started = Node {
            barrier: Barrier::new(sync::Settings { services }),
            groups: Groups::new(settings),
            members: Vec::new(),
            queue: VecDeque::new(),
            kept: VecDeque::new(),
        };
        self.nodes.insert(settings.node, started);
    }

    /// Ends a node and its clients without a word.
    pub(super) fn kill(&mut self, node: u32) {
        self.nodes.remove(&NodeId(node));
        self.clients.retain(|_, client| client.node != NodeId(node));
    }

    /// The nodes find themselves in these partitions, and synchronise.
    pub(super) fn form(&mut self, partitions: &[&[u32]]) {
        self.begin_form(partitions);
        self.settle();
    }

    /// The nodes find themselves in these partitions; nothing is delivered yet.
    pub(super) fn begin_form(&mut self, partitions: &[&[u32]]) {
        self.sequence += 4;
        for partition in partitions {
            let members: Vec<_> = partition.iter().copied().map(NodeId).collect();
            let ring = RingId { node: partition[0], sequence: self.sequence };
            let before: Vec<_> = members.iter().map(|n| self.nodes[n].members.clone()).collect();
            for (&node, old) in members.iter().zip(&before) {
                // Those that come along are those who were with this node, and saw it so themselves.
                let transitional: Vec<_> = members
                    .iter()
                    .zip(&before)
                    .filter(|(other, others)| {
                        **other == node || (!old.is_empty() && *others == old)
                    })
                    .map(|(other, _)| *other)
                    .collect();
                self.change(node, &transitional, &members, ring);
            }
        }
    }

    /// Tells a node of a new membership.
    pub(super) fn change(
        &mut self,
        id: NodeId,
        transitional: &[NodeId],
        members: &[NodeId],
        ring: RingId,
    ) {
        let node = self.nodes.get_mut(&id).unwrap();
        let (synchronising, queued): (VecDeque<_>, VecDeque<_>) =
            node.queue.drain(..).partition(|message| message.channel() == Channel::Sync);
        drop(synchronising);
        node.kept.extend(queued);
        node.members = members.to_vec();
        let mut out = Outbox::new();
        let first = sync::Input::Transitional { members: transitional };
        node.barrier.handle(Instant::START, first, &mut out);
        let second = sync::Input::Regular { ring, members };
        node.barrier.handle(Instant::START, second, &mut out);
        self.carry_out(id, &mut out);
    }

    fn carry_out(&mut self, id: NodeId, out: &mut Outbox<sync::Output>) {
        while let Some(output) = out.pop() {
            let node = self.nodes.get_mut(&id).unwrap();
            match output {
                sync::Output::Multicast(message) => node.queue.push_back(message),
                sync::Output::Init { service: Service::Cpg, transitional, members, ring } => {
                    let (transitional, members) = (&transitional, &members);
                    self.input(id, Input::SyncInit { transitional, members, ring });
                }
                sync::Output::Process(Service::Cpg) => self.input(id, Input::SyncProcess),
                sync::Output::Process(other) => {
                    node.barrier.handle(Instant::START, sync::Input::Synced(other), out);
                }
                sync::Output::Activate(Service::Cpg) => self.input(id, Input::SyncActivate),
                sync::Output::Abort(Service::Cpg) => self.input(id, Input::SyncAbort),
                sync::Output::Init { .. } | sync::Output::Activate(_) | sync::Output::Abort(_) => {}
                sync::Output::Completed => {
                    let kept = std::mem::take(&mut node.kept);
                    node.queue.extend(kept);
                    self.input(id, Input::SyncCompleted);
                }
                sync::Output::Notice(notice) => self.notices.push(notice.to_string()),
            }
        }
    }

    /// Gives a node's groups an input and carries out what they ask for.
    pub(super) fn input(&mut self, id: NodeId, input: Input<'_>) {
        let mut out = Outbox::new();
        let node = self.nodes.get_mut(&id).unwrap();
        node.groups.handle(Instant::START, input, &mut out);
        node.groups.check();
        while let Some(output) = out.pop() {
            let node = self.nodes.get_mut(&id).unwrap();
            match output {
                Output::Multicast(message) => node.queue.push_back(message),
                Output::Synced => {
                    let mut out = Outbox::new();
                    let input = sync::Input::Synced(Service::Cpg);
                    node.barrier.handle(Instant::START, input, &mut out);
                    self.carry_out(id, &mut out);
                }
                Output::Answer { client, message } => {
                    if let Some(client) = self.clients.values_mut().find(|c| c.id == client) {
                        client.answers.push(message);
                    }
                }
                Output::Event { client, event } => {
                    let client = self.clients.values_mut().find(|c| c.id == client);
                    client.expect("who went hears nothing").heard.push(print(&event));
                }
                Output::Notice(notice) => self.notices.push(notice.to_string()),
            }
        }
    }

    /// Delivers one message of each node in turn, to all of its partition, until nothing waits.
    pub(super) fn settle(&mut self) {
        while self.deliver_some(1) > 0 {}
    }

    /// Delivers up to so many messages of each node in turn; gives how many there were.
    pub(super) fn deliver_some(&mut self, each: usize) -> usize {
        let mut delivered = 0;
        for from in self.nodes.keys().copied().collect::<Vec<_>>() {
            for _ in 0..each {
                let sender = self.nodes.get_mut(&from).unwrap();
                let Some(message) = sender.queue.pop_front() else { break };
                let members = sender.members.clone();
                delivered += 1;
                for to in members {
                    self.deliver(from, to, message.clone());
                }
            }
        }
        delivered
    }

    /// Delivers a message to one node alone.
    pub(super) fn deliver(&mut self, from: NodeId, to: NodeId, message: Outgoing) {
        let message = Incoming::open(message.into_bytes()).unwrap();
        match message.channel() {
            Channel::Services => self.input(to, Input::Deliver { from, message }),
            Channel::Sync => {
                let mut out = Outbox::new();
                let input = sync::Input::Deliver { from, message: message.message() };
                let node = self.nodes.get_mut(&to).unwrap();
                node.barrier.handle(Instant::START, input, &mut out);
                self.carry_out(to, &mut out);
            }
        }
    }

    /// The next message that waits for the ring on a node.
    pub(super) fn take_queued(&mut self, node: u32) -> Option<Outgoing> {
        self.nodes.get_mut(&NodeId(node)).unwrap().queue.pop_front()
    }

    /// Bytes that wait for the ring on a node.
    pub(super) fn queued_bytes(&self, node: u32) -> usize {
        self.nodes[&NodeId(node)].queue.iter().map(|m| m.clone().into_bytes().len()).sum()
    }

    pub(super) fn groups(&self, node: u32) -> &Groups {
        &self.nodes[&NodeId(node)].groups
    }

    /// Connects a client.
    pub(super) fn connect(&mut self, client: &'static str, node: u32, pid: u32) {
        self.last_client += 1;
        let (id, node) = (ClientId(self.last_client), NodeId(node));
        let (heard, answers) = (Vec::new(), Vec::new());
        self.clients.insert(client, Client { node, id, pid, heard, answers });
        self.input(node, Input::Connected(id));
    }

    /// Ends a client's connection.
    pub(super) fn disconnect(&mut self, client: &str) {
        let Client { node, id, .. } = self.clients.remove(client).unwrap();
        self.input(node, Input::Disconnected(id));
    }

    /// Sends bytes as a request; gives the answer, if it comes at once.
    pub(super) fn request(&mut self, client: &str, message: &[u8]) -> Option<Vec<u8>> {
        let Client { node, id, .. } = self.clients[client];
        self.input(node, Input::Request { client: id, message });
        self.clients.get_mut(client).unwrap().answers.pop()
    }

    /// What is to be done with a request now, if the ring has room.
    pub(super) fn admission(&self, client: &str, message: &[u8]) -> Admission {
        let node = &self.nodes[&self.clients[client].node];
        node.groups.admission(message, node.barrier.is_running(), |_| true)
    }

    /// Asks for something that is answered with a status; gives its number.
    pub(super) fn status(&mut self, client: &str, request: &Request) -> i32 {
        let answer = self.request(client, &request.encode()).expect("an answer");
        qb::ResponseHeader::decode(&answer).unwrap().error
    }

    pub(super) fn join_with(&mut self, client: &str, group: &str, flags: u32) -> i32 {
        let pid = self.clients[client].pid;
        self.status(client, &Request::Join { group: name(group), pid, flags })
    }

    /// Joins, wanting to hear of the ring, and waits.
    pub(super) fn join(&mut self, client: &str, group: &str) -> i32 {
        let status = self.join_with(client, group, 1);
        self.settle();
        status
    }

    /// Leaves and waits.
    pub(super) fn leave(&mut self, client: &str, group: &str) -> i32 {
        let pid = self.clients[client].pid;
        let status = self.status(client, &Request::Leave { group: name(group), pid });
        self.settle();
        status
    }

    /// Sends a message; nothing is delivered yet.
    pub(super) fn send(&mut self, client: &str, text: &str) {
        let message = cpg::encode_multicast(Guarantee::Agreed, text.as_bytes());
        assert_eq!(self.request(client, &message), None);
    }

    /// Sends a part of a message of 6 bytes.
    pub(super) fn send_part(&mut self, client: &str, part: Part, text: &str) -> i32 {
        let payload = text.as_bytes().to_vec();
        let guarantee = Guarantee::Agreed;
        self.status(client, &Request::PartialMulticast { guarantee, total: 6, part, payload })
    }

    /// Walks over groups or processes.
    pub(super) fn walk(&mut self, client: &str, over: Iteration) -> Vec<String> {
        let request = Request::Iteration(over);
        let answer = self.request(client, &request.encode()).unwrap();
        let handle = decode_iteration(&answer).unwrap();
        let next = Request::IterationNext { handle }.encode();
        let mut found = Vec::new();
        while let Ok(one) = decode_iteration_next(&self.request(client, &next).unwrap()) {
            found.push(format!("{}/{}:{}", one.group, one.node, one.pid));
        }
        assert_eq!(self.status(client, &Request::IterationEnd { handle }), 1);
        found
    }

    /// What the client has heard since it was asked last.
    pub(super) fn heard(&mut self, client: &str) -> Vec<String> {
        std::mem::take(&mut self.clients.get_mut(client).unwrap().heard)
    }

    /// Checks what a client has heard since it was asked last.
    #[track_caller]
    pub(super) fn expect(&mut self, client: &str, expected: &[&str]) {
        assert_eq!(self.heard(client), expected, "client {client}");
    }
}

fn list(addresses: &[Address]) -> String {
    let one = |address: &Address| format!("{}:{}:{}", address.node, address.pid, address.reason);
    addresses.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn print(event: &[u8]) -> String {
    match Told::decode(event).unwrap() {
        Told::ConfigurationChange { group, members, joined, left } => {
            let (members, left, joined) = (list(&members), list(&left), list(&joined));
            format!("confchg {group} m [{members}] l [{left}] j [{joined}]")
        }
        Told::Deliver { group, node, pid, payload } => {
            format!("deliver {group} {node}:{pid} {}", String::from_utf8_lossy(&payload))
        }
        Told::PartialDeliver { group, node, pid, total, part, payload } => {
            let text = String::from_utf8_lossy(&payload);
            format!("part {group} {node}:{pid} {part:?} of {total} {text}")
        }
        Told::RingChange { ring, members } => format!("totem {} {members:?}", ring.node),
        Told::Other(id) => format!("event {id}"),
    }
}
