//! The service "votequorum": counts votes and decides whether there is quorum.

mod clients;
mod count;
mod device;
mod messages;
mod sync;

use std::collections::BTreeMap;

use machine::Timers;
use vocab::NodeId;
use wire::{
    corosync::RingId,
    exec::votequorum::{Message, NodeFlags, NodeInfo},
};

use self::{device::Device, sync::Stage};
use crate::{
    ClientId, ConfigurationError, Notice, Output, Settings, Timer,
    census::Census,
    effects::Effects,
    rules::{Rules, Shares},
    service::Service,
};

/// More votes than any node may have or expect: a message or request with more makes no sense. C nodes take numbers
/// beyond for negative ones.
const VOTES_MAX: u32 = i32::MAX.cast_unsigned();

/// What counts the votes.
#[derive(Debug)]
pub(crate) struct Votes {
    rules: Rules,
    census: Census,
    /// The votes that it takes.
    quorum: u32,
    quorate: bool,
    /// Not all nodes have been there since quorum was lost, or since the start.
    waiting_for_all: bool,
    /// Downscaling does not go below this.
    expected_floor: u32,
    /// The most votes that were ever expected, if that is remembered.
    tracked: u32,
    /// The lowest and the highest member when there was quorum by votes last.
    lowest: Option<NodeId>,
    highest: Option<NodeId>,
    members: Vec<NodeId>,
    /// The members of the membership before.
    previous: Vec<NodeId>,
    ring: RingId,
    stage: Stage,
    device: Device,
    timers: Timers<Timer>,
    /// Clients that follow changes, with the number that they want to see in events.
    followers: BTreeMap<ClientId, u64>,
    /// What the configuration gives, until the start.
    pending: Option<Reading>,
}

/// A configuration that was read, but of which nothing was said yet.
#[derive(Debug)]
struct Reading {
    shares: Shares,
    notices: Vec<Notice>,
    /// Whether a tie breaker is configured, in force or not.
    has_tie_breaker: bool,
}

impl Votes {
    pub(crate) fn new(settings: &Settings) -> Result<Self, ConfigurationError> {
        let (rules, shares, notices) = Rules::at_start(settings)?;
        let has_tie_breaker = settings.auto_tie_breaker;
        Ok(Self {
            rules,
            census: Census::new(settings.node),
            quorum: 0,
            quorate: false,
            waiting_for_all: false,
            expected_floor: 0,
            tracked: 0,
            lowest: None,
            highest: None,
            members: Vec::new(),
            previous: Vec::new(),
            ring: RingId::default(),
            stage: Stage::Idle,
            device: Device::default(),
            timers: Timers::new(),
            followers: BTreeMap::new(),
            pending: Some(Reading { shares, notices, has_tie_breaker }),
        })
    }

    pub(crate) fn on_start(
        &mut self,
        tracked: u32,
        service: &mut Service,
        effects: &mut Effects<'_>,
    ) {
        let Some(Reading { shares, notices, has_tie_breaker }) = self.pending.take() else {
            return;
        };
        effects.publish_number("runtime.votequorum.this_node_id", self.census.own_id().0);
        notices.into_iter().for_each(|notice| effects.notice(notice));
        if has_tie_breaker {
            effects.publish_number("runtime.votequorum.atb_type", self.rules.tie.code());
        }
        if self.rules.tracking {
            self.track(tracked, effects);
        }
        self.apply(shares, effects);
        if self.rules.wait_for_all {
            self.wait_for_all(true, effects);
        }
        self.recalculate(false, false, service, effects);
        self.send_own_info(effects);
    }

    pub(crate) fn on_reload(&mut self, settings: &Settings, effects: &mut Effects<'_>) {
        let before = *self.census.own();
        let registered = before.flags.has(NodeFlags::DEVICE_REGISTERED);
        let (shares, notices) = self.rules.reload(settings, registered);
        notices.into_iter().for_each(|notice| effects.notice(notice));
        effects.publish_number("runtime.votequorum.atb_type", self.rules.tie.code());
        if let Some(shares) = shares {
            self.apply(shares, effects);
            if !self.rules.wait_for_all && self.rules.wait_follows_two_node && self.waiting_for_all
            {
                self.wait_for_all(false, effects);
            }
        }
        self.send_own_info(effects);
        self.send_device_info(effects);
        let after = *self.census.own();
        let own = self.census.own_id().0;
        if after.votes != before.votes {
            effects.multicast(&Message::SetNodeVotes { node: own, votes: after.votes });
        }
        if after.expected_votes != before.expected_votes {
            let votes = after.expected_votes;
            effects.multicast(&Message::SetExpectedVotes { by: own, votes });
        }
    }

    pub(crate) fn on_cancel_wait_for_all(&mut self, effects: &mut Effects<'_>) {
        // The key is an order, not a state: it goes back so that it can be given again.
        let key = crate::Key { name: "quorum.cancel_wait_for_all", value: crate::KeyValue::U8(0) };
        effects.out.push(Output::Key(key));
        effects.multicast(&Message::CancelWaitForAll { by: self.census.own_id().0 });
    }

    pub(crate) fn on_shutdown(&mut self, effects: &mut Effects<'_>) {
        if self.rules.allow_downscale {
            self.census.own_mut().flags.set(NodeFlags::LEAVING, true);
            self.send_own_info(effects);
        }
    }

    /// Takes the votes of the configuration. What is remembered raises the expected votes, but never lowers them.
    fn apply(&mut self, shares: Shares, effects: &mut Effects<'_>) {
        let tracked = if self.rules.tracking { self.tracked } else { 0 };
        let own = self.census.own_mut();
        own.votes = shares.own;
        own.expected_votes = shares.expected.unwrap_or(own.expected_votes).max(tracked);
        let expected = own.expected_votes;
        if let Some(votes) = shares.device {
            self.census.device_votes = votes;
        }
        if shares.has_device {
            let can_operate = self.rules.device_can_operate;
            effects.publish_flag("runtime.votequorum.qdevice_can_operate", can_operate);
        }
        self.set_expected_floor(expected, effects);
        effects.publish_flag("runtime.votequorum.two_node", self.rules.two_node);
    }

    fn set_expected_floor(&mut self, votes: u32, effects: &mut Effects<'_>) {
        self.expected_floor = votes;
        effects.publish_number("runtime.votequorum.ev_barrier", votes);
    }

    fn track(&mut self, votes: u32, effects: &mut Effects<'_>) {
        self.tracked = votes;
        effects.publish_number("runtime.votequorum.ev_tracking_barrier", votes);
        effects.out.push(Output::StoreExpectedVotes(votes));
    }

    fn wait_for_all(&mut self, waiting: bool, effects: &mut Effects<'_>) {
        self.waiting_for_all = waiting;
        self.census.own_mut().flags.set(NodeFlags::WAIT_FOR_ALL, waiting);
        effects.publish_flag("runtime.votequorum.wait_for_all_status", waiting);
    }

    fn send_own_info(&self, effects: &mut Effects<'_>) {
        let own = self.census.own();
        effects.multicast(&Message::NodeInfo(NodeInfo {
            node: self.census.own_id().0,
            votes: own.votes,
            expected_votes: own.expected_votes,
            flags: own.flags,
        }));
    }

    fn send_device_info(&self, effects: &mut Effects<'_>) {
        effects.multicast(&Message::NodeInfo(NodeInfo {
            node: 0,
            votes: self.census.device_votes,
            expected_votes: 0,
            flags: NodeFlags::default(),
        }));
    }
}
