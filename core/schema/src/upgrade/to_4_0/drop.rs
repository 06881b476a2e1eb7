//! Resources of kinds that are no longer supported go, with all that would be empty or lead nowhere without them.

use std::collections::BTreeSet;

use xml::{Element, Node};

use super::{configuration, id};
use crate::upgrade::{
    Event, Unfit,
    references::{for_each, shell},
};

pub(super) fn run(cib: &mut Element, events: &mut Vec<Event>) -> Result<(), Unfit> {
    let configuration = configuration(cib)?;
    let gone = Gone::of(configuration.child("resources").ok_or(Unfit)?);
    for place in 0..configuration.nodes().len() {
        let Some(part) = configuration.element_mut(place) else { continue };
        match part.name() {
            "resources" => inside(part, &gone, events),
            "rsc_defaults" | "op_defaults" => inside(part, &gone, events),
            "constraints" if !gone.ids.is_empty() => constraints(part, &gone),
            _ => {}
        }
    }
    Ok(())
}

/// What goes.
struct Gone {
    /// Templates of classes that are no longer supported, with their classes.
    templates: Vec<(String, String)>,
    /// All that constraints may name.
    ids: BTreeSet<String>,
}

fn is_unsupported(class: Option<&str>) -> bool {
    class.is_some_and(|class| {
        let class = class.trim();
        class.eq_ignore_ascii_case("nagios") || class.eq_ignore_ascii_case("upstart")
    })
}

impl Gone {
    fn of(resources: &Element) -> Self {
        let templates = resources.children_named("template");
        let templates = templates.filter(|template| is_unsupported(template.attr("class")));
        let class = |template: &Element| template.attr("class").unwrap_or_default().to_owned();
        let mut gone = Self {
            templates: templates.map(|each| (id(each).to_owned(), class(each))).collect(),
            ids: BTreeSet::new(),
        };
        gone.templates.sort();
        let leaving = resources.descendants().filter(|element| gone.takes(element));
        let ids = leaving.flat_map(Element::descendants).filter(|element| {
            matches!(element.name(), "template" | "primitive" | "group" | "clone" | "bundle")
        });
        gone.ids = ids.map(|element| id(element).to_owned()).collect();
        gone
    }

    fn template_class(&self, template: &str) -> Option<&str> {
        let at = self.templates.binary_search_by(|(id, _)| id.as_str().cmp(template)).ok()?;
        self.templates.get(at).map(|(_, class)| class.as_str())
    }

    /// The class that a primitive or template has and must not have.
    fn class<'a>(&'a self, resource: &'a Element) -> Option<&'a str> {
        let own = resource.attr("class").filter(|class| is_unsupported(Some(class)));
        own.or_else(|| self.template_class(resource.attr("template")?.trim()))
    }

    fn takes(&self, resource: &Element) -> bool {
        match resource.name() {
            "template" => is_unsupported(resource.attr("class")),
            "primitive" => self.class(resource).is_some(),
            "group" | "clone" => {
                let mut members = resource.descendants().filter(|each| each.name() == "primitive");
                members.all(|member| self.class(member).is_some())
            }
            "bundle" => resource.child("rkt").is_some(),
            _ => false,
        }
    }

    fn has(&self, id: Option<&str>) -> bool {
        id.is_some_and(|id| self.ids.contains(id.trim()))
    }
}

fn inside(element: &mut Element, gone: &Gone, events: &mut Vec<Event>) {
    let parent = shell(element);
    let mut index = 0;
    while let Some(node) = element.nodes().get(index) {
        let Some(child) = node.as_element() else {
            index += 1;
            continue;
        };
        if gone.takes(child) {
            events.push(farewell(child, gone));
            element.nodes_mut().remove(index);
            continue;
        }
        let interesting = child.name() == "meta_attributes"
            && child.nodes().iter().any(is_obsolete)
            || matches!(
                child.name(),
                "primitive" | "template" | "group" | "clone" | "bundle" | "operations" | "op"
            );
        if interesting && let Some(child) = element.element_mut(index) {
            if child.name() == "meta_attributes" {
                meta(&parent, child, events);
            } else {
                inside(child, gone, events);
            }
        }
        index += 1;
    }
}

fn farewell(resource: &Element, gone: &Gone) -> Event {
    let id = id(resource);
    match resource.name() {
        "group" | "clone" => {
            Event::info(format!("Dropping {} {id} because it would become empty", resource.name()))
        }
        "bundle" => Event::warning(format!(
            "Dropping bundle resource {id} because rkt containers are no longer supported"
        )),
        name => {
            let what = if name == "template" { "template" } else { "resource" };
            let class = gone.class(resource).unwrap_or_default();
            Event::warning(format!(
                "Dropping {what} {id} because {class} resources are no longer supported"
            ))
        }
    }
}

fn is_obsolete(node: &Node) -> bool {
    node.as_element()
        .and_then(|pair| pair.attr("name"))
        .is_some_and(|name| matches!(name, "restart-type" | "can_fail" | "role_after_failure"))
}

/// Takes out what has no effect any more, in operations or in resources.
fn meta(parent: &Element, set: &mut Element, events: &mut Vec<Event>) {
    let (obsolete, advice): (&[&str], _) = match parent.name() {
        "op" | "op_defaults" => (
            &["can_fail", "role_after_failure"],
            "Consider setting the \"on-fail\" operation attribute instead",
        ),
        _ => {
            (&["restart-type"], "Consider setting the \"kind\" attribute for relevant constraints")
        }
    };
    let of = id(set).to_owned();
    set.nodes_mut().retain(|node| {
        let pair = node.as_element().filter(|element| element.name() == "nvpair");
        let name = pair.and_then(|pair| pair.attr("name")).filter(|name| obsolete.contains(name));
        if let Some(name) = name {
            events.push(Event::warning(format!(
                "Dropping {name} meta-attribute from {of} because it is no longer supported. {advice}"
            )));
        }
        name.is_none()
    });
}

/// Takes out what names only resources that are gone.
fn constraints(part: &mut Element, gone: &Gone) {
    let named = ["rsc", "with-rsc", "first", "then"];
    part.nodes_mut().retain_mut(|node| {
        let Some(constraint) = node.as_element() else { return true };
        if named.iter().any(|name| gone.has(constraint.attr(name))) {
            return false;
        }
        let lost =
            |reference: &Element| reference.name() == "resource_ref" && gone.has(reference.id());
        if !constraint.descendants().any(lost) {
            return true;
        }
        let mut constraint = constraint.clone();
        for_each(&mut constraint, &["resource_set"], &mut |set| {
            set.nodes_mut().retain(|node| !node.as_element().is_some_and(lost));
        });
        let empty = |node: &Node| {
            node.as_element().is_some_and(|set| {
                set.name() == "resource_set" && set.child("resource_ref").is_none()
            })
        };
        constraint.nodes_mut().retain(|node| !empty(node));
        let sets = constraint.child("resource_set").is_some();
        *node = constraint.into();
        sets
    });
}
