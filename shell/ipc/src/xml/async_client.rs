use std::time::Duration;

use wire::{Frame, IpcFlags};
use xml::Element;

use super::{
    CONNECT_TIMEOUT, SEND_TIMEOUT, authenticate,
    codec::{self, Numbers},
};
use crate::{
    AsyncClient, CallError, ConnectError, Credentials, buffer::document_limit, message_limit,
};

/// A connection to a server of XML messages, for daemons.
#[derive(Debug)]
pub struct AsyncXmlClient {
    client: AsyncClient,
    numbers: Numbers,
    /// Bytes of the biggest message so far, either way, without compression.
    biggest: usize,
}

impl AsyncXmlClient {
    /// Connects to the daemon that listens as `name`, which must run as root or as the cluster's user.
    pub async fn connect(name: &str) -> Result<Self, ConnectError> {
        Self::connect_with(name, message_limit()).await
    }

    /// The same for requests or answers that are whole documents: those of ordinary clusters go uncompressed.
    pub async fn connect_for_documents(name: &str) -> Result<Self, ConnectError> {
        Self::connect_with(name, document_limit()).await
    }

    /// The same for a connection over which messages of that many bytes go uncompressed. The server may allow less.
    pub async fn connect_with_room(name: &str, bytes: u32) -> Result<Self, ConnectError> {
        Self::connect_with(name, document_limit().max(bytes)).await
    }

    async fn connect_with(name: &str, limit: u32) -> Result<Self, ConnectError> {
        let client = AsyncClient::connect(name, limit, CONNECT_TIMEOUT).await?;
        authenticate(name, client.server())?;
        Ok(Self { client, numbers: Numbers::default(), biggest: 0 })
    }

    /// Who serves the connection.
    pub fn server(&self) -> Credentials {
        self.client.server()
    }

    /// The room that a new connection should have, if messages were compressed over this one: that takes longer than most of
    /// what is done with them.
    pub fn outgrown(&self) -> Option<u32> {
        let compressed = self.biggest >= self.client.message_limit();
        compressed.then(|| u32::try_from(self.biggest.saturating_add(1)).unwrap_or(u32::MAX))
    }

    /// Sends a request and waits for its answer. If the future is dropped, the answer is discarded when it comes.
    pub async fn call(
        &mut self,
        request: &Element,
        timeout: Duration,
    ) -> Result<Element, CallError> {
        let exchange = async {
            let number = self.transmit(request, IpcFlags::CLIENT_RESPONSE).await?;
            loop {
                let message = self.client.receive().await?;
                self.note_size(&message);
                let (answered, _, body) = codec::decode(&message)?;
                if answered == number {
                    return Ok(body);
                }
            }
        };
        match tokio::time::timeout(timeout, exchange).await {
            Ok(result) => result,
            Err(_) => Err(CallError::Timeout(timeout)),
        }
    }

    /// Sends a message that is not answered.
    pub async fn send(&mut self, message: &Element) -> Result<(), CallError> {
        let sent = self.transmit(message, IpcFlags::NONE);
        tokio::time::timeout(SEND_TIMEOUT, sent).await.map_err(|_| CallError::Busy)?.map(drop)
    }

    async fn transmit(&mut self, body: &Element, flags: IpcFlags) -> Result<i32, CallError> {
        let number = self.numbers.next();
        let message = codec::encode(number, flags, body, self.client.message_limit())?;
        self.note_size(&message);
        self.client.send(&message).await?;
        Ok(number)
    }

    /// Waits for an event; `None` once the connection is lost. Dropping the future loses nothing.
    pub async fn next_event(&mut self) -> Option<Element> {
        loop {
            let message = self.client.next_event().await.ok()?;
            self.note_size(&message);
            match codec::decode(&message) {
                Ok((_, _, body)) => return Some(body),
                // The daemon is one of ours or a C one; an event lost is better than a connection lost.
                Err(error) => tracing::warn!("event dropped: {error}"),
            }
        }
    }

    fn note_size(&mut self, message: &[u8]) {
        self.biggest = self.biggest.max(Frame::uncompressed_size(message).unwrap_or(0));
    }
}
