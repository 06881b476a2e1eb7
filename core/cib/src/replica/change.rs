use std::{sync::Arc, time::Duration};

use machine::{Instant, Outbox};
use messages::cib::{
    CallOptions, ChangedSections, DiffNotification, Failure, Notification, NotificationKind,
    Operation, Reply, Request,
};
use xml::Element;

use super::{Note, Output, Replica, Timer};
use crate::{Performed, Source, Stamp, operations::bare, section::Section};

/// How long the CIB must be quiet before the primary compares it with the peers'.
pub(super) const QUIET: Duration = Duration::from_secs(5);

impl Replica {
    /// Carries out an operation on the document and does all that follows from it; gives the reply for who asked.
    pub(super) fn carry_out(
        &mut self,
        now: Instant,
        request: &Request,
        source: Source<'_>,
        out: &mut Outbox<Output>,
    ) -> Reply {
        let mut reply = Reply::to(request);
        let old = Arc::clone(self.document.root());
        let origin = request.origin.as_ref().unwrap_or(&self.local);
        let stamp = Stamp { origin: Some(origin.as_str()), written: &self.written };
        let circumstances = self.restricted.circumstances(self.time, request.user.as_deref());
        let performed = self.document.perform(request, source, stamp, circumstances);
        if performed.result == Err(Failure::AccessDenied) {
            out.push(Output::Note(Note::Denied {
                user: request.user.clone().unwrap_or_default(),
                operation: request.operation,
                verdict: performed.verdicts.iter().find(|verdict| verdict.forbids()).cloned(),
            }));
        }
        if request.operation != Operation::Query {
            self.follow_up(now, request, &old, &performed, out);
        }
        reply.result = performed.result;
        reply.output = performed.output;
        reply
    }

    fn follow_up(
        &mut self,
        now: Instant,
        request: &Request,
        old: &Arc<Element>,
        performed: &Performed,
        out: &mut Outbox<Output>,
    ) {
        out.push(Output::Note(Note::Completed {
            operation: request.operation,
            section: request.section.clone(),
            by: Note::who(request),
            result: performed.result,
            version: self.document.version(),
        }));
        if let Some(violation) = &performed.violation {
            out.push(Output::Note(Note::Violated(violation.clone())));
        }
        if request.options.has(CallOptions::DRY_RUN) {
            return;
        }
        if performed.result.is_ok() {
            self.changed_at(now, out);
            let replaced = request.operation == Operation::Replace;
            if performed.configuration_changed || replaced {
                out.push(Output::Store(Arc::clone(self.document.root())));
            }
        }
        if !request.options.has(CallOptions::INHIBIT_NOTIFY) {
            self.notify_diff(request, old, performed, out);
        }
        if performed.result.is_ok() {
            self.notify_replaced(request.operation, old, out);
        }
    }

    fn changed_at(&mut self, now: Instant, out: &mut Outbox<Output>) {
        self.last_change = now;
        self.sync.changed();
        if !self.timers.is_armed(&Timer::Compare) {
            self.arm(Timer::Compare, QUIET, out);
        }
    }

    /// The CIB may have been quiet for long enough: the primary asks everybody for digests.
    pub(super) fn compare(&mut self, now: Instant, out: &mut Outbox<Output>) {
        let quiet = now.since(self.last_change);
        if quiet < QUIET {
            self.arm(Timer::Compare, QUIET - quiet, out);
        } else if self.primary && !self.stand_alone {
            let ping = self.sync.ping();
            out.push(Output::Broadcast(messages::cib::PeerMessage::Ping(ping)));
        }
    }

    fn notify_diff(
        &mut self,
        request: &Request,
        old: &Arc<Element>,
        performed: &Performed,
        out: &mut Outbox<Output>,
    ) {
        let Some(patch) = &performed.patch else { return };
        if self.clients.subscribers(NotificationKind::Diff).is_empty() {
            return;
        }
        let watchers = self.watchers(NotificationKind::Diff);
        if performed.result.is_ok() {
            for (user, clients) in watchers.restricted {
                self.notify_restricted(user, clients, (request.operation, old, patch), out);
            }
        }
        if watchers.free.is_empty() {
            return;
        }
        let notification = Notification::Diff(DiffNotification {
            operation: request.operation,
            result: performed.result,
            update: request.data.clone(),
            patch: Arc::new(patch.to_element()),
            generation: self.generation(),
        });
        out.push(Output::Notify { clients: watchers.free, notification });
    }

    fn notify_replaced(
        &mut self,
        operation: Operation,
        old: &Arc<Element>,
        out: &mut Outbox<Output>,
    ) {
        let sections = match operation {
            Operation::Erase => ChangedSections::ALL,
            Operation::Replace => self.differing_sections(old),
            _ => return,
        };
        if self.clients.subscribers(NotificationKind::Replaced).is_empty() || !sections.any() {
            return;
        }
        let watchers = self.watchers(NotificationKind::Replaced);
        for (user, clients) in watchers.restricted {
            let Some(visible) = self.visible(&user) else { continue };
            let generation = generation(&visible);
            let notification = Notification::Replaced { sections, generation };
            out.push(Output::Notify { clients, notification });
        }
        if !watchers.free.is_empty() {
            let notification = Notification::Replaced { sections, generation: self.generation() };
            out.push(Output::Notify { clients: watchers.free, notification });
        }
    }

    fn differing_sections(&self, old: &Arc<Element>) -> ChangedSections {
        let differs = |name| {
            let section = Section::named(Some(name));
            match (section.find(old), section.find(self.document.root())) {
                (Some(old), Some(new)) => !Arc::ptr_eq(&old, &new) && old != new,
                (None, None) => false,
                (Some(_), None) | (None, Some(_)) => true,
            }
        };
        ChangedSections {
            nodes: differs("nodes"),
            alerts: differs("alerts"),
            status: differs("status"),
        }
    }

    fn generation(&self) -> Arc<Element> {
        generation(self.document.root())
    }
}

/// The root's attributes, as notifications carry them.
pub(super) fn generation(root: &Element) -> Arc<Element> {
    let mut generation = bare(root);
    generation.rename("generation_tuple");
    Arc::new(generation)
}
