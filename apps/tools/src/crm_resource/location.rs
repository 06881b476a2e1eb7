//! Makes resources move, with constraints.

use client::cib::CallOptions;
use model::{NodeKey, ResourceKey};
use rules::{DateForm, Duration, Zone};
use vocab::{Role, ToolExit};
use xml::Element;

use super::{
    clear,
    locate::role,
    session::{Session, Stop},
};
use crate::frame;

/// Makes the resource move: to the node that was named, or away from where it is.
pub(super) fn relocate(session: &mut Session<'_>) -> Result<(), Stop> {
    let Some(node) = session.node else { return away(session) };
    let (key, id) = (session.key()?, session.requested()?);
    let mut promoted_only = session.options.promoted;
    if promoted_only && !session.model.resources[key].promotable {
        session.say(format!("Ignoring --promoted option: {id} is not promotable"));
        promoted_only = false;
    }
    let (count, current) = moved_from(session, key, promoted_only)?;
    let force = session.options.force;
    let is_there = current == Some(node);
    if is_there && !force {
        return Err(Stop::failed(ToolExit::Exists));
    }
    let name = session.model.nodes[node].name.to_string();
    clear::all_nodes(session, id, false)?;
    clear::one_node(session, id, &name, true)?;
    prefer(session, id, &name, promoted_only)?;
    if !force || is_there {
        return Ok(());
    }
    let active = if promoted_only { "promoted" } else { "active" };
    match current {
        Some(current) => {
            let current = session.model.nodes[current].name.to_string();
            forbid(session, id, &current, promoted_only)?;
        }
        None if count > 1 => {
            session.say(format!(
                "Resource '{id}' is currently {active} in {count} locations. One may now move to {name}"
            ));
            session.say(format!(
                "To prevent '{id}' from being {active} at a specific location, specify a node"
            ));
        }
        None => {}
    }
    Ok(())
}

/// In how many places the resource is that is moved, and where if that is one.
fn moved_from(
    session: &Session<'_>,
    key: ResourceKey,
    promoted_only: bool,
) -> Result<(usize, Option<NodeKey>), Stop> {
    let resource = &session.model.resources[key];
    let (mut count, mut current) = active(session, key);
    let mut is_clone = resource.is_clone();
    if resource.promotable {
        let promoted = promoted(session, key);
        if let Some(&last) = promoted.last() {
            is_clone = session.model.resources[last].is_clone();
        }
        if promoted_only || !promoted.is_empty() {
            count = promoted.len();
            current = promoted.last().and_then(|&last| active(session, last).1);
        }
    }
    if count > 1 {
        if !is_clone {
            return Err(Stop::failed(ToolExit::Multiple));
        }
        current = None;
    }
    Ok((count, current))
}

/// The parts of a promotable clone that are promoted.
fn promoted(session: &Session<'_>, key: ResourceKey) -> Vec<ResourceKey> {
    let children = session.model.resources[key].state.children.iter().copied();
    children.filter(|&child| role(&session.model, child) == Role::Promoted).collect()
}

/// In how many places the resource is that count for it, and one of them. Where it is does not matter on nodes that are not
/// known to be harmless, if it need not be fenced.
fn active(session: &Session<'_>, key: ResourceKey) -> (usize, Option<NodeKey>) {
    let resource = &session.model.resources[key];
    let is_clean = |node: NodeKey| {
        let state = &session.model.nodes[node].state;
        state.online && !state.unclean
    };
    let places = &resource.state.active_on;
    let current = model::current_node(&resource.state, resource.needs_fencing, is_clean);
    if resource.needs_fencing {
        return (places.len(), current);
    }
    let count = places.iter().filter(|&&node| is_clean(node)).count();
    (count, current)
}

/// Keeps the resource away from the node that was named, or from where it is.
pub(super) fn ban(session: &mut Session<'_>) -> Result<(), Stop> {
    let Some(name) = session.node_name() else { return away(session) };
    let (id, promoted_only) = (session.requested()?, session.options.promoted);
    forbid(session, id, &name, promoted_only)
}

/// Keeps the resource away from where it is.
fn away(session: &mut Session<'_>) -> Result<(), Stop> {
    let (key, id, promoted_only) = (session.key()?, session.requested()?, session.options.promoted);
    let (count, current) = active(session, key);
    let is_promotable = session.model.resources[key].promotable;
    let promoted = if is_promotable { promoted(session, key) } else { Vec::new() };
    let node = match (count, &promoted[..]) {
        (1, _) => current,
        (_, [only]) => active(session, *only).1,
        _ => None,
    };
    let Some(node) = node else {
        let in_role = if is_promotable {
            format!(" (promoted in {})", promoted.len())
        } else {
            String::new()
        };
        let mut message = format!(
            "Resource '{id}' not moved: active in {count} locations{in_role}.\n\
             To prevent '{id}' from running on a specific location, specify a node."
        );
        if is_promotable {
            message.push_str(&format!(
                "To prevent '{id}' from being promoted at a specific location, specify a node and the --promoted option."
            ));
        }
        return Err(Stop::usage(message));
    };
    let name = session.model.nodes[node].name.to_string();
    forbid(session, id, &name, promoted_only)
}

