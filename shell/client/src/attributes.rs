//! The attribute manager's clients: [`Attributes`] waits for each answer and is for tools, [`AsyncAttributes`] is for
//! daemons.
//!
//! An update is done when the attribute manager has taken it; the values on the other nodes and in the CIB follow.

use std::time::Duration;

use ipc::xml::{AsyncXmlClient, XmlClient};
use messages::attributes::{
    ClientMessage, FailureFilter, MessageError, NodeValues, QueryReply, Request, Update,
};
use vocab::{NodeId, NodeName};
use xml::Element;

/// The name of the attribute manager's endpoint.
const ENDPOINT: &str = "attrd";

/// How long an answer may take. The attribute manager does nothing slow before it answers.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a call to the attribute manager failed.
#[derive(Debug, thiserror::Error)]
pub enum AttributesError {
    /// It is not there.
    #[error("cannot connect to the attribute manager: {0}")]
    Connect(#[from] ipc::ConnectError),
    /// The connection broke; whether the request was taken is not known.
    #[error("the connection to the attribute manager was lost: {0}")]
    Lost(#[from] ipc::CallError),
    /// What came back is no answer.
    #[error("the attribute manager's answer cannot be read: {0}")]
    Reply(#[from] MessageError),
}

/// A connection that waits for each answer.
#[derive(Debug)]
pub struct Attributes {
    connection: XmlClient,
    origin: String,
}

impl Attributes {
    /// Connects; `origin` is the caller's name for the attribute manager's log.
    pub fn connect(origin: &str) -> Result<Self, AttributesError> {
        Ok(Self { connection: XmlClient::connect(ENDPOINT)?, origin: origin.to_owned() })
    }

    /// Changes attributes.
    pub fn update(&mut self, updates: Vec<Update>) -> Result<(), AttributesError> {
        self.call(Request::Update(updates)).map(drop)
    }

    /// The values of an attribute on one node or on all; `None` if there is no such attribute.
    pub fn query(
        &mut self,
        name: &str,
        node: Option<&NodeName>,
    ) -> Result<Option<NodeValues>, AttributesError> {
        let request = Request::Query { name: name.to_owned(), node: node.cloned() };
        Ok(QueryReply::from_element(&self.call(request)?)?.found.map(|found| found.values))
    }

    /// Has all attributes written to the CIB at once, dampened or not.
    pub fn refresh(&mut self) -> Result<(), AttributesError> {
        self.call(Request::Refresh).map(drop)
    }

    /// Forgets failures of resources, on one node or on all.
    pub fn clear_failure(
        &mut self,
        filter: FailureFilter,
        node: Option<NodeName>,
        is_remote: bool,
    ) -> Result<(), AttributesError> {
        self.call(Request::ClearFailure { filter, node, is_remote }).map(drop)
    }

    /// Forgets all values of a node that has left for good, given by name or else by number.
    pub fn remove_peer(
        &mut self,
        node: Option<NodeName>,
        node_id: Option<NodeId>,
    ) -> Result<(), AttributesError> {
        self.call(Request::RemovePeer { node, node_id }).map(drop)
    }

    fn call(&mut self, request: Request) -> Result<Element, AttributesError> {
        let message = message(&self.origin, request);
        Ok(self.connection.call(&message, CALL_TIMEOUT)?)
    }
}

/// A connection for a daemon's event loop.
#[derive(Debug)]
pub struct AsyncAttributes {
    connection: AsyncXmlClient,
    origin: String,
}

impl AsyncAttributes {
    /// Connects; `origin` is the caller's name for the attribute manager's log.
    pub async fn connect(origin: &str) -> Result<Self, AttributesError> {
        let connection = AsyncXmlClient::connect(ENDPOINT).await?;
        Ok(Self { connection, origin: origin.to_owned() })
    }

    /// Changes attributes.
    pub async fn update(&mut self, updates: Vec<Update>) -> Result<(), AttributesError> {
        self.call(Request::Update(updates)).await.map(drop)
    }

    /// The values of an attribute on one node or on all; `None` if there is no such attribute.
    pub async fn query(
        &mut self,
        name: &str,
        node: Option<&NodeName>,
    ) -> Result<Option<NodeValues>, AttributesError> {
        let request = Request::Query { name: name.to_owned(), node: node.cloned() };
        let answer = self.call(request).await?;
        Ok(QueryReply::from_element(&answer)?.found.map(|found| found.values))
    }

    /// Forgets failures of resources, on one node or on all.
    pub async fn clear_failure(
        &mut self,
        filter: FailureFilter,
        node: Option<NodeName>,
        is_remote: bool,
    ) -> Result<(), AttributesError> {
        self.call(Request::ClearFailure { filter, node, is_remote }).await.map(drop)
    }

    /// Forgets all values of a node that has left for good.
    pub async fn remove_peer(&mut self, node: NodeName) -> Result<(), AttributesError> {
        self.call(Request::RemovePeer { node: Some(node), node_id: None }).await.map(drop)
    }

    /// Returns when the attribute manager is gone; a new connection has to be made then. Dropping the future loses nothing.
    pub async fn lost(&mut self) {
        // It sends no events: whatever comes means nothing.
        while self.connection.next_event().await.is_some() {}
    }

    async fn call(&mut self, request: Request) -> Result<Element, AttributesError> {
        let message = message(&self.origin, request);
        Ok(self.connection.call(&message, CALL_TIMEOUT).await?)
    }
}

fn message(origin: &str, request: Request) -> Element {
    ClientMessage { origin: Some(origin.to_owned()), user: None, request }.to_element()
}
