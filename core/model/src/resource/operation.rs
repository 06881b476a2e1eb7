use rules::{CalendarTime, Facts, LocalTime, NextChange, Operation};
use vocab::{Interval, Role, parse_boolean, parse_duration};

use crate::{
    attributes::{AttributeSets, Values},
    options::Options,
    resource::Resource,
};

/// How long an operation may take if nobody says.
const TIMEOUT_DEFAULT_MS: u64 = 20_000;

/// An operation as configured.
#[derive(Clone, Debug, PartialEq)]
pub struct OperationConfig {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How often it recurs.
    pub interval: Interval,
    /// Whether it is carried out.
    pub enabled: bool,
    /// The role in which it is carried out, as written.
    pub role: Option<String>,
    /// What a failure means, as written.
    pub on_fail: Option<String>,
    /// All attributes of the element.
    pub attributes: Values,
    /// Meta-attributes.
    pub meta: AttributeSets,
    /// Parameters of this operation only.
    pub parameters: AttributeSets,
}

/// What is done when an operation fails. Later ones win over earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OnFail {
    /// Nothing.
    Ignore,
    /// Demote the resource.
    Demote,
    /// Stop it and start it again, possibly elsewhere.
    Restart,
    /// Fence the remote node it is the connection to.
    ResetRemote,
    /// Stop and start the container it is in.
    RestartContainer,
    /// Move it elsewhere.
    Ban,
    /// Leave it alone.
    Block,
    /// Stop it for good.
    Stop,
    /// Move all resources off the node.
    StandbyNode,
    /// Fence the node.
    FenceNode,
}

/// What has to be sure before an operation may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requires {
    /// Nothing.
    Nothing,
    /// The partition has quorum.
    Quorum,
    /// Lost nodes are fenced.
    Fencing,
}

/// The properties of an operation with everything that counts for it put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveOperation {
    /// Meta-attributes: `timeout` in milliseconds and so on.
    pub meta: Values,
    /// What a failure means, as written.
    pub on_fail: Option<String>,
}

impl Resource {
    /// The configuration of an operation; one that is disabled only if asked for.
    pub fn operation(
        &self,
        name: &str,
        interval: Interval,
        include_disabled: bool,
    ) -> Option<&OperationConfig> {
        let exact = |name: &str, interval| {
            self.operations.iter().find(|operation| {
                (include_disabled || operation.enabled)
                    && operation.interval == interval
                    && operation.name == name
            })
        };
        exact(name, interval).or_else(|| {
            matches!(name, "migrate_to" | "migrate_from")
                .then(|| exact("migrate", Interval::ONCE))
                .flatten()
        })
    }

    /// What has to be sure before an operation may start.
    pub fn requires(&self, name: &str) -> Requires {
        if !matches!(name, "start" | "promote") {
            Requires::Nothing
        } else if self.needs_fencing {
            Requires::Fencing
        } else if self.needs_quorum {
            Requires::Quorum
        } else {
            Requires::Nothing
        }
    }

