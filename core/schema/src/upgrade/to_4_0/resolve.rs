//! Puts copies in the places of what stands for others.

use xml::{Element, Node};

use super::{COPY, NEW, configuration, id};
use crate::upgrade::{
    Event, Unfit,
    references::{Budget, ID_REF, Index, has_references},
};

/// So many references may lead from one to the next.
const CHAIN_MAX: usize = 32;

pub(super) fn run(cib: &mut Element, _: &mut Vec<Event>) -> Result<(), Unfit> {
    let configuration = configuration(cib)?;
    if !has_references(configuration) {
        return Ok(());
    }
    let index = Index::of(configuration);
    resolve(configuration, &Resolution { index: &index, chain: 0 }, &mut Budget::new())
}

#[derive(Clone, Copy)]
struct Resolution<'a> {
    index: &'a Index,
    /// How many references led here.
    chain: usize,
}

fn resolve(element: &mut Element, how: &Resolution<'_>, budget: &mut Budget) -> Result<(), Unfit> {
    if how.chain > CHAIN_MAX {
        return Err(Unfit);
    }
    for place in 0..element.nodes().len() {
        let Some(child) = element.nodes().get(place).and_then(Node::as_element) else { continue };
        if how.chain > 0 {
            budget.pay()?;
        }
        if how.chain == 0 && !has_references(child) {
            continue;
        }
        let Some(to) = child.attr(ID_REF) else {
            if let Some(child) = element.element_mut(place) {
                mark(child, how);
                resolve(child, how, budget)?;
            }
            continue;
        };
        let original = how.index.find(child.name(), to.trim()).ok_or(Unfit)?;
        budget.pay()?;
        let mut copy = Element::clone(original);
        if let Some(name) = child.attr("name").filter(|_| child.name() == "nvpair") {
            copy.set("id", format!("{NEW}{}-{name}", id(original)));
            copy.set("name", name);
            copy.nodes_mut().clear();
        }
        copy.set(COPY, 1);
        resolve(&mut copy, &Resolution { chain: how.chain + 1, ..*how }, budget)?;
        if let Some(node) = element.nodes_mut().get_mut(place) {
            *node = copy.into();
        }
    }
    Ok(())
}

fn mark(element: &mut Element, how: &Resolution<'_>) {
    if how.chain > 0 {
        element.set(COPY, 1);
    }
}
