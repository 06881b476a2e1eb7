use xml::Element;

use super::Build;
use crate::{NodeKind, ResourceKey};

impl Build<'_, '_> {
    /// Adds the nodes that configured resources connect to or launch, and the connections to the latter.
    pub(crate) fn remote_nodes(&mut self) {
        let Some(section) = self.document.section("resources") else { return };
        for element in section.children() {
            if is_remote_connection(element) {
                if let Some(id) = element.id() {
                    self.add_remote_node(id);
                }
                continue;
            }
            match element.name() {
                "primitive" => self.guest(element),
                "group" => element.children().for_each(|member| self.guest(member)),
                _ => {}
            }
        }
    }

    fn add_remote_node(&mut self, name: &str) {
        if self.model.node_named(name).is_none() {
            self.add_node(name, name, NodeKind::Remote, vocab::Score::ZERO);
        }
    }

    /// A resource that launches a node gets a connection to it, which the configuration does not mention.
    fn guest(&mut self, element: &Element) {
        let meta = |wanted: &str| {
            element
                .children_named("meta_attributes")
                .flat_map(Element::children)
                .filter(|pair| pair.attr("name") == Some(wanted))
                .filter_map(|pair| pair.attr("value"))
                .last()
        };
        let (Some(name), Some(launcher)) = (meta("remote-node"), element.id()) else { return };
        let connection = Connection {
            name,
            launcher,
            allow_migrate: meta("remote-allow-migrate"),
            managed: meta("is-managed"),
            start_timeout: Some(meta("remote-connect-timeout").unwrap_or("60s")),
            address: meta("remote-addr"),
            port: meta("remote-port"),
        };
        self.guest_connections.push(connection.element());
        self.add_remote_node(name);
    }

    /// Ties a connection to the node it leads to.
    pub(crate) fn link_remote_node(&mut self, connection: ResourceKey) {
        if !self.model.resources[connection].remote_connection {
            return;
        }
        let name = self.model.resources[connection].id.clone();
        let Some(node) = self.model.node_named(name.as_str()) else { return };
        self.model.nodes[node].connection = Some(connection);
        if self.model.resources[connection].state.launcher.is_none() {
            self.start_up(node);
        } else {
            self.model.nodes[node].attributes.insert("#kind".to_owned(), "container".to_owned());
        }
    }
}

/// The connection to the node that a resource launches.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Connection<'a> {
    pub(super) name: &'a str,
    pub(super) launcher: &'a str,
    pub(super) allow_migrate: Option<&'a str>,
    pub(super) managed: Option<&'a str>,
    pub(super) start_timeout: Option<&'a str>,
    pub(super) address: Option<&'a str>,
    pub(super) port: Option<&'a str>,
}

impl Connection<'_> {
    /// The resource as if it were configured.
    pub(super) fn element(self) -> Element {
        let name = self.name;
        let nvpair = |name: &str, value: &str| {
            Element::new("nvpair").with("id", name).with("name", name).with("value", value)
        };
        let mut attributes = Element::new("meta_attributes")
            .with("id", format!("{name}-meta_attributes"))
            .with_child(nvpair("internal_rsc", "true"))
            .with_child(nvpair("container", self.launcher));
        if let Some(value) = self.allow_migrate {
            attributes.push(nvpair("allow-migrate", value));
        }
        if let Some(value) = self.managed {
            attributes.push(nvpair("is-managed", value));
        }
        let mut parameters =
            Element::new("instance_attributes").with("id", format!("{name}-instance_attributes"));
        if let Some(value) = self.address {
            parameters.push(nvpair("addr", value));
        }
        if let Some(value) = self.port {
            parameters.push(nvpair("port", value));
        }
        let operation = |task: &str, interval: &str, timeout: &str| {
            Element::new("op")
                .with("id", format!("{name}-{task}-{interval}"))
                .with("interval", interval)
                .with("name", task)
                .with("timeout", timeout)
        };
        let mut connection = Element::new("primitive")
            .with("id", name)
            .with("class", "ocf")
            .with("provider", "pacemaker")
            .with("type", "remote")
            .with_child(attributes);
        if !parameters.nodes().is_empty() {
            connection.push(parameters);
        }
        let mut operations =
            Element::new("operations").with_child(operation("monitor", "30s", "30s"));
        if let Some(timeout) = self.start_timeout {
            operations.push(operation("start", "0", timeout));
        }
        connection.push(operations);
        connection
    }
}

/// Whether the element is the connection to a remote node.
pub(crate) fn is_remote_connection(element: &Element) -> bool {
    let is = |name: &str, value: &str| {
        element.attr(name).is_some_and(|text| text.eq_ignore_ascii_case(value))
    };
    is("type", "remote") && is("class", "ocf") && is("provider", "pacemaker")
}
