//! Where in the CIB an attribute is, and what has to be written to make one.

use xml::Element;

/// A part of the CIB that has attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    /// Cluster options.
    CrmConfig,
    /// Defaults of resources.
    RscDefaults,
    /// Defaults of operations.
    OpDefaults,
    /// Tickets.
    Tickets,
    /// Node attributes that last.
    Nodes,
    /// Node attributes that last until the node leaves.
    Status,
}

/// One set of attributes, or all of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) section: Section,
    /// The node's id in the CIB, for node attributes.
    pub(super) node: Option<String>,
    pub(super) is_remote: bool,
    pub(super) utilization: bool,
    pub(super) set: Option<String>,
}

impl Section {
    const ALL: [Self; 6] = [
        Self::CrmConfig,
        Self::RscDefaults,
        Self::OpDefaults,
        Self::Tickets,
        Self::Nodes,
        Self::Status,
    ];

    /// Its name, which is that of its element.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::CrmConfig => "crm_config",
            Self::RscDefaults => "rsc_defaults",
            Self::OpDefaults => "op_defaults",
            Self::Tickets => "tickets",
            Self::Nodes => "nodes",
            Self::Status => "status",
        }
    }

    /// The section of that name, or of that lifetime.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "forever" => Some(Self::Nodes),
            "reboot" => Some(Self::Status),
            other => Self::ALL.into_iter().find(|section| section.as_str() == other),
        }
    }

    /// Whether its attributes belong to nodes.
    pub(super) const fn is_of_nodes(self) -> bool {
        matches!(self, Self::Nodes | Self::Status)
    }

    /// The section that the CIB daemon is told.
    pub(super) const fn in_cib(self) -> &'static str {
        match self {
            Self::Tickets => "status",
            other => other.as_str(),
        }
    }
}

impl Place {
    /// The name of the sets' elements.
    const fn set_element(&self) -> &'static str {
        match self.section {
            Section::CrmConfig => "cluster_property_set",
            Section::RscDefaults | Section::OpDefaults => "meta_attributes",
            Section::Nodes if self.utilization => "utilization",
            Section::Tickets | Section::Nodes | Section::Status => "instance_attributes",
        }
    }

    /// The `nvpair`s there, out of the whole CIB.
    pub(super) fn pairs<'a>(&'a self, cib: &'a Element) -> Vec<&'a Element> {
        let root = match self.section {
            Section::Status | Section::Tickets => cib.child("status"),
            other => cib.descend(&["configuration", other.as_str()]),
        };
        let Some(root) = root else { return Vec::new() };
        let owner = match (self.section, &self.node) {
            (Section::Nodes, Some(node)) => by_id(root, "node", node),
            (Section::Status, Some(node)) => by_id(root, "node_state", node)
                .and_then(|state| state.child("transient_attributes")),
            (Section::Tickets, _) => root.child("tickets"),
            _ => Some(root),
        };
        let Some(owner) = owner else { return Vec::new() };
        owner
            .descendants()
            .filter(|set| set.name() == self.set_element())
            .filter(|set| self.set.as_deref().is_none_or(|wanted| set.id() == Some(wanted)))
            .flat_map(|set| set.descendants().filter(|element| element.name() == "nvpair"))
            .collect()
    }

    /// The id of the set that a new attribute goes into.
    fn set_id(&self) -> String {
        match (&self.set, self.section, &self.node) {
            (Some(set), ..) => set.clone(),
            (None, Section::CrmConfig, _) => "cib-bootstrap-options".to_owned(),
            (None, Section::Tickets, _) => "status-tickets".to_owned(),
            (None, section, Some(node)) if self.utilization => {
                format!("{}-{node}-utilization", section.as_str())
            }
            (None, section, Some(node)) => format!("{}-{node}", section.as_str()),
            (None, section, None) => format!("{}-options", section.as_str()),
        }
    }

    /// What a modification of the section has to contain to add a new attribute.
    pub(super) fn new_attribute(&self, id: Option<&str>, name: &str, value: &str) -> Element {
        let set_id = self.set_id();
        let id = match id {
            Some(id) => id.to_owned(),
            None => sanitise(&format!("{set_id}-{name}")),
        };
        let set = Element::new(self.set_element()).with("id", set_id).with_child(pair(
            &id,
            Some(name),
            Some(value),
        ));
        match (self.section, &self.node) {
            (Section::Nodes, Some(node)) if self.is_remote => Element::new("nodes").with_child(
                Element::new("node")
                    .with("type", "remote")
                    .with("id", node)
                    .with("uname", node)
                    .with_child(set),
            ),
            (Section::Nodes, Some(node)) => Element::new("node").with("id", node).with_child(set),
            (Section::Status, Some(node)) => Element::new("node_state")
                .with("id", node)
                .with_child(Element::new("transient_attributes").with("id", node).with_child(set)),
            (Section::Tickets, _) => {
                Element::new("status").with_child(Element::new("tickets").with_child(set))
            }
            (section, _) => Element::new(section.as_str()).with_child(set),
        }
    }
}

