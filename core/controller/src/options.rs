use std::time::Duration;

use vocab::{Score, parse_boolean, parse_duration};
use xml::Element;

/// The cluster's properties that concern controllers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// `dc-deadtime`
    pub dc_deadtime: Duration,
    /// `cluster-recheck-interval`; zero is never.
    pub recheck_interval: Duration,
    /// `election-timeout`
    pub election_timeout: Duration,
    /// `join-integration-timeout`
    pub integration_timeout: Duration,
    /// `join-finalization-timeout`
    pub finalization_timeout: Duration,
    /// `shutdown-escalation`
    pub shutdown_escalation: Duration,
    /// `transition-delay`
    pub transition_delay: Duration,
    /// `stonith-max-attempts`
    pub fencing_max_attempts: u32,
    /// Whether `fence-reaction` is `panic`.
    pub panic_when_fenced: bool,
    /// Whether `no-quorum-policy` is `suicide`.
    pub leave_without_quorum: bool,
    /// `shutdown-lock`
    pub shutdown_lock: bool,
    /// `cluster-name`
    pub cluster_name: Option<String>,
    /// `node-action-limit`; 0 leaves it to the number of processors.
    pub node_action_limit: i32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            dc_deadtime: Duration::from_secs(20),
            recheck_interval: Duration::from_secs(15 * 60),
            election_timeout: Duration::from_secs(2 * 60),
            integration_timeout: Duration::from_secs(3 * 60),
            finalization_timeout: Duration::from_secs(30 * 60),
            shutdown_escalation: Duration::from_secs(20 * 60),
            transition_delay: Duration::ZERO,
            fencing_max_attempts: 10,
            panic_when_fenced: false,
            leave_without_quorum: false,
            shutdown_lock: false,
            cluster_name: None,
            node_action_limit: 0,
        }
    }
}

impl Options {
    /// Reads a `crm_config` section. What is missing or makes no sense has its default.
    pub fn from_crm_config(config: &Element) -> Self {
        let value = |names: &[&str]| names.iter().find_map(|name| property(config, name));
        let time = |names: &[&str], default: Duration| {
            value(names).and_then(|text| parse_duration(text).ok()).unwrap_or(default)
        };
        let truth = |name: &str| value(&[name]).is_some_and(|text| parse_boolean(text) == Ok(true));
        let base = Self::default();
        let attempts = value(&["stonith-max-attempts", "fencing-max-attempts"])
            .and_then(|text| Score::parse(text).ok())
            .and_then(|score| u32::try_from(score.value()).ok())
            .filter(|attempts| *attempts > 0);
        Self {
            dc_deadtime: time(&["dc-deadtime"], base.dc_deadtime),
            recheck_interval: time(&["cluster-recheck-interval"], base.recheck_interval),
            election_timeout: time(&["election-timeout"], base.election_timeout),
            integration_timeout: time(
                &["join-integration-timeout", "crmd-integration-timeout"],
                base.integration_timeout,
            ),
            finalization_timeout: time(
                &["join-finalization-timeout", "crmd-finalization-timeout"],
                base.finalization_timeout,
            ),
            shutdown_escalation: time(&["shutdown-escalation"], base.shutdown_escalation),
            transition_delay: time(
                &["transition-delay", "crmd-transition-delay"],
                base.transition_delay,
            ),
            fencing_max_attempts: attempts.unwrap_or(base.fencing_max_attempts),
            panic_when_fenced: value(&["fencing-reaction", "fence-reaction"]) == Some("panic"),
            leave_without_quorum: matches!(value(&["no-quorum-policy"]), Some("suicide" | "fence")),
            shutdown_lock: truth("shutdown-lock"),
            cluster_name: value(&["cluster-name"]).map(str::to_owned),
            node_action_limit: value(&["node-action-limit"])
                .and_then(|text| text.parse().ok())
                .unwrap_or(0),
        }
    }
}

/// The value of a property: that of the set `cib-bootstrap-options` if it is there, else the first. Sets with rules are for
/// the scheduler.
fn property<'a>(config: &'a Element, name: &str) -> Option<&'a str> {
    let sets = || config.children_named("cluster_property_set");
    let mut ordered: Vec<_> = sets().filter(|s| s.id() == Some("cib-bootstrap-options")).collect();
    ordered.extend(sets().filter(|set| set.id() != Some("cib-bootstrap-options")));
    ordered
        .into_iter()
        .filter(|set| set.child("rule").is_none())
        .flat_map(|set| set.children_named("nvpair").collect::<Vec<_>>())
        .find(|pair| pair.attr("name") == Some(name))
        .and_then(|pair| pair.attr("value"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bootstrap_options_come_first_and_nonsense_is_ignored() {
        let text = r#"<crm_config><cluster_property_set id="other"><nvpair id="a" name="dc-deadtime" value="1min"/>
            <nvpair id="b" name="cluster-name" value="x"/></cluster_property_set>
            <cluster_property_set id="cib-bootstrap-options"><nvpair id="c" name="dc-deadtime" value="5s"/>
            <nvpair id="d" name="election-timeout" value="soon"/></cluster_property_set></crm_config>"#;
        let options = Options::from_crm_config(&xml::parse(text).unwrap());
        assert_eq!(options.dc_deadtime, Duration::from_secs(5));
        assert_eq!(options.election_timeout, Duration::from_secs(120));
        assert_eq!(options.cluster_name.as_deref(), Some("x"));
    }
}
