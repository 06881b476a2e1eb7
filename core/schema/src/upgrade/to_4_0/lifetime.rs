//! Lifetimes: that of a location becomes part of its rule, others are gone.

use std::collections::BTreeMap;

use xml::{Element, Node};

use super::{COPY, NEW, configuration, id};
use crate::upgrade::{Event, Unfit};

pub(super) fn run(cib: &mut Element, events: &mut Vec<Event>) -> Result<(), Unfit> {
    let configuration = configuration(cib)?;
    let has_lifetime = |constraint: &Element| constraint.child("lifetime").is_some();
    let constraints = configuration.child("constraints").ok_or(Unfit)?;
    if !constraints.children().any(has_lifetime) {
        return Ok(());
    }
    let wanted = wanted_elsewhere(configuration);
    let constraints = configuration.child_mut("constraints").ok_or(Unfit)?;
    for place in 0..constraints.nodes().len() {
        let constraint = constraints.nodes().get(place).and_then(Node::as_element);
        if !constraint.is_some_and(has_lifetime) {
            continue;
        }
        let Some(constraint) = constraints.element_mut(place) else { continue };
        if constraint.name() == "rsc_location" {
            *constraint = location(constraint);
            continue;
        }
        events.push(Event::warning(format!(
            "Dropping lifetime element from constraint {} because lifetime elements are no longer \
             supported. Any rules contained there will no longer apply to the constraint",
            id(constraint)
        )));
        constraint.nodes_mut().retain(|node| !node.is_element("lifetime"));
    }
    if !wanted.is_empty() {
        constraints.push(keep(wanted));
    }
    Ok(())
}

/// Whether a constraint's lifetime goes without a trace.
fn forgets_lifetime(constraint: &Element) -> bool {
    matches!(constraint.name(), "rsc_colocation" | "rsc_order")
}

/// Rules of lifetimes that go, and that others refer to.
fn wanted_elsewhere(configuration: &Element) -> Vec<Element> {
    let constraints = configuration.child("constraints");
    let going = || {
        let all = constraints.iter().flat_map(|constraints| constraints.children());
        let lifetimes =
            all.filter(|c| forgets_lifetime(c)).flat_map(|c| c.children_named("lifetime"));
        lifetimes.flat_map(Element::descendants).filter(|inner| inner.name() == "rule")
    };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for rule in configuration.descendants().filter(|element| element.name() == "rule") {
        *counts.entry(id(rule)).or_default() += 1;
    }
    for rule in going() {
        if let Some(count) = counts.get_mut(id(rule)) {
            *count = count.saturating_sub(1);
        }
    }
    let all = constraints.iter().flat_map(|constraints| constraints.children());
    let lifetimes = all.filter(|c| forgets_lifetime(c)).flat_map(|c| c.children_named("lifetime"));
    let tops = lifetimes.flat_map(|lifetime| lifetime.children_named("rule"));
    let originals = tops.filter(|rule| rule.attr(COPY).is_none());
    originals.filter(|rule| counts.get(id(rule)).is_some_and(|count| *count > 0)).cloned().collect()
}

/// A location for no resource, which has rules that are needed elsewhere.
fn keep(rules: Vec<Element>) -> Element {
    let name = format!("{NEW}coloc-order-lifetime-rules");
    let rule = Element::new("rule").with("id", format!("{name}-rule")).with("score", "-INFINITY");
    // Nothing stands before the beginning.
    let location = Element::new("rsc_location").with("id", name).with("rsc-pattern", "a^");
    location.with_child(rule.with_children(rules))
}

/// A location whose rule says also when it counts.
fn location(old: &Element) -> Element {
    let mut new = Element::new(old.name());
    for (name, value) in old.attrs().filter(|(name, _)| !matches!(*name, "node" | "score")) {
        new.set(name, value);
    }
    old.children_named("resource_set").for_each(|set| new.push(set.clone()));
    let mut both = Element::new("rule")
        .with("id", format!("{NEW}{}-lifetime-and-rule", id(old)))
        .with("boolean-op", "and");
    match old.child("rule") {
        Some(rule) => both.push(rule.clone()),
        None => both.push(node_rule(old)),
    }
    for lifetime in old.children_named("lifetime") {
        let rules: Vec<Element> = lifetime.children_named("rule").cloned().collect();
        if rules.len() > 1 {
            let either = Element::new("rule")
                .with("id", format!("{NEW}{}-lifetime-or-rule", id(old)))
                .with("boolean-op", "or");
            both.push(either.with_children(rules));
        } else {
            rules.into_iter().for_each(|rule| both.push(rule));
        }
    }
    new.with_child(both)
}

/// What a location's node and score mean, as a rule.
fn node_rule(location: &Element) -> Element {
    let name = format!("{NEW}{}-node-score-rule", id(location));
    let expression = Element::new("expression")
        .with("id", format!("{name}-expr"))
        .with("attribute", "#uname")
        .with("operation", "eq")
        .with("value", location.attr("node").unwrap_or_default());
    let rule = Element::new("rule").with("id", name).with_some("score", location.attr("score"));
    rule.with_child(expression)
}
