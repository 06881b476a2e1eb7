//! The fencer's clients: [`AsyncFencer`] is for daemons and gets results as events, [`Fencer`] is for tools and waits.

use std::time::Duration;

use ipc::{
    CallError, ConnectError,
    xml::{AsyncXmlClient, XmlClient},
};
use messages::fencing::{
    CallHeader, CallOptions, DeviceOffer, DeviceRegistration, FenceOutcome, Fencing, HistoryEntry,
    Level, LevelTarget, Message, MessageError, Notice, NoticeKind, Query, Reply, ReplyBody,
    Request,
};
use vocab::NodeName;
use xml::Element;

/// The name of the fencer's endpoint.
const ENDPOINT: &str = "stonith-ng";

/// How much longer than the operation itself an answer may take.
const CALL_MARGIN: Duration = Duration::from_secs(60);

/// Why a call to the fencer failed.
#[derive(Debug, thiserror::Error)]
pub enum FencerError {
    /// The fencer is not there.
    #[error("cannot connect to the fencer: {0}")]
    Connect(#[from] ConnectError),
    /// The connection broke; whether the request was carried out is not known.
    #[error("the connection to the fencer was lost: {0}")]
    Lost(#[from] CallError),
    /// What came back is no answer.
    #[error("the fencer's answer cannot be read: {0}")]
    Reply(#[from] MessageError),
    /// The answer to the first message carries no token.
    #[error("the fencer did not register this client")]
    NotRegistered,
    /// The answer is one to another question.
    #[error("the fencer did not answer what was asked")]
    Unexpected,
    /// It was not done.
    #[error("{}", describe(.0))]
    Failed(Box<FenceOutcome>),
}

fn describe(outcome: &FenceOutcome) -> String {
    match &outcome.reason {
        Some(reason) => format!("{}: {reason}", outcome.status),
        None => outcome.status.to_string(),
    }
}

/// A node to fence, as a client asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FencingOrder {
    /// The node.
    pub target: NodeName,
    /// `off`, `reboot` or `on`.
    pub action: String,
    /// How long one device may take if it has no time of its own.
    pub timeout: Duration,
    /// A fencing not longer ago than this counts; zero: none does.
    pub tolerance: Duration,
    /// Seconds to wait before it, besides what devices have configured; below zero: do not wait for those either.
    pub delay_seconds: i32,
    /// More options: [`CallOptions::ALLOW_SELF`], [`CallOptions::MANUAL_ACK`].
    pub options: CallOptions,
}

impl FencingOrder {
    fn request(&self) -> Request {
        Request::Fence(Fencing {
            target: self.target.to_string(),
            action: self.action.clone(),
            device: None,
            tolerance: self.tolerance,
            operation: None,
            origin: None,
        })
    }
}

fn hello(client_name: &str) -> Element {
    let header = CallHeader { client_name: Some(client_name.to_owned()), ..CallHeader::default() };
    Message { header, request: Request::Hello }.to_element()
}

fn token(answer: &Element) -> Result<String, FencerError> {
    answer.attr("st_clientid").map(str::to_owned).ok_or(FencerError::NotRegistered)
}

fn subscription(kind: NoticeKind) -> Element {
    let request = Request::Notify { kind: Some(kind), active: true };
    Message { header: CallHeader::default(), request }.to_element()
}

/// Numbers calls and says whose they are.
#[derive(Debug)]
struct Caller {
    token: String,
    last: i32,
}

impl Caller {
    fn message(
        &mut self,
        request: Request,
        timeout: Duration,
        delay: Option<i32>,
        options: CallOptions,
    ) -> (i32, Element) {
        self.last = self.last.checked_add(1).unwrap_or(1);
        let header = CallHeader {
            call: self.last,
            options,
            token: Some(self.token.clone()),
            timeout,
            delay,
            ..CallHeader::default()
        };
        (self.last, Message { header, request }.to_element())
    }

    fn answered(&self, answer: &Element) -> Result<Reply, FencerError> {
        let reply = Reply::from_element(answer)?;
        if reply.header.call != self.last {
            return Err(FencerError::Unexpected);
        }
        if !reply.outcome.is_success() {
            return Err(FencerError::Failed(Box::new(reply.outcome)));
        }
        Ok(reply)
    }
}

/// A daemon's connection to the local fencer.
#[derive(Debug)]
pub struct AsyncFencer {
    connection: AsyncXmlClient,
    caller: Caller,
}

impl AsyncFencer {
    /// Connects and registers under a name.
    pub async fn connect(client_name: &str) -> Result<Self, FencerError> {
        let mut connection = AsyncXmlClient::connect(ENDPOINT).await?;
        let answer = connection.call(&hello(client_name), CALL_MARGIN).await?;
        Ok(Self { connection, caller: Caller { token: token(&answer)?, last: 0 } })
    }

    /// Asks for notices of a kind.
    pub async fn subscribe(&mut self, kind: NoticeKind) -> Result<(), FencerError> {
        self.connection.call(&subscription(kind), CALL_MARGIN).await?;
        Ok(())
    }

    /// Has a node fenced. Returns at once with the number of the call; [`Notice::Result`] with that number in its header
    /// follows when the fencing has ended.
    pub async fn fence(&mut self, order: &FencingOrder) -> Result<i32, FencerError> {
        let delay = Some(order.delay_seconds);
        let (call, message) =
            self.caller.message(order.request(), order.timeout, delay, order.options);
        self.connection.send(&message).await?;
        Ok(call)
    }

    /// Has a device's agent carry out `list`, `monitor` or `status`. Returns at once with the number of the call;
    /// [`Notice::Result`] follows.
    pub async fn execute(
        &mut self,
        device: &str,
        action: &str,
        timeout: Duration,
    ) -> Result<i32, FencerError> {
        let (device, action) = (device.to_owned(), action.to_owned());
        let request = Request::Execute { device, action, target: None };
        let (call, message) = self.caller.message(request, timeout, None, CallOptions::NONE);
        self.connection.send(&message).await?;
        Ok(call)
    }

    /// Makes a device known, as started.
    pub async fn add_device(&mut self, device: DeviceRegistration) -> Result<(), FencerError> {
        self.call(Request::AddDevice(device)).await.map(drop)
    }

    /// Forgets a device that was made known with [`Self::add_device`]; one in the CIB stays usable for fencing.
    pub async fn remove_device(&mut self, device: &str) -> Result<(), FencerError> {
        self.call(Request::RemoveDevice(device.to_owned())).await.map(drop)
    }

    /// The fencings of the past, of one node or of all.
    pub async fn history(
        &mut self,
        target: Option<&NodeName>,
    ) -> Result<Vec<HistoryEntry>, FencerError> {
        let target = target.map(NodeName::to_string);
        history(self.call(Request::History { target, sync: None }).await?)
    }

    /// Waits for the next notice; `None` once the connection is lost. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Notice> {
        loop {
            let element = self.connection.next_event().await?;
            match Notice::from_element(&element) {
                Ok(notice) => return Some(notice),
                Err(error) => tracing::warn!("ignoring a message of the fencer: {error}"),
            }
        }
    }

    async fn call(&mut self, request: Request) -> Result<Reply, FencerError> {
        let (_, message) =
            self.caller.message(request, Duration::ZERO, None, CallOptions::SYNC_CALL);
        let answer = self.connection.call(&message, CALL_MARGIN).await?;
        self.caller.answered(&answer)
    }
}

/// A tool's connection to the local fencer.
#[derive(Debug)]
pub struct Fencer {
    connection: XmlClient,
    caller: Caller,
}

impl Fencer {
    /// Connects and registers under a name.
    pub fn connect(client_name: &str) -> Result<Self, FencerError> {
        let mut connection = XmlClient::connect(ENDPOINT)?;
        let answer = connection.call(&hello(client_name), CALL_MARGIN)?;
        Ok(Self { connection, caller: Caller { token: token(&answer)?, last: 0 } })
    }

