//! Random splits, joins, failures and restarts: where the settings promise it, no two partitions have quorum at once.

mod bed;

use std::collections::BTreeSet;

use bed::{Bed, DEVICE, DEVICE_NAME};
use quorum::{Device, Input, Request, Settings};
use vocab::NodeId;
use wire::corosync::votequorum;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// A number below `sides`.
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from(self.0 >> 33).unwrap() % sides
    }
}

fn settings(nodes: u32) -> Settings {
    let mut settings = Settings::new(NodeId(1));
    settings.nodes = (1..=nodes).map(|id| (NodeId(id), 1)).collect();
    settings
}

/// The partitions where any node believes that there is quorum.
fn quorate(bed: &Bed) -> BTreeSet<u32> {
    let is_quorate = |nodes: &BTreeSet<NodeId>| nodes.iter().any(|id| bed.nodes[id].is_quorate());
    bed.partitions().filter(|(_, nodes)| is_quorate(nodes)).map(|(number, _)| number).collect()
}

/// Something happens to the cluster.
fn disturb(bed: &mut Bed, dice: &mut Dice, nodes: u32) {
    let node = 1 + dice.roll(nodes);
    let is_up = bed.nodes.contains_key(&NodeId(node));
    match dice.roll(5) {
        0 if is_up => bed.down(&[node]),
        0 | 1 if !is_up => bed.up(dice.roll(3), &[node]),
        2 => {
            let all: Vec<_> = bed.partitions().map(|(number, _)| number).collect();
            if all.len() > 1 {
                bed.join(&all[..2]);
            }
        }
        _ => {
            let partition = dice.roll(3);
            let moved: Vec<_> =
                bed.nodes.keys().map(|id| id.0).filter(|_| dice.roll(2) == 0).collect();
            bed.gather(partition, &moved);
        }
    }
}

/// Plays with many clusters of two to nine nodes; after everything that happens, at most one partition has quorum.
/// How often one had.
fn play(mut arrange: impl FnMut(&mut Settings, &mut Dice)) -> usize {
    let mut had_quorum = 0;
    for seed in 1..=150 {
        let mut dice = Dice::new(seed);
        let nodes = 2 + dice.roll(8);
        let mut settings = settings(nodes);
        arrange(&mut settings, &mut dice);
        let mut bed = Bed::new(settings);
        bed.up(0, &(1..=nodes).collect::<Vec<_>>());
        for step in 0..40 {
            disturb(&mut bed, &mut dice, nodes);
            let quorate = quorate(&bed);
            assert!(quorate.len() <= 1, "seed {seed}, step {step}: {quorate:?} have quorum");
            had_quorum += quorate.len();
        }
    }
    had_quorum
}

#[test]
fn a_majority_is_one() {
    assert!(play(|_, _| ()) > 1_000);
}

#[test]
fn a_majority_of_different_votes_is_one() {
    let arrange = |settings: &mut Settings, dice: &mut Dice| {
        settings.nodes.values_mut().for_each(|votes| *votes = dice.roll(4));
    };
    assert!(play(arrange) > 1_000);
}

#[test]
fn waiting_for_all_leaves_one() {
    assert!(play(|settings, _| settings.wait_for_all = Some(true)) > 100);
}

#[test]
fn remembered_votes_leave_one() {
    assert!(play(|settings, _| settings.expected_votes_tracking = true) > 1_000);
}

#[test]
fn a_device_that_votes_for_one_partition_leaves_one() {
    let mut had_quorum = 0;
    for seed in 1..=60 {
        let mut dice = Dice::new(seed);
        let nodes = 2 + dice.roll(8);
        let mut settings = settings(nodes);
        settings.device = Some(Device::default());
        let mut bed = Bed::new(settings);
        bed.up(0, &(1..=nodes).collect::<Vec<_>>());
        for _ in 0..30 {
            // The device withdraws its votes while the membership changes, then gives them to one partition.
            for node in bed.nodes.values_mut() {
                node.device = node.device.map(|_| false);
            }
            bed.poll_devices(&bed.nodes.keys().copied().collect::<Vec<_>>());
            disturb(&mut bed, &mut dice, nodes);
            register_all(&mut bed);
            let all: Vec<_> = bed.partitions().map(|(_, nodes)| nodes.clone()).collect();
            if !all.is_empty() {
                let chosen = &all[usize::try_from(dice.roll(9)).unwrap() % all.len()];
                for id in chosen {
                    bed.node(id.0).device = Some(true);
                }
                bed.poll_devices(&chosen.iter().copied().collect::<Vec<_>>());
            }
            let quorate = quorate(&bed);
            assert!(quorate.len() <= 1, "seed {seed}: {quorate:?} have quorum");
            had_quorum += quorate.len();
        }
    }
    assert!(had_quorum > 1_000, "{had_quorum}");
}

fn register_all(bed: &mut Bed) {
    let new: Vec<_> =
        bed.nodes.iter().filter(|(_, node)| node.device.is_none()).map(|(id, _)| id.0).collect();
    for id in new {
        let name = DEVICE_NAME.to_owned();
        let request = Request::Votes(votequorum::Request::DeviceRegister { name });
        bed.input(id, Input::Request { client: DEVICE, request });
        bed.node(id).device = Some(false);
    }
    bed.poll_devices(&bed.nodes.keys().copied().collect::<Vec<_>>());
}

/// The first split of a whole cluster: a tie breaker lets one half go on, whichever it is.
#[test]
fn a_tie_breaker_leaves_one_after_one_split() {
    for nodes in [2, 4, 6, 8] {
        for choice in 0..1_u32 << nodes {
            let mut settings = settings(nodes);
            settings.auto_tie_breaker = true;
            let mut bed = Bed::new(settings);
            bed.up(0, &(1..=nodes).collect::<Vec<_>>());
            let moved: Vec<_> = (1..=nodes).filter(|id| choice >> (id - 1) & 1 == 1).collect();
            bed.gather(1, &moved);
            let quorate = quorate(&bed);
            assert_eq!(quorate.len(), 1, "{nodes} nodes, {moved:?} moved");
        }
    }
}
