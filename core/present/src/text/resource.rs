use std::collections::BTreeMap;

use vocab::{OcfExit, Role, ToolExit};

use super::{TextList, plural};
use crate::{Bundle, CloneSet, Group, NodeRef, Primitive, Replica, Resource, Show, Status};

/// Whether a line about a resource says where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It does.
    Shown,
    /// It stands below the node's name already.
    Hidden,
}

/// Resources: the active ones, all, or those that are not listed below a node already.
pub fn resource_list(out: &mut TextList, status: &Status, show: &Show) {
    let detail = show.detail;
    if detail.group_by_node && !detail.inactive {
        return;
    }
    let heading = if detail.group_by_node {
        "Inactive Resources"
    } else if detail.inactive {
        "Full List of Resources"
    } else {
        "Active Resources"
    };
    let mut body = TextList { depth: 1, ..TextList::new() };
    if detail.brief && !detail.group_by_node {
        let primitives: Vec<&Primitive> = status
            .resources
            .iter()
            .filter_map(|resource| match resource {
                Resource::Primitive(primitive) if show.has_resource(&primitive.id) => {
                    Some(&**primitive)
                }
                _ => None,
            })
            .collect();
        brief(&mut body, primitives, show, None);
    }
    for resource in status.resources.iter().filter(|resource| is_listed(resource, show)) {
        any(&mut body, resource, show);
    }
    let body = body.into_text();
    if body.is_empty() && !detail.always_list_resources {
        return;
    }
    out.spaced_section(heading, |out| {
        if body.is_empty() {
            out.item(match heading {
                "Inactive Resources" => "No inactive resources",
                "Full List of Resources" => "No resources",
                _ => "No active resources",
            });
        }
        out.raw(&body);
    });
}

fn is_listed(resource: &Resource, show: &Show) -> bool {
    let detail = show.detail;
    if resource.is_removed() && !resource.is_active() {
        return false;
    }
    if matches!(resource, Resource::Primitive(primitive) if primitive.internal) && !detail.full {
        return false;
    }
    if !show.resources.is_empty() && !is_selected(resource, show) {
        return false;
    }
    if detail.group_by_node {
        return !resource.is_active();
    }
    if detail.brief && matches!(resource, Resource::Primitive(_)) {
        return false;
    }
    let partially_active = resource.is_partially_active();
    if !partially_active {
        return detail.inactive;
    }
    resource.primitives().iter().any(|p| p.nodes.iter().any(|node| show.has_node(&node.name)))
}

fn is_selected(resource: &Resource, show: &Show) -> bool {
    show.has_resource(resource.id())
        || match resource {
            Resource::Clone(clone) => show.has_resource(&clone.template),
            Resource::Primitive(_) | Resource::Group(_) | Resource::Bundle(_) => false,
        }
        || resource.primitives().iter().any(|primitive| show.has_resource(&primitive.id))
}

/// The resources that are shown, without a heading.
pub fn resource_items(out: &mut TextList, status: &Status, show: &Show) {
    for resource in status.resources.iter().filter(|resource| is_listed(resource, show)) {
        any(out, resource, show);
    }
}

fn place(show: &Show) -> Place {
    if show.detail.hide_places { Place::Hidden } else { Place::Shown }
}

fn any(out: &mut TextList, resource: &Resource, show: &Show) {
    match resource {
        Resource::Primitive(primitive) => out.item(primitive_line(primitive, show, place(show))),
        Resource::Group(group) => self::group(out, group, show),
        Resource::Clone(clone) => self::clone(out, clone, show),
        Resource::Bundle(bundle) => self::bundle(out, bundle, show),
    }
}

