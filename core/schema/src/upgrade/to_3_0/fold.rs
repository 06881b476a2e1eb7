//! Sets that stand for others become copies, since what a set means may depend on where it is; copies that are as the others
//! after all that become references again.

use xml::{Element, Node};

use crate::upgrade::{
    Event, Unfit,
    references::{Budget, ID_REF, Index, has_references, shell},
};

/// How ids of copies begin.
const COPY: &str = "_cibtr-2_";

fn is_set(name: &str) -> bool {
    matches!(name, "cluster_property_set" | "instance_attributes" | "meta_attributes")
}

/// Makes copies of references.
pub(in crate::upgrade) fn unfold(cib: &mut Element, _: &mut Vec<Event>) -> Result<(), Unfit> {
    let Some(configuration) = cib.child_mut("configuration") else { return Err(Unfit) };
    if !has_references(configuration) {
        return Ok(());
    }
    let index = Index::of(configuration);
    unfold_inside(configuration, &index, &mut Budget::new())
}

fn unfold_inside(element: &mut Element, index: &Index, budget: &mut Budget) -> Result<(), Unfit> {
    for place in 0..element.nodes().len() {
        let Some(child) = element.nodes().get(place).and_then(Node::as_element) else { continue };
        if !has_references(child) {
            continue;
        }
        match child.attr(ID_REF).filter(|_| is_set(child.name())) {
            Some(id) => {
                let original = index.find_only(child.name(), id.trim()).ok_or(Unfit)?;
                let copy = copy(original, id.trim(), budget)?;
                if let Some(node) = element.nodes_mut().get_mut(place) {
                    *node = copy.into();
                }
            }
            None => {
                if let Some(child) = element.element_mut(place) {
                    unfold_inside(child, index, budget)?;
                }
            }
        }
    }
    Ok(())
}

fn copy(original: &Element, id: &str, budget: &mut Budget) -> Result<Element, Unfit> {
    let mut copy = Element::new(original.name()).with("id", format!("{COPY}{id}"));
    for (name, value) in original.attrs().filter(|(name, _)| *name != "id") {
        copy.set(name, value);
    }
    let prefix = format!("_{COPY}{id}__");
    for node in original.nodes() {
        copy.push(prefixed(node, &prefix, budget)?);
    }
    Ok(copy)
}

/// The same with other ids.
fn prefixed(node: &Node, prefix: &str, budget: &mut Budget) -> Result<Node, Unfit> {
    let Some(element) = node.as_element() else { return Ok(node.clone()) };
    budget.pay()?;
    let mut copy = shell(element);
    if let Some(id) = element.id() {
        copy.set("id", format!("{prefix}{id}"));
    }
    for inner in element.nodes() {
        copy.push(prefixed(inner, prefix, budget)?);
    }
    Ok(copy.into())
}

/// Makes references of copies that are the same as what they are copies of.
pub(in crate::upgrade) fn fold(cib: &mut Element, events: &mut Vec<Event>) -> Result<(), Unfit> {
    let Some(configuration) = cib.child_mut("configuration") else { return Err(Unfit) };
    let is_copy = |element: &Element| {
        is_set(element.name()) && element.id().is_some_and(|id| id.starts_with(COPY))
    };
    if !configuration.descendants().any(is_copy) {
        return Ok(());
    }
    let index = Index::of(configuration);
    fold_inside(configuration, &index, events);
    Ok(())
}

fn fold_inside(element: &mut Element, index: &Index, events: &mut Vec<Event>) {
    for place in 0..element.nodes().len() {
        let Some(child) = element.element_mut(place) else { continue };
        if !is_set(child.name()) {
            fold_inside(child, index, events);
            continue;
        }
        let Some(id) = child.id().and_then(|id| id.strip_prefix(COPY)) else { continue };
        match index.find(child.name(), id).filter(|original| original.name() == child.name()) {
            None => events.push(Event::debug(format!(
                "{}: original element pointed to with @id-ref ({id}) disappeared during upgrade",
                child.name()
            ))),
            Some(original) if same(original, child) => {
                *child = Element::new(child.name()).with(ID_REF, id);
            }
            Some(_) => {}
        }
    }
}

/// Whether two elements differ in nothing but ids.
fn same(a: &Element, b: &Element) -> bool {
    let attributes = |element: &Element| {
        let attributes = element.attrs().filter(|(name, _)| *name != "id");
        attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>()
    };
    a.name() == b.name()
        && attributes(a) == attributes(b)
        && a.nodes().len() == b.nodes().len()
        && a.nodes().iter().zip(b.nodes()).all(|pair| match pair {
            (Node::Element(a), Node::Element(b)) => same(a, b),
            (a, b) => a == b,
        })
}
