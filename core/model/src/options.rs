//! The cluster options.

use vocab::{Score, parse_boolean, parse_duration};

use crate::{attributes::Values, problem::Problems};

/// What the cluster does without quorum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoQuorumPolicy {
    /// Stop everything.
    Stop,
    /// Leave everything as it is.
    Freeze,
    /// Go on.
    Ignore,
    /// Demote what is promoted, stop the rest.
    Demote,
    /// Fence all nodes of the partition.
    Fence,
}

/// How free capacity counts in placement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlacementStrategy {
    /// Not at all.
    Default,
    /// It has to suffice.
    Utilization,
    /// It has to suffice; the fewest nodes are used.
    Minimal,
    /// It has to suffice; load is spread by it.
    Balanced,
}

/// What the health of a node does to what runs there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthStrategy {
    /// Nothing.
    None,
    /// Red drives all away.
    MigrateOnRed,
    /// Only green may run anything.
    OnlyGreen,
    /// The configured scores are added up.
    Progressive,
    /// As progressive, but without a base score.
    Custom,
}

/// The cluster options that decisions depend on, with their defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// All options as configured.
    pub configured: Values,
    /// What to do without quorum.
    pub no_quorum_policy: NoQuorumPolicy,
    /// Whether resources may run anywhere by default.
    pub symmetric_cluster: bool,
    /// Whether nothing may run.
    pub stop_all_resources: bool,
    /// Whether resources are left alone.
    pub maintenance_mode: bool,
    /// Whether one failed start bans the resource from the node.
    pub start_failure_is_fatal: bool,
    /// Whether nodes are asked what runs on them.
    pub probe_resources: bool,
    /// Whether nodes are fenced.
    pub fencing_enabled: bool,
    /// `reboot` or `off`.
    pub fencing_action: String,
    /// How long fencing may take, as configured.
    pub fencing_timeout: String,
    /// Whether several nodes may be fenced at once.
    pub concurrent_fencing: bool,
    /// Whether nodes that were never seen are fenced.
    pub startup_fencing: bool,
    /// Whether remote nodes of the partition are fenced without quorum.
    pub fence_remote_without_quorum: bool,
    /// Whether a watchdog was found.
    pub have_watchdog: bool,
    /// Delay for fencing of the less important side, milliseconds.
    pub priority_fencing_delay_ms: u64,
    /// How long a node may take to join, milliseconds; 0 means any time.
    pub node_pending_timeout_ms: u64,
    /// Whether resources wait for a node that was shut down cleanly.
    pub shutdown_lock: bool,
    /// How long they wait, milliseconds; 0 means for ever.
    pub shutdown_lock_limit_ms: u64,
    /// Extra time for results on their way, as configured.
    pub cluster_delay: String,
    /// Actions at once, as configured.
    pub batch_limit: i32,
    /// Migrations at once per node.
    pub migration_limit: i32,
    /// Whether resources that are not configured any more are stopped.
    pub stop_removed_resources: bool,
    /// Whether operations that are not configured any more are cancelled.
    pub cancel_removed_actions: bool,
    /// Whether nodes forget what has stopped on them. Pacemaker 3 has it no more.
    pub forget_after_stop: bool,
    /// What health does.
    pub health_strategy: HealthStrategy,
    /// Score of every node before its health is added.
    pub health_base: Score,
    /// Score of green health.
    pub health_green: Score,
    /// Score of yellow health.
    pub health_yellow: Score,
    /// Score of red health.
    pub health_red: Score,
    /// How capacity counts.
    pub placement_strategy: PlacementStrategy,
}

/// Options that others make use of, and that are checked all the same.
pub(crate) const READ_BY_OTHERS: [&str; 18] = [
    "dc-deadtime",
    "cluster-recheck-interval",
    "election-timeout",
    "shutdown-escalation",
    "join-integration-timeout",
    "join-finalization-timeout",
    "transition-delay",
    "enable-acl",
    "fencing-action",
    "fencing-reaction",
    "fencing-max-attempts",
    "fencing-watchdog-timeout",
    "load-threshold",
    "node-action-limit",
    "cluster-ipc-limit",
    "pe-error-series-max",
    "pe-warn-series-max",
    "pe-input-series-max",
];

