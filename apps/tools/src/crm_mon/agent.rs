//! Telling a program of the user's what has happened.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use messages::{cib::Notification, crmd::TransitionKey};
use vocab::{ExecStatus, OcfExit};
use xml::{
    Element, Node,
    patchset::{Change, Patchset},
};

use super::options::Options;

/// The user's program, and whom it is to tell.
pub(super) struct Agent {
    program: PathBuf,
    recipient: Option<String>,
    running: Vec<Child>,
}

/// The end of an operation.
#[derive(Debug, PartialEq, Eq)]
struct Event {
    node: String,
    /// None for fencing.
    resource: Option<String>,
    task: String,
    description: String,
    exit: i32,
    expected_exit: i32,
    status: i32,
}

impl Agent {
    /// The program that the command line names, if it names one.
    pub(super) fn of(options: &Options) -> Option<Self> {
        let program = options.external_agent.clone()?;
        Some(Self { program, recipient: options.external_recipient.clone(), running: Vec::new() })
    }

    /// Tells of what a change of the CIB says has ended.
    pub(super) fn tell_changes(&mut self, notification: &Notification) {
        for event in events(notification) {
            self.tell(&event);
        }
    }

    /// Tells that a node was fenced, or was not. The task is the kind of the notice, as agents know it.
    pub(super) fn tell_fencing(&mut self, target: &str, result: i32, text: String) {
        self.tell(&Event {
            node: target.to_owned(),
            resource: None,
            task: "st_notify_fence".to_owned(),
            description: text,
            exit: result,
            expected_exit: 0,
            status: 0,
        });
    }

    fn tell(&mut self, event: &Event) {
        // Whoever has ended meanwhile need not be remembered.
        self.running.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
        let mut command = Command::new(&self.program);
        command
            .stdin(Stdio::null())
            .env("CRM_notify_node", &event.node)
            .env("CRM_notify_task", &event.task)
            .env("CRM_notify_desc", &event.description)
            .env("CRM_notify_rc", event.exit.to_string())
            .env("CRM_notify_target_rc", event.expected_exit.to_string())
            .env("CRM_notify_status", event.status.to_string());
        if let Some(resource) = &event.resource {
            command.env("CRM_notify_rsc", resource);
        }
        if let Some(recipient) = &self.recipient {
            command.env("CRM_notify_recipient", recipient);
        }
        // A program that cannot be started says so to nobody; in the background there is nobody.
        if let Ok(child) = command.spawn() {
            self.running.push(child);
        }
    }
}

/// The operations that a change of the CIB says have ended, but for those that found what they looked for is not running.
fn events(notification: &Notification) -> Vec<Event> {
    let Notification::Diff(diff) = notification else { return Vec::new() };
    Patchset::from_element(&diff.patch).map(|patch| patch_events(&patch)).unwrap_or_default()
}

fn patch_events(patch: &Patchset) -> Vec<Event> {
    let mut events = Vec::new();
    for change in &patch.changes {
        let (path, element) = match change {
            Change::Create { parent, node: Node::Element(element), .. } => (parent, &**element),
            Change::Modify { path, result, .. } => (path, result),
            Change::Create { .. } | Change::Delete { .. } | Change::Move { .. } => continue,
        };
        collect(element, node_in(path).as_deref(), &mut events);
    }
    events
}

/// The id of the node that a path leads to or below.
fn node_in(path: &str) -> Option<String> {
    let steps = ["node_state[@id='", "lrm[@id='"];
    let after = steps.iter().find_map(|step| path.split_once(step))?.1;
    after.split_once('\'').map(|(id, _)| id.to_owned())
}

fn collect(element: &Element, node: Option<&str>, events: &mut Vec<Event>) {
    match element.name() {
        "lrm_rsc_op" => events.extend(event(element, node)),
        "node_state" => {
            let node = element.attr("uname").or(element.id());
            element.children().for_each(|child| collect(child, node, events));
        }
        "cib" | "status" | "lrm" | "lrm_resources" | "lrm_resource" => {
            element.children().for_each(|child| collect(child, node, events));
        }
        _ => {}
    }
}

