//! The ring's services for tools, which do nothing but wait for each answer.
//!
//! Each of [`Cmap`], [`Cfg`], [`Quorum`], [`Votes`] and [`Groups`] is one connection.

mod cfg;
mod cmap;
mod groups;
mod quorum;

pub use cfg::{Cfg, ShutdownKind};
pub use cmap::{Change, ChangeKind, Cmap, Map};
pub use groups::{GroupMember, Groups};
pub use quorum::{Quorum, Votes, VotesChange};

use std::{
    os::fd::BorrowedFd,
    thread,
    time::{Duration, Instant},
};

use ipc::{Client, ConnectError};
use wire::corosync::{AnswerError, MESSAGE_MAX, Status};

use crate::{
    RingError,
    service::{call_error, require_trusted},
};

/// How long a daemon that is starting may take until it wants clients.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the ring's daemon has to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a service may say that it is busy.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait before something is tried again.
const RETRY: Duration = Duration::from_millis(50);
/// How long an answer may take: some come only when all nodes have done something. That the daemon has gone is noticed
/// much earlier.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// A connection to one of the services.
#[derive(Debug)]
struct Connection {
    client: Client,
}

impl Connection {
    /// Connects to the service of that name, which root must serve. A daemon that is just starting is waited for.
    fn open(name: &str) -> Result<Self, RingError> {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            match Client::connect(name, MESSAGE_MAX, CONNECT_TIMEOUT) {
                Ok(client) => {
                    require_trusted(name, client.server())?;
                    return Ok(Self { client });
                }
                Err(ConnectError::NotReady { .. }) if Instant::now() < deadline => {
                    thread::sleep(RETRY);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Asks and reads the answer. A service that is busy is asked again.
    fn call<T>(
        &mut self,
        request: &'static str,
        message: &[u8],
        decode: impl Fn(&[u8]) -> Result<T, AnswerError>,
    ) -> Result<T, RingError> {
        let deadline = Instant::now() + BUSY_TIMEOUT;
        loop {
            let answer = self.exchange(message).map_err(|error| call_error(request, error))?;
            match decode(&answer) {
                Ok(value) => return Ok(value),
                Err(AnswerError::Refused(Status::TRY_AGAIN)) if Instant::now() < deadline => {
                    thread::sleep(RETRY);
                }
                Err(AnswerError::Refused(status)) => {
                    return Err(RingError::Refused { request, status });
                }
                Err(AnswerError::Malformed(error)) => {
                    return Err(RingError::Malformed { request, problem: error.to_string() });
                }
            }
        }
    }

    fn exchange(&mut self, message: &[u8]) -> Result<Vec<u8>, ipc::CallError> {
        self.client.send(message, BUSY_TIMEOUT)?;
        self.client.receive(ANSWER_TIMEOUT)
    }

    /// The next event, if there is one.
    fn try_event(&mut self, service: &'static str) -> Result<Option<Vec<u8>>, RingError> {
        self.client.next_event(Duration::ZERO).map_err(|error| call_error(service, error))
    }

    /// Waits for the next event.
    fn event(&mut self, service: &'static str) -> Result<Vec<u8>, RingError> {
        loop {
            let event = self.client.next_event(ANSWER_TIMEOUT);
            if let Some(event) = event.map_err(|error| call_error(service, error))? {
                return Ok(event);
            }
        }
    }

    /// Readable when there may be events.
    fn event_fd(&self) -> BorrowedFd<'_> {
        self.client.event_fd()
    }
}

/// What an event that cannot be read means.
fn malformed(request: &'static str, problem: impl ToString) -> RingError {
    RingError::Malformed { request, problem: problem.to_string() }
}
