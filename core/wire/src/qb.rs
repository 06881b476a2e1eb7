//! What libqb itself puts into messages: the header in front of each, and the handshake of a new connection.

use crate::{Reader, WireError, Writer};

/// Bytes of a [`RequestHeader`].
pub const REQUEST_HEADER_SIZE: usize = 16;
/// Bytes of a [`ResponseHeader`].
pub const RESPONSE_HEADER_SIZE: usize = 24;
/// Bytes of a [`ConnectionRequest`].
pub const CONNECTION_REQUEST_SIZE: usize = 24;
/// Bytes of a [`ConnectionResponse`].
pub const CONNECTION_RESPONSE_SIZE: usize = 40 + 3 * PATH_SIZE;
/// Bytes of a path in a structure.
pub const PATH_SIZE: usize = 4096;

/// The message that opens a connection, and its answer.
pub const ID_AUTHENTICATE: i32 = -1;
/// The message that closes a connection.
pub const ID_DISCONNECT: i32 = -3;

/// What stands in front of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestHeader {
    /// What is asked.
    pub id: i32,
    /// Bytes of the message, this header included.
    pub size: usize,
}

impl RequestHeader {
    /// Reads the header and checks that the message is all there.
    pub fn decode(message: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(message);
        let id = reader.i32()?;
        let size = reader.align(8).i32()?;
        Ok(Self { id, size: message_size(size, REQUEST_HEADER_SIZE, message.len())? })
    }
}

/// What stands in front of an answer or an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseHeader {
    /// What is answered.
    pub id: i32,
    /// Bytes of the message, this header included.
    pub size: usize,
    /// How it went; the meaning depends on the protocol.
    pub error: i32,
}

impl ResponseHeader {
    /// Reads the header and checks that the message is all there.
    pub fn decode(message: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(message);
        let id = reader.i32()?;
        let size = reader.align(8).i32()?;
        let error = reader.align(8).i32()?;
        Ok(Self { id, size: message_size(size, RESPONSE_HEADER_SIZE, message.len())?, error })
    }
}

fn message_size(claimed: i32, header: usize, available: usize) -> Result<usize, WireError> {
    let size = usize::try_from(claimed)
        .map_err(|_| WireError::Invalid { field: "message size", value: claimed.into() })?;
    if size < header {
        return Err(WireError::Invalid { field: "message size", value: claimed.into() });
    }
    if size > available {
        return Err(WireError::Truncated { offset: 0, needed: size, available });
    }
    Ok(size)
}

impl Writer {
    /// Starts a request.
    pub fn request(id: i32) -> Self {
        let mut writer = Self::new();
        writer.i32(id).fill_to(REQUEST_HEADER_SIZE);
        writer
    }

    /// Starts an answer or an event.
    pub fn response(id: i32, error: i32) -> Self {
        let mut writer = Self::new();
        writer.i32(id).fill_to(16).i32(error).fill_to(RESPONSE_HEADER_SIZE);
        writer
    }

    /// Ends a message that is a structure: fills it up as a compiler would and enters its size.
    pub fn finish_structure(mut self) -> Vec<u8> {
        self.align(8);
        self.finish_message()
    }

    /// Ends a message that has bytes of any number at its end: enters its size.
    pub fn finish_message(mut self) -> Vec<u8> {
        // Every message is bounded far below this by the connection it is sent over.
        let size = i32::try_from(self.len()).unwrap_or(i32::MAX);
        self.patch_i32(8, size);
        self.finish()
    }
}

/// How messages travel once a connection is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Datagrams between sockets; the counters are in shared memory.
    Socket,
    /// Ring buffers in shared memory.
    SharedMemory,
}

impl Transport {
    const fn code(self) -> i32 {
        match self {
            Self::Socket => 0,
            Self::SharedMemory => 1,
        }
    }
}

/// A client's first message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionRequest {
    /// Bytes of the biggest message the client wants to exchange.
    pub max_message_bytes: u32,
}

impl ConnectionRequest {
    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::request(ID_AUTHENTICATE);
        writer.u32(self.max_message_bytes);
        writer.finish_structure()
    }

    /// Reads a message of [`CONNECTION_REQUEST_SIZE`] bytes.
    pub fn decode(message: &[u8]) -> Result<Self, WireError> {
        let header = RequestHeader::decode(message)?;
        if header.id != ID_AUTHENTICATE {
            return Err(WireError::Invalid { field: "handshake id", value: header.id.into() });
        }
        let mut reader = Reader::new(message);
        Ok(Self { max_message_bytes: reader.seek(REQUEST_HEADER_SIZE).u32()? })
    }
}

