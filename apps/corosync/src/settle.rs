//! What the machines want done, until nothing is left to do.

use groups::{Event, sync};
use ipc::RequestFlow;
use links::Destination;
use net::SocketId;
use runtime::{Remembered, Severity};
use totem::{ConfigurationKind, Guarantee, Suspicion};
use vocab::NodeId;
use wire::{
    exec::{
        self, Channel, Incoming, Outgoing, Service,
        presence::{self, Presence},
    },
    totem::{Condition, Witness},
};

use crate::{
    cfg,
    daemon::{Daemon, Due},
    members,
    transport::Transport,
};

impl Daemon {
    /// Does what machines asked for, and what follows from it. What one thing leads to is done before the next: machines
    /// further from the ring come first.
    pub(crate) fn settle(&mut self) {
        loop {
            if let Some(output) = self.out.links.pop() {
                self.on_links(output);
            } else if let Some(output) = self.out.groups.pop() {
                self.on_groups(output);
            } else if let Some(output) = self.out.quorum.pop() {
                self.on_quorum(output);
            } else if let Some(output) = self.out.maps.pop() {
                self.on_maps(output);
            } else if let Some(output) = self.out.cfg.pop() {
                self.on_cfg(output);
            } else if let Some(output) = self.out.barrier.pop() {
                self.on_barrier(output);
            } else if let Some(output) = self.out.ring.pop() {
                self.on_ring(output);
            } else if let Some(frame) = self.own_frames.pop_front() {
                let now = self.clock.now();
                self.ring.handle(now, totem::Input::Frame(&frame), &mut self.out.ring);
            } else if !self.send_waiting() && !self.resume_client() {
                break;
            }
        }
    }

    fn on_links(&mut self, output: links::Output) {
        match output {
            links::Output::Transmit { packet, to } => {
                let group = self.configuration.group();
                if to.iter().any(|address| Some(address.to) == group) {
                    self.sockets.send_to_group(SocketId(0), &packet);
                } else {
                    let to = to.iter().map(|address| (SocketId(address.link.0), address.to));
                    self.sockets.send(&packet, to);
                }
            }
            links::Output::Deliver { frame, .. } if Witness::is_one(&frame) => {
                self.on_witness(&frame);
            }
            links::Output::Deliver { frame, .. } => {
                let now = self.clock.now();
                self.ring.handle(now, totem::Input::Frame(&frame), &mut self.out.ring);
            }
            links::Output::Arm { timer, token, after } => {
                self.deadlines.arm(Due::Links(timer), token, after);
            }
            change @ (links::Output::NodeChanged { .. }
            | links::Output::LinkChanged { .. }
            | links::Output::MtuChanged { .. }) => self.log_link(&change),
            links::Output::Notice(notice) => {
                self.journal.log("KNET", Severity::Info, notice);
            }
        }
    }

    /// The token is lost: members that no link has an answer from are gone for sure, as far as silence can tell. The others
    /// need not wait for them to agree.
    fn give_up_silent_members(&mut self) {
        let Transport::Links(links) = &self.transport else { return };
        if !self.kin.is_whole_ring(self.ring.members()) {
            return;
        }
        let silent: Vec<NodeId> = self
            .ring
            .members()
            .iter()
            .copied()
            .filter(|&member| member != self.node && !links.is_reachable(member))
            .collect();
        let now = self.clock.now();
        for node in silent {
            let input = totem::Input::Suspect { node, why: Suspicion::Unreachable };
            self.ring.handle(now, input, &mut self.out.ring);
        }
    }

    /// Why members that are gone may be gone, as far as their hosts said something.
    fn explain_losses(&mut self, left: &[NodeId]) {
        for &node in left {
            if let Some(condition) = self.kin.condition(node) {
                let what = match condition {
                    Condition::Stopped => "stopped",
                    Condition::Late => "too slow",
                };
                let text = format!(
                    "node {node} was lost because its corosync is {what}; its host was alive and may still run what it ran"
                );
                self.journal.log("TOTEM", Severity::Warning, text);
            }
        }
    }

