//! Parts of a configuration, at random.

use xml::Element;

use crate::mutate::{Chance, META, NODES, RESOURCES, VALUES};

pub(crate) fn set(kind: &str, names: &[&str], n: usize, chance: &mut Chance) -> Element {
    let mut set = Element::new(kind).with("id", format_args!("s{n}"));
    for i in 0..=chance.below(3) {
        let (name, value) = (chance.pick(names), chance.pick(&VALUES));
        set.push(pair(&format!("s{n}-{i}"), name, value));
    }
    if chance.one_in(4) {
        set.push(rule(n, chance));
    }
    set
}

pub(crate) fn pair(id: &str, name: &str, value: &str) -> Element {
    Element::new("nvpair").with("id", id).with("name", name).with("value", value)
}

pub(crate) fn rule(n: usize, chance: &mut Chance) -> Element {
    let mut rule = Element::new("rule")
        .with("id", format_args!("r{n}"))
        .with("score", chance.pick(&["1", "-INFINITY", "100", "x"]))
        .with("boolean-op", chance.pick(&["and", "or"]));
    for i in 0..=chance.below(2) {
        rule.push(match chance.below(4) {
            0 => Element::new("date_expression")
                .with("id", format_args!("r{n}-d{i}"))
                .with("operation", chance.pick(&["in_range", "gt", "lt", "date_spec"]))
                .with(
                    "start",
                    chance.pick(&[
                        "2023-11-14",
                        "2005-020",
                        "99999-01-01",
                        "-1",
                        "2024-02-30T25:61Z",
                    ]),
                )
                .with_child(
                    Element::new(chance.pick(&["duration", "date_spec"]))
                        .with("id", format_args!("r{n}-s{i}"))
                        .with(
                            chance.pick(&["hours", "months", "years", "weekdays", "seconds"]),
                            chance.pick(&VALUES),
                        ),
                ),
            1 => Element::new("rsc_expression")
                .with("id", format_args!("r{n}-r{i}"))
                .with("class", "ocf"),
            2 => Element::new("op_expression")
                .with("id", format_args!("r{n}-o{i}"))
                .with("name", "monitor"),
            _ => Element::new("expression")
                .with("id", format_args!("r{n}-e{i}"))
                .with(
                    "attribute",
                    chance.pick(&["#uname", "#kind", "#id", "x", "standby", "#role"]),
                )
                .with(
                    "operation",
                    chance.pick(&["eq", "ne", "lt", "gte", "defined", "not_defined"]),
                )
                .with("value", chance.pick(&VALUES)),
        });
    }
    rule
}

pub(crate) fn location(n: usize, chance: &mut Chance) -> Element {
    let mut location = Element::new("rsc_location")
        .with("id", format_args!("l{n}"))
        .with("rsc", chance.pick(&RESOURCES));
    if chance.one_in(3) {
        location.push(rule(n, chance));
    } else {
        location.set("node", chance.pick(&NODES));
        location.set("score", chance.pick(&["0", "100", "INFINITY", "-INFINITY", "-5"]));
    }
    location
}

pub(crate) fn resource_sets(element: &mut Element, n: usize, chance: &mut Chance) {
    for i in 0..=chance.below(2) {
        let mut set = Element::new("resource_set")
            .with("id", format_args!("c{n}-{i}"))
            .with("sequential", chance.pick(&["true", "false"]))
            .with("require-all", chance.pick(&["true", "false"]));
        if chance.one_in(3) {
            set.set("action", chance.pick(&["start", "stop", "promote", "demote"]));
            set.set("role", chance.pick(&["Started", "Promoted", "Stopped", "Unpromoted"]));
        }
        for _ in 0..=chance.below(3) {
            set.push(Element::new("resource_ref").with("id", chance.pick(&RESOURCES)));
        }
        element.push(set);
    }
}

