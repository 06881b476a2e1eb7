use std::rc::Rc;

use model::{NodeKey, ResourceKey};

use crate::{
    plan::Plan,
    table::{ActionFlags, ActionKey, KeyOp, Op, Relation, RelationEnd},
};

impl Plan<'_> {
    pub(super) fn can_migrate(&self, resource: ResourceKey, current: NodeKey) -> bool {
        let row = &self.rows[resource];
        row.state.migratable
            && row.state.managed
            && !row.state.failed
            && !row.state.start_pending
            && !self.nodes[current].state.unclean
            && row.assigned.is_some_and(|assigned| !self.nodes[assigned].state.unclean)
    }

    /// A migration takes the place of a stop and a start.
    pub(super) fn migration_actions(&mut self, resource: ResourceKey, current: NodeKey) {
        let assigned = self.rows[resource].assigned;
        let under_way = self.rows[resource].state.migration_target.is_some();
        let start = self.start(resource, assigned);
        let stop = self.stop(resource, current, true);
        let to = (!under_way)
            .then(|| self.ensure(resource, Op::MigrateTo, Op::MigrateTo, Some(current), true));
        let from = self.ensure(resource, Op::MigrateFrom, Op::MigrateFrom, assigned, true);
        let migratable = ActionFlags::MIGRATABLE;
        self.actions[start].flags.set(migratable | ActionFlags::PSEUDO);
        self.actions[stop].flags.set(migratable);
        self.actions[from].flags.set(migratable);
        let needs = self.actions[start].needs;
        let blocks = Relation::ORDERED | Relation::UNMIGRATABLE_THEN_BLOCKS;
        if let Some(to) = to {
            self.actions[to].flags.set(migratable);
            self.actions[to].needs = needs;
            self.order(resource, Op::Monitor, resource, Op::MigrateTo, Relation::ORDERED);
            self.order(resource, Op::MigrateTo, resource, Op::MigrateFrom, blocks);
        } else {
            self.actions[from].needs = needs;
            self.order(resource, Op::Monitor, resource, Op::MigrateFrom, Relation::ORDERED);
        }
        self.order(resource, Op::MigrateFrom, resource, Op::Stop, blocks);
        let start_relation = blocks | Relation::FIRST_ELSE_THEN;
        self.order(resource, Op::MigrateFrom, resource, Op::Start, start_relation);
        if let Some(to) = to {
            self.name_ends(to, current, assigned);
            if !self.resource(resource).remote_connection {
                self.actions[to].meta.insert("record-pending", "true".into());
            }
        }
        self.name_ends(from, current, assigned);
    }

    fn name_ends(&mut self, action: ActionKey, source: NodeKey, target: Option<NodeKey>) {
        let source: Rc<str> = self.node_name(source).into();
        let target: Option<Rc<str>> = target.map(|target| self.node_name(target).into());
        let meta = &mut self.actions[action].meta;
        meta.insert("migrate_source", source);
        if let Some(target) = target {
            meta.insert("migrate_target", target);
        }
    }

    /// An ordering of starts or stops means something for migrations, too.
    pub(crate) fn relate_migrations(&mut self, first: RelationEnd, then: RelationEnd) {
        let (Some(first_resource), Some(then_resource)) = (first.resource, then.resource) else {
            return;
        };
        if first_resource == then_resource
            || self.model.is_above(then_resource, first_resource)
            || self.model.is_above(first_resource, then_resource)
        {
            return;
        }
        let migratable = |plan: &Self, key: ResourceKey| plan.rows[key].state.migratable;
        let first_moves = migratable(self, first_resource);
        let then_moves = migratable(self, then_resource);
        if !first_moves && !then_moves {
            return;
        }
        let task = |plan: &Self, end: RelationEnd| match (end.action, end.key) {
            (Some(action), _) => Some(plan.actions[action].task),
            (None, Some((_, key))) => match key.op {
                KeyOp::Op(op) => Some(op),
                KeyOp::Notify(..) => None,
            },
            (None, None) => None,
        };
        let plain = Relation::ORDERED;
        let unless_moved =
            if first_moves { plain | Relation::IF_FIRST_UNMIGRATABLE } else { plain };
        let continuing = self.rows[then_resource].state.migration_target.is_some();
        let tasks = (task(self, first), task(self, then));
        let mut add = |first_op: Op, then_op: Op, relation| {
            self.order(first_resource, first_op, then_resource, then_op, relation);
        };
        match tasks {
            (Some(Op::Start), Some(Op::Start)) => {
                if first_moves && then_moves {
                    add(Op::MigrateFrom, Op::MigrateTo, plain);
                }
                if then_moves {
                    add(Op::Start, Op::MigrateTo, unless_moved);
                }
            }
            (Some(Op::Stop), Some(Op::Stop)) if then_moves => {
                add(Op::Stop, Op::MigrateTo, unless_moved);
                if continuing {
                    add(Op::Stop, Op::MigrateFrom, unless_moved);
                }
            }
            (Some(Op::Promote), Some(Op::Start)) if then_moves => {
                add(Op::Promote, Op::MigrateTo, plain);
            }
            (Some(Op::Demote), Some(Op::Stop)) if then_moves => {
                add(Op::Demote, Op::MigrateTo, plain);
                if continuing {
                    add(Op::Demote, Op::MigrateFrom, plain);
                }
            }
            _ => {}
        }
    }
}
