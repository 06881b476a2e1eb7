//! The cluster's own options.

use xml::Element;

use crate::{
    Ids, Outcome, Pairs, Refused, Report, Reports, find, is_score, nvset, quoted_list, seconds_of,
};

/// A cluster option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Property {
    /// Its name.
    pub name: &'static str,
    /// What it holds unless it is set.
    pub default: &'static str,
    /// What it can hold.
    pub values: Values,
}

/// What a cluster option can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// A truth value.
    Boolean,
    /// A whole number.
    Integer,
    /// A percentage.
    Percentage,
    /// A time.
    Time,
    /// One of some words.
    Choice(&'static [&'static str]),
    /// Set by the cluster itself.
    ReadOnly,
    /// Set by the cluster itself, and no default is known.
    ReadOnlyHidden,
}

const fn property(name: &'static str, default: &'static str, values: Values) -> Property {
    Property { name, default, values }
}

const QUORUM_POLICIES: &[&str] = &["stop", "freeze", "ignore", "demote", "suicide"];

/// All cluster options, by name.
pub const PROPERTIES: [Property; 49] = [
    property("batch-limit", "0", Values::Integer),
    property("cluster-delay", "60s", Values::Time),
    property("cluster-infrastructure", "", Values::ReadOnlyHidden),
    property("cluster-ipc-limit", "500", Values::Integer),
    property("cluster-name", "", Values::ReadOnly),
    property("cluster-recheck-interval", "15min", Values::Time),
    property("concurrent-fencing", "false", Values::Boolean),
    property("dc-deadtime", "20s", Values::Time),
    property("dc-version", "", Values::ReadOnlyHidden),
    property("election-timeout", "2min", Values::Time),
    property("enable-acl", "false", Values::Boolean),
    property("enable-startup-probes", "true", Values::Boolean),
    property("fence-reaction", "stop", Values::Choice(&["stop", "panic"])),
    property("have-watchdog", "false", Values::ReadOnly),
    property("join-finalization-timeout", "30min", Values::Time),
    property("join-integration-timeout", "3min", Values::Time),
    property("last-lrm-refresh", "", Values::ReadOnlyHidden),
    property("load-threshold", "80%", Values::Percentage),
    property("maintenance-mode", "false", Values::Boolean),
    property("migration-limit", "-1", Values::Integer),
    property("no-quorum-policy", "stop", Values::Choice(QUORUM_POLICIES)),
    property("node-action-limit", "0", Values::Integer),
    property("node-health-base", "0", Values::Integer),
    property("node-health-green", "0", Values::Integer),
    property("node-health-red", "-INFINITY", Values::Integer),
    property(
        "node-health-strategy",
        "none",
        Values::Choice(&["none", "migrate-on-red", "only-green", "progressive", "custom"]),
    ),
    property("node-health-yellow", "0", Values::Integer),
    property("pe-error-series-max", "-1", Values::Integer),
    property("pe-input-series-max", "4000", Values::Integer),
    property("pe-warn-series-max", "5000", Values::Integer),
    property(
        "placement-strategy",
        "default",
        Values::Choice(&["default", "utilization", "minimal", "balanced"]),
    ),
    property("priority-fencing-delay", "0", Values::Time),
    property("remove-after-stop", "false", Values::Boolean),
    property("shutdown-escalation", "20min", Values::Time),
    property("shutdown-lock", "false", Values::Boolean),
    property("shutdown-lock-limit", "0", Values::Time),
    property("start-failure-is-fatal", "true", Values::Boolean),
    property("startup-fencing", "true", Values::Boolean),
    property("stonith-action", "reboot", Values::Choice(&["reboot", "off", "poweroff"])),
    property("stonith-enabled", "true", Values::Boolean),
    property("stonith-max-attempts", "10", Values::Integer),
    property("stonith-timeout", "60s", Values::Time),
    property("stonith-watchdog-timeout", "0", Values::Time),
    property("stop-all-resources", "false", Values::Boolean),
    property("stop-orphan-actions", "true", Values::Boolean),
    property("stop-orphan-resources", "true", Values::Boolean),
    property("symmetric-cluster", "true", Values::Boolean),
    property("transition-delay", "0s", Values::Time),
    // Not written by Pacemaker 2.1, but understood by the scheduler.
    property("fencing-enabled", "true", Values::Boolean),
];

const BLOCK: &str = "cluster_property_set";
const DEFAULT_ID: &str = "cib-bootstrap-options";

