use model::ResourceKey;

use crate::{
    plan::Plan,
    table::{ActionFlags, Op},
};

impl Plan<'_> {
    pub(super) fn group_actions(&mut self, group: ResourceKey) {
        for member in self.children(group) {
            self.create_actions(member);
        }
        let mut points = vec![Op::Start, Op::Running, Op::Stop, Op::Stopped];
        if self.resource(group).meta_is_true("promotable") {
            points.extend([Op::Demote, Op::Demoted, Op::Promote, Op::Promoted]);
        }
        for op in points {
            let point = self.ensure(group, op, op, None, true);
            self.actions[point].flags.set(ActionFlags::PSEUDO | ActionFlags::RUNNABLE);
        }
    }
}
