use std::time::Duration;

use crate::{ConfigurationError, Notice, Settings, TieBreaker, tie::Tie};

/// The options in force, after the configuration was checked against itself.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) two_node: bool,
    pub(crate) wait_for_all: bool,
    /// Waiting for all nodes was not asked for and follows `two_node`.
    pub(crate) wait_follows_two_node: bool,
    pub(crate) tie: Tie,
    pub(crate) last_man_standing: bool,
    pub(crate) last_man_standing_window: Duration,
    pub(crate) allow_downscale: bool,
    /// The most votes ever expected are remembered.
    pub(crate) tracking: bool,
    pub(crate) device_timeout: Duration,
    pub(crate) device_sync_timeout: Duration,
    /// Whether a device may register and poll.
    pub(crate) device_can_operate: bool,
    /// The tie breaker as configured: on a reload it may come back into force.
    configured_tie: Tie,
}

/// The votes that follow from a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shares {
    /// This node's.
    pub(crate) own: u32,
    /// All together, if anything says.
    pub(crate) expected: Option<u32>,
    /// The device's; `None` to leave them as they are.
    pub(crate) device: Option<u32>,
    /// Whether there is a device at all.
    pub(crate) has_device: bool,
}

/// When a configuration is read. What contradicts itself is fatal at the start and put up with later.
#[derive(Clone, Copy)]
enum Moment {
    Start,
    Reload { device_registered: bool },
}

/// Reads a configuration into `rules`.
struct Reading<'a> {
    rules: &'a mut Rules,
    settings: &'a Settings,
    moment: Moment,
    notices: &'a mut Vec<Notice>,
    /// The sum of the list's votes and the device's, if that is computed; 0 without a list.
    list_votes: u32,
}

impl Rules {
    /// The rules at the start, the votes, and what should be said about them.
    pub(crate) fn at_start(
        settings: &Settings,
    ) -> Result<(Self, Shares, Vec<Notice>), ConfigurationError> {
        let mut notices = Vec::new();
        let configured_tie = tie_at_start(settings, &mut notices);
        let mut rules = Self {
            two_node: false,
            wait_for_all: settings.wait_for_all.unwrap_or(false),
            wait_follows_two_node: settings.wait_for_all.is_none(),
            tie: Tie::Unbroken,
            last_man_standing: settings.last_man_standing,
            last_man_standing_window: settings.last_man_standing_window,
            allow_downscale: settings.allow_downscale,
            tracking: settings.expected_votes_tracking || settings.allow_downscale,
            device_timeout: crate::Device::TIMEOUT,
            device_sync_timeout: crate::Device::SYNC_TIMEOUT,
            device_can_operate: true,
            configured_tie,
        };
        let shares = rules.read(settings, Moment::Start, &mut notices)?;
        Ok((rules, shares, notices))
    }

    /// Takes over what may change at run time. Without votes in the result nothing follows for them.
    pub(crate) fn reload(
        &mut self,
        settings: &Settings,
        device_registered: bool,
    ) -> (Option<Shares>, Vec<Notice>) {
        let mut notices = Vec::new();
        let shares = self.read(settings, Moment::Reload { device_registered }, &mut notices);
        (shares.ok(), notices)
    }

    fn read(
        &mut self,
        settings: &Settings,
        moment: Moment,
        notices: &mut Vec<Notice>,
    ) -> Result<Shares, ConfigurationError> {
        let list_votes = match settings.nodes.contains_key(&settings.node) {
            true => settings.nodes.values().fold(0, |sum: u32, votes| sum.saturating_add(*votes)),
            false => 0,
        };
        self.two_node = settings.two_node;
        self.tie = self.configured_tie.clone();
        Reading { rules: self, settings, moment, notices, list_votes }.shares()
    }
}

fn tie_at_start(settings: &Settings, notices: &mut Vec<Notice>) -> Tie {
    let node = settings.auto_tie_breaker_node.as_ref();
    if !settings.auto_tie_breaker {
        if node.is_some() {
            notices.push(Notice::TieBreakerNodeMeaningless);
        }
        return Tie::Unbroken;
    }
    if node == Some(&TieBreaker::Invalid) {
        notices.push(Notice::TieBreakerNodeInvalid);
    }
    Tie::of(node)
}

