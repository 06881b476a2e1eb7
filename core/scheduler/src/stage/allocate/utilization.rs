use std::cmp::Ordering;

use model::{NodeKey, ResourceKey, ScoreReason, Shortage, Variant, options::PlacementStrategy};
use vocab::Score;

use crate::{plan::Plan, stage::colocation::Effect, table::Utilization};

impl Plan<'_> {
    /// Which of two nodes has more capacity left: each kind of it counts once.
    pub(crate) fn compare_capacities(&self, a: NodeKey, b: NodeKey) -> Ordering {
        let (one, two) = (&self.nodes[a].capacity, &self.nodes[b].capacity);
        let amount = |table: &Utilization, name: &str| table.get(name).copied().unwrap_or(0);
        let mut balance = 0;
        for (name, &mine) in one {
            match mine.cmp(&amount(two, name)) {
                Ordering::Greater => balance -= 1,
                Ordering::Less => balance += 1,
                Ordering::Equal => {}
            }
        }
        for (name, &theirs) in two {
            if !one.contains_key(name) {
                match theirs.cmp(&0) {
                    Ordering::Greater => balance += 1,
                    Ordering::Less => balance -= 1,
                    Ordering::Equal => {}
                }
            }
        }
        balance.cmp(&0)
    }

    pub(crate) fn consume(&mut self, node: NodeKey, resource: ResourceKey) {
        change(&mut self.nodes[node].capacity, &self.rows[resource].utilization, -1);
    }

    pub(crate) fn release(&mut self, node: NodeKey, resource: ResourceKey) {
        change(&mut self.nodes[node].capacity, &self.rows[resource].utilization, 1);
    }

    fn has_capacity(&self, node: NodeKey, needed: &Utilization) -> bool {
        needed.iter().all(|(name, &amount)| {
            amount <= self.nodes[node].capacity.get(name).copied().unwrap_or(0)
        })
    }

    fn shortages(&self, node: NodeKey, needed: &Utilization) -> Vec<Shortage> {
        let capacity = &self.nodes[node].capacity;
        needed
            .iter()
            .map(|(name, &needed)| (name, needed, capacity.get(name).copied().unwrap_or(0)))
            .filter(|(_, needed, free)| needed > free)
            .map(|(name, needed, free)| Shortage { name: name.clone(), needed, free })
            .collect()
    }

    /// Forbids a resource the nodes that do not have enough for it and what has to be with it; if none has, those that do
    /// not have enough for it alone, and then the node with the most is given back.
    pub(crate) fn ban_insufficient(&mut self, resource: ResourceKey) -> Option<NodeKey> {
        if self.model.options.placement_strategy == PlacementStrategy::Default {
            return None;
        }
        let mut together = Vec::new();
        self.collect_colocated(resource, resource, &mut together);
        if !together.contains(&resource) {
            together.push(resource);
        }
        let mut needed = Utilization::new();
        // The list was built newest first, and so it is gone through.
        for &other in together.iter().rev() {
            self.add_utilization(other, &together, &mut needed);
        }
        let usable: Vec<NodeKey> = self.rows[resource]
            .allowed
            .iter()
            .filter(|(node, cell)| self.is_allowed(*node, cell))
            .map(|(node, _)| node)
            .collect();
        let any = usable.iter().any(|&node| self.has_capacity(node, &needed));
        let mut most: Option<NodeKey> = None;
        for &node in &usable {
            if most.is_none_or(|most| self.compare_capacities(node, most).is_lt()) {
                most = Some(node);
            }
        }
        let alone = self.rows[resource].utilization.clone();
        let needed = if any { needed } else { alone };
        for node in usable {
            if !self.has_capacity(node, &needed) {
                let reason = &ScoreReason::Utilization(self.shortages(node, &needed));
                self.prefer(resource, Some(node), Score::MINUS_INFINITY, reason);
            }
        }
        if any { None } else { most }
    }

    /// What has to be on the same node as a resource.
    fn collect_colocated(
        &self,
        resource: ResourceKey,
        origin: ResourceKey,
        found: &mut Vec<ResourceKey>,
    ) {
        if let Variant::Group { colocated, .. } = self.resource(resource).variant {
            let in_clone =
                self.parent(resource).is_some_and(|parent| self.resource(parent).is_clone());
            if colocated || in_clone {
                found.push(resource);
                for member in self.children(resource) {
                    self.collect_colocated(member, origin, found);
                }
                return;
            }
        }
        if found.contains(&resource) {
            return;
        }
        found.push(resource);
        for key in self.this_with(resource) {
            let colocation = &self.colocations[key];
            let primary = colocation.primary;
            if primary != origin
                && colocation.score.is_infinite()
                && self.effect(resource, primary, colocation, true) == Effect::Location
            {
                self.collect_colocated(primary, origin, found);
            }
        }
        for key in self.with_this(resource) {
            let colocation = &self.colocations[key];
            let dependent = colocation.dependent;
            let unsure = self.resource(resource).is_clone() && !self.resource(dependent).is_clone();
            if dependent != origin
                && !unsure
                && colocation.score.is_infinite()
                && self.effect(dependent, resource, colocation, true) == Effect::Location
            {
                self.collect_colocated(dependent, origin, found);
            }
        }
    }

    fn add_utilization(
        &self,
        resource: ResourceKey,
        together: &[ResourceKey],
        sum: &mut Utilization,
    ) {
        if !self.rows[resource].unassigned {
            return;
        }
        let children = self.children(resource);
        match self.resource(resource).variant {
            Variant::Primitive => change(sum, &self.rows[resource].utilization, 1),
            Variant::Group { colocated, .. } => {
                let in_clone =
                    self.parent(resource).is_some_and(|parent| self.resource(parent).is_clone());
                let count = if colocated || in_clone { children.len() } else { 1 };
                for &member in children.iter().take(count) {
                    if self.rows[member].unassigned && !together.contains(&member) {
                        self.add_utilization(member, together, sum);
                    }
                }
            }
            Variant::Clone(_) => {
                let mut existing = false;
                for &child in &children {
                    if together.contains(&child) {
                        existing = true;
                    } else if self.children(child).iter().any(|member| together.contains(member)) {
                        self.add_utilization(child, together, sum);
                        existing = true;
                    }
                }
                if !existing && let Some(&child) = children.first() {
                    self.add_utilization(child, together, sum);
                }
            }
            Variant::Bundle { ref replicas, .. } => {
                if let Some(replica) = replicas.first() {
                    self.add_utilization(replica.container, together, sum);
                }
            }
        }
    }
}

fn change(table: &mut Utilization, amounts: &Utilization, sign: i64) {
    for (name, &amount) in amounts {
        let entry = table.entry(name.clone()).or_insert(0);
        *entry = (*entry).saturating_add(sign.saturating_mul(amount));
    }
}
