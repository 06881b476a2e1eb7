use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Sleep, sleep};
use vocab::NodeId;
use wire::corosync::{
    cpg::{Address, Event, GroupName, Request, decode_local_get},
    decode_status,
};

use crate::{RingError, assembly::Assemblies, outgoing::Outgoing, service::Service};

/// How long to wait before it is tried again to send what the ring did not take.
const RETRY: Duration = Duration::from_millis(2);

/// A process that is in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// The node it runs on.
    pub node: NodeId,
    /// Its process id there.
    pub pid: u32,
}

impl From<Address> for Member {
    fn from(address: Address) -> Self {
        Self { node: NodeId(address.node), pid: address.pid }
    }
}

/// Something that happened in a group, in the order in which every member sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CpgEvent {
    /// A member, perhaps this one, sent a message.
    Delivered {
        /// The member.
        sender: Member,
        /// The message.
        bytes: Vec<u8>,
    },
    /// The membership changed.
    Membership {
        /// Everybody who is in the group now.
        members: Vec<Member>,
        /// Who came.
        joined: Vec<Member>,
        /// Who left, stopped or was lost.
        left: Vec<Member>,
    },
}

/// Membership in one closed process group.
#[derive(Debug)]
pub struct Cpg {
    service: Service,
    group: String,
    local: Member,
    assemblies: Assemblies,
    outgoing: Outgoing,
    retry: Option<Pin<Box<Sleep>>>,
    dropped: u64,
}

impl Cpg {
    /// Joins a group under this process's id. A process can be in a group only once.
    pub async fn join(group: &str) -> Result<Self, RingError> {
        let name = GroupName::new(group.as_bytes())
            .map_err(|_| RingError::NameTooLong(group.to_owned()))?;
        let mut service = Service::connect("cpg").await?;
        let local_get = Request::LocalGet.encode();
        let node = service.call("local node", &local_get, decode_local_get).await?;
        let pid = std::process::id();
        let join = Request::Join { group: name, pid, flags: 0 }.encode();
        service.call("join", &join, decode_status).await?;
        Ok(Self {
            service,
            group: group.trim_end_matches('\0').to_owned(),
            local: Member { node: NodeId(node), pid },
            assemblies: Assemblies::default(),
            outgoing: Outgoing::default(),
            retry: None,
            dropped: 0,
        })
    }

    /// The node this process runs on.
    pub const fn local_node(&self) -> NodeId {
        self.local.node
    }

    /// Messages that were dropped because their parts do not make a whole.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Sends to every member, this one included. The message is queued and goes out while [`Self::next`] is awaited.
    pub fn multicast(&mut self, bytes: &[u8]) -> Result<(), RingError> {
        self.multicast_owned(bytes.to_vec())
    }

    pub(crate) fn multicast_owned(&mut self, bytes: Vec<u8>) -> Result<(), RingError> {
        self.outgoing.push(bytes)?;
        self.outgoing.flush(self.service.client())
    }

    /// Waits for the next event. Dropping the future loses nothing; after an error the connection is of no more use.
    pub async fn next(&mut self) -> Result<CpgEvent, RingError> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<CpgEvent, RingError>> {
        loop {
            self.outgoing.flush(self.service.client())?;
            if let Poll::Ready(message) = self.service.poll_event("group", cx) {
                match self.interpret(&message?) {
                    Ok(Some(event)) => return Poll::Ready(Ok(event)),
                    Ok(None) => continue,
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
            if self.outgoing.is_empty() {
                self.retry = None;
                return Poll::Pending;
            }
            let timer = self.retry.get_or_insert_with(|| Box::pin(sleep(RETRY)));
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.retry = None;
        }
    }

    fn interpret(&mut self, message: &[u8]) -> Result<Option<CpgEvent>, RingError> {
        let event = Event::decode(message).map_err(|error| RingError::Malformed {
            request: "group",
            problem: error.to_string(),
        })?;
        match event {
            Event::Deliver { node, pid, payload, .. } => {
                let sender = Member { node: NodeId(node), pid };
                Ok(Some(CpgEvent::Delivered { sender, bytes: payload }))
            }
            Event::PartialDeliver { node, pid, total, part, payload, .. } => {
                let sender = Member { node: NodeId(node), pid };
                match self.assemblies.add(sender, part, total as usize, &payload) {
                    Ok(whole) => Ok(whole.map(|bytes| CpgEvent::Delivered { sender, bytes })),
                    Err(error) => {
                        self.dropped += 1;
                        let group = &self.group;
                        tracing::warn!("{group}: message of node {node}.{pid} dropped: {error}");
                        Ok(None)
                    }
                }
            }
            Event::ConfigurationChange { members, joined, left, .. } => {
                let list = |list: Vec<Address>| list.into_iter().map(Member::from).collect();
                let (members, joined, left): (Vec<_>, _, Vec<_>) =
                    (list(members), list(joined), list(left));
                left.iter().for_each(|&member| self.assemblies.forget(member));
                if !members.contains(&self.local) {
                    return Err(RingError::Evicted { group: self.group.clone() });
                }
                Ok(Some(CpgEvent::Membership { members, joined, left }))
            }
            Event::RingChange { .. } | Event::Other(_) => Ok(None),
        }
    }
}
