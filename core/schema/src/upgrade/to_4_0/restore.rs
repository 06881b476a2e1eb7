//! Makes references again of copies, and lets access control refer to nothing that is gone.

use std::collections::BTreeSet;

use xml::{Element, Node};

use super::{CHANGED, COPY, configuration, id, with_replaced};
use crate::upgrade::{
    Event, Unfit,
    references::{ID_REF, for_each, is_definition},
};

/// What finds nothing.
const NOTHING: &str = "/*[false()]";

pub(super) fn run(cib: &mut Element, events: &mut Vec<Event>) -> Result<(), Unfit> {
    let configuration = configuration(cib)?;
    let by_xpath = configuration.child("acls").is_some_and(|acls| {
        acls.descendants()
            .any(|right| right.name() == "acl_permission" && right.attr("xpath").is_some())
    });
    if by_xpath && configuration.descendants().any(|element| element.attr(CHANGED).is_some()) {
        events.push(Event::warning(
            "CIB syntax changes may invalidate ACLs that use \"xpath\". It is strongly recommended to run \
             \"cibadmin --upgrade\" and then examine the updated CIB carefully to ensure ACLs still match \
             the desired intent."
                .to_owned(),
        ));
    }
    let definitions = configuration.descendants().filter(|each| is_definition(each.name()));
    let ids: BTreeSet<String> = definitions.filter_map(Element::id).map(str::to_owned).collect();
    let originals = configuration.descendants().filter(|each| each.attr(COPY).is_none());
    let originals = originals.filter(|each| can_refer(each.name()));
    let mut known: BTreeSet<(String, String)> = originals.filter_map(key).collect();
    if configuration
        .descendants()
        .any(|each| each.attr(COPY).is_some() || each.attr(CHANGED).is_some())
    {
        restore(configuration, &mut known);
    }
    if let Some(acls) = configuration.child_mut("acls") {
        for_each(acls, &["acl_permission"], &mut |right| {
            if right.attr("reference").is_some_and(|id| !ids.contains(id.trim())) {
                *right = with_replaced(right, "reference", "xpath", NOTHING);
            }
        });
    }
    Ok(())
}

/// Whether an element of that name can stand for another.
fn can_refer(name: &str) -> bool {
    super::is_set(name) || matches!(name, "nvpair" | "rule" | "resource_set" | "operations")
}

fn key(element: &Element) -> Option<(String, String)> {
    Some((element.name().to_owned(), element.id()?.to_owned()))
}

/// Makes a reference of each copy of what is there, too. Where the original is gone, the first copy takes its place.
fn restore(element: &mut Element, known: &mut BTreeSet<(String, String)>) {
    let copy = element.remove_attr(COPY).is_some();
    element.remove_attr(CHANGED);
    if copy
        && can_refer(element.name())
        && let Some(key) = key(element)
        && !known.insert(key)
    {
        let reference = Element::new(element.name()).with(ID_REF, id(element));
        *element = reference;
        return;
    }
    for place in 0..element.nodes().len() {
        let marked = |child: &Element| {
            child
                .descendants()
                .any(|each| each.attr(COPY).is_some() || each.attr(CHANGED).is_some())
        };
        if !element.nodes().get(place).and_then(Node::as_element).is_some_and(marked) {
            continue;
        }
        if let Some(child) = element.element_mut(place) {
            restore(child, known);
        }
    }
}
