//! Bundles: what each stage does with them.

use model::{NodeKey, ResourceKey, ScoreReason, Variant, merge_sort, resource::Replica};
use vocab::{Role, Score};

use crate::{
    plan::Plan,
    report::ScoreStage,
    table::{
        ActionFlags, ActionKey, Colocation, ColocationKey, LocationKey, Op, Relation, RelationEnd,
    },
};

impl<'m> Plan<'m> {
    /// The host whose name a connection into a container uses as address.
    pub(crate) fn bundle_address(&self, connection: ResourceKey) -> Option<String> {
        let container = self.container_of_connection(connection)?;
        let host = self.rows[container].assigned.or_else(|| self.current_node(container))?;
        Some(self.node_name(host).to_owned())
    }

    fn container_of_connection(&self, connection: ResourceKey) -> Option<ResourceKey> {
        let top = self.model.top_of(connection, false);
        match &self.resource(top).variant {
            Variant::Bundle { replicas, .. } => replicas
                .iter()
                .find(|replica| replica.remote == Some(connection))
                .map(|replica| replica.container),
            _ => None,
        }
    }

    /// Whether the parameters of a resource are complete only when it is known where its container runs.
    pub(crate) fn waits_for_container(&mut self, resource: ResourceKey) -> bool {
        self.resource(resource).remote_connection
            && self
                .parameters(resource, None)
                .get("addr")
                .is_some_and(|address| address.eq_ignore_ascii_case("#uname"))
    }

    /// What a container of a bundle holds.
    pub(crate) fn resource_in_container(&self, container: ResourceKey) -> Option<ResourceKey> {
        let top = self.model.top_of(container, false);
        match &self.resource(top).variant {
            Variant::Bundle { replicas, .. } => replicas
                .iter()
                .find(|replica| replica.container == container)
                .and_then(|replica| replica.child),
            _ => None,
        }
    }

    /// Whether the resource is what a bundle holds, or an instance of it.
    pub(crate) fn is_bundled_resource(&self, resource: ResourceKey) -> bool {
        let top = self.model.top_of(resource, false);
        match &self.resource(top).variant {
            Variant::Bundle { child, .. } => *child == Some(self.top_of(resource)),
            _ => false,
        }
    }

