use std::os::fd::BorrowedFd;

use wire::corosync::{
    AnswerError, Status,
    cmap::{self, Notification, Request, TRACK_ADDED, TRACK_DELETED, TRACK_MODIFIED, TRACK_PREFIX},
    decode_status,
};

use super::{Connection, malformed};
use crate::{
    CmapValue, RingError,
    cmap::{USUAL_ROOM, parse},
};

/// One of the maps that the service keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Map {
    /// Configuration and state.
    Configuration,
    /// What is counted.
    Statistics,
}

/// What happened to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It has another value.
    Modified,
    /// It is gone.
    Deleted,
}

/// A change of a key that is followed.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The key.
    pub key: String,
    /// What happened to it.
    pub kind: ChangeKind,
    /// Its value now; of a key that is gone, the value that it had.
    pub value: Option<CmapValue>,
}

/// The ring's configuration map, or its statistics.
#[derive(Debug)]
pub struct Cmap {
    connection: Connection,
}

impl Cmap {
    /// Connects.
    pub fn connect(map: Map) -> Result<Self, RingError> {
        let mut connection = Connection::open("cmap")?;
        if map == Map::Statistics {
            connection.call(
                "choose map",
                &Request::ChooseMap { map: 1 }.encode(),
                decode_status,
            )?;
        }
        Ok(Self { connection })
    }

    /// The value of a key, or `None` if there is no such key.
    pub fn get(&mut self, key: &str) -> Result<Option<CmapValue>, RingError> {
        match self.get_with_room(key, USUAL_ROOM) {
            Err(RingError::Refused { status: Status::INVALID_PARAMETER, .. }) => {
                // The value is longer than there was room for.
                let message = Request::Get { key: parse(key)?, room: 0 }.encode();
                let size = self.connection.call("get", &message, cmap::decode_get_size)?;
                self.get_with_room(key, size)
            }
            result => result,
        }
    }

    fn get_with_room(&mut self, key: &str, room: u64) -> Result<Option<CmapValue>, RingError> {
        let message = Request::Get { key: parse(key)?, room }.encode();
        self.connection.call("get", &message, |answer| match cmap::decode_get(answer) {
            Err(AnswerError::Refused(Status::NOT_EXIST)) => Ok(None),
            result => result.map(Some),
        })
    }

    /// The value of a key that holds text; `None` if there is no such key or it holds something else.
    pub fn get_string(&mut self, key: &str) -> Result<Option<String>, RingError> {
        Ok(match self.get(key)? {
            Some(CmapValue::Text(text)) => Some(text),
            _ => None,
        })
    }

    /// The value of a key that holds a number of 32 bits without sign; `None` if there is none.
    pub fn get_u32(&mut self, key: &str) -> Result<Option<u32>, RingError> {
        Ok(match self.get(key)? {
            Some(CmapValue::U32(number)) => Some(number),
            _ => None,
        })
    }

    /// Sets a key, making it if need be.
    pub fn set(&mut self, key: &str, value: CmapValue) -> Result<(), RingError> {
        let message = Request::Set { key: parse(key)?, value }.encode();
        self.connection.call("set", &message, decode_status)
    }

    /// Deletes a key, which must be there.
    pub fn delete(&mut self, key: &str) -> Result<(), RingError> {
        let message = Request::Delete { key: parse(key)? }.encode();
        self.connection.call("delete", &message, decode_status)
    }

    /// All keys that begin with `prefix`, in the map's order.
    pub fn keys(&mut self, prefix: &str) -> Result<Vec<String>, RingError> {
        let message = Request::Iterate { prefix: parse(prefix)? }.encode();
        let handle = self.connection.call("iterate", &message, cmap::decode_handle)?;
        let next = Request::IterateNext { handle }.encode();
        let decode = |answer: &[u8]| match cmap::decode_iterate_next(answer) {
            Err(AnswerError::Refused(Status::NO_SECTIONS)) => Ok(None),
            result => result.map(Some),
        };
        let mut keys = Vec::new();
        while let Some(key) = self.connection.call("iterate", &next, decode)? {
            keys.push(key.as_str().to_owned());
        }
        let end = Request::IterateEnd { handle }.encode();
        self.connection.call("iterate", &end, decode_status)?;
        Ok(keys)
    }

    /// Starts to follow a key or, with `is_prefix`, all keys that begin with `key`.
    pub fn follow(&mut self, key: &str, is_prefix: bool) -> Result<(), RingError> {
        let prefix = if is_prefix { TRACK_PREFIX } else { 0 };
        let events = TRACK_ADDED | TRACK_DELETED | TRACK_MODIFIED | prefix;
        let message = Request::TrackAdd { key: parse(key)?, events, context: 0 }.encode();
        self.connection.call("follow", &message, cmap::decode_handle).map(drop)
    }

    /// The next change of a key that is followed, if there is one.
    pub fn try_change(&mut self) -> Result<Option<Change>, RingError> {
        while let Some(message) = self.connection.try_event("cmap")? {
            let event = Notification::decode(&message).map_err(|error| malformed("cmap", error))?;
            let Some(Notification { key, event, new, old, .. }) = event else { continue };
            let (kind, value) = match event {
                TRACK_ADDED => (ChangeKind::Added, new),
                TRACK_MODIFIED => (ChangeKind::Modified, new),
                TRACK_DELETED => (ChangeKind::Deleted, old),
                other => return Err(malformed("cmap", format!("there is no event {other}"))),
            };
            return Ok(Some(Change { key: key.as_str().to_owned(), kind, value }));
        }
        Ok(None)
    }

    /// Readable when there may be changes.
    pub fn change_fd(&self) -> BorrowedFd<'_> {
        self.connection.event_fd()
    }
}
