use std::time::Duration;

use machine::Instant;
use messages::fencing::CallHeader;
use vocab::NodeName;

use crate::{ClientId, RunId};

/// One thing for fence agents on this node to do.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) action: String,
    pub(crate) target: Option<String>,
    /// The device that has it now.
    pub(crate) device: String,
    /// Devices to try if this one fails.
    pub(crate) alternatives: Vec<String>,
    /// How long it may take where the device has no time of its own.
    pub(crate) timeout: Duration,
    /// Seconds asked for; below zero: none of the device's delays either.
    pub(crate) delay: i32,
    /// Whether it still waits for its delay.
    pub(crate) delayed: bool,
    pub(crate) purpose: Purpose,
    pub(crate) tries: u32,
    pub(crate) began: Instant,
    pub(crate) run: Option<RunId>,
    pub(crate) timed_out: bool,
}

/// What a command's result is for.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    /// Somebody asked for it.
    Respond(Responder),
    /// To find out whether the device has a target.
    Search(u64),
}

/// How an answer gets to who asked.
#[derive(Clone, Debug)]
pub(crate) struct Responder {
    pub(crate) to: Addressee,
    pub(crate) header: CallHeader,
    /// The request's name.
    pub(crate) operation: &'static str,
    /// The fencing it belongs to.
    pub(crate) fencing: Option<String>,
}

/// Who asked.
#[derive(Clone, Debug)]
pub(crate) enum Addressee {
    Client(ClientId, u64),
    Peer(NodeName),
}
