//! The graph's XML form, as it is stored, sent and compared.

use std::collections::BTreeMap;

use vocab::{Score, Timestamp};
use xml::Element;

use crate::{
    Attributes,
    graph::{
        Action, ActionId, ActionKind, ActionNode, Graph, NodeMaintenance, Primitive, Setting,
        Synapse,
    },
};

/// An element that is not a transition graph.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// The element has another name.
    #[error("expected <{expected}>, found <{found}>")]
    Name {
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// An attribute is not there.
    #[error("<{element}> has no attribute '{attribute}'")]
    Missing {
        /// Where it should be.
        element: String,
        /// Its name.
        attribute: &'static str,
    },
    /// An attribute's value cannot be read.
    #[error("<{element} {attribute}=\"{value}\"> has a value that cannot be read")]
    Value {
        /// Where it is.
        element: String,
        /// Its name.
        attribute: &'static str,
        /// What it says.
        value: String,
    },
    /// A synapse does not have exactly one action.
    #[error("synapse {0} must have exactly one action")]
    Actions(u32),
    /// Two actions have the same number.
    #[error("there is more than one action {0}")]
    Twice(ActionId),
}

/// Writes a graph.
pub fn to_element(graph: &Graph) -> Element {
    let actions: BTreeMap<ActionId, &Action> =
        graph.synapses.iter().map(|synapse| (synapse.action.id, &synapse.action)).collect();
    let migration_limit = graph.migration_limit.filter(|&limit| limit > 0);
    Element::new("transition_graph")
        .with("cluster-delay", &graph.cluster_delay.text)
        .with("fencing-timeout", &graph.fencing_timeout.text)
        .with("failed-stop-offset", graph.failed_stop_offset)
        .with("failed-start-offset", graph.failed_start_offset)
        .with("batch-limit", graph.batch_limit)
        .with("transition_id", graph.id)
        .with_some("migration-limit", migration_limit)
        .with_some("recheck-by", graph.recheck_by)
        .with_children(graph.synapses.iter().map(|synapse| synapse_element(synapse, &actions)))
}

fn synapse_element(synapse: &Synapse, actions: &BTreeMap<ActionId, &Action>) -> Element {
    let triggers = synapse
        .inputs
        .iter()
        .filter_map(|input| actions.get(input))
        .map(|action| Element::new("trigger").with_child(head(action)));
    Element::new("synapse")
        .with("id", synapse.id)
        .with_some("priority", (synapse.priority > 0).then_some(synapse.priority))
        .with_child(Element::new("action_set").with_child(full(&synapse.action)))
        .with_child(Element::new("inputs").with_children(triggers))
}

/// What a trigger repeats of the action it stands for.
fn head(action: &Action) -> Element {
    let node = action.node.as_ref();
    Element::new(kind_name(action.kind))
        .with_some("mode", action.mode.as_ref())
        .with("id", action.id)
        .with("operation", &action.task)
        .with("operation_key", &action.key)
        .with_some("internal_operation_key", action.internal_key.as_ref())
        .with_some("on_node", node.map(|node| &node.name))
        .with_some("on_node_uuid", node.map(|node| &node.id))
        .with_some("router_node", node.and_then(|node| node.router.as_ref()))
}

fn full(action: &Action) -> Element {
    let mut element = head(action).with_some("shutdown-lock", action.shutdown_lock);
    if let Some(primitive) = &action.primitive {
        element.push(
            Element::new("primitive")
                .with("id", &primitive.id)
                .with_some("long-id", primitive.long_id.as_ref())
                .with("class", &primitive.class)
                .with_some("provider", primitive.provider.as_ref())
                .with("type", &primitive.agent),
        );
    }
    let mut attributes = Element::new("attributes");
    for (name, value) in &action.attributes {
        // A name that starts with a digit cannot be an attribute in XML.
        if name.starts_with(|first: char| first.is_ascii_digit()) {
            attributes.push(Element::new("param").with("name", name).with("value", value));
        } else {
            attributes.set(name, value);
        }
    }
    element.push(attributes);
    if !action.downed.is_empty() {
        let nodes = action.downed.iter().map(|id| Element::new("node").with("id", id));
        element.push(Element::new("downed").with_children(nodes));
    }
    if !action.maintenance.is_empty() {
        let nodes = action.maintenance.iter().map(|node| {
            Element::new("node")
                .with("id", &node.id)
                .with("node_in_maintenance", u8::from(node.in_maintenance))
        });
        element.push(Element::new("maintenance").with_children(nodes));
    }
    element
}