pub(crate) fn colocation(n: usize, chance: &mut Chance) -> Element {
    let mut colocation = Element::new("rsc_colocation")
        .with("id", format_args!("k{n}"))
        .with("score", chance.pick(&["INFINITY", "-INFINITY", "10", "-10", "0"]));
    if chance.one_in(3) {
        resource_sets(&mut colocation, n, chance);
        return colocation;
    }
    colocation.set("rsc", chance.pick(&RESOURCES));
    colocation.set("with-rsc", chance.pick(&RESOURCES));
    if chance.one_in(3) {
        colocation.set("with-rsc-role", chance.pick(&["Promoted", "Unpromoted", "Stopped"]));
    }
    colocation
}

pub(crate) fn order(n: usize, chance: &mut Chance) -> Element {
    let mut order = Element::new("rsc_order")
        .with("id", format_args!("o{n}"))
        .with("kind", chance.pick(&["Mandatory", "Optional", "Serialize"]));
    if chance.one_in(3) {
        resource_sets(&mut order, n, chance);
        return order;
    }
    order.set("first", chance.pick(&RESOURCES));
    order.set("then", chance.pick(&RESOURCES));
    if chance.one_in(3) {
        order.set("first-action", chance.pick(&["start", "stop", "promote", "demote"]));
        order.set("then-action", chance.pick(&["start", "stop", "promote", "demote"]));
    }
    if chance.one_in(4) {
        order.set("symmetrical", "false");
        order.set("require-all", "false");
    }
    order
}

pub(crate) fn ticket(n: usize, chance: &mut Chance) -> Element {
    Element::new("rsc_ticket")
        .with("id", format_args!("t{n}"))
        .with("rsc", chance.pick(&RESOURCES))
        .with("ticket", chance.pick(&["ticketA", "ticketB"]))
        .with("loss-policy", chance.pick(&["stop", "demote", "fence", "freeze", "x"]))
}

pub(crate) fn tag(chance: &mut Chance) -> Element {
    let mut tag = Element::new("tag").with("id", chance.pick(&["tag1", "tag2", "a", "n1"]));
    for _ in 0..=chance.below(3) {
        tag.push(Element::new("obj_ref").with("id", chance.pick(&RESOURCES)));
    }
    tag
}

pub(crate) fn primitive(id: &str, chance: &mut Chance) -> Element {
    let class = chance.pick(&["ocf", "ocf", "ocf", "ocf", "systemd", "lsb", "stonith"]);
    let mut primitive = Element::new("primitive").with("id", id).with("class", class);
    if chance.one_in(8) {
        primitive.set("template", "tpl");
    }
    if class == "ocf" {
        primitive.set("provider", "pacemaker");
    }
    let kinds = ["Dummy", "Stateful", "Dummy", "remote"];
    primitive.set("type", if class == "stonith" { "fence_dummy" } else { chance.pick(&kinds) });
    if chance.one_in(2) {
        let n = chance.below(1000);
        primitive.push(set("meta_attributes", &META, n, chance));
    }
    if chance.one_in(5) {
        let names = ["cpu", "memory"];
        primitive.push(set("utilization", &names, chance.below(1000), chance));
    }
    let mut operations = Element::new("operations");
    for task in ["monitor", "monitor", "start", "stop", "promote"] {
        if chance.one_in(3) {
            operations.push(
                Element::new("op")
                    .with("id", format_args!("{id}-{task}-{}", chance.below(100)))
                    .with("name", task)
                    .with(
                        "interval",
                        if task == "monitor" {
                            chance.pick(&["10s", "11s", "0", "1000000000s", "P1Y"])
                        } else {
                            "0"
                        },
                    )
                    .with("timeout", chance.pick(&["20s", "x", "99999999999"]))
                    .with(
                        "on-fail",
                        chance.pick(&[
                            "restart",
                            "ignore",
                            "block",
                            "fence",
                            "standby",
                            "stop",
                            "demote",
                            "restart-container",
                        ]),
                    ),
            );
        }
    }
    primitive.with_child(operations)
}