    /// Has a node fenced and waits for the end of it.
    pub fn fence(&mut self, order: &FencingOrder) -> Result<(), FencerError> {
        let delay = Some(order.delay_seconds);
        self.call(order.request(), order.timeout, delay, order.options).map(drop)
    }

    /// The devices that can fence a node, or all devices.
    pub fn devices(
        &mut self,
        target: Option<&NodeName>,
        timeout: Duration,
    ) -> Result<Vec<DeviceOffer>, FencerError> {
        let target = target.map(NodeName::to_string);
        let request =
            Request::Query(Query { target, action: Some("off".into()), ..Query::default() });
        let reply = self.call(request, timeout, None, CallOptions::NONE)?;
        match reply.body {
            ReplyBody::Devices(devices) => Ok(devices),
            ReplyBody::Empty | ReplyBody::History(_) => Err(FencerError::Unexpected),
        }
    }

    /// Has a device's agent carry out `list`, `monitor` or `status`; gives what it wrote.
    pub fn execute(
        &mut self,
        device: &str,
        action: &str,
        target: Option<&NodeName>,
        timeout: Duration,
    ) -> Result<Option<String>, FencerError> {
        let (device, action, target) = (device.to_owned(), action.to_owned(), target.cloned());
        let request = Request::Execute { device, action, target };
        let reply = self.call(request, timeout, None, CallOptions::NONE)?;
        Ok(reply.outcome.output)
    }

