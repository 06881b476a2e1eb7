use std::collections::{BTreeMap, VecDeque};

use xml::{Element, Node};

use super::{
    marks::At,
    verdict::{Reason, Verdict},
};

/// How many verdicts are kept: enough for a person, few enough for a change that is wrong from end to end.
const KEPT: usize = 100;

/// Judges a change: what leads from one document to another, element by element. Elements meet by name and id, so that
/// another id is another element. What both documents share is not looked at.
///
/// What was there must be writable as it was and as it is now. Elements that may not be written keep their order. Upstream
/// looks at the new place only, and at no order at all.
pub(super) struct Judge<'a> {
    user: &'a str,
    has_permissions: bool,
    /// The way to the element that is looked at.
    way: Vec<&'a Element>,
    verdicts: Vec<Verdict>,
    forbidden: bool,
}

impl<'a> Judge<'a> {
    pub(super) fn new(user: &'a str, has_permissions: bool) -> Self {
        Self { user, has_permissions, way: Vec::new(), verdicts: Vec::new(), forbidden: false }
    }

    /// The verdicts, and whether one of them forbids the change.
    pub(super) fn judge(
        mut self,
        old: &'a Element,
        new: &'a Element,
        before: At<'_>,
        after: At<'_>,
    ) -> (Vec<Verdict>, bool) {
        if old.name() == new.name() && old.id() == new.id() {
            self.pair(old, new, before, after, false);
        } else {
            self.way.push(old);
            self.deny(if before.standing.write { after } else { before }, None);
        }
        (self.verdicts, self.forbidden)
    }

    fn is_done(&self) -> bool {
        self.forbidden && self.verdicts.len() >= KEPT
    }

    fn pair(
        &mut self,
        old: &'a Element,
        new: &'a Element,
        before: At<'_>,
        after: At<'_>,
        in_acls: bool,
    ) {
        self.way.push(new);
        self.attributes(old, new, before, after);
        if !self.is_done() {
            self.content(old, new, before, after, in_acls || new.name() == "acls");
        }
        self.way.pop();
    }

    fn attributes(&mut self, old: &'a Element, new: &'a Element, before: At<'_>, after: At<'_>) {
        if before.standing.write && after.standing.write {
            return;
        }
        let lacking = if before.standing.write { after } else { before };
        for (name, value) in old.attrs() {
            match new.attr(name) {
                Some(other) if other == value => {}
                Some(_) => self.deny(lacking, Some(name)),
                None => self.deny(lacking, None),
            }
        }
        for (name, _) in new.attrs() {
            if old.attr(name).is_none() {
                self.deny(lacking, Some(name));
            }
        }
    }

    fn content(
        &mut self,
        old: &'a Element,
        new: &'a Element,
        before: At<'_>,
        after: At<'_>,
        in_acls: bool,
    ) {
        let pairing = Pairing::of(old.nodes(), new.nodes());
        let mut furthest = 0;
        for (index, partner) in pairing.partners.iter().enumerate() {
            let index = pairing.start + index;
            let Some(was) = old.nodes()[index].as_element() else { continue };
            match partner {
                Some(to) => {
                    let (before, after) = (before.child(index), after.child(*to));
                    let Some(is) = new.nodes()[*to].as_element() else { continue };
                    if !std::ptr::eq(was, is) {
                        self.pair(was, is, before, after, in_acls);
                    }
                    if !(before.standing.write && after.standing.write) {
                        if *to < furthest {
                            self.way.push(is);
                            self.deny(if before.standing.write { after } else { before }, None);
                            self.way.pop();
                        }
                        furthest = furthest.max(*to);
                    }
                }
                None => self.deleted(was, before.child(index)),
            }
            if self.is_done() {
                return;
            }
        }
        for &index in &pairing.created {
            if let Some(is) = new.nodes()[index].as_element() {
                self.created(is, after.child(index), in_acls);
            }
        }
        if pairing.words_changed && !(before.standing.write && after.standing.write) {
            self.deny(if before.standing.write { after } else { before }, None);
        }
    }

    /// Something is gone: everything in it must have been writable.
    fn deleted(&mut self, old: &'a Element, before: At<'_>) {
        self.way.push(old);
        if !before.standing.write {
            self.deny(before, None);
        } else if !before.is_uniform() {
            for (index, node) in old.nodes().iter().enumerate() {
                if let Some(child) = node.as_element() {
                    self.deleted(child, before.child(index));
                }
            }
        }
        self.way.pop();
    }

