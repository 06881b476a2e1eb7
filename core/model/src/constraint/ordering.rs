use vocab::{Score, parse_boolean};
use xml::Element;

use super::{Constraint, ConstraintReader, Order, OrderEnd, OrderStrength};
use crate::{ResourceKey, resource::Variant};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Optional,
    Mandatory,
    Serialize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Symmetry {
    Asymmetric,
    Symmetric,
    Inverse,
}

fn strength(kind: Kind, symmetry: Symmetry) -> OrderStrength {
    match (kind, symmetry) {
        (Kind::Optional, _) => OrderStrength::Optional,
        (Kind::Serialize, _) => OrderStrength::Serialize,
        (Kind::Mandatory, Symmetry::Asymmetric) => OrderStrength::Asymmetric,
        (Kind::Mandatory, Symmetry::Symmetric) => OrderStrength::Mandatory,
        (Kind::Mandatory, Symmetry::Inverse) => OrderStrength::Inverse,
    }
}

/// The action that undoes another.
fn inverse(task: &str) -> Option<&'static str> {
    Some(match task {
        "start" => "stop",
        "stop" => "start",
        "promote" => "demote",
        "demote" => "promote",
        "promoted" => "demoted",
        "demoted" => "promoted",
        "running" => "stopped",
        "stopped" => "running",
        _ => return None,
    })
}

impl ConstraintReader<'_, '_> {
    pub(crate) fn order(&mut self, element: &Element) {
        let before = self.read.len();
        self.orders_of(element);
        let constraint = element.id().unwrap_or_default();
        for read in &mut self.read[before..] {
            if let Constraint::Order(Order::Pair { id, .. } | Order::AnyOf { id, .. }) = read {
                constraint.clone_into(id);
            }
        }
    }

    fn orders_of(&mut self, element: &Element) {
        let kind = self.kind(element);
        let symmetry = self.symmetry(element, kind, None);
        let ends = [("first", "first-action", "action"), ("then", "then-action", "action")];
        let Some(expanded) = self.expanded(element, &ends, true) else { return };
        let symmetrical = element.attr("symmetrical").map(str::to_owned);
        let Some(sets) = self.sets(&expanded) else { return };
        let mut last: Option<&Element> = None;
        for set in &sets {
            if self.within_order_set(set, kind, symmetrical.as_deref()).is_none() {
                return;
            }
            if let Some(last) = last {
                if self.between_order_sets(last, set, kind, symmetry).is_none() {
                    return;
                }
                if symmetry == Symmetry::Symmetric
                    && self.between_order_sets(set, last, kind, Symmetry::Inverse).is_none()
                {
                    return;
                }
            }
            last = Some(set);
        }
        if last.is_none() {
            self.simple_order(&expanded, kind, symmetry);
        }
    }

    fn simple_order(&mut self, element: &Element, kind: Kind, symmetry: Symmetry) {
        let id = element.id().unwrap_or_default();
        let mut found = Vec::new();
        for attribute in ["first", "then"] {
            match element.attr(attribute).map(|name| (name, self.find(name))) {
                None => {
                    self.error(format!("Ignoring constraint '{id}' without {attribute}"));
                    return;
                }
                Some((name, None)) => {
                    self.error(format!(
                        "Ignoring constraint '{id}' because resource '{name}' does not exist"
                    ));
                    return;
                }
                Some((_, Some(resource))) => found.push(resource),
            }
        }
        let (first, then) = (found[0], found[1]);
        let first_task = element.attr("first-action").unwrap_or("start");
        let then_task = element.attr("then-action").unwrap_or(first_task);
        let required = self.required_instances(first, element);
        if required > 0 {
            let instances = self.resource(first).state.children.clone();
            self.push(Order::AnyOf {
                id: String::new(),
                name: format!("clone-one-or-more:{id}"),
                required,
                first: instances.into_iter().map(|instance| end(instance, first_task)).collect(),
                then: vec![end(then, then_task)],
                strength: strength(kind, symmetry),
            });
        } else {
            self.pair(first, first_task, then, then_task, strength(kind, symmetry));
        }
        if symmetry != Symmetry::Symmetric {
            return;
        }
        let (Some(first_task), Some(then_task)) = (inverse(first_task), inverse(then_task)) else {
            self.document.problems.warning(format!(
                "Cannot invert constraint '{id}' (please specify inverse manually)"
            ));
            return;
        };
        self.pair(then, then_task, first, first_task, strength(kind, Symmetry::Inverse));
    }

    /// How many instances of a clone suffice; 0 means that all count.
    fn required_instances(&self, first: ResourceKey, element: &Element) -> u32 {
        let resource = self.resource(first);
        if !matches!(resource.variant, Variant::Clone(_)) {
            return 0;
        }
        if let Some(text) = resource.meta("clone-min") {
            return text.trim().parse().unwrap_or(0);
        }
        match element.attr("require-all").map(parse_boolean) {
            Some(Ok(false) | Err(_)) => 1,
            Some(Ok(true)) | None => 0,
        }
    }

