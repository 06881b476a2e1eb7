use model::{NodeKey, ResourceKey, Variant, merge_sort};

use crate::{plan::Plan, report::ScoreStage};

impl Plan<'_> {
    pub(super) fn allocate_clone(
        &mut self,
        clone: ResourceKey,
        prefer: Option<NodeKey>,
        stop_if_fail: bool,
    ) {
        let row = &mut self.rows[clone];
        if !row.unassigned || row.assigning {
            return;
        }
        row.assigning = true;
        let promotable = self.resource(clone).promotable;
        if promotable {
            self.add_promotion_scores(clone);
        }
        for key in self.this_with(clone) {
            let primary = self.colocations[key].primary;
            self.allocate(primary, prefer, stop_if_fail);
        }
        for key in self.with_this(clone) {
            self.add_dependent_preferences(key, clone);
        }
        self.record_scores(clone, ScoreStage::Clone);
        let children = self.children(clone);
        let sorted = merge_sort(children, &mut |&a, &b| self.compare_instances(a, b));
        self.rows[clone].state.children.clone_from(&sorted);
        if let Variant::Clone(limits) = &self.resource(clone).variant {
            self.assign_instances(clone, &sorted, limits.instances_max, limits.instances_per_node);
        }
        if promotable {
            self.set_instance_roles(clone);
        }
        let row = &mut self.rows[clone];
        row.unassigned = false;
        row.assigning = false;
    }
}