/// Spellings that are accepted and not offered.
const UNADVERTISED: [&str; 1] = ["fencing-enabled"];

/// The options that have a default worth showing, in order.
pub fn with_defaults() -> impl Iterator<Item = &'static Property> {
    PROPERTIES.iter().filter(|property| {
        property.values != Values::ReadOnlyHidden && !UNADVERTISED.contains(&property.name)
    })
}

/// The options that are set, in the order of the CIB.
pub fn configured(cib: &Element) -> Vec<(&str, &str)> {
    let config = cib.descend(&["configuration", "crm_config"]);
    let blocks = config.into_iter().flat_map(Element::children);
    blocks.filter(|block| block.name() == BLOCK).flat_map(nvset::pairs).collect()
}

fn settable() -> impl Iterator<Item = &'static Property> {
    PROPERTIES
        .iter()
        .filter(|property| !matches!(property.values, Values::ReadOnly | Values::ReadOnlyHidden))
}

/// Sets options; those with an empty value are removed.
pub fn set(cib: &mut Element, values: &Pairs, force: bool) -> Outcome {
    let config = cib.descend(&["configuration", "crm_config"]);
    let block = config.and_then(|config| config.child(BLOCK));
    let id = block.and_then(Element::id).unwrap_or(DEFAULT_ID).to_owned();
    let present: Vec<&str> =
        block.into_iter().flat_map(nvset::pairs).map(|(name, _)| name).collect();
    let mut reports = Reports::new();
    check(values, &present, &id, force, &mut reports);
    reports.check()?;
    let mut ids = Ids::of(cib);
    if block.is_none() && ids.contains(DEFAULT_ID) {
        let message = format!(
            "Cannot create default cluster_property_set element, ID '{DEFAULT_ID}' already exists. Find elements with the ID and remove them from cluster configuration."
        );
        return Err(Refused::because("CANNOT_CREATE_DEFAULT_CLUSTER_PROPERTY_SET", message));
    }
    let config = find::section_mut(cib, "crm_config");
    if config.child(BLOCK).is_none() {
        config.push(Element::new(BLOCK).with("id", ids.take(DEFAULT_ID)));
    }
    if let Some(block) = config.child_mut(BLOCK) {
        nvset::update_in_order(block, values, &mut ids);
    }
    Ok(reports.done())
}

fn check(values: &Pairs, present: &[&str], block: &str, force: bool, reports: &mut Reports) {
    let missing: Vec<&str> = values
        .iter()
        .filter(|(name, value)| value.is_empty() && !present.contains(&name.as_str()))
        .map(|(name, _)| name.as_str())
        .collect();
    if !missing.is_empty() {
        let (noun, pronoun) =
            if missing.len() > 1 { ("properties", "they are") } else { ("property", "it is") };
        let message = format!(
            "Cannot remove {noun} {}, {pronoun} not present in property set '{block}'",
            quoted_list(missing)
        );
        reports.add(Report::unless_forced(
            force,
            "ADD_REMOVE_CANNOT_REMOVE_ITEMS_NOT_IN_THE_CONTAINER",
            message,
        ));
    }
    let of = |name: &str| PROPERTIES.iter().find(|property| property.name == name);
    let read_only = |name: &str| {
        of(name).is_some_and(|property| {
            matches!(property.values, Values::ReadOnly | Values::ReadOnlyHidden)
        })
    };
    let allowed = || {
        quoted_list(
            settable().map(|property| property.name).filter(|name| !UNADVERTISED.contains(name)),
        )
    };
    let names = |wanted: &dyn Fn(&str, &str) -> bool| -> Vec<&str> {
        values
            .iter()
            .filter(|(name, value)| wanted(name, value))
            .map(|(name, _)| name.as_str())
            .collect()
    };
    let invalid = |names: &[&str]| {
        let s = if names.len() > 1 { "s:" } else { "" };
        let message = format!(
            "invalid cluster property option{s} {}, allowed options are: {}",
            quoted_list(names),
            allowed()
        );
        message
    };
    let unknown = names(&|name, value| of(name).is_none() && !value.is_empty());
    if !unknown.is_empty() {
        reports.add(Report::unless_forced(force, "INVALID_OPTIONS", invalid(&unknown)));
    }
    let banned = names(&|name, _| read_only(name));
    if !banned.is_empty() {
        reports.add(Report::error("INVALID_OPTIONS", invalid(&banned)));
    }
    for (name, value) in values.iter().filter(|(_, value)| !value.is_empty()) {
        if let Some(problem) = of(name).and_then(|property| wrong_value(property, value)) {
            let message = format!("'{value}' is not a valid {name} value, use {problem}");
            let force = force && name != "stonith-watchdog-timeout";
            let report = if name == "stonith-watchdog-timeout" {
                Report::error("INVALID_OPTION_VALUE", message)
            } else {
                Report::unless_forced(force, "INVALID_OPTION_VALUE", message)
            };
            reports.add(report);
        }
    }
    check_watchdog_timeout(values, present, reports);
}

