use xml::Element;

use super::pieces::Values;

/// A configuration on its way, and what later parts have to know of earlier ones.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) seed: u64,
    /// Names of cluster nodes.
    pub(super) nodes: Vec<String>,
    /// Names of remote and guest nodes.
    pub(super) remote: Vec<String>,
    pub(super) tickets: Vec<String>,
    /// Whether resources and nodes say how much they take and have.
    pub(super) weighs: bool,
    /// Whether the health of nodes counts.
    pub(super) health: bool,
    /// Whether nodes are fenced.
    pub(super) fencing: bool,
    /// What constraints may be about, in the order in which it was configured.
    pub(super) resources: Vec<Resource>,
    pub(super) options: Values,
    pub(super) resource_defaults: Values,
    pub(super) operation_defaults: Values,
    pub(super) sections: Sections,
}

/// The sections of a configuration that are lists.
#[derive(Debug)]
pub(super) struct Sections {
    pub(super) nodes: Element,
    pub(super) resources: Element,
    pub(super) constraints: Element,
    pub(super) tags: Element,
    pub(super) topology: Element,
}

/// Something that constraints may be about.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    pub(super) id: String,
    pub(super) promotable: bool,
    /// Names under which primitives in it keep promotion scores.
    pub(super) primitives: Vec<String>,
}

impl Draft {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            nodes: Vec::new(),
            remote: Vec::new(),
            tickets: Vec::new(),
            weighs: false,
            health: false,
            fencing: false,
            resources: Vec::new(),
            options: Values::default(),
            resource_defaults: Values::default(),
            operation_defaults: Values::default(),
            sections: Sections {
                nodes: Element::new("nodes"),
                resources: Element::new("resources"),
                constraints: Element::new("constraints"),
                tags: Element::new("tags"),
                topology: Element::new("fencing-topology"),
            },
        }
    }

    /// Names of all nodes.
    pub(super) fn all_nodes(&self) -> Vec<String> {
        self.nodes.iter().chain(&self.remote).cloned().collect()
    }

    /// The configuration.
    pub(super) fn configuration(&self) -> Element {
        let within = |name: &str, set: Option<Element>| Element::new(name).with_children(set);
        let defaults = |name: &str, values: &Values| {
            let set = values.element("meta_attributes", &format!("{name}-options"));
            set.map(|set| within(name, Some(set)))
        };
        let options = self.options.element("cluster_property_set", "cib-bootstrap-options");
        let sections = &self.sections;
        let mut configuration = Element::new("configuration")
            .with_child(within("crm_config", options))
            .with_child(sections.nodes.clone())
            .with_child(sections.resources.clone())
            .with_child(sections.constraints.clone());
        for section in [&sections.topology, &sections.tags] {
            if !section.nodes().is_empty() {
                configuration.push(section.clone());
            }
        }
        configuration
            .with_children(defaults("rsc_defaults", &self.resource_defaults))
            .with_children(defaults("op_defaults", &self.operation_defaults))
    }
}
