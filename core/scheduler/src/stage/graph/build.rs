use std::collections::BTreeSet;

use model::{Key, NodeKey, ResourceKey, Variant};
use transition::{
    ActionId, ActionKind, ActionNode, Graph, NodeMaintenance, Primitive, Setting, Synapse,
};
use vocab::Score;

use crate::{
    plan::Plan,
    table::{ActionFlags, ActionKey, KeyOp, Op, TaskKey},
};

/// Puts a graph together.
pub(super) struct Builder<'p, 'm> {
    plan: &'p mut Plan<'m>,
    synapses: Vec<Synapse>,
}

/// The number of an action.
pub(crate) fn number(action: ActionKey) -> u32 {
    u32::try_from(action.index() + 1).unwrap_or(u32::MAX)
}

impl<'p, 'm> Builder<'p, 'm> {
    pub(super) fn new(plan: &'p mut Plan<'m>) -> Self {
        Self { plan, synapses: Vec::new() }
    }

    pub(super) fn build(mut self, transition: i32) -> Graph {
        for resource in self.plan.top.clone() {
            self.add_resource(resource);
        }
        if !self.maintenance_changes().is_empty() {
            let point = self.plan.pseudo_point("maintenance_nodes");
            self.plan.actions[point].flags.set(ActionFlags::ALWAYS_IN_GRAPH);
        }
        let actions: Vec<_> = self.plan.actions.keys().rev().collect();
        for action in actions {
            self.add_action(action);
        }
        self.drop_stuck();
        let options = &self.plan.model.options;
        let setting = |text: &str| Setting::parse(text);
        let default = Graph::default();
        Graph {
            id: transition,
            cluster_delay: setting(&options.cluster_delay).unwrap_or(default.cluster_delay),
            fencing_timeout: setting(&options.fencing_timeout).unwrap_or(default.fencing_timeout),
            failed_stop_offset: Score::INFINITY,
            failed_start_offset: if options.start_failure_is_fatal {
                Score::INFINITY
            } else {
                Score::from(1)
            },
            batch_limit: options.batch_limit,
            migration_limit: Some(options.migration_limit).filter(|&limit| limit > 0),
            recheck_by: self.plan.recheck_by,
            synapses: self.synapses,
        }
    }

    /// Adds a resource's actions, latest first, then those of what it contains.
    fn add_resource(&mut self, resource: ResourceKey) {
        match self.plan.resource(resource).variant {
            Variant::Primitive | Variant::Group { .. } => {}
            Variant::Clone(_) => {
                for action in self.plan.rows[resource].actions.clone().into_iter().rev() {
                    self.plan.flags_of(action, None);
                }
                self.plan.create_notifications(resource);
                for child in self.plan.children(resource) {
                    self.add_resource(child);
                }
            }
            Variant::Bundle { .. } => {
                for part in self.plan.bundle_graph_parts(resource) {
                    self.add_resource(part);
                }
                return;
            }
        }
        for action in self.plan.rows[resource].actions.clone().into_iter().rev() {
            self.add_action(action);
        }
        for child in self.plan.children(resource) {
            self.add_resource(child);
        }
    }

    fn add_action(&mut self, action: ActionKey) {
        self.plan.merge_inputs(action);
        if self.plan.actions[action].is(ActionFlags::IN_GRAPH) || !self.plan.is_for_graph(action) {
            return;
        }
        self.plan.actions[action].flags.set(ActionFlags::IN_GRAPH);
        let row = &self.plan.actions[action];
        let of_resource =
            row.resource.map_or(0, |resource| self.plan.rows[resource].state.priority);
        let priority = of_resource.max(row.priority);
        let described = self.describe(action);
        let mut inputs = Vec::new();
        for index in 0..self.plan.actions[action].before.len() {
            if self.plan.input_counts(action, index) {
                let input = &mut self.plan.actions[action].before[index];
                input.graphed = true;
                inputs.push(ActionId(number(input.action)));
            }
        }
        let id = u32::try_from(self.synapses.len()).unwrap_or(u32::MAX);
        self.synapses.push(Synapse { id, priority, action: described, inputs });
    }

