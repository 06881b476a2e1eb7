use std::{collections::VecDeque, rc::Rc, time::Duration};

use machine::{Instant, TimerToken};
use totem::{Guarantee, Ring, Suspicion, Timer};
use vocab::NodeId;

use super::{WriteFate, check::ProcessKey, services::Services};

/// A host: what is on its disk and the daemon that runs on it, if one does.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) id: NodeId,
    pub(super) disk: Disk,
    /// How long storing takes.
    pub(super) latency: Duration,
    /// When the last number that is being stored will be: they are stored in order.
    pub(super) stored_at: Instant,
    /// How its daemon would say goodbye to the ring that it was in last.
    pub(super) farewell: Option<Rc<Vec<u8>>>,
    /// The expected votes on disk.
    pub(super) expected_votes: u32,
    pub(super) process: Option<Box<Process>>,
    /// How often it was started.
    pub(super) starts: u32,
}

/// The ring sequence number as a start of the daemon finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disk {
    Number(u64),
    /// Half written: the daemon refuses to start with that.
    Torn,
}

/// One start of a daemon.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) key: ProcessKey,
    pub(super) ring: Ring,
    /// What has come in while it pauses.
    pub(super) backlog: Option<VecDeque<Incoming>>,
    /// Numbers that are being stored.
    pub(super) writes: VecDeque<u64>,
    /// It dies when it has carried out so many outputs of its next input.
    pub(super) dies_after: Option<u32>,
    /// What becomes of `writes` then.
    pub(super) write_fate: WriteFate,
    /// By timer: when it fires and with what.
    armed: [Option<Armed>; TIMERS],
    /// What it has besides the ring.
    pub(super) services: Option<Services>,
    /// Whether its services are being synchronised, as far as the ring was told.
    pub(super) is_synchronizing: bool,
}

/// Timers that a ring has.
const TIMERS: usize = 9;

#[derive(Clone, Copy, Debug)]
struct Armed {
    at: Instant,
    token: TimerToken,
    /// The queue's entry that stands for it; it may be there for an earlier time.
    entry_at: Instant,
    fired: bool,
}

/// What a daemon hears.
#[derive(Debug)]
pub(super) enum Incoming {
    Frame(Rc<Vec<u8>>),
    Fired { timer: Timer, token: TimerToken },
    Stored(u64),
    Multicast { bytes: usize, guarantee: Guarantee },
    Suspect { node: NodeId, why: Suspicion },
    Gather,
    SynchronizationBegan,
    SynchronizationEnded,
    Say(Vec<u8>),
    Chat,
    QuorumFired { timer: quorum::Timer, token: TimerToken },
}

impl Node {
    pub(super) fn new(id: NodeId) -> Self {
        Self {
            id,
            disk: Disk::Number(0),
            latency: Duration::ZERO,
            stored_at: Instant::START,
            farewell: None,
            expected_votes: 0,
            process: None,
            starts: 0,
        }
    }

    /// The daemon is gone; what it was storing is or is not on disk.
    pub(super) fn end(&mut self, fate: WriteFate) -> Option<ProcessKey> {
        let process = self.process.take()?;
        if let Some(last) = process.writes.back() {
            match fate {
                WriteFate::Kept => self.disk = Disk::Number(*last),
                WriteFate::Lost => {}
                WriteFate::Torn => self.disk = Disk::Torn,
            }
        }
        Some(process.key)
    }
}

impl Process {
    pub(super) fn new(key: ProcessKey, ring: Ring, services: Option<Services>) -> Self {
        Self {
            key,
            ring,
            backlog: None,
            writes: VecDeque::new(),
            dies_after: None,
            write_fate: WriteFate::Lost,
            armed: [None; TIMERS],
            services,
            is_synchronizing: false,
        }
    }

    /// Arms a timer. Tells when the queue has to wake it up, unless the queue does so before anyway.
    pub(super) fn arm(&mut self, timer: Timer, token: TimerToken, at: Instant) -> Option<Instant> {
        let slot = &mut self.armed[timer_index(timer)];
        // One entry of the queue per timer: it goes on to the later time when it comes up.
        let waiting = slot.filter(|armed| !armed.fired && armed.entry_at <= at);
        let entry_at = waiting.map_or(at, |armed| armed.entry_at);
        *slot = Some(Armed { at, token, entry_at, fired: false });
        waiting.is_none().then_some(at)
    }

    /// The queue's entry for a timer has come up.
    pub(super) fn wake(&mut self, timer: Timer, now: Instant) -> Wake {
        let Some(armed) = &mut self.armed[timer_index(timer)] else { return Wake::Nothing };
        if armed.fired || armed.entry_at != now {
            return Wake::Nothing;
        }
        if armed.at > now {
            armed.entry_at = armed.at;
            return Wake::Later(armed.at);
        }
        armed.fired = true;
        Wake::Fire(armed.token)
    }
}

/// What comes of an entry for a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wake {
    /// It was armed anew since.
    Nothing,
    /// It was armed for a later time since.
    Later(Instant),
    /// It fires.
    Fire(TimerToken),
}

const fn timer_index(timer: Timer) -> usize {
    match timer {
        Timer::TokenLost => 0,
        Timer::TokenLate => 1,
        Timer::TokenRetransmit => 2,
        Timer::TokenHold => 3,
        Timer::Heartbeat => 4,
        Timer::Join => 5,
        Timer::JoinDelayed => 6,
        Timer::Consensus => 7,
        Timer::Merge => 8,
    }
}
