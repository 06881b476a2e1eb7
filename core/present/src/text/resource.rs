use std::collections::BTreeMap;

use vocab::{OcfExit, Role, ToolExit};

use super::plural;
use crate::{
    Bundle, CloneSet, Filter, Group, NodeRef, Primitive, Replica, Resource, Show, Status, TextList,
    Tone, selection,
};

/// Whether a line about a resource says where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
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
    let mut body = TextList::new();
    let in_brief = detail.brief && !detail.group_by_node;
    if in_brief {
        let primitives = status.resources.iter().filter_map(|resource| match resource {
            Resource::Primitive(primitive) => Some(&**primitive),
            Resource::Group(_) | Resource::Clone(_) | Resource::Bundle(_) => None,
        });
        let primitives = meant_or_part(primitives, show);
        brief(&mut body, primitives, show, Place::Shown);
    }
    for resource in &status.resources {
        if selection::is_listed(resource, show, in_brief) {
            any(&mut body, resource, show);
        }
    }
    if body.is_empty() {
        if !detail.always_list_resources {
            return;
        }
        body.item(match heading {
            "Inactive Resources" => "No inactive resources",
            "Full List of Resources" => "No resources",
            _ => "No active resources",
        });
    }
    out.spaced_section(heading, |out| out.append(body));
}

/// The resources that are shown, without a heading.
pub fn resource_items(out: &mut TextList, status: &Status, show: &Show) {
    let brief = show.detail.brief && !show.detail.group_by_node;
    for resource in &status.resources {
        if selection::is_listed(resource, show, brief) {
            any(out, resource, show);
        }
    }
}

/// The primitives that are asked for, or are part of something that is.
pub(crate) fn meant_or_part<'a>(
    primitives: impl Iterator<Item = &'a Primitive>,
    show: &Show,
) -> Vec<&'a Primitive> {
    let is_shown = |primitive: &&Primitive| {
        show.has_resource(&primitive.id)
            || primitive.parent.as_ref().is_some_and(|parent| show.has_resource(parent))
    };
    primitives.filter(is_shown).collect()
}

fn place(show: &Show) -> Place {
    if show.detail.hide_places { Place::Hidden } else { Place::Shown }
}

/// A resource, if it or something in it is asked for.
fn any(out: &mut TextList, resource: &Resource, show: &Show) {
    if !selection::passes(resource, &show.resources) {
        return;
    }
    match resource {
        Resource::Primitive(primitive) => self::primitive(out, primitive, show, place(show)),
        Resource::Group(group) => self::group(out, group, show),
        Resource::Clone(clone) => self::clone(out, clone, show),
        Resource::Bundle(bundle) => self::bundle(out, bundle, show),
    }
}

/// One primitive, unless it is the cluster's own affair.
pub(crate) fn primitive(out: &mut TextList, primitive: &Primitive, show: &Show, place: Place) {
    if !primitive.internal || show.detail.full {
        out.toned(primitive_line(primitive, show, place), tone(primitive));
    }
}

