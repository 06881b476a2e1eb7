use std::collections::BTreeMap;

use crate::{Action, ActionKind};

/// How much may be under way at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Actions in the whole cluster; no limit if there is none.
    pub batch: Option<usize>,
    /// Resource actions per node, by name; a node that is not listed has no limit.
    pub per_node: BTreeMap<String, usize>,
}

/// The resource actions under way on each node.
#[derive(Clone, Debug, Default)]
pub struct Jobs(BTreeMap<String, Load>);

#[derive(Clone, Copy, Debug, Default)]
struct Load {
    jobs: usize,
    migrations: usize,
}

impl Jobs {
    /// Counts the action where it runs. `false` if it is of a kind that is not counted.
    pub(super) fn add(&mut self, action: &Action) -> bool {
        let (nodes, migration) = places(action);
        for node in &nodes {
            let load = self.0.entry((*node).to_owned()).or_default();
            load.jobs += 1;
            load.migrations += usize::from(migration);
        }
        !nodes.is_empty()
    }

    /// Takes back what [`Jobs::add`] counted.
    pub(super) fn remove(&mut self, action: &Action) {
        let (nodes, migration) = places(action);
        for node in nodes {
            if let Some(load) = self.0.get_mut(node) {
                load.jobs = load.jobs.saturating_sub(1);
                load.migrations = load.migrations.saturating_sub(usize::from(migration));
            }
        }
    }

    /// Whether the action's nodes have room for it.
    pub(super) fn allow(&self, action: &Action, limits: &Limits, migrations: Option<i32>) -> bool {
        let (nodes, migration) = places(action);
        // No limit on migrations is configured as 0 or less.
        let migrations = migrations.and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
        nodes.into_iter().all(|node| {
            let load = self.0.get(node).copied().unwrap_or_default();
            limits.per_node.get(node).is_none_or(|limit| load.jobs < *limit)
                && (!migration || migrations.is_none_or(|limit| load.migrations < limit))
        })
    }
}

/// The nodes that an action burdens, and whether it is part of a migration. What is done on a remote node burdens the
/// cluster node that holds the connection.
fn places(action: &Action) -> (Vec<&str>, bool) {
    if action.kind != ActionKind::Resource {
        return (Vec::new(), false);
    }
    let Some(node) = &action.node else { return (Vec::new(), false) };
    if let Some(router) = &node.router {
        return (vec![router], false);
    }
    if matches!(action.task.as_str(), "migrate_to" | "migrate_from") {
        let ends = [action.meta("migrate_source"), action.meta("migrate_target")];
        return (ends.into_iter().flatten().collect(), true);
    }
    (vec![&node.name], false)
}
