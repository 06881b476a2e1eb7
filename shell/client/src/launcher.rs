//! The launcher's client, for tools.

use std::time::Duration;

use ipc::xml::XmlClient;
use messages::launcher::{LauncherState, MessageError, Reply, ReplyBody, Request, RequestKind};
use vocab::{Timestamp, ToolExit};

/// The name of the launcher's endpoint.
const ENDPOINT: &str = "pacemakerd";

/// Why a call to the launcher failed.
#[derive(Debug, thiserror::Error)]
pub enum LauncherError {
    /// It is not there.
    #[error("cannot connect to pacemakerd: {0}")]
    Connect(#[from] ipc::ConnectError),
    /// The connection broke.
    #[error("the connection to pacemakerd was lost: {0}")]
    Lost(#[from] ipc::CallError),
    /// What came back is no answer.
    #[error("pacemakerd's answer cannot be read: {0}")]
    Reply(#[from] MessageError),
    /// The answer is one to another question.
    #[error("pacemakerd did not answer what was asked")]
    Unexpected,
}

/// A connection to the local launcher that waits for each answer.
#[derive(Debug)]
pub struct Launcher {
    connection: XmlClient,
    from: String,
    calls: u32,
}

impl Launcher {
    /// Connects; `client_name` is the caller's name for the launcher's log.
    pub fn connect(client_name: &str) -> Result<Self, LauncherError> {
        let from = format!("{}_{client_name}", std::process::id());
        Ok(Self { connection: XmlClient::connect(ENDPOINT)?, from, calls: 0 })
    }

    /// How far the launcher is, and when it last saw a daemon in good health.
    pub fn state(
        &mut self,
        timeout: Duration,
    ) -> Result<(LauncherState, Timestamp), LauncherError> {
        match self.call(RequestKind::Ping, timeout)? {
            ReplyBody::State { state, last_good } => Ok((state, last_good)),
            ReplyBody::Quit(_) => Err(LauncherError::Unexpected),
        }
    }

    /// Asks it to stop the daemons and end; only privileged users may.
    pub fn quit(&mut self, timeout: Duration) -> Result<ToolExit, LauncherError> {
        match self.call(RequestKind::Quit, timeout)? {
            ReplyBody::Quit(exit) => Ok(exit),
            ReplyBody::State { .. } => Err(LauncherError::Unexpected),
        }
    }

    fn call(&mut self, kind: RequestKind, timeout: Duration) -> Result<ReplyBody, LauncherError> {
        self.calls += 1;
        let reference = format!("{}-{}-{}", kind.task(), self.from, self.calls);
        let request = Request { kind, reference, from: self.from.clone() };
        // The response is only an acknowledgement; the answer is an event.
        self.connection.call(&request.to_element(), timeout)?;
        loop {
            let Some(event) = self.connection.next_event(timeout)? else {
                return Err(ipc::CallError::Timeout(timeout).into());
            };
            let reply = Reply::from_element(&event)?;
            if reply.reference == request.reference {
                return Ok(reply.body);
            }
        }
    }
}
