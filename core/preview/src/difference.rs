//! What is different between two configurations, element by element, as a person would tell it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use xml::Element;

/// What happens to an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// It is new, with all that it contains.
    Added,
    /// It is gone, with all that it contained and that is nowhere else.
    Removed,
    /// Some of its attributes are others.
    Changed,
    /// It is inside another element than before.
    Moved,
    /// It stands elsewhere among those it is with, where their order means something.
    Reordered,
}

/// An element, as people find it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The element's name: `primitive`, `rsc_location`, ...
    pub element: String,
    /// Its id, or what its `id-ref` names; `None` if it has neither.
    pub id: Option<String>,
    /// The name of a node, whose id is a number.
    pub name: Option<String>,
}

/// What happens to one attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttributeChange {
    /// The attribute's name.
    pub name: String,
    /// The value it had; `None` if it was not there.
    pub old: Option<String>,
    /// The value it has; `None` if it is not there any more.
    pub new: Option<String>,
}

/// What happens to one element of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ElementChange {
    /// What happens.
    pub change: ChangeKind,
    /// To which element.
    pub place: Place,
    /// What it is inside of, outermost first, from the section of the configuration on.
    pub within: Vec<Place>,
    /// Where it was before, if it is moved: what it was inside of.
    pub from: Option<Place>,
    /// Its attributes, the id left out: all of one that is added or removed, of others those that change.
    pub attributes: Vec<AttributeChange>,
    /// What is added, removed or moved along with it.
    pub content: Vec<Self>,
}

impl ElementChange {
    /// The value that an attribute has, or had if it is gone.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let change = self.attributes.iter().find(|change| change.name == name)?;
        change.new.as_deref().or(change.old.as_deref())
    }
}

/// What is different in `new`, in the order of its elements; what is gone comes where it was, before the rest.
pub(crate) fn difference(old: &Element, new: &Element) -> Vec<ElementChange> {
    let mut differ =
        Differ { old: owners(old), new: owners(new), within: Vec::new(), changes: Vec::new() };
    differ.content(old, new);
    differ.changes
}

/// How an element is told from those it is with.
fn place(element: &Element) -> Place {
    let id = element.id().or_else(|| element.attr("id-ref"));
    let name = element.attr("uname").filter(|_| element.name() == "node");
    Place {
        element: element.name().to_owned(),
        id: id.map(str::to_owned),
        name: name.map(str::to_owned),
    }
}

/// The elements with ids, and what each is in. References are none: the same thing may be referred to twice.
type Owners<'a> = BTreeMap<Place, (&'a Element, Place)>;

fn owners(root: &Element) -> Owners<'_> {
    let mut owners = Owners::new();
    for owner in root.descendants() {
        for element in owner.children().filter(|element| is_movable(element)) {
            owners.entry(place(element)).or_insert_with(|| (element, place(owner)));
        }
    }
    owners
}

/// Whether the element is one and the same wherever it stands.
fn is_movable(element: &Element) -> bool {
    element.id().is_some() && !matches!(element.name(), "resource_ref" | "obj_ref" | "role")
}

/// Whether the order of such elements means anything.
fn is_ordered(name: &str) -> bool {
    is_resource(name) || matches!(name, "resource_ref" | "resource_set")
}

/// Whether such an element is a resource.
pub(crate) fn is_resource(name: &str) -> bool {
    matches!(name, "primitive" | "group" | "clone" | "master" | "bundle")
}

struct Differ<'a> {
    old: Owners<'a>,
    new: Owners<'a>,
    /// What is looked at is inside of these, the root left out.
    within: Vec<Place>,
    changes: Vec<ElementChange>,
}

