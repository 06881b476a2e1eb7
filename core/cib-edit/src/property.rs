//! The cluster's own options.

use options::{CLUSTER, Kind, Release, Setting};
use xml::Element;

use crate::{
    Ids, Outcome, Pairs, Refused, Report, Reports, find, is_score, nvset, quoted_list, seconds_of,
};

/// A cluster option as Pacemaker 2.1 and pcs know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Property {
    /// Its name.
    pub name: &'static str,
    /// What it holds unless it is set.
    pub default: &'static str,
    /// What it can hold.
    pub kind: Kind,
}

/// What pcs shows without a default, and does not set: the cluster itself does.
const HIDDEN: [&str; 3] = ["cluster-infrastructure", "dc-version", LAST_REFRESH];

/// When the history of resources was last read again. Written by tools, read by nobody, and therefore no option.
const LAST_REFRESH: &str = "last-lrm-refresh";

/// What only the cluster sets.
const READ_ONLY: [&str; 2] = ["cluster-name", "have-watchdog"];

const BLOCK: &str = "cluster_property_set";
const DEFAULT_ID: &str = "cib-bootstrap-options";

/// The options of the release that configurations are written for, by name.
fn offered() -> Vec<Property> {
    let known = CLUSTER.iter().filter(|setting| setting.is_in(Release::SPOKEN));
    let mut offered: Vec<Property> = known
        .map(|setting| Property {
            name: setting.spoken_name(),
            default: setting.default.unwrap_or_default(),
            kind: setting.kind,
        })
        .collect();
    offered.sort_unstable_by_key(|property| property.name);
    offered
}

/// The options that have a default worth showing, in order.
pub fn with_defaults() -> impl Iterator<Item = Property> {
    offered().into_iter().filter(|property| {
        !HIDDEN.contains(&property.name)
            && (!property.default.is_empty() || property.name == "cluster-name")
    })
}

fn is_read_only(name: &str) -> bool {
    HIDDEN.contains(&name) || READ_ONLY.contains(&name)
}

/// The options that are set, in the order of the CIB.
pub fn configured(cib: &Element) -> Vec<(&str, &str)> {
    let config = cib.descend(&["configuration", "crm_config"]);
    let blocks = config.into_iter().flat_map(Element::children);
    blocks.filter(|block| block.name() == BLOCK).flat_map(nvset::pairs).collect()
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
    // Names of later and earlier releases are accepted as well, and not offered.
    let of = |name: &str| options::find(CLUSTER, name).filter(|_| !is_read_only(name));
    let is_known = |name: &str| is_read_only(name) || of(name).is_some();
    let allowed = || {
        quoted_list(
            offered().into_iter().map(|property| property.name).filter(|name| !is_read_only(name)),
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
    let unknown = names(&|name, value| !is_known(name) && !value.is_empty());
    if !unknown.is_empty() {
        reports.add(Report::unless_forced(force, "INVALID_OPTIONS", invalid(&unknown)));
    }
    let banned = names(&|name, _| is_read_only(name));
    if !banned.is_empty() {
        reports.add(Report::error("INVALID_OPTIONS", invalid(&banned)));
    }
    for (name, value) in values.iter().filter(|(_, value)| !value.is_empty()) {
        if let Some(problem) = of(name).and_then(|setting| wrong_value(setting, value)) {
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

/// What would be right, if this is not; by the rules and in the words of pcs.
fn wrong_value(setting: &Setting, value: &str) -> Option<String> {
    let (right, problem) = match setting.kind {
        Kind::Boolean => (
            value.parse::<BooleanWord>().is_ok(),
            "a pacemaker boolean value: '0', '1', 'false', 'n', 'no', 'off', 'on', 'true', 'y', 'yes'"
                .to_owned(),
        ),
        Kind::Integer | Kind::Count | Kind::PositiveScore | Kind::Score => {
            (is_score(value), "an integer or INFINITY or -INFINITY".to_owned())
        }
        Kind::Percentage => (
            value.strip_suffix('%').is_some_and(|number| number.parse::<u32>().is_ok()),
            "a non-negative integer followed by '%' (e.g. 0%, 50%, 200%, ...)".to_owned(),
        ),
        Kind::Duration | Kind::Timeout => (
            seconds_of(value).is_some(),
            "time interval (e.g. 1, 2s, 3m, 4h, ...)".to_owned(),
        ),
        Kind::Choice(_) => {
            let words: Vec<&str> = setting.kind.words_in(Release::SPOKEN).collect();
            (words.contains(&value), quoted_list(words))
        }
        Kind::Moment | Kind::Port | Kind::Text | Kind::Version => return None,
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

    #[test]
    fn names_and_values_are_those_of_the_release_that_is_spoken() {
        let names: Vec<&str> = with_defaults().map(|property| property.name).collect();
        assert!(names.contains(&"stonith-enabled") && names.contains(&"remove-after-stop"));
        assert!(!names.contains(&"fencing-enabled") && !names.contains(&"node-pending-timeout"));
        // What a later release wrote is no reason to complain.
        assert_eq!(set(&mut empty(), &pairs("fencing-enabled=false"), false), Ok(vec![]));
        assert!(set(&mut empty(), &pairs("fencing-enabled=maybe"), false).is_err());
    }
}
