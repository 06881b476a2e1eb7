//! Nodes are fenced and shut down, and everything else is ordered around that.

use model::{FenceReason, NodeKey, ResourceKey, resource::Requires};

use crate::{
    plan::Plan,
    reason::ActionReason,
    table::{ActionFlags, ActionKey, Op, Relation, RelationEnd},
};

pub(crate) fn run(plan: &mut Plan<'_>) {
    let managed = plan.top.iter().any(|&resource| plan.any_managed(resource));
    let mut fencing: Vec<ActionKey> = Vec::new();
    let mut shutdowns: Vec<ActionKey> = Vec::new();
    let mut dc_down: Option<ActionKey> = None;
    let mut unsafe_nodes = false;
    let concurrent = plan.model.options.concurrent_fencing;
    for node in plan.node_keys() {
        let is_dc = plan.model.dc == Some(node);
        let state = plan.nodes[node].state;
        if plan.is_guest(node) {
            if state.remote_reset && managed && plan.can_fence(node) {
                plan.fence_guest(node);
            }
            continue;
        }
        let mut fenced = false;
        if managed && state.unclean && plan.can_fence(node) {
            fenced = true;
            let reason = Some(ActionReason::Fence(FenceReason::Unclean));
            let fence = plan.fence_action(node, None, false, reason, false);
            plan.order_around_fencing(fence);
            if is_dc {
                dc_down = Some(fence);
            } else {
                if let Some(&last) = fencing.last()
                    && !concurrent
                {
                    plan.order_actions(last, fence, Relation::ORDERED);
                }
                fencing.push(fence);
            }
        } else if !plan.is_remote_kind(node) && state.online && state.shutdown {
            let down = plan.shut_down(node);
            if is_dc {
                dc_down = Some(down);
            } else {
                shutdowns.push(down);
            }
        }
        if !fenced && plan.nodes[node].state.unclean {
            unsafe_nodes = true;
            let name = plan.node_name(node);
            plan.told.warn(format!("Node {name} is unclean but cannot be fenced"));
        }
    }
    if unsafe_nodes && !plan.model.options.fencing_enabled {
        plan.told.warn(
            "Resource functionality and data integrity cannot be guaranteed (configure, enable, and \
             test fencing to correct this)"
                .to_owned(),
        );
    }
    // Who makes the plan goes last.
    if let Some(dc_down) = dc_down {
        if plan.actions[dc_down].task == Op::Shutdown {
            for &down in shutdowns.iter().rev() {
                plan.order_actions(down, dc_down, Relation::ORDERED);
            }
        }
        if concurrent {
            for &fence in fencing.iter().rev() {
                plan.order_actions(fence, dc_down, Relation::ORDERED);
            }
        } else if let Some(&last) = fencing.last() {
            plan.order_actions(last, dc_down, Relation::ORDERED);
        }
    }
}