    /// Takes out what waits for something that is not in the graph, and what waits for that: it would never be done, and
    /// the transition would end as a failure. Pacemaker leaves such actions in.
    fn drop_stuck(&mut self) {
        loop {
            let there: BTreeSet<ActionId> =
                self.synapses.iter().map(|synapse| synapse.action.id).collect();
            let before = self.synapses.len();
            self.synapses
                .retain(|synapse| synapse.inputs.iter().all(|input| there.contains(input)));
            if self.synapses.len() == before {
                return;
            }
            for (position, synapse) in self.synapses.iter_mut().enumerate() {
                synapse.id = u32::try_from(position).unwrap_or(u32::MAX);
            }
        }
    }

    fn describe(&mut self, key: ActionKey) -> transition::Action {
        let row = &self.plan.actions[key];
        let pseudo = row.is_pseudo();
        let task = row.task;
        let kind = match task {
            Op::Fence if !pseudo => ActionKind::Cluster,
            Op::Shutdown | Op::ClearFailcount | Op::ForgetHistory => ActionKind::Cluster,
            _ if pseudo => ActionKind::Pseudo,
            _ => ActionKind::Resource,
        };
        let names_node = kind != ActionKind::Pseudo || task == Op::Fence;
        let uuid = self.plan.uuid(key);
        let history_key = self.history_key(key);
        let mut described = transition::Action::new(
            ActionId(number(key)),
            kind,
            self.plan.op_text(task),
            history_key.as_deref().unwrap_or(&uuid),
        );
        described.internal_key = history_key.is_some().then_some(uuid);
        described.mode = (task == Op::ForgetHistory).then(|| "cib".to_owned());
        let (node, resource) = (row.node, row.resource);
        if names_node && let Some(node) = node {
            described.node = Some(ActionNode {
                name: self.plan.node_name(node).to_owned(),
                id: self.plan.model.nodes[node].id.clone(),
                router: self.router(key, node),
            });
        }
        if let Some(resource) = resource
            && !pseudo
        {
            described.primitive = Some(self.primitive(resource));
            if let (Some(node), Some(lock)) = (node, self.plan.rows[resource].state.lock)
                && lock.node == node
                && (!self.plan.nodes[node].state.shutdown || task == Op::Stop)
            {
                described.shutdown_lock = Some(lock.since);
            }
        }
        described.attributes = self.plan.graph_attributes(key, node.filter(|_| names_node));
        if names_node && let Some(node) = node {
            described.downed = self.downed(key, node);
        }
        if task == Op::MaintenanceNodes && pseudo {
            described.maintenance = self.maintenance_changes();
        }
        described
    }

    /// The key under the name that nodes know the resource by, if that is another.
    fn history_key(&self, key: ActionKey) -> Option<String> {
        let row = &self.plan.actions[key];
        let resource = row.resource?;
        let id = self.plan.rows[resource].state.history_id.as_ref()?.as_str();
        let about = |name| row.meta.get(name).map(|text| &**text);
        if row.task == Op::Notify
            && let (Some(time), Some(task)) = (about("notify_type"), about("notify_operation"))
        {
            return Some(format!("{id}_{time}_notify_{task}_0"));
        }
        let op = row.cancels.unwrap_or(row.task);
        let key = TaskKey { op: KeyOp::Op(op), interval: row.key.interval };
        Some(self.plan.key_text(id, key))
    }