    fn replicas(&self, bundle: ResourceKey) -> &'m [Replica] {
        match &self.resource(bundle).variant {
            Variant::Bundle { replicas, .. } => replicas,
            _ => &[],
        }
    }

    /// What the containers of a bundle hold, as a clone.
    fn bundled(&self, bundle: ResourceKey) -> Option<ResourceKey> {
        match self.resource(bundle).variant {
            Variant::Bundle { child, .. } => child,
            _ => None,
        }
    }

    /// Whether a part of a bundle gets the bundle's own colocations.
    pub(crate) fn bundle_passes_colocations(
        &self,
        bundle: ResourceKey,
        origin: ResourceKey,
    ) -> bool {
        if bundle == origin || self.resource(origin).replica_container {
            return true;
        }
        let Some(bundled) = self.bundled(bundle) else { return false };
        if !self.resource(bundled).promotable || self.top_of(origin) != bundled {
            return false;
        }
        if origin == bundled {
            self.rows[bundled].promotion_sorted
        } else {
            !self.rows[origin].unassigned
        }
    }

    /// The node on which a node inside a container is.
    fn outer_node(&self, node: NodeKey) -> Option<NodeKey> {
        match self.guest_launcher(node) {
            Some(container) if self.model.is_bundled(container) => {
                self.assigned_location(container)
            }
            _ => Some(node),
        }
    }

    /// The container of a bundle that is where the dependent is, or on the best of its nodes.
    fn compatible_container(
        &mut self,
        dependent: ResourceKey,
        bundle: ResourceKey,
    ) -> Option<ResourceKey> {
        let containers = self.instances(bundle);
        let on = |plan: &Self, node: NodeKey| {
            containers.iter().copied().find(|&container| {
                plan.instance_matches(container, node, Role::Unknown, false, None)
            })
        };
        let own = self.assigned_location(dependent).and_then(|node| self.outer_node(node));
        if let Some(node) = own {
            return on(self, node);
        }
        let table = self.rows[dependent].allowed.clone();
        let nodes = merge_sort(table.nodes(), &mut |&a, &b| self.compare_nodes(&table, a, b, None));
        nodes.into_iter().filter_map(|node| self.outer_node(node)).find_map(|node| on(self, node))
    }

    pub(crate) fn follows_bundle(
        &mut self,
        dependent: ResourceKey,
        bundle: ResourceKey,
        key: ColocationKey,
    ) -> Score {
        if self.rows[bundle].unassigned {
            return Score::ZERO;
        }
        let colocation = self.colocations[key].clone();
        let mandatory = colocation.score.is_infinite();
        if self.resource(colocation.dependent).rank() > 1 {
            if let Some(container) = self.compatible_container(dependent, bundle) {
                return self.apply_colocation(dependent, container, key, true);
            }
            if mandatory {
                self.assign(dependent, None, true, true);
                self.note_no_partner(dependent, bundle, Some(&colocation.id));
            }
            return Score::ZERO;
        }
        if !mandatory {
            let mut delta = Score::ZERO;
            for container in self.instances(bundle) {
                delta += self.apply_colocation(dependent, container, key, false);
            }
            return delta;
        }
        let promoted = |plan: &Self, replica: &Replica| {
            replica.child.is_some_and(|child| plan.rows[child].state.next_role >= Role::Promoted)
        };
        let nodes: Vec<NodeKey> = self
            .replicas(bundle)
            .iter()
            .filter(|replica| !self.is_blocked_anywhere(replica.container))
            .filter(|replica| colocation.primary_role < Role::Promoted || promoted(self, replica))
            .filter_map(|replica| self.assigned_location(replica.container))
            .collect();
        self.keep_only(dependent, &nodes, &colocation, bundle);
        Score::ZERO
    }

    pub(crate) fn apply_bundle_location(&mut self, bundle: ResourceKey, key: LocationKey) {
        for replica in self.replicas(bundle) {
            self.apply_location(replica.container, key, false);
            if let Some(ip) = replica.ip {
                self.apply_location(ip, key, false);
            }
        }
        let role = self.locations[key].role;
        if let Some(bundled) = self.bundled(bundle)
            && matches!(role, Role::Unpromoted | Role::Promoted)
        {
            self.apply_location(bundled, key, false);
            self.rows[bundled].locations.push(key);
        }
    }

    pub(crate) fn bundle_constraints(&mut self, bundle: ResourceKey) {
        let then_graphed = Relation::THEN_IMPLIES_FIRST_GRAPHED;
        let first_graphed = Relation::FIRST_IMPLIES_THEN_GRAPHED;
        for replica in self.replicas(bundle) {
            let container = replica.container;
            self.implicit_constraints(container);
            let blocks = Relation::UNRUNNABLE_FIRST_BLOCKS;
            self.order(bundle, Op::Start, container, Op::Start, blocks | then_graphed);
            if let Some(child) = replica.child {
                self.order(bundle, Op::Stop, child, Op::Stop, then_graphed);
            }
            self.order(bundle, Op::Stop, container, Op::Stop, then_graphed);
            self.order(container, Op::Start, bundle, Op::Running, first_graphed);
            self.order(container, Op::Stop, bundle, Op::Stopped, first_graphed);
            if let Some(ip) = replica.ip {
                self.implicit_constraints(ip);
                let guest = Relation::GUEST_ALLOWED;
                self.order(ip, Op::Start, container, Op::Start, blocks | guest);
                let implies = Relation::THEN_IMPLIES_FIRST;
                self.order(container, Op::Stop, ip, Op::Stop, implies | guest);
                self.colocate(together("#ip-with-container", ip, container));
            }
            if let Some(remote) = replica.remote {
                self.implicit_constraints(remote);
            }
        }
        let Some(bundled) = self.bundled(bundle) else { return };
        self.order(bundle, Op::Start, bundled, Op::Start, then_graphed);
        self.order(bundled, Op::Running, bundle, Op::Running, first_graphed);
        self.order(bundle, Op::Stop, bundled, Op::Stop, then_graphed);
        self.order(bundled, Op::Stopped, bundle, Op::Stopped, first_graphed);
        self.implicit_constraints(bundled);
        if self.resource(bundled).promotable {
            self.restart_constraints(bundle);
            self.order(bundle, Op::Demote, bundled, Op::Demote, then_graphed);
            self.order(bundled, Op::Demoted, bundle, Op::Demoted, first_graphed);
            self.order(bundle, Op::Promote, bundled, Op::Promote, then_graphed);
            self.order(bundled, Op::Promoted, bundle, Op::Promoted, first_graphed);
        }
    }

    pub(crate) fn allocate_bundle(
        &mut self,
        bundle: ResourceKey,
        prefer: Option<NodeKey>,
        stop_if_fail: bool,
    ) {
        self.rows[bundle].assigning = true;
        self.record_scores(bundle, ScoreStage::Bundle);
        let containers = self.instances(bundle);
        let total = i32::try_from(containers.len()).unwrap_or(i32::MAX);
        let sorted = merge_sort(containers, &mut |&a, &b| self.compare_instances(a, b));
        if let Variant::Bundle { replicas_per_host, .. } = self.resource(bundle).variant {
            self.assign_instances(bundle, &sorted, total, replicas_per_host);
        }
        for replica in self.replicas(bundle) {
            self.allocate_replica(replica, prefer, stop_if_fail);
        }
        if let Some(bundled) = self.bundled(bundle) {
            let replicas = self.replicas(bundle);
            let before = self.rows[bundled].allowed.clone();
            for (node, cell) in self.rows[bundled].allowed.iter_mut() {
                let inside = replicas.iter().any(|replica| replica.node == Some(node));
                cell.score = if inside { Score::ZERO } else { Score::MINUS_INFINITY };
            }
            self.note_table(bundled, &before, &ScoreReason::InBundle);
            self.allocate(bundled, prefer, stop_if_fail);
        }
        self.rows[bundle].assigning = false;
        self.rows[bundle].unassigned = false;
    }

    fn allocate_replica(&mut self, replica: &Replica, prefer: Option<NodeKey>, stop_if_fail: bool) {
        if let Some(ip) = replica.ip {
            self.allocate(ip, prefer, stop_if_fail);
        }
        if let Some(remote) = replica.remote {
            // A container on a remote node needs its connection where that of the remote node is.
            if let Some(host) = self.rows[replica.container].assigned
                && self.is_remote_kind(host)
                && let Some(connection) = self.model.nodes[host].connection
            {
                self.colocate(together("#replica-remote-with-host-remote", remote, connection));
            }
            self.allocate(remote, prefer, stop_if_fail);
        }
        let Some(child) = replica.child else { return };
        for node in self.rows[child].allowed.nodes() {
            let score = if replica.node != Some(node) {
                Score::MINUS_INFINITY
            } else if self.threshold_reached(child, node).is_none() {
                Score::INFINITY
            } else {
                continue;
            };
            if let Some(cell) = self.rows[child].allowed.get_mut(node) {
                cell.score = score;
                self.note_score(child, node, score, &ScoreReason::InBundle);
            }
        }
        let Some(clone) = self.parent(child) else { return };
        self.rows[clone].assigning = true;
        self.allocate(child, replica.node, stop_if_fail);
        self.rows[clone].assigning = false;
    }

    pub(crate) fn bundle_actions(&mut self, bundle: ResourceKey) {
        for replica in self.replicas(bundle) {
            let parts = [replica.ip, Some(replica.container), replica.remote];
            for part in parts.into_iter().flatten() {
                self.create_actions(part);
            }
        }
        let containers = self.instances(bundle);
        self.instance_actions(bundle, &containers);
        let Some(bundled) = self.bundled(bundle) else { return };
        self.create_actions(bundled);
        if !self.resource(bundled).promotable {
            return;
        }
        for (begin, end) in [(Op::Promote, Op::Promoted), (Op::Demote, Op::Demoted)] {
            self.resource_point(bundle, begin, true, true);
            let end = self.resource_point(bundle, end, true, true);
            self.actions[end].priority = Score::INFINITY.value();
        }
    }

    pub(crate) fn probe_bundle(&mut self, bundle: ResourceKey, node: NodeKey) -> bool {
        let mut any = false;
        for replica in self.replicas(bundle) {
            if let Some(ip) = replica.ip {
                any |= self.probe(ip, node);
            }
            if let Some(child) = replica.child
                && replica.node == Some(node)
            {
                any |= self.probe(child, node);
            }
            if self.probe(replica.container, node) {
                any = true;
                self.probe_before_other_replicas(bundle, replica.container);
            }
            if let Some(remote) = replica.remote
                && self.probe(remote, node)
                && let Some(probe) = self.latest_action(remote, Op::Monitor, Some(node))
            {
                any = true;
                let start = RelationEnd::of(replica.container, Op::Start);
                let probe = RelationEnd {
                    resource: Some(remote),
                    action: Some(probe),
                    ..RelationEnd::default()
                };
                self.relate(start, probe, Relation::NESTED_REMOTE_PROBE);
            }
        }
        any
    }

    /// A node that may hold one container only must not start another before it is known to hold none.
    fn probe_before_other_replicas(&mut self, bundle: ResourceKey, probed: ResourceKey) {
        if !matches!(self.resource(bundle).variant, Variant::Bundle { replicas_per_host: 1, .. }) {
            return;
        }
        let relation = Relation::ORDERED | Relation::IF_ON_SAME_NODE;
        for other in self.instances(bundle) {
            if other != probed {
                self.order(probed, Op::Monitor, other, Op::Start, relation);
            }
        }
    }

    pub(crate) fn bundle_flags(
        &mut self,
        action: ActionKey,
        bundle: ResourceKey,
        node: Option<NodeKey>,
    ) -> ActionFlags {
        let inside = matches!(
            self.actions[action].task,
            Op::Notify | Op::Notified | Op::Promote | Op::Promoted | Op::Demote | Op::Demoted
        );
        let instances = match self.bundled(bundle) {
            Some(bundled) if inside => self.children(bundled),
            _ => self.instances(bundle),
        };
        self.collective_flags(action, &instances, node)
    }

    /// The parts of a bundle in the order in which the graph lists them.
    pub(crate) fn bundle_graph_parts(&self, bundle: ResourceKey) -> Vec<ResourceKey> {
        let of_replica = |replica: &Replica| [replica.ip, Some(replica.container), replica.remote];
        self.bundled(bundle)
            .into_iter()
            .chain(self.replicas(bundle).iter().flat_map(of_replica).flatten())
            .collect()
    }
}

fn together(id: &str, dependent: ResourceKey, primary: ResourceKey) -> Colocation {
    Colocation {
        id: id.to_owned(),
        dependent,
        primary,
        score: Score::INFINITY,
        dependent_role: Role::Unknown,
        primary_role: Role::Unknown,
        node_attribute: None,
        influence: true,
        explicit: false,
    }
}
