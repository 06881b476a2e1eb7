use model::ResourceKey;
use vocab::{Role, Score};

use crate::{
    plan::Plan,
    table::{Colocation, Op, Relation},
};

/// What the members before one have shown.
struct Before {
    ordered: bool,
    colocated: bool,
    promotable: bool,
    last_active: Option<ResourceKey>,
    previous: Option<ResourceKey>,
}

impl Plan<'_> {
    pub(super) fn group_constraints(&mut self, group: ResourceKey, ordered: bool, colocated: bool) {
        let blocks = Relation::UNRUNNABLE_FIRST_BLOCKS;
        self.order(group, Op::Stop, group, Op::Stopped, blocks);
        self.order(group, Op::Stopped, group, Op::Start, Relation::ORDERED);
        self.order(group, Op::Start, group, Op::Running, blocks);
        let top = self.top_of(group);
        let mut before = Before {
            ordered,
            colocated,
            promotable: self.resource(top).promotable,
            last_active: None,
            previous: None,
        };
        for member in self.children(group) {
            self.member_constraints(group, member, &mut before);
        }
    }

    fn member_constraints(&mut self, group: ResourceKey, member: ResourceKey, before: &mut Before) {
        let mut down = Relation::THEN_IMPLIES_FIRST_GRAPHED;
        let mut after_down = Relation::FIRST_IMPLIES_THEN_GRAPHED;
        self.implicit_constraints(member);
        match before.previous {
            None => {
                if before.ordered {
                    down |= Relation::ORDERED;
                    after_down = Relation::FIRST_IMPLIES_THEN;
                }
            }
            Some(previous) if before.colocated => {
                let influence = self.resource(member).critical;
                self.colocate(Colocation {
                    id: "#group-members".to_owned(),
                    dependent: member,
                    primary: previous,
                    score: Score::INFINITY,
                    dependent_role: Role::Unknown,
                    primary_role: Role::Unknown,
                    node_attribute: None,
                    influence,
                    explicit: false,
                });
            }
            Some(_) => {}
        }
        let up = Relation::UNRUNNABLE_FIRST_BLOCKS
            | Relation::FIRST_IMPLIES_THEN
            | Relation::FIRST_IMPLIES_THEN_GRAPHED;
        let graphed = Relation::THEN_IMPLIES_FIRST_GRAPHED;
        if before.promotable {
            self.order(group, Op::Demote, member, Op::Demote, down);
            self.order(member, Op::Demote, group, Op::Demoted, after_down);
            self.order(member, Op::Promote, group, Op::Promoted, up);
            self.order(group, Op::Promote, member, Op::Promote, graphed);
        }
        self.order(group, Op::Stop, member, Op::Stop, down);
        self.order(member, Op::Stop, group, Op::Stopped, after_down);
        self.order(group, Op::Start, member, Op::Start, graphed);
        self.order(member, Op::Start, group, Op::Running, up);
        self.member_sequence(group, member, before);
        if !self.rows[member].state.active_on.is_empty() {
            let inactive =
                |plan: &Self, key: ResourceKey| plan.rows[key].state.active_on.is_empty();
            if before.ordered
                && let (Some(previous), Some(last)) = (before.previous, before.last_active)
                && inactive(self, previous)
                && !inactive(self, last)
            {
                self.order(member, Op::Stop, last, Op::Stop, Relation::ORDERED);
            }
            before.last_active = Some(member);
        }
        before.previous = Some(member);
    }

    fn member_sequence(&mut self, group: ResourceKey, member: ResourceKey, before: &Before) {
        let follow = Relation::FIRST_IMPLIES_THEN | Relation::UNRUNNABLE_FIRST_BLOCKS;
        if !before.ordered {
            let relation = follow | Relation::THEN_IMPLIES_FIRST_GRAPHED;
            self.order(group, Op::Start, member, Op::Start, relation);
            if before.promotable {
                self.order(group, Op::Promote, member, Op::Promote, relation);
            }
            return;
        }
        let Some(previous) = before.previous else {
            self.order(group, Op::Start, member, Op::Start, Relation::NONE);
            if before.promotable {
                self.order(group, Op::Promote, member, Op::Promote, Relation::NONE);
            }
            return;
        };
        self.order(previous, Op::Start, member, Op::Start, follow);
        let stops = Relation::ORDERED | Relation::INTERMEDIATE_STOP;
        self.order(member, Op::Stop, previous, Op::Stop, stops);
        if !self.rows[member].state.active_on.is_empty()
            && self.rows[previous].state.active_on.is_empty()
        {
            let relation = Relation::THEN_IMPLIES_FIRST | Relation::UNRUNNABLE_FIRST_BLOCKS;
            self.order(member, Op::Stop, previous, Op::Start, relation);
        }
        if before.promotable {
            self.order(previous, Op::Promote, member, Op::Promote, follow);
            self.order(member, Op::Demote, previous, Op::Demote, Relation::ORDERED);
        }
    }
}
