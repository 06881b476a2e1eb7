use std::collections::VecDeque;

use machine::Instant;
use wire::totem::Frame;

/// How many tokens the means are made of.
const TOKENS_KEPT: usize = 100;
/// Rounds of gathering without a ring, after which a firewall is suspected.
const GATHERS_ALLOWED: u32 = 3;

/// What a ring counted. Names are those of Corosync's `stats.srp` and `stats.pg`, whose clients know them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are Corosync's; what they count is in its manual")]
pub struct Statistics {
    pub orf_token_tx: u64,
    pub orf_token_rx: u64,
    pub memb_merge_detect_tx: u64,
    pub memb_merge_detect_rx: u64,
    pub memb_join_tx: u64,
    pub memb_join_rx: u64,
    pub mcast_tx: u64,
    pub mcast_retx: u64,
    pub mcast_rx: u64,
    pub memb_commit_token_tx: u64,
    pub memb_commit_token_rx: u64,
    pub token_hold_cancel_tx: u64,
    pub token_hold_cancel_rx: u64,
    pub operational_entered: u64,
    pub operational_token_lost: u64,
    pub gather_entered: u64,
    pub gather_token_lost: u64,
    pub commit_entered: u64,
    pub commit_token_lost: u64,
    pub recovery_entered: u64,
    pub recovery_token_lost: u64,
    pub consensus_timeouts: u64,
    pub rx_msg_dropped: u64,
    /// Milliseconds.
    pub time_since_token_last_received: u64,
    pub continuous_gather: u32,
    /// Counted by the transport; 0 here.
    pub continuous_sendmsg_failures: u32,
    pub firewall_enabled_or_nic_failure: u8,
    /// Milliseconds.
    pub mtt_rx_token: u32,
    /// Milliseconds; 0, as the machine passes a token on at the instant at which it comes.
    pub avg_token_workload: u32,
    pub avg_backlog_calc: u32,
    /// Packets that find room, `stats.pg.msg_queue_avail`.
    pub msg_queue_avail: u32,
    /// Packets set aside, `stats.pg.msg_reserved`: always 1, as Corosync shows when nobody sets anything aside.
    pub msg_reserved: u32,
    /// Frames with this node's number from elsewhere. Corosync does not count them.
    pub duplicate_node_frames: u64,
}

#[derive(Clone, Copy, Debug)]
struct TokenSeen {
    at: Instant,
    backlog: u32,
}

/// The counters behind [`Statistics`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Everything that only grows.
    pub(crate) sum: Statistics,
    pub(crate) dropped: u64,
    pub(crate) duplicate_node: u64,
    tokens: VecDeque<TokenSeen>,
}

impl Counters {
    pub(crate) fn count_received(&mut self, frame: &Frame<'_>) {
        let counter = match frame {
            Frame::Token(_) => &mut self.sum.orf_token_rx,
            Frame::Multicast(_) => &mut self.sum.mcast_rx,
            Frame::MergeDetect(_) => &mut self.sum.memb_merge_detect_rx,
            Frame::Join(_) => &mut self.sum.memb_join_rx,
            Frame::CommitToken(_) => &mut self.sum.memb_commit_token_rx,
            Frame::HoldCancel(_) => &mut self.sum.token_hold_cancel_rx,
        };
        *counter += 1;
    }

    pub(crate) fn note_token(&mut self, at: Instant, backlog: u32) {
        if self.tokens.len() >= TOKENS_KEPT {
            self.tokens.pop_front();
        }
        self.tokens.push_back(TokenSeen { at, backlog });
    }

    /// When the last token came; `None` if none did.
    pub(crate) fn last_token(&self) -> Option<Instant> {
        self.tokens.back().map(|token| token.at)
    }

    /// What waited when the last token came.
    pub(crate) fn last_backlog(&self) -> u32 {
        self.tokens.back().map_or(0, |token| token.backlog)
    }

    pub(crate) fn snapshot(&self, now: Instant, free_packets: u32) -> Statistics {
        let since = self.last_token().map_or(0, |at| now.since(at).as_millis());
        let mean = |sum: u128, count: usize| {
            let count = u128::try_from(count).unwrap_or(u128::MAX);
            sum.checked_div(count).map_or(0, |mean| u32::try_from(mean).unwrap_or(u32::MAX))
        };
        let span = match (self.tokens.front(), self.tokens.back()) {
            (Some(first), Some(last)) => last.at.since(first.at).as_millis(),
            _ => 0,
        };
        let backlog = self.tokens.iter().map(|token| u128::from(token.backlog)).sum();
        Statistics {
            rx_msg_dropped: self.dropped,
            duplicate_node_frames: self.duplicate_node,
            time_since_token_last_received: u64::try_from(since).unwrap_or(u64::MAX),
            firewall_enabled_or_nic_failure: u8::from(self.sum.continuous_gather > GATHERS_ALLOWED),
            mtt_rx_token: mean(span, self.tokens.len().saturating_sub(1)),
            avg_backlog_calc: mean(backlog, self.tokens.len()),
            msg_queue_avail: free_packets,
            msg_reserved: 1,
            ..self.sum.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn means_are_of_the_last_tokens() {
        let mut counters = Counters::default();
        assert_eq!(counters.snapshot(Instant::START, 9).mtt_rx_token, 0);
        let mut now = Instant::START;
        for turn in 0..150 {
            now = now + Duration::from_millis(if turn < 50 { 1000 } else { 4 });
            counters.note_token(now, 6);
        }
        let statistics = counters.snapshot(now + Duration::from_millis(30), 9);
        assert_eq!(statistics.mtt_rx_token, 4);
        assert_eq!(statistics.avg_backlog_calc, 6);
        assert_eq!(statistics.time_since_token_last_received, 30);
    }
}
