//! The ring, as far as the launcher needs it: is it there, and what does it say about logging.

use std::time::Duration;

use ring::{Cmap, CmapValue, Quorum, RingError};
use tokio::{sync::mpsc, time::sleep};

/// How often the first connection is tried, a second longer apart each time.
const ATTEMPTS: u32 = 5;
/// How often a lost connection is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What the ring's configuration says that concerns the daemons.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RingSettings {
    /// The ring logs in detail, so that the daemons shall too, unless they were told something else.
    pub(crate) debug: bool,
}

/// The ring came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RingEvent {
    /// The connection is lost.
    Lost,
    /// There is a connection again.
    Back,
}

/// Waits for the ring, reads its configuration, and has it let in the daemons that run under the cluster's group.
pub(crate) async fn prepare(group: u32) -> Result<RingSettings, RingError> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        match Cmap::connect().await {
            Ok(mut cmap) => {
                let debug = cmap.get_string("logging.debug").await?;
                let debug = debug.is_some_and(|text| vocab::parse_boolean(&text) == Ok(true));
                let key = format!("uidgid.gid.{group}");
                if let Err(error) = cmap.set(&key, CmapValue::U8(1)).await {
                    tracing::warn!("the ring may not let in the daemons: {error}");
                }
                return Ok(RingSettings { debug });
            }
            Err(error) if attempt >= ATTEMPTS => return Err(error),
            Err(error) => {
                tracing::debug!("no connection to the ring (attempt {attempt}): {error}");
                sleep(Duration::from_secs(attempt.into())).await;
            }
        }
    }
}

/// Tells when the connection to the ring is lost and when it is back and prepared again; runs until nobody listens any
/// more.
pub(crate) async fn watch(events: mpsc::UnboundedSender<RingEvent>, group: u32) {
    let mut connected = true;
    loop {
        match Quorum::connect().await {
            Ok(mut quorum) => {
                if !connected {
                    // Another ring daemon knows nothing of what the first was told.
                    if let Err(error) = prepare(group).await {
                        tracing::warn!("the ring is back but cannot be prepared: {error}");
                    }
                    if events.send(RingEvent::Back).is_err() {
                        return;
                    }
                }
                connected = true;
                while quorum.next().await.is_ok() {}
            }
            Err(error) => tracing::debug!("no connection to the ring: {error}"),
        }
        if connected && events.send(RingEvent::Lost).is_err() {
            return;
        }
        connected = false;
        if events.is_closed() {
            return;
        }
        sleep(RETRY).await;
    }
}
