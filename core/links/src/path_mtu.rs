//! The greatest packet that gets through over one link.

use std::time::Duration;

use machine::Instant;
use wire::knet::HEADER_RESERVE;

use crate::sealing::Sealing;

/// The greatest IP packet there is.
const SIZE_MAX: usize = 65_535;
/// Sizes that links often have, tried first.
const USUAL: [usize; 3] = [1500, 9000, SIZE_MAX];
/// How often a size is tried.
const TRIES: u8 = 3;
/// The shortest time an answer is waited for.
const PATIENCE: Duration = Duration::from_millis(50);

/// Looks for the greatest packet that gets through, again and again. Sizes are those of whole IP packets.
#[derive(Debug)]
pub(crate) struct PathMtu {
    /// What every path carries.
    least: usize,
    header: usize,
    state: State,
    known: Option<usize>,
    /// The size above `known` that did not get through.
    refused: Option<usize>,
    /// Set by hand: nothing is looked for.
    fixed: bool,
}

#[derive(Debug)]
enum State {
    Off,
    Waiting { until: Instant },
    Searching(Search),
}

#[derive(Debug)]
struct Search {
    good: usize,
    bad: usize,
    probe: usize,
    sent: u8,
    until: Instant,
    /// A size vanished without a word.
    vanished: bool,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Send a probe that makes an IP packet of this size.
    Probe(u16),
    /// The search is over.
    Found {
        /// The size differs from what was known.
        changed: bool,
        /// Greater packets vanish, and no router says so.
        vanished: bool,
    },
    /// Nothing to do before [`PathMtu::due`].
    Wait,
}

impl PathMtu {
    pub(crate) fn new(header: u16) -> Self {
        let header = usize::from(header);
        // IPv6 promises 1280 bytes, IPv4 in practice 576.
        let least = if header > 28 { 1280 } else { 576 };
        Self { least, header, state: State::Off, known: None, refused: None, fixed: false }
    }

    /// The link works: what fits it has to be found out.
    pub(crate) fn link_up(&mut self, now: Instant, fixed: Option<u16>) {
        self.known = fixed.filter(|&size| size > 0).map(|size| usize::from(size).max(self.header));
        self.fixed = self.known.is_some();
        self.refused = None;
        self.state = if self.fixed { State::Off } else { State::Waiting { until: now } };
    }

    /// The link works no longer.
    pub(crate) fn link_down(&mut self) {
        self.state = State::Off;
        self.known = None;
        self.refused = None;
    }

    /// The size to count on, of a whole IP packet.
    pub(crate) fn size(&self) -> usize {
        self.known.unwrap_or(self.least)
    }

    /// How many bytes of a frame fit a packet.
    pub(crate) fn frame_bytes(&self, sealing: &Sealing) -> usize {
        let plain = sealing.plain_size(self.size().saturating_sub(self.header));
        plain.saturating_sub(HEADER_RESERVE).max(1)
    }

    /// How many bytes a probe has to have before it is sealed.
    pub(crate) fn probe_bytes(&self, size: u16, sealing: &Sealing) -> usize {
        sealing.plain_size(usize::from(size).saturating_sub(self.header))
    }

    pub(crate) fn due(&self) -> Option<Instant> {
        match &self.state {
            State::Off => None,
            State::Waiting { until } => Some(*until),
            State::Searching(search) => Some(search.until),
        }
    }

    /// Does what it is time for. To be called until it says [`Next::Wait`].
    pub(crate) fn run(
        &mut self,
        now: Instant,
        latency: Duration,
        interval: Duration,
        sealing: &Sealing,
    ) -> Next {
        match &mut self.state {
            State::Off => return Next::Wait,
            State::Waiting { until } if now < *until => return Next::Wait,
            State::Waiting { .. } => {
                let probe = self.known.map(|known| self.real(known, sealing));
                let good = self.real(self.least, sealing);
                let bad = SIZE_MAX + 1;
                let probe = probe.or_else(|| self.choose(good, bad, sealing)).unwrap_or(good);
                let search = Search { good, bad, probe, sent: 0, until: now, vanished: false };
                self.state = State::Searching(search);
            }
            State::Searching(search) if now < search.until => return Next::Wait,
            State::Searching(search) if search.sent >= TRIES => {
                search.bad = search.probe;
                search.vanished = true;
                let (good, bad) = (search.good, search.bad);
                let choice = self.choose(good, bad, sealing);
                if let Some(found) = self.go_on(now, choice, interval) {
                    return found;
                }
            }
            State::Searching(_) => {}
        }
        let State::Searching(search) = &mut self.state else { return Next::Wait };
        search.sent += 1;
        search.until = now + (latency * 4).max(PATIENCE);
        Next::Probe(u16::try_from(search.probe).unwrap_or(u16::MAX))
    }

