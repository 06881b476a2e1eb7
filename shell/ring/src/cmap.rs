use wire::corosync::{
    AnswerError, Status,
    cmap::{self, Key, Request},
    decode_status,
};

use crate::{RingError, service::Service};

pub use wire::corosync::cmap::Value as CmapValue;

/// Values up to this size are read with one question.
pub(crate) const USUAL_ROOM: u64 = 1024;

/// The ring's configuration map.
#[derive(Debug)]
pub struct Cmap {
    service: Service,
}

impl Cmap {
    /// Connects.
    pub async fn connect() -> Result<Self, RingError> {
        Ok(Self { service: Service::connect("cmap").await? })
    }

    /// The value of a key, or `None` if there is no such key.
    pub async fn get(&mut self, key: &str) -> Result<Option<CmapValue>, RingError> {
        match self.get_with_room(key, USUAL_ROOM).await {
            Err(RingError::Refused { status: Status::INVALID_PARAMETER, .. }) => {
                // The value is longer than there was room for.
                let message = Request::Get { key: parse(key)?, room: 0 }.encode();
                let size = self.service.call("get", &message, cmap::decode_get_size).await?;
                self.get_with_room(key, size).await
            }
            result => result,
        }
    }

    async fn get_with_room(
        &mut self,
        key: &str,
        room: u64,
    ) -> Result<Option<CmapValue>, RingError> {
        let message = Request::Get { key: parse(key)?, room }.encode();
        let decode = |answer: &[u8]| match cmap::decode_get(answer) {
            Err(AnswerError::Refused(Status::NOT_EXIST)) => Ok(None),
            result => result.map(Some),
        };
        self.service.call("get", &message, decode).await
    }

    /// The value of a key that holds text; `None` if there is no such key or it holds something else.
    pub async fn get_string(&mut self, key: &str) -> Result<Option<String>, RingError> {
        Ok(match self.get(key).await? {
            Some(CmapValue::Text(text)) => Some(text),
            _ => None,
        })
    }

    /// The value of a key that holds a number; `None` if there is no such key, it holds something else, or the number
    /// does not fit.
    pub async fn get_u32(&mut self, key: &str) -> Result<Option<u32>, RingError> {
        Ok(match self.get(key).await? {
            Some(CmapValue::U32(number)) => Some(number),
            Some(CmapValue::U16(number)) => Some(number.into()),
            Some(CmapValue::U8(number)) => Some(number.into()),
            Some(CmapValue::I32(number)) => u32::try_from(number).ok(),
            Some(CmapValue::U64(number)) => u32::try_from(number).ok(),
            _ => None,
        })
    }

    /// Sets a key, making it if need be.
    pub async fn set(&mut self, key: &str, value: CmapValue) -> Result<(), RingError> {
        let message = Request::Set { key: parse(key)?, value }.encode();
        self.service.call("set", &message, decode_status).await
    }

    /// Deletes a key; whether there was one.
    pub async fn delete(&mut self, key: &str) -> Result<bool, RingError> {
        let message = Request::Delete { key: parse(key)? }.encode();
        let decode = |answer: &[u8]| match decode_status(answer) {
            Err(AnswerError::Refused(Status::NOT_EXIST)) => Ok(false),
            result => result.map(|()| true),
        };
        self.service.call("delete", &message, decode).await
    }

    /// All keys that begin with `prefix`, in the map's order.
    pub async fn keys(&mut self, prefix: &str) -> Result<Vec<String>, RingError> {
        let message = Request::Iterate { prefix: parse(prefix)? }.encode();
        let handle = self.service.call("iterate", &message, cmap::decode_handle).await?;
        let next = Request::IterateNext { handle }.encode();
        let decode = |answer: &[u8]| match cmap::decode_iterate_next(answer) {
            Err(AnswerError::Refused(Status::NO_SECTIONS)) => Ok(None),
            result => result.map(Some),
        };
        let mut keys = Vec::new();
        while let Some(key) = self.service.call("iterate", &next, decode).await? {
            keys.push(key.as_str().to_owned());
        }
        let end = Request::IterateEnd { handle }.encode();
        self.service.call("iterate", &end, decode_status).await?;
        Ok(keys)
    }
}

pub(crate) fn parse(key: &str) -> Result<Key, RingError> {
    Key::new(key).map_err(|_| RingError::NameTooLong(key.to_owned()))
}
