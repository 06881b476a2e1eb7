use std::{collections::BTreeMap, fmt, str::FromStr, time::Duration};

use super::{
    Cluster, Event, Fate, Packet, Services, event, network,
    text::{Words, micros, seconds},
};

/// The first line of a recording; the number grows when older recordings would mean something else.
const TITLE: &str = "ring simulation 1";
/// Every kind of services.
const SERVICES: [Services; 4] =
    [Services::None, Services::Majority, Services::WaitForAll, Services::TieBreaker];

const fn services_name(services: Services) -> &'static str {
    match services {
        Services::None => "none",
        Services::Majority => "majority",
        Services::WaitForAll => "wait-for-all",
        Services::TieBreaker => "tie-breaker",
    }
}

/// Everything that a run depends on. Its `Display` is a text that `FromStr` reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// What the nodes are like.
    pub cluster: Cluster,
    /// What is done to them, in the order of time.
    pub events: Vec<Event>,
    /// What becomes of packets that do not simply arrive.
    pub fates: BTreeMap<Packet, Fate>,
}

/// Why a text is no recording.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The first line is another.
    #[error("this is no recording: its first line is not {TITLE:?}")]
    Title,
    /// A line cannot be read.
    #[error("line {line}: {what}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// Something that every recording says is not there.
    #[error("the recording does not say its {0}")]
    Missing(&'static str),
}

impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cluster = &self.cluster;
        writeln!(f, "{TITLE}")?;
        writeln!(f, "seed {}", cluster.seed)?;
        writeln!(f, "nodes {}", cluster.nodes)?;
        writeln!(f, "token {}", micros(cluster.token))?;
        writeln!(f, "hop {}", micros(cluster.hop))?;
        writeln!(f, "jitter {}", micros(cluster.jitter))?;
        writeln!(f, "frame {}", cluster.frame_bytes_max)?;
        writeln!(f, "deaf-after {}", cluster.fail_to_receive_rotations)?;
        writeln!(f, "heartbeat {}", cluster.heartbeat_failures_allowed)?;
        writeln!(f, "services {}", services_name(cluster.services))?;
        let votes: Vec<_> = cluster.votes.iter().map(ToString::to_string).collect();
        writeln!(f, "votes {}", votes.join(" "))?;
        writeln!(f, "faults-end {}", seconds(cluster.faults_end))?;
        for event in &self.events {
            writeln!(f, "at {event}")?;
        }
        for (packet, fate) in &self.fates {
            writeln!(f, "{packet} {fate}")?;
        }
        Ok(())
    }
}

impl FromStr for Recording {
    type Err = ReadError;

    fn from_str(text: &str) -> Result<Self, ReadError> {
        let mut lines = text.lines().enumerate();
        if lines.next().is_none_or(|(_, line)| line.trim() != TITLE) {
            return Err(ReadError::Title);
        }
        let mut parts = Parts::default();
        for (index, line) in lines {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                parts.line(line).map_err(|what| ReadError::Line { line: index + 1, what })?;
            }
        }
        parts.finish()
    }
}

/// What was read so far.
#[derive(Debug, Default)]
struct Parts {
    seed: Option<u64>,
    nodes: Option<u32>,
    token: Option<Duration>,
    hop: Option<Duration>,
    jitter: Option<Duration>,
    frame_bytes_max: Option<usize>,
    fail_to_receive_rotations: Option<u32>,
    heartbeat_failures_allowed: Option<u32>,
    services: Option<Services>,
    votes: Vec<u32>,
    faults_end: Option<machine::Instant>,
    events: Vec<Event>,
    fates: BTreeMap<Packet, Fate>,
}

impl Parts {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let mut words = Words::new(line);
        match words.next()? {
            "seed" => self.seed = Some(words.number()?),
            "nodes" => self.nodes = Some(words.number()?),
            "token" => self.token = Some(words.micros()?),
            "hop" => self.hop = Some(words.micros()?),
            "jitter" => self.jitter = Some(words.micros()?),
            "frame" => self.frame_bytes_max = Some(words.number()?),
            "deaf-after" => self.fail_to_receive_rotations = Some(words.number()?),
            "heartbeat" => self.heartbeat_failures_allowed = Some(words.number()?),
            "services" => {
                let known = SERVICES.map(|services| (services_name(services), services));
                self.services = Some(words.one_of(&known)?);
            }
            "votes" => {
                while let Some(word) = words.optional() {
                    self.votes.push(word.parse().map_err(|_| format!("{word:?} are no votes"))?);
                }
            }
            "faults-end" => self.faults_end = Some(words.seconds()?),
            "at" => self.events.push(event::parse(&mut words)?),
            "packet" => {
                let (packet, fate) = network::parse(&mut words)?;
                self.fates.insert(packet, fate);
            }
            other => return Err(format!("{other:?} is no line of a recording")),
        }
        words.end()
    }

    fn finish(mut self) -> Result<Recording, ReadError> {
        let missing = ReadError::Missing;
        let cluster = Cluster {
            seed: self.seed.ok_or(missing("seed"))?,
            nodes: self.nodes.filter(|n| (2..=16).contains(n)).ok_or(missing("nodes (2 to 16)"))?,
            token: self.token.ok_or(missing("token"))?,
            hop: self.hop.ok_or(missing("hop"))?,
            jitter: self.jitter.ok_or(missing("jitter"))?,
            frame_bytes_max: self.frame_bytes_max.ok_or(missing("frame"))?,
            fail_to_receive_rotations: self
                .fail_to_receive_rotations
                .ok_or(missing("deaf-after"))?,
            heartbeat_failures_allowed: self
                .heartbeat_failures_allowed
                .ok_or(missing("heartbeat"))?,
            services: self.services.ok_or(missing("services"))?,
            votes: self.votes,
            faults_end: self.faults_end.ok_or(missing("faults-end"))?,
        };
        if cluster.votes.len() != cluster.nodes as usize {
            return Err(missing("votes, a number for each node"));
        }
        // A hand may have put them elsewhere.
        self.events.sort_by_key(|event| event.at);
        Ok(Recording { cluster, events: self.events, fates: self.fates })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::plan;

    #[test]
    fn what_is_written_can_be_read() {
        for seed in 0..50 {
            let cluster = Cluster::of_seed(seed);
            let events = plan::events(&cluster);
            assert!(!events.is_empty());
            let packet = |number| Packet { from: vocab::NodeId(1), to: vocab::NodeId(2), number };
            let fates = BTreeMap::from([
                (packet(3), Fate::Lost),
                (packet(17), Fate::Doubled(Duration::from_micros(5))),
                (packet(29), Fate::Late(Duration::from_micros(70_000))),
            ]);
            let recording = Recording { cluster, events, fates };
            assert_eq!(recording.to_string().parse(), Ok(recording));
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let text = format!("{TITLE}\nseed 3\n\nat 0.5 start 1\n");
        let error = text.parse::<Recording>().unwrap_err();
        assert_eq!(error.to_string(), "line 4: \"0.5\" is no time in seconds with six places");
        assert_eq!("x".parse::<Recording>(), Err(ReadError::Title));
        assert_eq!(TITLE.parse::<Recording>(), Err(ReadError::Missing("seed")));
    }
}
