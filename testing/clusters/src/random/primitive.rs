use xml::Element;

use super::{
    numbers::Random,
    pieces::{Values, pair, set_value},
};

/// What a primitive is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To run alone, or in a group.
    Plain,
    /// To have any number of instances.
    Cloned,
    /// To have instances of which some are promoted.
    Promotable,
    /// To run in a container.
    Contained,
}

/// What all primitives of a cluster share.
#[derive(Clone, Debug)]
pub(super) struct Surroundings {
    /// Whether they say how much they take.
    pub(super) weighs: bool,
    /// Whether nodes are fenced.
    pub(super) fencing: bool,
    /// A template that some are made from.
    pub(super) template: Option<String>,
}

/// A primitive.
pub(super) fn primitive(
    random: &mut Random,
    id: &str,
    purpose: Purpose,
    around: &Surroundings,
) -> Element {
    let mut element = Element::new("primitive").with("id", id);
    let template = around.template.as_ref().filter(|_| purpose == Purpose::Plain);
    if let Some(template) = template.filter(|_| random.percent(40)) {
        element.set("template", template);
    } else {
        agent(random, &mut element, purpose);
    }
    if element.attr("class") == Some("ocf") {
        set_value(&mut element, "instance_attributes", "fake", id);
    }
    let meta = meta(random, purpose, around);
    element = element.with_children(meta.element("meta_attributes", &format!("{id}-meta")));
    if around.weighs && random.percent(70) {
        let mut values = Values::default();
        values.set("memory", random.between(1, 3));
        if random.percent(30) {
            values.set("cpu", random.between(1, 2));
        }
        element = element.with_children(values.element("utilization", &format!("{id}-weight")));
    }
    // What a template says about operations counts unless the primitive says something of its own.
    if element.attr("template").is_none() || random.percent(30) {
        let operations = operations(random, id, purpose, around);
        if !operations.nodes().is_empty() {
            element.push(operations);
        }
    }
    element
}

/// A template that primitives are made from.
pub(super) fn template(random: &mut Random, id: &str, around: &Surroundings) -> Element {
    let mut element = primitive(random, id, Purpose::Plain, around);
    element.rename("template");
    element
}

fn agent(random: &mut Random, element: &mut Element, purpose: Purpose) {
    let kinds: &[[&str; 3]] = match purpose {
        Purpose::Promotable => &[["ocf", "pacemaker", "Stateful"]],
        Purpose::Contained => &[["ocf", "pacemaker", "Dummy"], ["ocf", "heartbeat", "apache"]],
        Purpose::Plain | Purpose::Cloned => &[
            ["ocf", "pacemaker", "Dummy"],
            ["ocf", "pacemaker", "Dummy"],
            ["ocf", "pacemaker", "Dummy"],
            ["ocf", "heartbeat", "IPaddr2"],
            ["systemd", "", "httpd"],
            ["lsb", "", "daemon"],
        ],
    };
    let [class, provider, name] = random.choose(kinds);
    element.set("class", class);
    if !provider.is_empty() {
        element.set("provider", provider);
    }
    element.set("type", name);
}

fn meta(random: &mut Random, purpose: Purpose, around: &Surroundings) -> Values {
    let mut values = Values::default();
    for (name, cases, choices) in [
        ("priority", 8, &["1", "10", "-5"][..]),
        ("resource-stickiness", 20, &["0", "50", "200", "INFINITY", "-10"]),
        ("migration-threshold", 12, &["1", "2", "INFINITY"]),
        ("failure-timeout", 10, &["30s", "1h"]),
        ("multiple-active", 15, &["stop_start", "block", "stop_only", "stop_unexpected"]),
        ("is-managed", 3, &["false"]),
        ("maintenance", 2, &["true"]),
        ("critical", 5, &["false"]),
        ("target-role", 6, &["Stopped", "Started"]),
        ("requires", 6, &["nothing", "quorum"]),
        ("allow-unhealthy-nodes", 3, &["true"]),
    ] {
        if random.percent(cases) {
            values.set(name, random.word(choices));
        }
    }
    if purpose == Purpose::Plain && random.percent(25) {
        values.set("allow-migrate", true);
    }
    if around.fencing && random.percent(5) {
        values.set("requires", "fencing");
    }
    values
}

fn operations(random: &mut Random, id: &str, purpose: Purpose, around: &Surroundings) -> Element {
    let mut operations = Element::new("operations");
    let mut add = |name: &str, interval: &str, values: &[(&str, &str)]| {
        let mut operation = Element::new("op")
            .with("id", format_args!("{id}-{name}-{interval}"))
            .with("name", name)
            .with("interval", interval);
        for (name, value) in values {
            operation.set(name, value);
        }
        operations.push(operation);
    };
    let failing: &[&str] = if around.fencing {
        &["restart", "restart", "ignore", "block", "stop", "standby", "fence"]
    } else {
        &["restart", "restart", "ignore", "block", "stop", "standby"]
    };
    let reaction = random.percent(35).then(|| random.word(failing));
    let reaction: Vec<_> = reaction.map(|reaction| ("on-fail", reaction)).into_iter().collect();
    if purpose == Purpose::Promotable {
        let demoted = random.percent(20).then_some(("on-fail", "demote"));
        let promoted: Vec<_> =
            [Some(("role", "Promoted")), demoted].into_iter().flatten().collect();
        add("monitor", "10s", &promoted);
        add("monitor", "11s", &[("role", "Unpromoted")]);
    } else if random.percent(80) {
        add("monitor", "10s", &reaction);
    }
    if random.percent(4) && purpose == Purpose::Plain {
        add("monitor", "30s", &[("role", "Stopped")]);
    }
    if random.percent(20) {
        add("start", "0s", &[("timeout", "60s")]);
    }
    if random.percent(15) {
        let reactions: &[&str] =
            if around.fencing { &["block", "fence", "ignore"] } else { &["block", "ignore"] };
        add("stop", "0s", &[("timeout", "60s"), ("on-fail", random.word(reactions))]);
    }
    operations
}

/// A device that fences all of those nodes.
pub(super) fn fence_device(id: &str, nodes: &[String]) -> Element {
    let parameters = format!("{id}-parameters");
    Element::new("primitive")
        .with("id", id)
        .with("class", "stonith")
        .with("type", "fence_virsh")
        .with_child(Element::new("instance_attributes").with("id", &parameters).with_child(pair(
            &parameters,
            "pcmk_host_list",
            nodes.join(" "),
        )))
        .with_child(
            Element::new("operations").with_child(
                Element::new("op")
                    .with("id", format_args!("{id}-monitor-60s"))
                    .with("name", "monitor")
                    .with("interval", "60s"),
            ),
        )
}
