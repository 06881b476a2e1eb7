//! 4.0: one way to say each thing. Elements that stand for others are resolved while the others may change, and made
//! references again at the end.

mod constraints;
mod drop;
mod lifetime;
mod options;
mod pairs;
mod resolve;
mod restore;

use xml::Element;

use super::{Part, Unfit};

pub(super) const PARTS: [Part; 6] = [
    Part { name: "upgrade-3.10-0.xsl", run: resolve::run },
    Part { name: "upgrade-3.10-1.xsl", run: options::run },
    Part { name: "upgrade-3.10-2.xsl", run: constraints::run },
    Part { name: "upgrade-3.10-3.xsl", run: lifetime::run },
    Part { name: "upgrade-3.10-4.xsl", run: drop::run },
    Part { name: "upgrade-3.10-99.xsl", run: restore::run },
];

/// How ids of what is new begin.
const NEW: &str = "pcmk__3_10_upgrade-";

/// Marks a copy, among what it is a copy of. No schema knows the attribute.
const COPY: &str = "copy";

/// Marks an element that is not as it was.
const CHANGED: &str = "changed";

fn configuration(cib: &mut Element) -> Result<&mut Element, Unfit> {
    cib.child_mut("configuration").ok_or(Unfit)
}

fn id(element: &Element) -> &str {
    element.id().unwrap_or_default()
}

fn is_set(name: &str) -> bool {
    matches!(
        name,
        "cluster_property_set" | "instance_attributes" | "meta_attributes" | "utilization"
    )
}

/// The same element with one attribute under another name and with another value, where it stands.
fn with_replaced(element: &Element, old: &str, new: &str, value: &str) -> Element {
    let mut replaced = Element::new(element.name());
    for (name, own) in element.attrs() {
        if name == old {
            replaced.set(new, value);
        } else {
            replaced.set(name, own);
        }
    }
    replaced.nodes_mut().extend(element.nodes().iter().cloned());
    replaced
}

/// Marks an element and all inside as copies.
fn mark_copy(element: &mut Element) {
    element.set(COPY, 1);
    element.elements_mut().for_each(mark_copy);
}
