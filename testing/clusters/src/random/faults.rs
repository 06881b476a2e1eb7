use simulate::{Injections, inject};
use xml::Element;

use super::{
    NOW, constraints,
    draft::Draft,
    numbers::Random,
    options::set_node_value,
    pieces::set_value,
    play::{clock, leave, node_state, plan, set_transient},
};

/// Lets something happen to a cluster.
pub(super) fn happen(random: &mut Random, draft: &Draft, number: usize, cib: &mut Element) {
    match random.between(1, 100) {
        1..=13 => node_lost(random, draft, cib),
        14..=20 => node_left(random, draft, cib),
        21..=26 => node_attribute(random, draft, cib, "standby", "on"),
        27..=29 => node_attribute(random, draft, cib, "maintenance", "true"),
        30..=35 => quorum_lost(random, draft, cib),
        36..=60 => operation_failed(random, cib),
        61..=66 => failures_counted(random, cib),
        67..=73 => attribute_changed(random, draft, cib),
        74..=78 => parameter_changed(random, cib),
        79..=84 => {
            let constraint = constraints::any(random, draft, &format!("late{number}"));
            section(cib, "constraints").push(constraint);
        }
        85..=92 => resource_changed(random, cib),
        93..=94 => ticket_changed(random, cib),
        95..=96 => shutdown_wanted(random, draft, cib),
        97..=98 => node_unseen(random, draft, cib),
        _ => option_changed(random, cib),
    }
}

fn section<'a>(cib: &'a mut Element, name: &str) -> &'a mut Element {
    cib.child_or_new("configuration").child_or_new(name)
}

fn node_lost(random: &mut Random, draft: &Draft, cib: &mut Element) {
    let Some(state) = node_state(cib, random.choose::<String>(&draft.nodes)) else { return };
    state.set("in_ccm", "false");
    // The controller may be gone before its node is, and the other way round.
    if random.percent(70) {
        state.set("crmd", "offline");
        if random.percent(60) {
            state.set("join", "down");
        }
    }
}

fn node_left(random: &mut Random, draft: &Draft, cib: &mut Element) {
    leave(cib, random.choose::<String>(&draft.nodes));
}

fn node_unseen(random: &mut Random, draft: &Draft, cib: &mut Element) {
    let name = random.choose(&draft.nodes);
    if let Some(status) = cib.child_mut("status") {
        status
            .nodes_mut()
            .retain(|node| node.as_element().is_none_or(|state| state.attr("uname") != Some(name)));
    }
}

fn node_attribute(random: &mut Random, draft: &Draft, cib: &mut Element, name: &str, value: &str) {
    let number = random.between(1, draft.nodes.len());
    if random.percent(20) {
        set_transient(cib, &draft.nodes[number - 1], name, value);
    } else if let Some(node) = section(cib, "nodes").element_mut(number - 1) {
        set_node_value(node, number, "instance_attributes", name, value);
    }
}

fn quorum_lost(random: &mut Random, draft: &Draft, cib: &mut Element) {
    if random.percent(60) {
        node_lost(random, draft, cib);
    }
    cib.set("have-quorum", 0);
}

fn shutdown_wanted(random: &mut Random, draft: &Draft, cib: &mut Element) {
    set_transient(cib, random.choose::<String>(&draft.nodes), "shutdown", &NOW.0.to_string());
}

/// What is recorded somewhere: node, resource, and the tasks with their intervals.
type Recorded = (String, String, Vec<(String, String)>);

fn recorded(cib: &Element) -> Vec<Recorded> {
    let mut all = Vec::new();
    for state in cib.child("status").into_iter().flat_map(Element::children) {
        let Some(node) = state.attr("uname") else { continue };
        let histories = state.descend(&["lrm", "lrm_resources"]);
        for history in histories.into_iter().flat_map(Element::children) {
            let rows = history.children().filter_map(|row| {
                Some((row.attr("operation")?.to_owned(), row.attr("interval")?.to_owned()))
            });
            let Some(id) = history.id() else { continue };
            all.push((node.to_owned(), id.to_owned(), rows.collect()));
        }
    }
    all
}

fn operation_failed(random: &mut Random, cib: &mut Element) {
    let Some((node, resource, tasks)) = random.pick(&recorded(cib)) else { return };
    let Some((task, interval)) = random.pick(&tasks) else { return };
    let recurring = interval != "0";
    // A probe may find what nobody started; something may fail that was tried after what is recorded.
    let (task, exit) = match task.as_str() {
        "monitor" if recurring => ("monitor", *random.choose(&[7, 7, 1, 9])),
        "monitor" if random.percent(40) => ("monitor", *random.choose(&[0, 0, 8, 1, 5, 6])),
        "monitor" => ("start", *random.choose(&[1, 5, 7])),
        "start" if random.percent(40) => ("stop", *random.choose(&[1, 1, 0])),
        "promote" if random.percent(40) => ("demote", 1),
        task => (task, *random.choose(&[1, 1, 5, 9])),
    };
    let Ok(result) = format!("{resource}_{task}_{interval}@{node}={exit}").parse() else { return };
    let injections = Injections { operations: vec![result], ..Injections::default() };
    let (model, _) = plan(cib);
    *cib = inject(cib, &model, &injections, clock(cib)).0;
}