    fn on_ring(&mut self, output: totem::Output) {
        let now = self.clock.now();
        match output {
            totem::Output::Send { to, frame } if to == self.node => {
                self.own_traffic.frames += 1;
                self.own_traffic.bytes += frame.len() as u64;
                self.own_frames.push_back(frame);
            }
            totem::Output::Send { to, frame } => {
                let input = links::Input::Send { to: Destination::Node(to), frame: &frame };
                self.transport.handle(now, input, &mut self.out.links);
            }
            totem::Output::Broadcast(frame) => {
                let input = links::Input::Send { to: Destination::All, frame: &frame };
                self.transport.handle(now, input, &mut self.out.links);
            }
            totem::Output::Arm { timer, token, after } => {
                self.deadlines.arm(Due::Ring(timer), token, after);
            }
            totem::Output::StoreRingSequence(sequence) => {
                self.files.store(Remembered::RingSequence { node: self.node, sequence });
            }
            totem::Output::Deliver { from, message, swapped } => {
                self.on_delivered(from, message, swapped);
            }
            totem::Output::Configuration(configuration) => self.on_configuration(&configuration),
            totem::Output::Notice(notice) => {
                let severity = match notice.severity() {
                    totem::Severity::Debug => Severity::Debug,
                    totem::Severity::Notice => Severity::Notice,
                    totem::Severity::Warning => Severity::Warning,
                    totem::Severity::Error => Severity::Error,
                };
                let is_token_lost = matches!(notice, totem::Notice::ProcessorFailed { .. });
                self.journal.log("TOTEM", severity, notice);
                if is_token_lost {
                    self.give_up_silent_members();
                }
            }
        }
    }

    fn on_configuration(&mut self, configuration: &totem::Configuration) {
        let now = self.clock.now();
        let members = &configuration.members;
        self.set_group_flow(RequestFlow::Hold);
        match configuration.kind {
            ConfigurationKind::Transitional => {
                self.explain_losses(&configuration.left);
                self.kin.forget();
                let input = sync::Input::Transitional { members };
                self.barrier.handle(now, input, &mut self.out.barrier);
            }
            ConfigurationKind::Regular => {
                self.ring.handle(now, totem::Input::SynchronizationBegan, &mut self.out.ring);
                let input = sync::Input::Regular { ring: configuration.ring, members };
                self.barrier.handle(now, input, &mut self.out.barrier);
            }
        }
        if configuration.kind == ConfigurationKind::Regular {
            self.prepare_farewell();
        }
        let place = &self.configuration;
        let keys = self.members.change(configuration, |node| place.addresses_text(node));
        for input in keys {
            self.set_in_map(input);
        }
    }

    fn on_delivered(&mut self, from: NodeId, message: Vec<u8>, swapped: bool) {
        self.kin.gets_on(from);
        if swapped {
            // The envelope would be refused anyway; this says why.
            let text =
                format!("node {from} has the other byte order: its messages are not understood");
            self.journal.log("MAIN", Severity::Error, text);
            return;
        }
        let incoming = match Incoming::open(message) {
            Ok(incoming) => incoming,
            Err(error) => {
                let text = format!("dropped a message of node {from} that cannot be read: {error}");
                self.journal.log("MAIN", Severity::Warning, text);
                return;
            }
        };
        match incoming.channel() {
            Channel::Sync => {
                let input = sync::Input::Deliver { from, message: incoming.message() };
                self.barrier.handle(self.clock.now(), input, &mut self.out.barrier);
            }
            Channel::Services => {
                self.on_service_message(from, incoming);
                if from == self.node {
                    self.own.came_back += 1;
                    self.leave_if_heard();
                }
            }
        }
    }

    fn on_service_message(&mut self, from: NodeId, incoming: Incoming) {
        let now = self.clock.now();
        let Ok(header) = exec::Header::decode(incoming.message()) else {
            self.journal.log(
                "MAIN",
                Severity::Warning,
                format!("dropped a message of node {from} that is shorter than it says"),
            );
            return;
        };
        if header.service == presence::SERVICE {
            return self.on_presence(from, incoming.message());
        }
        // A service that we do not have is one of a daemon that can do more: nothing to worry about.
        let Some(service) = Service::from_number(header.service) else { return };
        self.traffic.received(service, header.function);
        match service {
            Service::Cpg => {
                let input = groups::Input::Deliver { from, message: incoming };
                self.groups.handle(now, input, &mut self.out.groups);
            }
            Service::Votequorum => {
                let input = quorum::Input::Deliver { from, message: incoming.message() };
                self.quorum.handle(now, input, &mut self.out.quorum);
            }
            Service::Cfg => match exec::cfg::Message::decode(incoming.message()) {
                Ok(message) => {
                    let input = cfg::Input::Message { from, message };
                    self.cfg.handle(input, &mut self.out.cfg);
                }
                Err(error) => self.refused(from, service, &error),
            },
            Service::Cmap => match exec::cmap::Message::decode(incoming.message()) {
                Ok(message) => {
                    if let Some(version) = self.versions.heard(from, &message) {
                        let input = members::version(from, version);
                        self.set_in_map(input);
                    }
                }
                Err(error) => self.refused(from, service, &error),
            },
            Service::Quorum => {}
        }
    }

