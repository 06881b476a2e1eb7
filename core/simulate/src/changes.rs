use std::fmt;

use model::{Model, NodeKey, ResourceKey, Variant, current_node};
use scheduler::{ActionReason, PlannedAction, ResourceOutcome, Schedule};
use vocab::Role;

use crate::Fate;

/// What a plan means for one node or one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// For a node.
    Node(NodeChange),
    /// For a resource.
    Resource(ResourceChange),
}

/// Something is done to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeChange {
    /// What, in words.
    pub task: String,
    /// The node; for a guest with the resource that launches it.
    pub node: String,
    /// Why.
    pub reason: String,
}

/// Something becomes of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceChange {
    /// What.
    pub fate: Fate,
    /// The resource.
    pub resource: String,
    /// The node it is on.
    pub origin: Option<String>,
    /// The node it will be on.
    pub destination: Option<String>,
    /// The role it has.
    pub role: Role,
    /// The role it will have.
    pub next_role: Role,
    /// Why, or why not.
    pub reason: Option<ActionReason>,
    /// Whether it cannot be done.
    pub blocked: bool,
}

impl ResourceChange {
    /// Whether roles have to be named, since there is more to say than whether it runs.
    pub fn needs_role(&self) -> bool {
        self.role > Role::Started || self.next_role > Role::Unpromoted
    }

    /// Where it happens, and from which role to which.
    pub fn details(&self) -> String {
        let (role, next_role) = (self.role, self.next_role);
        let same_role = role == next_role;
        match (self.origin.as_deref(), self.destination.as_deref()) {
            (None, None) => String::new(),
            (None, Some(to)) if self.needs_role() => format!("{role} -> {next_role} {to}"),
            (None, Some(to)) => to.to_owned(),
            (Some(from), None) if self.needs_role() => format!("{role} {from}"),
            (Some(from), None) => from.to_owned(),
            (Some(from), Some(to)) if from == to => {
                if !same_role {
                    format!("{role} -> {next_role} {from}")
                } else if self.needs_role() {
                    format!("{role} {from}")
                } else {
                    from.to_owned()
                }
            }
            (Some(from), Some(to)) if !same_role => format!("{role} {from} -> {next_role} {to}"),
            (Some(from), Some(to)) if self.needs_role() => format!("{from} -> {to} {role}"),
            (Some(from), Some(to)) => format!("{from} -> {to}"),
        }
    }

    /// Why, or why not, in words; empty if there is nothing to say.
    pub fn note(&self) -> String {
        match (&self.reason, self.blocked) {
            (Some(reason), true) => format!("due to {reason} (blocked)"),
            (Some(reason), false) => format!("due to {reason}"),
            (None, true) => "blocked".to_owned(),
            (None, false) => String::new(),
        }
    }
}

impl fmt::Display for ResourceChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.fate.title(), self.resource, self.details())?;
        match self.note() {
            note if note.is_empty() => Ok(()),
            note => write!(f, " {note}"),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(change) => change.fmt(f),
            Self::Resource(change) => change.fmt(f),
        }
    }
}

impl fmt::Display for NodeChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} '{}'", self.task, self.node, self.reason)
    }
}

/// What a plan means, in the order in which people read it: nodes, then resources.
pub fn changes(model: &Model, plan: &Schedule) -> Vec<Change> {
    // What was thought of last is told first.
    let mut changes: Vec<Change> = plan
        .actions
        .iter()
        .rev()
        .filter(|action| action.resource.is_none() && !action.optional)
        .filter_map(|action| node_change(model, plan, action))
        .map(Change::Node)
        .collect();
    let mut teller =
        Teller { model, plan, by_resource: actions_by_resource(model, plan), told: Vec::new() };
    for &top in &plan.top {
        teller.tell(top);
    }
    changes.extend(teller.told.into_iter().map(Change::Resource));
    changes
}

/// A change that has no reason is none that people have to know of.
fn node_change(model: &Model, plan: &Schedule, action: &PlannedAction) -> Option<NodeChange> {
    let task = match action.task.as_str() {
        "do_shutdown" => "Shutdown".to_owned(),
        "stonith" => format!("Fence ({})", action.fencing.as_deref().unwrap_or_default()),
        _ => return None,
    };
    let reason = action.reason.as_ref()?.to_string();
    let key = action.node?;
    let mut node = model.nodes[key].name.to_string();
    let connection = model.nodes[key].connection;
    if let Some(launcher) = connection.and_then(|key| plan.resources[key].state.launcher) {
        node = format!("{node} (resource: {})", model.resources[launcher].id);
    }
    Some(NodeChange { task, node, reason })
}

