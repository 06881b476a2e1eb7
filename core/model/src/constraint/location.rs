use std::borrow::Cow;

use regex_lite::Regex;
use rules::{Combine, Condition, Rule};
use vocab::{Role, Score};
use xml::Element;

use super::{Constraint, ConstraintReader, Location, Preference, RuleScore};
use crate::{ProbeMode, ResourceKey};

impl ConstraintReader<'_, '_> {
    pub(crate) fn location(&mut self, element: &Element) {
        let Some(expanded) = self.expanded(element, &[("rsc", "role", "role")], false) else {
            return;
        };
        let rules: Vec<&Element> = expanded.children_named("rule").collect();
        if rules.len() > 1 {
            // Each of several rules counts as a constraint of its own.
            for keep in 0..rules.len() {
                let mut single = expanded.clone().into_owned();
                let mut position = 0;
                single.nodes_mut().retain(|node| {
                    if !node.is_element("rule") {
                        return true;
                    }
                    position += 1;
                    position - 1 == keep
                });
                self.single_location(&single);
            }
        } else {
            self.single_location(&expanded);
        }
    }

    fn single_location(&mut self, element: &Element) {
        let Some(sets) = self.sets(element) else { return };
        for set in &sets {
            let role = set.attr("role");
            let score = set.attr("score");
            for member in Self::members(set) {
                let Some(resource) = self.find(&member) else {
                    let set = set.id().unwrap_or_default();
                    self.error(format!("{set}: No resource found for {member}"));
                    return;
                };
                self.resource_location(element, resource, role, score, Vec::new());
            }
        }
        if !sets.is_empty() {
            return;
        }
        if let Some(name) = element.attr("rsc") {
            match self.find(name) {
                Some(resource) => {
                    self.resource_location(element, resource, None, None, Vec::new());
                }
                None => {
                    let id = element.id().unwrap_or_default();
                    self.document.problems.warning(format!(
                        "Ignoring constraint '{id}' because resource '{name}' does not exist"
                    ));
                }
            }
        }
        if let Some(pattern) = element.attr("rsc-pattern") {
            self.pattern_location(element, pattern);
        }
    }

    fn pattern_location(&mut self, element: &Element, pattern: &str) {
        let (invert, text) = match pattern.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, pattern),
        };
        let Ok(regex) = Regex::new(text) else {
            let id = element.id().unwrap_or_default();
            self.error(format!(
                "Ignoring constraint '{id}' because rsc-pattern has invalid value '{pattern}'"
            ));
            return;
        };
        for resource in self.model.top.clone() {
            let name = self.resource(resource).id.clone();
            match regex.captures(name.as_str()) {
                Some(found) if !invert => {
                    let submatches = found
                        .iter()
                        .map(|part| part.map_or_else(String::new, |part| part.as_str().to_owned()))
                        .collect();
                    self.resource_location(element, resource, None, None, submatches);
                }
                None if invert => {
                    self.resource_location(element, resource, None, None, Vec::new());
                }
                Some(_) | None => {}
            }
        }
    }

    fn resource_location(
        &mut self,
        element: &Element,
        resource: ResourceKey,
        set_role: Option<&str>,
        set_score: Option<&str>,
        submatches: Vec<String>,
    ) {
        let id = element.id().unwrap_or_default().to_owned();
        let discovery = self.discovery(element);
        let lifetime = element.child("lifetime").map(|lifetime| self.lifetime(lifetime));
        let score = set_score.or_else(|| element.attr("score"));
        let location = match (element.attr("node"), score) {
            (Some(node), Some(score)) => {
                let Some(node) = self.model.node_named(node) else { return };
                let Some(score) = self.score(&id, score) else { return };
                let role = set_role.or_else(|| element.attr("role"));
                let Some(role) = self.location_role(&id, role) else { return };
                let preference = match lifetime {
                    None => Preference::Node { node, score },
                    Some(lifetime) => Preference::Rule {
                        rule: and(self.node_rule(node), lifetime),
                        score: RuleScore::Fixed(score),
                        submatches,
                    },
                };
                Location { id, resource, preference, role, discovery }
            }
            _ => {
                let Some(rule) = element.child("rule") else { return };
                let Some(rule) = self.document.resolve(rule).map(Cow::into_owned) else { return };
                let Some(rule_id) = rule.id().map(str::to_owned) else {
                    self.error(format!(
                        "Ignoring location constraint '{id}' because its rule has no id"
                    ));
                    return;
                };
                let Some(role) = self.location_role(&id, rule.attr("role")) else { return };
                let score = match (rule.attr("score-attribute"), rule.attr("score")) {
                    (Some(name), _) => RuleScore::Attribute(name.to_owned()),
                    (None, Some(text)) => match self.score(&rule_id, text) {
                        Some(score) => RuleScore::Fixed(score),
                        None => return,
                    },
                    (None, None) => {
                        self.error(format!(
                            "Ignoring location constraint rule {rule_id} because neither score nor score-attribute was specified"
                        ));
                        return;
                    }
                };
                let read = self.document.rule(&rule);
                let rule = match lifetime {
                    None => read,
                    Some(lifetime) => and(read, lifetime),
                };
                let preference = Preference::Rule { rule, score, submatches };
                Location { id: rule_id, resource, preference, role, discovery }
            }
        };
        self.read.push(Constraint::Location(location));
    }

    fn node_rule(&self, node: crate::NodeKey) -> Rule {
        let expression = Element::new("expression")
            .with("id", "node")
            .with("attribute", "#uname")
            .with("operation", "eq")
            .with("value", &self.model.nodes[node].name);
        let rule = Element::new("rule").with("id", "node").with_child(expression);
        Rule::parse(&rule, &|_| None, &mut Vec::new())
    }

    /// The rules of a lifetime, of which one has to hold.
    fn lifetime(&mut self, lifetime: &Element) -> Rule {
        let conditions = lifetime
            .children_named("rule")
            .map(|rule| Condition::Rule(self.document.rule(rule)))
            .collect();
        Rule { id: "lifetime".to_owned(), combine: Combine::Or, conditions }
    }

    fn discovery(&mut self, element: &Element) -> ProbeMode {
        match element.attr("resource-discovery").map(str::to_ascii_lowercase).as_deref() {
            None | Some("always") => ProbeMode::Always,
            Some("never") => ProbeMode::Never,
            Some("exclusive") => ProbeMode::Exclusive,
            Some(other) => {
                self.error(format!(
                    "Invalid resource-discovery value {other} in location constraint"
                ));
                ProbeMode::Always
            }
        }
    }

    fn score(&mut self, id: &str, text: &str) -> Option<Score> {
        let score = self.model.options.parse_score(text);
        if score.is_none() {
            self.error(format!(
                "Ignoring location constraint {id} because '{text}' is not a valid score"
            ));
        }
        score
    }

    /// Only the promoted role limits a location.
    fn location_role(&mut self, id: &str, text: Option<&str>) -> Option<Role> {
        let Some(text) = text else { return Some(Role::Unknown) };
        match text.parse() {
            Ok(Role::Started | Role::Unpromoted) => Some(Role::Unknown),
            Ok(Role::Unknown) | Err(_) => {
                self.error(format!(
                    "Ignoring location constraint {id} because '{text}' is not a valid role"
                ));
                None
            }
            Ok(role) => Some(role),
        }
    }
}

fn and(a: Rule, b: Rule) -> Rule {
    Rule {
        id: a.id.clone(),
        combine: Combine::And,
        conditions: vec![Condition::Rule(a), Condition::Rule(b)],
    }
}