/// A server's answer to a [`ConnectionRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionResponse {
    /// How messages travel.
    pub transport: Transport,
    /// Bytes of the biggest message that may be exchanged.
    pub max_message_bytes: u32,
    /// The server's mark of the connection; clients do not use it.
    pub connection: u64,
    /// Where requests go: the base path of a ring buffer, or the path of the control file.
    pub request: String,
    /// Where answers come from: the base path of a ring buffer, or the base name of the sockets.
    pub response: String,
    /// Where events come from: the base path of a ring buffer; empty with sockets.
    pub event: String,
}

impl ConnectionResponse {
    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::response(ID_AUTHENTICATE, 0);
        writer.i32(self.transport.code()).u32(self.max_message_bytes).u64(self.connection);
        for path in [&self.request, &self.response, &self.event] {
            // The last byte of each stays NUL.
            let end = writer.len() + PATH_SIZE;
            writer.padded(path.as_bytes(), PATH_SIZE - 1).fill_to(end);
        }
        writer.finish_structure()
    }

    /// The message that refuses a connection, with a system error number.
    pub fn refusal(errno: i32) -> Vec<u8> {
        let mut writer = Writer::response(ID_AUTHENTICATE, -errno);
        writer.fill_to(CONNECTION_RESPONSE_SIZE);
        writer.finish_structure()
    }

    /// Reads a message of [`CONNECTION_RESPONSE_SIZE`] bytes; the inner error is the server's refusal as a system error number.
    pub fn decode(message: &[u8]) -> Result<Result<Self, i32>, WireError> {
        let header = ResponseHeader::decode(message)?;
        if header.id != ID_AUTHENTICATE {
            return Err(WireError::Invalid { field: "handshake id", value: header.id.into() });
        }
        if header.error != 0 {
            return Ok(Err(header.error.saturating_neg()));
        }
        let mut reader = Reader::new(message);
        let transport = match reader.seek(RESPONSE_HEADER_SIZE).i32()? {
            0 => Transport::Socket,
            1 => Transport::SharedMemory,
            other => return Err(WireError::Invalid { field: "transport", value: other.into() }),
        };
        Ok(Ok(Self {
            transport,
            max_message_bytes: reader.u32()?,
            connection: reader.u64()?,
            request: reader.text("request path", PATH_SIZE)?.to_owned(),
            response: reader.text("response path", PATH_SIZE)?.to_owned(),
            event: reader.text("event path", PATH_SIZE)?.to_owned(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response() -> ConnectionResponse {
        ConnectionResponse {
            transport: Transport::SharedMemory,
            max_message_bytes: 131_072,
            connection: 7,
            request: "/dev/shm/qb-1-2-3-abcdef/qb-request-crmd".to_owned(),
            response: "/dev/shm/qb-1-2-3-abcdef/qb-response-crmd".to_owned(),
            event: "/dev/shm/qb-1-2-3-abcdef/qb-event-crmd".to_owned(),
        }
    }

    #[test]
    fn the_handshake_goes_both_ways() {
        let request = ConnectionRequest { max_message_bytes: 12_328 };
        let bytes = request.encode();
        assert_eq!(bytes.len(), CONNECTION_REQUEST_SIZE);
        assert_eq!(bytes[..4], (-1_i32).to_ne_bytes());
        assert_eq!(bytes[8..12], 24_i32.to_ne_bytes());
        assert_eq!(ConnectionRequest::decode(&bytes), Ok(request));

        let bytes = response().encode();
        assert_eq!(bytes.len(), CONNECTION_RESPONSE_SIZE);
        assert_eq!(bytes[40..49], *b"/dev/shm/");
        assert_eq!(ConnectionResponse::decode(&bytes), Ok(Ok(response())));
        assert_eq!(ConnectionResponse::decode(&ConnectionResponse::refusal(13)), Ok(Err(13)));
    }

    #[test]
    fn every_truncation_is_an_error() {
        let request = ConnectionRequest { max_message_bytes: 1 }.encode();
        for length in 0..request.len() {
            assert!(ConnectionRequest::decode(&request[..length]).is_err(), "{length}");
        }
        let response = response().encode();
        for length in (0..response.len()).step_by(7) {
            assert!(ConnectionResponse::decode(&response[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn sizes_that_lie_are_errors() {
        for size in [i32::MIN, -1, 0, 15, 25, i32::MAX] {
            let mut message = Writer::request(3);
            message.fill_to(24).patch_i32(8, size);
            assert!(RequestHeader::decode(&message.finish()).is_err(), "{size}");
        }
    }
}
