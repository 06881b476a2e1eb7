use std::{collections::VecDeque, time::Duration};

use machine::Instant;
use messages::fencing::{DeviceRegistration, PhaseOffer, Supports};
use vocab::{NodeName, parse_duration};

use crate::{
    Traits,
    targets::{parse_list, parse_map, value_for},
};

/// How long a list of targets that an agent gave is good for.
const LIST_LIFETIME: Duration = Duration::from_secs(60);

/// How a device says which targets it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostCheck {
    /// They are configured.
    Static,
    /// Its agent lists them.
    Dynamic,
    /// Its agent has a status for each.
    Status,
    /// It has every node.
    None,
}

/// A fence device that this node can use.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) registration: DeviceRegistration,
    pub(crate) traits: Option<Traits>,
    /// Whether an agent of it has worked from here.
    pub(crate) verified: bool,
    /// Whether the CIB has it.
    pub(crate) by_cib: bool,
    /// Whether a client made it known: it is started.
    pub(crate) by_client: bool,
    targets: Vec<String>,
    aliases: Vec<(String, String)>,
    listed: Option<(Instant, Vec<String>)>,
    /// The agent does not list although it says it can, so each target's status is asked for.
    fell_back_to_status: bool,
    /// Commands that wait for their turn.
    pub(crate) queue: VecDeque<u64>,
    /// Commands whose agent runs.
    pub(crate) active: usize,
}

/// Whether an action takes a node out of the cluster.
pub(crate) fn is_fencing(action: &str) -> bool {
    matches!(action, "off" | "reboot" | "poweroff")
}

impl Device {
    pub(crate) fn new(mut registration: DeviceRegistration, traits: Option<Traits>) -> Self {
        take_action(&mut registration);
        let of = |name: &str| registration.parameters.value(name).unwrap_or_default();
        let aliases = parse_map(of("pcmk_host_map"));
        let mut targets = parse_list(of("pcmk_host_list"));
        targets.extend(aliases.iter().map(|(node, _)| node.clone()));
        Self {
            registration,
            traits,
            verified: false,
            by_cib: false,
            by_client: false,
            targets,
            aliases,
            listed: None,
            fell_back_to_status: false,
            queue: VecDeque::new(),
            active: 0,
        }
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.registration.parameters.value(name)
    }

    pub(crate) fn supports(&self) -> Supports {
        self.traits.as_ref().map_or(Supports::default(), |traits| traits.supports)
    }

    /// Whether it is the same device with the same parameters, what the executor adds to them aside.
    pub(crate) fn is_same(&self, other: &DeviceRegistration) -> bool {
        let mut other = other.clone();
        take_action(&mut other);
        let own = |registration: &DeviceRegistration| -> Vec<(String, String)> {
            registration
                .parameters
                .iter()
                .filter(|(name, _)| !name.starts_with("CRM_meta") && *name != "crm_feature_set")
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect()
        };
        self.registration.agent == other.agent && own(&self.registration) == own(&other)
    }

    pub(crate) fn host_check(&self) -> HostCheck {
        match self.parameter("pcmk_host_check") {
            Some("static-list") => HostCheck::Static,
            Some("dynamic-list") => HostCheck::Dynamic,
            Some("status") => HostCheck::Status,
            Some("none") => HostCheck::None,
            _ if self.parameter("pcmk_host_list").is_some() => HostCheck::Static,
            _ if self.parameter("pcmk_host_map").is_some() => HostCheck::Static,
            _ if self.fell_back_to_status => HostCheck::Status,
            _ if self.supports().has(Supports::LIST) => HostCheck::Dynamic,
            _ if self.supports().has(Supports::STATUS) => HostCheck::Status,
            _ => HostCheck::None,
        }
    }

    fn alias<'a>(&'a self, target: &'a str) -> &'a str {
        self.aliases
            .iter()
            .find(|(node, _)| node.eq_ignore_ascii_case(target))
            .map_or(target, |(_, port)| port)
    }

    /// Whether the target is configured for the device.
    pub(crate) fn has_static(&self, target: &str) -> bool {
        self.targets.iter().any(|known| known.eq_ignore_ascii_case(target))
    }

