use std::{fmt, str::FromStr};

/// The result of an operation that is to be pretended: `RESOURCE_TASK_MILLISECONDS@NODE=EXIT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationResult {
    /// The resource's name, with or without the number of an instance.
    pub resource: String,
    /// What was done.
    pub task: String,
    /// How often it recurs, milliseconds; 0 for once.
    pub interval_ms: u32,
    /// The node's name.
    pub node: String,
    /// The exit status of the agent.
    pub exit: i32,
}

/// A text that is not the result of an operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid operation spec: {0} (use RESOURCE_TASK_MILLISECONDS@NODE=EXIT)")]
pub struct OperationResultError(pub String);

impl OperationResult {
    /// Whether it is about this operation on this node. Names are the same in any case, as they are for the original.
    pub(crate) fn is_of(&self, resource: &str, task: &str, interval_ms: u32, node: &str) -> bool {
        self.resource.eq_ignore_ascii_case(resource)
            && self.task.eq_ignore_ascii_case(task)
            && self.interval_ms == interval_ms
            && self.node.eq_ignore_ascii_case(node)
    }

    /// Whether it counts as a failure: success and a probe that finds nothing do not.
    pub(crate) fn counts_as_failure(&self) -> bool {
        self.exit != 0 && (self.exit != 7 || self.interval_ms != 0)
    }
}

impl FromStr for OperationResult {
    type Err = OperationResultError;

    fn from_str(text: &str) -> Result<Self, OperationResultError> {
        parse(text).ok_or_else(|| OperationResultError(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<OperationResult> {
    // Names of tasks with an underscore in them.
    const TASKS: [&str; 3] = ["migrate_to", "migrate_from", "clear_failcount"];
    let (key, place) = text.split_once('@')?;
    let (node, exit) = place.split_once('=')?;
    let (operation, interval) = key.rsplit_once('_')?;
    let (resource, task) = TASKS
        .iter()
        .find_map(|task| Some((operation.strip_suffix(task)?.strip_suffix('_')?, *task)))
        .or_else(|| operation.rsplit_once('_'))?;
    if resource.is_empty() || task.is_empty() || node.is_empty() {
        return None;
    }
    Some(OperationResult {
        resource: resource.to_owned(),
        task: task.to_owned(),
        interval_ms: interval.parse().ok()?,
        node: node.to_owned(),
        exit: exit.parse().ok()?,
    })
}

impl fmt::Display for OperationResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}_{}_{}@{}={}",
            self.resource, self.task, self.interval_ms, self.node, self.exit
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_have_underscores() {
        let parsed: OperationResult = "my_db:0_migrate_to_0@node-1=1".parse().unwrap();
        assert_eq!(parsed.resource, "my_db:0");
        assert_eq!(parsed.task, "migrate_to");
        assert_eq!(parsed.to_string(), "my_db:0_migrate_to_0@node-1=1");
        let parsed: OperationResult = "my_db_monitor_10000@n=7".parse().unwrap();
        assert_eq!(
            (parsed.resource.as_str(), parsed.interval_ms, parsed.exit),
            ("my_db", 10_000, 7)
        );
    }

    #[test]
    fn what_lacks_a_part_is_refused() {
        for text in ["", "a_start_0", "a_start_0@n", "a_start@n=1", "a_start_0@n=x", "_start_0@n=1"]
        {
            assert!(text.parse::<OperationResult>().is_err(), "{text}");
        }
    }
}
