use vocab::{ExecStatus, OcfExit, Role, Score};

use super::{Build, history::Reading};
use crate::{
    ResourceKey, ScoreReason,
    history::{FailedOperation, HistoryEntry},
    resource::{OnFail, Pending},
};

/// A recorded operation with what its result comes down to.
pub(crate) struct Outcome<'e> {
    pub(crate) entry: &'e mut HistoryEntry,
    pub(crate) status: ExecStatus,
    pub(crate) exit: i32,
}

/// Whether the effect of a result is complete.
#[derive(PartialEq, Eq)]
pub(super) enum Expired {
    Done,
    GoOn,
}

impl Build<'_, '_> {
    /// Draws conclusions from one recorded operation.
    pub(crate) fn read_entry(&mut self, reading: &mut Reading, entry: &mut HistoryEntry) {
        const MATTERING: [&str; 8] = [
            "monitor",
            "start",
            "stop",
            "promote",
            "demote",
            "migrate_to",
            "migrate_from",
            "asyncmon",
        ];
        if !MATTERING.contains(&entry.task()) {
            return;
        }
        let status = entry.status.and_then(ExecStatus::from_code);
        let exit = entry.exit.filter(|exit| (0..=255).contains(exit));
        let (Some(status), Some(exit)) = (status.filter(|&s| s != ExecStatus::Cancelled), exit)
        else {
            let text = format!(
                "Ignoring resource history entry {} for {} on {} with invalid result",
                entry.id(),
                self.model.resources[reading.resource].id,
                self.model.nodes[reading.node].name
            );
            self.document.problems.error(text);
            return;
        };
        let mut outcome = Outcome { entry, status, exit };
        let expired = self.has_expired(reading, &outcome);
        self.remap(reading, &mut outcome, expired);
        if expired && self.expired_result(reading, &mut outcome, exit) == Expired::Done {
            return;
        }
        let bundled = self.model.is_bundled(reading.resource);
        if !bundled && outcome.entry.is_masked_probe_failure() {
            self.mask_probe_failure(reading, &outcome);
            return;
        }
        let parent = if self.model.resources[reading.resource].unique {
            reading.resource
        } else {
            self.model.top_of(reading.resource, true)
        };
        match outcome.status {
            ExecStatus::Pending => self.pending(reading, &outcome),
            ExecStatus::Done => self.update_state(reading, &outcome, outcome.exit),
            ExecStatus::NotInstalled => {
                let (on_fail, role) = self.failure_handling(reading, &outcome);
                if on_fail == OnFail::Ignore {
                    reading.on_fail = OnFail::Ban;
                }
                let node = Some(reading.node);
                self.prefer(parent, node, Score::MINUS_INFINITY, &ScoreReason::HardError);
                self.failure(reading, &outcome, on_fail, role);
            }
            _ => self.error(reading, &outcome, parent),
        }
    }

    fn error(&mut self, reading: &mut Reading, outcome: &Outcome<'_>, parent: ResourceKey) {
        if outcome.status == ExecStatus::NotConnected
            && let Some(connection) = self.model.nodes[reading.node].connection
            && self.model.resources[connection].state.managed
        {
            let state = &mut self.model.resources[connection].state;
            state.failed = true;
            state.stop_if_failed = true;
        }
        let (on_fail, role) = self.failure_handling(reading, outcome);
        let is_stop = outcome.entry.task() == "stop";
        if on_fail == OnFail::Ignore || (on_fail == OnFail::RestartContainer && is_stop) {
            self.update_state(reading, outcome, outcome.entry.expected);
            self.model.resources[reading.resource].state.failure_ignored = true;
            self.record_failed(reading, outcome.entry);
            if on_fail == OnFail::RestartContainer && reading.on_fail <= OnFail::Restart {
                reading.on_fail = on_fail;
            }
            return;
        }
        self.failure(reading, outcome, on_fail, role);
        const BAN: Score = Score::MINUS_INFINITY;
        match outcome.status {
            ExecStatus::ErrorHard => {
                self.prefer(parent, Some(reading.node), BAN, &ScoreReason::HardError);
            }
            ExecStatus::ErrorFatal => self.prefer(parent, None, BAN, &ScoreReason::FatalError),
            _ => {}
        }
    }

