use xml::{Element, Node};

/// Name, type, default and what it is about.
type Described = (&'static str, &'static str, Option<&'static str>, &'static str);

/// The cluster options that this daemon reads or writes.
const OPTIONS: &[Described] = &[
    ("dc-version", "string", Some("none"), "The version on the DC. Set by the cluster"),
    (
        "cluster-infrastructure",
        "string",
        Some("corosync"),
        "The messaging layer in use. Set by the cluster",
    ),
    ("cluster-name", "string", None, "A name for the cluster, for people, agents and rules"),
    (
        "dc-deadtime",
        "time",
        Some("20s"),
        "How long a starting node waits for a DC before it calls an election. Nodes that see every \
         configured node do not wait that long",
    ),
    (
        "cluster-recheck-interval",
        "time",
        Some("15min"),
        "How often the cluster's state is looked at without cause, for rules that depend on time; 0 \
         for never",
    ),
    (
        "load-threshold",
        "percentage",
        Some("80%"),
        "The share of the processors above which a node starts fewer actions at once. Other values than \
         80% are not implemented yet",
    ),
    (
        "node-action-limit",
        "integer",
        Some("0"),
        "How many actions a node carries out at once; 0 for twice its processors",
    ),
    (
        "fence-reaction",
        "string",
        Some("stop"),
        "What a node does that hears of its own fencing: stop the cluster there, or panic and reboot",
    ),
    (
        "election-timeout",
        "time",
        Some("2min"),
        "How long peers that do not answer delay an election",
    ),
    (
        "shutdown-escalation",
        "time",
        Some("20min"),
        "How long an orderly shutdown may take before the node leaves anyway",
    ),
    (
        "join-integration-timeout",
        "time",
        Some("3min"),
        "How long nodes may take to answer an offer to join",
    ),
    (
        "join-finalization-timeout",
        "time",
        Some("30min"),
        "How long nodes may take to confirm that they joined",
    ),
    (
        "transition-delay",
        "time",
        Some("0s"),
        "How long the cluster must be quiet before a new plan is made",
    ),
    (
        "stonith-watchdog-timeout",
        "time",
        Some("0"),
        "How long until a lost node counts as fenced by its own watchdog. Not implemented yet",
    ),
    (
        "stonith-max-attempts",
        "integer",
        Some("10"),
        "How often fencing of a node may fail before the cluster stops trying for now",
    ),
    (
        "no-quorum-policy",
        "select",
        Some("stop"),
        "What a partition without quorum does: stop, freeze, ignore, demote or suicide",
    ),
    (
        "shutdown-lock",
        "boolean",
        Some("false"),
        "Whether resources wait for a node that was shut down in good order",
    ),
    (
        "shutdown-lock-limit",
        "time",
        Some("0"),
        "How long resources wait for a node that was shut down; 0 for ever",
    ),
];

/// The options in the form in which agents describe themselves.
pub(crate) fn text() -> String {
    let words = |name: &str, text: &str| {
        let mut element = Element::new(name).with("lang", "en");
        element.push(Node::Text(text.into()));
        element
    };
    let parameters = OPTIONS.iter().map(|(name, kind, default, about)| {
        let content =
            Element::new("content").with("type", kind).with_some("default", default.as_ref());
        Element::new("parameter")
            .with("name", name)
            .with_child(words("longdesc", about))
            .with_child(words("shortdesc", about))
            .with_child(content)
    });
    let mut version = Element::new("version");
    version.push(Node::Text("1.1".into()));
    let agent = Element::new("resource-agent")
        .with("name", crate::NAME)
        .with("version", vocab::PRODUCT_VERSION)
        .with_child(version)
        .with_child(words("longdesc", "Cluster options that the controller reads"))
        .with_child(words("shortdesc", "Options of the controller"))
        .with_child(Element::new("parameters").with_children(parameters));
    format!("<?xml version=\"1.0\"?>\n{}", agent.to_pretty())
}
