//! Changes to a CIB: to its attributes and elements, and whole parts more.

use xml::Element;

use crate::{
    cib::{colocation, location, order, pair, primitive, set, tag, ticket},
    history::history,
};

/// Random numbers that follow from a seed.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap_or(1)).unwrap_or(0)
    }

    pub(crate) fn one_in(&mut self, end: usize) -> bool {
        self.below(end) == 0
    }

    pub(crate) fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

pub(crate) const NODES: [&str; 4] = ["n1", "n2", "n3", "remote1"];

/// Ids of resources, and what constraints may name.
pub(crate) const RESOURCES: [&str; 16] = [
    "a", "b", "c", "d", "g", "g1", "g2", "cl", "cl1", "pr", "pr1", "bu", "bu1", "remote1", "tag1",
    "tpl",
];

/// Values that something is done with, and such as nobody expects.
pub(crate) const VALUES: [&str; 44] = [
    "",
    "0",
    "1",
    "2",
    "-1",
    "3",
    "100",
    "INFINITY",
    "-INFINITY",
    "1000000000",
    "99999999999999999999",
    "true",
    "false",
    "start",
    "stop",
    "promote",
    "demote",
    "Started",
    "Stopped",
    "Promoted",
    "Unpromoted",
    "Master",
    "ignore",
    "block",
    "fence",
    "restart",
    "standby",
    "restart-container",
    "stop_unexpected",
    "stop_only",
    "nothing",
    "quorum",
    "unfencing",
    "Mandatory",
    "Optional",
    "Serialize",
    "freeze",
    "utilization",
    "balanced",
    "10s",
    "PT1M",
    "1h",
    "exclusive",
    "never",
];

pub(crate) const PROPERTIES: [&str; 30] = [
    "no-quorum-policy",
    "symmetric-cluster",
    "stonith-enabled",
    "fencing-enabled",
    "maintenance-mode",
    "stop-all-resources",
    "start-failure-is-fatal",
    "enable-startup-probes",
    "stop-orphan-resources",
    "stop-orphan-actions",
    "placement-strategy",
    "node-health-strategy",
    "node-health-red",
    "shutdown-lock",
    "shutdown-lock-limit",
    "concurrent-fencing",
    "startup-fencing",
    "priority-fencing-delay",
    "node-pending-timeout",
    "have-watchdog",
    "stonith-watchdog-timeout",
    "batch-limit",
    "migration-limit",
    "cluster-delay",
    "stonith-action",
    "stonith-timeout",
    "remove-after-stop",
    "fence-remote-without-quorum",
    "dc-version",
    "cluster-recheck-interval",
];

pub(crate) const META: [&str; 34] = [
    "priority",
    "critical",
    "target-role",
    "is-managed",
    "maintenance",
    "resource-stickiness",
    "requires",
    "migration-threshold",
    "failure-timeout",
    "multiple-active",
    "allow-migrate",
    "allow-unhealthy-nodes",
    "remote-node",
    "remote-addr",
    "provides",
    "clone-max",
    "clone-node-max",
    "clone-min",
    "globally-unique",
    "notify",
    "ordered",
    "interleave",
    "promotable",
    "promoted-max",
    "promoted-node-max",
    "timeout",
    "on-fail",
    "enabled",
    "interval-origin",
    "start-delay",
    "interval",
    "role",
    "container-attribute-target",
    "restart-type",
];

/// Names of attributes of elements.
pub(crate) const ATTRIBUTES: [&str; 46] = [
    "id",
    "id-ref",
    "rsc",
    "with-rsc",
    "node",
    "score",
    "score-attribute",
    "first",
    "then",
    "first-action",
    "then-action",
    "kind",
    "symmetrical",
    "require-all",
    "sequential",
    "action",
    "role",
    "rsc-role",
    "with-rsc-role",
    "rsc-pattern",
    "resource-discovery",
    "influence",
    "node-attribute",
    "ticket",
    "loss-policy",
    "template",
    "class",
    "provider",
    "type",
    "name",
    "value",
    "operation",
    "attribute",
    "boolean-op",
    "start",
    "end",
    "replicas",
    "replicas-per-host",
    "promoted-max",
    "uname",
    "interval",
    "in_ccm",
    "crmd",
    "join",
    "expected",
    "shutdown",
];

pub(crate) const ELEMENTS: [&str; 34] = [
    "primitive",
    "group",
    "clone",
    "master",
    "bundle",
    "template",
    "docker",
    "podman",
    "network",
    "port-mapping",
    "storage",
    "storage-mapping",
    "meta_attributes",
    "instance_attributes",
    "utilization",
    "operations",
    "op",
    "nvpair",
    "rule",
    "expression",
    "date_expression",
    "date_spec",
    "duration",
    "rsc_location",
    "rsc_colocation",
    "rsc_order",
    "rsc_ticket",
    "resource_set",
    "resource_ref",
    "tag",
    "obj_ref",
    "node_state",
    "lrm_resource",
    "lrm_rsc_op",
];