    fn primitive(&self, resource: ResourceKey) -> Primitive {
        let configured = self.plan.resource(resource);
        let state = &self.plan.rows[resource].state;
        let (id, long_id) = match &state.history_id {
            Some(known) if state.removed => (known.to_string(), Some(configured.id.to_string())),
            known if !configured.unique => {
                let config_id = configured.config_id.to_string();
                let long = known
                    .as_ref()
                    .filter(|known| known.as_str() != config_id)
                    .unwrap_or(&configured.id)
                    .to_string();
                (config_id, Some(long))
            }
            _ => (configured.id.to_string(), None),
        };
        let agent = configured.agent.clone();
        Primitive {
            id,
            long_id,
            class: agent.as_ref().map(|agent| agent.class.clone()).unwrap_or_default(),
            provider: agent.as_ref().and_then(|agent| agent.provider.clone()),
            agent: agent.map(|agent| agent.agent).unwrap_or_default(),
        }
    }

    /// The node that holds the connection through which an action on a remote node goes.
    fn router(&self, key: ActionKey, node: NodeKey) -> Option<String> {
        let row = &self.plan.actions[key];
        if row.task == Op::Fence || !self.plan.is_remote_kind(node) {
            return None;
        }
        let connection = self.plan.model.nodes[node].connection?;
        let state = &self.plan.rows[connection].state;
        let migrating = state.launcher.is_none() && state.migration_target.is_some();
        let began = self.plan.current_node(connection);
        let ended = self.plan.rows[connection].assigned;
        let host = match (began, ended) {
            (None, ended) => ended,
            (began, None) => began,
            (Some(began), Some(ended)) if began == ended => Some(began),
            (began, ended) => {
                let task = match row.key.op {
                    KeyOp::Notify(_, op) if row.task == Op::Notify => op,
                    _ => row.task,
                };
                let leaves = matches!(
                    task,
                    Op::Cancel | Op::Stop | Op::Demote | Op::MigrateFrom | Op::MigrateTo
                );
                if leaves && !migrating { began } else { ended }
            }
        };
        host.map(|host| self.plan.node_name(host).to_owned())
    }

    /// The nodes that go down by an action.
    fn downed(&self, key: ActionKey, node: NodeKey) -> Vec<String> {
        let plan = &*self.plan;
        let row = &plan.actions[key];
        let id = plan.model.nodes[node].id.clone();
        match row.task {
            Op::Shutdown => vec![id],
            Op::Fence => {
                let how = row.meta.get("stonith_action").map(|how| &**how);
                if !matches!(how, Some("off" | "reboot" | "poweroff")) {
                    return Vec::new();
                }
                let mut downed = vec![id];
                for &running in &plan.model.nodes[node].running {
                    let resource = plan.resource(running);
                    if resource.remote_connection
                        && plan.rows[running].state.launcher.is_some()
                        && let Some(guest) = plan.model.node_named(resource.id.as_str())
                    {
                        downed.push(plan.model.nodes[guest].id.clone());
                    }
                }
                downed
            }
            Op::Stop => {
                let Some(resource) =
                    row.resource.filter(|&resource| plan.resource(resource).remote_connection)
                else {
                    return Vec::new();
                };
                let migrating = row.before.iter().any(|input| {
                    let input = &plan.actions[input.action];
                    input.resource == Some(resource) && input.task == Op::MigrateFrom
                });
                if migrating { Vec::new() } else { vec![plan.resource(resource).id.to_string()] }
            }
            _ => Vec::new(),
        }
    }

    /// Remote nodes of which the CIB does not say yet whether they are in maintenance.
    fn maintenance_changes(&self) -> Vec<NodeMaintenance> {
        let plan = &*self.plan;
        plan.model
            .node_order
            .iter()
            .filter(|&&node| plan.is_remote_kind(node))
            .filter(|&&node| {
                let state = &plan.nodes[node].state;
                state.maintenance != state.remote_in_maintenance
            })
            .map(|&node| NodeMaintenance {
                id: plan.model.nodes[node].id.clone(),
                in_maintenance: plan.nodes[node].state.maintenance,
            })
            .collect()
    }
}