    /// What the configuration says about a failure of the operation, and the role it leads to.
    fn failure_handling(&mut self, reading: &Reading, outcome: &Outcome<'_>) -> (OnFail, Role) {
        let (task, interval) = (outcome.entry.task(), outcome.entry.interval);
        let parameters = self.parameters(reading.resource, Some(reading.node));
        let model = &self.model;
        let resource = &model.resources[reading.resource];
        let config = resource.operation(task, interval, true);
        let effective = resource.effective_operation(
            task,
            interval,
            config,
            &model.operation_defaults,
            model.now,
            &mut self.next_change,
            || parameters.get("pcmk_monitor_timeout").cloned(),
        );
        let connects =
            model.node_named(resource.id.as_str()).is_some_and(|node| model.is_remote(node));
        let on_fail = resource.on_fail(
            task,
            interval,
            effective.on_fail.as_deref(),
            resource.state.managed,
            resource.state.launcher.is_some(),
            connects,
            &model.options,
        );
        (on_fail, resource.role_after_failure(task, on_fail))
    }

    fn failure(
        &mut self,
        reading: &mut Reading,
        outcome: &Outcome<'_>,
        on_fail: OnFail,
        fail_role: Role,
    ) {
        reading.last_failure = Some(outcome.entry.clone());
        let not_installed = outcome.exit == OcfExit::NotInstalled.code();
        if self.model.options.symmetric_cluster || !not_installed {
            self.record_failed(reading, outcome.entry);
        }
        reading.on_fail = reading.on_fail.max(on_fail);
        let (resource, node) = (reading.resource, reading.node);
        match outcome.entry.task() {
            "stop" => {
                let reason = &ScoreReason::StopFailed;
                self.prefer(resource, Some(node), Score::MINUS_INFINITY, reason);
            }
            "migrate_to" => self.migrate_to_failed(reading, outcome),
            "migrate_from" => self.migrate_from_failed(reading, outcome),
            "promote" => self.model.resources[resource].state.role = Role::Promoted,
            "demote" => {
                let state = &mut self.model.resources[resource].state;
                if on_fail == OnFail::Block {
                    state.role = Role::Promoted;
                    state.next_role = Role::Stopped;
                } else if outcome.exit == OcfExit::NotRunning.code() {
                    state.role = Role::Stopped;
                } else {
                    state.role = Role::Unpromoted;
                }
            }
            _ => {}
        }
        if outcome.entry.is_probe() && not_installed {
            self.model.resources[resource].state.role = Role::Stopped;
        } else if self.model.resources[resource].state.role < Role::Started {
            self.set_active(resource);
        }
        let state = &mut self.model.resources[resource].state;
        if fail_role != Role::Started && state.next_role < fail_role {
            state.next_role = fail_role;
        }
        if fail_role == Role::Stopped {
            let top = self.model.top_of(resource, true);
            let banned =
                if self.model.resources[top].is_anonymous_clone() { top } else { resource };
            self.ban_everywhere(banned, &ScoreReason::StopOnFailure);
        }
    }

    pub(crate) fn set_active(&mut self, resource: ResourceKey) {
        let top = self.model.top_of(resource, true);
        let promotable = self.model.resources[top].promotable;
        self.model.resources[resource].state.role =
            if promotable { Role::Unpromoted } else { Role::Started };
    }

    fn record_failed(&mut self, reading: &Reading, entry: &HistoryEntry) {
        if !self.model.nodes[reading.node].state.online {
            return;
        }
        if self.failed.insert((entry.key().to_owned(), reading.node)) {
            let node = self.model.nodes[reading.node].name.to_string();
            let resource = self.model.resources[reading.resource].id.to_string();
            self.model.failed.push(FailedOperation { resource, node, entry: entry.clone() });
        }
    }

