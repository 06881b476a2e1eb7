//! Blocks of names and values: `<meta_attributes>`, `<instance_attributes>`, `<utilization>`, `<cluster_property_set>`.

use xml::Element;

use crate::Ids;

/// The value of a name in the first block of that kind in which it is not empty.
pub fn value<'a>(parent: &'a Element, block: &str, name: &str) -> Option<&'a str> {
    parent
        .children()
        .filter(|child| child.name() == block)
        .flat_map(Element::children)
        .filter(|pair| pair.name() == "nvpair" && pair.attr("name") == Some(name))
        .filter_map(|pair| pair.attr("value"))
        .find(|value| !value.is_empty())
}

/// The names and values of a block, in order.
pub fn pairs(block: &Element) -> impl Iterator<Item = (&str, &str)> {
    block
        .children()
        .filter(|child| child.name() == "nvpair")
        .filter_map(|pair| Some((pair.attr("name")?, pair.attr("value").unwrap_or_default())))
}

/// Adds a block with all pairs, sorted by name, unless there are none.
pub(crate) fn append(parent: &mut Element, block: &str, pairs: &[(String, String)], ids: &mut Ids) {
    if !pairs.is_empty() {
        let mut element = Element::new(block).with("id", ids.take_below(parent, block));
        update(&mut element, pairs, ids);
        parent.push(element);
    }
}

/// Sets pairs in a block and removes those with an empty value, sorted by name. An empty block stays: who may change what
/// is inside need not be allowed to remove it.
pub(crate) fn update(block: &mut Element, pairs: &[(String, String)], ids: &mut Ids) {
    let mut sorted = pairs.to_vec();
    sorted.sort();
    update_in_order(block, &sorted, ids);
}

/// Like [`update`], in the order in which the pairs are given.
pub(crate) fn update_in_order(block: &mut Element, pairs: &[(String, String)], ids: &mut Ids) {
    for (name, value) in pairs {
        let found = block.nodes().iter().position(|node| {
            node.as_element().is_some_and(|pair| {
                pair.name() == "nvpair" && pair.attr("name") == Some(name.as_str())
            })
        });
        match found {
            Some(index) if value.is_empty() => {
                block.nodes_mut().remove(index);
            }
            Some(index) => {
                if let Some(pair) = block.element_mut(index) {
                    pair.set("value", value);
                }
            }
            None if value.is_empty() => {}
            None => {
                let id = ids.take_below(block, name);
                block.push(
                    Element::new("nvpair").with("id", id).with("name", name).with("value", value),
                );
            }
        }
    }
}

/// Sets pairs in the first block of that kind, which is made in front of everything else if there is none and something
/// to set.
pub(crate) fn update_first(
    parent: &mut Element,
    block: &str,
    pairs: &[(String, String)],
    ids: &mut Ids,
) {
    if parent.child(block).is_none() {
        if pairs.iter().all(|(_, value)| value.is_empty()) {
            return;
        }
        let id = ids.take_below(parent, block);
        parent.nodes_mut().insert(0, Element::new(block).with("id", id).into());
    }
    if let Some(element) = parent.child_mut(block) {
        update(element, pairs, ids);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_set_and_removed() {
        let mut parent = xml::parse("<p id='p'><x/></p>").unwrap();
        let mut ids = Ids::of(&parent);
        let set = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        update_first(&mut parent, "meta_attributes", &set("a", ""), &mut ids);
        assert!(parent.child("meta_attributes").is_none());
        update_first(&mut parent, "meta_attributes", &set("b", "1"), &mut ids);
        update_first(&mut parent, "meta_attributes", &set("a", "2"), &mut ids);
        update_first(&mut parent, "meta_attributes", &set("b", ""), &mut ids);
        assert_eq!(
            parent.to_compact(),
            r#"<p id="p"><meta_attributes id="p-meta_attributes"><nvpair id="p-meta_attributes-a" name="a" value="2"/></meta_attributes><x/></p>"#
        );
        assert_eq!(value(&parent, "meta_attributes", "a"), Some("2"));
    }
}
