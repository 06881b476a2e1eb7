use std::str::FromStr;

use vocab::{Interval, OcfExit, Timestamp};
use xml::Element;

/// The four parts of `ACTION:TRANSITION:EXPECTED:UUID`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransitionKey {
    /// Number of the action within its transition.
    pub action: i32,
    /// Number of the transition.
    pub transition: i32,
    /// The exit status that was expected.
    pub expected: i32,
    /// The run of the controller that made the transition.
    pub controller: String,
}

impl FromStr for TransitionKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(4, ':');
        let mut number = || parts.next().and_then(|part| part.trim().parse().ok()).ok_or(());
        let (action, transition, expected) = (number()?, number()?, number()?);
        let controller = parts.next().filter(|text| !text.is_empty()).ok_or(())?.to_owned();
        Ok(Self { action, transition, expected, controller })
    }
}

/// One recorded operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Where it stands in the document, among the entries of its resource.
    pub position: usize,
    /// Its id within the resource's history.
    pub id: String,
    /// Its operation key.
    pub key: String,
    /// Name of the operation.
    pub task: String,
    /// How often it recurs.
    pub interval: Interval,
    /// The executor's number of it; -1 while it is pending.
    pub call_id: i32,
    /// How execution went, as a number; none if it cannot be read.
    pub status: Option<i32>,
    /// The exit status; none if it cannot be read.
    pub exit: Option<i32>,
    /// The exit status that was expected, -1 if it cannot be read.
    pub expected: i32,
    /// What the agent said.
    pub exit_reason: Option<String>,
    /// When the result was first seen.
    pub last_change: Option<Timestamp>,
    /// When it last ran, as older versions record it.
    pub last_run: Option<Timestamp>,
    /// How long it took, milliseconds.
    pub exec_time_ms: Option<u64>,
    /// How long it waited, milliseconds.
    pub queue_time_ms: Option<u64>,
    /// The node as the entry names it.
    pub on_node: Option<String>,
    /// Where a migration came from.
    pub migrate_source: Option<String>,
    /// Where a migration went.
    pub migrate_target: Option<String>,
    /// Digest of all parameters it ran with.
    pub digest: Option<String>,
    /// Digest of those that need a restart when they change.
    pub restart_digest: Option<String>,
    /// Names of those, blank-separated.
    pub restart_parameters: Option<String>,
    /// Digest without secrets.
    pub secure_digest: Option<String>,
    /// Names of the secrets, blank-separated.
    pub secure_parameters: Option<String>,
    /// Feature set of who recorded it.
    pub feature_set: Option<String>,
    /// Result and key of the transition.
    pub magic: Option<String>,
    /// Key of the transition.
    pub transition_key: Option<String>,
}

impl HistoryEntry {
    /// Reads an `lrm_rsc_op`. One without id or operation says nothing.
    pub(crate) fn read(element: &Element, position: usize) -> Option<Self> {
        let text = |name: &str| element.attr(name).map(str::to_owned);
        let number = |name: &str| element.attr(name).and_then(|value| value.trim().parse().ok());
        let time = |name: &str| {
            element.attr(name).and_then(|value| value.trim().parse().ok()).map(Timestamp)
        };
        let id = text("id")?;
        let expected = element
            .attr("transition-key")
            .and_then(|key| key.parse::<TransitionKey>().ok())
            .map_or(-1, |key| key.expected);
        Some(Self {
            position,
            key: text("operation_key").unwrap_or_else(|| id.clone()),
            task: text("operation")?,
            interval: Interval {
                millis: element.attr("interval").and_then(|text| text.parse().ok()).unwrap_or(0),
            },
            call_id: number("call-id").unwrap_or(-1),
            status: number("op-status"),
            exit: number("rc-code"),
            expected,
            exit_reason: text("exit-reason"),
            last_change: time("last-rc-change"),
            last_run: time("last-run"),
            exec_time_ms: element.attr("exec-time").and_then(|value| value.parse().ok()),
            queue_time_ms: element.attr("queue-time").and_then(|value| value.parse().ok()),
            on_node: text("on_node"),
            migrate_source: text("migrate_source"),
            migrate_target: text("migrate_target"),
            digest: text("op-digest"),
            restart_digest: text("op-restart-digest"),
            restart_parameters: text("op-force-restart"),
            secure_digest: text("op-secure-digest"),
            secure_parameters: text("op-secure-params"),
            feature_set: text("crm_feature_set"),
            magic: text("transition-magic"),
            transition_key: text("transition-key"),
            id,
        })
    }

    /// Whether it asked once whether the resource runs.
    pub fn is_probe(&self) -> bool {
        self.task == "monitor" && !self.interval.is_recurring()
    }

    /// Whether it is a probe whose failure means no more than that the resource cannot run there.
    pub fn is_masked_probe_failure(&self) -> bool {
        const NOT_INSTALLED_STATUS: i32 = 7;
        self.is_probe()
            && (self.exit == Some(OcfExit::NotInstalled.code())
                || self.exit == Some(OcfExit::InvalidParameter.code())
                || self.status == Some(NOT_INSTALLED_STATUS))
    }
}