/// One primitive on one line.
pub(super) fn primitive_line(primitive: &Primitive, show: &Show, place: Place) -> String {
    let several = primitive.nodes.len() > 1;
    let node = node_of(primitive).filter(|_| place == Place::Shown && !several);
    let mut line = format!("{}\t({}):\t", primitive.id, primitive.agent);
    if primitive.removed {
        line.push_str(" ORPHANED");
    }
    if primitive.failed {
        line.push_str(" FAILED");
        if primitive.shown_role() > Role::Unpromoted {
            line.push_str(&format!(" {}", primitive.shown_role()));
        }
    } else {
        line.push_str(&format!(" {}", primitive.shown_state(show.detail.pending)));
    }
    if let Some(node) = &node {
        line.push_str(&format!(" {}", node.name));
    }
    if primitive.shown_role() == Role::Stopped
        && let Some(exit) = primitive.failed_probe
    {
        line.push_str(&format!(" ({}) ", probe_words(exit, show)));
    }
    let flags = flags(primitive, node.as_ref(), show);
    if !flags.is_empty() {
        line.push_str(&format!(" ({})", flags.join(", ")));
    }
    if (place == Place::Hidden || several)
        && let Some(description) = &primitive.description
    {
        line.push_str(&format!(" {description}"));
    }
    if place == Place::Shown && several {
        let names: Vec<&str> = primitive.nodes.iter().map(|node| node.name.as_str()).collect();
        line.push_str(&format!(" [ {} ]", names.join(" ")));
    }
    line
}

fn node_of(primitive: &Primitive) -> Option<NodeRef> {
    let named = |name: &String| NodeRef { name: name.clone(), online: true, ..NodeRef::default() };
    primitive
        .nodes
        .first()
        .cloned()
        .or_else(|| primitive.pending_node.as_ref().map(named))
        .or_else(|| primitive.locked_to.as_ref().map(named))
}

fn flags(primitive: &Primitive, node: Option<&NodeRef>, show: &Show) -> Vec<String> {
    let mut flags = Vec::new();
    if node.is_some_and(|node| !node.online && node.unclean) {
        flags.push("UNCLEAN".to_owned());
    }
    if node.is_some_and(|node| primitive.locked_to.as_ref() == Some(&node.name)) {
        flags.push("LOCKED".to_owned());
    }
    if let Some(task) = primitive.pending_task().filter(|_| show.detail.pending) {
        flags.push(task.to_owned());
    }
    match primitive.target_role.as_deref().map(str::parse) {
        Some(Ok(Role::Stopped)) => flags.push("disabled".to_owned()),
        Some(Ok(Role::Unpromoted)) if primitive.promotable => {
            let role = primitive.target_role.as_deref().unwrap_or_default();
            flags.push(format!("target-role:{role}"));
        }
        _ => {}
    }
    if primitive.blocked {
        flags.push("blocked".to_owned());
    } else if !primitive.managed {
        flags.push(unmanaged(primitive.maintenance, show).to_owned());
    }
    if primitive.failure_ignored {
        flags.push("failure ignored".to_owned());
    }
    flags
}

/// The word for what the cluster leaves alone.
fn unmanaged(maintenance: bool, show: &Show) -> &'static str {
    if maintenance && show.detail.newer_words { "maintenance" } else { "unmanaged" }
}

/// The order in which the two are named has changed.
fn ordered<T>(unmanaged: T, disabled: T, show: &Show) -> [T; 2] {
    if show.detail.newer_words { [disabled, unmanaged] } else { [unmanaged, disabled] }
}

/// What a probe returned. Newer versions take the code for that of a tool.
fn probe_words(exit: OcfExit, show: &Show) -> &'static str {
    match ToolExit::from_code(exit.code()) {
        Some(exit) if show.detail.newer_words => exit.as_str(),
        Some(_) | None => exit.as_str(),
    }
}

fn with_flags(heading: String, flags: &[String]) -> String {
    if flags.is_empty() { heading } else { format!("{heading} ({})", flags.join(", ")) }
}

fn group(out: &mut TextList, group: &Group, show: &Show) {
    let inactive = group.members.iter().filter(|member| !member.active).count();
    let shown: Vec<&Primitive> = group
        .members
        .iter()
        .filter(|member| {
            let selected = show.has_resource(&group.id) || show.has_resource(&member.id);
            selected && (member.active || show.detail.inactive)
        })
        .collect();
    if shown.is_empty() {
        return;
    }
    let mut flags = Vec::new();
    if inactive > 0 && inactive < group.members.len() && !show.detail.inactive {
        flags.push(format!("{inactive} member{} inactive", plural(inactive)));
    }
    for (flag, is_set) in ordered(
        (unmanaged(group.maintenance, show), !group.managed),
        ("disabled", group.disabled),
        show,
    ) {
        if is_set {
            flags.push(flag.to_owned());
        }
    }
    out.section(with_flags(format!("Resource Group: {}", group.id), &flags), |out| {
        if show.detail.brief {
            brief(out, shown, show, None);
            return;
        }
        for member in shown {
            out.item(primitive_line(member, show, place(show)));
        }
    });
}

