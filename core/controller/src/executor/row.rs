use messages::{crmd::TransitionKey, executor::OperationResult};
use vocab::{ExecStatus, FEATURE_SET, NodeName, OcfExit, Task, Timestamp};
use xml::{Element, digest};

use super::history::{expected_exit, failed};
use crate::metadata::{AgentMetadata, AgentParameter, Reload};

/// The rows of a resource's history that record a result: one, or two for the failure of an operation that does not recur.
///
/// `with_metadata` says whether the operation is of a kind whose row has digests beyond that of all parameters.
pub(crate) fn history_rows(
    result: &OperationResult,
    node: &NodeName,
    origin: &str,
    metadata: Option<&AgentMetadata>,
) -> Vec<Element> {
    let (task, ids) = names(result);
    let mut result = result.clone();
    // What a notification says does not count.
    if result.task == Task::Notify && result.status != ExecStatus::Pending {
        (result.status, result.exit) = (ExecStatus::Done, OcfExit::Ok);
    }
    let is_failure = failed(&result);
    let mut rows: Vec<Element> =
        ids.into_iter().map(|id| row(&id, &task, &result, is_failure, node, origin)).collect();
    if let (Some(metadata), Some(last)) = (metadata, rows.last_mut()) {
        add_restart_digest(last, &result, metadata);
        add_secure_digest(last, &result, metadata);
    }
    rows
}

/// The row of an action that the DC gave up waiting for.
pub(crate) fn action_row(result: &OperationResult, node: &NodeName, origin: &str) -> Vec<Element> {
    history_rows(result, node, origin, None)
}

/// What the operation counts as, and the ids of its rows.
fn names(result: &OperationResult) -> (Task, Vec<String>) {
    // A reload is recorded as what it means for the resource's state.
    let task = match (&result.task, result.status) {
        (Task::Reload | Task::ReloadAgent, ExecStatus::Done) => Task::Start,
        (Task::Reload | Task::ReloadAgent, _) => Task::Monitor,
        (task, _) => task.clone(),
    };
    let resource = &result.resource;
    let key = format!("{resource}_{task}_{}", result.interval);
    let meta = |name: &str| result.parameters.value(&format!("CRM_meta_{name}")).unwrap_or("");
    let ids = match result.task {
        Task::Notify => {
            let (kind, operation) = (meta("notify_type"), meta("notify_operation"));
            vec![format!("{resource}_{kind}_notify_{operation}_0")]
        }
        Task::MigrateTo | Task::MigrateFrom => vec![key],
        _ if failed(result) && result.interval.is_recurring() => {
            vec![format!("{resource}_last_failure_0")]
        }
        _ if failed(result) => {
            vec![format!("{resource}_last_failure_0"), format!("{resource}_last_0")]
        }
        _ if result.interval.is_recurring() => vec![key],
        _ => vec![format!("{resource}_last_0")],
    };
    (task, ids)
}

fn row(
    id: &str,
    task: &Task,
    result: &OperationResult,
    is_failure: bool,
    node: &NodeName,
    origin: &str,
) -> Element {
    let key = match &result.user_data {
        Some(key) => key.clone(),
        None => TransitionKey {
            action: result.call.0,
            transition: -1,
            expected: expected_exit(result),
            origin: TransitionKey::OUTSIDE.to_owned(),
        }
        .to_string(),
    };
    let magic = format!("{}:{};{key}", result.status.code(), result.exit.code());
    let version = result.parameters.value("crm_feature_set");
    let keeps_reason = is_failure && !matches!(result.task, Task::MigrateTo | Task::MigrateFrom);
    let reason = if keeps_reason { result.exit_reason.as_deref() } else { None };
    let mut element = Element::new("lrm_rsc_op")
        .with("id", id)
        .with("operation_key", format_args!("{}_{task}_{}", result.resource, result.interval))
        .with("operation", task)
        .with("crm-debug-origin", origin)
        .with("crm_feature_set", version.unwrap_or(&FEATURE_SET.to_string()))
        .with("transition-key", &key)
        .with("transition-magic", magic)
        .with("exit-reason", reason.unwrap_or_default())
        .with("on_node", node)
        .with("call-id", result.call)
        .with("rc-code", result.exit.code())
        .with("op-status", result.status.code())
        .with("interval", result.interval);
    add_times(&mut element, result);
    if matches!(result.task, Task::MigrateTo | Task::MigrateFrom) {
        for name in ["migrate_source", "migrate_target"] {
            if let Some(value) = result.parameters.value(&format!("CRM_meta_{name}")) {
                element.set(name, value);
            }
        }
    }
    let parameters = digest_parameters(result);
    element.set("op-digest", digest::operation(&parameters));
    element
}

