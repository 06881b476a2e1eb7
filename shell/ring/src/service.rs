use std::{
    task::{Context, Poll},
    time::Duration,
};

use ipc::{AsyncClient, CallError, ConnectError, Credentials};
use tokio::time::{Instant, sleep, timeout_at};
use wire::corosync::{AnswerError, MESSAGE_MAX, Status};

use crate::RingError;

/// How long the ring's daemon has to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long it has to answer: it answers late while the ring forms anew.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait before a request is repeated that came at a bad time.
const RETRY: Duration = Duration::from_millis(50);

/// A connection to one of the services of the ring's daemon.
#[derive(Debug)]
pub(crate) struct Service {
    client: AsyncClient,
    /// A request was given up: the next answer would be taken for the answer to another.
    is_out_of_step: bool,
}

impl Service {
    /// Connects to the service of that name, which root must serve.
    pub(crate) async fn connect(name: &str) -> Result<Self, RingError> {
        let client = AsyncClient::connect(name, MESSAGE_MAX, CONNECT_TIMEOUT).await?;
        require_trusted(name, client.server())?;
        Ok(Self { client, is_out_of_step: false })
    }

    /// The connection itself, for what is not a question and its answer.
    pub(crate) const fn client(&mut self) -> &mut AsyncClient {
        &mut self.client
    }

    /// Asks and reads the answer. A service that is busy is asked again.
    pub(crate) async fn call<T>(
        &mut self,
        request: &'static str,
        message: &[u8],
        decode: impl Fn(&[u8]) -> Result<T, AnswerError>,
    ) -> Result<T, RingError> {
        if self.is_out_of_step {
            return Err(RingError::Lost);
        }
        let deadline = Instant::now() + ANSWER_TIMEOUT;
        loop {
            // Stays set if this future is dropped before the answer is there.
            self.is_out_of_step = true;
            let exchange = async {
                self.client.send(message).await?;
                self.client.receive().await
            };
            let answer = match timeout_at(deadline, exchange).await {
                Ok(answer) => answer.map_err(|error| call_error(request, error))?,
                Err(_) => return Err(RingError::Timeout { request, after: ANSWER_TIMEOUT }),
            };
            self.is_out_of_step = false;
            match decode(&answer) {
                Ok(value) => return Ok(value),
                Err(AnswerError::Refused(Status::TRY_AGAIN | Status::BUSY))
                    if Instant::now() < deadline =>
                {
                    sleep(RETRY).await;
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

    /// The next event's bytes.
    pub(crate) fn poll_event(
        &mut self,
        service: &'static str,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Vec<u8>, RingError>> {
        self.client.poll_event(cx).map_err(|error| call_error(service, error))
    }

    /// Waits for the next event's bytes. Dropping the future loses nothing.
    pub(crate) async fn event(&mut self, service: &'static str) -> Result<Vec<u8>, RingError> {
        std::future::poll_fn(|cx| self.poll_event(service, cx)).await
    }
}

/// Refuses a server that is not root's: anybody can listen under any name.
pub(crate) fn require_trusted(name: &str, server: Credentials) -> Result<(), ConnectError> {
    let Credentials { pid, uid, gid } = server;
    if uid != 0 && gid != 0 {
        return Err(ConnectError::NotAuthentic { name: name.to_owned(), pid, uid });
    }
    Ok(())
}

/// What a failure of the connection means for who uses the ring.
pub(crate) fn call_error(request: &'static str, error: CallError) -> RingError {
    match error {
        CallError::Lost => RingError::Lost,
        CallError::Malformed(problem) => RingError::Malformed { request, problem },
        source => RingError::Call { request, source },
    }
}
