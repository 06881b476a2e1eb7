use std::{sync::Arc, time::Duration};

use client::cib::{AsyncCib, CallOptions, CibError, CibEvent, Failure, Reply, Request};
use fencer::Configuration;
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
    cib.keep_copy().await?;
    let mut asked = Some(ask(&mut cib).await?);
    let mut outdated = false;
    let mut last = None;
    while let Some(event) = cib.next().await {
        match event {
            CibEvent::Reply(reply) if asked == Some(reply.call_id) => {
                asked = None;
                let configuration = Configuration::from_cib(&*content(reply)?, local);
                if last.as_ref() != Some(&configuration) {
                    last = Some(configuration.clone());
                    if sender.send(configuration).is_err() {
                        return Ok(());
                    }
                }
            }
            CibEvent::Reply(_) => {}
            // The status changes all the time and says nothing about devices.
            CibEvent::Changed(change) => outdated |= is_about_configuration(&change.patch),
            CibEvent::Replaced(_) => outdated = true,
        }
        if outdated && asked.is_none() {
            outdated = false;
            asked = Some(ask(&mut cib).await?);
        }
    }
    Ok(())
}

/// Asks for the whole CIB and gives the number of the question.
async fn ask(cib: &mut AsyncCib) -> Result<i32, CibError> {
    cib.send(Request::query(None).with_options(CallOptions::SCOPE_LOCAL)).await
}

fn content(reply: Reply) -> Result<Arc<Element>, CibError> {
    let failed = |failure| CibError::Failed { failure, output: None };
    reply.result.map_err(failed)?;
    reply.output.ok_or_else(|| failed(Failure::NoMessage))
}

fn is_about_configuration(patch: &Element) -> bool {
    // One that cannot be read may be about anything.
    Patchset::from_element(patch).map_or(true, |patch| patch.touches("/cib/configuration"))
}