fn clone(out: &mut TextList, clone: &CloneSet, show: &Show) {
    let mut flags = Vec::new();
    let [first, second] = ordered(
        (unmanaged(clone.maintenance, show), !clone.managed),
        ("disabled", clone.disabled),
        show,
    );
    let own = [("promotable", clone.promotable), ("unique", clone.unique)];
    for (flag, is_set) in own.into_iter().chain([first, second]) {
        if is_set {
            flags.push(flag.to_owned());
        }
    }
    let heading = with_flags(format!("Clone Set: {} [{}]", clone.id, clone.template), &flags);
    let mut body = TextList { depth: out.depth + 1, ..TextList::new() };
    let lists = clone_instances(&mut body, clone, show);
    if !show.detail.full {
        clone_lists(&mut body, clone, &lists, show);
    }
    let body = body.into_text();
    let nothing_at_all =
        show.detail.inactive && lists.promoted.is_empty() && lists.started.is_empty();
    if !body.is_empty() || nothing_at_all {
        out.section(heading, |out| out.raw(&body));
    }
}

/// The nodes of instances that need no line of their own.
#[derive(Default)]
struct InstanceLists {
    promoted: Vec<String>,
    started: Vec<String>,
}

fn clone_instances(out: &mut TextList, clone: &CloneSet, show: &Show) -> InstanceLists {
    let mut lists = InstanceLists::default();
    // Whoever asked for the clone or for what it clones gets its instances whole.
    let whole = Show { resources: Vec::new(), ..show.clone() };
    for instance in &clone.instances {
        let primitives = instance.primitives();
        let on_shown_node = primitives.iter().all(|p| p.nodes.is_empty())
            || primitives.iter().any(|p| p.nodes.iter().any(|node| show.has_node(&node.name)));
        if !on_shown_node {
            continue;
        }
        let active = instance.is_partially_active();
        if clone.unique {
            if active || (!clone.removed && show.detail.inactive) {
                any(out, instance, &whole);
            }
            continue;
        }
        let pending = show.detail.pending
            && primitives.iter().any(|p| p.pending_state().is_some() || p.pending_task().is_some());
        if show.detail.full && (active || show.detail.inactive) || pending {
            any(out, instance, &whole);
        } else if active {
            match single_place(&primitives, instance) {
                Some((node, Role::Promoted)) => lists.promoted.push(node),
                Some((node, _)) => lists.started.push(node),
                None => any(out, instance, &whole),
            }
        }
    }
    lists.promoted.retain(|node| show.has_node(node));
    lists.started.retain(|node| show.has_node(node));
    lists.promoted.sort_by(|a, b| compare_names(a, b));
    lists.started.sort_by(|a, b| compare_names(a, b));
    lists
}

/// The node and the highest role of an instance about which there is nothing special to say.
fn single_place(primitives: &[&Primitive], instance: &Resource) -> Option<(String, Role)> {
    let special = |p: &&Primitive| p.removed || !p.managed || p.failed || p.nodes.len() != 1;
    if !instance.is_active() || primitives.iter().any(special) {
        return None;
    }
    let node = primitives.first()?.nodes.first()?;
    let together = primitives.iter().all(|p| p.nodes[0].id == node.id);
    if !together || (!node.online && node.unclean) {
        return None;
    }
    let role = primitives.iter().map(|p| p.shown_role()).max().unwrap_or_default();
    Some((node.name.clone(), role))
}

fn clone_lists(out: &mut TextList, clone: &CloneSet, lists: &InstanceLists, show: &Show) {
    let mut list = |heading: &str, names: &[String]| {
        if !names.is_empty() {
            out.item(format!("{heading}: [ {} ]", names.join(" ")));
        }
    };
    let target: Option<Role> = clone.target_role.as_deref().and_then(|role| role.parse().ok());
    list("Promoted", &lists.promoted);
    match (clone.promotable, target) {
        (true, Some(Role::Unpromoted)) => list("Unpromoted (target-role)", &lists.started),
        (true, _) => list("Unpromoted", &lists.started),
        (false, _) => list("Started", &lists.started),
    }
    let active = lists.promoted.len() + lists.started.len();
    if !show.detail.inactive || clone.unique || clone.instances_max <= active {
        return;
    }
    let mut by_state: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for stopped in clone.stopped_on.iter().filter(|stopped| show.has_node(&stopped.node)) {
        let state = match (stopped.failed_probe, target) {
            (Some(exit), _) => format!("Stopped ({})", probe_words(exit, show)),
            (None, Some(Role::Stopped)) => "Stopped (disabled)".to_owned(),
            (None, _) => "Stopped".to_owned(),
        };
        by_state.entry(state).or_default().push(stopped.node.clone());
    }
    for (state, mut names) in by_state {
        names.sort_by(|a, b| compare_names(a, b));
        list(&state, &names);
    }
}

