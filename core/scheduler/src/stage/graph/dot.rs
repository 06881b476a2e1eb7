use std::fmt::Write;

use model::Key;

use crate::{
    Request,
    plan::Plan,
    table::{ActionFlags, ActionKey, KeyOp, Op, Relation, TaskKey},
};

/// The actions and their order as a picture in the language of Graphviz.
pub(crate) fn dot(plan: &mut Plan<'_>, request: &Request) -> String {
    place_changes(plan);
    let mut text = String::from(" digraph \"g\" {\n");
    let actions: Vec<ActionKey> = plan.actions.keys().rev().collect();
    let mut shown = std::collections::BTreeSet::new();
    for &action in &actions {
        let row = &plan.actions[action];
        let unmanaged = row.resource.is_some_and(|resource| !plan.rows[resource].state.managed);
        let font = if row.is_pseudo() { "orange" } else { "black" };
        let (style, color, font) = if row.is(ActionFlags::IN_GRAPH) {
            ("bold", "green", font)
        } else if (unmanaged || row.is_optional()) && !request.dot_all {
            continue;
        } else if unmanaged {
            ("dashed", "red", "purple")
        } else if row.is_optional() {
            ("dashed", "blue", font)
        } else {
            ("dashed", "red", font)
        };
        shown.insert(action);
        let name = label(plan, action, request);
        // Writing to a String cannot fail.
        let _ =
            writeln!(text, "\"{name}\" [ style={style} color=\"{color}\" fontcolor=\"{font}\"]");
    }
    for &action in &actions {
        for input in &plan.actions[action].before {
            let style = if input.graphed {
                "bold"
            } else if input.relation == Relation::NONE
                || (!request.dot_all
                    && (input.relation == Relation::IF_ON_SAME_NODE_OR_TARGET
                        || !shown.contains(&input.action)
                        || !shown.contains(&action)))
            {
                continue;
            } else {
                "dashed"
            };
            let label = |action| label(plan, action, request);
            let (before, then) = (label(input.action), label(action));
            let _ = writeln!(text, "\"{before}\" -> \"{then}\" [ style = {style}]");
        }
    }
    text.push_str("}\n");
    text
}

/// Puts changes without a node where their resource is going to be. Pacemaker does so while it summarizes the plan, which
/// comes before the picture.
fn place_changes(plan: &mut Plan<'_>) {
    for resource in plan.rows.keys() {
        let row = &plan.rows[resource];
        if !row.state.managed || !plan.resource(resource).is_primitive() {
            continue;
        }
        let Some(node) = row.assigned else { continue };
        for op in [Op::Start, Op::Promote, Op::Demote] {
            plan.find_actions(resource, op.into(), Some(node));
        }
    }
}

fn label(plan: &Plan<'_>, action: ActionKey, request: &Request) -> String {
    let name = name(plan, action);
    if request.dot_numbers { format!("{name} ({})", action.index() + 1) } else { name }
}

fn name(plan: &Plan<'_>, key: ActionKey) -> String {
    let row = &plan.actions[key];
    let host = match row.node {
        Some(node) => Some(plan.node_name(node)),
        None if row.is_pseudo() => None,
        None => Some("<none>"),
    };
    let prefix = if row.task == Op::Cancel { "Cancel " } else { "" };
    let named = match row.resource {
        Some(resource) => {
            let known = plan.rows[resource].state.history_id.as_ref();
            match known {
                Some(known) => history_name(plan, key, known.as_str()),
                None => plan.uuid(key),
            }
        }
        None if row.task == Op::Fence => {
            let how = row.meta.get("stonith_action").map_or("", |how| &**how);
            format!("stonith '{how}'")
        }
        None if host.is_some() => plan.op_text(row.task).to_owned(),
        None => plan.uuid(key),
    };
    match host {
        Some(host) => format!("{prefix}{named} {host}"),
        None => named,
    }
}

/// The key under the name that nodes know the resource by. Notifications are named after what they are about.
fn history_name(plan: &Plan<'_>, key: ActionKey, known: &str) -> String {
    let row = &plan.actions[key];
    let about = |name| row.meta.get(name).map(|text| &**text);
    if matches!(row.task, Op::Notify | Op::Notified)
        && let (Some(time), Some(task)) = (about("notify_key_type"), about("notify_key_operation"))
    {
        return format!("{known}_{time}_notify_{task}_0");
    }
    let op = row.cancels.unwrap_or(row.task);
    plan.key_text(known, TaskKey { op: KeyOp::Op(op), interval: row.key.interval })
}
