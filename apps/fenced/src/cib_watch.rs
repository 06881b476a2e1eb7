use std::time::Duration;

use client::cib::{AsyncCib, CibError, CibEvent};
use fencer::Configuration;
use messages::cib::NotificationKind;
use tokio::sync::mpsc;
use vocab::NodeName;
use xml::{Element, patchset::Patchset};

/// How long to wait before a lost connection is made anew.
const RETRY: Duration = Duration::from_millis(250);

/// Follows what the CIB says about fencing and hands on each change of it.
pub(crate) fn watch(local: NodeName) -> mpsc::UnboundedReceiver<Configuration> {
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::task::spawn_local(async move {
        loop {
            if let Err(error) = follow(&local, &sender).await {
                tracing::debug!("no connection to the CIB: {error}");
            }
            if sender.is_closed() {
                return;
            }
            tokio::time::sleep(RETRY).await;
        }
    });
    receiver
}

/// Follows over one connection until it is lost.
async fn follow(
    local: &NodeName,
    sender: &mpsc::UnboundedSender<Configuration>,
) -> Result<(), CibError> {
    let mut cib = AsyncCib::connect(crate::NAME).await?;
    cib.subscribe(NotificationKind::Diff).await?;
    let mut last = None;
    loop {
        let document = cib.query(None).await?;
        let configuration = Configuration::from_cib(&document, local);
        if last.as_ref() != Some(&configuration) {
            last = Some(configuration.clone());
            if sender.send(configuration).is_err() {
                return Ok(());
            }
        }
        // The status changes all the time and says nothing about devices.
        loop {
            match cib.next().await {
                None => return Ok(()),
                Some(CibEvent::Changed(diff)) if is_about_configuration(&diff.patch) => break,
                Some(CibEvent::Replaced(_)) => break,
                Some(CibEvent::Changed(_) | CibEvent::Reply(_)) => {}
            }
        }
    }
}

fn is_about_configuration(patch: &Element) -> bool {
    // One that cannot be read may be about anything.
    Patchset::from_element(patch).map_or(true, |patch| patch.touches("/cib/configuration"))
}
