use messages::crmd::Operation;
use vocab::{ExecStatus, Interval, OcfExit, ResourceId, Task};

use super::{
    Asker, Deletion, LocalExecutor, Situation,
    acknowledge::{acknowledge, answer},
};
use crate::{
    desk::{Desk, quoted},
    note::Severity,
    output::Output,
};

impl LocalExecutor {
    /// Has a resource forgotten: by the executor, in the CIB, and here.
    pub(crate) fn delete(&mut self, desk: &mut Desk<'_>, operation: Operation, asker: Asker) {
        let Some(reference) = operation.resource.clone() else { return };
        let long_id = reference.long_id.as_deref().map(ResourceId::from);
        let known = [Some(reference.id.clone()), long_id]
            .into_iter()
            .flatten()
            .find(|id| self.resources.contains_key(id));
        let resource = known.clone().unwrap_or(reference.id);
        if refuse_user(desk, &asker, &operation, &resource, "delete") {
            return;
        }
        let deletion = Deletion { operation, asker };
        self.deleting.entry(resource.clone()).or_default().push(deletion);
        if known.is_some() {
            desk.out.push(Output::Unregister { resource });
        } else {
            // To delete what does not exist is a success.
            self.deleted(desk, &resource);
        }
    }

    /// Takes the executor's answer to a deletion.
    pub(crate) fn on_unregistered(
        &mut self,
        desk: &mut Desk<'_>,
        resource: &ResourceId,
        in_progress: bool,
    ) {
        if !in_progress {
            self.deleted(desk, resource);
        }
    }

    /// A resource is gone from the executor: the rest follows.
    pub(super) fn deleted(&mut self, desk: &mut Desk<'_>, resource: &ResourceId) {
        self.resources.remove(resource);
        for call in self.calls_of(resource) {
            self.active.remove(&(resource.clone(), call));
        }
        delete_history(desk, desk.settings.name.clone().as_str(), resource);
        for deletion in self.deleting.remove(resource).unwrap_or_default() {
            let mut result = self.blank_result(&deletion.operation, resource, Task::Delete);
            result.interval = Interval::ONCE;
            (result.status, result.exit) = (ExecStatus::Done, OcfExit::Ok);
            acknowledge(desk, &deletion.asker, &result);
            refresh_after(desk, &deletion.asker);
        }
    }

    /// Tells that a history was deleted which is none of this node's.
    pub(crate) fn acknowledge_deletion(
        &self,
        desk: &mut Desk<'_>,
        operation: &Operation,
        asker: &Asker,
    ) {
        let Some(resource) = operation.resource.as_ref().map(|resource| &resource.id) else {
            return;
        };
        let mut result = super::request::blank(operation, resource.clone(), Task::Delete);
        result.interval = Interval::ONCE;
        (result.status, result.exit) = (ExecStatus::Done, OcfExit::Ok);
        acknowledge(desk, asker, &result);
    }

    /// Forgets all history of this node, so that everything is probed again.
    pub(crate) fn reprobe(&mut self, desk: &mut Desk<'_>, asker: &Asker) {
        desk.say(Severity::Notice, "Forcing the status of all resources to be redetected");
        let resources: Vec<_> = self.resources.keys().cloned().collect();
        for resource in resources {
            desk.out.push(Output::Unregister { resource });
        }
        let expression =
            format!("//node_state[@uname={}]/lrm", quoted(desk.settings.name.as_str()));
        desk.delete_xpath(expression);
        if !asker.is_transition() {
            answer(desk, asker, None);
        }
    }

    /// Pretends that a resource failed.
    pub(crate) fn fail(
        &mut self,
        desk: &mut Desk<'_>,
        situation: Situation,
        operation: &Operation,
        asker: &Asker,
    ) {
        let Some(reference) = &operation.resource else { return };
        let mut operation = operation.clone();
        operation.transition_key = None;
        let task = Task::from_name("asyncmon");
        if refuse_user(desk, asker, &operation, &reference.id, "fail") {
            return;
        }
        let registered = self.register(desk, reference);
        let mut result = match &registered {
            Some((resource, _)) => self.blank_result(&operation, resource, task),
            None => self.blank_result(&operation, &reference.id, task),
        };
        result.interval = Interval::ONCE;
        result.exit = OcfExit::Error;
        if registered.is_some() {
            let mut failure = result.clone();
            failure.status = ExecStatus::Done;
            self.fake(desk, situation, failure, "Simulated failure");
            (result.status, result.exit) = (ExecStatus::Done, OcfExit::Ok);
        } else {
            result.status = ExecStatus::Error;
            result.exit_reason = Some("Cannot fail unknown resource".to_owned());
        }
        acknowledge(desk, asker, &result);
    }

    /// Forgets the last failure of a resource on this node, in the CIB too.
    pub(crate) fn clear_failure(
        &mut self,
        desk: &mut Desk<'_>,
        resource: &ResourceId,
        operation: Option<(&str, Interval)>,
    ) {
        let mut row = format!("@id={}", quoted(&format!("{resource}_last_failure_0")));
        if let Some((task, interval)) = operation {
            let key = quoted(&format!("{resource}_{task}_{interval}"));
            row = format!("{row} and @operation_key={key}");
        }
        let expression = format!(
            "/cib/status/node_state[@uname={}]/lrm/lrm_resources/lrm_resource[@id={}]/lrm_rsc_op[{row}]",
            quoted(desk.settings.name.as_str()),
            quoted(resource.as_str()),
        );
        desk.delete_xpath(expression);
        if let Some(history) = self.resources.get_mut(resource) {
            history.clear_failure(operation);
        }
    }
}

/// Removes a resource's history on a node from the CIB.
pub(crate) fn delete_history(desk: &mut Desk<'_>, node: &str, resource: &ResourceId) {
    let expression = format!(
        "//node_state[@uname={}]/lrm/lrm_resources/lrm_resource[@id={}]",
        quoted(node),
        quoted(resource.as_str()),
    );
    desk.delete_xpath(expression);
}

/// A change that no transition made has to cause one.
pub(crate) fn refresh_after(desk: &mut Desk<'_>, asker: &Asker) {
    if !asker.is_transition() {
        let now = desk.now.wall.to_string();
        desk.set_property("last-lrm-refresh", &now);
    }
}

/// Refuses what only the cluster's own users may do. The ACLs of the CIB say more, but only about the CIB.
fn refuse_user(
    desk: &mut Desk<'_>,
    asker: &Asker,
    operation: &Operation,
    resource: &ResourceId,
    what: &str,
) -> bool {
    let Some(user) = asker.user.as_deref().filter(|user| !matches!(*user, "root" | "hacluster"))
    else {
        return false;
    };
    desk.say(Severity::Error, format!("{user} does not have permission to {what} {resource}"));
    let task = Task::from_name(if what == "fail" { "asyncmon" } else { what });
    let mut result = super::request::blank(operation, resource.clone(), task);
    (result.status, result.exit) = (ExecStatus::Error, OcfExit::InsufficientPrivileges);
    result.exit_reason = Some(format!("Unprivileged user cannot {what} resources"));
    acknowledge(desk, asker, &result);
    true
}
