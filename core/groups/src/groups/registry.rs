use std::collections::BTreeMap;

use vocab::NodeId;
use wire::corosync::cpg::GroupName;

use crate::ClientId;

/// Where a group stands in the registry. Valid as long as the group has a process or a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct GroupIndex(usize);

/// A process in a group, anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Member {
    pub(super) node: NodeId,
    pub(super) pid: u32,
    /// When it was entered, relative to others.
    pub(super) entered: u64,
}

/// A local client that is in a group, or is about to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listener {
    pub(super) client: ClientId,
    pub(super) pid: u32,
    /// Whether it gets events: from the one that says it joined to the one that says it left.
    pub(super) hears: bool,
}

/// A group.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: GroupName,
    members: Vec<Member>,
    pub(super) listeners: Vec<Listener>,
}

impl Group {
    /// By node and process id.
    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    fn search(&self, node: NodeId, pid: u32) -> Result<usize, usize> {
        self.members.binary_search_by_key(&(node, pid), |member| (member.node, member.pid))
    }

    pub(super) fn has(&self, node: NodeId, pid: u32) -> bool {
        self.search(node, pid).is_ok()
    }

    pub(super) fn has_node(&self, node: NodeId) -> bool {
        let at = self.members.partition_point(|member| member.node < node);
        self.members.get(at).is_some_and(|member| member.node == node)
    }

    /// Whether a local client is in it, or is about to be, under that process id.
    pub(super) fn has_client(&self, pid: u32) -> bool {
        self.listeners.iter().any(|listener| listener.pid == pid)
    }
}

/// All groups, found by name or by index.
#[derive(Debug, Default)]
pub(super) struct Registry {
    names: BTreeMap<GroupName, GroupIndex>,
    groups: Vec<Option<Group>>,
    free: Vec<GroupIndex>,
    entered: u64,
}

impl Registry {
    pub(super) fn find(&self, name: &[u8]) -> Option<GroupIndex> {
        self.names.get(name).copied()
    }

    /// The group, made if there is none. Whoever makes one enters a member or a listener at once.
    pub(super) fn find_or_make(&mut self, name: &GroupName) -> GroupIndex {
        if let Some(index) = self.find(name.as_bytes()) {
            return index;
        }
        let group = Group { name: name.clone(), members: Vec::new(), listeners: Vec::new() };
        let index = match self.free.pop() {
            Some(index) => {
                self.groups[index.0] = Some(group);
                index
            }
            None => {
                self.groups.push(Some(group));
                GroupIndex(self.groups.len() - 1)
            }
        };
        self.names.insert(name.clone(), index);
        index
    }

    pub(super) fn get(&self, index: GroupIndex) -> &Group {
        self.groups[index.0].as_ref().expect("a group with a process or a client is there")
    }

    pub(super) fn get_mut(&mut self, index: GroupIndex) -> &mut Group {
        self.groups[index.0].as_mut().expect("a group with a process or a client is there")
    }

    /// All groups, by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (GroupIndex, &Group)> {
        self.names.values().map(|&index| (index, self.get(index)))
    }

    /// Enters a process; `false` if it was there.
    pub(super) fn enter(&mut self, index: GroupIndex, node: NodeId, pid: u32) -> bool {
        self.entered += 1;
        let entered = self.entered;
        let group = self.get_mut(index);
        match group.search(node, pid) {
            Ok(_) => false,
            Err(at) => {
                group.members.insert(at, Member { node, pid, entered });
                true
            }
        }
    }

    /// Strikes a process out; the group stays until [`Registry::tidy`].
    pub(super) fn strike(&mut self, index: GroupIndex, node: NodeId, pid: u32) {
        let group = self.get_mut(index);
        if let Ok(at) = group.search(node, pid) {
            group.members.remove(at);
        }
    }

    /// Strikes out every process of these nodes; gives those of each group, by name of the group.
    pub(super) fn strike_nodes(&mut self, nodes: &[NodeId]) -> Vec<(GroupIndex, Vec<Member>)> {
        let mut struck = Vec::new();
        for &index in self.names.values() {
            let group = self.groups[index.0].as_mut().expect("named groups are there");
            let gone: Vec<_> =
                group.members.extract_if(.., |member| nodes.contains(&member.node)).collect();
            if !gone.is_empty() {
                struck.push((index, gone));
            }
        }
        struck
    }

    pub(super) fn listen(&mut self, index: GroupIndex, listener: Listener) {
        self.get_mut(index).listeners.push(listener);
    }

    /// The client is with the group no longer.
    pub(super) fn stop_listening(&mut self, index: GroupIndex, client: ClientId) {
        self.get_mut(index).listeners.retain(|listener| listener.client != client);
        self.tidy(index);
    }

    /// Forgets the group if nobody is left in it.
    pub(super) fn tidy(&mut self, index: GroupIndex) {
        let group = self.get(index);
        if group.members.is_empty() && group.listeners.is_empty() {
            let name = group.name.clone();
            self.names.remove(&name);
            self.groups[index.0] = None;
            self.free.push(index);
        }
    }

    /// All processes with their groups, as the C daemon lists them: by node and process id, then as they were entered.
    pub(super) fn listed(&self) -> Vec<(Member, GroupIndex)> {
        let mut all: Vec<_> = self
            .iter()
            .flat_map(|(index, group)| group.members.iter().map(move |&member| (member, index)))
            .collect();
        all.sort_unstable();
        all
    }
}