/// Without SBD there is no watchdog to wait for.
fn check_watchdog_timeout(values: &Pairs, present: &[&str], reports: &mut Reports) {
    const NAME: &str = "stonith-watchdog-timeout";
    let Some((_, value)) = values.iter().find(|(name, _)| name == NAME) else { return };
    if value.is_empty() && !present.contains(&NAME) {
        return;
    }
    if !value.is_empty() && seconds_of(value).is_some_and(|seconds| seconds > 0) {
        let message =
            "stonith-watchdog-timeout can only be unset or set to 0 while SBD is disabled";
        reports.add(Report::error("STONITH_WATCHDOG_TIMEOUT_CANNOT_BE_SET", message));
    }
}

fn wrong_value(property: &Property, value: &str) -> Option<String> {
    let (right, problem) = match property.values {
        Values::Boolean => (
            value.parse::<BooleanWord>().is_ok(),
            "a pacemaker boolean value: '0', '1', 'false', 'n', 'no', 'off', 'on', 'true', 'y', 'yes'"
                .to_owned(),
        ),
        Values::Integer => {
            (is_score(value), "an integer or INFINITY or -INFINITY".to_owned())
        }
        Values::Percentage => (
            value.strip_suffix('%').is_some_and(|number| number.parse::<u32>().is_ok()),
            "a non-negative integer followed by '%' (e.g. 0%, 50%, 200%, ...)".to_owned(),
        ),
        Values::Time => (
            seconds_of(value).is_some(),
            "time interval (e.g. 1, 2s, 3m, 4h, ...)".to_owned(),
        ),
        Values::Choice(words) => (words.contains(&value), quoted_list(words)),
        Values::ReadOnly | Values::ReadOnlyHidden => return None,
    };
    (!right).then_some(problem)
}

struct BooleanWord;

impl std::str::FromStr for BooleanWord {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let words = ["0", "1", "false", "n", "no", "off", "on", "true", "y", "yes"];
        if words.contains(&text.to_lowercase().as_str()) { Ok(Self) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Pairs {
        text.split(' ')
            .map(|word| word.split_once('=').unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    fn empty() -> Element {
        xml::parse("<cib><configuration><crm_config/></configuration></cib>").unwrap()
    }

    #[test]
    fn the_block_is_made_and_kept() {
        let mut cib = empty();
        assert_eq!(set(&mut cib, &pairs("stonith-enabled=false"), false), Ok(vec![]));
        assert_eq!(configured(&cib), [("stonith-enabled", "false")]);
        assert_eq!(
            cib.descend(&["configuration", "crm_config", BLOCK, "nvpair"]).unwrap().id(),
            Some("cib-bootstrap-options-stonith-enabled")
        );
        set(&mut cib, &pairs("stonith-enabled="), false).unwrap();
        assert!(cib.descend(&["configuration", "crm_config", BLOCK]).is_some());
    }

    #[test]
    fn wrong_names_and_values_are_refused() {
        let refused = |text: &str, force| {
            set(&mut empty(), &pairs(text), force).unwrap_err().reports[0].message.clone()
        };
        assert!(refused("foo=1", false).starts_with("invalid cluster property option 'foo', allowed options are: 'batch-limit', 'cluster-delay', 'cluster-ipc-limit'"));
        assert!(
            refused("dc-version=1", true)
                .starts_with("invalid cluster property option 'dc-version'")
        );
        assert_eq!(
            refused("no-quorum-policy=x", false),
            "'x' is not a valid no-quorum-policy value, use 'demote', 'freeze', 'ignore', 'stop', 'suicide'"
        );
        assert_eq!(
            refused("foo=", false),
            "Cannot remove property 'foo', it is not present in property set 'cib-bootstrap-options'"
        );
        assert!(
            set(&mut empty(), &pairs("foo=1"), true).unwrap()[0].message.starts_with("invalid")
        );
    }
}
