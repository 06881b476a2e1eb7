//! What becomes of old names.

use xml::Element;

use crate::upgrade::{Event, Severity, note::Note};

/// What becomes of a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Replacement {
    what: &'static str,
    /// The new name; empty if there is none.
    pub(super) with: &'static str,
    /// Where it moves to.
    pub(super) moves_to: Option<Place>,
    case: Case,
    /// The new value, if it is not the old.
    pub(super) value: Option<&'static str>,
    remark: Option<&'static str>,
    severity: Option<Severity>,
}

/// Where something moves to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    OpDefaults,
    RscDefaults,
    /// From an operation to its resource.
    Resource,
    /// From an operation's parameters to its resource.
    ResourceFromParameters,
    /// From an operation's parameters to how the cluster treats it.
    Operation,
}

/// When a replacement is the one to take. For operations it is the operation's name that counts, else the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    /// When no other is.
    Otherwise,
    /// When it is one of these.
    OneOf(&'static [&'static str]),
    /// When it begins with this, which then goes, and has no comma.
    Prefix(&'static str),
}

/// The replacements of one kind of thing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    /// How what is said of them begins.
    label: &'static str,
    rows: &'static [Replacement],
}

impl Table {
    /// What becomes of a name, in the case that decides.
    pub(super) fn find(&self, name: &str, case: &str) -> Option<&'static Replacement> {
        let mut rows = self.rows.iter().filter(|row| row.what == name);
        let particular = rows.clone().find(|row| match row.case {
            Case::Otherwise => false,
            Case::OneOf(cases) => cases.contains(&case),
            Case::Prefix(prefix) => case.starts_with(prefix) && !case.contains(','),
        });
        particular.or_else(|| rows.find(|row| row.case == Case::Otherwise))
    }

    /// Says what becomes of something.
    pub(super) fn say(&self, row: &Replacement, of: &str, events: &mut Vec<Event>) {
        let severity = row.severity.unwrap_or(match row.remark {
            Some(_) => Severity::Info,
            None => Severity::Debug,
        });
        let mut text = format!("{}: {of}: ", self.label);
        if row.with.is_empty() {
            text.push_str(&format!("dropping {}", row.what));
        } else {
            match row.moves_to {
                Some(place) => {
                    text.push_str(&format!("moving {} under {}", row.what, place.name()));
                }
                None if row.with == row.what => text.push_str(&format!("keeping {}", row.what)),
                None => text.push_str(&format!("renaming {}", row.what)),
            }
            text.push_str(&format!(" as {}", row.with));
            if row.moves_to.is_some() {
                text.push_str(" unless already defined there");
            }
        }
        if let Some(value) = row.value {
            let comma = if matches!(row.case, Case::OneOf(_)) { "," } else { "" };
            text.push_str(&format!(", redefined as {value}{comma}"));
        }
        match row.case {
            Case::Otherwise => {}
            Case::OneOf(cases) => text.push_str(&format!(" for matching {}", cases.join("|"))),
            Case::Prefix(prefix) => text.push_str(&format!(
                " for matching {prefix} prefix that will, meanwhile, get dropped"
            )),
        }
        events.push(Event::Note(Note { severity, text }));
        if let Some(remark) = row.remark {
            let text = format!("{}: ... {remark}", self.label);
            events.push(Event::Note(Note { severity, text }));
        }
    }
}

impl Replacement {
    /// The pair with its new name and value.
    pub(super) fn apply(&self, pair: &Element) -> Element {
        let mut new = pair.clone();
        new.nodes_mut().clear();
        new.set("name", self.with);
        if let Some(value) = self.value.filter(|_| pair.attr("value").is_some()) {
            new.set("value", value);
        }
        if let Case::Prefix(prefix) = self.case
            && let Some(value) = pair.attr("value").and_then(|value| value.strip_prefix(prefix))
        {
            new.set("value", value);
        }
        new
    }

    /// Whether the name stays where it is, perhaps as another.
    pub(super) const fn stays(&self) -> bool {
        !self.with.is_empty() && self.moves_to.is_none()
    }
}

impl Place {
    const fn name(self) -> &'static str {
        match self {
            Self::OpDefaults => "op_defaults",
            Self::RscDefaults => "rsc_defaults",
            Self::Resource | Self::Operation => "meta_attributes",
            Self::ResourceFromParameters => "per-resource-meta_attributes",
        }
    }
}

const fn rename(what: &'static str, with: &'static str) -> Replacement {
    Replacement {
        what,
        with,
        moves_to: None,
        case: Case::Otherwise,
        value: None,
        remark: None,
        severity: None,
    }
}

const fn drop(what: &'static str, remark: &'static str) -> Replacement {
    Replacement { remark: Some(remark), ..rename(what, "") }
}

const fn shift(what: &'static str, with: &'static str, to: Place) -> Replacement {
    Replacement { moves_to: Some(to), ..rename(what, with) }
}

impl Replacement {
    const fn case(self, cases: &'static [&'static str]) -> Self {
        Self { case: Case::OneOf(cases), ..self }
    }

    const fn valued(self, value: &'static str) -> Self {
        Self { value: Some(value), ..self }
    }
}

const THRESHOLD_DEFAULT: &str = "migration-threshold in rsc_defaults can be configured instead";
const THRESHOLD: &str = "migration-threshold can be configured instead";
const ALERTS: &str = "standalone alerts can be configured instead";
const ONLY_START: &str = "only start/promote operation taken into account";
const NEVER: &str = "was actually never in effect";

