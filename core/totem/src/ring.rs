use std::time::Duration;

use machine::{Instant, Outbox, Timers};
use vocab::NodeId;
use wire::{corosync::RingId, totem::Frame};

use crate::{
    Dropped, Input, Notice, Output, Reason, RingState, Settings, Statistics, Suspicion, Timer,
    delivery::{Assemblies, Lane, RingLog, packet_bytes, packing::WAITING_MAX},
    membership::{MemberSet, Membership},
    refusals::Refusals,
    sequence::Sequence,
    state::State,
    statistics::Counters,
};

/// The ring of one node.
///
/// Invariants ([`Ring::check`] looks): `ring` is the last one this node took part in forming, `log` belongs to the last one
/// that worked; in a working ring they are the same. `members` are those of the last working ring.
#[derive(Debug)]
pub struct Ring {
    pub(crate) settings: Settings,
    pub(crate) state: State,
    pub(crate) ring: RingId,
    /// The highest sequence number of a ring heard of.
    pub(crate) highest_ring: u64,
    pub(crate) storing: Storing,
    pub(crate) members: MemberSet,
    pub(crate) membership: Membership,
    pub(crate) log: RingLog,
    /// What was given in the ordinary course of things.
    pub(crate) ordinary: Lane,
    /// What was given while services synchronise.
    pub(crate) synchronization: Lane,
    pub(crate) is_synchronizing: bool,
    pub(crate) assemblies: Assemblies,
    pub(crate) sent_packets: u32,
    pub(crate) timers: Timers<Timer>,
    pub(crate) counters: Counters,
    pub(crate) refusals: Refusals,
    pub(crate) random: u64,
    /// The number before the first multicast of each ring; 0 but for tests of what happens when numbers wrap.
    pub(crate) start: Sequence,
    #[cfg(feature = "sabotage")]
    pub(crate) sabotage: Option<crate::sabotage::Sabotage>,
}

/// Ring sequence numbers on their way to disk.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Storing {
    pub(crate) asked: u64,
    pub(crate) stored: u64,
}

impl Ring {
    /// A ring of this node alone, silent until [`Input::Start`].
    pub fn new(settings: Settings) -> Self {
        Self::with_start(settings, Sequence(0))
    }

    pub(crate) fn with_start(settings: Settings, start: Sequence) -> Self {
        let ring = RingId { node: settings.node.0, sequence: 0 };
        Self {
            state: State::Silent,
            ring,
            highest_ring: 0,
            storing: Storing::default(),
            members: MemberSet::default(),
            membership: Membership::new(settings.node),
            log: RingLog::new(ring, start),
            ordinary: Lane::default(),
            synchronization: Lane::default(),
            is_synchronizing: false,
            assemblies: Assemblies::default(),
            sent_packets: 0,
            timers: Timers::new(),
            counters: Counters::default(),
            refusals: Refusals::default(),
            // Zero is the one state that the generator never leaves.
            random: settings.seed | 1,
            settings,
            start,
            #[cfg(feature = "sabotage")]
            sabotage: None,
        }
    }

    /// Takes in what happened; what is to be done is put in `out`.
    pub fn handle(&mut self, now: Instant, input: Input<'_>, out: &mut Outbox<Output>) {
        match input {
            Input::Start { stored_ring_sequence } => {
                self.on_start(now, stored_ring_sequence, out);
            }
            Input::Frame(bytes) => self.on_frame(now, bytes, out),
            Input::Fired { timer, token } => {
                if self.timers.fired(&timer, token) {
                    self.on_timer(now, timer, out);
                }
            }
            Input::RingSequenceStored(sequence) => self.on_stored(sequence, out),
            Input::Multicast { message, guarantee } => {
                let bytes = message.len();
                if !self.lane().push(message, guarantee) {
                    out.push(Output::Notice(Notice::NoRoom { bytes }));
                    return;
                }
                self.cancel_hold(out);
            }
            Input::Suspect { node, why } => self.on_suspicion(now, node, why, out),
            Input::SynchronizationBegan => self.set_synchronizing(true),
            Input::SynchronizationEnded => self.set_synchronizing(false),
            Input::GatherNow => match self.state {
                State::Silent | State::Left => {}
                State::Operational(_)
                | State::Gather(_)
                | State::Commit(_)
                | State::Recovery(_) => self.enter_gather(now, Reason::Asked, out),
            },
            Input::Leave => self.leave(out),
            Input::Reconfigure(settings) => {
                // The number is what others know this node by: it stays.
                self.settings = Settings { node: self.settings.node, ..settings };
            }
        }
    }

    /// Whether a message of that many bytes may be given to [`Input::Multicast`] now.
    pub fn has_room_for(&self, bytes: usize) -> bool {
        let lane = if self.is_synchronizing { &self.synchronization } else { &self.ordinary };
        lane.has_room_for(bytes)
    }

    /// How far the ring is.
    pub fn state(&self) -> RingState {
        self.state.name()
    }

    /// The last ring that this node took part in forming. While [`Ring::state`] is operational, it works.
    pub fn ring_id(&self) -> RingId {
        self.ring
    }

    /// The members of the last ring that worked, ascending.
    pub fn members(&self) -> &[NodeId] {
        self.members.as_slice()
    }

