use model::{
    ResourceKey, Variant,
    constraint::{Constraint, Order, OrderEnd, OrderStrength},
};
use scheduler::ActionReason;

use crate::{Cause, asker::Asker};

impl Asker<'_> {
    /// What has to come before the start of a resource and does not.
    pub(crate) fn orderings(&self, key: ResourceKey, reason: Option<&ActionReason>) -> Vec<Cause> {
        let named = match reason {
            Some(ActionReason::Unrunnable { resource: Some(name), .. }) => {
                self.model.resource_named(name)
            }
            _ => None,
        };
        let mut causes = Vec::new();
        for constraint in &self.model.constraints {
            let Constraint::Order(order) = constraint else { continue };
            match order {
                Order::Pair { id, first, then, strength } => {
                    if binds(*strength)
                        && self.concerns(then, key)
                        && (self.fails(first) || self.is_inside(named, first.resource))
                    {
                        self.add_after(&mut causes, id, first);
                    }
                }
                Order::AnyOf { id, required, first, then, strength, .. } => {
                    let met = first.iter().filter(|end| !self.fails(end)).count();
                    if binds(*strength)
                        && then.iter().any(|end| self.concerns(end, key))
                        && met < usize::try_from(*required).unwrap_or(usize::MAX)
                    {
                        for end in first.iter().filter(|end| self.fails(end)) {
                            self.add_after(&mut causes, id, end);
                        }
                    }
                }
            }
        }
        if causes.is_empty() {
            causes.extend(self.member_before(key));
        }
        if causes.is_empty()
            && let Some(other) = named
            && let Some(ActionReason::Unrunnable { task, .. }) = reason
        {
            causes.push(Cause::After {
                constraint: None,
                first: self.name(other),
                task: task.clone(),
                whereabouts: self.whereabouts(other),
            });
        }
        causes
    }

    /// The ordering constraint by which one resource comes after another.
    pub(crate) fn ordering_between(&self, first: ResourceKey, then: ResourceKey) -> Option<String> {
        self.model.constraints.iter().find_map(|constraint| match constraint {
            Constraint::Order(Order::Pair { id, first: before, then: after, strength })
                if binds(*strength)
                    && self.concerns(after, then)
                    && self.is_inside(Some(before.resource), first) =>
            {
                Some(id.clone())
            }
            _ => None,
        })
    }

    fn add_after(&self, causes: &mut Vec<Cause>, id: &str, first: &OrderEnd) {
        let cause = Cause::After {
            constraint: Some(id.to_owned()),
            first: self.name(first.resource),
            task: first.task.clone(),
            whereabouts: self.whereabouts(first.resource),
        };
        if !causes.contains(&cause) {
            causes.push(cause);
        }
    }

    fn is_inside(&self, inner: Option<ResourceKey>, outer: ResourceKey) -> bool {
        inner.is_some_and(|inner| inner == outer || self.model.is_above(outer, inner))
    }

    /// Whether an end of an ordering is the start of the resource or of what it is part of.
    fn concerns(&self, end: &OrderEnd, key: ResourceKey) -> bool {
        matches!(end.task.as_str(), "start" | "running") && self.is_inside(Some(key), end.resource)
    }

    /// Whether an action that something waits for will not happen.
    fn fails(&self, end: &OrderEnd) -> bool {
        match end.task.as_str() {
            "start" | "running" => self.nodes_of(end.resource).is_empty(),
            "promote" | "promoted" => self.promoted_nodes(end.resource).is_empty(),
            task => self.leaves(end.resource).into_iter().any(|leaf| {
                let name = match task {
                    "stopped" => "stop",
                    "demoted" => "demote",
                    other => other,
                };
                self.plan.actions.iter().any(|action| {
                    action.resource == Some(leaf)
                        && action.task == name
                        && !action.optional
                        && !action.runnable
                })
            }),
        }
    }

    /// The member of the same group that comes before and will not run.
    fn member_before(&self, key: ResourceKey) -> Option<Cause> {
        let group = self.resource(key).parent?;
        let Variant::Group { ordered: true, .. } = self.resource(group).variant else {
            return None;
        };
        let before = self
            .children(group)
            .iter()
            .take_while(|&&member| member != key)
            .copied()
            .find(|&member| self.will_run_on(member).is_empty())?;
        Some(Cause::After {
            constraint: None,
            first: self.name(before),
            task: "start".to_owned(),
            whereabouts: self.whereabouts(before),
        })
    }
}

fn binds(strength: OrderStrength) -> bool {
    matches!(strength, OrderStrength::Mandatory | OrderStrength::Asymmetric)
}
