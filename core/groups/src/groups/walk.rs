use std::collections::BTreeMap;

use wire::corosync::{
    Status,
    cpg::{Described, Iteration, Kind, encode_iteration, encode_iteration_next},
};

use super::Groups;
use crate::ClientId;

/// The most walks that one client may have under way; each holds a copy of all it goes over.
const WALKS_MAX: usize = 32;

impl Groups {
    /// Begins a walk over what there is now; later changes do not show in it.
    pub(super) fn begin_walk(&mut self, id: ClientId, kind: Kind, over: &Iteration) -> Vec<u8> {
        let found = self.walk(over);
        let Some(client) = self.clients.get_mut(&id) else { return kind.status(Status::LIBRARY) };
        if client.walks.len() >= WALKS_MAX {
            return kind.status(Status::NO_RESOURCES);
        }
        self.last_walk += 1;
        client.walks.insert(self.last_walk, found.into_iter());
        encode_iteration(self.last_walk)
    }

    pub(super) fn walk_on(&mut self, id: ClientId, kind: Kind, handle: u64) -> Vec<u8> {
        let client = self.clients.get_mut(&id);
        match client.and_then(|client| client.walks.get_mut(&handle)) {
            Some(walk) => match walk.next() {
                Some(described) => encode_iteration_next(&described),
                None => kind.status(Status::NO_SECTIONS),
            },
            None => kind.status(Status::LIBRARY),
        }
    }

    pub(super) fn end_walk(&mut self, id: ClientId, kind: Kind, handle: u64) -> Vec<u8> {
        let client = self.clients.get_mut(&id);
        match client.and_then(|client| client.walks.remove(&handle)) {
            Some(_) => kind.status(Status::OK),
            None => kind.status(Status::LIBRARY),
        }
    }

    /// In the C daemon's order: the group met last comes first; of its processes the first, then the others backwards.
    fn walk(&self, over: &Iteration) -> Vec<Described> {
        let mut by_group: Vec<Vec<Described>> = Vec::new();
        let mut met = BTreeMap::new();
        for (member, index) in self.registry.listed() {
            let name = &self.registry.get(index).name;
            let (node, pid) = match over {
                Iteration::Names => (0, 0),
                Iteration::OneGroup(wanted) if name != wanted => continue,
                Iteration::OneGroup(_) | Iteration::All => (member.node.0, member.pid),
            };
            let described = Described { group: name.clone(), node, pid };
            let at = *met.entry(index).or_insert(by_group.len());
            match by_group.get_mut(at) {
                Some(found) if *over != Iteration::Names => found.push(described),
                Some(_) => {}
                None => by_group.push(vec![described]),
            }
        }
        by_group
            .into_iter()
            .rev()
            .flat_map(|mut found| {
                if let Some(others) = found.get_mut(1..) {
                    others.reverse();
                }
                found
            })
            .collect()
    }
}
