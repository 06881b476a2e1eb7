//! A scheduler for tests: every primitive runs once, on the first node that may run it.

use std::collections::BTreeMap;

use transition::{Action, ActionId, ActionKind, ActionNode, Graph, Primitive, Synapse};
use xml::Element;

/// What the plan is made for.
#[derive(Debug)]
struct Node<'a> {
    id: &'a str,
    name: &'a str,
    state: &'a Element,
    online: bool,
    leaving: bool,
    unclean: bool,
}

/// A plan in the making.
#[derive(Debug, Default)]
struct Plan {
    synapses: Vec<Synapse>,
}

/// Makes a plan from a CIB.
pub(crate) fn plan(cib: &Element, id: i32) -> Graph {
    let mut plan = Plan::default();
    let mut fenced = Vec::new();
    let nodes = nodes(cib);
    let quorate = cib.attr("have-quorum") == Some("1");
    let fencing = property(cib, "stonith-enabled") == Some("true");
    if fencing && quorate {
        for node in nodes.iter().filter(|node| node.unclean) {
            let action = plan.add(node, ActionKind::Cluster, "stonith", "stonith", None, &[]);
            action.downed.push(node.id.to_owned());
            fenced.push(action.id);
        }
    }
    let mut stops: BTreeMap<&str, Vec<ActionId>> = BTreeMap::new();
    let resources = cib.descend(&["configuration", "resources"]);
    for primitive in resources.into_iter().flat_map(|r| r.children_named("primitive")) {
        place(&mut plan, &nodes, primitive, quorate, &fenced, &mut stops);
    }
    for node in nodes.iter().filter(|node| node.online && node.leaving) {
        let inputs = stops.get(node.id).cloned().unwrap_or_default();
        let action =
            plan.add(node, ActionKind::Cluster, "do_shutdown", "do_shutdown", None, &inputs);
        action.attributes.insert("CRM_meta_op_no_wait", "true");
        action.downed.push(node.id.to_owned());
    }
    plan.finish(id)
}

/// Plans one resource: look where nobody has looked, stop where it should not be, start where it should.
fn place<'a>(
    plan: &mut Plan,
    nodes: &[Node<'a>],
    primitive: &Element,
    quorate: bool,
    fenced: &[ActionId],
    stops: &mut BTreeMap<&'a str, Vec<ActionId>>,
) {
    let Some(resource) = primitive.id() else { return };
    let online = || nodes.iter().filter(|node| node.online);
    let mut before = fenced.to_vec();
    for node in online().filter(|node| history(node, resource).is_none()) {
        let key = format!("{resource}_monitor_0");
        let action = plan.add(node, ActionKind::Resource, "monitor", &key, Some(primitive), &[]);
        action.attributes.insert("CRM_meta_op_target_rc", "7");
        before.push(action.id);
    }
    let looked = before.len();
    let active: Vec<_> = online().filter(|node| is_active(node, resource)).collect();
    let allowed = |node: &&Node<'_>| quorate && !node.leaving;
    let wanted = active
        .iter()
        .copied()
        .find(|node| allowed(node) && !has_failed(node, resource))
        .or_else(|| online().find(|node| allowed(node) && start_failures(node, resource) == 0));
    for node in &active {
        let stays = wanted.is_some_and(|wanted| wanted.id == node.id);
        if stays && !has_failed(node, resource) {
            continue;
        }
        let key = format!("{resource}_stop_0");
        let inputs = before[..looked].to_vec();
        let action = plan.add(node, ActionKind::Resource, "stop", &key, Some(primitive), &inputs);
        before.push(action.id);
        stops.entry(node.id).or_default().push(action.id);
    }
    let Some(wanted) = wanted else { return };
    if is_active(wanted, resource) && !has_failed(wanted, resource) {
        return;
    }
    let key = format!("{resource}_start_0");
    let start = plan.add(wanted, ActionKind::Resource, "start", &key, Some(primitive), &before).id;
    let key = format!("{resource}_monitor_10000");
    let watch = plan.add(wanted, ActionKind::Resource, "monitor", &key, Some(primitive), &[start]);
    watch.attributes.insert("CRM_meta_interval", "10000");
}

