use std::{
    os::fd::BorrowedFd,
    time::{Duration, Instant},
};

use wire::IpcFlags;
use xml::Element;

use super::{
    CONNECT_TIMEOUT, SEND_TIMEOUT, authenticate,
    codec::{self, Numbers},
};
use crate::{CallError, Client, ConnectError, Credentials, buffer::document_limit, message_limit};

/// A connection to a server of XML messages, for tools: every call blocks.
#[derive(Debug)]
pub struct XmlClient {
    client: Client,
    numbers: Numbers,
}

impl XmlClient {
    /// Connects to the daemon that listens as `name`, which must run as root or as the cluster's user.
    pub fn connect(name: &str) -> Result<Self, ConnectError> {
        Self::connect_with(name, message_limit())
    }

    /// The same for requests or answers that are whole documents: those of ordinary clusters go uncompressed.
    pub fn connect_for_documents(name: &str) -> Result<Self, ConnectError> {
        Self::connect_with(name, document_limit())
    }

    fn connect_with(name: &str, limit: u32) -> Result<Self, ConnectError> {
        let client = Client::connect(name, limit, CONNECT_TIMEOUT)?;
        authenticate(name, client.server())?;
        Ok(Self { client, numbers: Numbers::default() })
    }

    /// Who serves the connection.
    pub fn server(&self) -> Credentials {
        self.client.server()
    }

    /// Sends a request and waits for its answer.
    pub fn call(&mut self, request: &Element, timeout: Duration) -> Result<Element, CallError> {
        let deadline = Instant::now() + timeout;
        let number = self.transmit(request, IpcFlags::CLIENT_RESPONSE, timeout)?;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let message = self.client.receive(left).map_err(|error| match error {
                CallError::Timeout(_) => CallError::Timeout(timeout),
                other => other,
            })?;
            // An answer to an earlier request whose time was over is of no use any more.
            let (answered, _, body) = codec::decode(&message)?;
            if answered == number {
                return Ok(body);
            }
        }
    }

    /// Sends a message that is not answered.
    pub fn send(&mut self, message: &Element) -> Result<(), CallError> {
        self.transmit(message, IpcFlags::NONE, SEND_TIMEOUT).map(drop)
    }

    fn transmit(
        &mut self,
        body: &Element,
        flags: IpcFlags,
        timeout: Duration,
    ) -> Result<i32, CallError> {
        let number = self.numbers.next();
        let message = codec::encode(number, flags, body, self.client.message_limit())?;
        self.client.send(&message, timeout)?;
        Ok(number)
    }

    /// Waits for an event; `None` if none comes within `timeout`.
    pub fn next_event(&mut self, timeout: Duration) -> Result<Option<Element>, CallError> {
        match self.client.next_event(timeout)? {
            Some(message) => codec::decode(&message).map(|(_, _, body)| Some(body)),
            None => Ok(None),
        }
    }

    /// Readable when events may have come: then call [`Self::next_event`] until it gives `None`.
    pub fn event_fd(&self) -> BorrowedFd<'_> {
        self.client.event_fd()
    }
}