/// Cluster options, by value.
pub(super) const OPTIONS: Table = Table {
    label: "Cluster properties",
    rows: &[
        drop(
            "cluster-infrastructure",
            "corosync (2+) infrastructure can be used instead, though the value is not of significance",
        )
        .case(&["heartbeat", "openais", "classic openais", "classic openais (with plugin)", "cman"]),
        rename("cluster_recheck_interval", "cluster-recheck-interval"),
        rename("dc_deadtime", "dc-deadtime"),
        shift("default-action-timeout", "timeout", Place::OpDefaults),
        shift("default_action_timeout", "timeout", Place::OpDefaults),
        drop("default-migration-threshold", THRESHOLD_DEFAULT),
        drop("default_migration_threshold", THRESHOLD_DEFAULT),
        shift("default-resource-stickiness", "resource-stickiness", Place::RscDefaults),
        shift("default_resource_stickiness", "resource-stickiness", Place::RscDefaults),
        shift("default-resource-failure-stickiness", "migration-threshold", Place::RscDefaults)
            .case(&["-INFINITY"])
            .valued("1"),
        drop("default-resource-failure-stickiness", THRESHOLD_DEFAULT),
        shift("default_resource_failure_stickiness", "migration-threshold", Place::RscDefaults)
            .case(&["-INFINITY"])
            .valued("1"),
        drop("default_resource_failure_stickiness", THRESHOLD_DEFAULT),
        rename("election_timeout", "election-timeout"),
        drop("expected-quorum-votes", "corosync (2+) infrastructure tracks quorum on its own"),
        shift("is-managed-default", "is-managed", Place::RscDefaults),
        shift("is_managed_default", "is-managed", Place::RscDefaults),
        rename("no_quorum_policy", "no-quorum-policy"),
        drop("notification-agent", ALERTS),
        drop("notification-recipient", ALERTS),
        rename("remove_after_stop", "remove-after-stop"),
        rename("shutdown_escalation", "shutdown-escalation"),
        rename("startup_fencing", "startup-fencing"),
        rename("stonith_action", "stonith-action"),
        rename("stonith_enabled", "stonith-enabled"),
        rename("stop_orphan_actions", "stop-orphan-actions"),
        rename("stop_orphan_resources", "stop-orphan-resources"),
        rename("symmetric_cluster", "symmetric-cluster"),
        rename("transition_idle_timeout", "cluster-delay"),
    ],
};

/// Attributes of nodes, by value.
pub(super) const NODES: Table = Table {
    label: "Cluster node",
    rows: &[rename("type", "type").case(&["normal"]).valued("member")],
};

/// Parameters of resources, by value.
pub(super) const PARAMETERS: Table = Table {
    label: "Resource instance_attributes",
    rows: &[
        rename("pcmk_arg_map", ""),
        Replacement { case: Case::Prefix("port:"), ..rename("pcmk_arg_map", "pcmk_host_argument") },
        rename("pcmk_list_cmd", "pcmk_list_action"),
        rename("pcmk_monitor_cmd", "pcmk_monitor_action"),
        rename("pcmk_off_cmd", "pcmk_off_action"),
        rename("pcmk_on_cmd", "pcmk_on_action"),
        rename("pcmk_reboot_cmd", "pcmk_reboot_action"),
        rename("pcmk_status_cmd", "pcmk_status_action"),
    ],
};

const fn isolation(what: &'static str) -> Replacement {
    Replacement {
        value: Some("Stopped"),
        severity: Some(Severity::Warning),
        remark: Some(
            "i.e. resource at hand disabled; isolation wrappers obsoleted with bundle resources",
        ),
        ..rename(what, "target-role")
    }
}

/// How the cluster treats resources, by value.
pub(super) const RESOURCES: Table = Table {
    label: "Resource meta_attributes",
    rows: &[
        isolation("isolation"),
        isolation("isolation-host"),
        isolation("isolation-instance"),
        isolation("isolation-wrapper"),
        rename("resource-failure-stickiness", "migration-threshold")
            .case(&["-INFINITY"])
            .valued("1"),
        drop("resource-failure-stickiness", THRESHOLD),
        rename("resource_failure_stickiness", "migration-threshold")
            .case(&["-INFINITY"])
            .valued("1"),
        drop("resource_failure_stickiness", THRESHOLD),
    ],
};

/// Attributes of operations and how the cluster treats them, by the operation's name.
pub(super) const OPERATIONS: Table = Table {
    label: "Resources-operation",
    rows: &[
        drop("requires", ONLY_START),
        shift("requires", "requires", Place::Resource).case(&["start", "promote"]),
    ],
};

/// Parameters of operations, by the operation's name.
pub(super) const OPERATION_PARAMETERS: Table = Table {
    label: "Resources-operation instance_attributes",
    rows: &[
        drop("requires", ONLY_START),
        shift("requires", "requires", Place::ResourceFromParameters).case(&["start", "promote"]),
        shift("interval-origin", "interval-origin", Place::Operation),
        shift("start-delay", "start-delay", Place::Operation),
        shift("enabled", "enabled", Place::Operation),
        shift("on-fail", "on-fail", Place::Operation),
        shift("record-pending", "record-pending", Place::Operation),
        shift("role", "role", Place::Operation),
        shift("timeout", "timeout", Place::Operation),
    ],
};

/// Attributes of colocations.
pub(super) const COLOCATIONS: Table = Table {
    label: "Constraints-colocation",
    rows: &[drop("score-attribute", NEVER), drop("score-attribute-mangle", NEVER)],
};
