//! The simulator notices when the protocol is broken on purpose, and tells by a small recording how.

use std::collections::BTreeSet;

use sim::ring::{Preparation, check::Property, replay, run_seed, shrink};
use totem::Sabotage;

/// Seeds among which the breakage must show.
const SEEDS: std::ops::Range<u64> = 0..100;

/// What the seeds say about a broken ring, and one failure made small.
fn caught(broken: Preparation) -> BTreeSet<Property> {
    let mut properties = BTreeSet::new();
    for seed in SEEDS {
        let run = run_seed(seed, broken);
        let Some(violation) = run.outcome.violation else { continue };
        if properties.insert(violation.property) {
            let small = shrink(&run.recording, 400, broken).expect("a recording fails as its run");
            let whole = run.recording.events.len() + run.recording.fates.len();
            let left = small.recording.events.len() + small.recording.fates.len();
            assert!(left < whole, "seed {seed}: all {whole} parts are needed");
            // A failure is the breakage's alone.
            assert_eq!(replay(&small.recording, false, |_| {}).violation, None, "seed {seed}");
        }
    }
    properties
}

#[test]
fn recovery_that_ends_too_early_is_noticed() {
    let properties = caught(|ring| ring.sabotage(Sabotage::EndRecoveryEarly));
    assert!(properties.contains(&Property::VirtualSynchrony), "{properties:?}");
}

#[test]
fn numbers_of_rings_that_are_used_before_they_are_stored_are_noticed() {
    let properties = caught(|ring| ring.sabotage(Sabotage::UseUnstoredNumber));
    assert!(properties.contains(&Property::RingIdFresh), "{properties:?}");
}

#[test]
fn retransmissions_that_are_left_out_are_noticed() {
    let properties = caught(|ring| ring.sabotage(Sabotage::LeaveOutRetransmissions));
    assert!(properties.contains(&Property::Settles), "{properties:?}");
}
