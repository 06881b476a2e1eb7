use model::{NodeKey, ResourceKey, Variant};

use crate::{plan::Plan, report::ScoreStage};

impl Plan<'_> {
    pub(super) fn allocate_group(
        &mut self,
        group: ResourceKey,
        prefer: Option<NodeKey>,
        stop_if_fail: bool,
    ) -> Option<NodeKey> {
        if !self.rows[group].unassigned {
            return self.rows[group].assigned;
        }
        if self.rows[group].assigning {
            return None;
        }
        let members = self.children(group);
        let Some(&first) = members.first() else {
            self.rows[group].unassigned = false;
            return None;
        };
        self.rows[group].assigning = true;
        self.rows[group].state.role = self.rows[first].state.role;
        self.record_scores(group, ScoreStage::Group);
        let mut node = None;
        for member in members {
            let assigned = self.allocate(member, prefer, stop_if_fail);
            node = node.or(assigned);
        }
        self.rows[group].state.next_role = self.rows[first].state.next_role;
        self.rows[group].assigning = false;
        self.rows[group].unassigned = false;
        match self.resource(group).variant {
            Variant::Group { colocated: true, .. } => node,
            _ => None,
        }
    }
}