    fn within_order_set(
        &mut self,
        set: &Element,
        parent_kind: Kind,
        symmetrical: Option<&str>,
    ) -> Option<()> {
        let kind = if set.attr("kind").is_some() { self.kind(set) } else { parent_kind };
        let symmetry = self.symmetry(set, parent_kind, symmetrical);
        let task = set.attr("action").unwrap_or("start");
        let sequential = set.attr("sequential").is_none_or(|text| parse_boolean(text) == Ok(true));
        let resources = self.resolved(set)?;
        if resources.len() == 1 {
            return Some(());
        }
        let forward = strength(kind, symmetry);
        if kind == Kind::Serialize {
            for (position, &first) in resources.iter().enumerate() {
                for &then in &resources[position + 1..] {
                    self.pair(first, task, then, task, forward);
                }
            }
        } else if sequential {
            for pair in resources.windows(2) {
                self.pair(pair[0], task, pair[1], task, forward);
            }
        }
        if symmetry == Symmetry::Asymmetric {
            return Some(());
        }
        if sequential && let Some(task) = inverse(task) {
            for pair in resources.windows(2) {
                self.pair(pair[1], task, pair[0], task, strength(kind, Symmetry::Inverse));
            }
        }
        Some(())
    }

    fn between_order_sets(
        &mut self,
        first: &Element,
        then: &Element,
        kind: Kind,
        symmetry: Symmetry,
    ) -> Option<()> {
        let mut first_task = first.attr("action").unwrap_or("start");
        let mut then_task = then.attr("action").unwrap_or("start");
        let backwards = symmetry == Symmetry::Inverse;
        if backwards {
            first_task = inverse(first_task).unwrap_or(first_task);
            then_task = inverse(then_task).unwrap_or(then_task);
        }
        let all = matches!(first_task, "stop" | "demote")
            || first.attr("require-all").is_none_or(|text| parse_boolean(text) != Ok(false));
        let strength = strength(kind, symmetry);
        let firsts = self.resolved(first)?;
        let thens = self.resolved(then)?;
        if !all {
            self.push(Order::AnyOf {
                id: String::new(),
                name: format!("one-or-more:{}", first.id().unwrap_or_default()),
                required: 1,
                first: firsts.into_iter().map(|resource| end(resource, first_task)).collect(),
                then: thens.into_iter().map(|resource| end(resource, then_task)).collect(),
                strength,
            });
            return Some(());
        }
        // Here a set is a sequence only if it says so.
        let says_sequential = |set: &Element| {
            set.attr("sequential").is_some_and(|text| parse_boolean(text) == Ok(true))
        };
        let edge = |members: Vec<ResourceKey>, last: bool| -> Vec<ResourceKey> {
            let chosen = if last { members.last() } else { members.first() };
            chosen.copied().into_iter().collect()
        };
        let firsts = if says_sequential(first) { edge(firsts, !backwards) } else { firsts };
        let thens = if says_sequential(then) { edge(thens, backwards) } else { thens };
        for &first in &firsts {
            for &then in &thens {
                self.pair(first, first_task, then, then_task, strength);
            }
        }
        Some(())
    }

    fn resolved(&mut self, set: &Element) -> Option<Vec<ResourceKey>> {
        let mut resources = Vec::new();
        for member in Self::members(set) {
            match self.find(&member) {
                Some(resource) => resources.push(resource),
                None => {
                    let set = set.id().unwrap_or_default();
                    self.error(format!("{set}: No resource found for {member}"));
                    return None;
                }
            }
        }
        Some(resources)
    }

    fn pair(
        &mut self,
        first: ResourceKey,
        first_task: &str,
        then: ResourceKey,
        then_task: &str,
        strength: OrderStrength,
    ) {
        self.push(Order::Pair {
            id: String::new(),
            first: end(first, first_task),
            then: end(then, then_task),
            strength,
        });
    }

    fn push(&mut self, order: Order) {
        self.read.push(Constraint::Order(order));
    }

    fn kind(&mut self, element: &Element) -> Kind {
        match (element.attr("kind"), element.attr("score")) {
            (Some("Mandatory"), _) | (None, None) => Kind::Mandatory,
            (Some("Optional"), _) => Kind::Optional,
            (Some("Serialize"), _) => Kind::Serialize,
            (None, Some(score)) => {
                let score = self.model.options.parse_score(score).unwrap_or(Score::ZERO);
                if score == Score::ZERO { Kind::Optional } else { Kind::Mandatory }
            }
            (Some(other), _) => {
                let id = element.id().unwrap_or("missing ID");
                self.error(format!(
                    "Resetting 'kind' for constraint {id} to 'Mandatory' because '{other}' is not valid"
                ));
                Kind::Mandatory
            }
        }
    }

    fn symmetry(&mut self, element: &Element, parent_kind: Kind, parent: Option<&str>) -> Symmetry {
        let kind = if element.attr("kind").is_some() || element.attr("score").is_some() {
            self.kind(element)
        } else {
            parent_kind
        };
        let own = element.attr("symmetrical").and_then(|text| parse_boolean(text).ok());
        match own.or_else(|| parent.map(|text| parse_boolean(text) == Ok(true))) {
            Some(true) if kind != Kind::Serialize => Symmetry::Symmetric,
            Some(_) => Symmetry::Asymmetric,
            None if kind == Kind::Serialize => Symmetry::Asymmetric,
            None => Symmetry::Symmetric,
        }
    }
}

fn end(resource: ResourceKey, task: &str) -> OrderEnd {
    OrderEnd { resource, task: task.to_owned() }
}
