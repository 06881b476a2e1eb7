use std::collections::BTreeMap;

use machine::Outbox;
use wire::corosync::{
    Status,
    cmap::{Answer, Got, Request, TRACK_ADDED, TRACK_DELETED, TRACK_MODIFIED, TRACK_PREFIX, Value},
};

use crate::{
    Change, ClientId, Event, Input, KeyError, MapId, Output, Statistics,
    concern::{after, clearing, concern},
    protection::Protection,
    session::Session,
    store::{Effect, Store},
    tracking::{Tracker, Trackers},
};

/// Iterations or trackings that one client may have open.
const HANDLES_MAX: usize = 4096;
/// Where the keys are of times the daemon was not scheduled.
const SCHEDULING_MISSES: &str = "stats.schedmiss";

/// The machine: both maps and everybody who reads them.
#[derive(Clone, Debug, Default)]
pub struct Maps {
    configuration: Store,
    statistics: Store,
    protection: Protection,
    sessions: BTreeMap<ClientId, Session>,
    trackers: Trackers,
}

impl Maps {
    /// Empty maps. What clients may never change is protected already.
    pub fn new() -> Self {
        Self::default()
    }

    /// A value.
    pub fn get(&self, map: MapId, key: &str) -> Option<&Value> {
        self.store(map).get(key)
    }

