//! Users who are subject to access control: what they are told, and what is known about them.

use std::{collections::BTreeMap, sync::Arc};

use machine::Outbox;
use messages::cib::{DiffNotification, Notification, NotificationKind, Operation, Request};
use rules::LocalTime;
use xml::{Element, patchset::Patchset};

use super::{ClientKey, Output, Replica, change::generation};
use crate::acl::{self, Circumstances, Guard};

/// What is known about users who are subject to access control.
#[derive(Debug, Default)]
pub(super) struct Restricted {
    /// The groups they are in, as far as they were told.
    groups: BTreeMap<String, Vec<String>>,
    /// What those who watch saw last.
    seen: BTreeMap<String, Seen>,
}

#[derive(Debug)]
struct Seen {
    root: Arc<Element>,
    guard: Guard,
}

/// Who wants notifications of a kind.
#[derive(Debug, Default)]
pub(super) struct Watchers {
    /// Those who see everything.
    pub(super) free: Vec<ClientKey>,
    /// The others, by user.
    pub(super) restricted: BTreeMap<String, Vec<ClientKey>>,
}

impl Restricted {
    pub(super) fn circumstances(&self, now: LocalTime, user: Option<&str>) -> Circumstances<'_> {
        let groups = user.and_then(|user| self.groups.get(user));
        Circumstances { now, groups: groups.map_or(&[], Vec::as_slice) }
    }
}

impl Replica {
    /// Whether it matters in which groups a user is. If so, [`Self::set_groups`] is to be called before something that the
    /// user asks for, or a new connection of the user, is handled.
    pub fn wants_groups(&self, user: Option<&str>) -> bool {
        self.is_restricted(user) && acl::has_groups(self.document.root())
    }

    /// Sets the groups that a user is in.
    pub fn set_groups(&mut self, user: &str, groups: Vec<String>) {
        self.restricted.groups.insert(user.to_owned(), groups);
    }

    /// The user for whom a client's request will be carried out.
    pub fn user_of<'a>(&'a self, client: ClientKey, request: &'a Request) -> Option<&'a str> {
        let own = self.clients.user(client)?;
        let wish = request.user.as_deref().filter(|_| !acl::applies_to(Some(own)));
        Some(wish.unwrap_or(own))
    }

    /// Whether a user is subject to access control now.
    pub(super) fn is_restricted(&self, user: Option<&str>) -> bool {
        acl::applies_to(user) && acl::is_enabled(self.document.root(), self.time)
    }

    pub(super) fn guard(&self, user: &str) -> Option<Guard> {
        let circumstances = self.restricted.circumstances(self.time, Some(user));
        Guard::of(self.document.root(), Some(user), circumstances)
    }

    /// What a user sees; `None` if that is nothing.
    pub(super) fn visible(&self, user: &str) -> Option<Arc<Element>> {
        match self.guard(user) {
            None => Some(Arc::clone(self.document.root())),
            Some(guard) => guard.visible().cloned(),
        }
    }

    pub(super) fn watchers(&self, kind: NotificationKind) -> Watchers {
        let mut watchers = Watchers::default();
        let mut enabled = None;
        let mut is_enabled =
            || *enabled.get_or_insert_with(|| acl::is_enabled(self.document.root(), self.time));
        for &client in self.clients.subscribers(kind) {
            let user = self.clients.user(client).filter(|user| acl::applies_to(Some(user)));
            match user.filter(|_| is_enabled()) {
                Some(user) => {
                    watchers.restricted.entry(user.to_owned()).or_default().push(client);
                }
                None => watchers.free.push(client),
            }
        }
        watchers
    }

    /// Tells a user of a change what it changed in what the user sees, by the permissions that hold after it.
    pub(super) fn notify_restricted(
        &mut self,
        user: String,
        clients: Vec<ClientKey>,
        (operation, old, patch): (Operation, &Arc<Element>, &Patchset),
        out: &mut Outbox<Output>,
    ) {
        let Some(guard) = self.guard(&user) else { return };
        let before = match self.restricted.seen.remove(&user) {
            Some(seen) if Arc::ptr_eq(&seen.root, old) && seen.guard.judges_like(&guard) => {
                seen.guard.visible().cloned()
            }
            Some(_) | None => guard.visible_of(old),
        };
        let after = guard.visible().cloned();
        let root = Arc::clone(self.document.root());
        self.restricted.seen.insert(user, Seen { root, guard });
        let (Some(before), Some(after)) = (before, after) else { return };
        let Ok(Some(visible)) = Patchset::between(&before, &after) else { return };
        let visible = Patchset { versions: patch.versions, ..visible };
        let notification = Notification::Diff(DiffNotification {
            operation,
            result: Ok(()),
            update: None,
            patch: Arc::new(visible.to_element()),
            generation: generation(&after),
        });
        out.push(Output::Notify { clients, notification });
    }

    /// Forgets what a user saw who does not watch any more.
    pub(super) fn forget_watcher(&mut self, user: &str) {
        if !self.clients.has_user(user) {
            self.restricted.seen.remove(user);
            self.restricted.groups.remove(user);
        }
    }
}