impl Plan {
    fn add(
        &mut self,
        node: &Node<'_>,
        kind: ActionKind,
        task: &str,
        key: &str,
        primitive: Option<&Element>,
        inputs: &[ActionId],
    ) -> &mut Action {
        let number = u32::try_from(self.synapses.len()).unwrap_or(u32::MAX);
        let mut action = Action::new(ActionId(number + 1), kind, task, key);
        action.node = Some(ActionNode { name: node.name.into(), id: node.id.into(), router: None });
        action.attributes.insert("CRM_meta_timeout", "20000");
        action.attributes.insert("crm_feature_set", &vocab::FEATURE_SET.to_string());
        let text = |element: &Element, name: &str| element.attr(name).unwrap_or("").to_owned();
        action.primitive = primitive.map(|primitive| Primitive {
            id: text(primitive, "id"),
            long_id: None,
            class: text(primitive, "class"),
            provider: primitive.attr("provider").map(str::to_owned),
            agent: text(primitive, "type"),
        });
        let synapse = Synapse { id: number, priority: 0, action, inputs: inputs.to_vec() };
        self.synapses.push(synapse);
        let last = self.synapses.len() - 1;
        &mut self.synapses[last].action
    }

    fn finish(self, id: i32) -> Graph {
        Graph { id, synapses: self.synapses, ..Graph::default() }
    }
}

fn nodes(cib: &Element) -> Vec<Node<'_>> {
    let states = cib.child("status").into_iter().flat_map(|s| s.children_named("node_state"));
    let mut nodes: Vec<_> = states
        .filter_map(|state| {
            let is = |name: &str, value: &str| state.attr(name) == Some(value);
            let there = is("in_ccm", "true") && is("crmd", "online");
            Some(Node {
                id: state.id()?,
                name: state.attr("uname")?,
                state,
                online: there && is("join", "member"),
                leaving: attribute(state, "shutdown").is_some_and(|value| value != "0"),
                unclean: !there && is("expected", "member"),
            })
        })
        .collect();
    nodes.sort_by_key(|node| node.id.parse().unwrap_or(0_u32));
    nodes
}

/// A transient attribute of a node.
pub(crate) fn attribute<'a>(state: &'a Element, name: &str) -> Option<&'a str> {
    let set = state.descend(&["transient_attributes", "instance_attributes"])?;
    set.children_named("nvpair").find(|p| p.attr("name") == Some(name))?.attr("value")
}

fn property<'a>(cib: &'a Element, name: &str) -> Option<&'a str> {
    let config = cib.descend(&["configuration", "crm_config"])?;
    config
        .children_named("cluster_property_set")
        .flat_map(|set| set.children_named("nvpair").collect::<Vec<_>>())
        .find(|pair| pair.attr("name") == Some(name))?
        .attr("value")
}

fn history<'a>(node: &Node<'a>, resource: &str) -> Option<&'a Element> {
    let resources = node.state.descend(&["lrm", "lrm_resources"])?;
    resources.children_named("lrm_resource").find(|row| row.id() == Some(resource))
}

fn row<'a>(node: &Node<'a>, resource: &str, id: &str) -> Option<&'a Element> {
    let id = format!("{resource}_{id}");
    history(node, resource)?.children_named("lrm_rsc_op").find(|row| row.id() == Some(&*id))
}

fn number(row: Option<&Element>, name: &str) -> i64 {
    row.and_then(|row| row.attr(name)).and_then(|text| text.parse().ok()).unwrap_or(-1)
}

fn is_active(node: &Node<'_>, resource: &str) -> bool {
    let last = row(node, resource, "last_0");
    let task = last.and_then(|row| row.attr("operation")).unwrap_or("stop");
    match task {
        "stop" => number(last, "rc-code") != 0 && last.is_some(),
        "monitor" => number(last, "rc-code") == 0,
        // A start that failed may have left something behind.
        _ => true,
    }
}

fn has_failed(node: &Node<'_>, resource: &str) -> bool {
    let failure = row(node, resource, "last_failure_0");
    let last = row(node, resource, "last_0");
    // That a look found it running where it was not expected is no failure.
    let found = failure
        .and_then(|row| row.attr("operation_key"))
        .is_some_and(|key| key.ends_with("_monitor_0") && number(failure, "rc-code") == 0);
    failure.is_some() && !found && number(failure, "call-id") >= number(last, "call-id")
}

fn start_failures(node: &Node<'_>, resource: &str) -> i64 {
    let name = format!("fail-count-{resource}#start_0");
    match attribute(node.state, &name) {
        Some("INFINITY") => 1_000_000,
        Some(text) => text.parse().unwrap_or(0),
        None => 0,
    }
}