    /// A probe of this size got through.
    pub(crate) fn answered(
        &mut self,
        now: Instant,
        size: u16,
        interval: Duration,
        sealing: &Sealing,
    ) -> Next {
        let State::Searching(search) = &mut self.state else { return Next::Wait };
        if search.probe != usize::from(size) {
            return Next::Wait;
        }
        search.good = search.probe;
        search.bad = search.bad.max(search.good + 1);
        let (good, bad) = (search.good, search.bad);
        let choice = self.choose(good, bad, sealing);
        self.go_on(now, choice, interval).unwrap_or(Next::Wait)
    }

    /// The network says that a packet was too big, and perhaps what would not have been. Believed only downwards, and
    /// never below what every path carries: anybody can say so.
    pub(crate) fn too_big(
        &mut self,
        now: Instant,
        mtu: Option<u32>,
        interval: Duration,
        sealing: &Sealing,
    ) -> Next {
        if self.fixed {
            return Next::Wait;
        }
        let hint = mtu
            .and_then(|mtu| usize::try_from(mtu).ok())
            .map(|mtu| mtu.clamp(self.least, SIZE_MAX));
        if let (Some(hint), Some(known)) = (hint, self.known)
            && hint < known
        {
            self.known = Some(hint);
            self.refused = None;
        }
        match &mut self.state {
            State::Off => Next::Wait,
            State::Waiting { until } => {
                *until = now;
                Next::Wait
            }
            State::Searching(search) => {
                search.bad = hint.map_or(search.probe, |hint| hint + 1).min(search.bad);
                if search.bad <= search.good {
                    search.good = self.least;
                }
                let (good, bad) = (search.good, search.bad);
                // What the network names is very likely right.
                let hinted = hint.map(|hint| self.real(hint, sealing)).filter(|&size| size > good);
                let choice = hinted.or_else(|| self.choose(good, bad, sealing));
                self.go_on(now, choice, interval).unwrap_or(Next::Wait)
            }
        }
    }

    /// Tries the next size, or ends the search.
    fn go_on(&mut self, now: Instant, choice: Option<usize>, interval: Duration) -> Option<Next> {
        let State::Searching(search) = &mut self.state else { return None };
        if let Some(probe) = choice {
            search.probe = probe;
            search.sent = 0;
            search.until = now;
            return None;
        }
        let (good, vanished) = (search.good, search.vanished);
        self.refused = Some(search.bad);
        self.state = State::Waiting { until: now + interval };
        let changed = self.known.replace(good) != Some(good);
        Some(Next::Found { changed, vanished })
    }

    /// A size between one that gets through and one that does not; `None` if there is none.
    fn choose(&self, good: usize, bad: usize, sealing: &Sealing) -> Option<usize> {
        let between =
            |size: usize| Some(self.real(size, sealing)).filter(|&size| size > good && size < bad);
        if self.known == Some(good)
            && let Some(refused) = self.refused
        {
            // Nothing has changed if what is just above still does not get through.
            return between(refused).or_else(|| between(bad - 1));
        }
        USUAL
            .into_iter()
            .find_map(between)
            .filter(|_| bad > SIZE_MAX)
            .or_else(|| between(usize::midpoint(good, bad)))
            .or_else(|| between(bad - 1))
    }

    /// The greatest size up to this one that a sealed packet can have: it comes in steps of a block.
    fn real(&self, size: usize, sealing: &Sealing) -> usize {
        let datagram = size.min(SIZE_MAX).saturating_sub(self.header);
        self.header + sealing.sealed_size(sealing.plain_size(datagram))
    }
}
