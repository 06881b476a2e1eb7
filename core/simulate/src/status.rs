use std::sync::Arc;

use cib::operations::{Target, modify};
use messages::cib::CallOptions;
use xml::{Element, NodePath};

/// A CIB that is changed as if a cluster had gone through something.
#[derive(Clone, Debug)]
pub(crate) struct Pretended {
    pub(crate) cib: Element,
}

/// What an agent is, as a history names it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agent<'a> {
    pub(crate) class: &'a str,
    pub(crate) provider: Option<&'a str>,
    pub(crate) name: &'a str,
}

impl Pretended {
    pub(crate) fn new(cib: &Element) -> Self {
        let mut cib = cib.clone();
        cib.child_or_new("status");
        Self { cib }
    }

    /// Raises the number of updates, as each change of the status does.
    pub(crate) fn count_update(&mut self) {
        let updates =
            self.cib.attr("num_updates").and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
        self.cib.set("num_updates", updates.saturating_add(1));
    }

    /// Makes sure that the node is configured.
    pub(crate) fn configure_node(&mut self, name: &str) {
        let nodes = self.cib.child_or_new("configuration").child_or_new("nodes");
        if nodes.children_named("node").all(|node| node.attr("uname") != Some(name)) {
            nodes.push(Element::new("node").with("id", name).with("uname", name));
            self.count_epoch();
        }
    }

    /// Raises the epoch, as each change of the configuration does; updates are counted anew.
    fn count_epoch(&mut self) {
        let epoch = self.cib.attr("epoch").and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
        self.cib.set("epoch", epoch.saturating_add(1));
        self.cib.set("num_updates", 0);
    }

    /// The node's state; it is made if there is none. `id` is the node's id if it is known.
    pub(crate) fn node_state(&mut self, name: &str, id: Option<&str>) -> &mut Element {
        let status = self.cib.child("status");
        let find = |wanted: &dyn Fn(&Element) -> bool| {
            status.and_then(|status| {
                status.nodes().iter().position(|node| {
                    node.as_element()
                        .is_some_and(|state| state.name() == "node_state" && wanted(state))
                })
            })
        };
        let position = match find(&|state| state.attr("uname") == Some(name)) {
            Some(position) => Some(position),
            None => {
                let id = id.map_or_else(|| self.configured_id(name), str::to_owned);
                let position = find(&|state| state.id() == Some(&id));
                if position.is_none() {
                    let state = Element::new("node_state").with("id", id).with("uname", name);
                    self.cib.child_or_new("status").push(state);
                    self.count_update();
                }
                position
            }
        };
        let status = self.cib.child_or_new("status");
        let position = position.unwrap_or(status.nodes().len() - 1);
        let state = status.element_mut(position).expect("the state was found or made there");
        if state.attr("uname") != Some(name) {
            state.set("uname", name);
        }
        state
    }

    /// Merges a node's state into the CIB, as the cluster's daemons do with what they record.
    pub(crate) fn merge(&mut self, state: Element) {
        let merged = modify(
            &mut self.cib,
            Target::Section(Some("status")),
            &Arc::new(state),
            CallOptions::NONE,
        );
        debug_assert!(merged.is_ok(), "there is a state of this node to merge into");
        self.count_update();
    }

    /// Forgets what the node recorded and the attributes that do not outlast it.
    pub(crate) fn forget_node(&mut self, name: &str) {
        self.node_state(name, None)
            .nodes_mut()
            .retain(|node| !node.is_element("lrm") && !node.is_element("transient_attributes"));
        self.count_update();
    }

    /// The id of a configured node; a node that is not configured is remote, and its name is its id.
    fn configured_id(&self, name: &str) -> String {
        let nodes = self.cib.descend(&["configuration", "nodes"]);
        nodes
            .and_then(|nodes| {
                nodes.children_named("node").find(|node| node.attr("uname") == Some(name))?.id()
            })
            .unwrap_or(name)
            .to_owned()
    }
}

/// Sets the attributes that say whether a node is a member.
pub(crate) fn set_membership(state: &mut Element, up: bool, origin: &str) {
    let values = if up { ["true", "online", "member"] } else { ["false", "offline", "down"] };
    let [in_ring, controller, join] = values;
    state.set("in_ccm", in_ring);
    state.set("crmd", controller);
    state.set("join", join);
    state.set("expected", join);
    state.set("crm-debug-origin", origin);
}