impl Reading<'_> {
    fn shares(mut self) -> Result<Shares, ConfigurationError> {
        let has_list = self.has_list();
        let expected = self.settings.expected_votes.filter(|votes| *votes > 0);
        if let Some(device) = self.settings.device {
            self.rules.device_timeout = device.timeout;
            self.rules.device_sync_timeout = device.sync_timeout;
            self.rules.device_can_operate = true;
        }
        if !has_list && expected.is_none() {
            if matches!(self.moment, Moment::Reload { .. }) {
                self.notices.push(Notice::ReloadRefused(ConfigurationError::NoExpectedVotes));
                self.say(["will continue with current runtime data"]);
            }
            return Err(ConfigurationError::NoExpectedVotes);
        }
        self.two_node_with_device()?;
        if self.rules.wait_follows_two_node {
            self.rules.wait_for_all = self.rules.two_node;
        }
        self.tie_breaker()?;
        self.device(expected)?;
        let device = self.device_votes(expected);
        let own = match self.settings.nodes.get(&self.settings.node) {
            Some(votes) => *votes,
            None => self.settings.votes.unwrap_or(1),
        };
        let listed = has_list.then_some(self.list_votes);
        // Corosync then takes the list's number even if another is given; the highest is on the safe side of both.
        let expected = if self.rules.tracking { expected.max(listed) } else { expected.or(listed) };
        let has_device = self.settings.device.is_some();
        Ok(Shares { own, expected, device, has_device })
    }

    /// The device's votes. If they are not given it has one less than the nodes, which then has the list's votes grow.
    fn device_votes(&mut self, expected: Option<u32>) -> Option<u32> {
        let Some(device) = self.settings.device else { return Some(0) };
        if device.votes.is_none() && expected.is_none() && self.has_even_votes() {
            let votes = self.list_votes.saturating_sub(1);
            self.list_votes = self.list_votes.saturating_add(votes);
            return Some(votes);
        }
        device.votes
    }

    fn has_list(&self) -> bool {
        self.settings.nodes.contains_key(&self.settings.node)
    }

    fn has_even_votes(&self) -> bool {
        usize::try_from(self.list_votes).is_ok_and(|votes| votes == self.settings.nodes.len())
    }

    fn two_node_with_device(&mut self) -> Result<(), ConfigurationError> {
        if !self.rules.two_node || self.settings.device.is_none() {
            return Ok(());
        }
        let error = ConfigurationError::TwoNodeWithDevice;
        let Moment::Reload { device_registered } = self.moment else { return Err(error) };
        self.notices.push(Notice::ReloadRefused(error));
        if device_registered {
            self.say(["quorum device is registered, disabling two_node"]);
            self.rules.two_node = false;
        } else {
            self.say(["quorum device is not registered, allowing two_node"]);
            self.rules.device_can_operate = false;
        }
        Ok(())
    }

    fn tie_breaker(&mut self) -> Result<(), ConfigurationError> {
        if self.rules.tie.is_unbroken() {
            return Ok(());
        }
        // A race to fence and a decision by node do not go together.
        if self.rules.two_node {
            self.say([
                "two_node and auto_tie_breaker are both specified but are not compatible.",
                "two_node has been disabled, please fix your corosync.conf",
            ]);
            self.rules.two_node = false;
        }
        // The bigger half of an odd number, without the deciding node, would have quorum after a restart.
        if self.list_votes.is_multiple_of(2) || self.rules.wait_for_all {
            return Ok(());
        }
        if self.rules.last_man_standing {
            let error = ConfigurationError::TieBreakerWithLastManStanding;
            self.notices.extend(error.advice().iter().copied().map(Notice::Configuration));
            return Err(error);
        }
        self.say([
            "auto_tie_breaker is set and the cluster has an odd number of nodes.",
            "wait_for_all needs to be set for this configuration but it is missing",
            "Therefore auto_tie_breaker has been disabled. Please fix your corosync.conf",
        ]);
        self.rules.tie = Tie::Unbroken;
        Ok(())
    }

    fn device(&mut self, expected: Option<u32>) -> Result<(), ConfigurationError> {
        let Some(device) = self.settings.device else { return Ok(()) };
        let has_list = self.has_list();
        let too_many = |votes: u32, all: u32| votes > 0 && all.saturating_sub(votes) < 2;
        let conflicts = [
            (self.rules.last_man_standing, ConfigurationError::DeviceWithLastManStanding),
            (!self.rules.tie.is_unbroken(), ConfigurationError::DeviceWithTieBreaker),
            (self.rules.allow_downscale, ConfigurationError::DeviceWithDownscale),
            (
                expected.is_some() && device.votes.is_none(),
                ConfigurationError::DeviceVotesWithExpected,
            ),
            (
                device.votes.is_none() && has_list && !self.has_even_votes(),
                ConfigurationError::DeviceVotesWithUnevenNodes,
            ),
            (
                device.votes.zip(expected).is_some_and(|(votes, all)| too_many(votes, all)),
                ConfigurationError::DeviceVotesTooHigh,
            ),
        ];
        for (_, error) in conflicts.into_iter().filter(|(is_there, _)| *is_there) {
            if matches!(self.moment, Moment::Start) {
                return Err(error);
            }
            self.notices.push(Notice::ReloadRefused(error));
            self.say(["disabling quorum device operations"]);
            self.rules.device_can_operate = false;
        }
        Ok(())
    }

    fn say<const N: usize>(&mut self, lines: [&'static str; N]) {
        self.notices.extend(lines.map(Notice::Configuration));
    }
}
