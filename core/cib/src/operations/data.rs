//! What requests bring along, made fit for a CIB.

use std::sync::Arc;

use xml::{Element, Node};

use super::merge::raised_value;

/// The element that goes into the CIB: without character data, which a CIB has no use for, and with `name="name++"`
/// worked out. Shares what is fit already.
pub(crate) fn fit(data: &Arc<Element>) -> Arc<Element> {
    if is_fit(data) { Arc::clone(data) } else { Arc::new(made_fit(data)) }
}

fn is_fit(element: &Element) -> bool {
    element.descendants().all(|element| {
        element.nodes().iter().all(|node| !matches!(node, Node::Text(_)))
            && element.attrs().all(|(name, value)| raised_value(name, value, None).is_none())
    })
}

fn made_fit(element: &Element) -> Element {
    let mut fit = Element::new(element.name());
    for (name, value) in element.attrs() {
        match raised_value(name, value, None) {
            Some(raised) => fit.set(name, raised),
            None => fit.set(name, value),
        }
    }
    for node in element.nodes() {
        match node {
            Node::Element(child) => fit.push(self::fit(child)),
            Node::Comment(_) => fit.push(node.clone()),
            Node::Text(_) => {}
        }
    }
    fit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_and_counters_start_at_their_increment() {
        let data = Arc::new(xml::parse("<a>text<b value='value++'/><c x='x+=5'/></a>").unwrap());
        assert_eq!(fit(&data).to_compact(), "<a><b value=\"1\"/><c x=\"5\"/></a>");
    }

    #[test]
    fn what_is_fit_is_shared() {
        let data = Arc::new(xml::parse("<a><b c='d'/><!--note--></a>").unwrap());
        assert!(Arc::ptr_eq(&fit(&data), &data));
    }
}
