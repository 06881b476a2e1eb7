use std::collections::BTreeMap;

use cmap::{Input, MapId, Value};
use totem::Configuration;
use vocab::NodeId;

/// Who is and was in the ring, as the keys `runtime.members.` show it.
#[derive(Debug, Default)]
pub(crate) struct Members {
    /// How often each node joined.
    joins: BTreeMap<NodeId, u32>,
    now: Vec<NodeId>,
}

impl Members {
    /// Whether a node is in the ring.
    pub(crate) fn contains(&self, node: NodeId) -> bool {
        self.now.binary_search(&node).is_ok()
    }

    /// Takes over a change; `addresses` gives those of a node as one text. Returns what is to be set in the map.
    pub(crate) fn change(
        &mut self,
        change: &Configuration,
        addresses: impl Fn(NodeId) -> String,
    ) -> Vec<Input> {
        self.now.clone_from(&change.members);
        let mut inputs = Vec::new();
        for &node in &change.left {
            inputs.push(set(node, "status", Value::Text("left".to_owned())));
        }
        for &node in &change.joined {
            let joins = self.joins.entry(node).or_default();
            *joins += 1;
            if *joins == 1 {
                inputs.push(set(node, "ip", Value::Text(addresses(node))));
            }
            inputs.push(set(node, "join_count", Value::U32(*joins)));
            inputs.push(set(node, "status", Value::Text("joined".to_owned())));
        }
        inputs
    }
}

/// The key for a node's version of the configuration.
pub(crate) fn version(node: NodeId, version: u64) -> Input {
    set(node, "config_version", Value::U64(version))
}

fn set(node: NodeId, what: &str, value: Value) -> Input {
    Input::Set { map: MapId::Configuration, key: format!("runtime.members.{node}.{what}"), value }
}

#[cfg(test)]
mod tests {
    use totem::ConfigurationKind;
    use wire::corosync::RingId;

    use super::*;

    #[test]
    fn joins_are_counted_and_losses_shown() {
        let mut members = Members::default();
        let mut change = |now: &[u32], joined: &[u32], left: &[u32]| {
            let ids = |list: &[u32]| list.iter().copied().map(NodeId).collect::<Vec<_>>();
            let configuration = Configuration {
                kind: ConfigurationKind::Regular,
                ring: RingId::default(),
                members: ids(now),
                joined: ids(joined),
                left: ids(left),
            };
            let inputs = members.change(&configuration, |node| format!("r(0) ip(10.0.0.{node}) "));
            let shown = inputs.iter().map(|input| match input {
                Input::Set { key, value: Value::Text(text), .. } => format!("{key}={text}"),
                Input::Set { key, value: Value::U32(number), .. } => format!("{key}={number}"),
                other => format!("{other:?}"),
            });
            shown.collect::<Vec<_>>()
        };
        assert_eq!(
            change(&[1, 2], &[2], &[]),
            [
                "runtime.members.2.ip=r(0) ip(10.0.0.2) ",
                "runtime.members.2.join_count=1",
                "runtime.members.2.status=joined",
            ]
        );
        assert_eq!(change(&[1], &[], &[2]), ["runtime.members.2.status=left"]);
        assert_eq!(
            change(&[1, 2], &[2], &[]),
            ["runtime.members.2.join_count=2", "runtime.members.2.status=joined"]
        );
        assert!(members.contains(NodeId(2)) && !members.contains(NodeId(3)));
    }
}
