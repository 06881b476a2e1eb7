//! Shows whether resources run, and what keeps those that do not.

use model::{Model, NodeKey, ResourceKey, options::HealthStrategy};
use present::{Health, Status};
use vocab::{Role, parse_boolean};
use xml::Element;

use super::session::{Session, Stop};

/// What was found that keeps a resource from running, or from being changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Checks {
    /// The highest resource that it is part of, which people know.
    id: String,
    stay_stopped: bool,
    not_promoted: bool,
    unmanaged: bool,
    locked_to: Option<String>,
    unhealthy: Option<String>,
}

impl Checks {
    /// What keeps the resource from running, on one node or anywhere.
    pub(super) fn of(session: &Session<'_>, key: ResourceKey, node: Option<NodeKey>) -> Self {
        let model = &session.model;
        let resource = &model.resources[key];
        let top = &model.resources[model.top_of(key, true)];
        let target = resource.meta("target-role").and_then(|text| text.parse().ok());
        let lock = resource.state.lock;
        Self {
            id: top.id.to_string(),
            stay_stopped: target == Some(Role::Stopped),
            not_promoted: target == Some(Role::Unpromoted) && top.promotable,
            unmanaged: resource
                .meta("is-managed")
                .is_some_and(|text| parse_boolean(text) != Ok(true)),
            locked_to: lock.map(|lock| model.nodes[lock.node].name.to_string()),
            unhealthy: unhealthy(session, key, node),
        }
    }

    fn lines(&self) -> Vec<String> {
        let id = &self.id;
        let mut lines = Vec::new();
        if self.stay_stopped {
            lines.push(format!("Configuration specifies '{id}' should remain stopped"));
        }
        if self.not_promoted {
            lines.push(format!("Configuration specifies '{id}' should not be promoted"));
        }
        if self.unmanaged {
            lines.push(format!(
                "Configuration prevents cluster from stopping or starting unmanaged '{id}'"
            ));
        }
        if let Some(node) = &self.locked_to {
            lines.push(format!("'{id}' is locked to node {node} due to shutdown"));
        }
        if let Some(strategy) = &self.unhealthy {
            lines.push(format!(
                "'{id}' cannot run on unhealthy nodes due to node-health-strategy='{strategy}'"
            ));
        }
        lines
    }

    fn element(&self) -> Element {
        Element::new("check")
            .with("id", &self.id)
            .with_some("remain_stopped", self.stay_stopped.then_some(true))
            .with_some("promotable", self.not_promoted.then_some(false))
            .with_some("unmanaged", self.unmanaged.then_some(true))
            .with_some("locked-to", self.locked_to.as_ref())
            .with_some("unhealthy", self.unhealthy.is_some().then_some(true))
    }

    /// Says what was found.
    pub(super) fn tell(&self, session: &mut Session<'_>) {
        for line in self.lines() {
            session.output.line(line);
        }
    }
}

/// The strategy that keeps the resource off the node, or off all it may run on, because of their health.
fn unhealthy(session: &Session<'_>, key: ResourceKey, node: Option<NodeKey>) -> Option<String> {
    let model = &session.model;
    let is_ill: fn(Health) -> bool = match model.options.health_strategy {
        HealthStrategy::MigrateOnRed => |health| health == Health::Red,
        HealthStrategy::OnlyGreen => |health| health != Health::Green,
        HealthStrategy::None | HealthStrategy::Progressive | HealthStrategy::Custom => return None,
    };
    let status = Status::of(model, &session.document);
    let ill = |node: NodeKey| {
        let name = &model.nodes[node].name;
        status.nodes.iter().any(|shown| shown.name == name.as_str() && is_ill(shown.health))
    };
    let found = match node {
        Some(node) => ill(node),
        None => {
            let allowed = model.resources[key].allowed.nodes();
            !allowed.is_empty() && allowed.into_iter().all(ill)
        }
    };
    found.then(|| model.options.configured.get("node-health-strategy").cloned().unwrap_or_default())
}

/// The nodes where the resource or a part of it is active.
pub(super) fn location(model: &Model, key: ResourceKey) -> Vec<NodeKey> {
    let mut nodes = Vec::new();
    for leaf in super::locate::leaves(model, &[key]) {
        for &node in &model.resources[leaf].state.active_on {
            if !nodes.contains(&node) {
                nodes.push(node);
            }
        }
    }
    nodes
}

/// Whether the resource is active on the node, or anywhere if none is given.
pub(super) fn is_active(model: &Model, key: ResourceKey, node: Option<NodeKey>) -> bool {
    let nodes = location(model, key);
    node.map_or(!nodes.is_empty(), |node| nodes.contains(&node))
}

/// Shows whether resources run, and what keeps those that do not.
pub(super) fn why(session: &mut Session<'_>) -> Result<(), Stop> {
    let reason = match (session.resource, session.node) {
        (None, None) => {
            let mut resources = Element::new("resources");
            for key in session.model.top.clone() {
                let runs = is_active(&session.model, key, None);
                let word = if runs { "running" } else { "not running" };
                let (id, check) = told(session, key, None, |id| format!("Resource {id} is {word}"));
                let resource = Element::new("resource").with("id", id).with("running", runs);
                resources.push(resource.with_child(check));
            }
            Element::new("reason").with_child(resources)
        }
        (Some(key), Some(node)) => {
            let runs = is_active(&session.model, key, Some(node));
            let word = if runs { "running" } else { "not running" };
            let name = session.model.nodes[node].name.to_string();
            let line = |id: &str| format!("Resource {id} is {word} on host {name}");
            let (_, check) = told(session, key, Some(node), line);
            Element::new("reason").with_some("running_on", runs.then_some(&name)).with_child(check)
        }
        (None, Some(node)) => {
            // Nothing has been assigned to nodes before a plan is made, so that only what runs is to be told.
            let name = session.model.nodes[node].name.to_string();
            let mut resources = Element::new("resources");
            for key in session.model.nodes[node].running.clone() {
                let line = |id: &str| format!("Resource {id} is running on host {name}");
                let (id, check) = told(session, key, Some(node), line);
                let resource = Element::new("resource").with("id", id).with("running", true);
                resources.push(resource.with("host", &name).with_child(check));
            }
            Element::new("reason").with_child(resources)
        }
        (Some(key), None) => {
            let runs = is_active(&session.model, key, None);
            let word = if runs { "running" } else { "not running" };
            let (_, check) = told(session, key, None, |id| format!("Resource {id} is {word}"));
            Element::new("reason").with("running", runs).with_child(check)
        }
    };
    session.output.element(reason);
    Ok(())
}

/// Says a line about the resource and what keeps it from running; gives its id and the latter as an element.
fn told(
    session: &mut Session<'_>,
    key: ResourceKey,
    node: Option<NodeKey>,
    line: impl FnOnce(&str) -> String,
) -> (String, Element) {
    let id = session.model.resources[key].id.to_string();
    session.output.line(line(&id));
    let checks = Checks::of(session, key, node);
    checks.tell(session);
    (id, checks.element())
}
