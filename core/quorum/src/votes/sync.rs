use vocab::NodeId;
use wire::{
    corosync::{RingId, votequorum},
    exec::{self, votequorum::Message, votequorum::NodeFlags},
};

use super::Votes;
use crate::{
    Event, Notice, Output, Timer,
    census::NodeState,
    effects::Effects,
    service::{Service, numbers},
};

/// How far the synchronisation after a change of membership is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// None is under way.
    Idle,
    /// A new membership was told.
    Begun,
    /// The nodes were told; what is left is to wait for the quorum device.
    Waiting,
    /// All is said, and the others are waited for.
    Said,
}

impl Stage {
    /// Whether quorum is told later, at the end.
    pub(super) const fn is_in_progress(self) -> bool {
        match self {
            Self::Idle => false,
            Self::Begun | Self::Waiting | Self::Said => true,
        }
    }
}

impl Votes {
    pub(crate) fn on_sync_init(
        &mut self,
        members: &[NodeId],
        ring: RingId,
        effects: &mut Effects<'_>,
    ) {
        self.stage = Stage::Begun;
        self.device.is_awaited = false;
        if members.len() > 1 {
            self.census.own_mut().flags.set(NodeFlags::FIRST, false);
        }
        let mut is_smaller = false;
        for id in self.members.iter().filter(|id| !members.contains(id)) {
            is_smaller = true;
            if let Some(node) = self.census.get_mut(*id) {
                node.state = NodeState::Dead;
            }
        }
        if self.rules.last_man_standing {
            self.watch_last_man_standing(members.len(), is_smaller, effects);
        }
        self.previous = std::mem::replace(&mut self.members, members.to_vec());
        self.ring = ring;
        let flags = self.census.own().flags;
        if flags.has(NodeFlags::DEVICE_REGISTERED.with(NodeFlags::DEVICE_ALIVE)) {
            let timeout = self.rules.device_sync_timeout;
            self.arm(Timer::Device, timeout, effects);
            self.device.is_awaited = true;
            let name = self.device.name.clone();
            let timeout_ms = timeout.as_millis();
            effects.notice(Notice::WaitingForDevice { name, timeout_ms });
        }
    }

    pub(crate) fn on_sync_process(&mut self, effects: &mut Effects<'_>) {
        if self.stage == Stage::Begun {
            self.send_own_info(effects);
            self.send_device_info(effects);
            if !self.device.name.is_empty() {
                effects.multicast(&Message::DeviceRegister { name: self.device.name.clone() });
            }
            for (&client, &context) in &self.followers {
                effects.tell(client, Event::Votes(self.node_list_event(context)));
            }
        }
        self.stage = Stage::Waiting;
        self.end_turn(effects);
    }

    pub(crate) fn on_sync_activate(&mut self, service: &mut Service, effects: &mut Effects<'_>) {
        self.recalculate(false, false, service, effects);
        self.tell_quorum(service, effects);
        self.stage = Stage::Idle;
    }

    /// Ends the turn, unless it is still the quorum device that is waited for. To be called after whatever may have ended
    /// that.
    pub(super) fn end_turn(&mut self, effects: &mut Effects<'_>) {
        let is_registered = self.census.own().flags.has(NodeFlags::DEVICE_REGISTERED);
        if self.stage == Stage::Waiting && !(is_registered && self.device.is_awaited) {
            self.stage = Stage::Said;
            effects.out.push(Output::Synced(exec::Service::Votequorum));
        }
    }

    pub(super) fn node_list_event(&self, context: u64) -> votequorum::Event {
        let nodes = numbers(&self.members);
        votequorum::Event::NodeList { context, ring: self.ring, nodes }
    }

    /// Begins to wait whether a smaller membership lasts. With a tie breaker it may also sink from two to one.
    fn watch_last_man_standing(
        &mut self,
        members: usize,
        is_smaller: bool,
        effects: &mut Effects<'_>,
    ) {
        let members = u32::try_from(members).unwrap_or(u32::MAX);
        let by_votes = members >= self.quorum && is_smaller;
        let by_tie =
            members <= self.quorum && !self.rules.tie.is_unbroken() && self.split().has_lowest();
        if by_votes || by_tie {
            self.arm(Timer::LastManStanding, self.rules.last_man_standing_window, effects);
        }
    }
}