fn kind_name(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Resource => "rsc_op",
        ActionKind::Pseudo => "pseudo_event",
        ActionKind::Cluster => "crm_event",
    }
}

/// Reads a graph. Both names of the fencing timeout are understood; settings that older schedulers did not write have
/// their defaults.
pub fn from_element(element: &Element) -> Result<Graph, GraphError> {
    expect_name(element, "transition_graph")?;
    let defaults = Graph::default();
    let fencing_timeout = match setting(element, "fencing-timeout")? {
        Some(timeout) => Some(timeout),
        None => setting(element, "stonith-timeout")?,
    };
    let synapses =
        element.children_named("synapse").map(read_synapse).collect::<Result<Vec<_>, _>>()?;
    let mut seen = std::collections::BTreeSet::new();
    for synapse in &synapses {
        if !seen.insert(synapse.action.id) {
            return Err(GraphError::Twice(synapse.action.id));
        }
    }
    Ok(Graph {
        id: number(element, "transition_id")?.ok_or_else(|| missing(element, "transition_id"))?,
        cluster_delay: setting(element, "cluster-delay")?
            .ok_or_else(|| missing(element, "cluster-delay"))?,
        fencing_timeout: fencing_timeout.unwrap_or(defaults.fencing_timeout),
        failed_stop_offset: score(element, "failed-stop-offset")?.unwrap_or(Score::INFINITY),
        failed_start_offset: score(element, "failed-start-offset")?.unwrap_or(Score::INFINITY),
        batch_limit: number(element, "batch-limit")?.unwrap_or(0),
        migration_limit: number(element, "migration-limit")?,
        recheck_by: number(element, "recheck-by")?.map(Timestamp),
        synapses,
    })
}

fn read_synapse(element: &Element) -> Result<Synapse, GraphError> {
    let id = required_number(element, "id")?;
    let mut actions = element.children_named("action_set").flat_map(Element::children);
    let action = read_action(actions.next().ok_or(GraphError::Actions(id))?)?;
    if actions.next().is_some() {
        return Err(GraphError::Actions(id));
    }
    let inputs = element
        .children_named("inputs")
        .flat_map(Element::children)
        .flat_map(Element::children)
        .map(|input| required_number(input, "id").map(ActionId))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Synapse { id, priority: number(element, "priority")?.unwrap_or(0), action, inputs })
}

fn read_action(element: &Element) -> Result<Action, GraphError> {
    let kind = match element.name() {
        "rsc_op" => ActionKind::Resource,
        "pseudo_event" => ActionKind::Pseudo,
        "crm_event" => ActionKind::Cluster,
        other => return Err(GraphError::Name { expected: "rsc_op", found: other.to_owned() }),
    };
    let text = |name: &str| element.attr(name).map(str::to_owned);
    let node = element.attr("on_node").map(|name| ActionNode {
        name: name.to_owned(),
        id: element.attr("on_node_uuid").unwrap_or(name).to_owned(),
        router: text("router_node"),
    });
    let primitive = element.child("primitive").map(read_primitive).transpose()?;
    let mut attributes = Attributes::new();
    if let Some(listed) = element.child("attributes") {
        for (name, value) in listed.attrs() {
            attributes.insert(name, value);
        }
        for param in listed.children_named("param") {
            attributes.insert(&required(param, "name")?, &required(param, "value")?);
        }
    }
    let nodes_of = |name| element.child(name).into_iter().flat_map(Element::children);
    let downed = nodes_of("downed").map(|node| required(node, "id")).collect::<Result<_, _>>()?;
    let maintenance = nodes_of("maintenance")
        .map(|node| {
            let in_maintenance = node.attr("node_in_maintenance").is_some_and(|text| text != "0");
            Ok(NodeMaintenance { id: required(node, "id")?, in_maintenance })
        })
        .collect::<Result<_, GraphError>>()?;
    Ok(Action {
        id: ActionId(required_number(element, "id")?),
        kind,
        task: required(element, "operation")?,
        key: required(element, "operation_key")?,
        internal_key: text("internal_operation_key"),
        node,
        mode: text("mode"),
        shutdown_lock: number(element, "shutdown-lock")?.map(Timestamp),
        primitive,
        attributes,
        downed,
        maintenance,
    })
}