    /// What was counted, as Corosync shows it in its map of statistics.
    pub fn statistics(&self, now: Instant) -> Statistics {
        let packet = packet_bytes(self.settings.frame_bytes_max);
        let free = WAITING_MAX.saturating_sub(self.ordinary.cost()) / packet;
        self.counters.snapshot(now, u32::try_from(free).unwrap_or(u32::MAX))
    }

    /// Sets all counters to zero, as an operator may ask.
    pub fn clear_statistics(&mut self) {
        self.counters = Counters::default();
    }

    fn on_start(&mut self, now: Instant, stored: u64, out: &mut Outbox<Output>) {
        let State::Silent = self.state else { return };
        self.storing = Storing { asked: stored, stored };
        // One more than any ring so far: a node that comes back quickly must not look as if it had never been away.
        self.ring.sequence = stored.saturating_add(1);
        self.highest_ring = self.ring.sequence;
        self.log = RingLog::new(self.ring, self.start);
        self.enter_gather(now, Reason::Started, out);
    }

    fn on_frame(&mut self, now: Instant, bytes: &[u8], out: &mut Outbox<Output>) {
        match self.state {
            State::Silent | State::Left => return,
            State::Operational(_) | State::Gather(_) | State::Commit(_) | State::Recovery(_) => {}
        }
        let frame = match Frame::decode(bytes) {
            Ok(frame) => frame,
            Err(error) => return self.drop_frame(now, Dropped::Malformed(error), out),
        };
        self.counters.count_received(&frame);
        match frame {
            Frame::Token(token) => self.on_token(now, token, out),
            Frame::Multicast(multicast) => self.on_multicast(now, &multicast, out),
            Frame::MergeDetect(merge) => self.on_merge_detect(now, merge, out),
            Frame::Join(join) => self.on_join(now, &join, out),
            Frame::CommitToken(token) => self.on_commit_token(now, token, out),
            Frame::HoldCancel(cancel) => self.on_hold_cancel(cancel, out),
        }
    }

    fn on_timer(&mut self, now: Instant, timer: Timer, out: &mut Outbox<Output>) {
        match timer {
            Timer::TokenLost | Timer::Heartbeat => self.on_token_lost(now, out),
            Timer::TokenLate => self.on_token_late(now, out),
            Timer::TokenRetransmit => self.on_token_retransmit(out),
            Timer::TokenHold => self.on_token_hold(out),
            Timer::Join => self.on_join_timer(out),
            Timer::JoinDelayed => self.send_join(out),
            Timer::Consensus => self.on_consensus_timer(now, out),
            Timer::Merge => self.on_merge_timer(out),
        }
    }

    fn on_suspicion(
        &mut self,
        now: Instant,
        node: NodeId,
        why: Suspicion,
        out: &mut Outbox<Output>,
    ) {
        let is_concerned = match &self.state {
            State::Silent | State::Left => false,
            State::Operational(_) => self.members.contains(node),
            State::Gather(_) => self.membership.candidates().contains(node),
            State::Commit(commit) => commit.members.contains(node),
            State::Recovery(recovery) => recovery.members.contains(node),
        };
        if is_concerned && node != self.settings.node {
            out.push(Output::Notice(Notice::Suspected(node, why)));
            self.membership.failed.insert(node);
            self.enter_gather(now, Reason::Suspected, out);
        }
    }

    fn set_synchronizing(&mut self, is_synchronizing: bool) {
        self.is_synchronizing = is_synchronizing;
        self.assemblies.set_synchronizing(is_synchronizing);
    }

    fn lane(&mut self) -> &mut Lane {
        if self.is_synchronizing { &mut self.synchronization } else { &mut self.ordinary }
    }

    /// Counts a frame that makes no sense, and tells about it now and then.
    pub(crate) fn drop_frame(&mut self, now: Instant, why: Dropped, out: &mut Outbox<Output>) {
        self.counters.dropped += 1;
        if self.refusals.may_tell(now, &why) {
            out.push(Output::Notice(Notice::Dropped(why)));
        }
    }

    /// Counts a frame that this node seems to have sent, but did not.
    pub(crate) fn drop_own(&mut self, now: Instant, out: &mut Outbox<Output>) {
        self.counters.dropped += 1;
        self.counters.duplicate_node += 1;
        if self.refusals.may_tell_duplicate(now) {
            out.push(Output::Notice(Notice::DuplicateNodeId(self.settings.node)));
        }
    }

    pub(crate) fn arm(&mut self, timer: Timer, after: Duration, out: &mut Outbox<Output>) {
        let token = self.timers.arm(timer);
        out.push(Output::Arm { timer, token, after });
    }

    pub(crate) fn disarm(&mut self, timers: &[Timer]) {
        for timer in timers {
            self.timers.disarm(timer);
        }
    }

    /// A number below `bound`, or 0.
    pub(crate) fn random_below(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random.checked_rem(bound).unwrap_or(0)
    }

    /// Looks whether everything in the machine fits together; what does not is a bug of ours. For tests, after each input.
    pub fn check(&self) -> Result<(), String> {
        self.log.check()?;
        self.ordinary.check()?;
        self.synchronization.check()?;
        if self.storing.asked < self.storing.stored {
            return Err(format!("stored more than asked for: {:?}", self.storing));
        }
        self.check_state()
    }
}
