use messages::crmd::TransitionKey;
use transition::{
    ActionId,
    walker::{Completion, Outcome},
};
use vocab::{ExecStatus, NodeName, Score};
use xml::Element;

use crate::{
    core::Core, desk::Desk, executor::REFRESH_ORIGIN, note::Severity, output::Output, timer::Timer,
};

/// A row of a resource's history that is new or has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HistoryEvent {
    pub(crate) key: Option<String>,
    transition_key: String,
    origin: Option<String>,
    rc: i32,
    status: i32,
    call: i32,
    /// When the result changed, as the row says it.
    at: Option<String>,
    recurring: bool,
}

/// The failure that was counted last of those that belong to no running action.
///
/// A node writes down some failures twice: as the last failure and as the last operation. Of an action the second row is
/// known by what the first has confirmed; of others, such as those that `crm_resource --fail` makes, by this.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastStray(Option<(String, HistoryEvent)>);

/// How an operation's key reads: `RESOURCE_TASK_MILLISECONDS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OperationKey {
    pub(crate) resource: String,
    pub(crate) task: String,
    pub(crate) millis: u32,
}

/// What an event that belongs to no running action is called in the log.
type Stray = Option<&'static str>;

impl HistoryEvent {
    /// Reads a row; nothing if it tells no result.
    pub(crate) fn from_element(row: &Element) -> Option<Self> {
        let number = |name: &str| row.attr(name).and_then(|text| text.parse().ok());
        let status = number("op-status").unwrap_or(-1);
        if row.name() != "lrm_rsc_op" || status == ExecStatus::Pending.code() {
            return None;
        }
        let key = row.attr("operation_key").map(str::to_owned);
        let recurring =
            key.as_deref().and_then(OperationKey::parse).is_some_and(|key| key.millis > 0);
        Some(Self {
            transition_key: row.attr("transition-key")?.to_owned(),
            origin: row.attr("crm-debug-origin").map(str::to_owned),
            rc: effective_exit(number("rc-code").unwrap_or(-1)),
            status,
            call: number("call-id").unwrap_or(-1),
            at: row.attr("last-rc-change").map(str::to_owned),
            recurring,
            key,
        })
    }
}

impl LastStray {
    /// Whether a failure is another than the one before, of which it takes the place.
    fn is_another(&mut self, node_id: &str, event: &HistoryEvent) -> bool {
        let same = self.0.as_ref().is_some_and(|(node, last)| node == node_id && last == event);
        if !same {
            self.0 = Some((node_id.to_owned(), event.clone()));
        }
        !same
    }
}

/// A resource that may soon fail has not.
fn effective_exit(rc: i32) -> i32 {
    match rc {
        190 => 0,
        191 => 8,
        rc => rc,
    }
}

impl OperationKey {
    pub(crate) fn parse(key: &str) -> Option<Self> {
        let (rest, millis) = key.rsplit_once('_')?;
        let millis = millis.parse().ok()?;
        // The only tasks with an underscore inside.
        for task in ["migrate_to", "migrate_from"] {
            if let Some(resource) = rest.strip_suffix(task).and_then(|r| r.strip_suffix('_')) {
                return Some(Self { resource: resource.into(), task: task.into(), millis });
            }
        }
        for kind in ["_pre_notify_", "_post_notify_"] {
            if let Some(at) = rest.find(kind) {
                let task = rest[at + 1..].to_owned();
                return Some(Self { resource: rest[..at].to_owned(), task, millis });
            }
        }
        let (resource, task) = rest.rsplit_once('_')?;
        (!resource.is_empty() && !task.is_empty()).then(|| Self {
            resource: resource.to_owned(),
            task: task.to_owned(),
            millis,
        })
    }
}

