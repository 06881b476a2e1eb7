//! Keys of `quorum`, and what the votes come to.

use std::time::Duration;

use super::{Device, Quorum, Settings, TieBreaker, Votes, read::Reader};
use crate::{ProblemKind, Value};

impl Reader<'_> {
    pub(super) fn quorum(&mut self) -> Quorum {
        let default = Quorum::default();
        let provider =
            self.word("quorum.provider", &[("corosync_votequorum", ())], "corosync_votequorum");
        let on = |key: &str| self.number_switch(&format!("quorum.{key}")).unwrap_or(false);
        let ms = |key: &str, default: Duration| {
            let set = self.keys.u32(&format!("quorum.{key}"));
            set.map_or(default, |ms| Duration::from_millis(u64::from(ms)))
        };
        let quorum = Quorum {
            votequorum: provider.is_some(),
            expected_votes: self.positive("quorum.expected_votes"),
            votes: self.keys.u32("quorum.votes"),
            two_node: on("two_node"),
            wait_for_all: self.number_switch("quorum.wait_for_all"),
            last_man_standing: on("last_man_standing"),
            last_man_standing_window: ms(
                "last_man_standing_window",
                default.last_man_standing_window,
            ),
            auto_tie_breaker: None,
            allow_downscale: on("allow_downscale"),
            // One needs the other.
            expected_votes_tracking: on("expected_votes_tracking") || on("allow_downscale"),
            leaving_timeout: ms("leaving_timeout", default.leaving_timeout),
            device: self.device(),
        };
        let auto_tie_breaker = self.tie_breaker();
        Quorum { auto_tie_breaker, ..quorum }
    }

    fn device(&self) -> Option<Device> {
        let model = self.text("quorum.device.model").filter(|model| !model.is_empty())?;
        let default = Device::default();
        let ms = |key: &str, default: Duration| {
            let set = self.keys.u32(key);
            set.map_or(default, |ms| Duration::from_millis(u64::from(ms)))
        };
        let prefix = "quorum.device.";
        Some(Device {
            model,
            votes: self.keys.u32("quorum.device.votes"),
            timeout: ms("quorum.device.timeout", default.timeout),
            sync_timeout: ms("quorum.device.sync_timeout", default.sync_timeout),
            master_wins: self.number_switch("quorum.device.master_wins").unwrap_or(false),
            options: self
                .keys
                .with_prefix(prefix)
                .map(|(key, entry)| (key[prefix.len()..].to_owned(), entry.value.to_string()))
                .collect(),
        })
    }

    fn tie_breaker(&mut self) -> Option<TieBreaker> {
        let key = "quorum.auto_tie_breaker_node";
        let is_on = self.number_switch("quorum.auto_tie_breaker").unwrap_or(false);
        let node = self.keys.text(key);
        match node {
            Some(_) if !is_on => {
                let why = "quorum.auto_tie_breaker is not set";
                self.warning(key, ProblemKind::NoEffect(why));
                None
            }
            None if !is_on => None,
            None | Some("lowest") => Some(TieBreaker::Lowest),
            Some("highest") => Some(TieBreaker::Highest),
            Some(list) => {
                // The numbers up to the first word that is none.
                let nodes: Vec<u32> = list
                    .split_whitespace()
                    .map_while(|word| word.parse().ok().filter(|number| *number > 0))
                    .collect();
                if nodes.is_empty() {
                    let words = "lowest, highest or numbers of nodes: the tie breaker is off";
                    let kind = ProblemKind::Choice(words, list.to_owned());
                    self.warning(key, kind);
                    return None;
                }
                Some(TieBreaker::List(nodes))
            }
        }
    }

    /// Rules between the keys of `quorum` and the node list; turns off what is turned off at start.
    pub(super) fn quorum_rules(&mut self, settings: &mut Settings) {
        if !settings.quorum.votequorum {
            return;
        }
        let node_votes: u32 =
            settings.nodes.iter().fold(0, |all, node| all.saturating_add(node.votes.unwrap_or(1)));
        let quorum = &mut settings.quorum;
        let wait_for_all = quorum.wait_for_all.unwrap_or(quorum.two_node);
        if quorum.two_node && quorum.auto_tie_breaker.is_some() {
            let kind = ProblemKind::TurnedOffBy("quorum.auto_tie_breaker");
            self.warning("quorum.two_node", kind);
            quorum.two_node = false;
            // What follows from two nodes stays.
            quorum.wait_for_all = Some(wait_for_all);
        }
        if quorum.auto_tie_breaker.is_some() && node_votes % 2 == 1 && !wait_for_all {
            if quorum.last_man_standing {
                let kind = ProblemKind::Conflict(
                    "quorum.last_man_standing where the votes are odd and quorum.wait_for_all is off",
                );
                self.error("quorum.auto_tie_breaker", kind);
            } else {
                let kind = ProblemKind::TurnedOffBy(
                    "an odd number of votes: it needs quorum.wait_for_all there",
                );
                self.warning("quorum.auto_tie_breaker", kind);
                quorum.auto_tie_breaker = None;
            }
        }
        if quorum.device.is_some() {
            self.device_rules(settings, node_votes);
        }
    }

    fn device_rules(&mut self, settings: &Settings, node_votes: u32) {
        let quorum = &settings.quorum;
        for (is_on, key) in [
            (quorum.two_node, "quorum.two_node"),
            (quorum.last_man_standing, "quorum.last_man_standing"),
            (quorum.auto_tie_breaker.is_some(), "quorum.auto_tie_breaker"),
            (quorum.allow_downscale, "quorum.allow_downscale"),
        ] {
            if is_on {
                self.error(key, ProblemKind::Conflict("quorum.device"));
            }
        }
        let votes = self.keys.value("quorum.device.votes").map(|votes| match votes {
            Value::U32(votes) => *votes,
            Value::U8(_) | Value::U16(_) | Value::I32(_) | Value::U64(_) | Value::Text(_) => 0,
        });
        let key = "quorum.device.votes";
        match (votes, quorum.expected_votes) {
            (None, Some(_)) => {
                self.error(key, ProblemKind::NeededWhere("quorum.expected_votes is"));
            }
            (None, None) if usize::try_from(node_votes) != Ok(settings.nodes.len()) => {
                self.error(key, ProblemKind::NeededWhere("not every node has 1 vote"));
            }
            (Some(votes), Some(expected)) if votes > 0 && expected < votes.saturating_add(2) => {
                self.error(key, ProblemKind::DeviceVotes(expected));
            }
            (None | Some(_), None | Some(_)) => {}
        }
    }
}

