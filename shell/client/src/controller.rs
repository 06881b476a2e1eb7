//! The controller's client, for tools.

use std::time::Duration;

use ipc::xml::XmlClient;
use messages::crmd::{Body, Message, MessageError, NodeInfo, NodeQuery, Subsystem};
use vocab::{NodeId, NodeName};

/// The name of the controller's endpoint.
const ENDPOINT: &str = "crmd";

/// How long the controller may take to acknowledge a request. Its answer may take longer.
const ACKNOWLEDGE_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a call to the controller failed.
#[derive(Debug, thiserror::Error)]
pub enum ControllerError {
    /// It is not there.
    #[error("cannot connect to the controller: {0}")]
    Connect(#[from] ipc::ConnectError),
    /// The connection broke.
    #[error("the connection to the controller was lost: {0}")]
    Lost(#[from] ipc::CallError),
    /// What came back is no answer.
    #[error("the controller's answer cannot be read: {0}")]
    Reply(#[from] MessageError),
    /// The answer is one to another question.
    #[error("the controller answered with '{0}' instead of what was asked")]
    Unexpected(String),
}

/// What a controller says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pong {
    /// The node it runs on.
    pub node: Option<NodeName>,
    /// The part of it that was asked: `dc` or `crmd`.
    pub subsystem: String,
    /// Its state, such as `S_IDLE`.
    pub state: String,
}

/// A node that the cluster knows: number, name and state, which is `member` or `lost`.
pub type KnownNode = (NodeId, Option<NodeName>, Option<String>);

/// A connection to the local controller that waits for each answer.
#[derive(Debug)]
pub struct Controller {
    connection: XmlClient,
    client_name: String,
    calls: u32,
}

impl Controller {
    /// Connects and introduces itself.
    pub fn connect(client_name: &str) -> Result<Self, ControllerError> {
        let connection = XmlClient::connect(ENDPOINT)?;
        let mut controller = Self { connection, client_name: client_name.to_owned(), calls: 0 };
        let hello = Body::Hello { client_name: Some(client_name.to_owned()) };
        controller.send(hello, Subsystem::Controller, None)?;
        Ok(controller)
    }

    /// Asks the controller of a node, or the DC if none is given, for its state.
    pub fn ping(
        &mut self,
        node: Option<&NodeName>,
        timeout: Duration,
    ) -> Result<Pong, ControllerError> {
        let to = if node.is_some() { Subsystem::Controller } else { Subsystem::Dc };
        let answer = self.call(Body::PingRequest, to, node, timeout)?;
        match answer.body {
            Body::Ping { subsystem, state } => {
                Ok(Pong { node: answer.from_node, subsystem, state })
            }
            other => Err(ControllerError::Unexpected(other.task().to_owned())),
        }
    }

    /// What the controller knows of a node; the local one if the query names none.
    pub fn node_info(
        &mut self,
        query: NodeQuery,
        timeout: Duration,
    ) -> Result<NodeInfo, ControllerError> {
        let body = Body::NodeInfoRequest(query);
        match self.call(body, Subsystem::Controller, None, timeout)?.body {
            Body::NodeInfo(info) => Ok(info),
            other => Err(ControllerError::Unexpected(other.task().to_owned())),
        }
    }

    /// All nodes that the controller knows.
    pub fn nodes(&mut self, timeout: Duration) -> Result<Vec<KnownNode>, ControllerError> {
        match self.call(Body::NodeListRequest, Subsystem::Controller, None, timeout)?.body {
            Body::NodeList(nodes) => Ok(nodes),
            other => Err(ControllerError::Unexpected(other.task().to_owned())),
        }
    }

    /// Makes all controllers forget a node that has left for good.
    pub fn forget_node(&mut self, query: NodeQuery) -> Result<(), ControllerError> {
        self.send(Body::ForgetNode(query), Subsystem::Controller, None).map(drop)
    }

    /// Sends a request and gives its reference; answers come from [`Self::next`].
    pub fn send(
        &mut self,
        body: Body,
        to: Subsystem,
        node: Option<&NodeName>,
    ) -> Result<String, ControllerError> {
        self.calls += 1;
        let process = std::process::id();
        let reference = format!("{}-{}-{process}-{}", body.task(), self.client_name, self.calls);
        let from = Subsystem::Client(format!("{process}_{}", self.client_name));
        let mut message = Message::request(reference.clone(), from, to, body);
        message.to_node = node.cloned();
        // The response is only an acknowledgement; answers are events.
        self.connection.call(&message.to_element(), ACKNOWLEDGE_TIMEOUT)?;
        Ok(reference)
    }

    /// Waits for the next message from the controller; `None` if none comes in time.
    pub fn next(&mut self, timeout: Duration) -> Result<Option<Message>, ControllerError> {
        match self.connection.next_event(timeout)? {
            Some(element) => Ok(Some(Message::from_element(&element)?)),
            None => Ok(None),
        }
    }

    fn call(
        &mut self,
        body: Body,
        to: Subsystem,
        node: Option<&NodeName>,
        timeout: Duration,
    ) -> Result<Message, ControllerError> {
        let reference = self.send(body, to, node)?;
        loop {
            match self.next(timeout)? {
                None => return Err(ipc::CallError::Timeout(timeout).into()),
                Some(answer) if answer.reference == reference => return Ok(answer),
                // An answer to an earlier request that was not waited for.
                Some(_) => {}
            }
        }
    }
}
