use model::{NodeKey, ResourceKey, resource::MultipleActive};
use vocab::{Role, parse_boolean};

use crate::{Cause, NodeAnswer, Scope, Whereabouts, asker::Asker, fate::Fate};

impl Asker<'_> {
    /// What keeps a primitive from running, or from being changed, on whatever node.
    pub(crate) fn general_causes(&self, key: ResourceKey) -> Vec<Cause> {
        let mut causes = match self.fate(key) {
            Fate::LeftAlone => self.why_left_alone(key),
            Fate::Stopped => self.why_stopped(key),
            Fate::Waits(node) => self.why_waiting(key, node),
            Fate::Starts(_) => self.fencing_first(key),
            Fate::Stays(_) | Fate::Restarts(_) => Vec::new(),
        };
        let state = &self.resource(key).state;
        let migrating = state.migration_source.is_some();
        let several = Cause::MultiplyActive { nodes: Vec::new(), policy: String::new() };
        let told =
            |cause: &Cause| std::mem::discriminant(cause) == std::mem::discriminant(&several);
        if state.active_on.len() > 1 && !migrating && !causes.iter().any(told) {
            causes.push(self.multiply_active(key));
        }
        causes
    }

    fn why_stopped(&self, key: ResourceKey) -> Vec<Cause> {
        let mut causes = Vec::new();
        let state = &self.outcome(key).state;
        let holder = self.resource(key).parent.map(|parent| self.resource(parent));
        if state.removed && holder.is_none_or(|holder| holder.state.removed) {
            causes.push(Cause::Removed);
        }
        if self.model.options.stop_all_resources {
            causes.push(Cause::StopAll { place: self.option_place("stop-all-resources") });
        }
        let role = self.stopped_role(key);
        if matches!(role, Cause::TargetRole { place: Some(_), .. } | Cause::StoppedOnFailure { .. })
            || (self.told_to_stop(key) && self.document.is_none())
        {
            causes.push(role);
        }
        causes
    }

    fn told_to_stop(&self, key: ResourceKey) -> bool {
        let role = self.resource(key).meta("target-role").and_then(|role| role.parse().ok());
        role == Some(Role::Stopped)
    }

    /// What set the next role to stopped before any node was considered.
    pub(crate) fn stopped_role(&self, key: ResourceKey) -> Cause {
        if !self.told_to_stop(key)
            && self.resource(key).state.next_role == Role::Stopped
            && self.failure_anywhere(key, None).is_some()
        {
            return self.stopped_on_failure(key);
        }
        let role = Role::Stopped.to_string();
        let place = if self.told_to_stop(key) { self.meta_place(key, "target-role") } else { None };
        Cause::TargetRole { role, place }
    }

    pub(crate) fn why_left_alone(&self, key: ResourceKey) -> Vec<Cause> {
        let configured = self.resource(key);
        let state = &configured.state;
        let mut causes = Vec::new();
        if state.blocked || self.outcome(key).state.blocked {
            if configured.multiple_active == MultipleActive::Block && state.active_on.len() > 1 {
                causes.push(self.multiply_active(key));
            } else if let Some((node, failure)) = self
                .failure_anywhere(key, Some("stop"))
                .or_else(|| self.failure_anywhere(key, None))
            {
                let node = Some(self.node_name(node));
                causes.push(Cause::Blocked { node, failure: Some(failure) });
            }
        }
        let is = |name: &str, wanted: bool| {
            configured.meta(name).is_some_and(|text| parse_boolean(text) == Ok(wanted))
        };
        let unmanaged =
            |scope, maintenance, place| Cause::Unmanaged { scope, maintenance, node: None, place };
        if self.model.options.maintenance_mode {
            let place = self.option_place("maintenance-mode");
            causes.push(unmanaged(Scope::Cluster, true, place));
        }
        if is("maintenance", true) {
            let place = self.meta_place(key, "maintenance");
            causes.push(unmanaged(Scope::Resource, true, place));
        }
        if is("is-managed", false) {
            let place = self.meta_place(key, "is-managed");
            causes.push(unmanaged(Scope::Resource, false, place));
        }
        for &node in &state.active_on {
            if self.model.nodes[node].state.maintenance {
                causes.push(Cause::Unmanaged {
                    scope: Scope::Node,
                    maintenance: true,
                    node: Some(self.node_name(node)),
                    place: self.node_place(node, "maintenance"),
                });
            }
        }
        if self.model.options.fencing_enabled && !self.model.have_fencing {
            causes.push(Cause::NoFenceDevice { place: self.option_place("fencing-enabled") });
        }
        for &node in state.active_on.iter().filter(|node| self.plan.unclean.contains(node)) {
            let possible = self.model.can_fence(node);
            causes.push(Cause::WaitsForFencing { node: self.node_name(node), possible });
        }
        let told = |cause: &Cause| matches!(cause, Cause::Blocked { .. });
        if !causes.iter().any(told)
            && let Some((node, failure)) = self.failure_anywhere(key, None)
        {
            causes.push(Cause::Failed { node: self.node_name(node), failure });
        }
        if causes.is_empty()
            && let Some(missing) = self.missing_tickets(key).into_iter().next()
        {
            causes.push(missing);
        }
        causes
    }

    /// Tickets that the resource or what it is part of needs and that are not granted.
    pub(crate) fn missing_tickets(&self, key: ResourceKey) -> Vec<Cause> {
        self.model
            .constraints
            .iter()
            .filter_map(|constraint| match constraint {
                model::constraint::Constraint::Ticket(needs)
                    if needs.resource == key || self.model.is_above(needs.resource, key) =>
                {
                    let ticket = self.model.tickets.get(&needs.ticket);
                    let held = ticket.is_some_and(|ticket| ticket.granted && !ticket.standby);
                    (!held).then(|| self.ticket(key, &needs.ticket))
                }
                _ => None,
            })
            .collect()
    }

    /// The nodes that have to be fenced before a resource may start.
    fn fencing_first(&self, key: ResourceKey) -> Vec<Cause> {
        if !self.resource(key).needs_fencing {
            return Vec::new();
        }
        self.plan
            .unclean
            .iter()
            .map(|&node| Cause::WaitsForFencing {
                node: self.node_name(node),
                possible: self.model.can_fence(node),
            })
            .collect()
    }

    fn why_waiting(&self, key: ResourceKey, node: NodeKey) -> Vec<Cause> {
        let start = self.start_on(key, node);
        let reason = start.and_then(|start| start.reason.as_ref());
        let mut causes = Vec::new();
        if matches!(
            reason,
            Some(scheduler::ActionReason::NoQuorum | scheduler::ActionReason::QuorumFreeze)
        ) {
            causes.push(self.no_quorum());
        }
        causes.extend(self.orderings(key, reason));
        if causes.is_empty() {
            causes.extend(self.node_state(node));
        }
        let impossible =
            |cause: &Cause| matches!(cause, Cause::WaitsForFencing { possible, .. } if !possible);
        causes.extend(self.fencing_first(key).into_iter().filter(impossible));
        if causes.is_empty() {
            causes.extend(self.stops_first(key));
            causes.extend(self.probes_first(key));
        }
        if causes.is_empty()
            && let Some(reason) = reason
        {
            causes.push(match reason {
                scheduler::ActionReason::Unrunnable { resource, task }
                | scheduler::ActionReason::Required { resource, task }
                | scheduler::ActionReason::Unmigratable { resource, task } => {
                    Cause::Waits { resource: resource.clone(), task: task.clone() }
                }
                other => Cause::Waits { resource: None, task: other.to_string() },
            });
        }
        causes
    }

    /// What has to be stopped before a resource may start elsewhere, and cannot be.
    fn stops_first(&self, key: ResourceKey) -> Vec<Cause> {
        self.actions_of(key, "stop")
            .filter(|stop| !stop.optional && !stop.runnable)
            .filter_map(|stop| {
                let node = stop.node?;
                let mut causes = self.node_state(node);
                if let Some(scheduler::ActionReason::Unrunnable { resource: Some(name), .. }) =
                    &stop.reason
                    && let Some(other) = self.model.resource_named(name)
                {
                    causes.extend(self.root_causes(other));
                    if causes.is_empty() {
                        let resource = Some(name.clone());
                        causes.push(Cause::Waits { resource, task: "stop".to_owned() });
                    }
                }
                Some(Cause::StopFirst { node: self.node_name(node), causes })
            })
            .collect()
    }

    /// The nodes that have to be asked whether it runs there, and cannot be asked.
    fn probes_first(&self, key: ResourceKey) -> Option<Cause> {
        let nodes: Vec<String> = self
            .actions_of(key, "monitor")
            .filter(|probe| !probe.optional && !probe.runnable)
            .filter_map(|probe| Some(self.node_name(probe.node?)))
            .collect();
        (!nodes.is_empty()).then_some(Cause::ProbeFirst { nodes })
    }

    pub(crate) fn no_quorum(&self) -> Cause {
        let options = &self.model.options;
        let policy = match options.no_quorum_policy {
            model::options::NoQuorumPolicy::Stop => "stop",
            model::options::NoQuorumPolicy::Freeze => "freeze",
            model::options::NoQuorumPolicy::Ignore => "ignore",
            model::options::NoQuorumPolicy::Demote => "demote",
            model::options::NoQuorumPolicy::Fence => "fence",
        };
        let place = self.option_place("no-quorum-policy");
        Cause::NoQuorum { policy: policy.to_owned(), place }
    }

    /// Moves what holds on every node out of the nodes' answers.
    pub(crate) fn lift(answers: &mut [NodeAnswer], general: &mut Vec<Cause>) {
        let Some((first, rest)) = answers.split_first() else { return };
        let same: Vec<Cause> = first
            .causes
            .iter()
            .filter(|cause| {
                is_general(cause) && rest.iter().all(|answer| answer.causes.contains(cause))
            })
            .cloned()
            .collect();
        for answer in answers.iter_mut() {
            answer.causes.retain(|cause| !same.contains(cause) && !general.contains(cause));
        }
        for cause in same {
            if !general.contains(&cause) {
                general.push(cause);
            }
        }
    }

    /// Why a resource does not run, without the details of each node.
    pub(crate) fn root_causes(&self, key: ResourceKey) -> Vec<Cause> {
        if let Some(known) = self.known_roots.borrow().get(&key) {
            return known.clone();
        }
        if self.asked.borrow().contains(&key) {
            return Vec::new();
        }
        self.asked.borrow_mut().push(key);
        let causes = self.find_root_causes(key);
        self.asked.borrow_mut().pop();
        self.known_roots.borrow_mut().insert(key, causes.clone());
        causes
    }

    fn find_root_causes(&self, key: ResourceKey) -> Vec<Cause> {
        if !self.resource(key).is_primitive() {
            let stopped = self.leaves(key).into_iter().find(|&leaf| {
                self.will_run_on(leaf).is_empty() && !self.asked.borrow().contains(&leaf)
            });
            return stopped.map_or_else(Vec::new, |leaf| self.root_causes(leaf));
        }
        let mut causes = self.general_causes(key);
        if self.fate(key) != Fate::Stopped {
            return causes;
        }
        let mut answers: Vec<NodeAnswer> = self
            .considered_nodes(key)
            .into_iter()
            .map(|node| NodeAnswer {
                node: self.node_name(node),
                chosen: false,
                score: None,
                decided: None,
                causes: self.bans(key, node),
                table: Vec::new(),
                adds_up: true,
            })
            .collect();
        Self::lift(&mut answers, &mut causes);
        if causes.is_empty() {
            causes.extend(
                answers
                    .into_iter()
                    .map(|answer| Cause::OnNode { node: answer.node, causes: answer.causes }),
            );
        }
        causes
    }

    /// Whether a primitive has no node because of what it follows.
    pub(crate) fn is_stopped_at(whereabouts: &Whereabouts) -> bool {
        matches!(whereabouts, Whereabouts::Stopped { .. })
    }
}

/// Whether a cause says nothing about the node that it was found on.
fn is_general(cause: &Cause) -> bool {
    match cause {
        Cause::NodeOffline
        | Cause::NodePending
        | Cause::NodeUnclean
        | Cause::NodeShutdown
        | Cause::NodeStandby { .. }
        | Cause::NodeMaintenance { .. }
        | Cause::NodeLimit { .. }
        | Cause::Utilization { .. }
        | Cause::Health { .. }
        | Cause::LowerScore { .. }
        | Cause::FailLimit { .. }
        | Cause::StopFailed { .. }
        | Cause::MovedOnFailure { .. }
        | Cause::HardError { .. }
        | Cause::ProbeFailed { .. } => false,
        Cause::Colocation { whereabouts, .. } | Cause::GroupMember { whereabouts, .. } => {
            Asker::is_stopped_at(whereabouts)
        }
        Cause::NoPartner { .. } => true,
        Cause::WithContainer { whereabouts, .. } => {
            whereabouts.as_ref().is_some_and(Asker::is_stopped_at)
        }
        _ => true,
    }
}
