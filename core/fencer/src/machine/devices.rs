//! Which devices there are.

use std::time::Duration;

use machine::{Instant, Outbox};
use messages::fencing::{DeviceRegistration, FenceOutcome};
use vocab::ExecStatus;

use super::{Agent, Fencer};
use crate::{Configuration, Note, Output, Timer, Traits, device::Device};

/// How long to wait before an agent that did not describe itself is asked again.
const DESCRIBE_AGAIN: Duration = Duration::from_secs(30);

impl Fencer {
    pub(super) fn on_configured(
        &mut self,
        now: Instant,
        configuration: Configuration,
        out: &mut Outbox<Output>,
    ) {
        let gone: Vec<String> = self
            .devices
            .iter()
            .filter(|(id, device)| {
                device.by_cib && !configuration.devices.iter().any(|known| known.id == **id)
            })
            .map(|(id, _)| id.clone())
            .collect();
        for id in gone {
            self.remove_device(now, &id, true, out);
        }
        for registration in &configuration.devices {
            self.add_device(now, registration.clone(), true, out);
        }
        self.configuration = configuration;
    }

    pub(super) fn add_device(
        &mut self,
        now: Instant,
        registration: DeviceRegistration,
        from_cib: bool,
        out: &mut Outbox<Output>,
    ) {
        let id = registration.id.clone();
        let agent = registration.agent.clone();
        if !self.devices.get(&id).is_some_and(|known| known.is_same(&registration)) {
            let mut device = Device::new(registration, self.traits_of(&agent));
            if let Some(old) = self.devices.remove(&id) {
                device.by_cib = old.by_cib;
                device.by_client = old.by_client;
                device.queue = old.queue;
                device.active = old.active;
            } else {
                out.push(Output::Note(Note::DeviceAdded(id.clone(), self.devices.len() + 1)));
            }
            self.devices.insert(id.clone(), device);
            self.describe_if_new(&agent, out);
        }
        if let Some(device) = self.devices.get_mut(&id) {
            if from_cib {
                device.by_cib = true;
            } else {
                device.by_client = true;
            }
        }
        self.pump(now, &id, out);
    }

    pub(super) fn remove_device(
        &mut self,
        now: Instant,
        id: &str,
        from_cib: bool,
        out: &mut Outbox<Output>,
    ) {
        let Some(device) = self.devices.get_mut(id) else { return };
        if from_cib {
            device.by_cib = false;
        } else {
            device.by_client = false;
            device.verified = false;
        }
        if device.by_cib || device.by_client {
            return;
        }
        let Some(device) = self.devices.remove(id) else { return };
        out.push(Output::Note(Note::DeviceRemoved(id.to_owned(), self.devices.len())));
        for command in device.queue {
            let reason = "Device was removed before action could be executed";
            let outcome = FenceOutcome::failure(ExecStatus::NoFenceDevice, reason);
            self.deliver(now, command, outcome, out);
        }
        self.search_without(now, id, out);
    }

    fn traits_of(&self, agent: &str) -> Option<Traits> {
        match self.agents.get(agent)? {
            Agent::Asked => None,
            Agent::Known(traits) => Some(traits.clone()),
            Agent::Silent => Some(Traits::default()),
        }
    }

    fn describe_if_new(&mut self, agent: &str, out: &mut Outbox<Output>) {
        if !self.agents.contains_key(agent) {
            self.agents.insert(agent.to_owned(), Agent::Asked);
            out.push(Output::Describe(agent.to_owned()));
        }
    }

    /// Asks an agent again that did not answer, if a device still has it.
    pub(super) fn describe(&mut self, agent: &str, out: &mut Outbox<Output>) {
        if self.devices.values().any(|device| device.registration.agent == agent) {
            out.push(Output::Describe(agent.to_owned()));
        } else {
            self.agents.remove(agent);
        }
    }

    pub(super) fn on_described(
        &mut self,
        now: Instant,
        agent: &str,
        traits: Option<Traits>,
        out: &mut Outbox<Output>,
    ) {
        let known = match traits {
            Some(traits) => Agent::Known(traits),
            None => {
                out.push(Output::Note(Note::NotDescribed(agent.to_owned())));
                self.arm(Timer::Describe(agent.to_owned()), DESCRIBE_AGAIN, out);
                Agent::Silent
            }
        };
        self.agents.insert(agent.to_owned(), known);
        let traits = self.traits_of(agent);
        let mut devices = Vec::new();
        for (id, device) in &mut self.devices {
            if device.registration.agent == agent {
                device.traits.clone_from(&traits);
                devices.push(id.clone());
            }
        }
        for id in devices {
            self.search_on(now, &id, out);
            self.pump(now, &id, out);
        }
    }
}