fn event(recorded: &Element, node: Option<&str>) -> Option<Event> {
    let (result, key) = recorded.attr("transition-magic")?.split_once(';')?;
    let key: TransitionKey = key.parse().ok()?;
    let (status, exit) = result.split_once(':')?;
    let status = ExecStatus::from_code(status.parse().ok()?)?;
    let (exit, expected_exit): (i32, i32) = (exit.parse().ok()?, key.expected);
    let (resource, task) = operation(recorded.attr("operation_key").or(recorded.id())?)?;
    let node = recorded.attr("on_node").or(node)?;
    let description = if status != ExecStatus::Done {
        status.as_str()
    } else if exit == expected_exit {
        if exit == OcfExit::NotRunning.code() {
            return None;
        }
        "OK"
    } else {
        OcfExit::from_code(exit).map_or("unknown", OcfExit::as_str)
    };
    Some(Event {
        node: node.to_owned(),
        resource: Some(resource.to_owned()),
        task: task.to_owned(),
        description: description.to_owned(),
        exit,
        expected_exit,
        status: status.code(),
    })
}

/// Resource and task of `RESOURCE_TASK_INTERVAL`.
fn operation(key: &str) -> Option<(&str, &str)> {
    let (rest, interval) = key.rsplit_once('_')?;
    interval.parse::<u64>().ok()?;
    // These two have the separator in their names.
    for task in ["migrate_to", "migrate_from"] {
        let named = rest.strip_suffix(task).and_then(|front| front.strip_suffix('_'));
        if let Some(resource) = named {
            return Some((resource, task));
        }
    }
    rest.rsplit_once('_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(patch: &str) -> Vec<Event> {
        let patch = xml::parse(patch).expect("a patch set");
        patch_events(&Patchset::from_element(&patch).expect("a patch set"))
    }

    fn record(key: &str, magic: &str) -> String {
        format!(
            "<lrm_rsc_op id='r_last_0' operation_key='{key}' \
             transition-magic='{magic};1:2:0:01234567-89ab-cdef-0123-456789abcdef'/>"
        )
    }

    fn patch(change: &str) -> String {
        format!(
            "<diff format='2'><version><source admin_epoch='0' epoch='1' num_updates='1'/>\
             <target admin_epoch='0' epoch='1' num_updates='2'/></version>{change}</diff>"
        )
    }

    #[test]
    fn results_are_told_wherever_they_are_recorded() {
        let created = format!(
            "<change operation='create' position='0' path=\"/cib/status/node_state[@id='1']/lrm[@id='1']/lrm_resources/\
             lrm_resource[@id='r']\">{}</change>",
            record("r_x_migrate_to_0", "0:0")
        );
        let events = told(&patch(&created));
        assert_eq!(events.len(), 1);
        let event = &events[0];
        assert_eq!(event.resource.as_deref(), Some("r_x"));
        assert_eq!((event.task.as_str(), event.node.as_str()), ("migrate_to", "1"));
        assert_eq!((event.description.as_str(), event.exit, event.status), ("OK", 0, 0));

        let whole = format!(
            "<change operation='create' position='0' path='/cib/status'><node_state id='1' uname='n1'><lrm id='1'>\
             <lrm_resources><lrm_resource id='r'>{}</lrm_resource></lrm_resources></lrm></node_state></change>",
            record("r_monitor_10000", "0:7")
        );
        let events = told(&patch(&whole));
        assert_eq!(events.len(), 1);
        assert_eq!((events[0].node.as_str(), events[0].exit), ("n1", 7));
    }

    #[test]
    fn what_recorded_no_result_is_not_told() {
        let change = "<change operation='create' position='0' path='/cib/status/node_state'><lrm_rsc_op id='a' \
                      operation_key='nonsense'/></change>";
        assert_eq!(told(&patch(change)), []);
        assert_eq!(operation("nonsense"), None);
        assert_eq!(operation("a_b_start_0"), Some(("a_b", "start")));
    }
}
