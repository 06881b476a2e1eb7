use std::collections::BTreeMap;

use wire::corosync::cmap::{
    Key, Notification, TRACK_ADDED, TRACK_DELETED, TRACK_MODIFIED, TRACK_PREFIX, Value,
};

use crate::{ClientId, Event, MapId};

/// A client's wish to be told of changes.
#[derive(Clone, Debug)]
pub(crate) struct Tracker {
    pub(crate) map: MapId,
    /// The key, or what the keys begin with.
    pub(crate) key: String,
    /// The `TRACK_` bits.
    pub(crate) events: i32,
    /// Goes back with every event.
    pub(crate) context: u64,
}

impl Tracker {
    pub(crate) fn is_prefix(&self) -> bool {
        self.events & TRACK_PREFIX != 0
    }

    fn wants(&self, map: MapId, key: &str, event: Event) -> bool {
        self.map == map && self.events & bit(event) != 0 && self.covers(key)
    }

    fn covers(&self, key: &str) -> bool {
        if self.is_prefix() { key.starts_with(&self.key) } else { key == self.key }
    }
}

/// Everybody's trackings. There are few, and changes of what is tracked are rare.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trackers {
    by_handle: BTreeMap<(ClientId, u64), Tracker>,
}

impl Trackers {
    pub(crate) fn add(&mut self, client: ClientId, handle: u64, tracker: Tracker) {
        self.by_handle.insert((client, handle), tracker);
    }

    pub(crate) fn remove(&mut self, client: ClientId, handle: u64) -> Option<Tracker> {
        self.by_handle.remove(&(client, handle))
    }

    pub(crate) fn of(&self, client: ClientId) -> usize {
        self.by_handle.range((client, 0)..=(client, u64::MAX)).count()
    }

    pub(crate) fn forget(&mut self, client: ClientId) {
        self.by_handle.retain(|(owner, _), _| *owner != client);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Tracker> {
        self.by_handle.values()
    }

    /// Who has to be told of a change, and what.
    pub(crate) fn told<'a>(
        &'a self,
        map: MapId,
        key: &'a str,
        event: Event,
        old: Option<&'a Value>,
        new: Option<&'a Value>,
    ) -> impl Iterator<Item = (ClientId, Notification)> + 'a {
        let wanted = self.by_handle.iter().filter(move |(_, t)| t.wants(map, key, event));
        wanted.filter_map(move |((client, _), tracker)| {
            let notification = Notification {
                context: tracker.context,
                key: Key::new(key).ok()?,
                event: bit(event),
                new: new.cloned(),
                old: old.cloned(),
            };
            Some((*client, notification))
        })
    }
}

fn bit(event: Event) -> i32 {
    match event {
        Event::Added => TRACK_ADDED,
        Event::Modified => TRACK_MODIFIED,
        Event::Deleted => TRACK_DELETED,
    }
}