    /// All keys that begin like that, in order.
    pub fn with_prefix<'a>(
        &'a self,
        map: MapId,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.store(map).with_prefix(prefix)
    }

    /// The statistic whose value a request is about to read, or what those begin with that it is about to go through. The
    /// daemon sets them before it hands the request in, so that values are fresh and nobody has to keep hundreds of them so.
    pub fn reads_statistic<'a>(&self, client: ClientId, request: &'a Request) -> Option<&'a str> {
        let on_statistics =
            self.sessions.get(&client).is_some_and(|session| session.map == MapId::Statistics);
        match request {
            Request::Get { key, .. } | Request::TrackAdd { key, .. } if on_statistics => {
                Some(key.as_str())
            }
            Request::Iterate { prefix } if on_statistics => Some(prefix.as_str()),
            Request::Get { .. }
            | Request::TrackAdd { .. }
            | Request::Iterate { .. }
            | Request::Set { .. }
            | Request::Delete { .. }
            | Request::Adjust { .. }
            | Request::IterateNext { .. }
            | Request::IterateEnd { .. }
            | Request::TrackDelete { .. }
            | Request::ChooseMap { .. } => None,
        }
    }

    /// The statistics whose values clients want to be told of. The daemon sets them every few seconds.
    pub fn tracked_statistics(&self) -> impl Iterator<Item = &str> {
        self.trackers
            .iter()
            .filter(|tracker| tracker.map == MapId::Statistics && !tracker.is_prefix())
            .map(|tracker| tracker.key.as_str())
    }

    /// Takes in what happened; what is to be done is put in `out`. `Err` if the daemon itself wants what cannot be.
    pub fn handle(&mut self, input: Input, out: &mut Outbox<Output>) -> Result<(), KeyError> {
        match input {
            Input::Connected(client) => {
                self.sessions.insert(client, Session::default());
            }
            Input::Disconnected(client) => {
                self.sessions.remove(&client);
                self.trackers.forget(client);
            }
            Input::Request { client, request } => self.request(client, request, out),
            Input::Set { map, key, value } => {
                self.set(map, &key, value, out)?;
            }
            Input::Delete { map, key } => {
                self.delete(map, &key, out).ok_or(KeyError::Missing)?;
            }
            Input::DeletePrefix { map, prefix } => self.delete_prefix(map, &prefix, out),
            Input::Protect { key, prefix } => self.protection.add(key, prefix),
        }
        Ok(())
    }

    fn store(&self, map: MapId) -> &Store {
        match map {
            MapId::Configuration => &self.configuration,
            MapId::Statistics => &self.statistics,
        }
    }

    fn store_mut(&mut self, map: MapId) -> &mut Store {
        match map {
            MapId::Configuration => &mut self.configuration,
            MapId::Statistics => &mut self.statistics,
        }
    }

    /// Sets a key and tells those who track it. What happened is `None` if it had that value already.
    fn set(
        &mut self,
        map: MapId,
        key: &str,
        value: Value,
        out: &mut Outbox<Output>,
    ) -> Result<Option<(Event, Option<Value>)>, KeyError> {
        let (event, old) = match self.store_mut(map).set(key, value)? {
            Effect::None => return Ok(None),
            Effect::Added => (Event::Added, None),
            Effect::Replaced(old) => (Event::Modified, Some(old)),
        };
        let new = self.store(map).get(key);
        self.tell(map, key, event, old.as_ref(), new, out);
        Ok(Some((event, old)))
    }

    fn delete(&mut self, map: MapId, key: &str, out: &mut Outbox<Output>) -> Option<Value> {
        let old = self.store_mut(map).delete(key)?;
        self.tell(map, key, Event::Deleted, Some(&old), None, out);
        Some(old)
    }

    fn delete_prefix(&mut self, map: MapId, prefix: &str, out: &mut Outbox<Output>) {
        let keys: Vec<String> =
            self.store(map).with_prefix(prefix).map(|(key, _)| key.to_owned()).collect();
        for key in keys {
            self.delete(map, &key, out);
        }
    }

    fn tell(
        &self,
        map: MapId,
        key: &str,
        event: Event,
        old: Option<&Value>,
        new: Option<&Value>,
        out: &mut Outbox<Output>,
    ) {
        // These come and go in bunches, and clients never heard of them.
        if map == MapId::Statistics && key.starts_with(SCHEDULING_MISSES) {
            return;
        }
        for (client, notification) in self.trackers.told(map, key, event, old, new) {
            out.push(Output::Notify { client, notification });
        }
    }

    fn request(&mut self, client: ClientId, request: Request, out: &mut Outbox<Output>) {
        let map = self.sessions.entry(client).or_default().map;
        // An answer goes out before what it causes, so changes are collected apart.
        let mut caused = Outbox::new();
        let answer = match request {
            Request::Set { key, value } => {
                Answer::Set(self.client_sets(map, key.as_str(), value, &mut caused))
            }
            Request::Delete { key } => {
                Answer::Delete(self.client_deletes(map, key.as_str(), &mut caused))
            }
            Request::Adjust { key, step } => {
                Answer::Adjust(self.client_adjusts(map, key.as_str(), step, &mut caused))
            }
            Request::Get { key, room } => Answer::Get(self.got(map, key.as_str(), room)),
            Request::Iterate { prefix } => {
                let session = self.sessions.entry(client).or_default();
                Answer::Iterate(session.iterate(prefix.as_str(), HANDLES_MAX))
            }
            Request::IterateNext { handle } => Answer::IterateNext(self.next(client, handle)),
            Request::IterateEnd { handle } => {
                let session = self.sessions.entry(client).or_default();
                Answer::IterateEnd(session.end_iteration(handle))
            }
            Request::TrackAdd { key, events, context } => {
                let tracker = Tracker { map, key: key.as_str().to_owned(), events, context };
                Answer::TrackAdd(self.track(client, tracker))
            }
            Request::TrackDelete { handle } => {
                let gone = self.trackers.remove(client, handle);
                Answer::TrackDelete(gone.map(|t| t.context).ok_or(Status::BAD_HANDLE))
            }
            Request::ChooseMap { map } => Answer::ChooseMap(self.choose(client, map)),
        };
        out.push(Output::Answer { client, answer });
        out.absorb(&mut caused, |output| output);
    }

    fn got(&self, map: MapId, key: &str, room: u64) -> Result<Got, Status> {
        let value = self.store(map).get(key).ok_or(Status::NOT_EXIST)?;
        let size = value.size() as u64;
        match room {
            0 => Ok(Got::Size(size, value.type_code())),
            room if room < size => Err(Status::INVALID_PARAMETER),
            _ => Ok(Got::Value(value.clone())),
        }
    }

    fn next(
        &mut self,
        client: ClientId,
        handle: u64,
    ) -> Result<(wire::corosync::cmap::Key, u64, u8), Status> {
        let session = self.sessions.entry(client).or_default();
        let store = match session.map {
            MapId::Configuration => &self.configuration,
            MapId::Statistics => &self.statistics,
        };
        session.next(handle, store)
    }

    fn track(&mut self, client: ClientId, tracker: Tracker) -> Result<u64, Status> {
        let known = TRACK_ADDED | TRACK_DELETED | TRACK_MODIFIED | TRACK_PREFIX;
        if tracker.events & !known != 0 {
            return Err(Status::INVALID_PARAMETER);
        }
        let both = TRACK_ADDED | TRACK_DELETED;
        if tracker.map == MapId::Statistics && tracker.is_prefix() && tracker.events & both != both
        {
            return Err(Status::NOT_SUPPORTED);
        }
        if self.trackers.of(client) >= HANDLES_MAX {
            return Err(Status::NO_RESOURCES);
        }
        let handle = self.sessions.entry(client).or_default().new_handle();
        self.trackers.add(client, handle, tracker);
        Ok(handle)
    }

    fn choose(&mut self, client: ClientId, map: i32) -> Status {
        let has_tracking = self.trackers.of(client) > 0;
        let session = self.sessions.entry(client).or_default();
        if has_tracking || session.is_iterating() {
            return Status::BUSY;
        }
        session.map = match map {
            0 => MapId::Configuration,
            1 => MapId::Statistics,
            _ => return Status::NOT_EXIST,
        };
        Status::OK
    }

    fn client_sets(
        &mut self,
        map: MapId,
        key: &str,
        value: Value,
        out: &mut Outbox<Output>,
    ) -> Status {
        match map {
            MapId::Statistics => self.clear(key, out),
            MapId::Configuration if self.protection.covers(key) => Status::ACCESS,
            MapId::Configuration => match self.set(map, key, value, out) {
                Err(error) => error.status(),
                Ok(None) => Status::OK,
                Ok(Some((event, old))) => {
                    self.changed(key, event, old, out);
                    Status::OK
                }
            },
        }
    }

    fn client_deletes(&mut self, map: MapId, key: &str, out: &mut Outbox<Output>) -> Status {
        match map {
            MapId::Statistics => statistic_refused(key),
            MapId::Configuration if self.protection.covers(key) => Status::ACCESS,
            MapId::Configuration => match self.delete(map, key, out) {
                None => Status::NOT_EXIST,
                old => {
                    self.changed(key, Event::Deleted, old, out);
                    Status::OK
                }
            },
        }
    }

    fn client_adjusts(
        &mut self,
        map: MapId,
        key: &str,
        step: i32,
        out: &mut Outbox<Output>,
    ) -> Status {
        match map {
            MapId::Statistics => return statistic_refused(key),
            MapId::Configuration if self.protection.covers(key) => return Status::ACCESS,
            MapId::Configuration => {}
        }
        let Some(value) = self.configuration.get(key) else { return Status::NOT_EXIST };
        match adjusted(value, step) {
            Some(value) => self.client_sets(map, key, value, out),
            None => Status::INVALID_PARAMETER,
        }
    }

    /// Tells the daemon of a client's change, and sets back what is a button rather than a value.
    fn changed(&mut self, key: &str, event: Event, old: Option<Value>, out: &mut Outbox<Output>) {
        let new = self.configuration.get(key).cloned();
        let concern = concern(key, new.as_ref());
        if let Some(rest) = after(concern) {
            // A key of that name exists or has just been deleted, so the name is a good one.
            let _ = self.set(MapId::Configuration, key, rest, out);
        }
        let change = Change { key: key.to_owned(), event, old, new, concern };
        out.push(Output::Changed(change));
    }

    fn clear(&mut self, key: &str, out: &mut Outbox<Output>) -> Status {
        let Some(which) = clearing(key) else { return statistic_refused(key) };
        if matches!(which, Statistics::SchedulingMisses | Statistics::All) {
            self.delete_prefix(MapId::Statistics, SCHEDULING_MISSES, out);
        }
        out.push(Output::ClearStatistics(which));
        Status::OK
    }
}

/// Statistics are read-only, apart from the keys that clear them, which can only be set.
fn statistic_refused(key: &str) -> Status {
    if key.starts_with("stats.clear.") { Status::NOT_SUPPORTED } else { Status::ACCESS }
}

/// A number that went on by a step, round at its ends; `None` if it is none that can.
fn adjusted(value: &Value, step: i32) -> Option<Value> {
    // Cutting the step to the number's size is what going round means.
    Some(match value {
        Value::I8(v) => Value::I8(v.wrapping_add(step as i8)),
        Value::U8(v) => Value::U8(v.wrapping_add(step as u8)),
        Value::I16(v) => Value::I16(v.wrapping_add(step as i16)),
        Value::U16(v) => Value::U16(v.wrapping_add(step as u16)),
        Value::I32(v) => Value::I32(v.wrapping_add(step)),
        Value::U32(v) => Value::U32(v.wrapping_add_signed(step)),
        Value::I64(v) => Value::I64(v.wrapping_add(i64::from(step))),
        Value::U64(v) => Value::U64(v.wrapping_add_signed(i64::from(step))),
        Value::Float(_) | Value::Double(_) | Value::Text(_) | Value::Binary(_) => return None,
    })
}
