use std::{collections::BTreeMap, time::Duration};

use client::fencer::{AsyncFencer, FencerError, FencingOrder};
use controller::{FencingNotice, Input};
use messages::fencing::{CallOptions, FenceOutcome, Finished, Notice, NoticeKind};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use vocab::{ExecStatus, NodeName};

use crate::NAME;

/// After what time the fencer is tried again while it is not there.
const PAUSE: Duration = Duration::from_secs(1);

/// A node to fence.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// The machine's key for it.
    pub(crate) key: String,
    pub(crate) target: NodeName,
    pub(crate) action: String,
    pub(crate) timeout: Duration,
    /// How long to wait before it, as configured.
    pub(crate) delay: Option<String>,
}

/// Passes requests to the fencer, and results and news back. The fencer may come and go; what was asked of one that went is
/// reported as lost.
pub(crate) async fn serve(mut orders: UnboundedReceiver<Order>, inputs: UnboundedSender<Input>) {
    loop {
        let connected = connect().await;
        let fencer = match connected {
            Ok(fencer) => fencer,
            Err(error) => {
                tracing::debug!("the fencer is not ready: {error}");
                if !refuse_for_now(&mut orders, &inputs, &error).await {
                    return;
                }
                continue;
            }
        };
        if !exchange(fencer, &mut orders, &inputs).await {
            return;
        }
        if inputs.send(Input::FencerLost).is_err() {
            return;
        }
    }
}

async fn connect() -> Result<AsyncFencer, FencerError> {
    let mut fencer = AsyncFencer::connect(NAME).await?;
    fencer.subscribe(NoticeKind::Fence).await?;
    Ok(fencer)
}

/// Waits before the next attempt, refusing what comes meanwhile. `false` if nothing will come any more.
async fn refuse_for_now(
    orders: &mut UnboundedReceiver<Order>,
    inputs: &UnboundedSender<Input>,
    error: &FencerError,
) -> bool {
    tokio::select! {
        () = tokio::time::sleep(PAUSE) => true,
        order = orders.recv() => match order {
            Some(order) => {
                // A refusal at once would have the same asked again at once.
                tokio::time::sleep(PAUSE).await;
                let reason = error.to_string();
                let failure = FenceOutcome::failure(ExecStatus::NotConnected, reason);
                inputs.send(result(order.key, failure)).is_ok()
            }
            None => false,
        },
    }
}

/// Talks to the fencer as long as it is there. `false` if there is nothing more to talk about.
async fn exchange(
    mut fencer: AsyncFencer,
    orders: &mut UnboundedReceiver<Order>,
    inputs: &UnboundedSender<Input>,
) -> bool {
    let mut calls: BTreeMap<i32, String> = BTreeMap::new();
    loop {
        let input = tokio::select! {
            order = orders.recv() => match order {
                Some(order) => ask(&mut fencer, &mut calls, order).await,
                None => return false,
            },
            notice = fencer.next() => match notice {
                Some(notice) => heard(&mut calls, notice),
                None => return true,
            },
        };
        if let Some(input) = input
            && inputs.send(input).is_err()
        {
            return false;
        }
    }
}

async fn ask(
    fencer: &mut AsyncFencer,
    calls: &mut BTreeMap<i32, String>,
    order: Order,
) -> Option<Input> {
    let delay = order.delay.as_deref().and_then(|text| vocab::parse_duration(text).ok());
    let request = FencingOrder {
        target: order.target,
        action: order.action,
        timeout: order.timeout,
        tolerance: Duration::ZERO,
        delay_seconds: delay.map_or(0, |delay| i32::try_from(delay.as_secs()).unwrap_or(i32::MAX)),
        options: CallOptions::NONE,
    };
    match fencer.fence(&request).await {
        Ok(call) => {
            calls.insert(call, order.key);
            None
        }
        Err(FencerError::Failed(outcome)) => Some(result(order.key, *outcome)),
        Err(error) => {
            let failure = FenceOutcome::failure(ExecStatus::NotConnected, error.to_string());
            Some(result(order.key, failure))
        }
    }
}

fn heard(calls: &mut BTreeMap<i32, String>, notice: Notice) -> Option<Input> {
    match notice {
        Notice::Result(reply) => {
            let key = calls.remove(&reply.header.call)?;
            Some(result(key, reply.outcome))
        }
        Notice::Fenced(finished) => news(*finished).map(Input::FencingNotice),
        Notice::Changed { .. } | Notice::Timeout { .. } => None,
    }
}

fn result(key: String, outcome: FenceOutcome) -> Input {
    let success = outcome.is_success();
    Input::Fenced { key, status: outcome.status, success, reason: outcome.reason }
}

fn news(finished: Finished) -> Option<FencingNotice> {
    let success = finished.outcome.is_success();
    Some(FencingNotice {
        target: finished.target?,
        action: finished.action,
        executioner: finished.delegate.as_deref().map(NodeName::from),
        origin: finished.origin,
        client: finished.client,
        success,
        reason: finished.outcome.reason,
    })
}