pub(crate) fn mutate(cib: &mut Element, chance: &mut Chance) {
    if chance.one_in(4) {
        return add(cib, chance);
    }
    let count = cib.descendants().count().max(1);
    let target = chance.below(count);
    let donor = cib.descendants().nth(chance.below(count)).cloned();
    let mut left = target;
    let Some(element) = nth(cib, &mut left) else { return };
    match chance.below(10) {
        0..=4 => change_attribute(element, chance),
        5 => {
            let name = chance.pick(&ATTRIBUTES);
            element.remove_attr(name);
        }
        6 => {
            let at = chance.below(element.nodes().len());
            if at < element.nodes().len() {
                let removed = element.nodes_mut().remove(at);
                // Moved within its parent, or gone.
                if chance.one_in(2) {
                    element.push(removed);
                }
            }
        }
        7 => element.rename(chance.pick(&ELEMENTS)),
        8 => {
            // Elements inside of others of their kind, and ids that are there twice.
            if let Some(donor) = donor {
                element.push(donor);
            }
        }
        _ => {
            let name = chance.pick(&ELEMENTS);
            let id = chance.pick(&RESOURCES);
            element.push(Element::new(name).with("id", id));
        }
    }
}

fn nth<'a>(element: &'a mut Element, left: &mut usize) -> Option<&'a mut Element> {
    if *left == 0 {
        return Some(element);
    }
    *left -= 1;
    element.elements_mut().find_map(|child| nth(child, left))
}

fn change_attribute(element: &mut Element, chance: &mut Chance) {
    let own: Vec<String> = element.attrs().map(|(name, _)| name.to_owned()).collect();
    let name = match own.get(chance.below(own.len())) {
        Some(name) if !chance.one_in(5) => name.clone(),
        _ => chance.pick(&ATTRIBUTES).to_owned(),
    };
    let value = match chance.below(4) {
        0 => chance.pick(&RESOURCES),
        1 => chance.pick(&NODES),
        2 if name == "name" => {
            let list: &[&str] = if chance.one_in(2) { &META } else { &PROPERTIES };
            chance.pick(list)
        }
        _ => chance.pick(&VALUES),
    };
    element.set(&name, value);
}

/// Adds something whole where it belongs.
fn add(cib: &mut Element, chance: &mut Chance) {
    let n = chance.below(1000);
    let (section, element) = match chance.below(12) {
        0 => ("crm_config", set("cluster_property_set", &PROPERTIES, n, chance)),
        1 => ("rsc_defaults", set("meta_attributes", &META, n, chance)),
        2 => ("op_defaults", set("meta_attributes", &META, n, chance)),
        3 => ("constraints", location(n, chance)),
        4 => ("constraints", colocation(n, chance)),
        5 | 6 => ("constraints", order(n, chance)),
        7 => ("constraints", ticket(n, chance)),
        8 => ("tags", tag(chance)),
        9 => ("resources", primitive(chance.pick(&RESOURCES), chance)),
        _ => return history(cib, chance),
    };
    if let Some(configuration) = cib.child_mut("configuration") {
        configuration.child_or_new(section).push(element);
    }
}

/// A small CIB with one of everything, or of some things.
pub(crate) fn made_up(chance: &mut Chance) -> Element {
    let mut nodes = Element::new("nodes");
    for node in NODES.iter().take(3) {
        nodes.push(Element::new("node").with("id", node).with("uname", node));
    }
    let mut resources = Element::new("resources");
    if chance.one_in(2) {
        resources.push(
            Element::new("template")
                .with("id", "tpl")
                .with("class", "ocf")
                .with("provider", "pacemaker")
                .with("type", "Dummy"),
        );
    }
    for id in ["a", "b"] {
        resources.push(primitive(id, chance));
    }
    if chance.one_in(2) {
        let mut group = Element::new("group").with("id", "g");
        for id in ["g1", "g2"] {
            group.push(primitive(id, chance));
        }
        resources.push(group);
    }
    if chance.one_in(2) {
        let meta = set("meta_attributes", &META, 900, chance);
        resources.push(
            Element::new("clone")
                .with("id", "cl")
                .with_child(meta)
                .with_child(primitive("cl1", chance)),
        );
    }
    if chance.one_in(2) {
        let meta = Element::new("meta_attributes").with("id", "pr-meta").with_child(pair(
            "pr-promotable",
            "promotable",
            "true",
        ));
        resources.push(
            Element::new("clone")
                .with("id", "pr")
                .with_child(meta)
                .with_child(primitive("pr1", chance)),
        );
    }
    if chance.one_in(3) {
        let launcher = Element::new("docker")
            .with("image", "x")
            .with("replicas", chance.pick(&["1", "2", "3"]));
        let network = Element::new("network")
            .with("control-port", "3121")
            .with("ip-range-start", "192.0.2.1");
        let bundle =
            Element::new("bundle").with("id", "bu").with_child(launcher).with_child(network);
        resources.push(bundle.with_child(primitive("bu1", chance)));
    }
    let mut configuration = Element::new("configuration");
    for part in [Element::new("crm_config"), nodes, resources, Element::new("constraints")] {
        configuration.push(part);
    }
    let mut cib = Element::new("cib")
        .with("crm_feature_set", "3.19.7")
        .with("validate-with", "pacemaker-3.9")
        .with("have-quorum", chance.pick(&["1", "1", "0"]))
        .with("dc-uuid", "n1")
        .with_child(configuration)
        .with_child(Element::new("status"));
    for _ in 0..chance.below(12) {
        add(&mut cib, chance);
    }
    cib
}
