use vocab::{Interval, Score, Timestamp};

use super::{HistoryEntry, NodeHistory};
use crate::{Node, Resource, ResourceState, options::Options, resource::base_name};

/// How often a resource has failed on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct FailCount {
    /// Failures.
    pub count: i32,
    /// When the last of them was.
    pub last: Option<Timestamp>,
}

/// What counting failures needs to know.
#[derive(Clone, Copy, Debug)]
pub struct FailCountInput<'a> {
    /// The node.
    pub node: &'a Node,
    /// The resource.
    pub resource: &'a Resource,
    /// The options.
    pub options: &'a Options,
    /// What nodes recorded.
    pub history: &'a [NodeHistory],
    /// The time.
    pub now: Timestamp,
    /// Whether failures that are old enough to be forgotten count as none.
    pub expire: bool,
    /// The operation whose failure is looked at, if it is one.
    pub entry: Option<&'a HistoryEntry>,
}

/// Counts failures from the node's attributes. A failure timeout that contradicts `on-fail=block` is switched off in
/// `state`.
pub fn fail_count(input: FailCountInput<'_>, state: &mut ResourceState) -> FailCount {
    let (count, last) = recorded(&input, state);
    let mut found = FailCount { count, last: (last > 0).then_some(Timestamp(last)) };
    if found.count > 0 && state.failure_timeout_ms > 0 && blocks_on_failure(&input) {
        state.failure_timeout_ms = 0;
    }
    if input.expire
        && found.count > 0
        && state.failure_timeout_ms > 0
        && let Some(last) = found.last
        && input.now.0 > last.0.saturating_add(seconds(state.failure_timeout_ms))
    {
        found.count = 0;
    }
    if found.count <= 0 {
        found.last = None;
    }
    found
}

/// Milliseconds as whole seconds, rounded, at least one if there are any.
pub(crate) fn seconds(millis: u64) -> i64 {
    let rounded = (millis.saturating_add(500)) / 1000;
    let at_least = u64::from(millis > 0);
    i64::try_from(rounded.max(at_least)).unwrap_or(i64::MAX)
}

fn recorded(input: &FailCountInput<'_>, state: &ResourceState) -> (i32, i64) {
    const COUNT: &str = "fail-count-";
    const LAST: &str = "last-failure-";
    let known = state.history_id.as_ref().map_or(input.resource.id.as_str(), |id| id.as_str());
    let unique = input.resource.unique;
    let name = if unique { known } else { base_name(known) };
    let matches = |key: &str, prefix: &str| {
        key.strip_prefix(prefix)
            .and_then(|rest| rest.strip_prefix(name))
            .is_some_and(|rest| is_operation(rest, unique))
    };
    let mut count = Score::ZERO;
    let mut last = 0;
    let from = |prefix: &str| format!("{prefix}{name}");
    for (key, value) in input.node.attributes.range(from(COUNT)..) {
        if !key.starts_with(COUNT) || !key[COUNT.len()..].starts_with(name) {
            break;
        }
        if matches(key, COUNT)
            && let Some(score) = input.options.parse_score(value)
        {
            count += score;
        }
    }
    for (key, value) in input.node.attributes.range(from(LAST)..) {
        if !key.starts_with(LAST) || !key[LAST.len()..].starts_with(name) {
            break;
        }
        if matches(key, LAST)
            && let Ok(time) = value.trim().parse::<i64>()
        {
            last = last.max(time);
        }
    }
    (count.value(), last)
}

/// Whether what follows the resource's name is `#OPERATION_MILLISECONDS`, with an instance number before it if
/// instances share their failures.
fn is_operation(rest: &str, unique: bool) -> bool {
    let rest = match rest.strip_prefix(':') {
        Some(number) if !unique => {
            let digits = number.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return false;
            }
            &number[digits..]
        }
        Some(_) => return false,
        None => rest,
    };
    rest.strip_prefix('#').and_then(|operation| operation.rsplit_once('_')).is_some_and(
        |(name, millis)| {
            !name.is_empty()
                && !millis.is_empty()
                && millis.bytes().all(|byte| byte.is_ascii_digit())
        },
    )
}

/// Whether the failure, or if none is given any that is recorded, is of an operation that blocks the resource.
fn blocks_on_failure(input: &FailCountInput<'_>) -> bool {
    let name = base_name(input.resource.id.as_str());
    let blocking =
        || input.resource.operations.iter().filter(|op| op.on_fail.as_deref() == Some("block"));
    let fits = |task: &str, interval: Interval, entry: &HistoryEntry| {
        if interval != entry.interval || !task.eq_ignore_ascii_case(entry.task()) {
            return false;
        }
        entry.id().eq_ignore_ascii_case(&format!("{name}_last_failure_0"))
            || (entry.id().eq_ignore_ascii_case(&format!("{name}_{task}_{interval}"))
                && entry.exit.unwrap_or(0) != entry.expected)
    };
    match input.entry {
        Some(entry) => blocking().any(|op| fits(&op.name, op.interval, entry)),
        None => blocking().any(|op| {
            input
                .history
                .iter()
                .filter(|history| history.node_name == input.node.name.as_str())
                .flat_map(|history| &history.resources)
                .filter(|history| history.id() == name)
                .flat_map(|history| &history.entries)
                .any(|entry| fits(&op.name, op.interval, entry))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_names() {
        assert!(is_operation("#monitor_10000", true));
        assert!(is_operation(":0#monitor_10000", false));
        assert!(!is_operation(":0#monitor_10000", true));
        assert!(!is_operation("2#monitor_10000", true));
        assert!(!is_operation("", true));
        assert!(!is_operation("#monitor_", true));
    }

    #[test]
    fn milliseconds_round_to_seconds() {
        assert_eq!(seconds(0), 0);
        assert_eq!(seconds(1), 1);
        assert_eq!(seconds(1499), 1);
        assert_eq!(seconds(1500), 2);
    }
}