/// An `nvpair`, to be merged or removed.
pub(super) fn pair(id: &str, name: Option<&str>, value: Option<&str>) -> Element {
    Element::new("nvpair").with("id", id).with_some("name", name).with_some("value", value)
}

fn by_id<'a>(parent: &'a Element, name: &str, id: &str) -> Option<&'a Element> {
    parent.children().find(|child| child.name() == name && child.id() == Some(id))
}

fn sanitise(id: &str) -> String {
    id.replace([':', '#'], ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(section: Section, node: Option<&str>) -> Place {
        Place {
            section,
            node: node.map(str::to_owned),
            is_remote: false,
            utilization: false,
            set: None,
        }
    }

    #[test]
    fn attributes_are_found_where_they_belong() {
        let cib = xml::parse(
            "<cib><configuration><crm_config><cluster_property_set id='cib-bootstrap-options'>\
             <nvpair id='o' name='x' value='1'/></cluster_property_set></crm_config>\
             <nodes><node id='1'><instance_attributes id='nodes-1'><nvpair id='n' name='x' value='2'/>\
             </instance_attributes><utilization id='u'><nvpair id='c' name='cpu' value='4'/>\
             </utilization></node></nodes></configuration>\
             <status><node_state id='1'><transient_attributes id='1'><instance_attributes id='status-1'>\
             <nvpair id='s' name='x' value='3'/></instance_attributes></transient_attributes>\
             </node_state></status></cib>",
        )
        .unwrap();
        let ids = |place: Place| -> Vec<String> {
            place.pairs(&cib).iter().map(|pair| pair.id().unwrap().to_owned()).collect()
        };
        assert_eq!(ids(place(Section::CrmConfig, None)), ["o"]);
        assert_eq!(ids(place(Section::Nodes, Some("1"))), ["n"]);
        assert_eq!(ids(Place { utilization: true, ..place(Section::Nodes, Some("1")) }), ["c"]);
        assert_eq!(ids(place(Section::Status, Some("1"))), ["s"]);
        assert_eq!(ids(place(Section::Status, Some("2"))), [""; 0]);
        assert_eq!(ids(place(Section::OpDefaults, None)), [""; 0]);
        let other = Place { set: Some("other".into()), ..place(Section::CrmConfig, None) };
        assert_eq!(ids(other), [""; 0]);
    }

    #[test]
    fn new_attributes_get_the_usual_ids() {
        let text = |place: Place| place.new_attribute(None, "a:b", "v").to_compact();
        assert_eq!(
            text(place(Section::CrmConfig, None)),
            "<crm_config><cluster_property_set id=\"cib-bootstrap-options\">\
             <nvpair id=\"cib-bootstrap-options-a.b\" name=\"a:b\" value=\"v\"/>\
             </cluster_property_set></crm_config>"
        );
        assert_eq!(
            text(place(Section::Nodes, Some("1"))),
            "<node id=\"1\"><instance_attributes id=\"nodes-1\">\
             <nvpair id=\"nodes-1-a.b\" name=\"a:b\" value=\"v\"/></instance_attributes></node>"
        );
        assert_eq!(
            text(place(Section::RscDefaults, None)),
            "<rsc_defaults><meta_attributes id=\"rsc_defaults-options\">\
             <nvpair id=\"rsc_defaults-options-a.b\" name=\"a:b\" value=\"v\"/></meta_attributes>\
             </rsc_defaults>"
        );
        let utilization = Place { utilization: true, ..place(Section::Nodes, Some("1")) };
        assert!(text(utilization).contains("<utilization id=\"nodes-1-utilization\">"));
    }

    #[test]
    fn lifetimes_are_sections() {
        assert_eq!(Section::from_name("reboot"), Some(Section::Status));
        assert_eq!(Section::from_name("forever"), Some(Section::Nodes));
        assert_eq!(Section::from_name("op_defaults"), Some(Section::OpDefaults));
        assert_eq!(Section::from_name("resources"), None);
    }
}