    /// A member says that it is one of ours.
    fn on_presence(&mut self, from: NodeId, message: &[u8]) {
        if Presence::decode(message).is_ok() && self.kin.heard_of(from) {
            self.prepare_farewell();
        }
    }

    fn refused(&self, from: NodeId, service: Service, error: &wire::WireError) {
        let name = service.full_name();
        let text = format!("dropped a message of node {from} for {name}: {error}");
        self.journal.log("MAIN", Severity::Warning, text);
    }

    fn on_barrier(&mut self, output: sync::Output) {
        let now = self.clock.now();
        match output {
            sync::Output::Multicast(message) => self.multicast(message),
            sync::Output::Init { service, transitional, members, ring } => match service {
                Service::Cpg => {
                    let (transitional, members) = (&transitional[..], &members[..]);
                    let input = groups::Input::SyncInit { transitional, members, ring };
                    self.groups.handle(now, input, &mut self.out.groups);
                }
                Service::Quorum | Service::Votequorum => {
                    let (transitional, members) = (&transitional[..], &members[..]);
                    let input = quorum::Input::SyncInit { service, transitional, members, ring };
                    self.quorum.handle(now, input, &mut self.out.quorum);
                }
                Service::Cmap => self.versions.begin(&transitional),
                Service::Cfg => {}
            },
            sync::Output::Process(service) => self.on_turn(service),
            sync::Output::Activate(service) => self.on_activate(service),
            sync::Output::Abort(service) => match service {
                Service::Cpg => {
                    self.groups.handle(now, groups::Input::SyncAbort, &mut self.out.groups);
                }
                Service::Quorum | Service::Votequorum => {
                    let input = quorum::Input::SyncAbort(service);
                    self.quorum.handle(now, input, &mut self.out.quorum);
                }
                Service::Cmap | Service::Cfg => {}
            },
            sync::Output::Completed => self.on_synchronized(),
            sync::Output::Notice(notice) => {
                let severity = match notice {
                    sync::Notice::Completed => Severity::Notice,
                    sync::Notice::Malformed { .. } | sync::Notice::Stranger { .. } => {
                        Severity::Warning
                    }
                    sync::Notice::OutOfTurn { .. } => Severity::Debug,
                };
                self.journal.log("MAIN", severity, notice);
            }
        }
    }

    /// A service says to the others what it has to say after a change of membership.
    fn on_turn(&mut self, service: Service) {
        let now = self.clock.now();
        match service {
            Service::Cpg => {
                self.groups.handle(now, groups::Input::SyncProcess, &mut self.out.groups);
            }
            Service::Quorum | Service::Votequorum => {
                let input = quorum::Input::SyncProcess(service);
                self.quorum.handle(now, input, &mut self.out.quorum);
            }
            Service::Cmap => {
                let message = self.versions.process().encode();
                self.multicast(Outgoing::wrap(Channel::Services, &message));
                self.synced(service);
            }
            Service::Cfg => self.synced(service),
        }
    }

    fn synced(&mut self, service: Service) {
        let input = sync::Input::Synced(service);
        self.barrier.handle(self.clock.now(), input, &mut self.out.barrier);
    }

    fn on_activate(&mut self, service: Service) {
        let now = self.clock.now();
        match service {
            Service::Cpg => {
                self.groups.handle(now, groups::Input::SyncActivate, &mut self.out.groups);
            }
            Service::Quorum | Service::Votequorum => {
                let input = quorum::Input::SyncActivate(service);
                self.quorum.handle(now, input, &mut self.out.quorum);
            }
            Service::Cmap => {
                if let Err(outdated) = self.versions.activate() {
                    self.journal.log("CMAP", Severity::Error, outdated);
                    self.leave();
                }
            }
            Service::Cfg => {}
        }
    }

    fn on_synchronized(&mut self) {
        let now = self.clock.now();
        self.groups.handle(now, groups::Input::SyncCompleted, &mut self.out.groups);
        self.ring.handle(now, totem::Input::SynchronizationEnded, &mut self.out.ring);
        self.set_group_flow(RequestFlow::Open);
        self.multicast(Outgoing::wrap(Channel::Services, &Presence::OWN.encode()));
        if !self.is_ready {
            self.is_ready = true;
            self.endpoints.admit_clients();
            // Without a service manager there is nobody to tell.
            let _ = runtime::notify_ready();
        }
    }

