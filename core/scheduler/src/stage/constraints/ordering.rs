use model::constraint::{Order, OrderStrength};

use crate::{
    plan::Plan,
    table::{Op, Relation, RelationEnd},
};

impl Plan<'_> {
    pub(crate) fn configured_order(&mut self, configured: &Order) {
        match configured {
            Order::Pair { first, then, strength, .. } => {
                let first_op = self.op(&first.task);
                let then_op = self.op(&then.task);
                let relation = relation(*strength, first_op);
                self.order(first.resource, first_op, then.resource, then_op, relation);
            }
            Order::AnyOf { name, required, first, then, strength, .. } => {
                let point = self.pseudo_point(name);
                self.actions[point].required_runnable_before = *required;
                let point_end = RelationEnd { action: Some(point), ..RelationEnd::default() };
                let mut first_op = Op::Start;
                for end in first {
                    first_op = self.op(&end.task);
                    self.relate(
                        RelationEnd::of(end.resource, first_op),
                        point_end,
                        Relation::MIN_RUNNABLE | Relation::FIRST_IMPLIES_THEN_GRAPHED,
                    );
                }
                let relation = relation(*strength, first_op) | Relation::UNRUNNABLE_FIRST_BLOCKS;
                for end in then {
                    let then_op = self.op(&end.task);
                    self.relate(point_end, RelationEnd::of(end.resource, then_op), relation);
                }
            }
        }
    }
}

fn relation(strength: OrderStrength, first: Op) -> Relation {
    match strength {
        OrderStrength::Optional => Relation::ORDERED,
        OrderStrength::Serialize => Relation::SERIALIZE,
        OrderStrength::Asymmetric => Relation::ORDERED | Relation::ASYMMETRIC,
        OrderStrength::Inverse => Relation::ORDERED | Relation::THEN_IMPLIES_FIRST,
        OrderStrength::Mandatory => {
            let relation = Relation::ORDERED | Relation::FIRST_IMPLIES_THEN;
            if first.is_up() { relation | Relation::UNRUNNABLE_FIRST_BLOCKS } else { relation }
        }
    }
}
