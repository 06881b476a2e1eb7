use model::{
    NodeKey, ResourceKey,
    history::{FailCount, FailCountInput, HistoryEntry, fail_count},
    resource::base_name,
};
use vocab::{ExecStatus, OcfExit};

use crate::{Failure, asker::Asker};

impl Asker<'_> {
    /// The latest failed operation of a resource on a node, only of that task if one is given.
    pub(crate) fn last_failure(
        &self,
        key: ResourceKey,
        node: NodeKey,
        task: Option<&str>,
    ) -> Option<Failure> {
        let resource = self.resource(key);
        let known = resource.state.history_id.as_ref().unwrap_or(&resource.id);
        let base = base_name(known.as_str());
        self.model
            .history
            .iter()
            .filter(|history| history.node == Some(node))
            .flat_map(|history| &history.resources)
            .filter(|history| {
                history.id() == known.as_str() || (!resource.unique && history.id() == base)
            })
            .flat_map(|history| &history.entries)
            .filter(|entry| has_failed(entry) && task.is_none_or(|task| entry.task() == task))
            .max_by_key(|entry| (entry.last_change, entry.call_id))
            .map(|entry| Failure {
                operation: entry.task().to_owned(),
                interval_ms: entry.interval.millis,
                exit: entry.exit,
                status: entry.status,
                exit_reason: entry
                    .exit_reason()
                    .filter(|reason| !reason.is_empty())
                    .map(str::to_owned),
                at: entry.last_change.map(|at| at.0),
            })
    }

    /// The latest failure of anything in a resource, and where.
    pub(crate) fn failure_anywhere(
        &self,
        key: ResourceKey,
        task: Option<&str>,
    ) -> Option<(NodeKey, Failure)> {
        let leaves = self.leaves(key);
        let nodes = &self.model.node_order;
        leaves
            .iter()
            .flat_map(|&leaf| nodes.iter().map(move |&node| (leaf, node)))
            .filter_map(|(leaf, node)| Some((node, self.last_failure(leaf, node, task)?)))
            .max_by_key(|(_, failure)| failure.at)
    }

    /// The latest failure of anything in a resource on a node.
    pub(crate) fn failure_on(
        &self,
        key: ResourceKey,
        node: NodeKey,
        task: Option<&str>,
    ) -> Option<Failure> {
        let leaves = self.leaves(key);
        leaves
            .into_iter()
            .filter_map(|leaf| self.last_failure(leaf, node, task))
            .max_by_key(|failure| failure.at)
    }

    pub(crate) fn fail_count(&self, key: ResourceKey, node: NodeKey) -> FailCount {
        let input = FailCountInput {
            node: &self.model.nodes[node],
            resource: self.resource(key),
            options: &self.model.options,
            history: &self.model.history,
            now: self.model.now.moment,
            expire: true,
            entry: None,
        };
        fail_count(input, &mut self.resource(key).state.clone())
    }
}

fn has_failed(entry: &HistoryEntry) -> bool {
    let pending = entry.status == Some(ExecStatus::Pending.code());
    let cancelled = entry.status == Some(ExecStatus::Cancelled.code());
    // What a probe finds is no failure, whatever was expected.
    let found = [OcfExit::Ok, OcfExit::NotRunning, OcfExit::Promoted].map(|exit| Some(exit.code()));
    if entry.is_probe() && found.contains(&entry.exit) {
        return false;
    }
    let bad_status = entry.status.is_some_and(|status| status > ExecStatus::Done.code());
    !pending && !cancelled && (bad_status || entry.exit != Some(entry.expected))
}