impl Core {
    /// Takes a result that stands in the CIB or came directly.
    pub(crate) fn on_history_event(&mut self, desk: &mut Desk<'_>, row: &Element, node_id: &str) {
        let Some(event) = HistoryEvent::from_element(row) else { return };
        let key: TransitionKey = match event.transition_key.parse() {
            Ok(key) => key,
            Err(error) => {
                desk.say(Severity::Error, format!("Cannot process a result: {error}"));
                return self.abort(desk, Completion::Restart, "Bad event", event.key);
            }
        };
        let about = event.key.clone();
        let walker = &self.drive.walker;
        let stray: Stray = if key.transition == -1 {
            self.abort(desk, Completion::Restart, "Unexpected event", about);
            Some("initiated outside of the cluster")
        } else if key.action < 0 || key.origin != desk.settings.origin {
            self.abort(desk, Completion::Restart, "Foreign event", about);
            Some("initiated by a different DC")
        } else if walker.id() != key.transition || walker.is_complete() {
            match self.on_late_event(desk, &event, &key, node_id) {
                Some(stray) => Some(stray),
                None => return,
            }
        } else {
            let id = u32::try_from(key.action).map(ActionId).ok();
            match id.filter(|id| walker.action(*id).is_some()) {
                None => {
                    self.abort(desk, Completion::Restart, "Unknown event", about);
                    Some("unknown")
                }
                Some(id) if walker.is_confirmed(id) => return,
                Some(id) => {
                    let ignore = self.confirm_event(desk, id, &event, &key);
                    return self.count_failure(desk, &event, &key, node_id, None, ignore);
                }
            }
        };
        self.count_failure(desk, &event, &key, node_id, stray, false);
    }

    /// A result of an action that is not under way. Nothing if it is the expected end of a watch.
    fn on_late_event(
        &mut self,
        desk: &mut Desk<'_>,
        event: &HistoryEvent,
        key: &TransitionKey,
        node_id: &str,
    ) -> Stray {
        let about = event.key.clone();
        if event.recurring {
            if event.status == ExecStatus::Cancelled.code() {
                if let Some(key) = &event.key {
                    self.confirm_cancellation(desk, key, Some(node_id));
                }
                return None;
            }
            self.abort(desk, Completion::Restart, "Change in recurring result", about);
            return Some("arrived after initial scheduling");
        }
        if self.drive.walker.id() == key.transition {
            self.abort(desk, Completion::Restart, "Inactive graph", about);
            Some("arrived late")
        } else {
            self.abort(desk, Completion::Restart, "Old event", about);
            Some("arrived really late")
        }
    }

    /// Confirms an action. `true` if its failure is to be ignored.
    fn confirm_event(
        &mut self,
        desk: &mut Desk<'_>,
        id: ActionId,
        event: &HistoryEvent,
        key: &TransitionKey,
    ) -> bool {
        let action = self.drive.walker.action(id);
        let ignore = action.and_then(|action| action.meta("on_fail")) == Some("ignore");
        let failed = !ignore && event.rc != key.expected;
        let outcome = if failed { Outcome::Failure } else { Outcome::Success };
        desk.disarm(Timer::Action { transition: key.transition, action: id });
        self.drive.walker.confirm(id, outcome);
        self.drive.wake();
        if failed {
            let priority = self.drive.walker.priority(id).saturating_add(1);
            let about = event.key.clone();
            self.abort_below(desk, priority, Completion::Restart, "Event failed", about);
        }
        ignore
    }

    /// A watch has ended because this transition wanted it. `true` if it did.
    pub(crate) fn confirm_cancellation(
        &mut self,
        desk: &mut Desk<'_>,
        key: &str,
        node_id: Option<&str>,
    ) -> bool {
        let Some(id) = self.drive.walker.cancellation(key, node_id).map(|action| action.id) else {
            return false;
        };
        desk.disarm(Timer::Action { transition: self.drive.walker.id(), action: id });
        self.drive.walker.confirm(id, Outcome::Success);
        self.drive.wake();
        true
    }