    /// Whether the target is on the list that the agent gave; `None` if there is no good list.
    pub(crate) fn has_listed(&self, now: Instant, target: &str) -> Option<bool> {
        let (at, names) = self.listed.as_ref()?;
        (now.since(*at) < LIST_LIFETIME).then(|| self.is_in(names, target))
    }

    fn is_in(&self, names: &[String], target: &str) -> bool {
        let alias = self.alias(target);
        names.iter().any(|known| known.eq_ignore_ascii_case(alias))
    }

    /// Takes note of what the agent's `list` printed, `None` if it failed; whether the target is there. Without a new list an
    /// old one is better than none.
    pub(crate) fn note_list(&mut self, now: Instant, output: Option<&str>, target: &str) -> bool {
        match output {
            Some(output) => self.listed = Some((now, parse_list(output))),
            None if self.listed.is_none() => {
                self.fell_back_to_status = self.parameter("pcmk_host_check").is_none();
            }
            None => {}
        }
        self.listed.as_ref().is_some_and(|(_, names)| self.is_in(names, target))
    }

    /// Whether this node may carry out the action on the target with the device.
    pub(crate) fn is_eligible(
        &self,
        action: &str,
        target: Option<&str>,
        local: &NodeName,
        allow_self: bool,
    ) -> bool {
        let is_target = target.is_some_and(|target| local.as_str().eq_ignore_ascii_case(target));
        let on_target = self
            .traits
            .as_ref()
            .is_some_and(|traits| traits.on_target.iter().any(|known| known == action));
        if on_target { is_target } else { !is_target || allow_self }
    }

    /// As [`Self::is_eligible`]; a reboot may become off and on.
    pub(crate) fn is_eligible_remapped(
        &self,
        action: &str,
        target: &str,
        local: &NodeName,
        allow_self: bool,
    ) -> bool {
        let eligible =
            |action, allow_self| self.is_eligible(action, Some(target), local, allow_self);
        eligible(action, allow_self)
            || (action == "reboot" && (eligible("off", allow_self) || eligible("on", false)))
    }