    /// Turns a result into what it means: what was expected is fine whatever the number.
    fn remap(&mut self, reading: &mut Reading, outcome: &mut Outcome<'_>, expired: bool) {
        let (resource, node) = (reading.resource, reading.node);
        let effective = match OcfExit::from_code(outcome.exit) {
            Some(OcfExit::Degraded) => OcfExit::Ok.code(),
            Some(OcfExit::DegradedPromoted) => OcfExit::Promoted.code(),
            _ => outcome.exit,
        };
        if effective != outcome.exit {
            outcome.exit = effective;
            let state = self.model.nodes[node].state;
            if !expired && (!state.shutdown || state.online) {
                self.record_failed(reading, outcome.entry);
            }
        }
        if !self.model.is_bundled(resource)
            && outcome.entry.is_masked_probe_failure()
            && (outcome.status != ExecStatus::Done || outcome.exit != OcfExit::NotRunning.code())
        {
            outcome.status = ExecStatus::Done;
            outcome.exit = OcfExit::NotRunning.code();
        }
        match outcome.status {
            ExecStatus::Done | ExecStatus::Error => {}
            ExecStatus::NoFenceDevice | ExecStatus::NoSecrets => {
                outcome.status = ExecStatus::ErrorHard;
                return;
            }
            _ => return,
        }
        let expected = outcome.entry.expected;
        outcome.status = if expected >= 0 && outcome.exit == expected {
            ExecStatus::Done
        } else {
            ExecStatus::Error
        };
        self.remap_by_exit(reading, outcome, expired);
    }

    fn remap_by_exit(&mut self, reading: &mut Reading, outcome: &mut Outcome<'_>, expired: bool) {
        let resource = reading.resource;
        let is_probe = outcome.entry.is_probe();
        let expected = outcome.entry.expected;
        let as_expected = outcome.exit == expected;
        let state = &mut self.model.resources[resource].state;
        match OcfExit::from_code(outcome.exit) {
            Some(OcfExit::Ok) => {
                if is_probe && expected == OcfExit::NotRunning.code() {
                    outcome.status = ExecStatus::Done;
                }
            }
            Some(OcfExit::NotRunning) => {
                if is_probe || as_expected || !state.managed {
                    outcome.status = ExecStatus::Done;
                    state.role = Role::Stopped;
                    state.next_role = Role::Unknown;
                    reading.on_fail = OnFail::Ignore;
                }
            }
            Some(OcfExit::Promoted) => {
                if is_probe && !as_expected {
                    outcome.status = ExecStatus::Done;
                }
                if !expired || as_expected {
                    state.role = Role::Promoted;
                }
            }
            Some(OcfExit::FailedPromoted) => {
                if !expired {
                    state.role = Role::Promoted;
                }
                outcome.status = ExecStatus::Error;
            }
            Some(OcfExit::NotConfigured) => outcome.status = ExecStatus::ErrorFatal,
            Some(OcfExit::UnimplementedFeature) if outcome.entry.interval.is_recurring() => {
                outcome.status = ExecStatus::NotSupported;
            }
            Some(
                OcfExit::UnimplementedFeature
                | OcfExit::NotInstalled
                | OcfExit::InvalidParameter
                | OcfExit::InsufficientPrivileges,
            ) => {
                if !expired {
                    self.block_if_unrecoverable(reading, outcome);
                }
                outcome.status = ExecStatus::ErrorHard;
            }
            _ => {
                if outcome.status == ExecStatus::Done {
                    outcome.status = ExecStatus::Error;
                }
            }
        }
    }