/// Orders names with numbers in them as people do: node2 before node10.
fn compare_names(left: &str, right: &str) -> std::cmp::Ordering {
    let key = |name: &str| {
        let mut parts: Vec<(String, u64)> = Vec::new();
        let mut rest = name;
        while !rest.is_empty() {
            let text_end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
            let (text, tail) = rest.split_at(text_end);
            let digits_end = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
            let (digits, tail) = tail.split_at(digits_end);
            parts.push((text.to_ascii_lowercase(), digits.parse().unwrap_or(0)));
            rest = tail;
        }
        parts
    };
    key(left).cmp(&key(right)).then_with(|| left.cmp(right))
}

fn bundle(out: &mut TextList, bundle: &Bundle, show: &Show) {
    let mut heading = if bundle.replicas.len() > 1 {
        format!("Container bundle set: {}", bundle.id)
    } else {
        format!("Container bundle: {}", bundle.id)
    };
    heading.push_str(&format!(" [{}]", bundle.image));
    if bundle.unique {
        heading.push_str(" (unique)");
    }
    if !bundle.managed {
        heading.push_str(&format!(" ({})", unmanaged(bundle.maintenance, show)));
    }
    out.section(heading, |out| {
        for replica in &bundle.replicas {
            if show.detail.full {
                replica_in_full(out, bundle, replica, show);
            } else {
                out.item(replica_line(replica, show));
            }
        }
    });
}

fn replica_line(replica: &Replica, show: &Show) -> String {
    let shown = replica.child.as_ref().unwrap_or(&replica.container);
    let mut name = replica.remote.as_ref().unwrap_or(&replica.container).id.clone();
    if let Some(address) = &replica.address {
        name.push_str(&format!(" ({address})"));
    }
    let mut named = shown.clone();
    named.id = name;
    // People want to know on which machine the container is, not that the service is in the container.
    if named.nodes.len() <= 1 {
        named.nodes = replica.container.nodes.first().cloned().into_iter().collect();
    }
    primitive_line(&named, show, Place::Shown)
}

fn replica_in_full(out: &mut TextList, bundle: &Bundle, replica: &Replica, show: &Show) {
    let parts = [
        replica.ip.as_ref(),
        replica.child.as_ref(),
        Some(&replica.container),
        replica.remote.as_ref(),
    ];
    out.section(format!("Replica[{}]", replica.number), |out| {
        let _ = bundle;
        for part in parts.into_iter().flatten() {
            out.item(primitive_line(part, show, Place::Shown));
        }
    });
}

/// How many resources of each agent are active, and where.
pub(super) fn brief(
    out: &mut TextList,
    primitives: Vec<&Primitive>,
    show: &Show,
    only_on: Option<&str>,
) {
    let mut agents: BTreeMap<&str, (BTreeMap<&str, usize>, usize)> = BTreeMap::new();
    for primitive in primitives {
        let (active, inactive) = agents.entry(&primitive.agent).or_default();
        match primitive.nodes.first().filter(|_| primitive.active) {
            Some(node) => *active.entry(&node.name).or_default() += 1,
            None => *inactive += 1,
        }
    }
    for (agent, (active, inactive)) in agents {
        let total: usize = active.values().sum::<usize>() + inactive;
        for (node, count) in &active {
            if only_on.is_some_and(|only| only != *node) {
                continue;
            }
            let place = if only_on.is_some() { String::new() } else { format!(" {node}") };
            if show.detail.inactive {
                out.item(format!("{count}/{total}\t({agent}):\tActive{place}"));
            } else {
                out.item(format!("{count}\t({agent}):\tActive{place}"));
            }
        }
        if active.is_empty() && show.detail.inactive {
            out.item(format!("0/{total}\t({agent}):\tActive"));
        }
    }
}
