//! What runs with another definition than the configured one, and what is not configured any more.

use std::collections::BTreeMap;

use model::{
    NodeKey, ResourceKey,
    history::{Difference, HistoryEntry, ResourceHistory, active_range},
};
use vocab::Interval;

use crate::{
    plan::{LateCheck, Plan},
    reason::ActionReason,
    stage::findings::recurring,
    table::{ActionFlags, ActionKey, Op, Relation, RelationEnd},
    told::SecretsDiffer,
};

pub(crate) fn run(plan: &mut Plan<'_>) {
    let model = plan.model;
    // What has no history needs no look at how resources are called.
    if model.history.iter().all(|history| history.resources.is_empty()) {
        return;
    }
    let named = plan.names_in_histories();
    for node in plan.node_keys() {
        if !plan.nodes[node].state.maintenance && !plan.is_available(node) {
            continue;
        }
        let name = plan.node_name(node);
        let Some(history) = model.history.iter().find(|history| history.node_name == name) else {
            continue;
        };
        for recorded in &history.resources {
            if recorded.entries.is_empty() {
                continue;
            }
            let matching = named.get(recorded.id()).into_iter().flatten();
            for &resource in matching.rev() {
                plan.compare_with_history(resource, node, recorded);
            }
        }
    }
}

impl Plan<'_> {
    /// The primitives that histories may know under a name, in the order of the configuration.
    fn names_in_histories(&self) -> BTreeMap<String, Vec<ResourceKey>> {
        let mut named = BTreeMap::new();
        for &top in &self.model.top {
            self.add_names_in_histories(top, &mut named);
        }
        named
    }

    fn add_names_in_histories(
        &self,
        resource: ResourceKey,
        named: &mut BTreeMap<String, Vec<ResourceKey>>,
    ) {
        let row = &self.rows[resource];
        let configured = self.resource(resource);
        if configured.is_primitive() {
            let own = configured.id.as_str();
            let known = row.state.history_id.as_ref().map(|id| id.as_str());
            for name in [Some(own), known.filter(|&known| known != own)].into_iter().flatten() {
                named.entry(name.to_owned()).or_default().push(resource);
            }
        }
        for &child in &row.state.children {
            self.add_names_in_histories(child, named);
        }
    }

    fn compare_with_history(
        &mut self,
        resource: ResourceKey,
        node: NodeKey,
        recorded: &ResourceHistory,
    ) {
        if self.rows[resource].state.removed {
            let top = self.top_of(resource);
            if !self.resource(top).is_anonymous_clone() {
                self.clean_up(resource, node, false);
            }
            return;
        }
        let active = self.rows[resource].state.active_on.contains(&node);
        if self.agent_changed(resource, node, recorded, active) {
            self.clean_up(resource, node, false);
        }
        if !active {
            return;
        }
        let range = active_range(&recorded.entries);
        if range.start < range.stop {
            return;
        }
        for (position, entry) in (0_isize..).zip(&recorded.entries) {
            if position < range.start {
                continue;
            }
            let recurs = entry.interval.is_recurring();
            let in_maintenance =
                self.rows[resource].state.maintenance || self.nodes[node].state.maintenance;
            if recurs && in_maintenance {
                self.cancel_recorded(resource, node, entry);
            } else if recurs
                || matches!(entry.task(), "monitor" | "start" | "promote" | "migrate_from")
            {
                if self.waits_for_container(resource) {
                    self.late_checks.push(LateCheck {
                        resource,
                        node,
                        entry: entry.clone(),
                        is_failure: false,
                    });
                } else {
                    self.check_definition(resource, node, entry);
                }
            }
        }
    }

    fn agent_changed(
        &mut self,
        resource: ResourceKey,
        node: NodeKey,
        recorded: &ResourceHistory,
        active: bool,
    ) -> bool {
        let agent = self.resource(resource).agent.as_ref();
        let differences = [
            agent.map(|agent| agent.agent.as_str()) != recorded.agent(),
            agent.map(|agent| agent.class.as_str()) != recorded.class(),
            agent.and_then(|agent| agent.provider.as_deref()) != recorded.provider(),
        ];
        let mut changed = false;
        for differs in differences {
            if differs {
                changed = true;
                self.unfence_for_device(resource, node, "Device definition changed");
            }
        }
        if changed && active {
            self.stop(resource, node, false);
            self.rows[resource].state.start_pending = true;
        }
        changed
    }

    /// Has an operation's definition compared, and its failures forgotten if it was another one that failed.
    fn check_definition(&mut self, resource: ResourceKey, node: NodeKey, entry: &HistoryEntry) {
        if self.definition_changed(resource, node, entry)
            && self.fail_count(resource, node, false).count != 0
        {
            self.clear_failures(resource, node);
        }
    }

    fn definition_changed(
        &mut self,
        resource: ResourceKey,
        node: NodeKey,
        entry: &HistoryEntry,
    ) -> bool {
        let configured = self.resource(resource);
        if entry.interval.is_recurring()
            && configured.operation(entry.task(), entry.interval, false).is_none()
        {
            if self.model.options.cancel_removed_actions {
                self.cancel_recorded(resource, node, entry);
            }
            return true;
        }
        let task = match entry.task() {
            "monitor" | "migrate_from" | "promote" if !entry.interval.is_recurring() => "start",
            other => other,
        };
        let (difference, only_secrets) = self.difference(resource, node, entry);
        match difference {
            _ if only_secrets && self.model.sanitized => {
                self.told.secrets.push(SecretsDiffer {
                    resource,
                    node,
                    task: task.to_owned(),
                    interval: entry.interval,
                    transition: entry.magic().unwrap_or_default().to_owned(),
                });
                false
            }
            Difference::None => false,
            Difference::Restart => {
                self.force_restart(resource, node, task, entry.interval);
                true
            }
            Difference::Unknown | Difference::Parameters => {
                if entry.interval.is_recurring() {
                    self.reschedule(resource, node, task, entry.interval);
                } else if entry.restart_digest().is_some() {
                    let reason = "Device parameters changed (reload)";
                    self.unfence_for_device(resource, node, reason);
                    self.reload(resource, node);
                } else {
                    self.force_restart(resource, node, task, entry.interval);
                }
                true
            }
        }
    }

    fn force_restart(
        &mut self,
        resource: ResourceKey,
        node: NodeKey,
        task: &str,
        interval: Interval,
    ) {
        let op = self.op(task);
        let required = self.ensure(resource, recurring(op, interval), op, None, false);
        self.actions[required].reason = Some(ActionReason::DefinitionChanged);
        self.unfence_for_device(resource, node, "Device parameters changed");
    }

    fn reschedule(&mut self, resource: ResourceKey, node: NodeKey, task: &str, interval: Interval) {
        self.unfence_for_device(resource, node, "Device parameters changed (reschedule)");
        let op = self.op(task);
        let action = self.ensure(resource, recurring(op, interval), op, Some(node), true);
        self.actions[action].flags.set(ActionFlags::RESCHEDULE);
    }

    fn reload(&mut self, resource: ResourceKey, node: NodeKey) {
        let state = &self.rows[resource].state;
        if !state.managed || state.failed {
            return;
        }
        if state.start_pending {
            self.stop(resource, node, false);
            return;
        }
        self.rows[resource].reload = true;
        let reload = self.ensure(resource, Op::Reload, Op::Reload, Some(node), false);
        if self.actions[reload].reason.is_none() {
            self.actions[reload].reason = Some(ActionReason::DefinitionChanged);
        }
        let end = RelationEnd { action: Some(reload), ..RelationEnd::default() };
        let relation = Relation::ORDERED | Relation::THEN_CANCELS_FIRST;
        self.relate(end, RelationEnd::of(resource, Op::Stop), relation);
        self.relate(end, RelationEnd::of(resource, Op::Demote), relation);
    }

    fn cancel_recorded(&mut self, resource: ResourceKey, node: NodeKey, entry: &HistoryEntry) {
        let op = self.op(entry.task());
        let cancel = self.cancel(resource, op, entry.interval, node);
        if entry.call_id >= 0 {
            let call_id = entry.call_id.to_string();
            self.actions[cancel].meta.insert("call-id", call_id.into());
        }
        let end = RelationEnd {
            resource: Some(resource),
            action: Some(cancel),
            ..RelationEnd::default()
        };
        self.relate(RelationEnd::of(resource, Op::Stop), end, Relation::ORDERED);
    }

    /// The end of a recurring operation.
    pub(crate) fn cancel(
        &mut self,
        resource: ResourceKey,
        op: Op,
        interval: Interval,
        node: NodeKey,
    ) -> ActionKey {
        let key = recurring(op, interval);
        let cancel = self.ensure(resource, key, Op::Cancel, Some(node), false);
        let name = self.op_text(op).to_owned();
        self.rows[resource].keyed.note_task(Op::Cancel);
        let action = &mut self.actions[cancel];
        action.task = Op::Cancel;
        action.cancels = Some(op);
        action.meta.insert("operation", name.into());
        action.meta.insert("interval", interval.to_string().into());
        cancel
    }

    /// Has a node forget a resource.
    pub(crate) fn clean_up(&mut self, resource: ResourceKey, node: NodeKey, optional: bool) {
        let state = self.nodes[node].state;
        if self.rows[resource].state.failed || state.unclean || !state.online {
            return;
        }
        let relation = if optional { Relation::FIRST_IMPLIES_THEN } else { Relation::ORDERED };
        self.ensure(resource, Op::Delete, Op::Delete, Some(node), optional);
        self.order(resource, Op::Stop, resource, Op::Delete, relation);
        self.order(resource, Op::Delete, resource, Op::Start, relation);
    }

    /// Has the failures of a resource on a node forgotten.
    pub(crate) fn clear_failures(&mut self, resource: ResourceKey, node: NodeKey) -> ActionKey {
        let managed = self.rows[resource].state.managed;
        self.clear_failures_as(resource, node, managed)
    }

    pub(crate) fn clear_failures_as(
        &mut self,
        resource: ResourceKey,
        node: NodeKey,
        managed: bool,
    ) -> ActionKey {
        let op = Op::ClearFailcount;
        let clear = self.ensure_as(resource, op.into(), op, Some(node), false, managed);
        self.actions[clear].meta.insert("op_no_wait", "true".into());
        clear
    }

    /// Does the comparisons that had to wait for the places of containers.
    pub(crate) fn late_checks(&mut self) {
        for check in std::mem::take(&mut self.late_checks) {
            if !check.is_failure {
                self.check_definition(check.resource, check.node, &check.entry);
                continue;
            }
            let (difference, _) = self.difference(check.resource, check.node, &check.entry);
            if !matches!(difference, Difference::Unknown | Difference::None) {
                self.clear_failures(check.resource, check.node);
            }
        }
    }
}
