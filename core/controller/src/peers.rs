use std::collections::{BTreeMap, BTreeSet};

use machine::Instant;
use vocab::{NodeId, NodeName};
use xml::Element;

use crate::join::Phase;

/// What a node is expected to be, as the CIB has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Member,
    Down,
    Pending,
    /// Its feature set does not fit.
    Banned,
}

impl Expected {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Down => "down",
            Self::Pending => "pending",
            Self::Banned => "banned",
        }
    }
}

/// A cluster node as this controller sees it.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) id: NodeId,
    pub(crate) name: Option<NodeName>,
    /// Whether it is in the ring; nothing if it never was seen.
    pub(crate) member: Option<bool>,
    /// Whether a controller runs there.
    pub(crate) online: bool,
    /// When its controller went away while the node stayed.
    pub(crate) offline_since: Option<Instant>,
    pub(crate) expected: Option<Expected>,
    pub(crate) join: Phase,
}

impl Peer {
    fn new(id: NodeId, name: Option<NodeName>) -> Self {
        Self {
            id,
            name,
            member: None,
            online: false,
            offline_since: None,
            expected: None,
            join: Phase::None,
        }
    }

    /// In the ring and with a controller.
    pub(crate) fn is_active(&self) -> bool {
        self.online && self.member == Some(true)
    }

    /// The node's id in the CIB.
    pub(crate) fn uuid(&self) -> String {
        self.id.to_string()
    }

    pub(crate) fn address(&self) -> Option<(NodeId, NodeName)> {
        Some((self.id, self.name.clone()?))
    }

    pub(crate) fn state(&self) -> Option<&'static str> {
        self.member.map(|member| if member { "member" } else { "lost" })
    }
}

/// All cluster nodes that this controller has heard of.
#[derive(Clone, Debug)]
pub(crate) struct Peers {
    local: NodeId,
    peers: BTreeMap<NodeId, Peer>,
}

/// Which parts of a node's state are written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Parts {
    pub(crate) ring: bool,
    pub(crate) controller: bool,
    pub(crate) join: bool,
    pub(crate) expected: bool,
}

impl Parts {
    pub(crate) const ALL: Self = Self { ring: true, controller: true, join: true, expected: true };
    pub(crate) const NONE: Self =
        Self { ring: false, controller: false, join: false, expected: false };
}

/// What a change of membership was for one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) node: NodeId,
    pub(crate) came: bool,
}

impl Peers {
    pub(crate) fn new(local: NodeId, configured: &BTreeMap<NodeId, Option<NodeName>>) -> Self {
        let peers =
            configured.iter().map(|(id, name)| (*id, Peer::new(*id, name.clone()))).collect();
        Self { local, peers }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Peer> {
        self.peers.values()
    }

    pub(crate) fn get(&self, id: NodeId) -> Option<&Peer> {
        self.peers.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: NodeId) -> Option<&mut Peer> {
        self.peers.get_mut(&id)
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut Peer> {
        self.peers.values_mut()
    }

    /// The node of that name; case does not matter in names of hosts.
    pub(crate) fn by_name(&self, name: &str) -> Option<&Peer> {
        self.iter()
            .find(|peer| peer.name.as_ref().is_some_and(|n| n.as_str().eq_ignore_ascii_case(name)))
    }

    pub(crate) fn is_active(&self, id: NodeId) -> bool {
        self.get(id).is_some_and(Peer::is_active)
    }

    pub(crate) fn local_is_active(&self) -> bool {
        self.is_active(self.local)
    }

    /// Active nodes with their names; a node whose name is not known goes by its number.
    pub(crate) fn active(&self) -> BTreeMap<NodeId, NodeName> {
        let name =
            |peer: &Peer| peer.name.clone().unwrap_or_else(|| NodeName::from(peer.id.to_string()));
        self.iter().filter(|p| p.is_active()).map(|p| (p.id, name(p))).collect()
    }

    /// Learns a node's name. `true` if that is news.
    pub(crate) fn learn_name(&mut self, id: NodeId, name: &NodeName) -> bool {
        let peer = self.peers.entry(id).or_insert_with(|| Peer::new(id, None));
        let news = peer.name.as_ref() != Some(name);
        if news {
            peer.name = Some(name.clone());
        }
        news
    }

    /// Takes over the ring's membership.
    pub(crate) fn set_ring(&mut self, members: &BTreeSet<NodeId>) -> Vec<Change> {
        let mut changes = Vec::new();
        for id in members {
            let peer = self.peers.entry(*id).or_insert_with(|| Peer::new(*id, None));
            if peer.member != Some(true) {
                peer.member = Some(true);
                changes.push(Change { node: *id, came: true });
            }
        }
        for peer in self.peers.values_mut() {
            if peer.member == Some(true) && !members.contains(&peer.id) {
                peer.member = Some(false);
                peer.offline_since = None;
                changes.push(Change { node: peer.id, came: false });
            }
        }
        changes
    }

    /// Takes over the list of nodes with a controller.
    pub(crate) fn set_group(&mut self, now: Instant, members: &BTreeSet<NodeId>) -> Vec<Change> {
        let mut changes = Vec::new();
        for id in members {
            let peer = self.peers.entry(*id).or_insert_with(|| Peer::new(*id, None));
            if !peer.online {
                peer.online = true;
                peer.offline_since = None;
                changes.push(Change { node: *id, came: true });
            }
        }
        for peer in self.peers.values_mut() {
            if peer.online && !members.contains(&peer.id) {
                peer.online = false;
                peer.offline_since = (peer.member == Some(true)).then_some(now);
                changes.push(Change { node: peer.id, came: false });
            }
        }
        changes
    }

    /// Forgets nodes that are not active, by number, name or both. `true` if there was one.
    pub(crate) fn forget(&mut self, id: Option<NodeId>, name: Option<&NodeName>) -> bool {
        let before = self.peers.len();
        self.peers.retain(|_, peer| {
            let meant = match (id, name) {
                (None, None) => false,
                (Some(id), None) => peer.id == id,
                (None, Some(name)) => peer.name.as_ref() == Some(name),
                (Some(id), Some(name)) => peer.id == id && peer.name.as_ref() == Some(name),
            };
            !meant || peer.is_active()
        });
        self.peers.len() != before
    }

    /// A node's `node_state` with the parts asked for; nothing if it was never seen or has no name yet.
    pub(crate) fn node_state(&self, id: NodeId, parts: Parts, origin: &str) -> Option<Element> {
        let peer = self.get(id)?;
        let member = peer.member?;
        let name = peer.name.as_ref()?;
        let mut element = Element::new("node_state").with("id", peer.id).with("uname", name);
        if parts.ring {
            element.set("in_ccm", member);
        }
        if parts.controller {
            element.set("crmd", if peer.online { "online" } else { "offline" });
        }
        if parts.join {
            element.set("join", if peer.join.is_joining() { "member" } else { "down" });
        }
        if parts.expected
            && let Some(expected) = peer.expected
        {
            element.set("expected", expected.as_str());
        }
        element.set("crm-debug-origin", origin);
        Some(element)
    }
}