    /// The action that the agent is told: a reboot is off where it cannot reboot.
    pub(crate) fn agent_action<'a>(&self, action: &'a str) -> &'a str {
        if action == "reboot" && !self.supports().has(Supports::REBOOT) { "off" } else { action }
    }

    /// How long an action may take: the device's own time for it, or what was asked for.
    pub(crate) fn timeout(&self, action: &str) -> Option<Duration> {
        let name = format!("pcmk_{}_timeout", self.agent_action(action));
        self.parameter(&name)
            .and_then(|text| parse_duration(text).ok())
            .filter(|time| !time.is_zero())
    }

    /// How often an action is tried.
    pub(crate) fn tries(&self, action: &str) -> u32 {
        let tries = self.parameter(&format!("pcmk_{action}_retries"));
        tries.and_then(|text| text.trim().parse().ok()).unwrap_or(2).max(1)
    }

    /// How many actions may be under way at once; `None` for any number.
    pub(crate) fn action_limit(&self) -> Option<usize> {
        match self.parameter("pcmk_action_limit").and_then(|text| text.trim().parse::<i64>().ok()) {
            None | Some(0) => Some(1),
            Some(limit) => usize::try_from(limit).ok(),
        }
    }

    /// The least and the greatest configured delay before an action.
    pub(crate) fn delays(&self, action: &str, target: Option<&str>) -> (Duration, Duration) {
        if !is_fencing(action) {
            return (Duration::ZERO, Duration::ZERO);
        }
        let duration = |text: Option<&str>| {
            text.and_then(|text| parse_duration(text).ok()).unwrap_or_default()
        };
        let max = duration(self.parameter("pcmk_delay_max"));
        let base =
            duration(self.parameter("pcmk_delay_base").and_then(|text| value_for(text, target)));
        if max.is_zero() { (base, base) } else { (base.min(max), max) }
    }

    pub(crate) fn priority(&self) -> i32 {
        self.parameter("priority").and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }

    pub(crate) fn is_required(&self, action: &str) -> bool {
        let unfencing = self.registration.provides.as_deref() == Some("unfencing")
            || self.traits.as_ref().is_some_and(|traits| traits.automatic_unfencing);
        action == "on" && unfencing
    }

    /// The terms on which this node offers an action.
    pub(crate) fn offer(
        &self,
        action: &str,
        target: Option<&str>,
        local: &NodeName,
        allow_self: bool,
    ) -> PhaseOffer {
        let agent_action = self.agent_action(action);
        let (base, max) = self.delays(agent_action, target);
        PhaseOffer {
            timeout: self.timeout(action),
            delay_max: if max == base { Duration::ZERO } else { max },
            delay_base: base,
            required: self.is_required(agent_action),
            disallowed: !self.is_eligible(agent_action, target, local, allow_self),
        }
    }

    /// What the agent reads.
    pub(crate) fn arguments(&self, action: &str, target: Option<&str>) -> Vec<(String, String)> {
        let action = self.agent_action(action);
        let told = self.parameter(&format!("pcmk_{action}_action")).unwrap_or(action);
        let mut arguments = vec![("action".to_owned(), told.to_owned())];
        for (name, value) in self.registration.parameters.iter() {
            if !is_own_parameter(name) {
                arguments.push((name.to_owned(), value.to_owned()));
            }
        }
        if let Some(target) = target {
            arguments.retain(|(name, _)| name != "nodename");
            arguments.push(("nodename".to_owned(), target.to_owned()));
            self.push_target(&mut arguments, target);
        }
        arguments
    }

    /// The target in the parameter in which the agent wants it, unless the configuration has a value there.
    fn push_target(&self, arguments: &mut Vec<(String, String)>, target: &str) {
        let supports = self.supports();
        let argument = match self.parameter("pcmk_host_argument") {
            Some(none) if none.eq_ignore_ascii_case("none") => return,
            Some(argument) => argument,
            None if supports.has(Supports::PORT) => "port",
            None if supports.has(Supports::PLUG) => "plug",
            None => "port",
        };
        if self.parameter(argument).is_some_and(|value| !value.eq_ignore_ascii_case("dynamic")) {
            return;
        }
        arguments.retain(|(name, _)| name != argument);
        arguments.push((argument.to_owned(), self.alias(target).to_owned()));
    }
}

/// The action is for the cluster to say. Who configures one means what to do instead of rebooting.
fn take_action(registration: &mut DeviceRegistration) {
    let Some(action) = registration.parameters.value("action").map(str::to_owned) else { return };
    let replaced: &[&str] = match action.as_str() {
        "" | "reboot" => &[],
        "off" => &["pcmk_reboot_action"],
        _ => &["pcmk_off_action", "pcmk_reboot_action"],
    };
    for name in replaced {
        if registration.parameters.value(name).is_none() {
            registration.parameters.set(*name, action.clone());
        }
    }
    let kept = std::mem::take(&mut registration.parameters);
    registration.parameters = kept.into_iter().filter(|(name, _)| name != "action").collect();
}

/// Whether a parameter is for the cluster and not for the agent.
fn is_own_parameter(name: &str) -> bool {
    matches!(name, "provides" | "stonith-timeout" | "crm_feature_set" | "action" | "priority")
        || name.starts_with("CRM_meta")
        || is_pcmk_parameter(name)
}

