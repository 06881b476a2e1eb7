use vocab::{Score, parse_boolean};
use xml::Element;

use super::{Colocation, Constraint, ConstraintReader};
use crate::ResourceKey;

/// What the colocations of one constraint have in common.
struct Shared<'e> {
    id: &'e str,
    score: Score,
    influence: Option<&'e str>,
}

impl ConstraintReader<'_, '_> {
    pub(crate) fn colocation(&mut self, element: &Element) {
        let ends = [("rsc", "rsc-role", "role"), ("with-rsc", "with-rsc-role", "role")];
        let Some(expanded) = self.expanded(element, &ends, true) else { return };
        let id = element.id().unwrap_or_default();
        let score = match expanded.attr("score").map(|text| self.model.options.parse_score(text)) {
            None => Score::ZERO,
            Some(Some(score)) => score,
            Some(None) => {
                self.error(format!(
                    "Ignoring colocation {id} because '{}' is not a valid score",
                    expanded.attr("score").unwrap_or_default()
                ));
                return;
            }
        };
        let influence = expanded.attr("influence").map(str::to_owned);
        let shared = Shared { id, score, influence: influence.as_deref() };
        let Some(sets) = self.sets(&expanded) else { return };
        let mut last: Option<&Element> = None;
        for set in &sets {
            if set.id().is_none_or(str::is_empty) {
                self.error("Ignoring resource_set without id".to_owned());
                continue;
            }
            self.within_set(set, &shared);
            if let Some(last) = last {
                self.between_sets(last, set, &shared);
            }
            last = Some(set);
        }
        if last.is_none() {
            self.simple_colocation(&expanded, &shared);
        }
    }

    fn simple_colocation(&mut self, element: &Element, shared: &Shared<'_>) {
        let mut found = Vec::new();
        for attribute in ["rsc", "with-rsc"] {
            let name = element.attr(attribute).unwrap_or_default();
            match self.find(name) {
                Some(resource) => found.push(resource),
                None => {
                    self.error(format!(
                        "Ignoring constraint '{}' because resource '{name}' does not exist",
                        shared.id
                    ));
                    return;
                }
            }
        }
        let influence = self.influence(shared, found[0]);
        self.add(
            shared.id,
            element.attr("node-attribute"),
            shared.score,
            (found[0], element.attr("rsc-role")),
            (found[1], element.attr("with-rsc-role")),
            influence,
        );
    }

    fn within_set(&mut self, set: &Element, shared: &Shared<'_>) {
        let set_id = set.id().unwrap_or_default();
        let score = match set.attr("score").map(|text| self.model.options.parse_score(text)) {
            None => shared.score,
            Some(Some(score)) => score,
            Some(None) => {
                self.error(format!(
                    "Ignoring colocation '{}' for set '{set_id}' because '{}' is not a valid score",
                    shared.id,
                    set.attr("score").unwrap_or_default()
                ));
                return;
            }
        };
        if score == Score::ZERO || !is_sequential(set) {
            return;
        }
        let role = set.attr("role");
        let with_previous =
            set.attr("ordering").is_none_or(|text| text.eq_ignore_ascii_case("group"));
        let members = Self::members(set);
        if score > Score::ZERO {
            let mut other: Option<ResourceKey> = None;
            for member in &members {
                let Some(resource) = self.member(set_id, member) else { return };
                if let Some(other) = other {
                    let influence = self.influence(shared, resource);
                    let (dependent, primary) =
                        if with_previous { (resource, other) } else { (other, resource) };
                    self.add(set_id, None, score, (dependent, role), (primary, role), influence);
                }
                other = Some(resource);
            }
            return;
        }
        for (position, member) in members.iter().enumerate() {
            let Some(resource) = self.member(set_id, member) else { return };
            let influence = self.influence(shared, resource);
            let own = self.resource(resource).id.clone();
            for with in &members[..position] {
                if own == with.as_str() {
                    break;
                }
                let Some(other) = self.member(set_id, with) else { return };
                self.add(set_id, None, score, (resource, role), (other, role), influence);
            }
        }
    }

    fn member(&mut self, set: &str, name: &str) -> Option<ResourceKey> {
        let found = self.find(name);
        if found.is_none() {
            self.error(format!(
                "Ignoring {name} and later resources in set {set}: No such resource"
            ));
        }
        found
    }

    fn between_sets(&mut self, dependents: &Element, primaries: &Element, shared: &Shared<'_>) {
        if shared.score == Score::ZERO {
            return;
        }
        // Of a sequence, its first member follows and its last one is followed.
        let dependent_names = Self::members(dependents);
        let primary_names = Self::members(primaries);
        let dependent_names = if is_sequential(dependents) {
            dependent_names.into_iter().take(1).collect()
        } else {
            dependent_names
        };
        let primary_names: Vec<String> = if is_sequential(primaries) {
            primary_names.into_iter().next_back().into_iter().collect()
        } else {
            primary_names
        };
        for dependent in &dependent_names {
            for primary in &primary_names {
                let (Some(dependent), Some(primary)) = (self.find(dependent), self.find(primary))
                else {
                    self.error(format!(
                        "Ignoring colocation of {dependent} with {primary} in '{}': No such resource",
                        shared.id
                    ));
                    continue;
                };
                let influence = self.influence(shared, dependent);
                self.add(
                    shared.id,
                    None,
                    shared.score,
                    (dependent, dependents.attr("role")),
                    (primary, primaries.attr("role")),
                    influence,
                );
            }
        }
    }

    fn influence(&mut self, shared: &Shared<'_>, dependent: ResourceKey) -> bool {
        match shared.influence.map(parse_boolean) {
            Some(Ok(influence)) => influence,
            Some(Err(_)) => {
                self.error(format!(
                    "Constraint '{}' has invalid value for influence (using default)",
                    shared.id
                ));
                self.resource(dependent).critical
            }
            None => self.resource(dependent).critical,
        }
    }

    fn add(
        &mut self,
        id: &str,
        node_attribute: Option<&str>,
        score: Score,
        (dependent, dependent_role): (ResourceKey, Option<&str>),
        (primary, primary_role): (ResourceKey, Option<&str>),
        influence: bool,
    ) {
        let Some(dependent_role) = self.role(id, dependent_role) else { return };
        let Some(primary_role) = self.role(id, primary_role) else { return };
        if score == Score::ZERO {
            return;
        }
        self.read.push(Constraint::Colocation(Colocation {
            id: id.to_owned(),
            dependent,
            primary,
            score,
            dependent_role,
            primary_role,
            node_attribute: node_attribute.map(str::to_owned),
            influence,
        }));
    }
}

fn is_sequential(set: &Element) -> bool {
    set.attr("sequential").is_none_or(|text| parse_boolean(text) != Ok(false))
}
