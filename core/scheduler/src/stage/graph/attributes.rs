use model::{NodeKey, ResourceKey, Variant, attributes::Values};
use rules::Facts;
use transition::Attributes;
use vocab::Interval;

use crate::{
    plan::Plan,
    table::{ActionKey, KeyOp, NotifyTime, Op},
};

impl Plan<'_> {
    /// What is handed on with an action: parameters of the resource and `CRM_meta_*` properties, and the node if it is to be
    /// named.
    pub(super) fn graph_attributes(
        &mut self,
        key: ActionKey,
        named_node: Option<NodeKey>,
    ) -> Attributes {
        let row = &self.actions[key];
        let (resource, node) = (row.resource, row.node);
        let mut attributes = Attributes::new();
        attributes.insert("crm_feature_set", &vocab::FEATURE_SET.to_string());
        let mut add = |name: &str, value: &str| attributes.insert_new(name, value);
        let mut meta = Values::new();
        if let Some(resource) = resource {
            let (own, effective) = self.operation_values(key, resource);
            own.iter().for_each(|(name, value)| add(name, value));
            meta = effective;
            let primitive = self.resource(resource).is_primitive();
            if node.is_some() || primitive {
                let parameters = self.parameters(resource, node);
                // An address may stand for the node's name.
                let address = (parameters.get("addr").map(String::as_str) == Some("#uname"))
                    .then(|| self.bundle_address(resource))
                    .flatten();
                for (name, value) in parameters.iter() {
                    let address = address.as_deref().filter(|_| name == "addr");
                    add(name, address.unwrap_or(value));
                }
            }
        }
        for (name, value) in self.actions[key].meta.iter() {
            meta.insert(name.to_owned(), value.to_string());
        }
        if let Some(node) = named_node {
            let entry = &self.model.nodes[node];
            meta.insert("on_node".to_owned(), entry.name.to_string());
            meta.insert("on_node_uuid".to_owned(), entry.id.clone());
        }
        for (name, value) in &meta {
            if !name.contains(['#', ':']) {
                add(&meta_name(name), value);
            }
        }
        if let Some(resource) = resource {
            self.add_structure(resource, &mut attributes);
            self.add_guest(key, resource, &mut attributes);
        }
        attributes.shrink_to_fit();
        attributes
    }

    /// Parameters and properties of the operation itself.
    fn operation_values(&mut self, key: ActionKey, resource: ResourceKey) -> (Values, Values) {
        let row = &self.actions[key];
        let node = row.node;
        let interval = Interval { millis: row.key.interval };
        let task = self.op_text(row.planned_as).to_owned();
        let configured = self.resource(resource);
        let mut config = configured.operation(&task, interval, true);
        if config.is_none() && matches!(row.key.op, KeyOp::Notify(..)) {
            config = configured.operation("notify", Interval::ONCE, true);
        }
        let mut own = Values::new();
        if let (Some(config), Some(node)) = (config, node) {
            let facts = Facts {
                node: Some(&self.model.nodes[node].attributes),
                ..Facts::at(self.model.now)
            };
            config.parameters.collect(&facts, &mut own, &mut self.next_change);
        }
        let timeout = if configured.fence_device {
            self.parameters(resource, node).get("pcmk_monitor_timeout").cloned()
        } else {
            None
        };
        let effective = configured.effective_operation(
            &task,
            interval,
            config,
            &self.model.operation_defaults,
            self.model.now,
            &mut self.next_change,
            || timeout,
        );
        (own, effective.meta)
    }

    /// What the resource is part of.
    fn add_structure(&self, resource: ResourceKey, attributes: &mut Attributes) {
        let mut set = |name: &str, value: String| {
            attributes.insert(&meta_name(name), &value);
        };
        let mut current = Some(resource);
        while let Some(key) = current {
            let configured = self.resource(key);
            match &configured.variant {
                Variant::Primitive => {
                    for name in ["clone", "remote-node"] {
                        if let Some(value) = configured.meta(name) {
                            set(name, value.to_owned());
                        }
                    }
                    let mut above = Some(key);
                    while let Some(holder) = above {
                        if let Some(launcher) = self.rows[holder].state.launcher {
                            set("container", self.resource(launcher).id.to_string());
                        }
                        above = self.parent(holder);
                    }
                }
                Variant::Clone(limits) => {
                    set("globally-unique", configured.unique.to_string());
                    set("notify", configured.notify.to_string());
                    set("clone-max", limits.instances_max.to_string());
                    set("clone-node-max", limits.instances_per_node.to_string());
                    if configured.promotable {
                        set("promoted-max", limits.promoted_max.to_string());
                        set("promoted-node-max", limits.promoted_per_node.to_string());
                        set("master-max", limits.promoted_max.to_string());
                        set("master-node-max", limits.promoted_per_node.to_string());
                    }
                }
                Variant::Group { .. } | Variant::Bundle { .. } => {}
            }
            current = configured.parent;
        }
        if let Some(address) = self.resource(resource).meta("external-ip") {
            attributes.insert("pcmk_external_ip", address);
        }
    }

    /// Where a guest node is.
    fn add_guest(&self, key: ActionKey, resource: ResourceKey, attributes: &mut Attributes) {
        let row = &self.actions[key];
        let Some(launcher) = row.node.and_then(|node| self.guest_launcher(node)) else { return };
        let task = match (row.task, row.key.op) {
            (Op::Notify | Op::Notified, KeyOp::Notify(NotifyTime::Pre | NotifyTime::Post, op)) => {
                op
            }
            (task, _) => task,
        };
        let host = match task {
            Op::Stop | Op::Stopped | Op::Demote | Op::Demoted => self.current_node(launcher),
            Op::Start | Op::Running | Op::Monitor | Op::Promote | Op::Promoted => {
                self.rows[launcher].assigned
            }
            _ => None,
        };
        let Some(host) = host else { return };
        if let Some(target) = self.resource(resource).meta("container-attribute-target") {
            attributes.insert_new(&meta_name("container-attribute-target"), target);
        }
        attributes.insert_new(&meta_name("physical_host"), self.node_name(host));
    }
}

/// The name of a meta-attribute among an action's attributes.
fn meta_name(name: &str) -> String {
    format!("CRM_meta_{}", name.replace('-', "_"))
}
