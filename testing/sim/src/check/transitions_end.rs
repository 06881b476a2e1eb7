use std::{collections::BTreeMap, time::Duration};

use machine::Instant;
use vocab::NodeId;

use crate::World;

/// Longer than the longest timeout of an action and the cluster's delay together.
const LIMIT: Duration = Duration::from_secs(300);

/// Since when each node has had a transition.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory(BTreeMap<NodeId, Instant>);

/// Every transition that was started ends, whatever its actions do.
pub(super) fn check(world: &World, memory: &mut Memory) -> Result<(), String> {
    for node in world.node_ids() {
        if world.controller(node).is_some_and(|controller| controller.has_transition()) {
            let since = *memory.0.entry(node).or_insert(world.now());
            if world.now().since(since) > LIMIT {
                return Err(format!("the transition of node {node} has gone on since {since:?}"));
            }
        } else {
            memory.0.remove(&node);
        }
    }
    Ok(())
}
