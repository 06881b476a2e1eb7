//! Fencings that this node leads: asking around, choosing who does it, going on when that fails.

use std::time::Duration;

use machine::{Instant, Outbox};
use messages::fencing::{
    CallHeader, FenceOutcome, Fencing, Level, Message, OperationState, PeerMessage, Query, Reply,
    ReplyBody, Request,
};
use vocab::{ExecStatus, NodeName};

use super::Fencer;
use crate::{
    Note, Output, Timer,
    operation::{DeviceTerms, Offer, Phase},
};

/// How much longer than the devices' own times the leader waits.
const PATIENCE: f64 = 1.2;

impl Fencer {
    /// Begins to lead a fencing: asks all fencers what they can do about the target.
    pub(super) fn initiate(
        &mut self,
        now: Instant,
        header: CallHeader,
        target: String,
        action: String,
        relayed: Option<String>,
        out: &mut Outbox<Output>,
    ) {
        let id = self.next_operation_id();
        let local = self.settings.local.clone();
        let levels = self.levels_for(&target);
        self.create(now, id.clone(), target, action, local, header, out);
        let Some(operation) = self.operations.get_mut(&id) else { return };
        operation.is_ours = true;
        operation.relayed = relayed;
        operation.levels = levels;
        if operation.state == OperationState::Duplicate {
            return;
        }
        if operation.has_topology() && !operation.next_level() {
            let outcome = FenceOutcome::failure(ExecStatus::Error, "All topology levels failed");
            return self.finish(&id, outcome, out);
        }
        operation.query_open = true;
        let header = CallHeader {
            token: Some(id.clone()),
            options: operation.options(),
            delay: None,
            ..operation.header.clone()
        };
        let patience = operation.header.timeout.mul_f64(PATIENCE).max(Duration::from_secs(1));
        let request = Request::Query(Query {
            target: Some(operation.target.clone()),
            action: Some(operation.action.clone()),
            device: None,
            operation: Some(id.clone()),
            origin: Some(operation.origin.clone()),
            relayed: operation.relayed.clone(),
        });
        let message = PeerMessage::Request(Box::new(Message { header, request }));
        out.push(Output::Send(None, Box::new(message)));
        self.arm(Timer::Query(id), patience, out);
    }

    /// The devices of each level for a target, lowest level first; `None` if it has none.
    fn levels_for(&self, target: &str) -> Option<Vec<Vec<String>>> {
        let all = || self.configuration.levels.iter().chain(&self.client_levels);
        let matching: Vec<&Level> =
            all().filter(|level| self.configuration.matches(&level.target, target)).collect();
        // A node has one topology, the first that is meant for it; that by its name before all others.
        let by_name = matching
            .iter()
            .find(|level| matches!(&level.target, messages::fencing::LevelTarget::Name(_)));
        let chosen = by_name.or(matching.first())?.target.clone();
        let mut levels: Vec<&Level> =
            matching.into_iter().filter(|level| level.target == chosen).collect();
        levels.sort_by_key(|level| level.index);
        let grouped = levels.chunk_by(|a, b| a.index == b.index);
        let devices = grouped.map(|same| same.iter().flat_map(|l| l.devices.clone()).collect());
        let devices: Vec<Vec<String>> = devices.filter(|d: &Vec<String>| !d.is_empty()).collect();
        (!devices.is_empty()).then_some(devices)
    }

    /// A fencer says what it can do.
    pub(super) fn on_offer(
        &mut self,
        now: Instant,
        from: NodeName,
        reply: Reply,
        out: &mut Outbox<Output>,
    ) {
        let Some(id) = reply.fencing else { return };
        let active = self.members.len();
        let Some(operation) = self.operations.get_mut(&id).filter(|known| known.is_ours) else {
            return;
        };
        if operation.told || !operation.state.is_pending() {
            return;
        }
        operation.replies += 1;
        if let ReplyBody::Devices(devices) = reply.body
            && !devices.is_empty()
        {
            for device in devices.iter().filter(|device| device.requested.required) {
                if !operation.automatic.contains(&device.id) {
                    operation.automatic.push(device.id.clone());
                }
            }
            let devices = devices
                .into_iter()
                .map(|device| (device.id.clone(), DeviceTerms::new(device)))
                .collect();
            operation.offers.push(Offer { node: from.clone(), devices, tried: false });
            // Who has most ways to do it first.
            operation.offers.sort_by_key(|offer| std::cmp::Reverse(offer.devices.len()));
        }
        if operation.state != OperationState::Query {
            return;
        }
        let all = operation.replies >= operation.replies_expected.min(active);
        let enough = match operation.has_topology() {
            true => operation.all_devices_offered(),
            false => operation.is_promising(&from),
        };
        if all || enough {
            self.advance(now, &id, out);
        }
    }

