//! The daemon's side of the CIB: writes, and what happens to the status section.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use attributes::WriteId;
use client::cib::{AsyncCib, CibError, CibEvent};
use messages::{
    attributes::StatusUpdate,
    cib::{CallOptions, NotificationKind, Operation, Request},
};
use tokio::time::sleep;
use vocab::NodeName;

/// How often the CIB manager is tried, a little longer apart each time.
const ATTEMPTS: u32 = 30;
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The connection to the CIB manager.
#[derive(Debug)]
pub(crate) struct CibSide {
    cib: AsyncCib,
    /// The writes that wait for an answer, by the number of their call.
    writes: BTreeMap<i32, WriteId>,
}

/// Something that came from the CIB manager.
#[derive(Debug)]
pub(crate) enum FromCib {
    /// A write has ended.
    Written(WriteId, Result<(), String>),
    /// The status section or the list of nodes was replaced.
    Replaced,
    /// The connection is gone.
    Lost,
}

impl CibSide {
    /// Connects. Tries for a while, since the CIB manager may still be starting.
    pub(crate) async fn connect() -> Result<Self, CibError> {
        let mut attempt = 1;
        let mut pause = SHORTEST_PAUSE;
        let mut cib = loop {
            match AsyncCib::connect("attrd").await {
                Ok(cib) => break cib,
                Err(error) if attempt == ATTEMPTS => return Err(error),
                Err(error) => tracing::debug!("no CIB manager yet (attempt {attempt}): {error}"),
            }
            attempt += 1;
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        };
        cib.subscribe(NotificationKind::Replaced).await?;
        Ok(Self { cib, writes: BTreeMap::new() })
    }

    /// Removes a node's transient attributes. A node that was away so shortly that nobody noticed has old ones still.
    pub(crate) async fn erase(&mut self, node: &NodeName) -> Result<(), CibError> {
        let request = Request {
            options: CallOptions::XPATH | CallOptions::QUORUM_OVERRIDE | CallOptions::DISCARD_REPLY,
            section: Some(format!("//node_state[@uname='{node}']/transient_attributes")),
            ..Request::new(Operation::Delete)
        };
        self.cib.send(request).await.map(drop)
    }

    /// Starts a write; its end comes from [`Self::next`].
    pub(crate) async fn write(
        &mut self,
        write: WriteId,
        update: &StatusUpdate,
        user: Option<String>,
    ) -> Result<(), CibError> {
        let mut options = CallOptions::QUORUM_OVERRIDE;
        if update.removes() {
            options = options | CallOptions::MIXED_UPDATE;
        }
        let request = Request {
            options,
            section: Some("status".to_owned()),
            data: Some(Arc::new(update.to_element())),
            user,
            ..Request::new(Operation::Modify)
        };
        let call = self.cib.send(request).await?;
        self.writes.insert(call, write);
        Ok(())
    }

    /// Forgets a write whose answer did not come in time; false if it had come.
    pub(crate) fn give_up(&mut self, write: WriteId) -> bool {
        let before = self.writes.len();
        self.writes.retain(|_, waiting| *waiting != write);
        self.writes.len() < before
    }

    /// Waits for the next thing that comes from the CIB manager. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> FromCib {
        loop {
            match self.cib.next().await {
                None => return FromCib::Lost,
                Some(CibEvent::Reply(reply)) => {
                    if let Some(write) = self.writes.remove(&reply.call_id) {
                        let result = reply.result.map_err(|failure| failure.to_string());
                        return FromCib::Written(write, result);
                    }
                }
                Some(CibEvent::Replaced(sections)) if sections.nodes || sections.status => {
                    return FromCib::Replaced;
                }
                Some(CibEvent::Replaced(_) | CibEvent::Changed(_)) => {}
            }
        }
    }
}
