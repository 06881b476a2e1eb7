use std::{collections::BTreeMap, rc::Rc};

use rules::{Facts, LocalTime, NextChange};

use crate::{Arena, Node, NodeKey, Resource, ResourceKey, attributes::Values};

/// The parameters of resources on nodes, worked out when first asked for.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    cache: BTreeMap<(ResourceKey, Option<NodeKey>), Rc<Values>>,
}

impl Parameters {
    /// The parameters of a resource on a node, or without one. A member or instance inherits its parents'.
    pub fn of(
        &mut self,
        resource: ResourceKey,
        node: Option<NodeKey>,
        resources: &Arena<ResourceKey, Resource>,
        nodes: &Arena<NodeKey, Node>,
        now: LocalTime,
        next: &mut NextChange,
    ) -> Rc<Values> {
        // Without a rule they are the same everywhere, and there is no need for a copy of each for each node.
        let node = node.filter(|_| {
            let mut chain = std::iter::successors(Some(resource), |&key| resources[key].parent);
            chain.any(|key| resources[key].parameters.has_rules())
        });
        let found = self.cache.entry((resource, node)).or_insert_with(|| {
            let facts = Facts { node: node.map(|node| &nodes[node].attributes), ..Facts::at(now) };
            let mut values = Values::new();
            let mut current = Some(resource);
            while let Some(key) = current {
                resources[key].parameters.collect(&facts, &mut values, next);
                current = resources[key].parent;
            }
            Rc::new(values)
        });
        Rc::clone(found)
    }
}