    /// Has the next fencer try, or ends the fencing if there is none.
    fn advance(&mut self, now: Instant, id: &str, out: &mut Outbox<Output>) {
        let active = self.members.len();
        loop {
            let Some(operation) = self.operations.get(id) else { return };
            if operation.phase == Phase::On && self.stays_off(operation.devices.first()) {
                match self.device_done(id) {
                    true => continue,
                    false => return self.finish(id, FenceOutcome::success(), out),
                }
            }
            let Some(operation) = self.operations.get_mut(id) else { return };
            let missing = operation.replies < operation.replies_expected.min(active);
            let wait = operation.query_open && missing;
            if let Some((node, device)) = operation.choose(wait) {
                return self.ask(now, id, node, device, out);
            }
            if operation.phase == Phase::On {
                // Everything is off, which is what counts; what cannot be switched on again stays off.
                match self.device_done(id) {
                    true => continue,
                    false => return self.finish(id, FenceOutcome::success(), out),
                }
            }
            if wait {
                return;
            }
            if operation.next_level() {
                continue;
            }
            let outcome = match (operation.state, operation.has_topology(), missing) {
                (OperationState::Query, _, true) => FenceOutcome::failure(
                    ExecStatus::TimedOut,
                    "All nodes failed, or are unable, to fence target",
                ),
                (OperationState::Query, ..) | (_, true, _) => FenceOutcome {
                    reason: None,
                    ..FenceOutcome::failure(ExecStatus::NoFenceDevice, "")
                },
                // What the last one who tried said.
                (_, false, _) => operation.outcome.clone(),
            };
            return self.finish(id, outcome, out);
        }
    }

    /// Whether a device is not to be used for switching on again, as far as this node knows it.
    fn stays_off(&self, device: Option<&String>) -> bool {
        device.and_then(|device| self.devices.get(device)).is_some_and(|device| {
            device.registration.parameters.value("pcmk_reboot_action") == Some("off")
                || !device.supports().has(messages::fencing::Supports::ON)
        })
    }

    fn ask(
        &mut self,
        _now: Instant,
        id: &str,
        node: NodeName,
        device: Option<String>,
        out: &mut Outbox<Output>,
    ) {
        let Some(operation) = self.operations.get_mut(id) else { return };
        operation.state = OperationState::Executing;
        operation.asked = Some(node.clone());
        let attempt = operation.attempt_timeout(&node, device.as_deref());
        let whole = operation.whole_timeout(Some(&node)).max(attempt).mul_f64(PATIENCE);
        let is_first = operation.total_timeout.is_none();
        operation.total_timeout.get_or_insert(whole);
        let timeout = match device {
            Some(_) => attempt,
            None => operation.header.timeout,
        };
        let header = CallHeader {
            token: Some(id.to_owned()),
            options: operation.options(),
            timeout,
            delay: Some(operation.header.delay.unwrap_or(0)),
            ..operation.header.clone()
        };
        let asked_by = operation.header.clone();
        let request = Request::Fence(Fencing {
            target: operation.target.clone(),
            action: operation.current_action().to_owned(),
            device: device.clone(),
            tolerance: Duration::ZERO,
            operation: Some(id.to_owned()),
            origin: Some(operation.origin.clone()),
        });
        out.push(Output::Note(Note::Asked {
            peer: node.clone(),
            target: operation.target.clone(),
            action: operation.current_action().to_owned(),
            device,
        }));
        if is_first {
            self.arm(Timer::Total(id.to_owned()), whole, out);
            if !asked_by.options.has(messages::fencing::CallOptions::SYNC_CALL) {
                self.tell_timeout(&asked_by, whole, out);
            }
        }
        self.arm(Timer::Attempt(id.to_owned()), attempt.mul_f64(PATIENCE), out);
        let message = PeerMessage::Request(Box::new(Message { header, request }));
        out.push(Output::Send(Some(node), Box::new(message)));
    }

