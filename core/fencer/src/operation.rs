use std::{collections::BTreeMap, time::Duration};

use machine::Instant;
use messages::fencing::{
    CallHeader, CallOptions, DeviceOffer, FenceOutcome, Finished, HistoryEntry, OperationState,
    PhaseOffer, Supports,
};
use vocab::{NodeName, Timestamp};

/// Which part of a fencing is under way. A reboot with several devices in a level is all of them off, then all of them on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Requested,
    Off,
    On,
}

/// A node to be fenced, as all fencers know it.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) target: String,
    /// What was asked for.
    pub(crate) action: String,
    pub(crate) phase: Phase,
    pub(crate) state: OperationState,
    pub(crate) origin: NodeName,
    pub(crate) header: CallHeader,
    pub(crate) delegate: Option<String>,
    /// Whether this fencer leads it.
    pub(crate) is_ours: bool,
    pub(crate) created: Instant,
    pub(crate) completed: Timestamp,
    pub(crate) completed_nanos: u32,
    pub(crate) outcome: FenceOutcome,
    /// Whether clients have been told the end.
    pub(crate) told: bool,
    /// Operations for the same target and action that end with this one.
    pub(crate) duplicates: Vec<String>,
    pub(crate) replies_expected: usize,
    pub(crate) replies: usize,
    /// Whether late answers to the query still count as missing.
    pub(crate) query_open: bool,
    pub(crate) offers: Vec<Offer>,
    /// The topology's levels for the target, those not tried yet; `None` if it has none.
    pub(crate) levels: Option<Vec<Vec<String>>>,
    /// Devices of the present level, those not done yet.
    pub(crate) devices: Vec<String>,
    /// Devices of the present level, all.
    pub(crate) level_devices: Vec<String>,
    /// Devices that the cluster uses for unfencing by itself.
    pub(crate) automatic: Vec<String>,
    pub(crate) total_timeout: Option<Duration>,
    /// The fencer asked last.
    pub(crate) asked: Option<NodeName>,
    /// The operation on another fencer that this one stands for.
    pub(crate) relayed: Option<String>,
}

/// What one fencer offered.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) node: NodeName,
    pub(crate) devices: BTreeMap<String, DeviceTerms>,
    pub(crate) tried: bool,
}

/// A device that a fencer offered and what was done with it.
#[derive(Debug)]
pub(crate) struct DeviceTerms {
    pub(crate) offer: DeviceOffer,
    used: [bool; 3],
}

impl DeviceTerms {
    pub(crate) fn new(offer: DeviceOffer) -> Self {
        Self { offer, used: [false; 3] }
    }

    pub(crate) fn terms(&self, phase: Phase) -> &PhaseOffer {
        match phase {
            Phase::Requested => &self.offer.requested,
            Phase::Off => self.offer.off.as_ref().unwrap_or(&self.offer.requested),
            Phase::On => self.offer.on.as_ref().unwrap_or(&self.offer.requested),
        }
    }

    /// Whether it can still be used.
    fn is_free(&self, phase: Phase, action: &str) -> bool {
        let able = action != "on" || self.offer.supports.has(Supports::ON);
        able && !self.used[phase as usize] && !self.terms(phase).disallowed
    }
}

impl Operation {
    /// The action of the present phase.
    pub(crate) fn current_action(&self) -> &str {
        match self.phase {
            Phase::Requested => &self.action,
            Phase::Off => "off",
            Phase::On => "on",
        }
    }

    pub(crate) fn has_topology(&self) -> bool {
        self.levels.is_some()
    }

    /// Goes to the next level of the topology; `false` if there is none.
    pub(crate) fn next_level(&mut self) -> bool {
        let Some(levels) = &mut self.levels else { return false };
        self.phase = Phase::Requested;
        if levels.is_empty() {
            return false;
        }
        self.devices = levels.remove(0);
        self.level_devices.clone_from(&self.devices);
        if self.devices.len() > 1 && self.action == "reboot" {
            self.phase = Phase::Off;
        }
        true
    }

    /// The fencer to ask next and, with a topology, the device. Takes note that it was chosen. `wait_for_verified`: only
    /// somebody whose access is known to work, and not the target.
    pub(crate) fn choose(&mut self, wait_for_verified: bool) -> Option<(NodeName, Option<String>)> {
        let device = match self.has_topology() {
            true => Some(self.devices.first()?.clone()),
            false => None,
        };
        let mut rounds = vec![(true, false)];
        if !wait_for_verified {
            rounds.push((false, false));
            // The last resort: the target itself, which can never switch itself on again.
            if self.phase != Phase::On {
                rounds.push((false, true));
            }
        }
        for (verified_only, from_target) in rounds {
            if let Some(node) = self.choose_among(device.as_deref(), verified_only, from_target) {
                return Some((node, device));
            }
        }
        None
    }

    fn choose_among(
        &mut self,
        device: Option<&str>,
        verified_only: bool,
        from_target: bool,
    ) -> Option<NodeName> {
        let (phase, action) = (self.phase, self.current_action().to_owned());
        for offer in &mut self.offers {
            if offer.node.as_str().eq_ignore_ascii_case(&self.target) != from_target {
                continue;
            }
            let good = |terms: &DeviceTerms| {
                terms.is_free(phase, &action) && (!verified_only || terms.offer.verified)
            };
            if let Some(device) = device {
                if let Some(terms) = offer.devices.get_mut(device).filter(|terms| good(terms)) {
                    terms.used[phase as usize] = true;
                    return Some(offer.node.clone());
                }
            } else if !offer.tried && offer.devices.values().any(good) {
                offer.tried = true;
                return Some(offer.node.clone());
            }
        }
        None
    }

