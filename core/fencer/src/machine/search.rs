//! Which devices can fence a target.

use std::{collections::BTreeSet, time::Duration};

use machine::{Instant, Outbox};
use messages::fencing::{CallOptions, DeviceOffer, FenceOutcome, ReplyBody, Supports};
use vocab::ExecStatus;

use super::Fencer;
use crate::{
    Output,
    command::{Command, Purpose, Responder},
    device::HostCheck,
};

/// A search under way: devices whose agents have to be asked answer later.
#[derive(Debug)]
pub(super) struct Search {
    target: Option<String>,
    action: String,
    timeout: Duration,
    waiting: BTreeSet<String>,
    found: Vec<String>,
    responder: Responder,
    /// Whether the target is to be fenced with what is found, not only who asked to be told.
    fence: bool,
}

impl Fencer {
    /// Finds devices for somebody who wants to know.
    pub(super) fn search_for_answer(
        &mut self,
        now: Instant,
        responder: Responder,
        target: Option<String>,
        action: String,
        out: &mut Outbox<Output>,
    ) {
        self.search(now, responder, target, action, false, out);
    }

    /// Finds devices and fences the target with them, the one of highest priority first.
    pub(super) fn search_and_fence(
        &mut self,
        now: Instant,
        responder: Responder,
        target: String,
        action: String,
        out: &mut Outbox<Output>,
    ) {
        self.search(now, responder, Some(target), action, true, out);
    }

    fn search(
        &mut self,
        now: Instant,
        responder: Responder,
        target: Option<String>,
        action: String,
        fence: bool,
        out: &mut Outbox<Output>,
    ) {
        let id = self.next_number();
        let timeout = responder.header.timeout;
        let waiting = self.devices.keys().cloned().collect();
        let search =
            Search { target, action, timeout, waiting, found: Vec::new(), responder, fence };
        self.searches.insert(id, search);
        for device in self.devices.keys().cloned().collect::<Vec<_>>() {
            self.look_at(now, id, &device, out);
        }
        self.finish_search_if_done(now, id, out);
    }

    /// Decides about one device, or has its agent asked.
    fn look_at(&mut self, now: Instant, id: u64, name: &str, out: &mut Outbox<Output>) {
        let Some(search) = self.searches.get(&id) else { return };
        let Some(device) = self.devices.get(name) else { return };
        let Some(target) = search.target.clone() else {
            return self.decide(id, name, true);
        };
        if device.traits.is_none() {
            // The agent's description is on its way and brings the search back here.
            return;
        }
        let allow_self =
            search.fence || search.responder.header.options.has(CallOptions::ALLOW_SELF);
        let local = &self.settings.local;
        let able = search.action != "on" || device.supports().has(Supports::ON);
        if !able || !device.is_eligible_remapped(&search.action, &target, local, allow_self) {
            return self.decide(id, name, false);
        }
        let asked = match device.host_check() {
            HostCheck::None => return self.decide(id, name, true),
            HostCheck::Static => return self.decide(id, name, device.has_static(&target)),
            HostCheck::Dynamic => match device.has_listed(now, &target) {
                Some(can) => return self.decide(id, name, can),
                None => ("list", None),
            },
            HostCheck::Status => ("status", Some(target)),
        };
        let timeout = search.timeout;
        let (action, about) = (asked.0.to_owned(), asked.1);
        let purpose = Purpose::Search(id);
        self.schedule(now, name.to_owned(), Vec::new(), action, about, (timeout, -1), purpose, out);
    }

    fn decide(&mut self, id: u64, device: &str, can: bool) {
        if let Some(search) = self.searches.get_mut(&id)
            && search.waiting.remove(device)
            && can
        {
            search.found.push(device.to_owned());
        }
    }

