use std::{sync::Arc, time::Duration};

use machine::{Instant, Outbox};
use messages::cib::{
    CallOptions, ChangedSections, DiffNotification, Failure, Notification, NotificationKind,
    Operation, Reply, Request,
};
use xml::Element;

use super::{Note, Output, Replica, Timer, clients::is_privileged};
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
        if let Some(user) = self.lacks_access_control(request) {
            out.push(Output::Note(Note::AccessControlMissing { user }));
            reply.result = Err(Failure::AccessDenied);
            return reply;
        }
        let old = Arc::clone(self.document.root());
        let origin = request.origin.as_ref().unwrap_or(&self.local);
        let stamp = Stamp { origin: Some(origin.as_str()), written: &self.written };
        let performed = self.document.perform(request, source, stamp);
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
            self.notify_diff(request, performed, out);
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

    fn notify_diff(&self, request: &Request, performed: &Performed, out: &mut Outbox<Output>) {
        let clients = self.clients.subscribers(NotificationKind::Diff);
        let Some(patch) = &performed.patch else { return };
        if clients.is_empty() {
            return;
        }
        let notification = Notification::Diff(DiffNotification {
            operation: request.operation,
            result: performed.result,
            update: request.data.clone(),
            patch: Arc::new(patch.to_element()),
            generation: self.generation(),
        });
        out.push(Output::Notify { clients: clients.to_vec(), notification });
    }

    fn notify_replaced(&self, operation: Operation, old: &Arc<Element>, out: &mut Outbox<Output>) {
        let sections = match operation {
            Operation::Erase => ChangedSections::ALL,
            Operation::Replace => self.differing_sections(old),
            _ => return,
        };
        let clients = self.clients.subscribers(NotificationKind::Replaced);
        if clients.is_empty() || !sections.any() {
            return;
        }
        let notification = Notification::Replaced { sections, generation: self.generation() };
        out.push(Output::Notify { clients: clients.to_vec(), notification });
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

    /// The root's attributes, as notifications carry them.
    fn generation(&self) -> Arc<Element> {
        let mut generation = bare(self.document.root());
        generation.rename("generation_tuple");
        Arc::new(generation)
    }

    /// The user of a request that would have to be judged by access control lists.
    fn lacks_access_control(&self, request: &Request) -> Option<String> {
        let user = request.user.as_deref().filter(|user| !is_privileged(user))?;
        let options = Section::named(Some("crm_config")).find(self.document.root())?;
        let wanted = options.descendants().any(|element| {
            element.name() == "nvpair"
                && element.attr("name") == Some("enable-acl")
                && element
                    .attr("value")
                    .is_some_and(|value| vocab::parse_boolean(value) == Ok(true))
        });
        wanted.then(|| user.to_owned())
    }
}
