use xml::Element;

use super::{
    draft::{Draft, Resource},
    numbers::Random,
    pieces::resource_set,
};

const SCORES: [&str; 6] = ["INFINITY", "-INFINITY", "100", "50", "-100", "1"];

/// Draws the constraints and the tags that some of them speak of.
pub(super) fn draw(draft: &mut Draft) {
    let mut random = Random::stream(draft.seed, "constraints");
    if random.percent(15) {
        tag(&mut random, draft);
    }
    for number in 1..=random.between(0, 7) {
        let constraint = any(&mut random, draft, &format!("c{number}"));
        draft.sections.constraints.push(constraint);
    }
    for ticket in draft.tickets.clone() {
        let resource = random.choose(&draft.resources).clone();
        let constraint = with_ticket(&mut random, &ticket, &resource);
        draft.sections.constraints.push(constraint);
    }
    if draft.options.has("symmetric-cluster") {
        opt_in(&mut random, draft);
    }
}

/// One constraint.
pub(super) fn any(random: &mut Random, draft: &Draft, id: &str) -> Element {
    let pair = two(random, &draft.resources);
    match (random.between(1, 100), pair) {
        (36..=60, Some((earlier, later))) => colocation(random, id, &earlier, &later),
        (61..=85, Some((earlier, later))) => ordering(random, id, &earlier, &later),
        (86..=93, Some(_)) => colocation_of_sets(random, id, &draft.resources),
        (94..=100, Some(_)) => ordering_of_sets(random, id, &draft.resources),
        (..=22, _) => location(random, draft, id),
        _ => location_by_rule(random, draft, id),
    }
}

/// Two resources in the order in which they were configured: constraints that all lead one way make no circle.
fn two(random: &mut Random, resources: &[Resource]) -> Option<(Resource, Resource)> {
    if resources.len() < 2 {
        return None;
    }
    let earlier = random.between(0, resources.len() - 2);
    let later = random.between(earlier + 1, resources.len() - 1);
    Some((resources[earlier].clone(), resources[later].clone()))
}

/// Some of the resources, in the order in which they were configured; two at least, if there are two.
fn some(random: &mut Random, resources: &[Resource]) -> Vec<String> {
    let first = random.between(0, resources.len().saturating_sub(2));
    let last = random.between((first + 1).min(resources.len() - 1), resources.len() - 1);
    resources[first..=last].iter().map(|resource| resource.id.clone()).collect()
}

fn location(random: &mut Random, draft: &Draft, id: &str) -> Element {
    let resource = random.choose(&draft.resources);
    let mut element = Element::new("rsc_location").with("id", id);
    match random.between(1, 10) {
        1 => element.set("rsc-pattern", "^rsc[12]$"),
        2 if !draft.sections.tags.nodes().is_empty() => element.set("rsc", "tag1"),
        3 => {
            let members = some(random, &draft.resources);
            element.push(resource_set(&format!("{id}-set"), &members));
        }
        _ => element.set("rsc", &resource.id),
    }
    if resource.promotable && element.attr("rsc") == Some(&resource.id) && random.percent(30) {
        element.set("role", "Promoted");
    }
    element.set("score", random.word(&SCORES));
    element.set("node", random.choose(&draft.all_nodes()));
    if random.percent(8) {
        element.set("resource-discovery", random.word(&["never", "exclusive", "always"]));
    }
    element
}

fn location_by_rule(random: &mut Random, draft: &Draft, id: &str) -> Element {
    let resource = random.choose(&draft.resources);
    let mut rule = Element::new("rule").with("id", format_args!("{id}-rule"));
    if random.percent(15) {
        rule.set("score-attribute", "speed");
    } else {
        rule.set("score", random.word(&SCORES));
    }
    if resource.promotable && random.percent(30) {
        rule.set("role", "Promoted");
    }
    let expression = |number: usize, attribute: &str, operation: &str| {
        Element::new("expression")
            .with("id", format_args!("{id}-expression{number}"))
            .with("attribute", attribute)
            .with("operation", operation)
    };
    match random.between(1, 5) {
        1 => rule.push(expression(1, "zone", "eq").with("value", "a")),
        2 => rule.push(expression(1, "zone", random.word(&["defined", "not_defined"]))),
        3 => rule.push(expression(1, "speed", "lt").with("value", 5).with("type", "number")),
        4 => {
            rule.set("boolean-op", "or");
            rule.push(expression(1, "pingd", "not_defined"));
            rule.push(expression(2, "pingd", "lte").with("value", 0).with("type", "number"));
        }
        _ => rule.push(expression(1, "#uname", "eq").with("value", random.choose(&draft.nodes))),
    }
    Element::new("rsc_location").with("id", id).with("rsc", &resource.id).with_child(rule)
}

