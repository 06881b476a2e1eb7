//! Whether a recorded failure still counts.

use vocab::{ExecStatus, OcfExit, Role, Timestamp};

use super::{
    Build,
    history::Reading,
    outcome::{Expired, Outcome},
};
use crate::{
    ClearReason, Finding, NodeKey, ResourceKey,
    history::{Difference, DigestInput, FailCountInput, HistoryEntry, fail_count, seconds},
};

impl Build<'_, '_> {
    pub(super) fn fail_count(
        &mut self,
        resource: ResourceKey,
        node: NodeKey,
        expire: bool,
        entry: &HistoryEntry,
    ) -> (i32, Option<Timestamp>) {
        let mut state = self.model.resources[resource].state.clone();
        let input = FailCountInput {
            node: &self.model.nodes[node],
            resource: &self.model.resources[resource],
            options: &self.model.options,
            history: &self.model.history,
            now: self.model.now.moment,
            expire,
            entry: Some(entry),
        };
        let found = fail_count(input, &mut state);
        self.model.resources[resource].state.failure_timeout_ms = state.failure_timeout_ms;
        (found.count, found.last)
    }

    /// Whether a failure is old enough to be forgotten; if so, or if its reason is gone, has its count cleared.
    pub(super) fn has_expired(&mut self, reading: &Reading, outcome: &Outcome<'_>) -> bool {
        let (resource, node) = (reading.resource, reading.node);
        let entry: &HistoryEntry = outcome.entry;
        if outcome.status == ExecStatus::NotInstalled {
            return false;
        }
        let is_last_failure = entry.id().ends_with("_last_failure_0");
        let reconnects = self.model.resources[resource].reconnect_interval_ms > 0;
        let timeout = seconds(self.model.resources[resource].state.failure_timeout_ms);
        let now = self.model.now.moment.0;
        let mut expired = false;
        let mut fresh_count = 0;
        let mut clear = None;
        if timeout > 0
            && let Some(changed) = entry.last_change
        {
            expired = now >= changed.0.saturating_add(timeout)
                && !self.must_keep_failure(resource, entry);
            let (count, last) = self.fail_count(resource, node, true, entry);
            fresh_count = count;
            let end = last.map_or(0, |last| last.0).saturating_add(timeout + 1);
            if count != 0 && now < end {
                self.recheck(Timestamp(end));
            }
        }
        if expired {
            let (count, _) = self.fail_count(resource, node, false, entry);
            if count != 0 {
                if fresh_count == 0 {
                    clear = Some(ClearReason::Expired);
                } else {
                    expired = false;
                }
            } else if is_last_failure && reconnects {
                clear = Some(ClearReason::ReconnectInterval);
            }
        }
        if !expired && is_last_failure && self.parameters_changed(resource, node, entry) {
            clear = Some(ClearReason::ParametersChanged);
        }
        if let Some(reason) = clear {
            let name = self.model.resources[resource].id.clone();
            let after_fencing = (self.model.options.fencing_enabled && reconnects)
                .then(|| self.model.node_named(name.as_str()))
                .flatten();
            let managed = self.model.resources[resource].state.managed;
            self.model.findings.push(Finding::ClearFailures {
                resource,
                node,
                reason,
                after_fencing,
                managed,
            });
        }
        let harmless = matches!(
            OcfExit::from_code(outcome.exit),
            Some(
                OcfExit::Ok
                    | OcfExit::NotRunning
                    | OcfExit::Promoted
                    | OcfExit::Degraded
                    | OcfExit::DegradedPromoted
            )
        );
        expired && !(entry.is_probe() && harmless)
    }

    /// A failed remote connection is remembered until its node has been fenced.
    fn must_keep_failure(&self, resource: ResourceKey, entry: &HistoryEntry) -> bool {
        self.model.resources[resource].reconnect_interval_ms > 0
            && self.model.options.fencing_enabled
            && entry.interval.is_recurring()
            && entry.task().eq_ignore_ascii_case("monitor")
            && self
                .model
                .node_named(self.model.resources[resource].id.as_str())
                .is_some_and(|node| !self.model.nodes[node].state.remote_fenced)
    }

    fn parameters_changed(
        &mut self,
        resource: ResourceKey,
        node: NodeKey,
        entry: &HistoryEntry,
    ) -> bool {
        if !matches!(entry.task(), "start" | "monitor") {
            return false;
        }
        if self.model.resources[resource].remote_connection {
            let parameters = self.parameters(resource, None);
            if parameters.get("addr").is_some_and(|addr| addr.eq_ignore_ascii_case("#uname")) {
                let entry = Box::new(entry.clone());
                self.model.findings.push(Finding::CheckFailure { resource, node, entry });
                return false;
            }
        }
        let parameters = self.parameters(resource, Some(node));
        let model = &mut self.model;
        let input = DigestInput {
            resource: &model.resources[resource],
            resource_key: resource,
            node: &model.nodes[node],
            node_key: node,
            parameters: &parameters,
            operation_defaults: &model.operation_defaults,
            feature_set: model.feature_set.as_deref(),
            remote_address: None,
            sanitized: model.sanitized,
            now: model.now,
        };
        let digests = model.digests.compare(input, entry, &mut self.next_change);
        let difference = digests.borrow().difference;
        !matches!(difference, Difference::Unknown | Difference::None)
    }

    pub(super) fn expired_result(
        &mut self,
        reading: &Reading,
        outcome: &mut Outcome<'_>,
        original_exit: i32,
    ) -> Expired {
        let resource = reading.resource;
        let expected = outcome.entry.expected;
        if !self.model.is_bundled(resource)
            && outcome.entry.is_masked_probe_failure()
            && original_exit != expected
        {
            let state = &mut self.model.resources[resource].state;
            if state.role <= Role::Stopped {
                state.role = Role::Unknown;
            }
            return Expired::Done;
        }
        if outcome.exit == expected {
            return Expired::GoOn;
        }
        if !outcome.entry.interval.is_recurring() {
            return Expired::Done;
        }
        let state = self.model.nodes[reading.node].state;
        if state.online && !state.unclean {
            outcome.entry.make_outdated();
            return Expired::Done;
        }
        Expired::GoOn
    }
}
