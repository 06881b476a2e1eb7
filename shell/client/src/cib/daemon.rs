use std::collections::VecDeque;

use ipc::xml::AsyncXmlClient;
use messages::cib::{
    CallOptions, ChangedSections, ClientMessage, DiffNotification, Notification, NotificationKind,
    Registered, Reply, Request,
};
use std::sync::Arc;
use xml::Element;

use super::{CALL_TIMEOUT, CibError, READ_WRITE, kept::KeptCopy};

/// Something that the CIB tells a daemon.
#[derive(Clone, Debug, PartialEq)]
pub enum CibEvent {
    /// The answer to a request that was sent; its `call_id` says to which.
    Reply(Reply),
    /// The CIB changed, or a change was refused after it was worked out: see its `result`.
    Changed(DiffNotification),
    /// The CIB was replaced; what was known about it has to be read anew.
    Replaced(ChangedSections),
}

/// A daemon's connection to the local CIB daemon.
#[derive(Debug)]
pub struct AsyncCib {
    connection: AsyncXmlClient,
    token: String,
    last_call: i32,
    /// What came and was not taken yet.
    waiting: VecDeque<CibEvent>,
    /// A copy of the CIB, if one is kept.
    copy: Option<KeptCopy>,
}

impl AsyncCib {
    /// Connects under a name. Try again if the daemon is not there yet.
    pub async fn connect(client_name: &str) -> Result<Self, CibError> {
        let mut connection = AsyncXmlClient::connect_for_documents(READ_WRITE).await?;
        let hello = ClientMessage::Register { client_name: Some(client_name.to_owned()) };
        let answer = connection.call(&hello.to_element(), CALL_TIMEOUT).await?;
        let token = Registered::from_element(&answer)?.client_id;
        Ok(Self { connection, token, last_call: 0, waiting: VecDeque::new(), copy: None })
    }

    /// Asks for notifications of a kind; changes made before this returns may be missed.
    pub async fn subscribe(&mut self, kind: NotificationKind) -> Result<(), CibError> {
        let message = ClientMessage::Subscribe { kind: Some(kind), active: true };
        self.connection.call(&message.to_element(), CALL_TIMEOUT).await?;
        Ok(())
    }

    /// Asks for notifications of all changes and keeps a copy of the CIB by them. From then on, who sends a
    /// [`Request::query`] for all that the local daemon has ([`CallOptions::SCOPE_LOCAL`]) is answered from the copy, once
    /// the daemon has said that it has the same.
    pub async fn keep_copy(&mut self) -> Result<(), CibError> {
        self.subscribe(NotificationKind::Replaced).await?;
        self.subscribe(NotificationKind::Diff).await?;
        self.copy = Some(KeptCopy::default());
        Ok(())
    }

    /// Sends a request and gives its number. The reply comes as a [`CibEvent::Reply`] with that number, unless the
    /// request has [`CallOptions::DISCARD_REPLY`].
    pub async fn send(&mut self, mut request: Request) -> Result<i32, CibError> {
        request.options = request.options.without(CallOptions::SYNC_CALL);
        self.number(&mut request);
        let question = self.copy.as_ref().and_then(|copy| copy.question(&request));
        let Some((copy, question)) = self.copy.as_mut().zip(question) else {
            self.connection.send(&request.to_element()).await?;
            return Ok(request.call_id);
        };
        self.connection.send(&question.for_daemon().to_element()).await?;
        copy.asked(request.call_id, question);
        Ok(request.call_id)
    }

    /// Sends a request and waits for its reply. What else comes meanwhile is kept for [`Self::next`].
    pub async fn call(&mut self, mut request: Request) -> Result<Option<Arc<Element>>, CibError> {
        request.options = request.options | CallOptions::SYNC_CALL;
        self.number(&mut request);
        let answer = self.connection.call(&request.to_element(), CALL_TIMEOUT).await?;
        let reply = Reply::from_element(&answer)?;
        if reply.call_id != request.call_id {
            let answered = reply.call_id;
            return Err(CibError::Unexpected { asked: request.call_id, answered });
        }
        match reply.result {
            Ok(()) => Ok(reply.output),
            Err(failure) => Err(CibError::Failed { failure, output: reply.output }),
        }
    }

    /// Reads a section; none is the whole CIB.
    pub async fn query(&mut self, section: Option<&str>) -> Result<Arc<Element>, CibError> {
        let output = self.call(Request::query(section)).await?;
        output.ok_or(CibError::Failed { failure: super::Failure::NoMessage, output: None })
    }

    /// Waits for the next reply or notification; `None` once the connection is lost. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<CibEvent> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if let Err(error) = self.ask_in_full().await {
                tracing::warn!("the CIB daemon could not be asked: {error}");
                return None;
            }
            let element = self.connection.next_event().await?;
            match event(&element) {
                Ok(Some(event)) => self.waiting.extend(match &mut self.copy {
                    Some(copy) => copy.learn(event),
                    None => Some(event),
                }),
                Ok(None) => {}
                Err(error) => tracing::warn!("ignored a message from the CIB daemon: {error}"),
            }
        }
    }

    /// Has the whole CIB sent for those whom the copy could not answer.
    async fn ask_in_full(&mut self) -> Result<(), CibError> {
        while let Some(question) = self.copy.as_ref().and_then(KeptCopy::unanswered) {
            let mut request = question.for_daemon();
            self.number(&mut request);
            self.connection.send(&request.to_element()).await?;
            if let Some(copy) = &mut self.copy {
                copy.asked_in_full(request.call_id);
            }
        }
        Ok(())
    }

    fn number(&mut self, request: &mut Request) {
        self.last_call = self.last_call.checked_add(1).unwrap_or(1);
        request.call_id = self.last_call;
        request.client_id.clone_from(&self.token);
    }
}

fn event(element: &Element) -> Result<Option<CibEvent>, messages::cib::MessageError> {
    if !Notification::is_one(element) {
        return Reply::from_element(element).map(CibEvent::Reply).map(Some);
    }
    let notification = Notification::from_element(element)?;
    Ok(notification.map(|notification| match notification {
        Notification::Diff(diff) => CibEvent::Changed(diff),
        Notification::Replaced { sections, .. } => CibEvent::Replaced(sections),
    }))
}