fn colocation(random: &mut Random, id: &str, earlier: &Resource, later: &Resource) -> Element {
    let mut element = Element::new("rsc_colocation").with("id", id);
    element.set("rsc", &later.id);
    if later.promotable && random.percent(30) {
        element.set("rsc-role", "Promoted");
    }
    element.set("with-rsc", &earlier.id);
    if earlier.promotable && random.percent(60) {
        element.set("with-rsc-role", random.word(&["Promoted", "Promoted", "Unpromoted"]));
    }
    element.set("score", random.word(&["INFINITY", "INFINITY", "-INFINITY", "100", "-50"]));
    if random.percent(8) {
        element.set("node-attribute", "zone");
    }
    if random.percent(8) {
        element.set("influence", "false");
    }
    element
}

fn ordering(random: &mut Random, id: &str, earlier: &Resource, later: &Resource) -> Element {
    let mut element = Element::new("rsc_order").with("id", id).with("first", &earlier.id);
    if earlier.promotable && random.percent(50) {
        element.set("first-action", random.word(&["promote", "promote", "demote"]));
        element.set("then-action", "start");
    }
    element.set("then", &later.id);
    element.set("kind", random.word(&["Mandatory", "Mandatory", "Optional", "Serialize"]));
    if random.percent(15) && element.attr("kind") != Some("Serialize") {
        element.set("symmetrical", "false");
    }
    if random.percent(8) {
        element.set("require-all", "false");
    }
    element
}

fn colocation_of_sets(random: &mut Random, id: &str, resources: &[Resource]) -> Element {
    let mut set = resource_set(&format!("{id}-set"), &some(random, resources));
    set.set("sequential", random.percent(70));
    Element::new("rsc_colocation")
        .with("id", id)
        .with("score", random.word(&["INFINITY", "200"]))
        .with_child(set)
}

fn ordering_of_sets(random: &mut Random, id: &str, resources: &[Resource]) -> Element {
    let members = some(random, resources);
    let (first, then) = members.split_at(random.between(1, members.len()));
    let mut element = Element::new("rsc_order").with("id", id).with("kind", "Mandatory");
    for (number, members) in [(1, first), (2, then)] {
        if members.is_empty() {
            continue;
        }
        let mut set = resource_set(&format!("{id}-set{number}"), members);
        let sequential = random.percent(60);
        set.set("sequential", sequential);
        if !sequential && random.percent(20) {
            set.set("require-all", "false");
        }
        element.push(set);
    }
    element
}

fn with_ticket(random: &mut Random, ticket: &str, resource: &Resource) -> Element {
    let mut element = Element::new("rsc_ticket")
        .with("id", format_args!("{ticket}-{}", resource.id))
        .with("rsc", &resource.id);
    if resource.promotable && random.percent(60) {
        element.set("rsc-role", "Promoted");
    }
    element.set("ticket", ticket);
    if random.percent(60) {
        element.set("loss-policy", random.word(&["stop", "demote", "freeze", "fence"]));
    }
    element
}

/// Lets most resources run somewhere in a cluster where they may run nowhere by default.
fn opt_in(random: &mut Random, draft: &mut Draft) {
    let mut ids: Vec<_> = draft.resources.iter().map(|resource| resource.id.clone()).collect();
    let devices = draft.sections.resources.children_named("primitive").filter_map(Element::id);
    ids.extend(devices.filter(|id| id.starts_with("fencing")).map(str::to_owned));
    for id in ids {
        for (number, node) in draft.all_nodes().iter().enumerate() {
            if random.percent(60) {
                let constraint = Element::new("rsc_location")
                    .with("id", format_args!("in-{id}-{number}"))
                    .with("rsc", &id)
                    .with("node", node)
                    .with("score", random.word(&["0", "10", "100"]));
                draft.sections.constraints.push(constraint);
            }
        }
    }
}

fn tag(random: &mut Random, draft: &mut Draft) {
    let members = some(random, &draft.resources);
    let members = members.iter().map(|id| Element::new("obj_ref").with("id", id));
    draft.sections.tags.push(Element::new("tag").with("id", "tag1").with_children(members));
}