    /// Puts together the properties of an operation. `parameters` are those of the resource on the node, asked for only
    /// where a fence agent's own timeout may count.
    #[allow(
        clippy::too_many_arguments,
        reason = "each is a different thing the properties depend on"
    )]
    pub fn effective_operation(
        &self,
        name: &str,
        interval: Interval,
        config: Option<&OperationConfig>,
        defaults: &AttributeSets,
        now: LocalTime,
        next: &mut NextChange,
        parameters: impl FnOnce() -> Option<String>,
    ) -> EffectiveOperation {
        let facts = Facts {
            agent: self.agent.as_ref().map(super::AgentName::as_rule_agent),
            operation: Some(Operation { name, interval }),
            ..Facts::at(now)
        };
        let is_probe = name == "monitor" && interval == Interval::ONCE;
        let mut meta = Values::new();
        if let Some(config) = config {
            config.meta.collect(&facts, &mut meta, next);
            for (name, value) in &config.attributes {
                meta.insert(name.clone(), value.clone());
            }
        }
        if is_probe
            && !meta.contains_key("timeout")
            && let Some(timeout) =
                self.most_frequent_monitor().and_then(|op| op.attributes.get("timeout"))
        {
            meta.insert("timeout".to_owned(), timeout.clone());
        }
        defaults.collect(&facts, &mut meta, next);
        meta.remove("id");
        if interval.is_recurring() {
            meta.insert("interval".to_owned(), interval.to_string());
        } else {
            meta.remove("interval");
        }
        if self.fence_device
            && (name == "start" || is_probe)
            && let Some(timeout) = parameters()
        {
            meta.insert("timeout".to_owned(), timeout);
        }
        let timeout = timeout_ms(meta.get("timeout").map(String::as_str));
        meta.insert("timeout".to_owned(), timeout.to_string());
        self.check_on_fail(name, config, &mut meta);
        set_start_delay(interval, now, &mut meta);
        let on_fail = meta.get("on-fail").cloned();
        EffectiveOperation { meta, on_fail }
    }

    fn most_frequent_monitor(&self) -> Option<&OperationConfig> {
        self.operations
            .iter()
            .filter(|op| op.name == "monitor" && op.interval.is_recurring() && op.enabled)
            .min_by_key(|op| op.interval)
    }

    /// Takes out what an operation may not have, and puts in what a demotion takes over from the promoted monitor.
    fn check_on_fail(&self, name: &str, config: Option<&OperationConfig>, meta: &mut Values) {
        let value = meta.get("on-fail").map(|value| value.to_ascii_lowercase());
        let promoted =
            |role: Option<&str>| role.is_some_and(|role| role.parse() == Ok(Role::Promoted));
        match (name, value.as_deref()) {
            ("stop", Some("standby" | "demote" | "stop")) => {
                meta.remove("on-fail");
            }
            ("demote", None) => {
                for op in &self.operations {
                    if let Some(on_fail) = &op.on_fail
                        && op.name == "monitor"
                        && promoted(op.role.as_deref())
                        && op.interval.is_recurring()
                        && op.enabled
                        && !on_fail.eq_ignore_ascii_case("demote")
                    {
                        meta.insert("on-fail".to_owned(), on_fail.clone());
                    }
                }
            }
            ("lrm_delete", value) if value != Some("ignore") => {
                meta.insert("on-fail".to_owned(), "ignore".to_owned());
            }
            (_, Some("demote")) => {
                let fits = config.is_some_and(|op| {
                    op.name == "promote"
                        || (op.name == "monitor"
                            && op.interval.is_recurring()
                            && promoted(op.role.as_deref()))
                });
                if !fits {
                    meta.remove("on-fail");
                }
            }
            _ => {}
        }
    }

    /// What a failure of an operation means. `connects_remote_node` tells whether the resource is the connection to a
    /// remote node that is no guest.
    #[allow(
        clippy::too_many_arguments,
        reason = "each is a different thing the meaning depends on"
    )]
    pub fn on_fail(
        &self,
        name: &str,
        interval: Interval,
        written: Option<&str>,
        managed: bool,
        launched: bool,
        connects_remote_node: bool,
        options: &Options,
    ) -> OnFail {
        let mut chosen = match written.map(str::to_ascii_lowercase).as_deref() {
            Some("block") => Some(OnFail::Block),
            Some("fence") if options.fencing_enabled => Some(OnFail::FenceNode),
            Some("fence" | "stop") => Some(OnFail::Stop),
            Some("standby") => Some(OnFail::StandbyNode),
            Some("ignore" | "nothing") => Some(OnFail::Ignore),
            Some("migrate") => Some(OnFail::Ban),
            Some("restart") => Some(OnFail::Restart),
            Some("restart-container") if launched => Some(OnFail::RestartContainer),
            Some("demote") => Some(OnFail::Demote),
            Some(_) | None => None,
        };
        let is_probe = name == "monitor" && interval == Interval::ONCE;
        let needs_reset =
            self.remote_connection && connects_remote_node && !is_probe && name != "start";
        if needs_reset && !managed {
            chosen = None;
        }
        chosen.unwrap_or(if launched {
            OnFail::RestartContainer
        } else if needs_reset && managed {
            OnFail::ResetRemote
        } else if needs_reset {
            OnFail::Stop
        } else if name == "stop" && options.fencing_enabled {
            OnFail::FenceNode
        } else if name == "stop" {
            OnFail::Block
        } else {
            OnFail::Restart
        })
    }

    /// The role that a resource goes to when an operation has failed.
    pub fn role_after_failure(&self, name: &str, on_fail: OnFail) -> Role {
        match on_fail {
            OnFail::Stop => Role::Stopped,
            OnFail::ResetRemote if self.reconnect_interval_ms != 0 => Role::Stopped,
            _ if name == "promote" => Role::Unpromoted,
            _ => Role::Started,
        }
    }
}

/// A timeout in milliseconds, the default if it is missing or makes no sense.
fn timeout_ms(text: Option<&str>) -> u64 {
    match text.and_then(|text| parse_duration(text).ok()) {
        Some(timeout) if !timeout.is_zero() => {
            u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX).min(i32::MAX as u64)
        }
        Some(_) | None => TIMEOUT_DEFAULT_MS,
    }
}

fn set_start_delay(interval: Interval, now: LocalTime, meta: &mut Values) {
    if let Some(text) = meta.get("start-delay") {
        let delay = parse_duration(text).map_or(0, |delay| delay.as_millis());
        let delay = delay.min(i32::MAX as u128);
        meta.insert("start-delay".to_owned(), delay.to_string());
        return;
    }
    let Some(origin) = meta.get("interval-origin").and_then(|text| CalendarTime::parse(text).ok())
    else {
        return;
    };
    let seconds = i64::from(interval.millis.div_ceil(1000));
    if seconds == 0 {
        return;
    }
    let origin = origin.moment(now);
    let passed = (now.moment.0 - origin.0) % seconds;
    let delay = if passed <= 0 { -passed } else { seconds - passed };
    meta.insert("start-delay".to_owned(), (delay * 1000).to_string());
}

/// Reads an `op` element's switch.
pub(crate) fn is_enabled(text: Option<&str>) -> bool {
    text.is_none_or(|text| parse_boolean(text) != Ok(false))
}