fn is_pcmk_parameter(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("pcmk_") else { return false };
    const FIXED: [&str; 7] = [
        "action_limit",
        "delay_base",
        "delay_max",
        "host_argument",
        "host_check",
        "host_list",
        "host_map",
    ];
    FIXED.contains(&rest)
        || rest
            .split_once('_')
            .is_some_and(|(_, last)| matches!(last, "action" | "timeout" | "retries"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(parameters: &[(&str, &str)], supports: Supports) -> Device {
        let registration = DeviceRegistration {
            id: "d".into(),
            agent: "fence_x".into(),
            namespace: None,
            provides: None,
            parameters: parameters.iter().copied().collect(),
        };
        Device::new(registration, Some(Traits { supports, ..Traits::default() }))
    }

    fn arguments(device: &Device, action: &str) -> Vec<String> {
        let mut arguments: Vec<_> = device
            .arguments(action, Some("n1"))
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        arguments.sort();
        arguments
    }

    #[test]
    fn the_agent_is_told_what_it_understands() {
        let parameters = [
            ("ip", "x"),
            ("pcmk_host_map", "n1:7"),
            ("pcmk_reboot_timeout", "9"),
            ("CRM_meta_name", "start"),
        ];
        let plain = device(&parameters, Supports::REBOOT.and(Supports::PLUG));
        assert_eq!(arguments(&plain, "reboot"), ["action=reboot", "ip=x", "nodename=n1", "plug=7"]);
        let no_reboot = device(&[("pcmk_off_action", "cut")], Supports::PORT);
        assert_eq!(arguments(&no_reboot, "reboot"), ["action=cut", "nodename=n1", "port=n1"]);
        let fixed = device(&[("port", "5")], Supports::PORT);
        assert_eq!(arguments(&fixed, "off"), ["action=off", "nodename=n1", "port=5"]);
        let dynamic = device(&[("port", "dynamic")], Supports::PORT);
        assert_eq!(arguments(&dynamic, "off"), ["action=off", "nodename=n1", "port=n1"]);
        let none = device(&[("pcmk_host_argument", "none")], Supports::PORT);
        assert_eq!(arguments(&none, "off"), ["action=off", "nodename=n1"]);
        let configured = device(&[("action", "off")], Supports::REBOOT);
        assert_eq!(arguments(&configured, "reboot"), ["action=off", "nodename=n1", "port=n1"]);
    }

    #[test]
    fn how_targets_are_known() {
        let check =
            |parameters: &[(&str, &str)], supports| device(parameters, supports).host_check();
        let all = Supports::LIST.and(Supports::STATUS);
        assert_eq!(check(&[], all), HostCheck::Dynamic);
        assert_eq!(check(&[], Supports::STATUS), HostCheck::Status);
        assert_eq!(check(&[], Supports::ON), HostCheck::None);
        assert_eq!(check(&[("pcmk_host_list", "a")], all), HostCheck::Static);
        assert_eq!(check(&[("pcmk_host_map", "a:1")], all), HostCheck::Static);
        assert_eq!(
            check(&[("pcmk_host_list", "a"), ("pcmk_host_check", "none")], all),
            HostCheck::None
        );
        let mapped = device(&[("pcmk_host_map", "a:1;B:2")], all);
        assert!(mapped.has_static("b") && !mapped.has_static("1"));
    }

    #[test]
    fn a_failing_list_is_replaced_by_statuses() {
        let mut device = device(&[], Supports::LIST.and(Supports::STATUS));
        let now = Instant::START;
        assert!(device.note_list(now, Some("n1,one\nn2,two\n"), "n2"));
        assert_eq!(device.has_listed(now, "n3"), Some(false));
        assert_eq!(device.has_listed(now + LIST_LIFETIME, "n1"), None, "too old");
        assert!(device.note_list(now, None, "n1"), "but better than nothing");
        let mut other = self::device(&[], Supports::LIST);
        assert!(!other.note_list(now, None, "n1"));
        assert_eq!(other.host_check(), HostCheck::Status);
    }

    #[test]
    fn delays_never_turn_around() {
        let delays = |parameters: &[(&str, &str)]| {
            let (base, max) = device(parameters, Supports::default()).delays("off", Some("n1"));
            (base.as_secs(), max.as_secs())
        };
        assert_eq!(delays(&[]), (0, 0));
        assert_eq!(delays(&[("pcmk_delay_base", "5s")]), (5, 5));
        assert_eq!(delays(&[("pcmk_delay_base", "9"), ("pcmk_delay_max", "4")]), (4, 4));
        assert_eq!(delays(&[("pcmk_delay_base", "n1:2;n2:3"), ("pcmk_delay_max", "4")]), (2, 4));
    }
}