fn add_times(element: &mut Element, result: &OperationResult) {
    let never = Timestamp(0);
    let known = result.last_run != never
        || result.last_change != never
        || !result.execution_time.is_zero()
        || !result.queue_time.is_zero();
    if known {
        let recurring = result.interval.is_recurring() && result.last_change != never;
        let change = if recurring { result.last_change } else { result.last_run };
        element.set("last-rc-change", change);
        element.set("exec-time", result.execution_time.as_millis());
        element.set("queue-time", result.queue_time.as_millis());
    }
}

/// What of an operation's parameters the scheduler compares with the configuration.
fn digest_parameters(result: &OperationResult) -> Element {
    let mut element = Element::new("parameters");
    for (name, value) in result.parameters.iter() {
        let left_out = name.starts_with("CRM_meta_")
            || matches!(
                name,
                "id" | "crm_feature_set"
                    | "op-digest"
                    | "on_node"
                    | "on_node_uuid"
                    | "pcmk_external_ip"
            );
        if !left_out {
            element.set(name, value);
        }
    }
    // A watch that is given another time has to begin anew.
    if result.interval.is_recurring()
        && let Some(timeout) = result.parameters.value("CRM_meta_timeout")
    {
        element.set("CRM_meta_timeout", timeout);
    }
    element
}

/// Adds which parameters need a restart when they change, if the agent can do without for others.
fn add_restart_digest(row: &mut Element, result: &OperationResult, metadata: &AgentMetadata) {
    let needs_restart = |parameter: &AgentParameter| match metadata.reload {
        Reload::Agent => !parameter.reloadable,
        Reload::Legacy => parameter.unique,
        Reload::Unsupported => false,
    };
    if result.interval.is_recurring() || metadata.reload == Reload::Unsupported {
        return;
    }
    // The originals list them in reverse.
    let listed: Vec<_> = metadata.parameters.iter().rev().filter(|p| needs_restart(p)).collect();
    let mut parameters = Element::new("parameters");
    for parameter in &listed {
        if let Some(value) = result.parameters.value(&parameter.name) {
            parameters.set(&parameter.name, value);
        }
    }
    row.set("op-force-restart", word_list(&listed).unwrap_or_default());
    row.set("op-restart-digest", digest::operation(&parameters));
}

/// Adds which parameters are private, and the digest of the others, if some are.
fn add_secure_digest(row: &mut Element, result: &OperationResult, metadata: &AgentMetadata) {
    let listed: Vec<_> = metadata.parameters.iter().rev().filter(|p| p.private).collect();
    let Some(list) = word_list(&listed) else { return };
    let mut parameters = digest_parameters(result);
    for parameter in &listed {
        parameters.remove_attr(&parameter.name);
    }
    row.set("op-secure-params", list);
    row.set("op-secure-digest", digest::operation(&parameters));
}

