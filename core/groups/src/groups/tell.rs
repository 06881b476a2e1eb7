use machine::Outbox;
use vocab::NodeId;
use wire::corosync::cpg::{Address, Event as Told};

use super::{
    Groups,
    client::State,
    reason,
    registry::{GroupIndex, Member},
};
use crate::{ClientId, Event, Output};

/// Processes as events list them.
pub(super) fn addresses(members: &[Member], reason: u32) -> Vec<Address> {
    members.iter().map(|member| Address { node: member.node.0, pid: member.pid, reason }).collect()
}

impl Groups {
    /// Tells the clients of a group that processes came. They have been entered already.
    pub(super) fn tell_joined(
        &mut self,
        index: GroupIndex,
        joined: Vec<Address>,
        out: &mut Outbox<Output>,
    ) {
        let own = self.node.0;
        for address in joined.iter().filter(|address| address.node == own) {
            self.complete_join(index, address.pid);
        }
        self.tell_change(index, joined, Vec::new(), out);
    }

    /// Tells the clients of a group that processes went. They have been struck out already.
    pub(super) fn tell_left(
        &mut self,
        index: GroupIndex,
        left: Vec<Address>,
        out: &mut Outbox<Output>,
    ) {
        let own: Vec<u32> = left
            .iter()
            .filter(|address| address.node == self.node.0 && address.reason == reason::LEAVE)
            .map(|address| address.pid)
            .collect();
        self.tell_change(index, Vec::new(), left, out);
        // Who left is told that, and nothing after it.
        for pid in own {
            self.complete_leave(index, pid);
        }
        self.registry.tidy(index);
    }

    fn complete_join(&mut self, index: GroupIndex, pid: u32) {
        let group = self.registry.get_mut(index);
        for listener in group.listeners.iter_mut().filter(|listener| listener.pid == pid) {
            if let Some(client) = self.clients.get_mut(&listener.client)
                && let State::JoinStarted(place) = client.state
            {
                client.state = State::Joined(place);
                listener.hears = true;
            }
        }
    }

    fn complete_leave(&mut self, index: GroupIndex, pid: u32) {
        let group = self.registry.get_mut(index);
        let clients = &mut self.clients;
        group.listeners.retain(|listener| {
            let client = clients.get_mut(&listener.client).filter(|_| listener.pid == pid);
            match client {
                Some(client) if matches!(client.state, State::LeaveStarted(_)) => {
                    client.state = State::Unjoined;
                    false
                }
                Some(_) | None => true,
            }
        });
    }

    fn tell_change(
        &mut self,
        index: GroupIndex,
        joined: Vec<Address>,
        left: Vec<Address>,
        out: &mut Outbox<Output>,
    ) {
        let group = self.registry.get(index);
        if group.listeners.iter().any(|listener| listener.hears) {
            let members = addresses(group.members(), reason::NONE);
            let group_name = group.name.clone();
            let told = Told::ConfigurationChange { group: group_name, members, joined, left };
            let event = Event::new(told.encode(), 0);
            for listener in group.listeners.iter().filter(|listener| listener.hears) {
                if let Some(client) = self.clients.get_mut(&listener.client) {
                    client.changes += 1;
                }
                out.push(Output::Event { client: listener.client, event: event.clone() });
            }
        }
        self.tell_waiting(out);
    }

    /// Tells the ring's membership to those that asked for it when they joined. After a change in any group, as the C
    /// daemon does it; for most that is the one that says they joined.
    fn tell_waiting(&mut self, out: &mut Outbox<Output>) {
        if self.wait_for_ring.is_empty() {
            return;
        }
        let event = self.ring_event(&self.ring.synchronised);
        for id in std::mem::take(&mut self.wait_for_ring) {
            if let Some(client) = self.clients.get_mut(&id).filter(|c| !c.is_finalized()) {
                client.told_ring = true;
                out.push(Output::Event { client: id, event: event.clone() });
            }
        }
    }

    /// Tells the ring's membership to all clients, whether they are in a group or not.
    pub(super) fn tell_ring(&self, out: &mut Outbox<Output>) {
        let event = self.ring_event(&self.ring.members);
        let listening = self.clients.iter().filter(|(_, client)| !client.is_finalized());
        let ids = listening.map(|(&id, _)| id);
        out.extend(ids.map(|client: ClientId| Output::Event { client, event: event.clone() }));
    }

    fn ring_event(&self, members: &[NodeId]) -> Event {
        let members = members.iter().map(|node| node.0).collect();
        Event::new(Told::RingChange { ring: self.ring.id, members }.encode(), 0)
    }
}