    /// How long a device of a fencer may take.
    fn device_timeout(&self, terms: &DeviceTerms) -> Duration {
        let terms = terms.terms(self.phase);
        terms.timeout.unwrap_or(self.header.timeout) + terms.delay_max.max(terms.delay_base)
    }

    /// How long the fencer asked may take, with one device or with any it has.
    pub(crate) fn attempt_timeout(&self, node: &NodeName, device: Option<&str>) -> Duration {
        let offer = self.offers.iter().find(|offer| offer.node == *node);
        let devices = offer.into_iter().flat_map(|offer| offer.devices.iter());
        let total: Duration = devices
            .filter(|(id, _)| device.is_none_or(|device| device == *id))
            .map(|(_, terms)| self.device_timeout(terms))
            .sum();
        if total.is_zero() { self.header.timeout } else { total }
    }

    /// How long all of it may take: with a topology every device of every level once, else the fencer asked first.
    pub(crate) fn whole_timeout(&self, first: Option<&NodeName>) -> Duration {
        let Some(levels) = &self.levels else {
            return first.map_or(self.header.timeout, |node| self.attempt_timeout(node, None));
        };
        let devices = self.devices.iter().chain(levels.iter().flatten());
        let total: Duration = devices
            .map(|device| {
                let offers = self.offers.iter().filter_map(|offer| offer.devices.get(device));
                offers.map(|terms| self.device_timeout(terms)).max().unwrap_or_default()
            })
            .sum();
        if total.is_zero() { self.header.timeout } else { total }
    }

    /// Whether somebody other than the target offers each device of the topology.
    pub(crate) fn all_devices_offered(&self) -> bool {
        let Some(levels) = &self.levels else { return false };
        self.devices.iter().chain(levels.iter().flatten()).all(|device| {
            self.offers.iter().any(|offer| {
                !offer.node.as_str().eq_ignore_ascii_case(&self.target)
                    && offer.devices.contains_key(device)
            })
        })
    }

    /// Whether the offer of this fencer is good enough not to wait for others.
    pub(crate) fn is_promising(&self, node: &NodeName) -> bool {
        let action = self.current_action();
        !node.as_str().eq_ignore_ascii_case(&self.target)
            && self.offers.iter().filter(|offer| offer.node == *node).any(|offer| {
                let mut devices = offer.devices.values();
                devices.any(|terms| terms.offer.verified && terms.is_free(self.phase, action))
            })
    }

    pub(crate) fn client_name(&self) -> String {
        self.header.client_name.clone().unwrap_or_else(|| "unknown client".to_owned())
    }

    /// What all fencers are told.
    pub(crate) fn finished(&self, merged: bool) -> Finished {
        Finished {
            operation: self.id.clone(),
            state: self.state,
            target: Some(self.target.as_str().into()),
            action: self.action.clone(),
            delegate: self.delegate.clone(),
            origin: Some(self.origin.clone()),
            client_id: self.header.client_id.clone(),
            client: self.header.client_name.clone(),
            merged,
            outcome: self.outcome.clone(),
        }
    }

    pub(crate) fn entry(&self, with_id: bool) -> HistoryEntry {
        HistoryEntry {
            operation: with_id.then(|| self.id.clone()),
            target: self.target.as_str().into(),
            action: self.action.clone(),
            origin: Some(self.origin.clone()),
            delegate: self.delegate.clone(),
            client: self.header.client_name.clone(),
            completed: self.completed,
            completed_nanos: self.completed_nanos,
            state: self.state,
            outcome: self.outcome.clone(),
        }
    }

    /// An operation that is only remembered.
    pub(crate) fn from_entry(id: String, entry: HistoryEntry, now: Instant) -> Self {
        let header = CallHeader { client_name: entry.client, ..CallHeader::default() };
        let origin = entry.origin.unwrap_or_else(|| "".into());
        let mut operation =
            Self::new(id, entry.target.to_string(), entry.action, origin, header, now);
        operation.state = entry.state;
        operation.delegate = entry.delegate;
        operation.completed = entry.completed;
        operation.completed_nanos = entry.completed_nanos;
        operation.outcome = entry.outcome;
        operation.told = !entry.state.is_pending();
        operation
    }

    pub(crate) fn new(
        id: String,
        target: String,
        action: String,
        origin: NodeName,
        header: CallHeader,
        now: Instant,
    ) -> Self {
        Self {
            id,
            target,
            action,
            phase: Phase::Requested,
            state: OperationState::Query,
            origin,
            header,
            delegate: None,
            is_ours: false,
            created: now,
            completed: Timestamp(0),
            completed_nanos: 0,
            outcome: FenceOutcome::pending(),
            told: false,
            duplicates: Vec::new(),
            replies_expected: 0,
            replies: 0,
            query_open: false,
            offers: Vec::new(),
            levels: None,
            devices: Vec::new(),
            level_devices: Vec::new(),
            automatic: Vec::new(),
            total_timeout: None,
            asked: None,
            relayed: None,
        }
    }

    pub(crate) fn options(&self) -> CallOptions {
        let options = self.header.options;
        if self.has_topology() { options.and(CallOptions::TOPOLOGY) } else { options }
    }
}