/// Switches that will go, and be on.
pub(crate) const DEPRECATED_SWITCHES: [&str; 4] = [
    "enable-startup-probes",
    "concurrent-fencing",
    "stop-removed-resources",
    "cancel-removed-actions",
];

/// The value of an option under its name or an older one.
pub fn option<'a>(values: &'a Values, name: &str) -> Option<&'a str> {
    let get = |name: &str| values.get(name).map(String::as_str);
    match options::find(options::CLUSTER, name) {
        Some(setting) => options::value(setting, get),
        None => get(name),
    }
}

struct Reader<'a> {
    values: &'a Values,
    problems: &'a mut Problems,
}

impl Reader<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        option(self.values, name)
    }

    fn reset(&mut self, name: &str) {
        let value = self.text(name).unwrap_or_default().to_owned();
        self.problems.error(format!(
            "Using default value for cluster option '{name}' because '{value}' is invalid"
        ));
    }

    fn boolean(&mut self, name: &str, default: bool) -> bool {
        match self.text(name).map(parse_boolean) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(_)) => {
                self.reset(name);
                default
            }
        }
    }

    fn millis(&mut self, name: &str) -> u64 {
        match self.text(name).map(parse_duration) {
            None => 0,
            Some(Ok(value)) => u64::try_from(value.as_millis()).unwrap_or(u64::MAX),
            Some(Err(_)) => {
                self.reset(name);
                0
            }
        }
    }

    fn duration_text(&mut self, name: &str, default: &str) -> String {
        match self.text(name) {
            None => default.to_owned(),
            Some(value) if parse_duration(value).is_ok() => value.to_owned(),
            Some(_) => {
                self.reset(name);
                default.to_owned()
            }
        }
    }

    fn number(&mut self, name: &str, default: i32) -> i32 {
        match self.text(name).map(|text| text.trim().parse::<i32>()) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(_)) => {
                self.reset(name);
                default
            }
        }
    }

    fn score(&mut self, name: &str, default: Score) -> Score {
        match self.text(name).map(Score::parse) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(_)) => {
                self.reset(name);
                default
            }
        }
    }

    fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)], default: T) -> T {
        let Some(text) = self.text(name) else { return default };
        match choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)) {
            Some((_, value)) => *value,
            None => {
                self.reset(name);
                default
            }
        }
    }
}

impl Options {
    /// Makes sense of the configured values.
    pub(crate) fn read(values: Values, ever_had_quorum: bool, problems: &mut Problems) -> Self {
        let mut reader = Reader { values: &values, problems };
        let fencing_enabled = reader.boolean("fencing-enabled", true);
        let no_quorum_policy = reader.no_quorum_policy(fencing_enabled, ever_had_quorum);
        let health_strategy = reader.choice("node-health-strategy", &HEALTH, HealthStrategy::None);
        let [health_red, health_yellow, health_green] = reader.health_scores(health_strategy);
        let fencing_action = match reader.text("fencing-action") {
            Some(action) if action.eq_ignore_ascii_case("off") || action == "poweroff" => "off",
            Some(_) | None => "reboot",
        };
        Self {
            no_quorum_policy,
            symmetric_cluster: reader.boolean("symmetric-cluster", true),
            stop_all_resources: reader.boolean("stop-all-resources", false),
            maintenance_mode: reader.boolean("maintenance-mode", false),
            start_failure_is_fatal: reader.boolean("start-failure-is-fatal", true),
            probe_resources: reader.boolean("enable-startup-probes", true),
            fencing_enabled,
            fencing_action: fencing_action.to_owned(),
            fencing_timeout: reader.duration_text("fencing-timeout", "60s"),
            concurrent_fencing: reader.boolean("concurrent-fencing", true),
            startup_fencing: fencing_enabled && reader.boolean("startup-fencing", true),
            fence_remote_without_quorum: reader.boolean("fence-remote-without-quorum", false),
            have_watchdog: reader.boolean("have-watchdog", false),
            priority_fencing_delay_ms: reader.millis("priority-fencing-delay"),
            node_pending_timeout_ms: reader.millis("node-pending-timeout"),
            shutdown_lock: reader.boolean("shutdown-lock", false),
            shutdown_lock_limit_ms: reader.millis("shutdown-lock-limit"),
            cluster_delay: reader.duration_text("cluster-delay", "60s"),
            batch_limit: reader.number("batch-limit", 0),
            migration_limit: reader.number("migration-limit", -1),
            stop_removed_resources: reader.boolean("stop-removed-resources", true),
            cancel_removed_actions: reader.boolean("cancel-removed-actions", true),
            forget_after_stop: reader.boolean("remove-after-stop", false),
            health_strategy,
            health_base: reader.score("node-health-base", Score::ZERO),
            health_green,
            health_yellow,
            health_red,
            placement_strategy: reader.choice(
                "placement-strategy",
                &PLACEMENT,
                PlacementStrategy::Default,
            ),
            configured: values,
        }
    }

