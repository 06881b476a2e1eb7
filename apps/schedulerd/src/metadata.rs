use xml::{Element, Node};

/// An option: name, type, default, what it is for.
type Row = (&'static str, &'static str, &'static str, &'static str);

const OPTIONS: &[Row] = &[
    ("no-quorum-policy", "select", "stop", "What to do when the cluster does not have quorum"),
    (
        "shutdown-lock",
        "boolean",
        "false",
        "Whether resources wait for a node that was shut down cleanly",
    ),
    (
        "shutdown-lock-limit",
        "time",
        "0",
        "How long resources wait for a node that was shut down; 0 means for ever",
    ),
    ("symmetric-cluster", "boolean", "true", "Whether resources can run on any node by default"),
    (
        "maintenance-mode",
        "boolean",
        "false",
        "Whether the cluster should refrain from monitoring, starting, and stopping resources",
    ),
    (
        "start-failure-is-fatal",
        "boolean",
        "true",
        "Whether a start failure should prevent a resource from being recovered on the same node",
    ),
    (
        "enable-startup-probes",
        "boolean",
        "true",
        "Whether the cluster should check for active resources during start-up",
    ),
    ("stonith-enabled", "boolean", "true", "Whether nodes may be fenced as part of recovery"),
    (
        "stonith-action",
        "select",
        "reboot",
        "Action to send to fence device when a node needs to be fenced",
    ),
    ("stonith-timeout", "time", "60s", "How long to wait for fencing actions to complete"),
    (
        "have-watchdog",
        "boolean",
        "false",
        "Whether watchdog integration is enabled; set by the cluster",
    ),
    (
        "concurrent-fencing",
        "boolean",
        "true",
        "Whether several nodes may be fenced at the same time",
    ),
    ("startup-fencing", "boolean", "true", "Whether to fence nodes that have not been seen"),
    (
        "priority-fencing-delay",
        "time",
        "0",
        "Delay for fencing of the node with the more important resources",
    ),
    (
        "cluster-delay",
        "time",
        "60s",
        "Extra time for the result of an action on another node to come back",
    ),
    (
        "batch-limit",
        "integer",
        "0",
        "How many actions may be under way at once; 0 leaves it to the cluster",
    ),
    (
        "migration-limit",
        "integer",
        "-1",
        "How many migrations may be under way at once on a node; -1 means any number",
    ),
    (
        "stop-all-resources",
        "boolean",
        "false",
        "Whether the cluster should stop all active resources",
    ),
    (
        "stop-orphan-resources",
        "boolean",
        "true",
        "Whether to stop resources that were removed from the configuration",
    ),
    (
        "stop-orphan-actions",
        "boolean",
        "true",
        "Whether to cancel recurring actions removed from the configuration",
    ),
    (
        "pe-error-series-max",
        "integer",
        "-1",
        "How many inputs of plans with errors are saved; -1 means all",
    ),
    (
        "pe-warn-series-max",
        "integer",
        "5000",
        "How many inputs of plans with warnings are saved; -1 means all",
    ),
    (
        "pe-input-series-max",
        "integer",
        "4000",
        "How many inputs of other plans are saved; -1 means all",
    ),
    ("node-health-strategy", "select", "none", "How the cluster reacts to node health attributes"),
    (
        "node-health-base",
        "integer",
        "0",
        "Base health score of a node, for the strategy progressive",
    ),
    ("node-health-green", "integer", "0", "The score of the health value green"),
    ("node-health-yellow", "integer", "0", "The score of the health value yellow"),
    ("node-health-red", "integer", "-INFINITY", "The score of the health value red"),
    (
        "placement-strategy",
        "select",
        "default",
        "How free capacity counts in the placement of resources",
    ),
];

/// What options with a fixed list of values may be.
const CHOICES: &[(&str, &[&str])] = &[
    ("no-quorum-policy", &["stop", "freeze", "ignore", "demote", "suicide"]),
    ("stonith-action", &["reboot", "off", "poweroff"]),
    ("node-health-strategy", &["none", "migrate-on-red", "only-green", "progressive", "custom"]),
    ("placement-strategy", &["default", "utilization", "minimal", "balanced"]),
];

/// The cluster options that this daemon reads, described as agents describe their parameters.
pub(crate) fn text() -> String {
    let parameters = Element::new("parameters").with_children(OPTIONS.iter().map(parameter));
    let mut version = Element::new("version");
    version.push(Node::Text("1.1".into()));
    let agent = Element::new("resource-agent")
        .with("name", crate::NAME)
        .with("version", vocab::PRODUCT_VERSION)
        .with_child(version)
        .with_child(described("longdesc", "Cluster options used by the scheduler"))
        .with_child(described("shortdesc", "Options of the scheduler"))
        .with_child(parameters);
    format!("<?xml version=\"1.0\"?>\n{}", agent.to_pretty())
}

fn parameter(&(name, kind, default, about): &Row) -> Element {
    let mut content = Element::new("content").with("type", kind).with("default", default);
    if let Some((_, values)) = CHOICES.iter().find(|(option, _)| *option == name) {
        for value in *values {
            content.push(Element::new("option").with("value", value));
        }
    }
    Element::new("parameter")
        .with("name", name)
        .with_child(described("longdesc", about))
        .with_child(described("shortdesc", about))
        .with_child(content)
}

fn described(element: &str, text: &str) -> Element {
    let mut description = Element::new(element).with("lang", "en");
    description.push(Node::Text(text.into()));
    description
}