    /// Whether clients may send to their groups: not while services are being synchronised.
    fn set_group_flow(&mut self, flow: RequestFlow) {
        if let Some(server) = self.endpoints.server(Service::Cpg) {
            server.set_flow(flow);
        }
    }

    fn on_groups(&mut self, output: groups::Output) {
        match output {
            groups::Output::Multicast(message) => self.multicast(message),
            groups::Output::Synced => self.synced(Service::Cpg),
            groups::Output::Answer { client, message } => {
                self.endpoints.answer(Service::Cpg, ipc::ClientId(client.0), &message);
            }
            groups::Output::Event { client, event } => self.cpg_event(client, &event),
            groups::Output::Notice(notice) => {
                self.journal.log("CPG", Severity::Warning, notice);
            }
        }
    }

    fn cpg_event(&mut self, client: groups::ClientId, event: &Event) {
        self.endpoints.post(Service::Cpg, ipc::ClientId(client.0), event);
    }

    fn on_quorum(&mut self, output: quorum::Output) {
        match output {
            quorum::Output::Multicast(message) => self.multicast(message),
            quorum::Output::Synced(service) => self.synced(service),
            quorum::Output::View(_) => {}
            quorum::Output::Answer { client, answer } => {
                let (service, client) = crate::clients::of_quorum(client);
                self.endpoints.answer(service, client, &answer.encode());
            }
            quorum::Output::Event { client, event } => {
                let (service, client) = crate::clients::of_quorum(client);
                self.endpoints.event(service, client, &event.encode());
            }
            quorum::Output::StoreExpectedVotes(votes) => {
                self.files.store(Remembered::ExpectedVotes(votes));
            }
            quorum::Output::Arm { timer, token, after } => {
                self.deadlines.arm(Due::Quorum(timer), token, after);
            }
            quorum::Output::Key(key) => {
                let value = match key.value {
                    quorum::KeyValue::U8(value) => cmap::Value::U8(value),
                    quorum::KeyValue::U32(value) => cmap::Value::U32(value),
                };
                self.set_key(key.name, value);
            }
            quorum::Output::Notice(notice) => {
                let severity = match notice.severity() {
                    quorum::Severity::Info => Severity::Info,
                    quorum::Severity::Notice => Severity::Notice,
                    quorum::Severity::Warning => Severity::Warning,
                    quorum::Severity::Critical => Severity::Critical,
                };
                self.journal.log(notice.subsystem(), severity, notice);
            }
        }
    }

    /// Sets a key of the configuration map.
    pub(crate) fn set_key(&mut self, key: &str, value: cmap::Value) {
        let map = cmap::MapId::Configuration;
        self.set_in_map(cmap::Input::Set { map, key: key.to_owned(), value });
    }

    /// Changes a map for the daemon itself.
    pub(crate) fn set_in_map(&mut self, input: cmap::Input) {
        // Only a key that cannot be is refused, and all that are set here can be; one that is gone is gone.
        let _ = self.maps.handle(input, &mut self.out.maps);
    }

    /// Gives a message to the ring, after those that wait.
    pub(crate) fn multicast(&mut self, message: Outgoing) {
        if let Ok(header) = exec::Header::decode(message.message())
            && message.channel() == Channel::Services
            && let Some(service) = Service::from_number(header.service)
        {
            self.traffic.sent(service, header.function);
        }
        if message.channel() == Channel::Services {
            self.own.sent += 1;
        }
        let message = message.into_bytes();
        if self.waiting.is_empty() && self.ring.has_room_for(message.len()) {
            self.give_to_ring(message);
        } else {
            self.waiting.push_back(message);
        }
    }

    /// Gives the ring a message that had to wait; false if there is none or still no room.
    fn send_waiting(&mut self) -> bool {
        match self.waiting.front() {
            Some(message) if self.ring.has_room_for(message.len()) => {}
            Some(_) | None => return false,
        }
        let Some(message) = self.waiting.pop_front() else { return false };
        self.give_to_ring(message);
        true
    }

    fn give_to_ring(&mut self, message: Vec<u8>) {
        let input = totem::Input::Multicast { message, guarantee: Guarantee::Agreed };
        self.ring.handle(self.clock.now(), input, &mut self.out.ring);
    }
}
