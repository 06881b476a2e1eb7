//! What reading the history found to be done becomes actions, in the order in which it was found.

use model::Finding;
use vocab::Interval;

use crate::{
    plan::{LateCheck, Plan},
    reason::ActionReason,
    table::{ActionFlags, KeyOp, Op, Relation, TaskKey},
};

pub(crate) fn run(plan: &mut Plan<'_>) {
    for finding in &plan.model.findings {
        match finding.clone() {
            Finding::Stop { resource, node, managed } => {
                let key = Op::Stop.into();
                plan.ensure_as(resource, key, Op::Stop, Some(node), false, managed);
            }
            Finding::Demote { resource, node, managed } => {
                let key = Op::Demote.into();
                plan.ensure_as(resource, key, Op::Demote, Some(node), false, managed);
            }
            Finding::CheckFailure { resource, node, entry } => {
                plan.late_checks.push(LateCheck {
                    resource,
                    node,
                    entry: *entry,
                    is_failure: true,
                });
            }
            Finding::NotActive { resource, node } => {
                for stop in plan.find_actions(resource, Op::Stop.into(), Some(node)) {
                    plan.actions[stop].flags.set(ActionFlags::OPTIONAL);
                }
            }
            Finding::Recurring { resource, node, task, interval, managed } => {
                let op = plan.op(&task);
                let key = recurring(op, interval);
                plan.ensure_as(resource, key, op, Some(node), true, managed);
            }
            Finding::Fence { node, reason, priority_delay } => {
                let reason = Some(ActionReason::Fence(reason));
                plan.fence_action(node, None, true, reason, priority_delay);
            }
            Finding::ClearFailures { resource, node, after_fencing, managed, .. } => {
                let clear = plan.clear_failures_as(resource, node, managed);
                if let Some(remote) = after_fencing {
                    let fence = plan.fence_action(remote, None, true, None, false);
                    plan.order_actions(fence, clear, Relation::FIRST_IMPLIES_THEN);
                }
            }
            Finding::ForgetHistory { resource, node, managed } => {
                let op = Op::ForgetHistory;
                plan.ensure_as(resource, op.into(), op, Some(node), false, managed);
            }
        }
    }
}

/// The key of a recurring operation.
pub(crate) fn recurring(op: Op, interval: Interval) -> TaskKey {
    TaskKey { op: KeyOp::Op(op), interval: interval.millis }
}
