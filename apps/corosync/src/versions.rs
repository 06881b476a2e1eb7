//! Which configuration each node has: a node with an older one than the others must not go on.

use std::collections::BTreeMap;

use vocab::NodeId;
use wire::{
    corosync::cmap::{Key, Value},
    exec::cmap::{Message, Reason},
};

/// The key that holds the version.
pub(crate) const KEY: &str = "totem.config_version";

/// What nodes have said about their configurations since the membership changed.
#[derive(Debug)]
pub(crate) struct Versions {
    own: u64,
    /// The highest that a node has said while services synchronise.
    highest: u64,
    /// Whether this node has not met others yet.
    is_first: bool,
    /// Whether nobody came along from the last membership.
    came_alone: bool,
    members: BTreeMap<NodeId, u64>,
}

/// This node's configuration is not the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Received config version ({newest}) is different than my config version ({own})! Exiting")]
pub(crate) struct Outdated {
    newest: u64,
    own: u64,
}

impl Versions {
    /// A node with a configuration of that version; 0 if it has none.
    pub(crate) const fn new(own: u64) -> Self {
        Self { own, highest: own, is_first: true, came_alone: true, members: BTreeMap::new() }
    }

    /// The configuration was read again; the others are to be told what is returned, if anything.
    pub(crate) fn set_own(&mut self, own: u64) -> Option<Message> {
        (self.own != own).then(|| {
            self.own = own;
            self.message(Reason::NewVersion)
        })
    }

    /// The membership changed.
    pub(crate) fn begin(&mut self, transitional: &[NodeId]) {
        self.came_alone = transitional.is_empty();
        self.highest = self.own;
    }

    /// What to tell the others in this service's turn.
    pub(crate) fn process(&self) -> Message {
        self.message(Reason::Sync)
    }

    /// A node's version, this one's own included.
    pub(crate) fn heard(&mut self, from: NodeId, message: &Message) -> Option<u64> {
        if matches!(message.reason, Reason::Other(_)) {
            return None;
        }
        let value = message.items.iter().find(|(key, _)| key.as_str() == KEY);
        let version = match value {
            Some((_, Some(Value::U64(version)))) => *version,
            Some(_) | None => 0,
        };
        if message.reason == Reason::Sync {
            self.highest = self.highest.max(version);
        }
        self.members.insert(from, version);
        Some(version)
    }

    /// All nodes have said theirs.
    ///
    /// # Errors
    ///
    /// Other nodes have a newer configuration: this node has to end.
    pub(crate) fn activate(&mut self) -> Result<(), Outdated> {
        if self.came_alone {
            return Ok(());
        }
        // Whoever meets others for the first time has to have what they have; later, reloading comes to all at once.
        let is_first = std::mem::replace(&mut self.is_first, false);
        if !is_first || self.own == 0 || self.highest == self.own {
            return Ok(());
        }
        Err(Outdated { newest: self.highest, own: self.own })
    }

    fn message(&self, reason: Reason) -> Message {
        let value = (self.own != 0).then_some(Value::U64(self.own));
        Message { reason, items: Key::new(KEY).map(|key| (key, value)).into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHER: NodeId = NodeId(2);

    fn meet(own: u64, other: u64) -> Result<(), Outdated> {
        let mut versions = Versions::new(own);
        versions.begin(&[]);
        versions.activate().unwrap();
        versions.begin(&[NodeId(1)]);
        assert_eq!(versions.heard(OTHER, &Versions::new(other).process()), Some(other));
        versions.activate()
    }

    #[test]
    fn only_a_newer_configuration_of_others_matters() {
        assert_eq!(meet(4, 4), Ok(()));
        assert_eq!(meet(5, 4), Ok(()));
        assert_eq!(meet(0, 4), Ok(()));
        let outdated = meet(3, 4).unwrap_err();
        assert_eq!(
            outdated.to_string(),
            "Received config version (4) is different than my config version (3)! Exiting"
        );
    }

    #[test]
    fn a_node_that_has_met_the_others_stays() {
        let mut versions = Versions::new(3);
        versions.begin(&[NodeId(1)]);
        versions.activate().unwrap();
        versions.begin(&[NodeId(1), OTHER]);
        versions.heard(OTHER, &Versions::new(4).process());
        assert_eq!(versions.activate(), Ok(()));
    }

    #[test]
    fn a_new_version_is_told_once() {
        let mut versions = Versions::new(3);
        assert_eq!(versions.set_own(3), None);
        let message = versions.set_own(4).unwrap();
        assert_eq!(message.reason, Reason::NewVersion);
        let mut other = Versions::new(3);
        other.begin(&[NodeId(1)]);
        assert_eq!(other.heard(OTHER, &message), Some(4));
        assert_eq!(other.activate(), Ok(()), "only versions told while synchronising count");
    }
}
