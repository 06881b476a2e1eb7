use std::collections::BTreeMap;

use vocab::{Interval, NodeName, ResourceId, Task};
use xml::Element;

use super::MessageError;

/// What is to be done to a resource on a node: an action of a transition on its way, or a tool's wish.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operation {
    /// The action's number in its transition, if it is one.
    pub id: Option<i32>,
    /// What to do; a tool's wish may be said by the message alone.
    pub task: Option<Task>,
    /// The operation's key, such as `web_start_0`.
    pub key: Option<String>,
    /// The key inside the transition, if it differs.
    pub internal_key: Option<String>,
    /// The node it is to be done on.
    pub node: Option<NodeName>,
    /// That node's id in the CIB.
    pub node_id: Option<String>,
    /// The cluster node through which the node is reached.
    pub router: Option<NodeName>,
    /// What its result has to carry.
    pub transition_key: Option<String>,
    /// Whether only the CIB is to be changed.
    pub only_cib: bool,
    /// Since when the resource is locked to its node, in seconds since 1970.
    pub shutdown_lock: Option<i64>,
    /// The resource.
    pub resource: Option<ResourceReference>,
    /// Parameters and meta-attributes (`CRM_meta_...`).
    pub attributes: BTreeMap<String, String>,
}

/// A resource and what manages it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceReference {
    /// Its id.
    pub id: ResourceId,
    /// Its id with the instance number of a clone, if that is not part of `id`.
    pub long_id: Option<String>,
    /// The agent's standard, such as `ocf`.
    pub class: Option<String>,
    /// The agent's provider.
    pub provider: Option<String>,
    /// The agent's name.
    pub agent: Option<String>,
}

impl Operation {
    /// A meta-attribute, named without `CRM_meta_`; both dashes and underscores fit.
    pub fn meta(&self, name: &str) -> Option<&str> {
        let key = format!("CRM_meta_{}", name.replace('-', "_"));
        self.attributes.get(&key).map(String::as_str)
    }

    /// The interval of a recurring operation.
    pub fn interval(&self) -> Interval {
        let millis = self.meta("interval").and_then(|text| text.parse().ok()).unwrap_or(0);
        Interval { millis }
    }

    /// The element that is sent.
    pub fn to_element(&self) -> Element {
        let mut element = Element::new("rsc_op")
            .with_some("id", self.id)
            .with_some("operation", self.task.as_ref())
            .with_some("operation_key", self.key.as_ref())
            .with_some("internal_operation_key", self.internal_key.as_ref())
            .with_some("on_node", self.node.as_ref())
            .with_some("on_node_uuid", self.node_id.as_ref())
            .with_some("router_node", self.router.as_ref())
            .with_some("mode", self.only_cib.then_some("cib"))
            .with_some("shutdown-lock", self.shutdown_lock)
            .with_some("transition-key", self.transition_key.as_ref());
        if let Some(resource) = &self.resource {
            element.push(
                Element::new("primitive")
                    .with("id", &resource.id)
                    .with_some("long-id", resource.long_id.as_ref())
                    .with_some("class", resource.class.as_ref())
                    .with_some("provider", resource.provider.as_ref())
                    .with_some("type", resource.agent.as_ref()),
            );
        }
        let mut attributes = Element::new("attributes");
        for (name, value) in &self.attributes {
            attributes.set(name, value);
        }
        element.push(attributes);
        element
    }

    /// Reads the element, whatever its name: tools call it differently.
    pub fn from_element(element: &Element) -> Result<Self, MessageError> {
        let text = |name: &str| element.attr(name).map(str::to_owned);
        let node_name = |name: &str| element.attr(name).map(NodeName::from);
        let resource = match element.child("primitive") {
            None => None,
            Some(primitive) => Some(ResourceReference {
                id: primitive
                    .id()
                    .filter(|id| !id.is_empty())
                    .map(ResourceId::from)
                    .ok_or(MessageError::Missing("the resource's id"))?,
                long_id: primitive.attr("long-id").map(str::to_owned),
                class: primitive.attr("class").map(str::to_owned),
                provider: primitive.attr("provider").map(str::to_owned),
                agent: primitive.attr("type").map(str::to_owned),
            }),
        };
        Ok(Self {
            id: element.id().and_then(|id| id.parse().ok()),
            task: element.attr("operation").filter(|t| !t.is_empty()).map(Task::from_name),
            key: text("operation_key"),
            internal_key: text("internal_operation_key"),
            node: node_name("on_node"),
            node_id: text("on_node_uuid"),
            router: node_name("router_node"),
            transition_key: text("transition-key"),
            only_cib: element.attr("mode") == Some("cib"),
            shutdown_lock: element.attr("shutdown-lock").and_then(|time| time.parse().ok()),
            resource,
            attributes: element
                .child("attributes")
                .map(|a| a.attrs().map(|(n, v)| (n.to_owned(), v.to_owned())).collect())
                .unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_of_a_transition_goes_both_ways() {
        let text = r#"<rsc_op id="7" operation="monitor" operation_key="web_monitor_10000"
            on_node="node1" on_node_uuid="1" transition-key="7:2:0:5a846dd1-141c-42b6-91b2-944ea84b075f">
            <primitive id="web" class="ocf" provider="heartbeat" type="nginx"/>
            <attributes CRM_meta_interval="10000" CRM_meta_timeout="20000" configfile="/etc/x"/></rsc_op>"#;
        let operation = Operation::from_element(&xml::parse(text).unwrap()).unwrap();
        assert_eq!(operation.interval().millis, 10_000);
        assert_eq!(operation.resource.as_ref().unwrap().agent.as_deref(), Some("nginx"));
        let again = Operation::from_element(&operation.to_element()).unwrap();
        assert_eq!(again, operation);
    }

    #[test]
    fn a_resource_without_id_is_refused() {
        let bad = xml::parse("<rsc_op><primitive/></rsc_op>").unwrap();
        assert!(Operation::from_element(&bad).is_err());
    }
}