impl<'a> Differ<'a> {
    /// Compares what two versions of an element contain.
    fn content(&mut self, old: &'a Element, new: &'a Element) {
        let before: Vec<(Place, usize)> = numbered(old);
        let after: Vec<(Place, usize)> = numbered(new);
        let old_by_place: BTreeMap<&(Place, usize), &Element> =
            before.iter().zip(old.children()).collect();
        let new_places: BTreeSet<&(Place, usize)> = after.iter().collect();
        for (place, element) in before.iter().zip(old.children()) {
            if !new_places.contains(place)
                && let Some(change) = self.removed(element)
            {
                self.changes.push(change);
            }
        }
        let reordered = reordered(&before, &after);
        for (place, element) in after.iter().zip(new.children()) {
            match old_by_place.get(place) {
                Some(earlier) => {
                    let moved = reordered.contains(place) && is_ordered(element.name());
                    self.kept(earlier, element, moved.then_some(ChangeKind::Reordered), None);
                }
                None => self.arrived(element),
            }
        }
    }

    /// An element that is in the new version only, or was elsewhere.
    fn arrived(&mut self, element: &'a Element) {
        match self.origin(element) {
            Some((earlier, owner)) => {
                self.kept(earlier, element, Some(ChangeKind::Moved), Some(owner));
            }
            None => {
                let change = self.added(element);
                self.changes.push(change);
            }
        }
    }

    /// The earlier version of an element that was in another one.
    fn origin(&self, element: &Element) -> Option<(&'a Element, Place)> {
        is_movable(element).then(|| self.old.get(&place(element)).cloned()).flatten()
    }

    /// An element that is in both versions.
    fn kept(
        &mut self,
        old: &'a Element,
        new: &'a Element,
        moved: Option<ChangeKind>,
        from: Option<Place>,
    ) {
        let attributes = attribute_changes(old, new);
        if moved.is_some() || !attributes.is_empty() {
            self.changes.push(ElementChange {
                change: moved.unwrap_or(ChangeKind::Changed),
                place: place(new),
                within: self.within.clone(),
                from,
                attributes,
                content: Vec::new(),
            });
        }
        self.within.push(place(new));
        self.content(old, new);
        self.within.pop();
    }

    fn added(&mut self, element: &'a Element) -> ElementChange {
        let nothing = Element::new(element.name());
        let mut change = self.whole(ChangeKind::Added, element);
        change.attributes = attribute_changes(&nothing, element);
        let found = std::mem::take(&mut self.changes);
        self.within.push(place(element));
        for child in element.children() {
            self.arrived(child);
        }
        self.within.pop();
        change.content = std::mem::replace(&mut self.changes, found);
        change
    }

    /// `None` if the element is elsewhere now, and is told of there.
    fn removed(&mut self, element: &'a Element) -> Option<ElementChange> {
        if is_movable(element) && self.new.contains_key(&place(element)) {
            return None;
        }
        let nothing = Element::new(element.name());
        let mut change = self.whole(ChangeKind::Removed, element);
        change.attributes = attribute_changes(element, &nothing);
        self.within.push(place(element));
        change.content = element.children().filter_map(|child| self.removed(child)).collect();
        self.within.pop();
        Some(change)
    }

    fn whole(&self, change: ChangeKind, element: &Element) -> ElementChange {
        ElementChange {
            change,
            place: place(element),
            within: self.within.clone(),
            from: None,
            attributes: Vec::new(),
            content: Vec::new(),
        }
    }
}

/// The children's places, with numbers for those that are the same.
fn numbered(element: &Element) -> Vec<(Place, usize)> {
    let mut seen: BTreeMap<Place, usize> = BTreeMap::new();
    element
        .children()
        .map(|child| {
            let place = place(child);
            let count = seen.entry(place.clone()).or_default();
            *count += 1;
            (place, *count)
        })
        .collect()
}

