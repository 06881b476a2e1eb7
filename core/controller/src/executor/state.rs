use messages::executor::Agent;
use vocab::ResourceId;
use xml::Element;

use super::{LocalExecutor, history_rows, request::needs_metadata};
use crate::input::Settings;

/// The origin that tells the DC that a failure is an old one, which was counted when it was new.
pub(crate) const REFRESH_ORIGIN: &str = "build_active_RAs";

impl LocalExecutor {
    /// Everything that is known of the resources here, as the history part of a `node_state`.
    pub(crate) fn whole_history(&self, settings: &Settings) -> Element {
        let resources = self.resources.iter().map(|(id, history)| {
            let mut element = resource_element(id, &history.agent);
            let results = history.failed.iter().chain(&history.last).chain(&history.recurring);
            for result in results {
                let metadata =
                    self.metadata_of(id).filter(|_| needs_metadata(&history.agent, &result.task));
                if let Some(container) = result.parameters.value("CRM_meta_container") {
                    element.set("container", container);
                }
                for row in history_rows(result, &settings.name, REFRESH_ORIGIN, metadata) {
                    replace_row(&mut element, row);
                }
            }
            element
        });
        let resources = Element::new("lrm_resources").with_children(resources);
        Element::new("lrm").with("id", settings.node).with_child(resources)
    }
}

/// Adds a row, or puts it in the place of the one with the same id.
fn replace_row(resource: &mut Element, row: Element) {
    let same = resource
        .nodes()
        .iter()
        .position(|node| node.as_element().is_some_and(|element| element.id() == row.id()));
    match same.and_then(|index| resource.element_mut(index)) {
        Some(old) => *old = row,
        None => resource.push(row),
    }
}

pub(super) fn resource_element(id: &ResourceId, agent: &Agent) -> Element {
    Element::new("lrm_resource")
        .with("id", id)
        .with("type", &agent.name)
        .with("class", agent.standard.as_str())
        .with_some("provider", agent.provider.as_ref())
}

/// A `status` section with nothing but these resources' history on the local node.
pub(super) fn status(settings: &Settings, resources: Vec<Element>, origin: &str) -> Element {
    let lrm = Element::new("lrm")
        .with("id", settings.node)
        .with_child(Element::new("lrm_resources").with_children(resources));
    let state = Element::new("node_state")
        .with("id", settings.node)
        .with("uname", &settings.name)
        .with("crm-debug-origin", origin)
        .with_child(lrm);
    Element::new("status").with_child(state)
}