fn tone(primitive: &Primitive) -> Tone {
    if !primitive.managed {
        Tone::Unmanaged
    } else if primitive.failed || primitive.nodes.is_empty() {
        Tone::Failed
    } else if primitive.nodes.len() > 1 {
        Tone::Multiple
    } else if primitive.failure_ignored {
        Tone::FailureIgnored
    } else {
        Tone::Fine
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
    if (place == Place::Hidden || several || show.describes())
        && let Some(description) = &primitive.description
    {
        line.push_str(&if show.detail.newer_words {
            format!(" ({description})")
        } else {
            format!(" {description}")
        });
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
    } else if is_left_alone(primitive.managed, primitive.maintenance, show) {
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

/// A description behind a heading.
fn described(heading: String, description: Option<&String>, show: &Show) -> String {
    match description.filter(|_| show.describes()) {
        Some(description) => format!("{heading} ({description})"),
        None => heading,
    }
}

fn group(out: &mut TextList, group: &Group, show: &Show) {
    let mut body = TextList::new();
    if show.detail.brief {
        let whole = show.has_resource(&group.name);
        let members = group.members.iter();
        let members: Vec<&Primitive> =
            members.filter(|member| whole || show.has_resource(&member.id)).collect();
        let mut all = show.clone();
        all.detail.inactive = true;
        brief(&mut body, members, &all, Place::Shown);
    } else {
        for member in selection::group_members(group, show) {
            primitive(&mut body, member, show, place(show));
        }
    }
    if body.is_empty() {
        return;
    }
    let inactive = group.members.iter().filter(|member| !member.active).count();
    let mut flags = Vec::new();
    if inactive > 0 && inactive < group.members.len() && !show.detail.inactive {
        flags.push(format!("{inactive} member{} inactive", plural(inactive)));
    }
    for (flag, is_set) in ordered(
        (unmanaged(group.maintenance, show), is_left_alone(group.managed, group.maintenance, show)),
        ("disabled", group.disabled),
        show,
    ) {
        if is_set {
            flags.push(flag.to_owned());
        }
    }
    let heading = with_flags(format!("Resource Group: {}", group.id), &flags);
    let heading = described(heading, group.description.as_ref(), show);
    out.section(heading, |out| out.append(body));
}

fn is_left_alone(managed: bool, maintenance: bool, show: &Show) -> bool {
    !managed || (maintenance && show.detail.newer_words)
}

fn clone(out: &mut TextList, clone: &CloneSet, show: &Show) {
    let mut flags = Vec::new();
    let [first, second] = ordered(
        (unmanaged(clone.maintenance, show), is_left_alone(clone.managed, clone.maintenance, show)),
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
    let heading = described(heading, clone.description.as_ref(), show);
    let mut body = TextList::new();
    let lists = clone_instances(&mut body, clone, show);
    if !show.detail.full {
        clone_lists(&mut body, clone, &lists, show);
    }
    let nothing_at_all = show.detail.inactive
        && !show.detail.full
        && lists.promoted.is_empty()
        && lists.started.is_empty();
    if !body.is_empty() || nothing_at_all {
        out.section(heading, |out| out.append(body));
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
    // Whoever is shown an instance is shown it whole.
    let whole = Show { resources: Filter::Everything, ..show.clone() };
    let everything = show.has_resource(&clone.id);
    for instance in &clone.instances {
        let is_asked_for = everything || selection::passes(instance, &show.resources);
        if !is_asked_for || selection::is_elsewhere(instance, show) {
            continue;
        }
        let active = instance.is_partially_active();
        let in_full = if clone.unique {
            active || !clone.removed
        } else {
            show.detail.pending && is_pending(instance)
        };
        if show.detail.full || in_full {
            any(out, instance, &whole);
        } else if active && !clone.unique {
            match single_place(&instance.primitives(), instance) {
                Some((node, Role::Promoted)) => lists.promoted.push(node),
                Some((node, _)) => lists.started.push(node),
                None => any(out, instance, &whole),
            }
        }
    }
    lists.promoted.retain(|node| show.has_node(node));
    lists.started.retain(|node| show.has_node(node));
    lists.promoted.sort_by_cached_key(|name| natural_order(name));
    lists.started.sort_by_cached_key(|name| natural_order(name));
    lists
}

/// Whether something is being done to the instance. Asking whether it runs is nothing to show.
fn is_pending(instance: &Resource) -> bool {
    match instance {
        Resource::Primitive(primitive) => {
            primitive.pending.as_ref().is_some_and(|task| task != "probe")
        }
        Resource::Group(_) | Resource::Clone(_) | Resource::Bundle(_) => false,
    }
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
        names.sort_by_cached_key(|name| natural_order(name));
        list(&state, &names);
    }
}

/// What orders names with numbers in them as people do: node2 before node10.
fn natural_order(name: &str) -> (Vec<(String, u64)>, String) {
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
    (parts, name.to_owned())
}

fn bundle(out: &mut TextList, bundle: &Bundle, show: &Show) {
    let set = if bundle.replicas.len() > 1 { " set" } else { "" };
    let mut heading = format!("Container bundle{set}: {} [{}]", bundle.id, bundle.image);
    if bundle.unique {
        heading.push_str(" (unique)");
    }
    let mut heading = described(heading, bundle.description.as_ref(), show);
    if is_left_alone(bundle.managed, bundle.maintenance, show) {
        heading.push_str(&format!(" ({})", unmanaged(bundle.maintenance, show)));
    }
    let whole = show.has_resource(&bundle.id);
    let mut body = TextList::new();
    for replica in &bundle.replicas {
        if is_container_elsewhere(replica, show) {
            continue;
        }
        if whole && !show.detail.full {
            replica_in_brief(&mut body, replica, show);
            continue;
        }
        let is_shown = |part: &&Primitive| whole || selection::is_meant(part, &show.resources);
        let parts: Vec<&Primitive> = replica.parts().into_iter().filter(is_shown).collect();
        if !parts.is_empty() {
            replica_in_full(&mut body, bundle, replica, &parts, show);
        }
    }
    if !body.is_empty() {
        out.section(heading, |out| out.append(body));
    }
}

/// Whether the container is somewhere, but nowhere that is asked for.
pub(crate) fn is_container_elsewhere(replica: &Replica, show: &Show) -> bool {
    replica.container.active
        && !show.nodes.is_everything()
        && !replica.container.nodes.iter().any(|node| show.has_node(&node.name))
}

fn replica_in_brief(out: &mut TextList, replica: &Replica, show: &Show) {
    let mut named = replica.child.as_ref().unwrap_or(&replica.container).clone();
    named.id.clone_from(&replica.remote.as_ref().unwrap_or(&replica.container).id);
    if let Some(address) = &replica.address {
        named.id.push_str(&format!(" ({address})"));
    }
    let tone = tone(&named);
    named.pending_node = None;
    // People want to know on which machine the container is, not that the service is in the container.
    if named.nodes.len() <= 1 {
        named.nodes = replica.container.nodes.first().cloned().into_iter().collect();
    }
    out.toned(primitive_line(&named, show, place(show)), tone);
}

fn replica_in_full(
    out: &mut TextList,
    bundle: &Bundle,
    replica: &Replica,
    parts: &[&Primitive],
    show: &Show,
) {
    if bundle.replicas.len() > 1 {
        out.item(format!("Replica[{}]", replica.number));
    }
    out.nested(|out| {
        for part in parts {
            out.toned(primitive_line(part, show, place(show)), tone(part));
        }
    });
}

/// How many resources of each agent are active, and where.
pub(super) fn brief(out: &mut TextList, primitives: Vec<&Primitive>, show: &Show, place: Place) {
    let mut agents: BTreeMap<&str, (BTreeMap<&str, usize>, usize)> = BTreeMap::new();
    for primitive in primitives {
        let (active, total) = agents.entry(&primitive.agent).or_default();
        *total += 1;
        let counts = |node: &&NodeRef| node.unclean || node.online || !primitive.managed;
        for node in primitive.nodes.iter().filter(counts) {
            *active.entry(&node.name).or_default() += 1;
        }
    }
    for (agent, (active, total)) in agents {
        let mut active: Vec<(&str, usize)> = active.into_iter().collect();
        active.sort_by_cached_key(|(node, _)| natural_order(node));
        for (node, count) in &active {
            let of_all = if show.detail.inactive { format!("/{total}") } else { String::new() };
            let node = if place == Place::Shown { *node } else { "" };
            out.item(format!("{count}{of_all}\t({agent}):\tActive {node}"));
        }
        if active.is_empty() && show.detail.inactive {
            out.item(format!("0/{total}\t({agent}):\tActive"));
        }
    }
}
