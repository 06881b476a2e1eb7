use super::{
    ADJUST, CHOOSE_MAP, DELETE, GET, ITERATE, ITERATE_END, ITERATE_NEXT, Key, MAP_CHOSEN, SET,
    Status, TRACK_ADD, TRACK_DELETE, Value, encode_get, encode_handle, encode_iterate_next,
    request,
};
use crate::{Writer, corosync::encode_status};

/// What the service answers, one kind for each request.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// To [`super::Request::Set`].
    Set(Status),
    /// To [`super::Request::Delete`].
    Delete(Status),
    /// To [`super::Request::Get`].
    Get(Result<Got, Status>),
    /// To [`super::Request::Adjust`].
    Adjust(Status),
    /// To [`super::Request::Iterate`]: the handle.
    Iterate(Result<u64, Status>),
    /// To [`super::Request::IterateNext`]: the key, and the size in bytes and type of its value.
    IterateNext(Result<(Key, u64, u8), Status>),
    /// To [`super::Request::IterateEnd`].
    IterateEnd(Status),
    /// To [`super::Request::TrackAdd`]: the handle.
    TrackAdd(Result<u64, Status>),
    /// To [`super::Request::TrackDelete`]: what the client gave when it began.
    TrackDelete(Result<u64, Status>),
    /// To [`super::Request::ChooseMap`].
    ChooseMap(Status),
}

/// What a client gets of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Got {
    /// The value.
    Value(Value),
    /// Its size in bytes and type only, as the client has no room for more.
    Size(u64, u8),
}

impl Answer {
    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Set(status) => encode_status(SET, *status),
            Self::Delete(status) => encode_status(DELETE, *status),
            Self::Adjust(status) => encode_status(ADJUST, *status),
            Self::IterateEnd(status) => encode_status(ITERATE_END, *status),
            Self::ChooseMap(status) => encode_status(MAP_CHOSEN, *status),
            Self::Get(Ok(Got::Value(value))) => encode_get(value),
            Self::Get(Ok(Got::Size(size, type_code))) => {
                let mut writer = Writer::response(GET, Status::OK.0);
                writer.u64(*size).u8(*type_code);
                writer.finish_structure()
            }
            Self::Get(Err(status)) => empty(GET, *status, 16),
            Self::Iterate(Ok(handle)) => encode_handle(ITERATE, *handle),
            Self::Iterate(Err(status)) => empty(ITERATE, *status, 8),
            Self::IterateNext(Ok((key, size, type_code))) => {
                encode_iterate_next(key, *size, *type_code)
            }
            Self::IterateNext(Err(status)) => empty(ITERATE_NEXT, *status, 280),
            Self::TrackAdd(Ok(handle)) => encode_handle(TRACK_ADD, *handle),
            Self::TrackAdd(Err(status)) => empty(TRACK_ADD, *status, 8),
            Self::TrackDelete(Ok(context)) => encode_handle(TRACK_DELETE, *context),
            Self::TrackDelete(Err(status)) => empty(TRACK_DELETE, *status, 8),
        }
    }
}

/// The answer to a request that cannot be read, for instance as its value has not the size of its type. `None` if not even
/// its kind is known: then the client's connection should be closed.
pub fn refusal(message: &[u8]) -> Option<Vec<u8>> {
    let (id, _) = request(message).ok()?;
    let status = Status::INVALID_PARAMETER;
    let answer = match id {
        SET => Answer::Set(status),
        DELETE => Answer::Delete(status),
        GET => Answer::Get(Err(status)),
        ADJUST => Answer::Adjust(status),
        ITERATE => Answer::Iterate(Err(status)),
        ITERATE_NEXT => Answer::IterateNext(Err(status)),
        ITERATE_END => Answer::IterateEnd(status),
        TRACK_ADD => Answer::TrackAdd(Err(status)),
        TRACK_DELETE => Answer::TrackDelete(Err(status)),
        CHOOSE_MAP => Answer::ChooseMap(status),
        _ => return None,
    };
    Some(answer.encode())
}

/// A refusal as long as the answer would be, as some clients wait for that many bytes.
fn empty(id: i32, status: Status, bytes: usize) -> Vec<u8> {
    let mut writer = Writer::response(id, status.0);
    writer.padded(&[], bytes);
    writer.finish_structure()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corosync::{
        AnswerError,
        cmap::{Request, decode_get, decode_get_size, decode_handle, decode_iterate_next},
    };

    #[test]
    fn texts_go_out_with_their_end() {
        let bytes = Answer::Get(Ok(Got::Value(Value::Text("udpu".into())))).encode();
        assert_eq!(decode_get_size(&bytes), Ok(5));
        assert_eq!(&bytes[40..], b"udpu\0");
        assert_eq!(decode_get(&bytes), Ok(Value::Text("udpu".into())));
    }

    #[test]
    fn answers_are_read_by_clients() {
        let size = Answer::Get(Ok(Got::Size(5, 11))).encode();
        assert_eq!((decode_get_size(&size), size[32]), (Ok(5), 11));
        assert_eq!(decode_handle(&Answer::Iterate(Ok(7)).encode()), Ok(7));
        let key = Key::new("abc").unwrap();
        let next = Answer::IterateNext(Ok((key.clone(), 4, 6))).encode();
        assert_eq!(decode_iterate_next(&next), Ok(key));
        let end = Answer::IterateNext(Err(Status::NO_SECTIONS)).encode();
        assert_eq!(end.len(), next.len());
        assert_eq!(decode_iterate_next(&end), Err(AnswerError::Refused(Status::NO_SECTIONS)));
    }

    #[test]
    fn what_cannot_be_read_is_refused_in_kind() {
        let set = Request::Set { key: Key::new("abc").unwrap(), value: Value::U8(1) };
        let mut bytes = set.encode();
        // A number of 32 bits in one byte.
        bytes[288] = 6;
        assert!(Request::decode(&bytes).is_err());
        let refused = refusal(&bytes).unwrap();
        let status = crate::corosync::decode_status(&refused);
        assert_eq!(status, Err(AnswerError::Refused(Status::INVALID_PARAMETER)));
        bytes[0] = 99;
        assert_eq!(refusal(&bytes), None);
    }
}
