use super::{
    draft::Draft,
    numbers::Random,
    pieces::{Values, set_value},
};
use xml::Element;

/// Draws the cluster options and the defaults of resources and operations.
pub(super) fn draw(draft: &mut Draft) {
    let random = &mut Random::stream(draft.seed, "options");
    draft.fencing = random.percent(55);
    draft.weighs = random.percent(20);
    draft.health = random.percent(12);
    let mut options = Values::default();
    if !draft.fencing {
        options.set("stonith-enabled", false);
    } else if random.percent(50) {
        options.set("stonith-enabled", true);
    }
    cluster(random, &mut options);
    if draft.fencing {
        fencing(random, &mut options);
    }
    if draft.weighs {
        let strategies = ["utilization", "minimal", "balanced", "default"];
        options.set("placement-strategy", random.word(&strategies));
    }
    if draft.health {
        health(random, &mut options);
    }
    draft.options = options;
    defaults(random, draft);
}

fn cluster(random: &mut Random, options: &mut Values) {
    if random.percent(60) {
        let policies = ["stop", "freeze", "ignore", "demote", "suicide"];
        options.set("no-quorum-policy", random.word(&policies));
    }
    // Each with how many of a hundred clusters have it, and the value.
    for (name, cases, value) in [
        ("symmetric-cluster", 10, "false"),
        ("maintenance-mode", 3, "true"),
        ("stop-all-resources", 2, "true"),
        ("start-failure-is-fatal", 25, "false"),
        ("shutdown-lock", 8, "true"),
        ("stop-orphan-resources", 4, "false"),
        ("stop-orphan-actions", 4, "false"),
        ("enable-startup-probes", 3, "false"),
        ("batch-limit", 10, "5"),
        ("migration-limit", 10, "1"),
    ] {
        if random.percent(cases) {
            options.set(name, value);
        }
    }
}

fn fencing(random: &mut Random, options: &mut Values) {
    for (name, cases, value) in [
        ("stonith-action", 20, "off"),
        ("startup-fencing", 10, "false"),
        ("concurrent-fencing", 10, "false"),
        ("priority-fencing-delay", 10, "15s"),
        ("have-watchdog", 10, "true"),
        ("stonith-watchdog-timeout", 5, "10"),
    ] {
        if random.percent(cases) {
            options.set(name, value);
        }
    }
}

fn health(random: &mut Random, options: &mut Values) {
    let strategies = ["migrate-on-red", "only-green", "progressive", "custom"];
    options.set("node-health-strategy", random.word(&strategies));
    for (name, value) in [
        ("node-health-base", "10"),
        ("node-health-green", "5"),
        ("node-health-yellow", "-10"),
        ("node-health-red", "-100"),
    ] {
        if random.percent(30) {
            options.set(name, value);
        }
    }
}

fn defaults(random: &mut Random, draft: &mut Draft) {
    for (name, cases, values) in [
        ("resource-stickiness", 40, ["1", "100", "INFINITY"]),
        ("migration-threshold", 30, ["1", "3", "5"]),
        ("failure-timeout", 20, ["60s", "10min", "2h"]),
        ("priority", 5, ["1", "5", "10"]),
    ] {
        if random.percent(cases) {
            draft.resource_defaults.set(name, random.word(&values));
        }
    }
    if random.percent(30) {
        draft.operation_defaults.set("timeout", "45s");
    }
}

/// Draws the cluster nodes.
pub(super) fn nodes(draft: &mut Draft) {
    let random = &mut Random::stream(draft.seed, "nodes");
    for number in 1..=*random.choose(&[1, 2, 2, 3, 3, 3, 4, 5, 6]) {
        let name = format!("node{number}");
        let mut node = Element::new("node").with("id", number).with("uname", &name);
        if random.percent(50) {
            set_node_value(
                &mut node,
                number,
                "instance_attributes",
                "zone",
                random.word(&["a", "b"]),
            );
        }
        if random.percent(30) {
            let speed = random.between(1, 9);
            set_node_value(&mut node, number, "instance_attributes", "speed", &speed.to_string());
        }
        if draft.weighs {
            let memory = random.between(2, 8);
            set_node_value(&mut node, number, "utilization", "memory", &memory.to_string());
            set_node_value(&mut node, number, "utilization", "cpu", "4");
        }
        draft.sections.nodes.push(node);
        draft.nodes.push(name);
    }
    if random.percent(12) {
        draft.tickets = vec!["ticketA".to_owned()];
        if random.percent(30) {
            draft.tickets.push("ticketB".to_owned());
        }
    }
}

/// Sets a value of a node. Ids of nodes are numbers, which no id of a set may begin with.
pub(super) fn set_node_value(
    node: &mut Element,
    number: usize,
    kind: &str,
    name: &str,
    value: &str,
) {
    let set = node.child_or_new(kind);
    if set.id().is_none() {
        set.set("id", format_args!("nodes-{number}-{kind}"));
    }
    set_value(node, kind, name, value);
}