    /// Notes a result in the log and a failure in the node's attributes.
    fn count_failure(
        &mut self,
        desk: &mut Desk<'_>,
        event: &HistoryEvent,
        key: &TransitionKey,
        node_id: &str,
        stray: Stray,
        ignore: bool,
    ) {
        let name = self.peers.iter().find(|peer| peer.uuid() == node_id);
        let name = name.and_then(|peer| peer.name.clone());
        let operation = event.key.as_deref().unwrap_or("unknown action");
        let on = name.as_ref().map_or("unknown node", |name| name.as_str());
        let (transition, action) = (key.transition, key.action);
        let head = format!("Transition {transition} action {action} ({operation} on {on})");
        let text = match (event.rc == key.expected, stray) {
            (true, None) => format!("{head} confirmed: rc={} call-id={}", event.rc, event.call),
            (true, Some(stray)) => format!("{head}: {stray}"),
            (false, stray) => format!(
                "{head}: expected rc={} but got rc={} call-id={} {}",
                key.expected,
                event.rc,
                event.call,
                stray.unwrap_or_default()
            ),
        };
        let failed = event.rc != key.expected;
        desk.say(if failed { Severity::Notice } else { Severity::Info }, text);
        let refresh = event.origin.as_deref() == Some(REFRESH_ORIGIN);
        if !failed || refresh || event.status == ExecStatus::Invalid.code() {
            return;
        }
        if stray.is_some() && !self.drive.last_stray.is_another(node_id, event) {
            return;
        }
        if let (Some(name), Some(operation)) =
            (name, event.key.as_deref().and_then(OperationKey::parse))
        {
            self.update_fail_count(desk, &name, &operation, key.transition == -1, ignore);
        }
    }

    /// Counts a failure, if it is of a kind that counts.
    fn update_fail_count(
        &mut self,
        desk: &mut Desk<'_>,
        node: &NodeName,
        operation: &OperationKey,
        outside: bool,
        ignore: bool,
    ) {
        let graph = self.drive.walker.graph();
        let (counts, offset) = match operation.task.as_str() {
            _ if operation.millis > 0 => (true, None),
            "promote" | "demote" => (true, None),
            "start" => (true, Some(graph.failed_start_offset)),
            "stop" => (true, Some(graph.failed_stop_offset)),
            _ => (outside, None),
        };
        if !counts {
            return;
        }
        let fatal = offset.is_some_and(|offset| offset.value() >= Score::INFINITY.value());
        let value = if fatal { "INFINITY" } else { "value++" };
        let suffix = format!("{}#{}_{}", operation.resource, operation.task, operation.millis);
        let mut attributes = Vec::new();
        attributes.push((format!("last-failure-{suffix}"), Some(desk.now.wall.to_string())));
        if !ignore {
            attributes.push((format!("fail-count-{suffix}"), Some(value.to_owned())));
        }
        desk.out.push(Output::SetAttributes { node: node.clone(), attributes });
        self.await_count(desk);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_that_is_written_down_twice_is_one() {
        let row = |id: &str, call: i32| {
            let row = Element::new("lrm_rsc_op").with("id", id).with("call-id", call);
            let row = row.with("operation_key", "r_asyncmon_0").with("rc-code", 1);
            let row = row.with("op-status", 4).with("last-rc-change", "1700000000");
            let row = row.with("transition-key", "6:-1:0:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
            HistoryEvent::from_element(&row).unwrap()
        };
        let mut last = LastStray::default();
        assert!(last.is_another("1", &row("r_last_failure_0", 6)));
        assert!(!last.is_another("1", &row("r_last_0", 6)));
        assert!(last.is_another("1", &row("r_last_failure_0", 7)));
        assert!(last.is_another("2", &row("r_last_failure_0", 7)));
    }

    #[test]
    fn keys_are_taken_apart_from_their_end() {
        let parse =
            |text| OperationKey::parse(text).map(|key| (key.resource, key.task, key.millis));
        let key = |resource: &str, task: &str, millis| {
            Some((resource.to_owned(), task.to_owned(), millis))
        };
        assert_eq!(parse("web_server_monitor_10000"), key("web_server", "monitor", 10_000));
        assert_eq!(parse("vm_migrate_from_0"), key("vm", "migrate_from", 0));
        assert_eq!(parse("db_post_notify_start_0"), key("db", "post_notify_start", 0));
        assert_eq!(parse("web:1_start_0"), key("web:1", "start", 0));
        for bad in ["", "web", "web_start", "_start_0", "web_start_x"] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }
}
