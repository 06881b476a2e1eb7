use std::collections::BTreeMap;

use xml::{Element, Node, NodePath};

use crate::status::{Agent, add_history};

/// Where in the states of nodes the histories of resources are, so that recording a result needs no search: a plan has
/// one for each resource on each node.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// By name of the node, then by id of the resource; from the node's state on.
    by_node: BTreeMap<String, BTreeMap<String, NodePath>>,
}

impl Places {
    /// `None` if something in the status is there twice, or counts up when it is merged: then what is recorded has to be
    /// merged as a whole, as a cluster's daemons do it.
    pub(crate) fn find(status: &Element) -> Option<Self> {
        let mut places = Self::default();
        let mut ids = Vec::new();
        if status.descendants().any(|element| counts_up(element) || repeats(element)) {
            return None;
        }
        for state in status.children_named("node_state") {
            ids.push(state.id()?);
            let mut histories = BTreeMap::new();
            collect(state, &NodePath::ROOT, &mut histories)?;
            if places.by_node.insert(state.attr("uname")?.to_owned(), histories).is_some() {
                return None;
            }
        }
        ids.sort_unstable();
        let unique = ids.windows(2).all(|pair| pair[0] != pair[1]);
        unique.then_some(places)
    }

    /// Forgets about a node.
    pub(crate) fn forget(&mut self, node: &str) {
        self.by_node.remove(node);
    }

    /// The resource's history under the first of the names that has one; else a new one under the last name. A node that
    /// is not known has none.
    pub(crate) fn history<'a>(
        &mut self,
        node: &str,
        state: &'a mut Element,
        names: [&str; 2],
        agent: Agent<'_>,
    ) -> Option<&'a mut Element> {
        if !self.by_node.contains_key(node) {
            self.by_node.insert(node.to_owned(), BTreeMap::new());
        }
        let histories = self.by_node.get_mut(node)?;
        let path = match names.iter().find_map(|name| histories.get(*name)) {
            Some(path) => path.clone(),
            None => {
                let path = add_history(state, names[1], agent);
                histories.insert(names[1].to_owned(), path.clone());
                path
            }
        };
        state.at_mut(&path)
    }
}

/// Notes where histories are; `None` if one is there twice.
fn collect(
    element: &Element,
    path: &NodePath,
    histories: &mut BTreeMap<String, NodePath>,
) -> Option<()> {
    for (index, node) in element.nodes().iter().enumerate() {
        let Node::Element(child) = node else { continue };
        if child.name() == "node_state" {
            return None;
        }
        let is_history = child.name() == "lrm_resource";
        // Nothing but operations is in a history.
        if !is_history && child.nodes().is_empty() {
            continue;
        }
        let path = path.child(index);
        if !is_history {
            collect(child, &path, histories)?;
        } else if histories.insert(child.id()?.to_owned(), path).is_some() {
            return None;
        }
    }
    Some(())
}

/// Whether two children are the same to a merge.
fn repeats(element: &Element) -> bool {
    let mut children: Vec<_> =
        element.children().map(|child| (child.name(), child.id(), child.attr("id-ref"))).collect();
    children.sort_unstable();
    let same = |pair: &[(&str, Option<&str>, Option<&str>)]| {
        let [a, b] = [pair[0], pair[1]];
        // One that has nothing to be told by is the first of its name, whatever that has.
        let nameless = a.1.is_none() && a.2.is_none();
        a.0 == b.0 && (nameless || (a.1 == b.1 && (a.1.is_some() || a.2 == b.2)))
    };
    children.windows(2).any(same)
}

/// Whether a value says "more than before".
fn counts_up(element: &Element) -> bool {
    element.attrs().any(|(name, value)| {
        value
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with("++") || rest.starts_with("+="))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGENT: Agent<'_> = Agent { class: "ocf", provider: None, name: "t" };

    fn status(inside: &str) -> Element {
        xml::parse(&format!(
            "<status><node_state id='1' uname='a'><lrm id='1'><lrm_resources>{inside}</lrm_resources>\
             </lrm></node_state></status>"
        ))
        .unwrap()
    }

    #[test]
    fn histories_are_found_where_they_are_and_added_once() {
        let mut status = status("<lrm_resource id='x' mark='1'/>");
        let mut places = Places::find(&status).unwrap();
        let state = status.element_mut(0).unwrap();
        let found = places.history("a", state, ["y", "x"], AGENT).unwrap();
        assert_eq!(found.attr("mark"), Some("1"));
        places.history("a", state, ["z", "y"], AGENT).unwrap().set("mark", 2);
        let found = places.history("a", state, ["y", "y"], AGENT).unwrap();
        assert_eq!(found.attr("mark"), Some("2"));
        assert_eq!(state.descendants().filter(|e| e.name() == "lrm_resource").count(), 2);
    }

    #[test]
    fn what_a_merge_would_change_has_no_places() {
        for inside in [
            "<lrm_resource id='x'/><lrm_resource id='x'/>",
            "<lrm_resource id='x'><lrm_rsc_op id='o'/><lrm_rsc_op id='o'/></lrm_resource>",
            "<lrm_resource id='x' n='n++'/>",
            "<node_state id='2'/>",
            "<lrm_resource/>",
            "<lrm_resource id='x'/><note/><note id='1'/>",
        ] {
            assert!(Places::find(&status(inside)).is_none(), "{inside}");
        }
    }
}
