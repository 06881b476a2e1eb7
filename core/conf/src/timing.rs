use std::time::Duration;

use crate::Settings;

/// The ring's times as they are used, with what is derived where nothing is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long the token may be away, with the addition for more than two nodes.
    pub token: Duration,
    /// How long until a late token is reported; zero for never.
    pub token_warning: Duration,
    /// How long until a token is sent again.
    pub token_retransmit: Duration,
    /// How long an idle ring's token is held.
    pub hold: Duration,
    /// How long to wait for agreement on a membership.
    pub consensus: Duration,
}

/// When a link is asked and counts as down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkTiming {
    /// How often each end asks the other.
    pub ping_interval: Duration,
    /// How long without an answer until the link counts as down.
    pub ping_timeout: Duration,
}

impl Settings {
    /// How many nodes count for the token timeout: those with an address on link 0.
    pub fn ring_nodes(&self) -> usize {
        self.nodes.iter().filter(|node| node.addresses.contains_key(&0)).count()
    }

    /// The ring's times as they are used.
    pub fn timing(&self) -> Timing {
        let totem = &self.totem;
        let token_ms = milliseconds(totem.token_timeout(self.ring_nodes()));
        let retransmit_ms = totem.token_retransmit.map_or_else(
            || truncated(f64::from(token_ms) / (f64::from(totem.retransmits_before_loss) + 0.2)),
            milliseconds,
        );
        // The hold leaves one tick of the kernel's old clock, 10 ms, for sending.
        let hold_ms = totem
            .hold
            .map_or_else(|| truncated(f64::from(retransmit_ms) * 0.8 - 10.0), milliseconds);
        let consensus_ms = totem.consensus.map_or_else(
            // As the original's arithmetic: in single precision, which rounds for very long timeouts.
            || truncated(f64::from((1.2 * f64::from(token_ms)) as f32)),
            milliseconds,
        );
        Timing {
            token: Duration::from_millis(u64::from(token_ms)),
            token_warning: Duration::from_millis(
                u64::from(totem.token_warning_percent) * u64::from(token_ms) / 100,
            ),
            token_retransmit: Duration::from_millis(u64::from(retransmit_ms)),
            hold: Duration::from_millis(u64::from(hold_ms)),
            consensus: Duration::from_millis(u64::from(consensus_ms)),
        }
    }

    /// A link's times as they are used, whether or not the file says anything about the link.
    pub fn link_timing(&self, link: u8) -> LinkTiming {
        let token_ms = milliseconds(self.totem.token_timeout(self.ring_nodes()));
        let set = self.links.get(&link).cloned().unwrap_or_default();
        let pongs = set.pong_count.max(1);
        LinkTiming {
            ping_interval: set.ping_interval.unwrap_or_else(|| {
                Duration::from_millis(u64::from(token_ms) / (u64::from(pongs) * 2))
            }),
            ping_timeout: set
                .ping_timeout
                .unwrap_or_else(|| Duration::from_millis(u64::from(token_ms) / u64::from(pongs))),
        }
    }

    /// A link's port.
    pub fn port(&self, link: u8) -> u16 {
        const FIRST: u16 = 5405;
        // Broadcasting needs the port below as well.
        let step = if self.links.values().any(|link| link.broadcast) { 2 } else { 1 };
        let set = self.links.get(&link).and_then(|link| link.port);
        set.unwrap_or(FIRST + step * u16::from(link))
    }
}

pub(crate) fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

fn truncated(number: f64) -> u32 {
    // Such a cast saturates and drops the fraction.
    number as u32
}
