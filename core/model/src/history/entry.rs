use std::{str::FromStr, sync::Arc};

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

/// One recorded operation. What is only shown or compared stays in the document, of which this holds its part: large
/// clusters have a hundred thousand of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Where it stands in the document, among the entries of its resource.
    pub position: usize,
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
    /// When the result was first seen.
    pub last_change: Option<Timestamp>,
    recorded: Arc<Element>,
    /// Whether its digest of what needs a restart counts as different from every other.
    outdated: bool,
}

impl HistoryEntry {
    /// Reads an `lrm_rsc_op`. One without id or operation says nothing.
    pub(crate) fn read(element: &Arc<Element>, position: usize) -> Option<Self> {
        let number = |text: &str| text.trim().parse().ok();
        let mut entry = Self {
            position,
            interval: Interval::default(),
            call_id: -1,
            status: None,
            exit: None,
            expected: -1,
            last_change: None,
            recorded: Arc::clone(element),
            outdated: false,
        };
        let (mut has_id, mut has_task) = (false, false);
        for (name, value) in element.attrs() {
            match name {
                "id" => has_id = true,
                "operation" => has_task = true,
                "interval" => entry.interval.millis = value.parse().unwrap_or(0),
                "call-id" => entry.call_id = number(value).unwrap_or(-1),
                "op-status" => entry.status = number(value),
                "rc-code" => entry.exit = number(value),
                "transition-key" => {
                    entry.expected = value.parse::<TransitionKey>().map_or(-1, |key| key.expected);
                }
                "last-rc-change" => entry.last_change = value.trim().parse().ok().map(Timestamp),
                _ => {}
            }
        }
        (has_id && has_task).then_some(entry)
    }

    /// Its id within the resource's history.
    pub fn id(&self) -> &str {
        self.recorded.id().unwrap_or_default()
    }

    /// Its operation key.
    pub fn key(&self) -> &str {
        self.recorded.attr("operation_key").unwrap_or_else(|| self.id())
    }

    /// Name of the operation.
    pub fn task(&self) -> &str {
        self.recorded.attr("operation").unwrap_or_default()
    }

    /// What the agent said.
    pub fn exit_reason(&self) -> Option<&str> {
        self.recorded.attr("exit-reason")
    }

    /// How long it took, milliseconds.
    pub fn exec_time_ms(&self) -> Option<u64> {
        self.recorded.attr("exec-time")?.parse().ok()
    }

    /// How long it waited, milliseconds.
    pub fn queue_time_ms(&self) -> Option<u64> {
        self.recorded.attr("queue-time")?.parse().ok()
    }

    /// The node as the entry names it.
    pub fn on_node(&self) -> Option<&str> {
        self.recorded.attr("on_node")
    }

    /// Where a migration came from.
    pub fn migrate_source(&self) -> Option<&str> {
        self.recorded.attr("migrate_source")
    }

    /// Where a migration went.
    pub fn migrate_target(&self) -> Option<&str> {
        self.recorded.attr("migrate_target")
    }

    /// Digest of all parameters it ran with.
    pub fn digest(&self) -> Option<&str> {
        self.recorded.attr("op-digest")
    }

    /// Digest of those that need a restart when they change.
    pub fn restart_digest(&self) -> Option<&str> {
        if self.outdated {
            // No digest is equal to this one.
            return Some("calculated-failure-timeout");
        }
        self.recorded.attr("op-restart-digest")
    }

    /// Names of those, blank-separated.
    pub fn restart_parameters(&self) -> Option<&str> {
        self.recorded.attr("op-force-restart")
    }

    /// Digest without secrets.
    pub fn secure_digest(&self) -> Option<&str> {
        self.recorded.attr("op-secure-digest")
    }

    /// Names of the secrets, blank-separated.
    pub fn secure_parameters(&self) -> Option<&str> {
        self.recorded.attr("op-secure-params")
    }

    /// Feature set of who recorded it.
    pub fn feature_set(&self) -> Option<&str> {
        self.recorded.attr("crm_feature_set")
    }

    /// Result and key of the transition.
    pub fn magic(&self) -> Option<&str> {
        self.recorded.attr("transition-magic")
    }

    /// Key of the transition.
    pub fn transition_key(&self) -> Option<&str> {
        self.recorded.attr("transition-key")
    }

    /// Has the operation started anew, as if its parameters had changed.
    pub(crate) fn make_outdated(&mut self) {
        self.outdated = true;
    }

    /// Whether it asked once whether the resource runs.
    pub fn is_probe(&self) -> bool {
        self.task() == "monitor" && !self.interval.is_recurring()
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
