//! Shows the digests by which the cluster notices that a resource's parameters have changed.

use std::cmp::Ordering;

use model::{
    Model, NodeKey, ResourceKey,
    attributes::Values,
    history::{DigestInput, DigestSources, HistoryEntry},
};
use rules::NextChange;
use vocab::{Interval, ToolExit};
use xml::Element;

use super::{
    parameters,
    session::{Session, Stop},
};

/// Shows the digests of a resource's operation on a node; parameters from the command line count before configured ones.
pub(super) fn show(session: &mut Session<'_>) -> Result<(), Stop> {
    let key = session.key()?;
    let node = session.node.ok_or_else(|| Stop::usage("Must supply a node name with -N/--node"))?;
    if !session.model.resources[key].is_primitive() {
        return Err(Stop::failed(ToolExit::UnimplementedFeature));
    }
    let overrides: Values = parameters(&session.options.remainder)?.into_iter().collect();
    let entry = best(&session.model, key, node).cloned();
    let task = entry.as_ref().map_or("start", HistoryEntry::task).to_owned();
    let mut interval = entry.as_ref().map_or(Interval::ONCE, |entry| entry.interval);
    if let Some(millis) = overrides.get("CRM_meta_interval").and_then(|text| text.parse().ok()) {
        interval.millis = millis;
    }
    let sources =
        sources(&mut session.model, key, node, &task, interval, entry.as_ref(), &overrides);
    let kinds = [
        ("all", "all parameters", Some(&sources.all)),
        ("nonprivate", "non-private parameters", sources.secure.as_ref()),
        ("nonreloadable", "non-reloadable parameters", sources.restart.as_ref()),
    ];
    let mut element = Element::new("digests")
        .with("resource", &session.model.resources[key].id)
        .with("node", &session.model.nodes[node].name)
        .with("task", &task)
        .with("interval", format_args!("{}ms", interval.millis));
    for (kind, words, values) in kinds {
        let Some(values) = values else { continue };
        let digest = DigestSources::digest(values);
        session.output.line(format!("{digest} ({words})"));
        let mut parameters = Element::new("parameters");
        for (name, value) in values {
            parameters.set(name, value);
        }
        let shown = Element::new("digest").with("type", kind).with("hash", digest);
        element.push(shown.with_child(parameters));
    }
    session.output.element(element);
    Ok(())
}

fn sources(
    model: &mut Model,
    key: ResourceKey,
    node: NodeKey,
    task: &str,
    interval: Interval,
    entry: Option<&HistoryEntry>,
    overrides: &Values,
) -> DigestSources {
    let mut next = NextChange::default();
    let (resources, nodes) = (&model.resources, &model.nodes);
    let values = model.parameters.of(key, Some(node), resources, nodes, model.now, &mut next);
    let input = DigestInput {
        resource: &model.resources[key],
        resource_key: key,
        node: &model.nodes[node],
        node_key: node,
        parameters: &values,
        operation_defaults: &model.operation_defaults,
        feature_set: model.feature_set.as_deref(),
        remote_address: None,
        sanitized: model.sanitized,
        now: model.now,
    };
    DigestSources::of(&input, task, interval, entry, overrides)
}

/// The recorded operation that says most about the parameters a resource runs with on a node.
fn best(model: &Model, key: ResourceKey, node: NodeKey) -> Option<&HistoryEntry> {
    let name = &model.nodes[node].name;
    let id = &model.resources[key].id;
    let history = model.history.iter().find(|history| history.node_name == name.as_str())?;
    let recorded = history.resources.iter().find(|recorded| recorded.id() == id.as_str())?;
    let mut entries: Vec<&HistoryEntry> = recorded.entries.iter().collect();
    entries.sort_by_key(|entry| entry.position);
    entries.into_iter().reduce(|best, entry| if is_better(best, entry) { entry } else { best })
}

fn is_better(best: &HistoryEntry, entry: &HistoryEntry) -> bool {
    // What brought the resource into its state, or looked at it, ran with what it runs with.
    let is_effective = |entry: &HistoryEntry| {
        !entry.interval.is_recurring()
            && matches!(entry.task(), "monitor" | "start" | "promote" | "migrate_from")
    };
    let has_failed = |entry: &HistoryEntry| entry.id().ends_with("_last_failure_0");
    if is_effective(best) {
        if !is_effective(entry) {
            return false;
        }
    } else if best.interval.is_recurring() && !is_effective(entry) && !entry.interval.is_recurring()
    {
        return false;
    }
    if !has_failed(best) && has_failed(entry) {
        return false;
    }
    if best.restart_digest().is_some() && entry.restart_digest().is_none() {
        return false;
    }
    age(best, entry) != Ordering::Greater
}

/// Which of two operations is newer, by number and by time.
fn age(a: &HistoryEntry, b: &HistoryEntry) -> Ordering {
    if a.call_id >= 0 && b.call_id >= 0 && a.call_id != b.call_id {
        return a.call_id.cmp(&b.call_id);
    }
    a.last_change.cmp(&b.last_change)
}