    /// Reads a score that may be given as a colour of health.
    pub fn parse_score(&self, text: &str) -> Option<Score> {
        match text {
            _ if text.eq_ignore_ascii_case("red") => Some(self.health_red),
            _ if text.eq_ignore_ascii_case("yellow") => Some(self.health_yellow),
            _ if text.eq_ignore_ascii_case("green") => Some(self.health_green),
            _ => Score::parse(text).ok(),
        }
    }
}

const HEALTH: [(&str, HealthStrategy); 5] = [
    ("none", HealthStrategy::None),
    ("migrate-on-red", HealthStrategy::MigrateOnRed),
    ("only-green", HealthStrategy::OnlyGreen),
    ("progressive", HealthStrategy::Progressive),
    ("custom", HealthStrategy::Custom),
];

const PLACEMENT: [(&str, PlacementStrategy); 4] = [
    ("default", PlacementStrategy::Default),
    ("utilization", PlacementStrategy::Utilization),
    ("minimal", PlacementStrategy::Minimal),
    ("balanced", PlacementStrategy::Balanced),
];

impl Reader<'_> {
    fn no_quorum_policy(&mut self, fencing_enabled: bool, ever_had_quorum: bool) -> NoQuorumPolicy {
        const CHOICES: [(&str, NoQuorumPolicy); 6] = [
            ("stop", NoQuorumPolicy::Stop),
            ("freeze", NoQuorumPolicy::Freeze),
            ("ignore", NoQuorumPolicy::Ignore),
            ("demote", NoQuorumPolicy::Demote),
            ("fence", NoQuorumPolicy::Fence),
            ("suicide", NoQuorumPolicy::Fence),
        ];
        let policy = self.choice("no-quorum-policy", &CHOICES, NoQuorumPolicy::Stop);
        if policy != NoQuorumPolicy::Fence {
            return policy;
        }
        if !fencing_enabled {
            self.problems.error("Resetting no-quorum-policy to 'stop' because fencing is disabled");
            NoQuorumPolicy::Stop
        } else if !ever_had_quorum {
            self.problems
                .notice("Resetting no-quorum-policy to 'stop': cluster has never had quorum");
            NoQuorumPolicy::Stop
        } else {
            policy
        }
    }

    /// Scores of red, yellow and green under a strategy.
    fn health_scores(&mut self, strategy: HealthStrategy) -> [Score; 3] {
        const BAN: Score = Score::MINUS_INFINITY;
        match strategy {
            HealthStrategy::None => [Score::ZERO; 3],
            HealthStrategy::MigrateOnRed => [BAN, Score::ZERO, Score::ZERO],
            HealthStrategy::OnlyGreen => [BAN, BAN, Score::ZERO],
            HealthStrategy::Progressive | HealthStrategy::Custom => [
                self.score("node-health-red", BAN),
                self.score("node-health-yellow", Score::ZERO),
                self.score("node-health-green", Score::ZERO),
            ],
        }
    }
}