/// Names with space around each, so that a word can be searched for; nothing for none.
fn word_list(parameters: &[&AgentParameter]) -> Option<String> {
    if parameters.is_empty() {
        return None;
    }
    let names: Vec<_> = parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    Some(format!("  {}  ", names.join(" ")))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use messages::executor::Parameters;
    use vocab::{CallId, Interval, ResourceId};

    use super::*;

    fn result(task: Task, exit: OcfExit, parameters: &[(&str, &str)]) -> OperationResult {
        let mut all = Parameters::new();
        for (name, value) in parameters {
            all.set(*name, *value);
        }
        OperationResult {
            resource: ResourceId::from("WebServer"),
            task,
            interval: Interval::ONCE,
            call: CallId(12),
            user_data: Some("7:8:0:5a846dd1-141c-42b6-91b2-944ea84b075f".into()),
            timeout: Duration::from_secs(20),
            start_delay: Duration::ZERO,
            status: ExecStatus::Done,
            exit,
            exit_reason: Some("why".into()),
            output: None,
            last_run: Timestamp(1_795_187_341),
            last_change: Timestamp(1_795_187_341),
            execution_time: Duration::from_millis(171),
            queue_time: Duration::ZERO,
            resource_deleted: false,
            parameters: all,
        }
    }

    /// A row that Pacemaker 2.1.5 wrote for the same operation.
    #[test]
    fn a_start_is_recorded_as_the_original_does() {
        let start = result(
            Task::Start,
            OcfExit::Ok,
            &[
                ("configfile", "/etc/nginx/nginx.conf"),
                ("CRM_meta_timeout", "40000"),
                ("crm_feature_set", "3.16.1"),
            ],
        );
        let parameter = |name: &str, unique| AgentParameter {
            name: name.into(),
            unique,
            reloadable: false,
            private: false,
        };
        let metadata = AgentMetadata {
            reload: Reload::Legacy,
            parameters: vec![parameter("configfile", true), parameter("port", false)],
        };
        let rows =
            history_rows(&start, &NodeName::from("node3"), "do_update_resource", Some(&metadata));
        let expected = r#"<lrm_rsc_op id="WebServer_last_0" operation_key="WebServer_start_0" operation="start" crm-debug-origin="do_update_resource" crm_feature_set="3.16.1" transition-key="7:8:0:5a846dd1-141c-42b6-91b2-944ea84b075f" transition-magic="0:0;7:8:0:5a846dd1-141c-42b6-91b2-944ea84b075f" exit-reason="" on_node="node3" call-id="12" rc-code="0" op-status="0" interval="0" last-rc-change="1795187341" exec-time="171" queue-time="0" op-digest="5611a661a872392d48752d304f6fd013" op-force-restart="  configfile  " op-restart-digest="5611a661a872392d48752d304f6fd013"/>"#;
        assert_eq!(rows, [xml::parse(expected).unwrap()]);
    }

    #[test]
    fn a_watch_counts_its_timeout() {
        let mut monitor = result(
            Task::Monitor,
            OcfExit::Ok,
            &[
                ("configfile", "/etc/nginx/nginx.conf"),
                ("CRM_meta_timeout", "20000"),
                ("CRM_meta_interval", "30000"),
            ],
        );
        monitor.interval = Interval { millis: 30_000 };
        let rows = history_rows(&monitor, &NodeName::from("node3"), "x", None);
        assert_eq!(rows[0].id(), Some("WebServer_monitor_30000"));
        assert_eq!(rows[0].attr("op-digest"), Some("d5c89ae7e5c48519dbab5c762ea2f9bd"));
    }

    #[test]
    fn a_failed_start_leaves_two_rows() {
        let start = result(Task::Start, OcfExit::Error, &[]);
        let rows = history_rows(&start, &NodeName::from("a"), "x", None);
        let ids: Vec<_> = rows.iter().filter_map(Element::id).collect();
        assert_eq!(ids, ["WebServer_last_failure_0", "WebServer_last_0"]);
        assert_eq!(rows[1].attr("exit-reason"), Some("why"));
        let mut unasked = result(Task::Monitor, OcfExit::NotRunning, &[]);
        unasked.user_data = None;
        let rows = history_rows(&unasked, &NodeName::from("a"), "x", None);
        let key = "12:-1:0:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
        assert_eq!(rows[0].attr("transition-key"), Some(key));
    }
}
