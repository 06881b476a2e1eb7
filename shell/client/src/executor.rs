//! The executor's clients.
//!
//! [`AsyncExecutor`] is for the controller, which goes on while operations run: a call returns as soon as the executor took
//! the request, results come as events.

use std::time::Duration;

use ipc::{CallError, ConnectError, xml::AsyncXmlClient};
use messages::executor::{
    Agent, Alert, Event, Execute, Message, PROTOCOL_VERSION, RecurringOperation, Refusal, Reply,
    ReplyBody, ReplyError, Request,
};
use vocab::{CallId, Interval, ResourceId, Task};

/// The name of the executor's endpoint.
const ENDPOINT: &str = "lrmd";

/// How long the executor may take to say that it took a request. It does nothing slow before it answers.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a call to the executor failed.
#[derive(Debug, thiserror::Error)]
pub enum ExecutorError {
    /// The executor is not there.
    #[error("cannot connect to the executor: {0}")]
    Connect(#[from] ConnectError),
    /// The connection broke; whether the request was carried out is not known.
    #[error("the connection to the executor was lost: {0}")]
    Lost(#[from] CallError),
    /// What came back is no answer.
    #[error("the executor's answer cannot be read: {0}")]
    Reply(#[from] ReplyError),
    /// The answer is one to another question.
    #[error("the executor did not answer what was asked")]
    Unexpected,
    /// The executor does not do it; nothing has changed.
    #[error("the executor refused: {0}")]
    Refused(Refusal),
}

/// A connection to the local executor for a daemon.
#[derive(Debug)]
pub struct AsyncExecutor {
    connection: AsyncXmlClient,
    token: String,
}

impl AsyncExecutor {
    /// Connects and registers under a name. Only root and the cluster's own user may do more than register.
    pub async fn connect(client_name: &str) -> Result<Self, ExecutorError> {
        let mut connection = AsyncXmlClient::connect(ENDPOINT).await?;
        let hello = Message {
            token: None,
            client_name: Some(client_name.to_owned()),
            request: Request::Hello {
                protocol: PROTOCOL_VERSION.to_owned(),
                carries_connections: false,
            },
        };
        let answer = connection.call(&hello.to_element(), CALL_TIMEOUT).await?;
        let reply = Reply::from_element(&answer)?;
        reply.outcome.map_err(ExecutorError::Refused)?;
        match reply.body {
            ReplyBody::Welcome { token, .. } => Ok(Self { connection, token }),
            _ => Err(ExecutorError::Unexpected),
        }
    }

    /// Makes a resource known; does nothing if it already is with the same agent.
    pub async fn register(
        &mut self,
        resource: &ResourceId,
        agent: &Agent,
        drop_recurring: bool,
    ) -> Result<(), ExecutorError> {
        let (resource, agent) = (resource.clone(), agent.clone());
        self.call(Request::Register { resource, agent, drop_recurring }).await.map(drop)
    }

    /// What manages a resource; `None` if it is not registered.
    pub async fn info(&mut self, resource: &ResourceId) -> Result<Option<Agent>, ExecutorError> {
        match self.call(Request::Info(resource.clone())).await {
            Ok(Reply { body: ReplyBody::Info { agent, .. }, .. }) => Ok(Some(agent)),
            Ok(_) => Err(ExecutorError::Unexpected),
            Err(ExecutorError::Refused(Refusal::NoSuchResource)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Forgets a resource, known or not. `true` if an operation for it still runs; its result will come.
    pub async fn unregister(&mut self, resource: &ResourceId) -> Result<bool, ExecutorError> {
        match self.call(Request::Unregister(resource.clone())).await {
            Ok(_) => Ok(false),
            Err(ExecutorError::Refused(Refusal::InProgress)) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Has an operation carried out. The number returned is that of its results, which come as [`Event::Executed`].
    pub async fn execute(&mut self, operation: Execute) -> Result<CallId, ExecutorError> {
        self.call(Request::Execute(Box::new(operation))).await.map(|reply| reply.call)
    }

    /// Ends a recurring operation, or removes one that has not begun; a result with status "cancelled" follows. `false` if
    /// there is no such operation.
    pub async fn cancel(
        &mut self,
        resource: &ResourceId,
        task: &Task,
        interval: Interval,
    ) -> Result<bool, ExecutorError> {
        let (resource, task) = (resource.clone(), task.clone());
        match self.call(Request::Cancel { resource, task, interval }).await {
            Ok(_) => Ok(true),
            Err(ExecutorError::Refused(Refusal::NotSupported | Refusal::NoSuchResource)) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// The recurring operations in force, of one resource or of all.
    pub async fn recurring(
        &mut self,
        resource: Option<&ResourceId>,
    ) -> Result<Vec<RecurringOperation>, ExecutorError> {
        let reply = self.call(Request::Recurring(resource.cloned())).await?;
        Ok(match reply.body {
            ReplyBody::Recurring(operations) => operations,
            _ => Vec::new(),
        })
    }

    /// Runs an alert agent; returns when it was accepted, not when it is done.
    pub async fn alert(&mut self, alert: Alert) -> Result<(), ExecutorError> {
        self.call(Request::Alert(alert)).await.map(drop)
    }

    /// Waits for the next event; `None` once the connection is lost, after which a new one has to be made. Dropping the
    /// future loses nothing.
    pub async fn next_event(&mut self) -> Option<Event> {
        loop {
            let element = self.connection.next_event().await?;
            match Event::from_element(&element) {
                Ok(event) => return Some(event),
                Err(error) => tracing::warn!("ignoring a message of the executor: {error}"),
            }
        }
    }

    async fn call(&mut self, request: Request) -> Result<Reply, ExecutorError> {
        let message = Message { token: Some(self.token.clone()), client_name: None, request };
        let answer = self.connection.call(&message.to_element(), CALL_TIMEOUT).await?;
        let reply = Reply::from_element(&answer)?;
        match reply.outcome {
            Ok(()) => Ok(reply),
            Err(refusal) => Err(ExecutorError::Refused(refusal)),
        }
    }
}