impl Plan<'_> {
    fn any_managed(&self, resource: ResourceKey) -> bool {
        let state = &self.rows[resource].state;
        state.managed || state.children.iter().any(|&child| self.any_managed(child))
    }

    fn shut_down(&mut self, node: NodeKey) -> ActionKey {
        let down = self.shutdown_action(node);
        let in_maintenance = self.nodes[node].state.maintenance;
        let stops: Vec<(ActionKey, ResourceKey)> = self
            .actions
            .iter()
            .rev()
            .filter(|(_, action)| action.node == Some(node) && action.task == Op::Stop)
            .filter_map(|(key, action)| Some((key, action.resource?)))
            .collect();
        for (stop, resource) in stops {
            let state = &self.rows[resource].state;
            if state.maintenance || in_maintenance || (!state.managed && !state.blocked) {
                continue;
            }
            self.actions[stop].flags.clear(ActionFlags::OPTIONAL);
            let first = RelationEnd {
                resource: Some(resource),
                action: Some(stop),
                ..RelationEnd::default()
            };
            let then = RelationEnd { action: Some(down), ..RelationEnd::default() };
            self.relate(first, then, Relation::ORDERED | Relation::UNRUNNABLE_FIRST_BLOCKS);
        }
        self.actions[down].meta.insert("op_no_wait", "true".into());
        down
    }

    /// Orders all that depends on a node's end around its fencing.
    pub(crate) fn order_around_fencing(&mut self, fence: ActionKey) {
        for resource in self.top.clone() {
            self.order_resource_around(resource, fence);
        }
    }

    fn order_resource_around(&mut self, resource: ResourceKey, fence: ActionKey) {
        if self.has_children(resource) {
            for child in self.children(resource) {
                self.order_resource_around(child, fence);
            }
        } else if self.rows[resource].state.managed
            && let Some(target) = self.actions[fence].node
        {
            self.order_starts_around(resource, fence, target);
            self.order_stops_around(resource, fence, target);
        }
    }

    fn is_known_on(&self, resource: ResourceKey, node: NodeKey) -> bool {
        let known = |key: ResourceKey| self.rows[key].state.known_on.contains(&node);
        known(resource)
            || (self.resource(resource).is_primitive()
                && self.parent(resource).is_some_and(|parent| {
                    self.resource(parent).is_anonymous_clone() && known(parent)
                }))
    }

    fn order_starts_around(&mut self, resource: ResourceKey, fence: ActionKey, target: NodeKey) {
        for action in self.rows[resource].actions.clone().into_iter().rev() {
            match self.actions[action].needs {
                Requires::Nothing => {}
                Requires::Fencing => {
                    self.order_actions(fence, action, Relation::ORDERED);
                }
                Requires::Quorum => {
                    if self.actions[action].task == Op::Start
                        && self.rows[resource].allowed.get(target).is_some()
                        && !self.is_known_on(resource, target)
                    {
                        let relation = Relation::ORDERED | Relation::UNRUNNABLE_FIRST_BLOCKS;
                        self.order_actions(fence, action, relation);
                    }
                }
            }
        }
    }

    /// Fencing stops what runs on the node: nobody has to.
    fn order_stops_around(&mut self, resource: ResourceKey, fence: ActionKey, target: NodeKey) {
        let stops = self.find_actions(resource, Op::Stop.into(), Some(target));
        let implicit = self.resource(resource).needs_fencing || self.is_guest(target);
        let bundled = self.model.is_bundled(resource);
        let top = self.top_of(resource);
        let parent_stop = if !stops.is_empty() && implicit {
            self.latest_action(top, Op::Stop, None)
        } else {
            None
        };
        let done = ActionFlags::PSEUDO | ActionFlags::RUNNABLE;
        for stop in stops {
            self.actions[stop].flags.set(done);
            if implicit {
                if !bundled {
                    self.order_actions(fence, stop, Relation::GUEST_ALLOWED);
                }
                if let Some(parent_stop) = parent_stop {
                    self.order_actions(fence, parent_stop, Relation::GUEST_ALLOWED);
                }
            }
            if self.resource(resource).notify {
                self.notify_after_fencing(stop, resource, fence);
            }
        }
        for demote in self.find_actions(resource, Op::Demote.into(), Some(target)) {
            let Some(node) = self.actions[demote].node else { continue };
            let state = self.nodes[node].state;
            if state.online && !state.unclean && !self.rows[resource].state.failed {
                continue;
            }
            self.actions[demote].flags.set(done);
            if !bundled && implicit {
                let relation = Relation::GUEST_ALLOWED | Relation::ORDERED;
                self.order_actions(fence, demote, relation);
            }
        }
    }

    /// A guest is fenced by what stops it.
    fn fence_guest(&mut self, node: NodeKey) {
        let launcher = self.guest_launcher(node);
        let latest = |plan: &Self, resource: Option<ResourceKey>, op: Op| {
            resource.and_then(|resource| plan.latest_action(resource, op, None))
        };
        let stop = latest(self, launcher, Op::Stop);
        let how = if latest(self, launcher, Op::Start).is_some() { "reboot" } else { "off" };
        let reason = Some(ActionReason::Fence(FenceReason::GuestUnclean));
        let fence = self.fence_action(node, Some(how), false, reason, false);
        self.actions[fence].flags.set(ActionFlags::PSEUDO | ActionFlags::RUNNABLE);
        let implies = Relation::UNRUNNABLE_FIRST_BLOCKS | Relation::FIRST_IMPLIES_THEN;
        match stop {
            Some(stop) if self.actions[stop].is_pseudo() => {
                if let Some(host) = self.actions[stop].node {
                    let parent = self.fence_action(host, None, false, None, false);
                    self.order_actions(parent, fence, implies);
                }
            }
            Some(stop) => {
                self.order_actions(stop, fence, implies);
            }
            None => {
                let connection = self.model.nodes[node].connection;
                if let Some(stop) = latest(self, connection, Op::Stop) {
                    self.order_actions(stop, fence, Relation::ORDERED);
                }
            }
        }
        self.order_around_fencing(fence);
    }

    /// What needs an unfenced node waits for that.
    pub(crate) fn order_after_unfencing(
        &mut self,
        resource: ResourceKey,
        node: NodeKey,
        action: ActionKey,
        relation: Relation,
    ) {
        let configured = self.resource(resource);
        let concerned =
            (configured.fence_device && self.model.enable_unfencing) || configured.needs_unfencing;
        if !concerned {
            return;
        }
        let unfence = self.fence_action(node, Some("on"), true, None, false);
        self.order_actions(unfence, action, relation);
        let unfenced = self.model.nodes[node]
            .attributes
            .get("#node-unfenced")
            .is_some_and(|value| value != "0");
        if !unfenced {
            let task = self.op_text(self.actions[action].task).to_owned();
            let reason = ActionReason::RequiredBy { resource: configured.id.to_string(), task };
            self.unfence(node, reason);
        }
    }

    fn unfence(&mut self, node: NodeKey, reason: ActionReason) {
        let state = self.nodes[node].state;
        if self.model.enable_unfencing && state.online && !state.unclean && !state.shutdown {
            self.fence_action(node, Some("on"), false, Some(reason), false);
        }
    }

    /// A device that is configured otherwise has to give its nodes access anew.
    pub(crate) fn unfence_for_device(
        &mut self,
        resource: ResourceKey,
        node: NodeKey,
        reason: &'static str,
    ) {
        if !self.model.enable_unfencing || !self.resource(resource).fence_device {
            return;
        }
        let state = self.nodes[node].state;
        if state.online && !state.unclean && !state.shutdown {
            self.unfence(node, ActionReason::DeviceChanged(reason));
            return;
        }
        for other in self.rows[resource].allowed.nodes() {
            self.unfence(other, ActionReason::DeviceChanged(reason));
        }
    }

    /// Notes what devices an unfencing was for; true if one of them is another one by now.
    pub(crate) fn add_unfencing_digests(&mut self, action: ActionKey, node: NodeKey) -> bool {
        let mut devices = Vec::new();
        for resource in self.top.clone() {
            self.collect_unfencing_devices(resource, &mut devices);
        }
        let (mut all, mut secure) = (String::new(), String::new());
        let mut changed = false;
        for device in devices.into_iter().rev() {
            let configured = self.resource(device);
            let agent = configured.agent.as_ref().map_or("", |agent| agent.agent.as_str());
            let parameters = self.parameters(device, Some(node));
            let input = crate::plan::digest_input(self.model, device, node, &parameters, None);
            let once = vocab::Interval::ONCE;
            let digests =
                self.digests.digests(input, "stonith-on", once, None, true, &mut self.next_change);
            let digests = digests.borrow();
            let plain = digests.secure.clone().unwrap_or_default();
            let known = |attribute: &str, digest: &str| {
                let summary = format!("{}:{agent}:{digest}", configured.id);
                self.model.nodes[node]
                    .attributes
                    .get(attribute)
                    .map(|recorded| recorded.contains(&summary))
            };
            if known("#digests-all", &digests.all) == Some(false)
                && known("#digests-secure", &plain) != Some(true)
            {
                changed = true;
            }
            all.push_str(&format!("{}:{agent}:{},", configured.id, digests.all));
            secure.push_str(&format!("{}:{agent}:{plain},", configured.id));
        }
        let meta = &mut self.actions[action].meta;
        meta.insert("digests-all", all.into());
        meta.insert("digests-secure", secure.into());
        changed
    }

    fn collect_unfencing_devices(&self, resource: ResourceKey, found: &mut Vec<ResourceKey>) {
        let configured = self.resource(resource);
        for child in self.children(resource) {
            self.collect_unfencing_devices(child, found);
        }
        let provides = configured
            .meta("provides")
            .is_some_and(|value| value.eq_ignore_ascii_case("unfencing"));
        if configured.fence_device
            && !self.has_children(resource)
            && (configured.needs_unfencing || provides)
        {
            found.push(resource);
        }
    }
}
