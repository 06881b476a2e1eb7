//! Preferences for nodes that nobody configured: locks, stickiness, failures, exclusive discovery; and those configured.

mod apply;

use model::{NodeKey, ResourceKey, ScoreReason, resource::Lock};
use vocab::{Score, Timestamp};

use crate::{plan::Plan, table::Op};

pub(crate) fn run(plan: &mut Plan<'_>) {
    if plan.model.options.shutdown_lock {
        for resource in plan.top.clone() {
            plan.shutdown_lock(resource);
        }
    }
    let locations: Vec<_> = plan.locations.keys().rev().collect();
    for location in locations {
        let resource = plan.locations[location].resource;
        plan.apply_location(resource, location, false);
    }
    for resource in plan.top.clone() {
        plan.stick(resource);
    }
    for node in plan.node_keys() {
        for resource in plan.top.clone() {
            plan.check_failures(resource, node);
            plan.exclude_undiscovered(resource, node);
        }
    }
}

impl Plan<'_> {
    /// A resource whose node was shut down waits for it.
    fn shutdown_lock(&mut self, resource: ResourceKey) {
        let configured = self.resource(resource);
        if configured.is_group() {
            for member in self.children(resource) {
                self.shutdown_lock(member);
            }
            return;
        }
        if !configured.is_primitive() || configured.fence_device || configured.remote_connection {
            return;
        }
        let active = self.rows[resource].state.active_on.clone();
        if let Some(lock) = self.rows[resource].state.lock {
            if !active.is_empty() {
                self.ensure(resource, Op::ForgetHistory, Op::ForgetHistory, Some(lock.node), false);
                self.rows[resource].state.lock = None;
            }
        } else if let [node] = active.as_slice() {
            let state = self.nodes[*node].state;
            if state.shutdown && !state.unclean {
                let since = self.shutdown_time(*node);
                self.rows[resource].state.lock = Some(Lock { node: *node, since });
            }
        }
        let Some(lock) = self.rows[resource].state.lock else { return };
        let limit = self.model.options.shutdown_lock_limit_ms;
        if limit > 0 {
            let seconds = i64::try_from((limit + 500) / 1000).unwrap_or(i64::MAX);
            self.recheck(Timestamp(lock.since.0.saturating_add(seconds).saturating_add(1)));
        }
        for node in self.node_keys() {
            if node != lock.node {
                let reason = &ScoreReason::ShutdownLock;
                self.prefer(resource, Some(node), Score::MINUS_INFINITY, reason);
            }
        }
    }

    fn shutdown_time(&self, node: NodeKey) -> Timestamp {
        self.model.nodes[node]
            .attributes
            .get("shutdown")
            .and_then(|text| text.trim().parse::<i64>().ok())
            .filter(|&time| time != 0)
            .map_or(self.model.now.moment, Timestamp)
    }

    fn stick(&mut self, resource: ResourceKey) {
        if self.has_children(resource) {
            for child in self.children(resource) {
                self.stick(child);
            }
            return;
        }
        let stickiness = self.resource(resource).stickiness;
        let row = &self.rows[resource];
        let [node] = row.state.active_on.as_slice() else { return };
        if !row.state.managed || stickiness < 1 {
            return;
        }
        if !self.model.options.symmetric_cluster && row.allowed.get(*node).is_none() {
            return;
        }
        let score = Score::from(stickiness);
        self.prefer(resource, Some(*node), score, &ScoreReason::Stickiness);
    }

    fn check_failures(&mut self, resource: ResourceKey, node: NodeKey) {
        if self.has_children(resource) {
            for child in self.children(resource) {
                self.check_failures(child, node);
            }
            return;
        }
        let cleared = !self.actions_on(resource, Op::ClearFailcount.into(), node).is_empty();
        if cleared {
            return;
        }
        if let Some(banned) = self.threshold_reached(resource, node) {
            let reason = &ScoreReason::FailLimit;
            self.prefer(banned, Some(node), Score::MINUS_INFINITY, reason);
        }
    }

    /// What has to be banned from a node because the resource failed there too often.
    pub(crate) fn threshold_reached(
        &mut self,
        resource: ResourceKey,
        node: NodeKey,
    ) -> Option<ResourceKey> {
        let threshold = self.resource(resource).migration_threshold;
        if threshold == 0 || self.rows[resource].state.failure_ignored {
            return None;
        }
        let count = self.fail_count(resource, node, true).count;
        if count <= 0 || threshold > count {
            return None;
        }
        Some(if self.resource(resource).unique { resource } else { self.top_of(resource) })
    }

    fn exclude_undiscovered(&mut self, resource: ResourceKey, node: NodeKey) {
        let top = self.top_of(resource);
        let exclusive = |plan: &Self, key: ResourceKey| plan.rows[key].state.exclusive_probes;
        if !exclusive(self, resource) && !exclusive(self, top) {
            return;
        }
        for child in self.children(resource) {
            self.exclude_undiscovered(child, node);
        }
        if self.rows[resource]
            .allowed
            .get(node)
            .is_some_and(|cell| cell.probe != model::ProbeMode::Exclusive)
        {
            self.forbid(resource, node, &ScoreReason::ExclusiveDiscovery);
        }
    }
}
