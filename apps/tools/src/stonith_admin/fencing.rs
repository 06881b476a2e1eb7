//! Fencing, and telling the cluster that it is done.

use client::fencer::FencingOrder;
use messages::fencing::CallOptions;
use std::time::Duration;
use vocab::NodeName;

use super::{Options, failure::Failure};
use crate::frame::Stop;

/// Has a node fenced and waits for the end of it.
pub(super) fn fence(options: &Options, node: &str, action: &str) -> Result<(), Stop> {
    let tolerance = match options.tolerance.as_deref() {
        None => Duration::ZERO,
        Some(text) => vocab::parse_duration(text)
            .map_err(|error| Stop::usage(format!("Invalid tolerance: {error}")))?,
    };
    let order = FencingOrder {
        target: NodeName::from(node.to_owned()),
        action: action.to_owned(),
        timeout: options.timeout(),
        tolerance,
        delay_seconds: options.delay,
        options: CallOptions::ALLOW_SELF,
    };
    let fenced = match options.connect() {
        Ok(mut fencer) => fencer.fence(&order).map_err(Failure::from),
        Err(_) => Err(Failure::not_connected()),
    };
    let what = if action == "on" { "unfence" } else { "fence" };
    fenced.map_err(|failure| {
        Stop::new(format!("Couldn't {what} {node}: {}", failure.with_reason()), failure.exit)
    })
}

/// Tells the cluster that a node is down, on the word of whoever calls.
pub(super) fn confirm(options: &Options, node: &str) -> Result<(), Stop> {
    let order = FencingOrder {
        target: NodeName::from(node.to_owned()),
        action: "off".to_owned(),
        timeout: Duration::ZERO,
        tolerance: Duration::ZERO,
        delay_seconds: 0,
        options: CallOptions::ALLOW_SELF.and(CallOptions::MANUAL_ACK),
    };
    options.connect()?.fence(&order).map_err(|error| {
        let failure = Failure::from(error);
        Stop::new(format!("Couldn't confirm {node}: {}", failure.with_reason()), failure.exit)
    })
}
