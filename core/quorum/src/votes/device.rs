use std::time::Duration;

use machine::TimerToken;
use vocab::NodeId;
use wire::{
    corosync::{RingId, Status},
    exec::votequorum::{Message, NodeFlags},
};

use super::Votes;
use crate::{ClientId, Notice, Output, Timer, effects::Effects, service::Service};

/// What is known of the quorum device, apart from its votes.
#[derive(Debug, Default)]
pub(super) struct Device {
    /// Its name, the same in the whole cluster; empty if there is none.
    pub(super) name: String,
    /// Whether its vote wins, whatever the other votes are, for this node.
    pub(super) master_wins: bool,
    /// Who waits to be registered.
    registering: Option<ClientId>,
    /// Whether a synchronisation waits for it to poll.
    pub(super) is_awaited: bool,
}

/// What a device's registration leads to.
pub(super) enum Registration {
    /// An answer at once.
    Answered(Status),
    /// An answer when the ring has delivered it.
    UnderWay,
}

impl Device {
    /// Nobody has to be told any more whether that client is the device.
    pub(super) fn forget(&mut self, client: ClientId) {
        if self.registering == Some(client) {
            self.registering = None;
        }
    }
}

impl Votes {
    pub(super) fn arm(&mut self, timer: Timer, after: Duration, effects: &mut Effects<'_>) {
        let token = self.timers.arm(timer);
        effects.out.push(Output::Arm { timer, token, after });
    }

    pub(crate) fn on_timer(
        &mut self,
        timer: Timer,
        token: TimerToken,
        service: &mut Service,
        effects: &mut Effects<'_>,
    ) {
        if !self.timers.fired(&timer, token) {
            return;
        }
        match timer {
            Timer::Device => self.on_device_lost(effects),
            Timer::LastManStanding => {
                if self.quorate {
                    self.recalculate(true, true, service, effects);
                }
            }
        }
    }

    fn on_device_lost(&mut self, effects: &mut Effects<'_>) {
        let flags = &mut self.census.own_mut().flags;
        if !flags.has(NodeFlags::DEVICE_ALIVE) {
            return;
        }
        flags.set(NodeFlags::DEVICE_ALIVE.with(NodeFlags::DEVICE_CAST_VOTE), false);
        effects.notice(Notice::DeviceLost(self.device.name.clone()));
        self.send_own_info(effects);
        self.device.is_awaited = false;
        self.end_turn(effects);
    }

    fn is_registered(&self) -> bool {
        self.census.own().flags.has(NodeFlags::DEVICE_REGISTERED)
    }

    /// Whether the request comes from the device that is registered with this node.
    fn check_device(&self, name: &str) -> Result<(), Status> {
        if !self.is_registered() {
            return Err(Status::NOT_EXIST);
        }
        if self.device.name != name { Err(Status::INVALID_PARAMETER) } else { Ok(()) }
    }

    pub(super) fn register(
        &mut self,
        client: ClientId,
        name: String,
        effects: &mut Effects<'_>,
    ) -> Registration {
        let old = || self.device.name.clone();
        if !self.rules.device_can_operate {
            effects.notice(Notice::DeviceDisabled);
            return Registration::Answered(Status::ACCESS);
        }
        if self.is_registered() {
            if self.device.name == name {
                return Registration::Answered(Status::OK);
            }
            effects.notice(Notice::DeviceRegisteredAgain { new: name, old: old() });
            return Registration::Answered(Status::EXIST);
        }
        if self.device.registering.is_some() {
            effects.notice(Notice::RegistrationUnderWay);
            return Registration::Answered(Status::TRY_AGAIN);
        }
        self.device.registering = Some(client);
        effects.multicast(&Message::DeviceRegister { name });
        Registration::UnderWay
    }

    pub(super) fn unregister(
        &mut self,
        name: String,
        effects: &mut Effects<'_>,
    ) -> Result<(), Status> {
        self.check_device(&name)?;
        self.timers.disarm(&Timer::Device);
        self.device.is_awaited = false;
        let all = NodeFlags::DEVICE_REGISTERED
            .with(NodeFlags::DEVICE_ALIVE)
            .with(NodeFlags::DEVICE_CAST_VOTE)
            .with(NodeFlags::DEVICE_MASTER_WINS);
        self.census.own_mut().flags.set(all, false);
        self.send_own_info(effects);
        effects.multicast(&Message::DeviceUnregister { name });
        self.end_turn(effects);
        Ok(())
    }

    pub(super) fn rename(
        &mut self,
        old: String,
        new: String,
        effects: &mut Effects<'_>,
    ) -> Result<(), Status> {
        self.check_device(&old)?;
        effects.multicast(&Message::DeviceRename { old, new });
        Ok(())
    }

    pub(super) fn poll(
        &mut self,
        name: &str,
        cast_vote: bool,
        ring: RingId,
        effects: &mut Effects<'_>,
    ) -> Result<(), Status> {
        if !self.rules.device_can_operate {
            return Err(Status::ACCESS);
        }
        // A vote for an older membership says nothing about this one.
        if self.is_registered() && ring != self.ring {
            return Err(Status::MESSAGE_ERROR);
        }
        self.check_device(name)?;
        let before = self.census.own().flags;
        let flags = &mut self.census.own_mut().flags;
        flags.set(NodeFlags::DEVICE_ALIVE, true);
        flags.set(NodeFlags::DEVICE_CAST_VOTE, cast_vote);
        if *flags != before {
            self.send_own_info(effects);
        }
        self.arm(Timer::Device, self.rules.device_timeout, effects);
        self.device.is_awaited = false;
        self.end_turn(effects);
        Ok(())
    }

    pub(super) fn master_wins(
        &mut self,
        name: &str,
        allow: bool,
        effects: &mut Effects<'_>,
    ) -> Result<(), Status> {
        if !self.rules.device_can_operate {
            return Err(Status::ACCESS);
        }
        self.check_device(name)?;
        let before = self.census.own().flags;
        let flags = &mut self.census.own_mut().flags;
        flags.set(NodeFlags::DEVICE_MASTER_WINS, allow);
        if *flags != before {
            self.send_own_info(effects);
        }
        self.device.master_wins = allow;
        effects.publish_flag("runtime.votequorum.qdevice_master_wins", allow);
        Ok(())
    }

    /// The ring delivered that a node has a device or registers one.
    pub(super) fn on_device_register(
        &mut self,
        from: NodeId,
        name: String,
        effects: &mut Effects<'_>,
    ) {
        if from != self.census.own_id() {
            if self.device.name.is_empty() {
                self.device.name = name;
            }
            return;
        }
        // What is said of a known device after a change of membership comes back here too, and nobody waits for it.
        if self.is_registered() {
            return;
        }
        let Some(client) = self.device.registering.take() else { return };
        if self.device.name.is_empty() {
            self.device.name.clone_from(&name);
        }
        let status = if self.device.name == name {
            self.census.own_mut().flags.set(NodeFlags::DEVICE_REGISTERED, true);
            self.send_device_info(effects);
            self.send_own_info(effects);
            Status::OK
        } else {
            let old = self.device.name.clone();
            effects.notice(Notice::DeviceDiffers { new: name, old });
            Status::EXIST
        };
        self.answer_status(client, status, effects);
    }

    pub(super) fn on_device_unregister(&mut self) {
        let is_used =
            self.census.members().any(|(_, node)| node.flags.has(NodeFlags::DEVICE_REGISTERED));
        if !is_used {
            self.device.name.clear();
        }
    }

    pub(super) fn on_device_rename(&mut self, old: &str, new: String) {
        if self.device.name == old {
            self.device.name = new;
        }
    }
}
