//! How far a CIB may extend. A document comes in one piece and is measured when it is read, but requests can make one grow
//! piece by piece, until nobody could read it any more, and what walks through it had no stack left.

use std::{collections::BTreeSet, sync::Arc};

use messages::cib::Failure;
use xml::{Element, Limits, Node};

/// Elements inside elements, the root among them: so many fewer than a reader takes that there is room for the elements that
/// messages put around a CIB or a part of it.
const DEPTH_MAX: usize = Limits::DOCUMENT.depth_max - 16;

/// Refuses what `old` has become if a part that changed is too deep in it or has too many attributes.
pub(super) fn check(old: &Element, new: &Element) -> Result<(), Failure> {
    if fits(Some(old), new, DEPTH_MAX) { Ok(()) } else { Err(Failure::TooLarge) }
}

/// Whether an element, which may be so deep, fits. What both have is not looked at.
fn fits(old: Option<&Element>, new: &Element, room: usize) -> bool {
    if room == 0 || new.attrs().count() > Limits::ATTRIBUTES_MAX {
        return false;
    }
    let old = old.map_or(&[][..], Element::nodes);
    let known: BTreeSet<_> = old.iter().filter_map(shared).map(Arc::as_ptr).collect();
    new.nodes().iter().enumerate().all(|(index, node)| match shared(node) {
        Some(child) => {
            known.contains(&Arc::as_ptr(child))
                || fits(old.get(index).and_then(Node::as_element), child, room - 1)
        }
        None => true,
    })
}

const fn shared(node: &Node) -> Option<&Arc<Element>> {
    match node {
        Node::Element(element) => Some(element),
        Node::Text(_) | Node::Comment(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Document, Source, Stamp, acl::Circumstances, empty};
    use messages::cib::{Operation, Request};
    use rules::LocalTime;
    use vocab::Timestamp;
    use xml::patchset::Patchset;

    fn perform(document: &mut Document, request: &Request) -> Result<(), Failure> {
        let now = LocalTime { moment: Timestamp(0), utc_offset_seconds: 0 };
        let circumstances = Circumstances { now, groups: &[] };
        let stamp = Stamp { origin: None, written: "" };
        document.perform(request, Source::Client, stamp, circumstances).result
    }

    /// Elements in elements, the outermost with a mark and the innermost with another.
    fn chain(length: usize, outer: &str, inner: &str) -> Element {
        let mut chain = Element::new("x").with("id", inner);
        for index in 2..length {
            chain = Element::new("x").with("id", format!("{outer}-{index}")).with_child(chain);
        }
        Element::new("x").with("id", outer).with_child(chain)
    }

    fn depth(element: &Element) -> usize {
        1 + element.children().map(depth).max().unwrap_or(0)
    }

    fn deepest(document: &Document) -> usize {
        depth(document.root())
    }

    #[test]
    fn a_document_does_not_get_deeper_piece_by_piece() {
        let mut document = Document::new(empty(0));
        let first = Request::change(Operation::Create, Some("status"), chain(150, "a", "b"));
        assert_eq!(perform(&mut document, &first), Ok(()));
        assert_eq!(deepest(&document), 152);
        let deeper = |length: usize| {
            let mut request = Request::query_xpath("//x[@id='b']");
            request.operation = Operation::Modify;
            let below = Element::new("x").with("id", "b").with_child(chain(length, "c", "d"));
            request.data = Some(Arc::new(below));
            request
        };
        assert_eq!(perform(&mut document, &deeper(89)), Err(Failure::TooLarge));
        let all = Request::commit(&[deeper(89), Request::new(Operation::Erase)]);
        assert_eq!(perform(&mut document, &all), Err(Failure::TooLarge));
        assert_eq!(deepest(&document), 152);
        assert_eq!(perform(&mut document, &deeper(88)), Ok(()));
        assert_eq!(deepest(&document), 240);
    }

    #[test]
    fn a_patch_set_does_not_make_it_deeper_either() {
        let mut document = Document::new(empty(0));
        let mut patch = Element::new("diff").with("format", 2);
        let piece = (1..20).fold(Element::new("x"), |piece, _| Element::new("x").with_child(piece));
        for step in 0..200 {
            let created = Element::new("change")
                .with("operation", "create")
                .with("path", format!("/cib/status{}", "/x".repeat(20 * step)))
                .with("position", 0);
            patch.push(created.with_child(piece.clone()));
        }
        let request = Request::change(Operation::ApplyPatch, None, patch);
        let before = document.root().clone();
        assert_eq!(perform(&mut document, &request), Err(Failure::DiffFailed));
        assert_eq!(*document.root(), before);
    }

    #[test]
    fn an_element_does_not_get_ever_more_attributes() {
        let mut document = Document::new(empty(0));
        let attributes = |from: usize| {
            let mut element = Element::new("x").with("id", "a");
            for index in from..from + 2_000 {
                element.set(&format!("a{index}"), 1);
            }
            Request::change(Operation::Modify, Some("status"), element)
                .with_options(messages::cib::CallOptions::CAN_CREATE)
        };
        assert_eq!(perform(&mut document, &attributes(0)), Ok(()));
        assert_eq!(perform(&mut document, &attributes(2_000)), Ok(()));
        assert_eq!(perform(&mut document, &attributes(4_000)), Err(Failure::TooLarge));
        assert_eq!(perform(&mut document, &attributes(1_000)), Ok(()));
    }

    #[test]
    fn what_did_not_change_is_not_looked_at() {
        let deep = chain(300, "a", "b");
        let old = Element::new("cib").with_child(deep);
        let mut new = old.clone();
        new.push(Element::new("x"));
        assert_eq!(check(&old, &new), Ok(()));
        assert!(Patchset::between(&old, &new).unwrap().is_some());
        assert_eq!(check(&Element::new("cib"), &old), Err(Failure::TooLarge));
    }
}