    /// A failed stop can be undone by fencing only.
    fn block_if_unrecoverable(&mut self, reading: &Reading, outcome: &Outcome<'_>) {
        if outcome.entry.task() == "stop" && !self.model.can_fence(reading.node) {
            let state = &mut self.model.resources[reading.resource].state;
            state.managed = false;
            state.blocked = true;
        }
    }

    /// Applies what an operation with that exit status says about the resource.
    fn update_state(&mut self, reading: &mut Reading, outcome: &Outcome<'_>, exit: i32) {
        let resource = reading.resource;
        let bundled = self.model.is_bundled(resource);
        let role = self.model.resources[resource].state.role;
        let mut forget = false;
        let mut set_role = |role| self.model.resources[resource].state.role = role;
        if exit == OcfExit::NotInstalled.code()
            || (!bundled && outcome.entry.is_masked_probe_failure())
        {
            set_role(Role::Stopped);
        } else if exit == OcfExit::NotRunning.code() {
            forget = true;
        } else {
            forget = true;
            match outcome.entry.task() {
                "monitor" => {
                    let last = reading.last_failure.as_ref();
                    forget = last.is_some_and(|last| last.key() == outcome.entry.key());
                    if role < Role::Started {
                        self.set_active(resource);
                    }
                }
                "start" | "migrate_from" => set_role(Role::Started),
                "stop" => set_role(Role::Stopped),
                "promote" => set_role(Role::Promoted),
                "demote" => {
                    forget = reading.on_fail == OnFail::Demote;
                    set_role(Role::Unpromoted);
                }
                "migrate_to" => {
                    forget = false;
                    self.migrate_to_succeeded(reading, outcome);
                }
                _ => {
                    forget = false;
                    if role < Role::Started {
                        self.set_active(resource);
                    }
                }
            }
        }
        if !forget {
            return;
        }
        let reconnects = self.model.resources[resource].reconnect_interval_ms > 0;
        let over = match reading.on_fail {
            OnFail::Stop | OnFail::Ban | OnFail::StandbyNode | OnFail::FenceNode => false,
            OnFail::Block
            | OnFail::Ignore
            | OnFail::Demote
            | OnFail::Restart
            | OnFail::RestartContainer => true,
            OnFail::ResetRemote => !reconnects,
        };
        if over {
            reading.on_fail = OnFail::Ignore;
            self.model.resources[resource].state.next_role = Role::Unknown;
        }
    }

    fn pending(&mut self, reading: &Reading, outcome: &Outcome<'_>) {
        let (resource, node) = (reading.resource, reading.node);
        let entry = &outcome.entry;
        if let Some(failure) = &reading.last_failure
            && failure.task() == entry.task()
            && failure.interval == entry.interval
            && let (Some(failed), Some(this)) = (failure.last_change, entry.last_change)
            && failed >= this
        {
            return;
        }
        match entry.task() {
            "start" => {
                self.model.resources[resource].state.start_pending = true;
                self.set_active(resource);
            }
            "promote" => self.model.resources[resource].state.role = Role::Promoted,
            "migrate_to" if self.model.nodes[node].state.unclean => {
                let target = entry.migrate_target().and_then(|name| self.model.node_named(name));
                if let Some(target) = target {
                    self.request_stop(resource, target);
                }
            }
            _ => {}
        }
        let state = &mut self.model.resources[resource].state;
        if state.pending.is_none() && !entry.is_probe() {
            state.pending = Some(Pending { task: entry.task().to_owned(), node });
        }
    }

    fn mask_probe_failure(&mut self, reading: &mut Reading, outcome: &Outcome<'_>) {
        let resource = reading.resource;
        let banned = if self.model.resources[resource].unique {
            resource
        } else {
            self.model.top_of(resource, true)
        };
        self.update_state(reading, outcome, outcome.entry.expected);
        self.record_failed(reading, outcome.entry);
        let reason = &ScoreReason::MaskedProbe;
        self.prefer(banned, Some(reading.node), Score::MINUS_INFINITY, reason);
    }
}
