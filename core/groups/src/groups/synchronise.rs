use std::collections::{BTreeMap, BTreeSet};

use machine::Outbox;
use vocab::NodeId;
use wire::{
    corosync::{RingId, cpg::Address},
    exec::cpg::{Process, encode_down_list, encode_join_list},
};

use super::{Groups, reason, registry::GroupIndex, tell::addresses};
use crate::Output;

impl Groups {
    pub(super) fn begin_synchronising(
        &mut self,
        transitional: &[NodeId],
        members: &[NodeId],
        ring: RingId,
    ) {
        self.synchronising = true;
        // What came before the membership changed again is of nodes that may be gone.
        self.join_lists.clear();
        self.ring.id = ring;
        self.ring.members = members.to_vec();
        let came_along = |node: &NodeId| transitional.contains(node);
        self.ring.lost =
            self.ring.synchronised.iter().copied().filter(|node| !came_along(node)).collect();
    }

    pub(super) fn say_what_is_here(&self, out: &mut Outbox<Output>) {
        let lost: Vec<u32> = self.ring.lost.iter().map(|node| node.0).collect();
        let old_members = u32::try_from(self.ring.synchronised.len()).unwrap_or(u32::MAX);
        out.push(Output::Multicast(encode_down_list(old_members, &lost)));
        let processes: Vec<Process> = self
            .registry
            .listed()
            .into_iter()
            .filter(|(member, _)| member.node == self.node)
            .map(|(member, index)| Process {
                pid: member.pid,
                group: self.registry.get(index).name.clone(),
            })
            .collect();
        if !processes.is_empty() {
            out.push(Output::Multicast(encode_join_list(&processes)));
        }
        out.push(Output::Synced);
    }

    /// In the C daemon's order: processes of lost nodes, those of nodes that came, those that ended meanwhile, and the
    /// ring's membership.
    pub(super) fn put_into_effect(&mut self, out: &mut Outbox<Output>) {
        self.ring.synchronised = self.ring.members.clone();
        for (index, members) in self.registry.strike_nodes(&self.ring.lost) {
            self.tell_left(index, addresses(&members, reason::NODE_DOWN), out);
        }
        let lists = std::mem::take(&mut self.join_lists);
        self.take_in(&lists, out);
        self.strike_ended(&lists, out);
        self.tell_ring(out);
    }

    fn take_in(&mut self, lists: &[(NodeId, Process)], out: &mut Outbox<Output>) {
        let mut joined: BTreeMap<GroupIndex, Vec<Address>> = BTreeMap::new();
        // The C daemon puts what it hears in front of what it has heard; its clients hear it in that order.
        for (node, process) in lists.iter().rev().filter(|(node, _)| *node != self.node) {
            let index = self.registry.find_or_make(&process.group);
            if self.registry.enter(index, *node, process.pid) {
                let address = Address { node: node.0, pid: process.pid, reason: reason::NODE_UP };
                joined.entry(index).or_default().push(address);
            }
        }
        for (index, joined) in joined {
            self.tell_joined(index, joined, out);
        }
    }

    /// Strikes out processes of other nodes which those do not list: they ended while the nodes did not hear each other.
    fn strike_ended(&mut self, lists: &[(NodeId, Process)], out: &mut Outbox<Output>) {
        let listed: BTreeSet<_> =
            lists.iter().map(|(node, process)| (*node, process.pid, &process.group)).collect();
        let ended: Vec<_> = self
            .registry
            .listed()
            .into_iter()
            .filter(|(member, index)| {
                let name = &self.registry.get(*index).name;
                member.node != self.node && !listed.contains(&(member.node, member.pid, name))
            })
            .collect();
        for (member, index) in ended {
            self.registry.strike(index, member.node, member.pid);
            self.tell_left(index, addresses(&[member], reason::PROCESS_DOWN), out);
        }
    }
}
