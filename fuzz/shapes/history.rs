//! A status section, at random.

use xml::Element;

use crate::{
    cib::pair,
    mutate::{Chance, NODES, RESOURCES},
};

const KNOWN: [&str; 16] = [
    "a",
    "b",
    "c",
    "d",
    "g1",
    "g2",
    "cl1",
    "cl1:0",
    "cl1:5",
    "pr1",
    "pr1:1",
    "bu1:0",
    "gone",
    "bu-docker-0",
    "bu-0",
    "remote1",
];
const TASKS: [&str; 10] = [
    "start",
    "stop",
    "monitor",
    "monitor",
    "promote",
    "demote",
    "migrate_to",
    "migrate_from",
    "notify",
    "reload",
];
const PLAN: &str = "8b2d4c2e-0000-4000-8000-000000000000";

/// Something that happened: a node's state, and results of operations.
pub(crate) fn history(cib: &mut Element, chance: &mut Chance) {
    let node = chance.pick(&NODES);
    let status = cib.child_or_new("status");
    let there = status.elements_mut().any(|state| state.id() == Some(node));
    if !there {
        status.push(node_state(node, chance));
    }
    let Some(state) = status.elements_mut().find(|state| state.id() == Some(node)) else { return };
    if chance.one_in(3) {
        attribute(state, node, chance);
    } else {
        operation(state, node, chance);
    }
}

fn node_state(node: &str, chance: &mut Chance) -> Element {
    Element::new("node_state")
        .with("id", node)
        .with("uname", node)
        .with("in_ccm", chance.pick(&["true", "true", "true", "false", "1700000000", "0"]))
        .with("crmd", chance.pick(&["online", "online", "offline", "1700000000"]))
        .with("join", chance.pick(&["member", "member", "down", "banned"]))
        .with("expected", chance.pick(&["member", "down"]))
}

fn attribute(state: &mut Element, node: &str, chance: &mut Chance) {
    let attributes = state.child_or_new("transient_attributes");
    attributes.set("id", node);
    let resource = chance.pick(&RESOURCES);
    let name = match chance.below(6) {
        0 => format!("fail-count-{resource}#monitor_10000"),
        1 => format!("last-failure-{resource}#monitor_10000"),
        2 => format!("master-{resource}"),
        3 => "shutdown".to_owned(),
        4 => "#health-x".to_owned(),
        _ => chance
            .pick(&["standby", "terminate", "maintenance", "probe_complete", "#node-unfenced"])
            .to_owned(),
    };
    let value = chance.pick(&["1", "true", "INFINITY", "red", "1699999999", "100"]);
    let pair = pair(&format!("status-{}", chance.below(1000)), &name, value);
    attributes.child_or_new("instance_attributes").push(pair);
}

fn operation(state: &mut Element, node: &str, chance: &mut Chance) {
    let resource = chance.pick(&KNOWN);
    let resources = state.child_or_new("lrm");
    resources.set("id", node);
    let resources = resources.child_or_new("lrm_resources");
    if !resources.elements_mut().any(|entry| entry.id() == Some(resource)) {
        let entry = Element::new("lrm_resource")
            .with("id", resource)
            .with("class", "ocf")
            .with("provider", "pacemaker");
        resources.push(entry.with("type", chance.pick(&["Dummy", "Stateful", "remote"])));
    }
    if let Some(entry) = resources.elements_mut().find(|entry| entry.id() == Some(resource)) {
        entry.push(result(resource, node, chance));
    }
}

fn result(resource: &str, node: &str, chance: &mut Chance) -> Element {
    let task = chance.pick(&TASKS);
    let interval = if task == "monitor" { chance.pick(&["0", "10000"]) } else { "0" };
    let code = chance.pick(&["0", "0", "0", "1", "7", "5", "8", "9", "193", "190", "-1"]);
    let call = chance.below(40);
    let name = chance.pick(&["last_0", "last_failure_0", task]);
    let expected = chance.pick(&["0", "7", "8"]);
    let status = chance.pick(&["0", "2", "4", "-1"]);
    Element::new("lrm_rsc_op")
        .with("id", format_args!("{resource}_{name}_{interval}"))
        .with("operation_key", format_args!("{resource}_{task}_{interval}"))
        .with("operation", task)
        .with("crm-debug-origin", "x")
        .with("crm_feature_set", chance.pick(&["3.19.7", "3.0.14", "1.0", "x"]))
        .with("transition-key", format_args!("{call}:1:{expected}:{PLAN}"))
        .with("transition-magic", format_args!("{status}:{code};{call}:1:0:{PLAN}"))
        .with("on_node", node)
        .with("call-id", chance.pick(&["1", "2", "3", "30", "-1", "x"]))
        .with("rc-code", code)
        .with("op-status", chance.pick(&["0", "0", "4", "2", "-1", "7", "14"]))
        .with("interval", interval)
        .with("last-rc-change", chance.pick(&["1699999000", "1699999990", "0", "1800000000"]))
        .with("exec-time", "10")
        .with("op-digest", "f2317cad3d54cec5d7d7aa7d0bf35cf8")
        .with("migrate_source", chance.pick(&NODES))
        .with("migrate_target", chance.pick(&NODES))
}
