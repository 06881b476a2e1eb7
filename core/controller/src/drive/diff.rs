//! What a change of the CIB means for the transition.

use transition::walker::Completion;
use xml::{
    Element, Node,
    patchset::{Change, Patchset},
};

use crate::{core::Core, desk::Desk, fsm::State, note::Severity};

/// What is added or changed, where, or what is gone.
struct Place<'a> {
    path: &'a str,
    /// The element that is new or changed; nothing for a deletion.
    element: Option<&'a Element>,
}

impl Core {
    /// Takes a patch set that the CIB manager has applied.
    pub(crate) fn on_patch(&mut self, desk: &mut Desk<'_>, patch: &Element) {
        let at_work =
            matches!(self.state, State::Idle | State::TransitionEngine | State::PolicyEngine);
        if !self.is_dc || (self.drive.walker.is_complete() && !at_work) {
            return;
        }
        let patch = match Patchset::from_element(patch) {
            Ok(patch) => patch,
            Err(error) => {
                desk.say(Severity::Warning, format!("Ignoring malformed CIB update: {error}"));
                return self.abort(desk, Completion::Restart, "Unreadable change", None);
            }
        };
        for change in &patch.changes {
            let place = match change {
                Change::Create { parent, node: Node::Element(element), .. } => {
                    Place { path: parent, element: Some(element) }
                }
                Change::Modify { path, result, .. } => Place { path, element: Some(result) },
                Change::Delete { path, position: None } => Place { path, element: None },
                Change::Move { path, .. } if path.contains("/cib/configuration/resources") => {
                    Place { path, element: None }
                }
                Change::Create { .. } | Change::Delete { .. } | Change::Move { .. } => continue,
            };
            if !self.on_change(desk, &place) {
                break;
            }
        }
    }

    /// Takes one change. `false` if the rest does not matter any more.
    fn on_change(&mut self, desk: &mut Desk<'_>, place: &Place<'_>) -> bool {
        let Place { path, element } = place;
        let name = element.map(Element::name);
        let about = Some((*path).to_owned());
        if path.contains("/cib/configuration") {
            self.abort(desk, Completion::Restart, "Configuration change", about);
            return false;
        }
        if path.contains("/tickets") || name == Some("tickets") {
            self.abort(desk, Completion::Restart, "Ticket attribute change", about);
            return false;
        }
        if path.contains("/transient_attributes[") || name == Some("transient_attributes") {
            let deleted = element.is_none();
            self.policy.counted();
            self.abort_unless_down(desk, path, deleted, "Transient attribute change");
            return false;
        }
        let Some(element) = element else {
            self.on_deletion(desk, path);
            return true;
        };
        match element.name() {
            "cib" => {
                if element.child("configuration").is_some() {
                    self.abort(desk, Completion::Restart, "Non-status-only change", about);
                }
                let states = element.child("status").into_iter().flat_map(Element::children);
                for state in states {
                    self.on_node_state(desk, state);
                }
            }
            "status" => {
                for state in element.children() {
                    self.on_node_state(desk, state);
                }
            }
            "node_state" => self.on_node_state(desk, element),
            "lrm" => self.on_resources(desk, element.child("lrm_resources"), element.id()),
            "lrm_resources" => self.on_resources(desk, Some(element), node_of(path)),
            "lrm_resource" => self.on_resource(desk, element, node_of(path).unwrap_or_default()),
            "lrm_rsc_op" => {
                self.on_history_event(desk, element, node_of(path).unwrap_or_default());
            }
            _ => {}
        }
        true
    }

    fn on_node_state(&mut self, desk: &mut Desk<'_>, state: &Element) {
        let resources = state.descend(&["lrm", "lrm_resources"]);
        self.on_resources(desk, resources, state.id());
    }

    fn on_resources(
        &mut self,
        desk: &mut Desk<'_>,
        resources: Option<&Element>,
        node_id: Option<&str>,
    ) {
        let Some(resources) = resources else { return };
        // No action changes more than one resource: this is a node's whole history, which asks for a plan, not for a look at
        // each row. Unless some action still waits for its row.
        if self.drive.walker.pending() == 0 && resources.children().count() > 1 {
            self.abort(desk, Completion::Restart, "History refresh", None);
            return;
        }
        for resource in resources.children() {
            self.on_resource(desk, resource, node_id.unwrap_or_default());
        }
    }

    fn on_resource(&mut self, desk: &mut Desk<'_>, resource: &Element, node_id: &str) {
        for row in resource.children() {
            self.on_history_event(desk, row, node_id);
        }
        if resource.attr("shutdown-lock") == Some("0") {
            self.abort(desk, Completion::Restart, "Shutdown lock cleared", None);
        }
    }

    fn on_deletion(&mut self, desk: &mut Desk<'_>, path: &str) {
        if path.contains("/lrm_rsc_op[") {
            let key = path.rsplit('\'').nth(1).unwrap_or_default();
            if !self.confirm_cancellation(desk, key, node_of(path)) {
                let about = Some(path.to_owned());
                self.abort(desk, Completion::Restart, "Resource operation removal", about);
            }
        } else if path.contains("/lrm[") {
            self.abort_unless_down(desk, path, true, "Resource state removal");
        } else if path.contains("/node_state[") {
            self.abort_unless_down(desk, path, true, "Node state removal");
        }
    }

    /// What is lost with a node that this transition takes down is expected.
    fn abort_unless_down(&mut self, desk: &mut Desk<'_>, path: &str, deleted: bool, reason: &str) {
        let expected = deleted
            && node_of(path).is_some_and(|node| self.drive.walker.takes_down(node).is_some());
        if !expected {
            self.abort(desk, Completion::Restart, reason, Some(path.to_owned()));
        }
    }
}

/// The id of the node whose state a path leads into.
fn node_of(path: &str) -> Option<&str> {
    let (_, rest) = path.split_once("node_state[@id='")?;
    rest.split('\'').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_in_paths() {
        let path = "/cib/status/node_state[@id='2']/lrm[@id='2']/lrm_resources";
        assert_eq!(node_of(path), Some("2"));
        assert_eq!(node_of("/cib/status"), None);
    }
}
