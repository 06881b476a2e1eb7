use std::{
    thread,
    time::{Duration, Instant},
};

use client::cib::{CallOptions, CibError, NotificationKind};
use model::Model;
use scheduler::{PlannedAction, Request};
use vocab::ToolExit;
use xml::Element;

use super::{Session, Stop, timeout};
use crate::frame;

/// How long to wait if nobody says.
const TIMEOUT: Duration = Duration::from_secs(60 * 60);

/// When to look again although nothing was heard: time alone can make something necessary.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// Waits until a plan made of the CIB has nothing in it.
pub(super) fn wait(session: &mut Session<'_>) -> Result<(), Stop> {
    let deadline = Instant::now() + timeout(session.options)?.unwrap_or(TIMEOUT);
    // A file has no notifications: then looking again has to do.
    let notified = session.cib.subscribe(NotificationKind::Diff).is_ok();
    loop {
        let cib = session.cib.query(None, CallOptions::SCOPE_LOCAL)?;
        let pending = pending(&cib)?;
        if pending.is_empty() {
            return Ok(());
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            session.output.line("Pending actions:");
            for action in pending {
                session.output.line(format!("\tAction {action}"));
            }
            return Err(Stop::failed(ToolExit::Timeout));
        }
        pause(session, left.min(LOOK_AGAIN), notified)?;
    }
}

fn pause(session: &mut Session<'_>, time: Duration, notified: bool) -> Result<(), CibError> {
    if !notified {
        thread::sleep(time);
        return Ok(());
    }
    // What comes in one burst is looked at once.
    let mut heard = session.cib.next_notification(time)?;
    while heard.is_some() {
        heard = session.cib.next_notification(Duration::ZERO)?;
    }
    Ok(())
}

/// What a plan made of the CIB still has to do, in words. Plans follow their orderings by recursion, which needs more
/// stack than the main thread has.
fn pending(cib: &Element) -> Result<Vec<String>, Stop> {
    let work = || {
        let (model, _) = Model::build_at(cib, frame::local_time());
        let plan = scheduler::schedule(&model, &Request::default());
        let pending = plan.actions.iter().filter(|action| is_pending(action));
        pending.map(|action| in_words(&model, action)).collect()
    };
    thread::scope(|scope| {
        let builder = thread::Builder::new().stack_size(scheduler::STACK_BYTES);
        let thread = builder
            .spawn_scoped(scope, work)
            .map_err(|error| Stop::new(ToolExit::OsError, error.to_string()))?;
        thread.join().map_err(|_| Stop::failed(ToolExit::Software))
    })
}

/// Whether somebody still has to do it. Notifications do not count: they belong to what they are about.
fn is_pending(action: &PlannedAction) -> bool {
    !action.optional && !action.pseudo && action.runnable && action.task != "notify"
}

fn in_words(model: &Model, action: &PlannedAction) -> String {
    let place =
        action.node.map(|node| format!("\ton {}", model.nodes[node].name)).unwrap_or_default();
    format!("{}: {}{place}", action.id, action.key)
}
