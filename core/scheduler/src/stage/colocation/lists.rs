use std::cmp::Ordering;

use model::{ResourceKey, Variant};

use crate::{plan::Plan, table::ColocationKey};

impl Plan<'_> {
    /// Which of two resources is looked at first when both are at the same side of colocations.
    fn compare_weight(&self, a: ResourceKey, b: ResourceKey) -> Ordering {
        let (one, two) = (self.resource(a), self.resource(b));
        let priority = |key: ResourceKey| self.rows[key].state.priority;
        priority(b)
            .cmp(&priority(a))
            .then_with(|| two.rank().cmp(&one.rank()))
            .then_with(|| {
                if one.is_clone() { two.promotable.cmp(&one.promotable) } else { Ordering::Equal }
            })
            .then_with(|| one.id.cmp(&two.id))
    }

    /// Adds a colocation where its primary belongs; before others of the same weight.
    pub(crate) fn insert_this_with(&self, list: &mut Vec<ColocationKey>, key: ColocationKey) {
        let new = self.colocations[key].primary;
        let position = list
            .iter()
            .position(|&other| self.compare_weight(new, self.colocations[other].primary).is_le());
        list.insert(position.unwrap_or(list.len()), key);
    }

    /// Adds a colocation where its dependent belongs; before others of the same weight.
    pub(crate) fn insert_with_this(&self, list: &mut Vec<ColocationKey>, key: ColocationKey) {
        let new = self.colocations[key].dependent;
        let position = list
            .iter()
            .position(|&other| self.compare_weight(new, self.colocations[other].dependent).is_le());
        list.insert(position.unwrap_or(list.len()), key);
    }

    /// Adds several. To a list that has some already, only the first is added, as often as there are any: the decisions
    /// that clusters are used to depend on it.
    fn insert_all_this_with(&self, list: &mut Vec<ColocationKey>, added: &[ColocationKey]) {
        if list.is_empty() {
            list.extend(added);
            return;
        }
        for _ in added {
            self.insert_this_with(list, added[0]);
        }
    }

    fn insert_all_with_this(&self, list: &mut Vec<ColocationKey>, added: &[ColocationKey]) {
        if list.is_empty() {
            list.extend(added);
            return;
        }
        for _ in added {
            self.insert_with_this(list, added[0]);
        }
    }

    /// All colocations in which the resource follows, those of what it is part of included.
    pub(crate) fn this_with(&self, resource: ResourceKey) -> Vec<ColocationKey> {
        let mut list = Vec::new();
        self.collect_this_with(resource, resource, &mut list);
        list
    }

    /// All colocations in which the resource is followed, those of what it is part of included.
    pub(crate) fn with_this(&self, resource: ResourceKey) -> Vec<ColocationKey> {
        let mut list = Vec::new();
        self.collect_with_this(resource, resource, &mut list);
        list
    }

    fn collect_with_this(
        &self,
        resource: ResourceKey,
        origin: ResourceKey,
        list: &mut Vec<ColocationKey>,
    ) {
        let own = &self.rows[resource].with_this;
        let parent = self.parent(resource);
        match self.resource(resource).variant {
            Variant::Primitive if resource == origin => {
                self.insert_all_with_this(list, own);
                if let Some(parent) = parent {
                    self.collect_with_this(parent, origin, list);
                }
            }
            Variant::Primitive => {
                for &key in own {
                    if self.colocations[key].explicit {
                        self.insert_with_this(list, key);
                    }
                }
            }
            Variant::Group { colocated, .. } => {
                let members = &self.rows[resource].state.children;
                let is_last = members.last() == Some(&origin);
                if members.is_empty() || (origin != resource && !is_last) {
                    return;
                }
                self.insert_all_with_this(list, own);
                if let Some(parent) = parent {
                    self.collect_with_this(parent, origin, list);
                }
                if colocated {
                    for &member in members.iter().filter(|&&member| member != origin) {
                        self.collect_with_this(member, origin, list);
                    }
                }
            }
            Variant::Clone(_) => {
                self.insert_all_with_this(list, own);
                if let Some(parent) = parent {
                    self.collect_with_this(parent, origin, list);
                }
            }
            Variant::Bundle { .. } => {
                if self.bundle_passes_colocations(resource, origin) {
                    self.insert_all_with_this(list, own);
                }
            }
        }
    }

    fn collect_this_with(
        &self,
        resource: ResourceKey,
        origin: ResourceKey,
        list: &mut Vec<ColocationKey>,
    ) {
        let own = &self.rows[resource].this_with;
        let parent = self.parent(resource);
        match self.resource(resource).variant {
            Variant::Primitive if resource == origin => {
                self.insert_all_this_with(list, own);
                if let Some(parent) = parent {
                    self.collect_this_with(parent, origin, list);
                }
            }
            Variant::Primitive => {
                for &key in own {
                    if self.colocations[key].explicit {
                        self.insert_this_with(list, key);
                    }
                }
            }
            Variant::Group { colocated, .. } => {
                self.collect_group_this_with(resource, origin, colocated, list);
            }
            Variant::Clone(_) => {
                self.insert_all_this_with(list, own);
                if let Some(parent) = parent {
                    self.collect_this_with(parent, origin, list);
                }
            }
            Variant::Bundle { .. } => {
                if self.bundle_passes_colocations(resource, origin) {
                    self.insert_all_this_with(list, own);
                }
            }
        }
    }

    fn collect_group_this_with(
        &self,
        group: ResourceKey,
        origin: ResourceKey,
        colocated: bool,
        list: &mut Vec<ColocationKey>,
    ) {
        let own = &self.rows[group].this_with;
        let members = &self.rows[group].state.children;
        let Some(&first) = members.first() else { return };
        if group == origin || origin == first {
            self.insert_all_this_with(list, own);
            if let Some(parent) = self.parent(group) {
                self.collect_this_with(parent, origin, list);
            }
            if colocated {
                for &member in members.iter().filter(|&&member| member != origin) {
                    self.collect_this_with(member, origin, list);
                }
            }
            return;
        }
        // A member behind an unmanaged one does not get the group's colocations by way of the first member.
        for &member in members {
            if member == origin {
                break;
            }
            if !self.rows[member].state.managed {
                for &key in own {
                    if self.colocations[key].score.is_infinite() {
                        self.insert_this_with(list, key);
                    }
                }
                break;
            }
        }
    }
}