/// Positions of each resource's actions in the plan, by the resource's position.
fn actions_by_resource(model: &Model, plan: &Schedule) -> Vec<Vec<usize>> {
    use model::Key;
    let mut lists = vec![Vec::new(); model.resources.len()];
    for (position, action) in plan.actions.iter().enumerate() {
        if let Some(resource) = action.resource {
            lists[resource.index()].push(position);
        }
    }
    lists
}

struct Teller<'a> {
    model: &'a Model,
    plan: &'a Schedule,
    by_resource: Vec<Vec<usize>>,
    told: Vec<ResourceChange>,
}

/// The actions that tell what becomes of a primitive.
#[derive(Clone, Copy)]
struct Actions<'a> {
    start: Option<&'a PlannedAction>,
    stop: Option<&'a PlannedAction>,
    promote: Option<&'a PlannedAction>,
    demote: Option<&'a PlannedAction>,
}

/// A primitive, and where it is and will be.
#[derive(Clone, Copy)]
struct Primitive<'a> {
    key: ResourceKey,
    outcome: &'a ResourceOutcome,
    role: Role,
    current: Option<NodeKey>,
    next: Option<NodeKey>,
}

impl<'a> Teller<'a> {
    fn tell(&mut self, key: ResourceKey) {
        match &self.model.resources[key].variant {
            Variant::Primitive => self.primitive(key),
            Variant::Group { .. } | Variant::Clone(_) => {
                for &child in &self.plan.resources[key].state.children {
                    self.tell(child);
                }
            }
            Variant::Bundle { replicas, .. } => {
                for replica in replicas {
                    let parts =
                        [replica.ip, Some(replica.container), replica.remote, replica.child];
                    for part in parts.into_iter().flatten() {
                        self.tell(part);
                    }
                }
            }
        }
    }

    fn primitive(&mut self, key: ResourceKey) {
        let outcome = &self.plan.resources[key];
        let state = &outcome.state;
        let is_clean = |node: NodeKey| {
            self.model.nodes[node].state.online && !self.plan.unclean.contains(&node)
        };
        let current = current_node(state, self.model.resources[key].needs_fencing, is_clean);
        // What is recovered may count as stopped already.
        let role = match state.role {
            Role::Stopped if current.is_some() => Role::Started,
            role => role,
        };
        if current.is_none() && state.removed || !state.managed {
            return;
        }
        let next = outcome.assigned;
        if current.is_none() && next.is_none() {
            return;
        }
        let primitive = Primitive { key, outcome, role, current, next };
        let actions = self.actions(&primitive);
        if role == state.next_role {
            self.keeps_role(&primitive, &actions);
        } else {
            self.changes_role(&primitive, &actions);
        }
    }