/// Forbids a node, and warns of that.
fn forbid(
    session: &mut Session<'_>,
    id: &str,
    node: &str,
    promoted_only: bool,
) -> Result<(), Stop> {
    let end = end(session)?;
    let what = if promoted_only { "being promoted" } else { "running" };
    session.say(format!(
        "WARNING: Creating rsc_location constraint 'cli-ban-{id}-on-{node}' with a score of -INFINITY for resource {id} \
         on {node}.\n\tThis will prevent {id} from {what} on {node} until the constraint is removed using the clear \
         option or by editing the CIB with an appropriate tool.\n\tThis will be the case even if {node} is the last \
         node in the cluster"
    ));
    add_ban(session, id, node, end.as_deref(), promoted_only)
}

/// Forbids a node until who asks for it allows it again.
pub(super) fn forbid_for_now(session: &mut Session<'_>, id: &str, node: &str) -> Result<(), Stop> {
    let end = end(session)?;
    let promoted_only = session.options.promoted;
    add_ban(session, id, node, end.as_deref(), promoted_only)
}

fn add_ban(
    session: &mut Session<'_>,
    id: &str,
    node: &str,
    end: Option<&str>,
    promoted_only: bool,
) -> Result<(), Stop> {
    let own = format!("cli-ban-{id}-on-{node}");
    let ids =
        [own.clone(), format!("{own}-rule"), format!("{own}-expr"), format!("{own}-lifetime")];
    add(session, &ids, id, node, "-INFINITY", end, promoted_only)
}

fn prefer(
    session: &mut Session<'_>,
    id: &str,
    node: &str,
    promoted_only: bool,
) -> Result<(), Stop> {
    let end = end(session)?;
    let ids = [
        format!("cli-prefer-{id}"),
        format!("cli-prefer-rule-{id}"),
        format!("cli-prefer-expr-{id}"),
        format!("cli-prefer-lifetime-end-{id}"),
    ];
    add(session, &ids, id, node, "INFINITY", end.as_deref(), promoted_only)
}

/// Adds a constraint. Older schemas know the promoted role by another name.
fn add(
    session: &mut Session<'_>,
    ids: &[String; 4],
    id: &str,
    node: &str,
    score: &str,
    end: Option<&str>,
    promoted_only: bool,
) -> Result<(), Stop> {
    let roles: &[&str] = if promoted_only { &["Promoted", "Master"] } else { &["Started"] };
    let options = session.call_options() | CallOptions::CAN_CREATE;
    let mut result = Ok(());
    for role in roles {
        let location = constraint(ids, id, node, score, role, end);
        let data = Element::new("constraints").with_child(location);
        let outcome = session.cib.modify(Some("constraints"), data, options);
        if outcome.is_ok() {
            return Ok(());
        }
        result = result.and(outcome);
    }
    Ok(result?)
}

fn constraint(
    [constraint_id, rule, expression, lifetime]: &[String; 4],
    id: &str,
    node: &str,
    score: &str,
    role: &str,
    end: Option<&str>,
) -> Element {
    let base =
        Element::new("rsc_location").with("id", constraint_id).with("rsc", id).with("role", role);
    let Some(end) = end else { return base.with("node", node).with("score", score) };
    let expression = Element::new("expression")
        .with("id", expression)
        .with("attribute", "#uname")
        .with("operation", "eq")
        .with("value", node)
        .with("type", "string");
    let date = Element::new("date_expression")
        .with("id", lifetime)
        .with("operation", "lt")
        .with("end", end);
    let rule = Element::new("rule")
        .with("id", rule)
        .with("score", score)
        .with("boolean-op", "and")
        .with_child(expression)
        .with_child(date);
    base.with_child(rule)
}

/// When the constraint ends, if `--lifetime` says how long it holds; says so.
fn end(session: &mut Session<'_>) -> Result<Option<String>, Stop> {
    let Some(lifetime) = session.options.lifetime.as_deref() else { return Ok(None) };
    let Ok(duration) = Duration::parse(lifetime) else {
        session.output.remark(format!(
            "Invalid duration specified: {lifetime}\n\
             Please refer to https://en.wikipedia.org/wiki/ISO_8601#Durations for examples of valid durations"
        ));
        return Err(Stop::silent_usage());
    };
    let Some(end) = frame::local_time().plus(duration) else {
        session.output.remark(format!("Unable to add {lifetime} to current time"));
        return Err(Stop::silent_usage());
    };
    let end = end.to_text(DateForm::Calendar, Zone::Own);
    session.say(format!("Migration will take effect until: {end}"));
    Ok(Some(end))
}