fn read_primitive(element: &Element) -> Result<Primitive, GraphError> {
    Ok(Primitive {
        id: required(element, "id")?,
        long_id: element.attr("long-id").map(str::to_owned),
        class: required(element, "class")?,
        provider: element.attr("provider").map(str::to_owned),
        agent: required(element, "type")?,
    })
}

fn expect_name(element: &Element, expected: &'static str) -> Result<(), GraphError> {
    if element.name() == expected {
        Ok(())
    } else {
        Err(GraphError::Name { expected, found: element.name().to_owned() })
    }
}

fn missing(element: &Element, attribute: &'static str) -> GraphError {
    GraphError::Missing { element: element.name().to_owned(), attribute }
}

fn bad_value(element: &Element, attribute: &'static str) -> GraphError {
    GraphError::Value {
        element: element.name().to_owned(),
        attribute,
        value: element.attr(attribute).unwrap_or_default().chars().take(64).collect(),
    }
}

fn required(element: &Element, name: &'static str) -> Result<String, GraphError> {
    element.attr(name).map(str::to_owned).ok_or_else(|| missing(element, name))
}

fn number<T: std::str::FromStr>(
    element: &Element,
    name: &'static str,
) -> Result<Option<T>, GraphError> {
    element.attr(name).map(str::parse).transpose().map_err(|_| bad_value(element, name))
}

fn required_number<T: std::str::FromStr>(
    element: &Element,
    name: &'static str,
) -> Result<T, GraphError> {
    number(element, name)?.ok_or_else(|| missing(element, name))
}

fn score(element: &Element, name: &'static str) -> Result<Option<Score>, GraphError> {
    element.attr(name).map(Score::parse).transpose().map_err(|_| bad_value(element, name))
}

fn setting(element: &Element, name: &'static str) -> Result<Option<Setting>, GraphError> {
    element.attr(name).map(Setting::parse).transpose().map_err(|_| bad_value(element, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRAPH: &str = r#"<transition_graph cluster-delay="60s" fencing-timeout="1min" failed-stop-offset="INFINITY" failed-start-offset="1" batch-limit="0" transition_id="7" recheck-by="99"><synapse id="0" priority="5"><action_set><rsc_op id="3" operation="start" operation_key="a_start_0" on_node="n1" on_node_uuid="1"><primitive id="a" class="ocf" provider="heartbeat" type="IPaddr"/><attributes CRM_meta_timeout="20000" ip="10.0.0.1"><param name="1" value="x"/></attributes></rsc_op></action_set><inputs><trigger><crm_event id="4" operation="stonith" operation_key="stonith-n2-reboot" on_node="n2" on_node_uuid="2"/></trigger></inputs></synapse><synapse id="1"><action_set><crm_event id="4" operation="stonith" operation_key="stonith-n2-reboot" on_node="n2" on_node_uuid="2"><attributes/><downed><node id="2"/></downed></crm_event></action_set><inputs/></synapse></transition_graph>"#;

    #[test]
    fn what_is_read_is_written_the_same() {
        let element = xml::parse(GRAPH).unwrap();
        let graph = from_element(&element).unwrap();
        assert_eq!(to_element(&graph).to_compact(), GRAPH);
        assert_eq!(graph.fencing_timeout.duration.as_secs(), 60);
        assert_eq!(graph.synapses[0].inputs, [ActionId(4)]);
        assert_eq!(graph.action(ActionId(3)).unwrap().meta("timeout"), Some("20000"));
    }

    #[test]
    fn broken_graphs_are_refused() {
        let error = |from: &str, to: &str| {
            assert!(GRAPH.contains(from), "{from}");
            from_element(&xml::parse(&GRAPH.replace(from, to)).unwrap()).unwrap_err()
        };
        assert!(matches!(error("transition_graph", "graph"), GraphError::Name { .. }));
        assert!(matches!(error(r#" transition_id="7""#, ""), GraphError::Missing { .. }));
        assert!(matches!(
            error(r#"batch-limit="0""#, r#"batch-limit="x""#),
            GraphError::Value { .. }
        ));
        assert!(matches!(error(r#"rsc_op id="3""#, r#"rsc_op id="4""#), GraphError::Twice(_)));
        assert!(matches!(error("rsc_op", "shell"), GraphError::Name { .. }));
    }
}