    /// Something is new: it must be writable, or do nothing but lead to something new that is. Whether it is either.
    fn created(&mut self, new: &'a Element, after: At<'_>, in_acls: bool) -> bool {
        if self.is_done() {
            return false;
        }
        self.way.push(new);
        let writable = after.standing.write;
        let scaffolding = !in_acls && new.attrs().all(|(name, _)| name == "id");
        let (name, id) = (new.name().to_owned(), new.id().map(str::to_owned));
        let mut allowed = writable;
        if writable || scaffolding {
            let entry = self.verdicts.len();
            self.note(Verdict::Created { name, id, scaffolding });
            let in_acls = in_acls || new.name() == "acls";
            for (index, node) in new.nodes().iter().enumerate() {
                match node {
                    Node::Element(child) => {
                        allowed |= self.created(child, after.child(index), in_acls);
                    }
                    Node::Comment(_) if !writable => self.deny(after, None),
                    Node::Text(_) | Node::Comment(_) => {}
                }
            }
            if !allowed && !self.forbidden {
                self.verdicts.truncate(entry);
                self.refuse_creation(new, after);
            }
        } else {
            self.refuse_creation(new, after);
        }
        self.way.pop();
        allowed
    }

    fn refuse_creation(&mut self, new: &Element, after: At<'_>) {
        self.deny(after, None);
        let (name, id) = (new.name().to_owned(), new.id().map(str::to_owned));
        self.note(Verdict::NotCreated { name, id });
    }

    fn deny(&mut self, at: At<'_>, attribute: Option<&str>) {
        self.forbidden = true;
        if self.verdicts.len() >= KEPT {
            return;
        }
        let reason = if !self.has_permissions {
            Reason::NoPermissions
        } else if at.denied_here {
            Reason::Itself
        } else if at.standing.denied {
            Reason::Parent
        } else {
            Reason::Default
        };
        let mut path = String::new();
        for element in &self.way {
            path.push('/');
            path.push_str(element.name());
            if let Some(id) = element.id() {
                path.push_str(&format!("[@id='{id}']"));
            }
        }
        let (user, attribute) = (self.user.to_owned(), attribute.map(str::to_owned));
        self.note(Verdict::Denied { user, reason, path, attribute });
    }

    fn note(&mut self, verdict: Verdict) {
        if self.verdicts.len() < KEPT {
            self.verdicts.push(verdict);
        }
    }
}

/// Which child became which.
struct Pairing {
    /// How many children at the front are the same in both.
    start: usize,
    /// For each old child behind them, up to those at the back that are the same: where it is now.
    partners: Vec<Option<usize>>,
    /// The new children that no old one became.
    created: Vec<usize>,
    /// Whether comments or texts differ.
    words_changed: bool,
}

impl Pairing {
    fn of(old: &[Node], new: &[Node]) -> Self {
        let start = old.iter().zip(new).take_while(|(a, b)| is_shared(a, b)).count();
        let (old, rest) = (&old[start..], &new[start..]);
        let same = old.iter().rev().zip(rest.iter().rev()).take_while(|(a, b)| is_shared(a, b));
        let same = same.count();
        let (old, rest) = (&old[..old.len() - same], &rest[..rest.len() - same]);
        let mut waiting: BTreeMap<(&str, Option<&str>), VecDeque<usize>> = BTreeMap::new();
        for (index, node) in rest.iter().enumerate() {
            if let Some(element) = node.as_element() {
                let key = (element.name(), element.id());
                waiting.entry(key).or_default().push_back(start + index);
            }
        }
        let mut partners = Vec::with_capacity(old.len());
        for node in old {
            let key = node.as_element().map(|element| (element.name(), element.id()));
            let found = key.and_then(|key| waiting.get_mut(&key));
            partners.push(found.and_then(VecDeque::pop_front));
        }
        let mut created: Vec<usize> = waiting.into_values().flatten().collect();
        created.sort_unstable();
        let words = |nodes: &'_ [Node]| -> Vec<Node> {
            nodes.iter().filter(|node| node.as_element().is_none()).cloned().collect()
        };
        let words_changed = words(old) != words(rest);
        Self { start, partners, created, words_changed }
    }
}

fn is_shared(a: &Node, b: &Node) -> bool {
    match (a, b) {
        (Node::Element(a), Node::Element(b)) => std::sync::Arc::ptr_eq(a, b),
        (Node::Text(_) | Node::Comment(_), _) => a == b,
        (Node::Element(_), _) => false,
    }
}