    /// The first action of that kind that was thought of, on the node or anywhere.
    fn action(
        &self,
        key: ResourceKey,
        task: &str,
        node: Option<NodeKey>,
    ) -> Option<&'a PlannedAction> {
        use model::Key;
        let wanted = format!("{}_{task}_0", self.model.resources[key].id);
        self.by_resource[key.index()].iter().map(|&position| &self.plan.actions[position]).find(
            |action| {
                action.key.eq_ignore_ascii_case(&wanted)
                    && (node.is_none() || action.node.is_none() || action.node == node)
            },
        )
    }

    fn actions(&self, of: &Primitive<'a>) -> Actions<'a> {
        let start = self.action(of.key, "start", of.next);
        let restarts = start.is_some_and(|start| start.runnable);
        let stop = self.action(of.key, "stop", of.current.filter(|_| restarts)).or_else(|| {
            // It is active more than once and stays where it is expected to be.
            let elsewhere = of.outcome.stop_unexpected;
            elsewhere.then(|| self.action(of.key, "stop", None)).flatten()
        });
        Actions {
            start,
            stop,
            promote: self.action(of.key, "promote", of.next),
            demote: self.action(of.key, "demote", of.next),
        }
    }

    fn keeps_role(&mut self, of: &Primitive<'a>, actions: &Actions<'a>) {
        let Actions { start, stop, promote, demote } = *actions;
        let Some(next) = of.next else { return };
        let failed = of.outcome.state.failed;
        let migration = self.action(of.key, "migrate_from", Some(next));
        if of.current.is_some() && migration.is_some_and(|migration| migration.runnable) {
            self.say(Fate::Migrate, of, of.current, of.next, start, None);
        } else if of.outcome.reload {
            self.say(Fate::Reload, of, of.current, of.next, start, None);
        } else if start.is_none_or(|start| start.optional) {
            let required = |action: Option<&PlannedAction>| action.is_some_and(|a| !a.optional);
            if required(demote) && required(promote) {
                self.say(Fate::Repromote, of, of.current, of.next, promote, demote);
            }
        } else if start.is_some_and(|start| !start.runnable) {
            let source = stop.filter(|stop| stop.reason.is_some()).or(start);
            self.say(Fate::Stop, of, of.current, None, stop, source);
        } else if of.current.is_some_and(|current| current != next) {
            let fate = if failed { Fate::Recover } else { Fate::Move };
            self.say(fate, of, of.current, of.next, stop, None);
        } else if failed {
            self.say(Fate::Recover, of, of.current, None, stop, None);
        } else {
            self.say(Fate::Restart, of, of.current, of.next, start, None);
        }
    }

    fn changes_role(&mut self, of: &Primitive<'a>, actions: &Actions<'a>) {
        let Actions { start, stop, promote, demote } = *actions;
        let state = &of.outcome.state;
        let moving = of.current.is_some() && of.next.is_some() && of.current != of.next;
        let cannot_start = start.is_some_and(|start| !start.runnable);
        if stop.is_some() && (state.next_role == Role::Stopped || cannot_start) {
            for &node in &state.active_on {
                let stop = self.action(of.key, "stop", Some(node));
                let source = stop.filter(|stop| stop.reason.is_some()).or(start);
                self.say(Fate::Stop, of, Some(node), None, stop, source);
            }
        } else if stop.is_some() && state.failed && state.stop_if_failed {
            self.say(Fate::Recover, of, of.current, of.next, stop, start);
        } else if moving {
            self.say(Fate::Move, of, of.current, of.next, stop, None);
        } else if of.outcome.reload {
            self.say(Fate::Reload, of, of.current, of.next, start, None);
        } else if stop.is_some_and(|stop| !stop.optional) {
            self.say(Fate::Restart, of, of.current, of.next, start, None);
        } else if of.role == Role::Promoted {
            self.say(Fate::Demote, of, of.current, of.next, demote, None);
        } else if state.next_role == Role::Promoted {
            self.say(Fate::Promote, of, of.current, of.next, promote, None);
        } else if of.role == Role::Stopped && state.next_role > Role::Stopped {
            self.say(Fate::Start, of, of.current, of.next, start, None);
        }
    }

    /// `action` says whether the change is possible, `source` why it is made if that is another action.
    fn say(
        &mut self,
        fate: Fate,
        of: &Primitive<'a>,
        origin: Option<NodeKey>,
        destination: Option<NodeKey>,
        action: Option<&PlannedAction>,
        source: Option<&PlannedAction>,
    ) {
        let Some(action) = action else { return };
        let name = |node: NodeKey| self.model.nodes[node].name.to_string();
        self.told.push(ResourceChange {
            fate,
            resource: self.model.resources[of.key].id.to_string(),
            origin: origin.map(name),
            destination: destination.map(name),
            role: of.role,
            next_role: of.outcome.state.next_role,
            reason: source.unwrap_or(action).reason.clone(),
            blocked: !action.runnable,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(origin: Option<&str>, destination: Option<&str>, roles: [Role; 2]) -> String {
        ResourceChange {
            fate: Fate::Move,
            resource: "r".to_owned(),
            origin: origin.map(str::to_owned),
            destination: destination.map(str::to_owned),
            role: roles[0],
            next_role: roles[1],
            reason: None,
            blocked: false,
        }
        .details()
    }

    #[test]
    fn details_name_what_changes() {
        use Role::{Promoted, Started, Stopped, Unpromoted};
        assert_eq!(change(None, Some("a"), [Stopped, Started]), "a");
        assert_eq!(change(None, Some("a"), [Stopped, Promoted]), "Stopped -> Promoted a");
        assert_eq!(change(Some("a"), None, [Promoted, Stopped]), "Promoted a");
        assert_eq!(change(Some("a"), Some("a"), [Started, Started]), "a");
        assert_eq!(
            change(Some("a"), Some("a"), [Promoted, Unpromoted]),
            "Promoted -> Unpromoted a"
        );
        assert_eq!(change(Some("a"), Some("b"), [Started, Started]), "a -> b");
        assert_eq!(change(Some("a"), Some("b"), [Promoted, Promoted]), "a -> b Promoted");
        assert_eq!(
            change(Some("a"), Some("b"), [Unpromoted, Promoted]),
            "Unpromoted a -> Promoted b"
        );
    }
}
