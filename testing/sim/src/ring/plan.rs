//! What is done to a cluster from outside, made up from its seed before anything runs.

use std::time::Duration;

use machine::Instant;
use totem::Guarantee;
use vocab::NodeId;

use super::{Cluster, Event, Happening, faults};
use crate::Random;

/// Messages below this many bytes cannot be told apart.
pub(super) const MESSAGE_BYTES_MIN: usize = 3;

/// Everything that is done, in the order of time.
pub(super) fn events(cluster: &Cluster) -> Vec<Event> {
    let mut events = starts(cluster);
    faults::add(cluster, &mut events);
    add_workload(cluster, &mut events);
    // Stable, so that what was put in together stays together.
    events.sort_by_key(|event| event.at);
    events
}

/// A time up to so long after another, in whole microseconds.
pub(super) fn soon(random: &mut Random, after: Instant, within: Duration) -> Instant {
    let micros = u64::try_from(within.as_micros()).unwrap_or(u64::MAX);
    after + Duration::from_micros(random.below(micros.max(1)))
}

fn starts(cluster: &Cluster) -> Vec<Event> {
    let mut random = Random::stream(cluster.seed, "starts");
    let within = *random.choose(&[
        Duration::from_micros(1),
        cluster.token / 10,
        cluster.token * 2,
        cluster.token * 8,
    ]);
    let start = |node| Event {
        at: soon(&mut random, Instant::START, within),
        what: Happening::Start(node),
    };
    cluster.node_ids().map(start).collect()
}

fn add_workload(cluster: &Cluster, events: &mut Vec<Event>) {
    let mut random = Random::stream(cluster.seed, "workload");
    let messages = *random.choose(&[20, 60, 120, 250]);
    let huge = random.below(40) == 0;
    let span = cluster.faults_end.since(Instant::START);
    let mut sent = 0;
    while sent < messages {
        let at = soon(&mut random, Instant::START, span);
        // Some alone, some in bursts of one node or of all.
        let burst = *random.choose(&[1, 1, 1, 5, 30]);
        let sender = any_node(cluster, &mut random);
        let everybody = random.below(2) == 0;
        for _ in 0..burst {
            let node = if everybody { any_node(cluster, &mut random) } else { sender };
            let guarantee = if random.below(5) == 0 { Guarantee::Safe } else { Guarantee::Agreed };
            let bytes = message_bytes(cluster, &mut random);
            events.push(Event { at, what: Happening::Multicast { node, bytes, guarantee } });
        }
        sent += burst;
    }
    if huge {
        let at = soon(&mut random, Instant::START, span);
        let node = any_node(cluster, &mut random);
        let what = Happening::Multicast { node, bytes: 1_000_000, guarantee: Guarantee::Agreed };
        events.push(Event { at, what });
    }
}

pub(super) fn any_node(cluster: &Cluster, random: &mut Random) -> NodeId {
    NodeId(1 + u32::try_from(random.below(u64::from(cluster.nodes))).unwrap_or(0))
}

fn message_bytes(cluster: &Cluster, random: &mut Random) -> usize {
    let frame = cluster.frame_bytes_max as u64;
    let bytes = match random.below(100) {
        0..60 => random.below(300),
        // Around what one packet holds.
        60..75 => frame - 150 + random.below(200),
        75..98 => random.below(frame.min(9_000) * 3),
        _ => random.below(100_000),
    };
    usize::try_from(bytes).unwrap_or(0).max(MESSAGE_BYTES_MIN)
}
