use std::{collections::BTreeMap, sync::Arc};

use xml::{Element, Node};

use super::{
    SchemaName, Violation,
    structure::{check, check_root, references, unique_id},
};

/// The ids of a CIB and what refers to them: enough to check a change by looking at what changed.
#[derive(Clone, Debug, Default)]
pub struct Content {
    ids: BTreeMap<String, usize>,
    references: BTreeMap<String, usize>,
    /// Whether the document that this belongs to was checked.
    checked: bool,
}

/// What a change adds to and takes from the counts.
#[derive(Debug, Default)]
struct Delta<'a> {
    ids: Vec<(&'a str, bool)>,
    references: Vec<(&'a str, bool)>,
}

impl Content {
    /// Checks a whole document.
    pub fn check(root: &Element) -> Result<Self, Violation> {
        let mut content = Self::default();
        content.full(root)?;
        Ok(content)
    }

    /// Checks `new`, which came of `old` by a change. `self` belongs to `old` before and, after success, to `new`.
    pub fn change(&mut self, old: &Element, new: &Element) -> Result<(), Violation> {
        let same_schema = old.attr("validate-with") == new.attr("validate-with");
        if !self.checked || !same_schema || is_unchecked(new)? {
            let mut content = Self::default();
            content.full(new)?;
            *self = content;
            return Ok(());
        }
        check_root(new)?;
        let mut delta = Delta::default();
        delta.compare(old, new, true)?;
        self.apply(&delta);
        if let Err(violation) = self.verify(&delta) {
            self.revert(&delta);
            return Err(violation);
        }
        Ok(())
    }

    fn full(&mut self, root: &Element) -> Result<(), Violation> {
        if is_unchecked(root)? {
            return Ok(());
        }
        check_root(root)?;
        let nothing = Element::new("cib");
        let mut delta = Delta::default();
        delta.compare(&nothing, root, true)?;
        self.apply(&delta);
        self.verify(&delta)?;
        self.checked = true;
        Ok(())
    }

    fn apply(&mut self, delta: &Delta<'_>) {
        delta.ids.iter().for_each(|&(id, added)| count(&mut self.ids, id, added));
        delta.references.iter().for_each(|&(id, added)| count(&mut self.references, id, added));
    }

    fn revert(&mut self, delta: &Delta<'_>) {
        delta.ids.iter().for_each(|&(id, added)| count(&mut self.ids, id, !added));
        delta.references.iter().for_each(|&(id, added)| count(&mut self.references, id, !added));
    }

    fn verify(&self, delta: &Delta<'_>) -> Result<(), Violation> {
        for (id, _) in &delta.ids {
            if self.ids.get(*id).is_some_and(|count| *count > 1) {
                return Err(Violation::DuplicateId((*id).to_owned()));
            }
        }
        for (id, _) in delta.ids.iter().chain(&delta.references) {
            if self.references.contains_key(*id) && !self.ids.contains_key(*id) {
                return Err(Violation::Dangling((*id).to_owned()));
            }
        }
        Ok(())
    }
}

/// Whether the document's schema is none. An error if it is one that does not exist.
fn is_unchecked(root: &Element) -> Result<bool, Violation> {
    match root.attr("validate-with") {
        Some("none") => Ok(true),
        Some(name) => match SchemaName::from_name(name) {
            Some(_) => Ok(false),
            None => Err(Violation::UnknownSchema(name.to_owned())),
        },
        None => Err(Violation::Incomplete { element: "cib".to_owned(), what: "validate-with" }),
    }
}

fn count(counts: &mut BTreeMap<String, usize>, id: &str, added: bool) {
    if added {
        *counts.entry(id.to_owned()).or_default() += 1;
    } else if let Some(count) = counts.get_mut(id) {
        *count -= 1;
        if *count == 0 {
            counts.remove(id);
        }
    }
}

impl<'a> Delta<'a> {
    /// Compares two versions of one element that is already known to be in the right place.
    fn compare(&mut self, old: &'a Element, new: &'a Element, root: bool) -> Result<(), Violation> {
        let (old_nodes, new_nodes) = (old.nodes(), new.nodes());
        let both = old_nodes.iter().zip(new_nodes);
        let before = both.take_while(|(a, b)| shared(a, b)).count();
        let (old_rest, new_rest) = (&old_nodes[before..], &new_nodes[before..]);
        let both = old_rest.iter().rev().zip(new_rest.iter().rev());
        let behind = both.take_while(|(a, b)| shared(a, b)).count();
        let old_rest = &old_rest[..old_rest.len() - behind];
        let new_rest = &new_rest[..new_rest.len() - behind];
        let paired = old_rest.len() == new_rest.len();
        if !paired {
            old_rest.iter().for_each(|node| self.remove_tree(node));
        }
        for (index, node) in new_rest.iter().enumerate() {
            let counterpart = paired.then(|| &old_rest[index]);
            let before = counterpart.and_then(Node::as_element);
            let before = before.filter(|before| node.is_element(before.name()));
            if let (None, Some(other)) = (before, counterpart) {
                self.remove_tree(other);
            }
            let Node::Element(child) = node else { continue };
            if root && child.name() == "status" {
                continue;
            }
            check(new.name(), child)?;
            match before {
                Some(before) => {
                    self.remove(before);
                    self.add(child);
                    self.compare(before, child, false)?;
                }
                None => self.add_tree(child)?,
            }
        }
        Ok(())
    }

    fn add_tree(&mut self, element: &'a Element) -> Result<(), Violation> {
        self.add(element);
        for child in element.children() {
            check(element.name(), child)?;
            self.add_tree(child)?;
        }
        Ok(())
    }

    fn remove_tree(&mut self, node: &'a Node) {
        let Some(element) = node.as_element() else { return };
        if element.name() != "status" {
            element.descendants().for_each(|element| self.remove(element));
        }
    }

    fn add(&mut self, element: &'a Element) {
        self.ids.extend(unique_id(element).map(|id| (id, true)));
        self.references.extend(references(element).map(|id| (id, true)));
    }

    fn remove(&mut self, element: &'a Element) {
        self.ids.extend(unique_id(element).map(|id| (id, false)));
        self.references.extend(references(element).map(|id| (id, false)));
    }
}

fn shared(a: &Node, b: &Node) -> bool {
    match (a, b) {
        (Node::Element(a), Node::Element(b)) => Arc::ptr_eq(a, b),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::empty;

    fn with(path: &[&str], child: &str) -> Element {
        let mut cib = empty(1);
        insert(&mut cib, path, child);
        cib
    }

    fn insert(cib: &mut Element, path: &[&str], child: &str) {
        let mut element = cib;
        for step in path {
            element = element.child_or_new(step);
        }
        element.push(xml::parse(child).unwrap());
    }

    const RESOURCES: [&str; 2] = ["configuration", "resources"];
    const CONSTRAINTS: [&str; 2] = ["configuration", "constraints"];
    const DUMMY: &str = "<primitive id='a' class='ocf' provider='p' type='Dummy'/>";

    #[test]
    fn what_is_right_passes() {
        assert!(Content::check(&empty(0)).is_ok());
        let mut cib = with(&RESOURCES, DUMMY);
        insert(&mut cib, &CONSTRAINTS, "<rsc_location id='l' rsc='a' node='n' score='5'/>");
        insert(&mut cib, &["status"], "<anything id='a'><goes/></anything>");
        assert!(Content::check(&cib).is_ok());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (path, child, violation) in [
            (&RESOURCES[..], "<foo/>", "<foo> must not be in <resources>"),
            (&RESOURCES, "<primitive class='ocf' type='x'/>", "<primitive> has no id"),
            (&RESOURCES, "<primitive id='a' class='ocf'/>", "<primitive> has no type"),
            (
                &RESOURCES,
                "<primitive id='1g' class='lsb' type='x'/>",
                "id=\"1g\" makes no sense in <primitive>",
            ),
            (&RESOURCES, "<group id='g'/>", "<group> has no <primitive>"),
            (&RESOURCES, "<clone id='c'/>", "<clone> has no single <primitive> or <group>"),
            (&CONSTRAINTS, "<rsc_order id='o' first='a'/>", "<rsc_order> has no resources"),
            (
                &RESOURCES,
                "<group id='g'><clone id='c'/><primitive id='p' class='lsb' type='x'/></group>",
                "<clone> must not be in <group>",
            ),
            (
                &CONSTRAINTS,
                "<rsc_location id='l' rsc='gone' node='n' score='5'/>",
                "there is nothing with the id \"gone\", to which something refers",
            ),
            (
                &CONSTRAINTS,
                "<rsc_ticket id='l' ticket='t'><resource_set id='l'><resource_ref id='l'/></resource_set></rsc_ticket>",
                "the id \"l\" is there more than once",
            ),
            (&["configuration", "nodes"], "<node id='1'/>", "<node> has no uname"),
        ] {
            assert_eq!(Content::check(&with(path, child)).unwrap_err().to_string(), violation);
        }
    }

    #[test]
    fn the_root_is_checked() {
        let error = |cib: Element| Content::check(&cib).unwrap_err();
        assert!(matches!(error(empty(0).with("epoch", "many")), Violation::Value { .. }));
        assert!(matches!(error(empty(0).with("epoch", "-1")), Violation::Value { .. }));
        assert!(matches!(error(empty(0).with("nonsense", 1)), Violation::Value { .. }));
        let newer = empty(0).with("validate-with", "pacemaker-9.9");
        assert!(matches!(error(newer), Violation::UnknownSchema(_)));
        let bare = Element::new("cib")
            .with("validate-with", "pacemaker-3.9")
            .with("admin_epoch", 0)
            .with("epoch", 0)
            .with("num_updates", 0);
        assert!(matches!(error(bare), Violation::Incomplete { .. }));
    }

    #[test]
    fn without_a_schema_anything_goes() {
        let mut cib = with(&RESOURCES, "<foo/>").with("validate-with", "none");
        assert!(Content::check(&cib).is_ok());
        let mut content = Content::check(&cib).unwrap();
        let old = cib.clone();
        cib.set("validate-with", "pacemaker-3.9");
        assert!(content.change(&old, &cib).is_err());
    }

    #[test]
    fn a_change_is_checked_by_what_changed() {
        let first = with(&RESOURCES, DUMMY);
        let mut content = Content::check(&first).unwrap();
        let mut second = first.clone();
        insert(
            &mut second,
            &RESOURCES,
            "<group id='g'><primitive id='b' class='ocf' type='x'/></group>",
        );
        insert(&mut second, &CONSTRAINTS, "<rsc_order id='o' first='a' then='g'/>");
        content.change(&first, &second).unwrap();

        let mut duplicate = second.clone();
        insert(&mut duplicate, &RESOURCES, "<primitive id='b' class='ocf' type='y'/>");
        assert_eq!(content.change(&second, &duplicate), Err(Violation::DuplicateId("b".into())));

        // A tag may name what does not exist, and nodes.
        let mut tagged = second.clone();
        let tag = tagged.child_or_new("configuration").child_or_new("tags").push_new("tag");
        tag.set("id", "t");
        tag.push_new("obj_ref").set("id", "77");
        assert_eq!(Content::check(&tagged).err(), None);

        let mut dangling = second.clone();
        dangling.child_or_new("configuration").child_or_new("resources").nodes_mut().remove(0);
        assert_eq!(content.change(&second, &dangling), Err(Violation::Dangling("a".into())));

        let mut third = second.clone();
        third.child_or_new("configuration").child_or_new("constraints").nodes_mut().clear();
        content.change(&second, &third).unwrap();
        let mut fourth = third.clone();
        fourth.child_or_new("configuration").child_or_new("resources").nodes_mut().remove(0);
        content.change(&third, &fourth).unwrap();

        let full = Content::check(&fourth).unwrap();
        assert_eq!(content.ids, full.ids);
        assert_eq!(content.references, full.references);
    }

    #[test]
    fn sections_that_change_places_are_counted_once() {
        let first = with(&RESOURCES, DUMMY);
        let mut content = Content::check(&first).unwrap();
        let mut second = first.clone();
        second.nodes_mut().reverse();
        content.change(&first, &second).unwrap();
        assert_eq!(content.ids.values().collect::<Vec<_>>(), [&1]);
    }

    #[test]
    fn renaming_keeps_the_counts_right() {
        let first = with(&RESOURCES, DUMMY);
        let mut content = Content::check(&first).unwrap();
        let mut second = first.clone();
        let resources = second.child_or_new("configuration").child_or_new("resources");
        resources.element_mut(0).unwrap().set("id", "z");
        content.change(&first, &second).unwrap();
        assert_eq!(content.ids.keys().collect::<Vec<_>>(), ["z"]);
    }
}
