use vocab::{ExecStatus, OcfExit, Role};

use super::{Build, Positions, history::Reading, outcome::Outcome};
use crate::{
    NodeKey, ResourceKey,
    history::{HistoryEntry, newer},
};

impl Build<'_, '_> {
    /// The recorded operation of that name, first in the document. For a migration, `other` is the node at its other end.
    fn recorded(
        &self,
        resource: &str,
        task: &str,
        node: &str,
        other: Option<&str>,
    ) -> Option<&HistoryEntry> {
        self.resource_entries(resource, node)
            .filter(|entry| entry.task() == task)
            .filter(|entry| match (task, other) {
                ("migrate_to", Some(other)) => entry.migrate_target() == Some(other),
                ("migrate_from", Some(other)) => entry.migrate_source() == Some(other),
                _ => true,
            })
            .min_by_key(|entry| entry.position)
    }

    fn resource_entries<'s>(
        &'s self,
        resource: &str,
        node: &str,
    ) -> impl Iterator<Item = &'s HistoryEntry> {
        let histories = &self.model.history;
        let node = histories.iter().position(|history| history.node_name == node);
        let positions = node.and_then(|node| {
            let recorded = &histories[node].resources;
            let all = self.recorded_at.get(node)?.get_or_init(|| {
                let mut positions = Positions::new();
                for (position, history) in recorded.iter().enumerate() {
                    positions.entry(history.id().to_owned()).or_default().push(position);
                }
                positions
            });
            Some(all.get(resource)?.iter().map(|&position| &recorded[position]))
        });
        positions.into_iter().flatten().flat_map(|history| &history.entries)
    }

    /// Whether nothing but pending operations is recorded of the resource on the node.
    fn unknown_on(&self, resource: &str, node: &str) -> bool {
        !self
            .resource_entries(resource, node)
            .any(|entry| entry.exit != Some(OcfExit::Unknown.code()))
    }

    fn state_changed_after(&self, resource: &str, node: &str, than: &HistoryEntry) -> bool {
        self.resource_entries(resource, node).any(|entry| {
            entry != than
                && matches!(entry.task(), "start" | "stop" | "migrate_to" | "migrate_from")
                && newer(entry, than).is_gt()
        })
    }

    fn found_stopped_after(&self, resource: &str, node: &str, than: &HistoryEntry) -> bool {
        self.recorded(resource, "monitor", node, None).is_some_and(|monitor| {
            monitor.exit == Some(OcfExit::NotRunning.code())
                && monitor.status == Some(ExecStatus::Done.code())
                && newer(monitor, than).is_gt()
        })
    }

    fn newer_state(
        &self,
        resource: &str,
        node: &str,
        migrate_to: Option<&HistoryEntry>,
        migrate_from: Option<&HistoryEntry>,
    ) -> bool {
        let Some(mut than) = migrate_from.or(migrate_to) else { return false };
        let at_source =
            than.migrate_source().is_some_and(|source| source.eq_ignore_ascii_case(node));
        if let (Some(_), Some(to)) = (migrate_from, migrate_to)
            && at_source
        {
            than = to;
        }
        self.state_changed_after(resource, node, than)
            || self.found_stopped_after(resource, node, than)
    }

    /// Source and target that a migration names; the end it was recorded at has to be the node itself.
    fn ends(
        &mut self,
        entry: &HistoryEntry,
        source: Option<NodeKey>,
        target: Option<NodeKey>,
    ) -> Option<(String, String)> {
        let fits = |named: &str, node: Option<NodeKey>| {
            node.is_none_or(|node| self.model.nodes[node].name.as_str().eq_ignore_ascii_case(named))
        };
        match (entry.migrate_source(), entry.migrate_target()) {
            (Some(from), Some(to)) if fits(from, source) && fits(to, target) => {
                Some((from.to_owned(), to.to_owned()))
            }
            _ => {
                let text = format!(
                    "Ignoring resource history entry {} because it does not say where the resource moved",
                    entry.id()
                );
                self.document.problems.error(text);
                None
            }
        }
    }

    fn online(&self, name: &str) -> Option<NodeKey> {
        self.model.node_named(name).filter(|&node| self.model.nodes[node].state.online)
    }

    /// The resource has left its source: it is on the target, or lost on the way.
    pub(crate) fn migrate_to_succeeded(&mut self, reading: &Reading, outcome: &Outcome<'_>) {
        let (resource, node) = (reading.resource, reading.node);
        let entry: &HistoryEntry = outcome.entry;
        let id = self.model.resources[resource].id.to_string();
        let Some((source, target)) = self.ends(entry, Some(node), None) else { return };
        let source_newer = self.state_changed_after(&id, &source, entry);
        let from = self.recorded(&id, "migrate_from", &target, Some(&source)).cloned();
        if from.is_some() && source_newer {
            return;
        }
        let from_exit = from.as_ref().map_or(Some(OcfExit::Ok.code()), |from| from.exit);
        let from_status =
            from.as_ref().map_or(Some(ExecStatus::Pending.code()), |from| from.status);
        let target_newer = self.newer_state(&id, &target, Some(entry), from.as_ref());
        if source_newer && target_newer {
            return;
        }
        if from_exit == Some(OcfExit::Ok.code()) && from_status == Some(ExecStatus::Done.code()) {
            let state = &mut self.model.resources[resource].state;
            state.role = Role::Stopped;
            state.dangling_migrations.insert(0, node);
            return;
        }
        self.model.resources[resource].state.role = Role::Started;
        let target_node = self.online(&target);
        let active = target_node.filter(|_| !target_newer);
        if from_status != Some(ExecStatus::Pending.code()) {
            match active {
                Some(target) => self.add_active(resource, target, true),
                None => self.lost_in_migration(resource),
            }
            return;
        }
        if target_node.is_some() && self.unknown_on(&id, &target) {
            return;
        }
        if let Some(target) = active {
            let source = self.online(&source);
            self.add_active(resource, target, false);
            if let Some(source) = source {
                let state = &mut self.model.resources[resource].state;
                state.migration_target = Some(target);
                state.migration_source = Some(source);
            }
        } else if !source_newer {
            self.lost_in_migration(resource);
        }
    }

    fn lost_in_migration(&mut self, resource: ResourceKey) {
        let state = &mut self.model.resources[resource].state;
        state.failed = true;
        state.stop_if_failed = true;
        state.migratable = false;
    }

    /// The resource may be on either end.
    pub(crate) fn migrate_to_failed(&mut self, reading: &Reading, outcome: &Outcome<'_>) {
        let (resource, node) = (reading.resource, reading.node);
        let entry: &HistoryEntry = outcome.entry;
        let id = self.model.resources[resource].id.to_string();
        let Some((source, target)) = self.ends(entry, Some(node), None) else { return };
        self.model.resources[resource].state.role = Role::Started;
        let from = self.succeeded(&id, "migrate_from", &target, &source);
        if !self.unknown_on(&id, &target)
            && !self.newer_state(&id, &target, Some(entry), from.as_ref())
        {
            if let Some(target) = self.online(&target) {
                self.add_active(resource, target, false);
            }
        } else if !self.state_changed_after(&id, &source, entry) {
            self.model.resources[resource].state.dangling_migrations.insert(0, node);
        }
    }

    /// The resource may be on either end.
    pub(crate) fn migrate_from_failed(&mut self, reading: &Reading, outcome: &Outcome<'_>) {
        let (resource, node) = (reading.resource, reading.node);
        let entry: &HistoryEntry = outcome.entry;
        let id = self.model.resources[resource].id.to_string();
        let Some((source, target)) = self.ends(entry, None, Some(node)) else { return };
        self.model.resources[resource].state.role = Role::Started;
        let to = self.succeeded(&id, "migrate_to", &source, &target);
        if !self.unknown_on(&id, &source)
            && !self.newer_state(&id, &source, to.as_ref(), Some(entry))
            && let Some(source) = self.online(&source)
        {
            self.add_active(resource, source, true);
        }
    }

    fn succeeded(
        &self,
        resource: &str,
        task: &str,
        node: &str,
        other: &str,
    ) -> Option<HistoryEntry> {
        self.recorded(resource, task, node, Some(other))
            .filter(|entry| {
                entry.exit == Some(OcfExit::Ok.code())
                    && entry.status == Some(ExecStatus::Done.code())
            })
            .cloned()
    }
}