    /// The device at work is done; whether there is more to do.
    fn device_done(&mut self, id: &str) -> bool {
        let Some(operation) = self.operations.get_mut(id) else { return false };
        if !operation.devices.is_empty() {
            let device = operation.devices.remove(0);
            if operation.phase == Phase::Requested && operation.action == "on" {
                operation.automatic.retain(|automatic| *automatic != device);
                if operation.devices.is_empty() {
                    operation.devices = std::mem::take(&mut operation.automatic);
                }
            }
        }
        if operation.devices.is_empty() && operation.phase == Phase::Off {
            operation.phase = Phase::On;
            let automatic = std::mem::take(&mut operation.automatic);
            operation.devices = std::mem::take(&mut operation.level_devices);
            // The cluster switches these on by itself when the node comes back.
            operation.devices.retain(|device| !automatic.contains(device));
        }
        // A delay that was asked for is for the first device.
        operation.header.delay = operation.header.delay.map(|delay| delay.min(0));
        !operation.devices.is_empty()
    }

    /// A fencer that was asked says how it went.
    pub(super) fn on_fence_reply(
        &mut self,
        now: Instant,
        from: NodeName,
        reply: Reply,
        out: &mut Outbox<Output>,
    ) {
        let Some(id) = reply.fencing else { return };
        let Some(operation) = self.operations.get_mut(&id).filter(|known| known.is_ours) else {
            return;
        };
        // An answer that comes after its time, when somebody else has been asked, says nothing about the present.
        let is_current = operation.asked.as_ref() == Some(&from)
            && (!operation.has_topology() || reply.device.as_ref() == operation.devices.first());
        if operation.state != OperationState::Executing || !is_current {
            return;
        }
        self.timers.disarm(&Timer::Attempt(id.clone()));
        operation.outcome = reply.outcome.clone();
        let succeeded = reply.outcome.is_success();
        if !operation.has_topology() {
            if succeeded || reply.outcome.status == ExecStatus::TimedOut {
                return self.finish(&id, reply.outcome, out);
            }
            return self.advance(now, &id, out);
        }
        if succeeded || operation.phase == Phase::On {
            return match self.device_done(&id) {
                true => self.advance(now, &id, out),
                false => self.finish(&id, FenceOutcome::success(), out),
            };
        }
        if operation.next_level() {
            operation.header.delay = operation.header.delay.map(|delay| delay.min(0));
            self.advance(now, &id, out);
        } else {
            self.finish(&id, reply.outcome, out);
        }
    }

    pub(super) fn on_query_over(&mut self, now: Instant, id: &str, out: &mut Outbox<Output>) {
        let Some(operation) = self.operations.get_mut(id) else { return };
        operation.query_open = false;
        if operation.state != OperationState::Query {
            return;
        }
        if operation.offers.is_empty() {
            let reason = "No capable peers replied to device query within timeout";
            self.finish(id, FenceOutcome::failure(ExecStatus::TimedOut, reason), out);
        } else {
            self.advance(now, id, out);
        }
    }

    pub(super) fn on_attempt_over(&mut self, now: Instant, id: &str, out: &mut Outbox<Output>) {
        let Some(operation) = self.operations.get_mut(id) else { return };
        let reason = "Peer did not return fence result within timeout";
        operation.outcome = FenceOutcome::failure(ExecStatus::TimedOut, reason);
        self.advance(now, id, out);
    }

    pub(super) fn on_total_over(&mut self, _now: Instant, id: &str, out: &mut Outbox<Output>) {
        let Some(operation) = self.operations.get(id) else { return };
        let outcome = if operation.phase == Phase::On {
            FenceOutcome::success()
        } else {
            let reason = "Fencing did not complete within a total timeout based on the configured timeout and \
                          retries for any devices attempted";
            FenceOutcome::failure(ExecStatus::TimedOut, reason)
        };
        self.finish(id, outcome, out);
    }

    /// The members have changed while a fencing that this node leads is under way.
    pub(super) fn on_member_lost(&mut self, now: Instant, id: &str, out: &mut Outbox<Output>) {
        let Some(operation) = self.operations.get_mut(id) else { return };
        operation.offers.retain(|offer| self.members.contains(&offer.node));
        match operation.state {
            OperationState::Executing
                if operation.asked.as_ref().is_some_and(|node| !self.members.contains(node)) =>
            {
                operation.outcome =
                    FenceOutcome::failure(ExecStatus::Error, "The node that was asked was lost");
                self.advance(now, id, out);
            }
            OperationState::Query if operation.replies >= self.members.len() => {
                self.advance(now, id, out);
            }
            _ => {}
        }
    }
}
