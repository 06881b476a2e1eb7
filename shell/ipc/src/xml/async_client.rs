use std::time::Duration;

use xml::Element;

use crate::{CallError, ConnectError, Credentials};

/// A connection to a server of XML messages, for daemons.
#[derive(Debug)]
pub struct AsyncXmlClient {
    never: std::convert::Infallible,
}

impl AsyncXmlClient {
    /// Connects to the daemon that listens as `name`, which must run as root or as the cluster's user.
    pub async fn connect(name: &str) -> Result<Self, ConnectError> {
        Err(ConnectError::NotRunning { name: name.to_owned() })
    }

    /// Who serves the connection.
    pub fn server(&self) -> Credentials {
        match self.never {}
    }

    /// Sends a request and waits for its answer.
    pub async fn call(
        &mut self,
        _request: &Element,
        _timeout: Duration,
    ) -> Result<Element, CallError> {
        match self.never {}
    }

    /// Sends a message that is not answered.
    pub async fn send(&mut self, _message: &Element) -> Result<(), CallError> {
        match self.never {}
    }

    /// Waits for an event; `None` once the connection is lost. Dropping the future loses nothing.
    pub async fn next_event(&mut self) -> Option<Element> {
        match self.never {}
    }
}
