use std::{collections::BTreeMap, time::Duration};

use client::cib::{AsyncCib, CibError, CibEvent};
use controller::Input;
use messages::cib::{CallOptions, Request};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

/// How often, and after what time each, the CIB manager is tried.
const ATTEMPTS: u32 = 300;
const PAUSE: Duration = Duration::from_millis(100);

/// A request with the machine's number for it.
pub(crate) type Order = (u64, Request);

/// Connects and asks for news. Tries for a while, since the CIB manager may still be starting.
pub(crate) async fn connect() -> Result<AsyncCib, CibError> {
    let mut attempt = 1;
    loop {
        match try_connect().await {
            Ok(cib) => return Ok(cib),
            Err(error) if attempt == ATTEMPTS => return Err(error),
            Err(error) => tracing::debug!("the CIB is not ready (attempt {attempt}): {error}"),
        }
        attempt += 1;
        tokio::time::sleep(PAUSE).await;
    }
}

async fn try_connect() -> Result<AsyncCib, CibError> {
    let mut cib = AsyncCib::connect("crmd").await?;
    cib.keep_copy().await?;
    Ok(cib)
}

/// Passes requests to the CIB manager and its answers back, until there are no more requests or the connection is lost.
pub(crate) async fn serve(
    mut cib: AsyncCib,
    mut orders: UnboundedReceiver<Order>,
    inputs: UnboundedSender<Input>,
) {
    let mut calls: BTreeMap<i32, u64> = BTreeMap::new();
    loop {
        let input = tokio::select! {
            order = orders.recv() => match order {
                Some((call, request)) => send(&mut cib, &mut calls, call, request).await,
                None => return,
            },
            event = cib.next() => match event {
                Some(event) => input(&mut calls, event),
                None => Some(Input::ConnectionLost { daemon: "the CIB manager" }),
            },
        };
        let lost = matches!(input, Some(Input::ConnectionLost { .. }));
        if let Some(input) = input
            && inputs.send(input).is_err()
        {
            return;
        }
        if lost {
            return;
        }
    }
}

async fn send(
    cib: &mut AsyncCib,
    calls: &mut BTreeMap<i32, u64>,
    call: u64,
    request: Request,
) -> Option<Input> {
    let wants_reply = !request.options.has(CallOptions::DISCARD_REPLY);
    match cib.send(request).await {
        Ok(number) => {
            if wants_reply {
                calls.insert(number, call);
            }
            None
        }
        Err(error) => {
            tracing::error!("a request to the CIB manager could not be sent: {error}");
            Some(Input::ConnectionLost { daemon: "the CIB manager" })
        }
    }
}

fn input(calls: &mut BTreeMap<i32, u64>, event: CibEvent) -> Option<Input> {
    match event {
        CibEvent::Reply(reply) => {
            let call = calls.remove(&reply.call_id)?;
            Some(Input::CibReply { call, result: reply.result.map(|()| reply.output) })
        }
        CibEvent::Changed(diff) => {
            diff.result.is_ok().then_some(Input::CibChanged { patch: diff.patch })
        }
        CibEvent::Replaced(sections) => Some(Input::CibReplaced { sections }),
    }
}
