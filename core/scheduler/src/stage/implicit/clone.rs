use model::{ResourceKey, Variant, merge_sort};

use crate::{
    plan::Plan,
    table::{Op, Relation},
};

impl Plan<'_> {
    fn instances_are_ordered(&self, clone: ResourceKey) -> bool {
        match &self.resource(clone).variant {
            Variant::Clone(limits) => limits.ordered,
            _ => false,
        }
    }

    /// Puts the instances of a clone in the order of their numbers.
    pub(crate) fn sort_by_number(&mut self, clone: ResourceKey) {
        let children = self.children(clone);
        let sorted = merge_sort(children, &mut |&a, &b| self.compare_numbers(a, b));
        self.rows[clone].state.children = sorted;
    }

    pub(super) fn clone_constraints(&mut self, clone: ResourceKey) {
        let promotable = self.resource(clone).promotable;
        let blocks = Relation::UNRUNNABLE_FIRST_BLOCKS;
        self.order(clone, Op::Stopped, clone, Op::Start, Relation::ORDERED);
        self.order(clone, Op::Start, clone, Op::Running, blocks);
        self.order(clone, Op::Stop, clone, Op::Stopped, blocks);
        if promotable {
            self.order(clone, Op::Demoted, clone, Op::Stop, Relation::ORDERED);
            self.order(clone, Op::Running, clone, Op::Promote, blocks);
        }
        let ordered = self.instances_are_ordered(clone);
        if ordered {
            self.sort_by_number(clone);
        }
        let instances = self.children(clone);
        let first_graphed = Relation::FIRST_IMPLIES_THEN_GRAPHED;
        let then_graphed = Relation::THEN_IMPLIES_FIRST_GRAPHED;
        for (index, &instance) in instances.iter().enumerate() {
            self.implicit_constraints(instance);
            self.order(clone, Op::Start, instance, Op::Start, blocks | then_graphed);
            self.order(instance, Op::Start, clone, Op::Running, first_graphed);
            self.order(clone, Op::Stop, instance, Op::Stop, then_graphed);
            self.order(instance, Op::Stop, clone, Op::Stopped, first_graphed);
            if ordered {
                for &later in &instances[index + 1..] {
                    self.order(instance, Op::Start, later, Op::Start, Relation::ORDERED);
                    self.order(later, Op::Stop, instance, Op::Stop, Relation::ORDERED);
                }
            }
        }
        if promotable {
            self.promotable_constraints(clone, ordered);
        }
    }

    /// What a collection with roles does one after the other.
    pub(crate) fn restart_constraints(&mut self, clone: ResourceKey) {
        let plain = Relation::ORDERED;
        self.order(clone, Op::Stopped, clone, Op::Start, plain);
        self.order(clone, Op::Stopped, clone, Op::Promote, plain);
        self.order(clone, Op::Demoted, clone, Op::Stop, plain);
        self.order(clone, Op::Demoted, clone, Op::Start, plain);
        self.order(clone, Op::Demoted, clone, Op::Promote, plain);
        self.order(clone, Op::Running, clone, Op::Promote, plain);
        self.order(clone, Op::Demote, clone, Op::Demoted, plain);
    }

    fn promotable_constraints(&mut self, clone: ResourceKey, ordered: bool) {
        let plain = Relation::ORDERED;
        self.restart_constraints(clone);
        let mut previous: Option<ResourceKey> = None;
        for instance in self.children(clone) {
            self.order(instance, Op::Demote, instance, Op::Promote, plain);
            self.order(clone, Op::Promote, instance, Op::Promote, plain);
            self.order(instance, Op::Promote, clone, Op::Promoted, plain);
            if let Some(previous) = previous
                && ordered
            {
                self.order(previous, Op::Promote, instance, Op::Promote, plain);
            }
            let graphed = Relation::THEN_IMPLIES_FIRST_GRAPHED;
            self.order(clone, Op::Demote, instance, Op::Demote, graphed);
            let graphed = Relation::FIRST_IMPLIES_THEN_GRAPHED;
            self.order(instance, Op::Demote, clone, Op::Demoted, graphed);
            if let Some(previous) = previous
                && ordered
            {
                self.order(instance, Op::Demote, previous, Op::Demote, plain);
            }
            previous = Some(instance);
        }
    }
}