fn failures_counted(random: &mut Random, cib: &mut Element) {
    let Some((node, resource, tasks)) = random.pick(&recorded(cib)) else { return };
    let Some((task, interval)) = random.pick(&tasks) else { return };
    let count = random.word(&["1", "2", "3", "INFINITY"]);
    let key = format!("{resource}#{task}_{interval}");
    set_transient(cib, &node, &format!("fail-count-{key}"), count);
    let ago = *random.choose(&[10, 600, 86_400]);
    set_transient(cib, &node, &format!("last-failure-{key}"), &(NOW.0 - ago).to_string());
}

fn attribute_changed(random: &mut Random, draft: &Draft, cib: &mut Element) {
    let node = random.choose(&draft.nodes).clone();
    let promotable: Vec<_> =
        draft.resources.iter().filter(|resource| resource.promotable).collect();
    match random.pick(&promotable).and_then(|resource| resource.primitives.first()) {
        Some(primitive) if random.percent(50) => {
            let score = random.word(&["1000", "-INFINITY", "0"]);
            set_transient(cib, &node, &format!("master-{primitive}"), score);
        }
        _ if draft.health => {
            let colour = random.word(&["red", "yellow", "green"]);
            set_transient(cib, &node, "#health-net", colour);
        }
        _ if random.percent(50) => set_transient(cib, &node, "pingd", "0"),
        _ => {
            let value = random.word(&["a", "b", "c"]);
            node_attribute(random, draft, cib, "zone", value);
        }
    }
}

/// Lets something be done to one of the primitives, wherever it is.
fn with_primitive(random: &mut Random, cib: &mut Element, change: impl FnOnce(&mut Element)) {
    let resources = section(cib, "resources");
    let count = resources.descendants().filter(|e| e.name() == "primitive").count();
    if count == 0 {
        return;
    }
    let mut before = random.between(0, count - 1);
    let path = resources.find_path(|element| {
        let chosen = element.name() == "primitive" && before == 0;
        before -= usize::from(element.name() == "primitive" && before > 0);
        chosen
    });
    if let Some(primitive) = path.and_then(|path| resources.at_mut(&path)) {
        change(primitive);
    }
}

fn parameter_changed(random: &mut Random, cib: &mut Element) {
    with_primitive(random, cib, |primitive| {
        set_value(primitive, "instance_attributes", "changed", "later");
    });
}

fn resource_changed(random: &mut Random, cib: &mut Element) {
    let (name, value) = *random.choose(&[
        ("target-role", "Stopped"),
        ("target-role", "Stopped"),
        ("target-role", "Started"),
        ("is-managed", "false"),
        ("is-managed", "true"),
        ("maintenance", "true"),
        ("", ""),
        ("", ""),
    ]);
    if name.is_empty() {
        return resource_removed(random, cib);
    }
    if random.percent(50) {
        with_primitive(random, cib, |primitive| {
            set_value(primitive, "meta_attributes", name, value);
        });
        return;
    }
    let resources = section(cib, "resources");
    let Some(last) = resources.nodes().len().checked_sub(1) else { return };
    let index = random.between(0, last);
    if let Some(resource) = resources.element_mut(index).filter(|r| r.name() != "template") {
        set_value(resource, "meta_attributes", name, value);
    }
}

/// Removes a resource with all constraints that speak of it; one that others are made of or fenced by stays.
fn resource_removed(random: &mut Random, cib: &mut Element) {
    let resources = section(cib, "resources");
    let Some(last) = resources.nodes().len().checked_sub(1) else { return };
    let index = random.between(0, last);
    let Some(resource) = resources.nodes()[index].as_element() else { return };
    let ids: Vec<_> = resource.descendants().filter_map(Element::id).map(str::to_owned).collect();
    if resource.name() == "template" || ids[0].starts_with("fencing") {
        return;
    }
    resources.nodes_mut().remove(index);
    let names = |element: &Element| {
        element.descendants().any(|part| {
            let about = ["rsc", "with-rsc", "first", "then"].map(|name| part.attr(name));
            let member = part.id().filter(|_| part.name() == "resource_ref");
            about.into_iter().chain([member]).flatten().any(|id| ids.iter().any(|gone| gone == id))
        })
    };
    let constraints = section(cib, "constraints");
    constraints.nodes_mut().retain(|node| !node.as_element().is_some_and(names));
}

fn ticket_changed(random: &mut Random, cib: &mut Element) {
    let Some(tickets) = cib.child_mut("status").and_then(|status| status.child_mut("tickets"))
    else {
        return;
    };
    let (name, value) = *random.choose(&[("granted", "false"), ("standby", "true")]);
    if let Some(ticket) = tickets.element_mut(0) {
        ticket.set(name, value);
    }
}

fn option_changed(random: &mut Random, cib: &mut Element) {
    let options = section(cib, "crm_config");
    if options.nodes().is_empty() {
        options.push_new("cluster_property_set").set("id", "cib-bootstrap-options");
    }
    let (name, value) = *random.choose(&[
        ("maintenance-mode", "true"),
        ("stop-all-resources", "true"),
        ("stonith-enabled", "false"),
        ("no-quorum-policy", "freeze"),
    ]);
    set_value(options, "cluster_property_set", name, value);
}
