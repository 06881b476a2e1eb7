use std::{collections::BTreeMap, fmt, time::Duration};

use machine::Instant;
use vocab::NodeId;

use super::{
    Cluster, Weather,
    text::{Words, micros},
};
use crate::Random;

/// Which packet: the how manieth from one node to another, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Packet {
    /// Who sent it.
    pub from: NodeId,
    /// To whom.
    pub to: NodeId,
    /// The how manieth.
    pub number: u64,
}

/// What becomes of a packet that does not simply arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It never arrives.
    Lost,
    /// It arrives a second time so much later.
    Doubled(Duration),
    /// It arrives so much later, and those behind it may overtake it.
    Late(Duration),
}

/// Who hears whom, and when.
#[derive(Debug)]
pub(super) struct Network {
    seed: u64,
    nodes: usize,
    hop: Duration,
    jitter: Duration,
    links: Vec<Link>,
    fates: Fates,
    /// Fates that were met, for the recording.
    met: Vec<(Packet, Fate)>,
}

/// One direction between two nodes.
#[derive(Clone, Debug, Default)]
struct Link {
    cut: bool,
    sent: u64,
    /// When the last packet that keeps its place arrives.
    last_arrival: Instant,
}

/// Where fates come from.
#[derive(Debug)]
pub(super) enum Fates {
    /// Made up while the weather lasts.
    Weather(Random, Weather),
    /// Written down.
    Recorded(BTreeMap<Packet, Fate>),
    /// Every packet arrives.
    Calm,
}

impl Network {
    pub(super) fn new(cluster: &Cluster, fates: Fates) -> Self {
        let nodes = cluster.nodes as usize;
        Self {
            seed: Random::stream(cluster.seed, "delays").number(),
            nodes,
            hop: cluster.hop,
            jitter: cluster.jitter,
            links: vec![Link::default(); nodes * nodes],
            fates,
            met: Vec::new(),
        }
    }

    fn link(&mut self, from: NodeId, to: NodeId) -> &mut Link {
        let index = (from.0 as usize - 1) * self.nodes + to.0 as usize - 1;
        &mut self.links[index]
    }

    pub(super) fn set_cut(&mut self, from: NodeId, to: NodeId, cut: bool) {
        self.link(from, to).cut = cut;
    }

    /// Lets only nodes of the same group hear each other.
    pub(super) fn partition(&mut self, groups: &[Vec<NodeId>]) {
        let nodes = u32::try_from(self.nodes).unwrap_or(u32::MAX);
        for from in (1..=nodes).map(NodeId) {
            for to in (1..=nodes).map(NodeId) {
                let together =
                    groups.iter().any(|group| group.contains(&from) && group.contains(&to));
                self.set_cut(from, to, !together && from != to);
            }
        }
    }

    pub(super) fn heal(&mut self) {
        self.links.iter_mut().for_each(|link| link.cut = false);
    }

    /// No fates from now on.
    pub(super) fn calm_down(&mut self) {
        self.fates = Fates::Calm;
    }

    pub(super) fn take_met(&mut self) -> Vec<(Packet, Fate)> {
        std::mem::take(&mut self.met)
    }

    /// When a packet that is sent now arrives: never, once or twice.
    pub(super) fn arrivals(
        &mut self,
        now: Instant,
        from: NodeId,
        to: NodeId,
    ) -> [Option<Instant>; 2] {
        let (seed, hop, jitter) = (self.seed, self.hop, self.jitter);
        let link = self.link(from, to);
        if link.cut {
            return [None, None];
        }
        let packet = Packet { from, to, number: link.sent };
        link.sent += 1;
        let place = u64::from(from.0) << 56 | u64::from(to.0) << 48 | packet.number;
        let extra = Random::new(seed ^ place.wrapping_mul(0x2545_f491_4f6c_dd1d)).below(1_024);
        let at = now + hop + jitter * u32::try_from(extra).unwrap_or(0) / 1_024;
        let fate = self.fate(packet);
        match fate {
            Some(Fate::Lost) => [None, None],
            Some(Fate::Late(by)) => [Some(at + by), None],
            Some(Fate::Doubled(_)) | None => {
                let link = self.link(from, to);
                link.last_arrival = link.last_arrival.max(at);
                let again = match fate {
                    Some(Fate::Doubled(by)) => Some(link.last_arrival + by),
                    _ => None,
                };
                [Some(link.last_arrival), again]
            }
        }
    }

    fn fate(&mut self, packet: Packet) -> Option<Fate> {
        let fate = match &mut self.fates {
            Fates::Calm => None,
            Fates::Recorded(fates) => fates.get(&packet).copied(),
            Fates::Weather(random, weather) => weather.fate(random),
        }?;
        self.met.push((packet, fate));
        Some(fate)
    }
}

impl Weather {
    fn fate(&self, random: &mut Random) -> Option<Fate> {
        let draw = random.below(1_000);
        let (lost, doubled) = (self.lost, self.lost + self.doubled);
        if draw < lost {
            return Some(Fate::Lost);
        }
        let kind = if draw < doubled {
            Fate::Doubled
        } else if draw < doubled + self.late {
            Fate::Late
        } else {
            return None;
        };
        let most = u64::try_from(self.late_max.as_micros()).unwrap_or(u64::MAX);
        Some(kind(Duration::from_micros(1 + random.below(most.max(1)))))
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost => f.write_str("lost"),
            Self::Doubled(by) => write!(f, "doubled {}", micros(*by)),
            Self::Late(by) => write!(f, "late {}", micros(*by)),
        }
    }
}

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "packet {} {} {}", self.from, self.to, self.number)
    }
}

/// Reads what `Display` wrote of a packet, behind its first word, and of its fate.
pub(super) fn parse(words: &mut Words<'_>) -> Result<(Packet, Fate), String> {
    let packet = Packet { from: words.node()?, to: words.node()?, number: words.number()? };
    let fate = match words.next()? {
        "lost" => Fate::Lost,
        "doubled" => Fate::Doubled(words.micros()?),
        "late" => Fate::Late(words.micros()?),
        other => return Err(format!("{other:?} is no fate of a packet")),
    };
    Ok((packet, fate))
}
