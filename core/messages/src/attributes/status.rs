use xml::Element;

/// One attribute's value on one node, as the CIB records it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusValue {
    /// The `id` of the `node_state`: the node's number, or a remote node's name.
    pub node: String,
    /// The attribute.
    pub name: String,
    /// The id of its set, if it is not `status-NODE`.
    pub set: Option<String>,
    /// The id of its `nvpair`, if it is not `SET-NAME`.
    pub key: Option<String>,
    /// The value; none removes it.
    pub value: Option<String>,
}

/// A change to the transient attributes in the status section.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct StatusUpdate {
    /// What changes, in this order.
    pub values: Vec<StatusValue>,
}

impl StatusUpdate {
    /// Whether anything is removed, which the CIB does only in a "mixed" update.
    pub fn removes(&self) -> bool {
        self.values.iter().any(|value| value.value.is_none())
    }

    /// What a modification of the section `status` takes.
    pub fn to_element(&self) -> Element {
        let mut status = Element::new("status");
        for value in &self.values {
            let set_id = match &value.set {
                Some(set) => sanitise(set),
                None => format!("status-{}", sanitise(&value.node)),
            };
            let pair_id = match &value.key {
                Some(key) => sanitise(key),
                None => sanitise(&format!("{set_id}-{}", value.name)),
            };
            let mut pair = Element::new("nvpair")
                .with("id", pair_id)
                .with("name", &value.name)
                .with("value", value.value.as_deref().unwrap_or_default());
            if value.value.is_none() {
                pair.set("__delete__", "value");
            }
            let state = child_with_id(&mut status, "node_state", &value.node);
            let transient = child_with_id(state, "transient_attributes", &value.node);
            child_with_id(transient, "instance_attributes", &set_id).push(pair);
        }
        status
    }
}

fn child_with_id<'a>(parent: &'a mut Element, name: &str, id: &str) -> &'a mut Element {
    let found = parent.nodes().iter().position(|node| {
        node.as_element().is_some_and(|child| child.name() == name && child.id() == Some(id))
    });
    let index = found.unwrap_or_else(|| {
        parent.push(Element::new(name).with("id", id));
        parent.nodes().len() - 1
    });
    parent.element_mut(index).expect("the node at this index was found or made as an element")
}

/// Replaces what an XML id cannot contain by dots, as Pacemaker does, so that both find the same `nvpair`.
fn sanitise(id: &str) -> String {
    id.chars()
        .map(|c| match c {
            ':' | '#' => '.',
            c if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') => c,
            c if !c.is_ascii() => c,
            _ => '.',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(node: &str, name: &str, value: Option<&str>) -> StatusValue {
        StatusValue {
            node: node.into(),
            name: name.into(),
            set: None,
            key: None,
            value: value.map(Into::into),
        }
    }

    #[test]
    fn values_of_one_node_share_its_elements() {
        let update = StatusUpdate {
            values: vec![
                value("1", "pingd", Some("3")),
                value("2", "pingd", None),
                value("1", "fail-count-ip:0#start_0", Some("1")),
            ],
        };
        assert!(update.removes());
        assert_eq!(
            update.to_element().to_compact(),
            "<status><node_state id=\"1\"><transient_attributes id=\"1\">\
             <instance_attributes id=\"status-1\">\
             <nvpair id=\"status-1-pingd\" name=\"pingd\" value=\"3\"/>\
             <nvpair id=\"status-1-fail-count-ip.0.start_0\" name=\"fail-count-ip:0#start_0\" value=\"1\"/>\
             </instance_attributes></transient_attributes></node_state>\
             <node_state id=\"2\"><transient_attributes id=\"2\">\
             <instance_attributes id=\"status-2\">\
             <nvpair id=\"status-2-pingd\" name=\"pingd\" value=\"\" __delete__=\"value\"/>\
             </instance_attributes></transient_attributes></node_state></status>"
        );
    }
}