    /// Makes a device known.
    pub fn add_device(&mut self, device: DeviceRegistration) -> Result<(), FencerError> {
        self.simple(Request::AddDevice(device))
    }

    /// Forgets a device that was made known with [`Self::add_device`].
    pub fn remove_device(&mut self, device: &str) -> Result<(), FencerError> {
        self.simple(Request::RemoveDevice(device.to_owned()))
    }

    /// Makes a fencing level known.
    pub fn add_level(&mut self, level: Level) -> Result<(), FencerError> {
        self.simple(Request::AddLevel(level))
    }

    /// Forgets a fencing level of a target, or all with index 0.
    pub fn remove_level(&mut self, target: LevelTarget, index: u32) -> Result<(), FencerError> {
        self.simple(Request::RemoveLevel(target, index))
    }

    /// The fencings of the past, of one node or of all.
    pub fn history(&mut self, target: Option<&NodeName>) -> Result<Vec<HistoryEntry>, FencerError> {
        self.history_with(target, CallOptions::NONE)
    }

    /// The same with options: [`CallOptions::BROADCAST`] gathers what all fencers know, [`CallOptions::NODE_ID`] says that
    /// the target is the node's number in the ring.
    pub fn history_with(
        &mut self,
        target: Option<&NodeName>,
        options: CallOptions,
    ) -> Result<Vec<HistoryEntry>, FencerError> {
        let target = target.map(NodeName::to_string);
        let request = Request::History { target, sync: None };
        history(self.call(request, Duration::ZERO, None, options)?)
    }

    /// Forgets the fencings that have ended, of one node or of all, on every node.
    pub fn clean_history(&mut self, target: Option<&NodeName>) -> Result<(), FencerError> {
        let target = target.map(NodeName::to_string);
        let request = Request::History { target, sync: None };
        self.call(request, Duration::ZERO, None, CallOptions::CLEANUP).map(drop)
    }

    fn simple(&mut self, request: Request) -> Result<(), FencerError> {
        self.call(request, Duration::ZERO, None, CallOptions::NONE).map(drop)
    }

    fn call(
        &mut self,
        request: Request,
        timeout: Duration,
        delay: Option<i32>,
        options: CallOptions,
    ) -> Result<Reply, FencerError> {
        let options = options.and(CallOptions::SYNC_CALL);
        let (_, message) = self.caller.message(request, timeout, delay, options);
        let delay = Duration::from_secs(u64::try_from(delay.unwrap_or(0)).unwrap_or(0));
        let answer = self.connection.call(&message, timeout + delay + CALL_MARGIN)?;
        self.caller.answered(&answer)
    }
}

fn history(reply: Reply) -> Result<Vec<HistoryEntry>, FencerError> {
    match reply.body {
        ReplyBody::History(entries) => Ok(entries),
        // Nothing ever happened.
        ReplyBody::Empty => Ok(Vec::new()),
        ReplyBody::Devices(_) => Err(FencerError::Unexpected),
    }
}
