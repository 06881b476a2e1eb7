use std::{
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::unix::AsyncFd,
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{Connection, Priority, handshake::Handshake};
use crate::{CallError, ConnectError, Credentials, watched};

/// How long to wait before it is tried again to send what the server had no room for.
const RETRY: Duration = Duration::from_millis(1);
/// How often to look whether the server is still there while waiting for its answer.
const LOOK: Duration = Duration::from_millis(250);

/// A connection for daemons: waiting lets the rest of the event loop go on.
#[derive(Debug)]
pub struct AsyncClient {
    connection: Connection,
    wake_ups: AsyncFd<OwnedFd>,
    events: Option<AsyncFd<OwnedFd>>,
    responses: Option<AsyncFd<OwnedFd>>,
    /// A thread that waits for the ring of answers; kept, so that there is never more than one.
    waiter: Option<JoinHandle<()>>,
}

/// Registers a socket that somebody else owns with the event loop, under a descriptor of its own.
fn watch(socket: BorrowedFd<'_>) -> std::io::Result<AsyncFd<OwnedFd>> {
    watched::watch(socket.try_clone_to_owned()?)
}

impl AsyncClient {
    /// Connects to the server that listens as `name`. The bigger of its and this side's limit for messages counts.
    pub async fn connect(
        name: &str,
        max_message_bytes: u32,
        time: Duration,
    ) -> Result<Self, ConnectError> {
        let mut handshake = Handshake::start(name, max_message_bytes)?;
        let system = |source| ConnectError::System { name: name.to_owned(), source };
        let answered = timeout(time, async {
            let socket = watch(handshake.socket().as_fd()).map_err(system)?;
            while !handshake.read()? {
                socket.readable().await.map_err(system)?.clear_ready();
            }
            Ok(())
        })
        .await;
        answered.map_err(|_| handshake.timed_out(time))??;
        let connection = handshake.finish()?;
        let is_ring = connection.response_ring().is_some();
        let watch = |socket| watch(socket).map_err(system);
        Ok(Self {
            wake_ups: watch(connection.socket().as_fd())?,
            events: if is_ring { None } else { Some(watch(connection.event_socket())?) },
            responses: connection.response_socket().map(watch).transpose()?,
            waiter: None,
            connection,
        })
    }

    /// Who serves the connection.
    pub fn server(&self) -> Credentials {
        self.connection.server()
    }

    /// Bytes of the biggest message, either way.
    pub fn message_limit(&self) -> usize {
        self.connection.message_max()
    }

    /// Sends a request if the server has room for it; else false.
    pub fn try_send(&mut self, message: &[u8], priority: Priority) -> Result<bool, CallError> {
        self.connection.send(message, priority)
    }

    /// Sends a request, which starts with libqb's header, waiting for room if need be.
    pub async fn send(&mut self, message: &[u8]) -> Result<(), CallError> {
        while !self.connection.send(message, Priority::Normal)? {
            sleep(RETRY).await;
        }
        Ok(())
    }

    /// The next answer, if it is there.
    pub fn try_receive(&mut self) -> Result<Option<Vec<u8>>, CallError> {
        self.connection.response()
    }

    /// Waits for the next answer. Dropping the future loses nothing.
    pub async fn receive(&mut self) -> Result<Vec<u8>, CallError> {
        loop {
            if let Some(message) = self.connection.response()? {
                return Ok(message);
            }
            if !self.connection.is_server_there() {
                // It may have answered before it ended.
                return self.connection.response()?.ok_or(CallError::Lost);
            }
            match (self.connection.response_ring(), &self.responses) {
                (Some(ring), _) => {
                    let waiter = self.waiter.get_or_insert_with(|| {
                        let ring = Arc::clone(&ring);
                        tokio::task::spawn_blocking(move || ring.wait(LOOK))
                    });
                    // The thread only waits; how it ended does not matter.
                    let _ = waiter.await;
                    self.waiter = None;
                }
                (None, Some(socket)) => {
                    // The answer or, with the control socket, the end.
                    if let Ok(guard) = timeout(LOOK, socket.readable()).await {
                        guard?.clear_ready();
                    }
                }
                (None, None) => return Err(CallError::Lost),
            }
        }
    }

    /// Waits for the next event. Dropping the future loses nothing.
    pub async fn next_event(&mut self) -> Result<Vec<u8>, CallError> {
        std::future::poll_fn(|cx| self.poll_event(cx)).await
    }

    /// The next event.
    pub fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Vec<u8>, CallError>> {
        loop {
            if let Some(event) = self.connection.event()? {
                return Poll::Ready(Ok(event));
            }
            // With sockets the end comes through the other one.
            if let Some(events) = &self.events
                && let Poll::Ready(guard) = events.poll_read_ready(cx)
            {
                guard?.clear_ready();
                continue;
            }
            ready!(self.wake_ups.poll_read_ready(cx))?.clear_ready();
        }
    }
}