    /// An agent that was asked for its targets has answered.
    pub(super) fn on_answered(
        &mut self,
        now: Instant,
        id: u64,
        command: &Command,
        outcome: FenceOutcome,
        out: &mut Outbox<Output>,
    ) {
        let Some(search) = self.searches.get(&id) else { return };
        let target = search.target.clone().unwrap_or_default();
        let can = match self.devices.get_mut(&command.device) {
            None => false,
            Some(device) if command.action == "list" => {
                let output = outcome.is_success().then(|| outcome.output.unwrap_or_default());
                device.note_list(now, output.as_deref(), &target)
            }
            // Status is its own language: 0 is on, 2 is off, and either way the device has the target.
            Some(_) => outcome.status == ExecStatus::Done && matches!(outcome.exit, 0 | 2),
        };
        self.decide(id, &command.device, can);
        self.finish_search_if_done(now, id, out);
    }

    /// Goes on with the searches that waited for a device's agent to describe itself.
    pub(super) fn search_on(&mut self, now: Instant, device: &str, out: &mut Outbox<Output>) {
        let asked = |id: &u64| {
            self.commands.values().any(|command| {
                command.device == device
                    && matches!(command.purpose, Purpose::Search(known) if known == *id)
            })
        };
        let waiting: Vec<u64> = self
            .searches
            .iter()
            .filter(|(id, search)| search.waiting.contains(device) && !asked(id))
            .map(|(id, _)| *id)
            .collect();
        for id in waiting {
            self.look_at(now, id, device, out);
            self.finish_search_if_done(now, id, out);
        }
    }

    /// A device is gone; nobody waits for it any more.
    pub(super) fn search_without(&mut self, now: Instant, device: &str, out: &mut Outbox<Output>) {
        for id in self.searches.keys().copied().collect::<Vec<_>>() {
            self.decide(id, device, false);
            self.finish_search_if_done(now, id, out);
        }
    }

    fn finish_search_if_done(&mut self, now: Instant, id: u64, out: &mut Outbox<Output>) {
        if !self.searches.get(&id).is_some_and(|search| search.waiting.is_empty()) {
            return;
        }
        let Some(mut search) = self.searches.remove(&id) else { return };
        search.found.retain(|device| self.devices.contains_key(device));
        if !search.fence {
            let offers = self.offers(&search);
            let body = ReplyBody::Devices(offers);
            return self.respond(&search.responder, FenceOutcome::success(), body, None, out);
        }
        let priority = |id: &String| self.devices.get(id).map_or(0, |device| -device.priority());
        search.found.sort_by_key(priority);
        if search.found.is_empty() {
            let target = search.target.unwrap_or_default();
            let reason = format!("No device configured for target '{target}'");
            let outcome = FenceOutcome::failure(ExecStatus::NoFenceDevice, reason);
            return self.respond(&search.responder, outcome, ReplyBody::Empty, None, out);
        }
        let first = search.found.remove(0);
        self.command(now, first, search.found, search.action, search.target, search.responder, out);
    }

    fn offers(&self, search: &Search) -> Vec<DeviceOffer> {
        let allow_self = search.responder.header.options.has(CallOptions::ALLOW_SELF);
        let target = search.target.as_deref();
        let local = &self.settings.local;
        let is_reboot = search.action == "reboot";
        let offer = |id: &String| {
            let device = self.devices.get(id)?;
            let mut requested = device.offer(&search.action, target, local, allow_self);
            // Only who asks for a reboot has a way to read this of each of its parts.
            requested.disallowed &= is_reboot;
            Some(DeviceOffer {
                id: id.clone(),
                agent: device.registration.agent.clone(),
                namespace: device.registration.namespace.clone(),
                verified: device.verified,
                supports: device.supports(),
                requested,
                off: is_reboot.then(|| device.offer("off", target, local, allow_self)),
                on: is_reboot.then(|| device.offer("on", target, local, false)),
                parameters: target.is_none().then(|| device.registration.parameters.clone()),
            })
        };
        search.found.iter().filter_map(offer).collect()
    }
}