impl Settings {
    /// What the votes come to for the node at that position of the list. What the quorum remembers from earlier
    /// (`expected_votes_tracking`) is not in it.
    pub fn votes(&self, local: usize) -> Votes {
        let votes_of = |node: &super::NodeSettings| node.votes.unwrap_or(1);
        let quorum = &self.quorum;
        let from_nodes: u32 =
            self.nodes.iter().fold(0, |all, node| all.saturating_add(votes_of(node)));
        let device = match &quorum.device {
            None => 0,
            Some(device) => device.votes.unwrap_or_else(|| from_nodes.saturating_sub(1)),
        };
        // Votes that the file gives the device are for the expected votes of the file to contain.
        let derived = match &quorum.device {
            Some(Device { votes: None, .. }) => from_nodes.saturating_add(device),
            Some(_) | None => from_nodes,
        };
        Votes {
            own: self.nodes.get(local).map_or_else(|| quorum.votes.unwrap_or(1), votes_of),
            expected: quorum.expected_votes.unwrap_or(derived),
            device,
            two_node: quorum.two_node,
            wait_for_all: quorum.wait_for_all.unwrap_or(quorum.two_node),
            auto_tie_breaker: quorum.auto_tie_breaker.clone(),
            expected_votes_tracking: quorum.expected_votes_tracking,
            nodes: self.nodes.iter().filter_map(|node| node.id).collect(),
        }
    }
}
