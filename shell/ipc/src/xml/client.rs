use std::{os::fd::BorrowedFd, time::Duration};

use xml::Element;

use crate::{CallError, ConnectError, Credentials};

/// A connection to a server of XML messages, for tools: every call blocks.
#[derive(Debug)]
pub struct XmlClient {
    never: std::convert::Infallible,
}

impl XmlClient {
    /// Connects to the daemon that listens as `name`, which must run as root or as the cluster's user.
    pub fn connect(name: &str) -> Result<Self, ConnectError> {
        Err(ConnectError::NotRunning { name: name.to_owned() })
    }

    /// Who serves the connection.
    pub fn server(&self) -> Credentials {
        match self.never {}
    }

    /// Sends a request and waits for its answer.
    pub fn call(&mut self, _request: &Element, _timeout: Duration) -> Result<Element, CallError> {
        match self.never {}
    }

    /// Sends a message that is not answered.
    pub fn send(&mut self, _message: &Element) -> Result<(), CallError> {
        match self.never {}
    }

    /// Waits for an event; `None` if none comes within `timeout`.
    pub fn next_event(&mut self, _timeout: Duration) -> Result<Option<Element>, CallError> {
        match self.never {}
    }

    /// Readable when events may have come: then call [`Self::next_event`] until it gives `None`.
    pub fn event_fd(&self) -> BorrowedFd<'_> {
        match self.never {}
    }
}