/// Adds or changes an attribute that does not outlast the node's membership.
pub(crate) fn set_transient(state: &mut Element, name: &str, value: &str) {
    let node_id = state.id().unwrap_or_default().to_owned();
    let attributes = state.child_or_new("transient_attributes");
    if attributes.id().is_none() {
        attributes.set("id", &node_id);
    }
    let set = attributes.child_or_new("instance_attributes");
    if set.id().is_none() {
        set.set("id", &node_id);
    }
    let id = xml_id(&format!("{}-{name}", set.id().unwrap_or_default()));
    if let Some(pair) = set.elements_mut().find(|pair| pair.id() == Some(&id)) {
        pair.set("value", value);
        return;
    }
    set.push(Element::new("nvpair").with("id", id).with("name", name).with("value", value));
}

/// The value of an attribute that does not outlast the node's membership.
pub(crate) fn transient<'a>(state: &'a Element, name: &str) -> Option<&'a str> {
    let sets = state.child("transient_attributes")?;
    sets.children_named("instance_attributes")
        .flat_map(|set| set.children_named("nvpair"))
        .find(|pair| pair.attr("name") == Some(name))?
        .attr("value")
}

/// The resource's history under the first of the names that has one; else a new one under the last name. Where a broken
/// document has several under one name, it has none.
pub(crate) fn history<'a>(
    state: &'a mut Element,
    names: [&str; 2],
    agent: Agent<'_>,
) -> &'a mut Element {
    if let Some(path) = names.iter().find_map(|name| find_history(state, name)) {
        return state.at_mut(&path).expect("the path was found just now");
    }
    let path = add_history(state, names[1], agent);
    state.at_mut(&path).expect("it was added just now")
}

/// Adds a history and says where it is.
pub(crate) fn add_history(state: &mut Element, resource: &str, agent: Agent<'_>) -> NodePath {
    let node_id = state.id().unwrap_or_default().to_owned();
    let lrm = state.child_or_new("lrm");
    if lrm.id().is_none() {
        lrm.set("id", node_id);
    }
    let history = Element::new("lrm_resource")
        .with("id", resource)
        .with("class", agent.class)
        .with_some("provider", agent.provider)
        .with("type", agent.name);
    let histories = lrm.child_or_new("lrm_resources");
    histories.push(history);
    let last = histories.nodes().len() - 1;
    let position = |element: &Element, name: &str| {
        element.nodes().iter().position(|node| node.is_element(name)).unwrap_or_default()
    };
    let lrm_at = position(state, "lrm");
    let histories_at = state.child("lrm").map_or(0, |lrm| position(lrm, "lrm_resources"));
    NodePath::from_iter([lrm_at, histories_at, last])
}

fn find_history(state: &Element, name: &str) -> Option<NodePath> {
    let is_it = |e: &Element| e.name() == "lrm_resource" && e.id() == Some(name);
    let count = state.descendants().filter(|element| is_it(element)).count();
    if count == 1 { state.find_path(is_it) } else { None }
}

/// A text with what an XML id must not contain replaced.
pub(crate) fn xml_id(text: &str) -> String {
    let replace = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '.' };
    let id: String = text.chars().map(replace).collect();
    match id.chars().next() {
        Some(first) if first.is_alphabetic() || first == '_' => id,
        _ => format!("_{id}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_without_a_name_is_found_by_the_id_of_the_node() {
        let cib = xml::parse(
            "<cib><configuration><nodes><node id='1' uname='a'/></nodes></configuration>\
             <status><node_state id='1'/></status></cib>",
        )
        .unwrap();
        let mut pretended = Pretended::new(&cib);
        assert_eq!(pretended.node_state("a", None).attr("uname"), Some("a"));
        assert_eq!(pretended.node_state("remote", None).id(), Some("remote"));
        let status = pretended.cib.child("status").unwrap();
        assert_eq!(status.children_named("node_state").count(), 2);
    }

    #[test]
    fn attributes_and_histories_are_found_again() {
        let mut state = Element::new("node_state").with("id", "1").with("uname", "a");
        set_transient(&mut state, "fail-count-x#start_0", "1");
        set_transient(&mut state, "fail-count-x#start_0", "2");
        assert_eq!(transient(&state, "fail-count-x#start_0"), Some("2"));
        let agent = Agent { class: "ocf", provider: Some("p"), name: "t" };
        history(&mut state, ["x:0", "x"], agent).set("mark", 1);
        assert_eq!(history(&mut state, ["x", "x"], agent).attr("mark"), Some("1"));
        let count = state.descendants().filter(|e| e.name() == "lrm_resource").count();
        assert_eq!(count, 1);
    }
}