/// The fewest of those that are in both lists that have to be taken out so that the others are in the same order.
fn reordered(before: &[(Place, usize)], after: &[(Place, usize)]) -> BTreeSet<(Place, usize)> {
    let positions: BTreeMap<_, _> =
        before.iter().enumerate().map(|(index, place)| (place, index)).collect();
    let common: Vec<(usize, &(Place, usize))> =
        after.iter().filter_map(|place| Some((*positions.get(place)?, place))).collect();
    if common.windows(2).all(|pair| pair[0].0 < pair[1].0) {
        return BTreeSet::new();
    }
    // The longest ascending row, by the last of the best row of each length.
    let mut ends: Vec<usize> = Vec::new();
    let mut previous: Vec<Option<usize>> = vec![None; common.len()];
    for (index, (position, _)) in common.iter().enumerate() {
        let length = ends.partition_point(|&end| common[end].0 < *position);
        previous[index] = length.checked_sub(1).map(|shorter| ends[shorter]);
        if length == ends.len() {
            ends.push(index);
        } else {
            ends[length] = index;
        }
    }
    let mut stays = BTreeSet::new();
    let mut current = ends.last().copied();
    while let Some(index) = current {
        stays.insert(index);
        current = previous[index];
    }
    let moved = common.iter().enumerate().filter(|(index, _)| !stays.contains(index));
    moved.map(|(_, (_, place))| (*place).clone()).collect()
}

fn attribute_changes(old: &Element, new: &Element) -> Vec<AttributeChange> {
    let kept = new.attrs().filter(|(name, value)| *name != "id" && old.attr(name) != Some(value));
    let gone = old.attrs().filter(|(name, _)| *name != "id" && new.attr(name).is_none());
    let names = kept.map(|(name, _)| name).chain(gone.map(|(name, _)| name));
    names
        .map(|name| AttributeChange {
            name: name.to_owned(),
            old: old.attr(name).map(str::to_owned),
            new: new.attr(name).map(str::to_owned),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(old: &str, new: &str) -> Vec<String> {
        let [old, new] = [old, new].map(|text| xml::parse(&format!("<c>{text}</c>")).unwrap());
        let mut lines = Vec::new();
        lay_out(&difference(&old, &new), 0, &mut lines);
        lines
    }

    fn lay_out(changes: &[ElementChange], depth: usize, lines: &mut Vec<String>) {
        for change in changes {
            let id = change.place.id.as_deref().unwrap_or("-");
            let mut line = format!(
                "{}{:?} {} {id} in {}",
                " ".repeat(depth),
                change.change,
                change.place.element,
                change.within.last().and_then(|place| place.id.as_deref()).unwrap_or("-")
            );
            for attribute in &change.attributes {
                line.push_str(&format!(
                    " {}:{}>{}",
                    attribute.name,
                    attribute.old.as_deref().unwrap_or(""),
                    attribute.new.as_deref().unwrap_or("")
                ));
            }
            lines.push(line);
            lay_out(&change.content, depth + 1, lines);
        }
    }

    #[test]
    fn what_is_the_same_is_not_told() {
        let text = "<g id='g'><primitive id='a'/><primitive id='b'><x/><x v='1'/></primitive></g>";
        assert!(told(text, text).is_empty());
    }

    #[test]
    fn elements_and_attributes_come_go_and_change() {
        assert_eq!(
            told(
                "<primitive id='a' type='t'><op id='o' interval='5'/></primitive><x id='b' k='v'/>",
                "<primitive id='a' type='t'><op id='o' interval='7' name='n'/></primitive>\
                 <y id='c'><z id='d'/></y>",
            ),
            [
                "Removed x b in - k:v>",
                "Changed op o in a interval:5>7 name:>n",
                "Added y c in -",
                " Added z d in c",
            ]
        );
    }

    #[test]
    fn what_gets_another_owner_is_moved_not_made_anew() {
        assert_eq!(
            told(
                "<primitive id='a' k='1'/><primitive id='b'/>",
                "<group id='g'><primitive id='a' k='2'/></group><primitive id='b'/>"
            ),
            ["Added group g in -", " Moved primitive a in g k:1>2"]
        );
        assert_eq!(
            told("<group id='g'><primitive id='a'/><meta id='m'/></group>", "<primitive id='a'/>"),
            ["Removed group g in -", " Removed meta m in g", "Moved primitive a in -"]
        );
    }

    #[test]
    fn the_fewest_elements_count_as_reordered() {
        assert_eq!(
            told(
                "<primitive id='a'/><primitive id='b'/><primitive id='c'/><x id='1'/><x id='2'/>",
                "<primitive id='c'/><primitive id='a'/><primitive id='b'/><x id='2'/><x id='1'/>",
            ),
            ["Reordered primitive c in -"]
        );
    }
}
