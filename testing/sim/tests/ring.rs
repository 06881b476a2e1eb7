//! The ring under every kind of trouble: whatever the network, the disks and the hosts do, what must hold does.

use sim::ring::{Recording, replay, run_seed};

/// Seeds that are run with every test. More are run by `cargo xtask sim run`.
const SEEDS: std::ops::Range<u64> = 0..1_000;

#[test]
fn whatever_happens_the_properties_hold() {
    let mut failed = Vec::new();
    let (mut deliveries, mut memberships) = (0, 0);
    for seed in SEEDS {
        let outcome = run_seed(seed, |_| {}).outcome;
        deliveries += outcome.deliveries;
        memberships += outcome.memberships;
        failed.extend(outcome.violation.map(|violation| format!("seed {seed}: {violation}")));
    }
    assert!(failed.is_empty(), "{} of {SEEDS:?}:\n{}", failed.len(), failed.join("\n"));
    // Runs in which nothing happens would prove nothing.
    assert!(deliveries > 100 * SEEDS.end, "only {deliveries} deliveries");
    assert!(memberships > 5 * SEEDS.end, "only {memberships} memberships");
}

#[test]
fn equal_seeds_give_equal_runs_and_a_recording_repeats_one() {
    for seed in 0..30 {
        let (first, second) = (run_seed(seed, |_| {}), run_seed(seed, |_| {}));
        assert_eq!(first.outcome, second.outcome, "seed {seed}");
        assert_eq!(first.recording, second.recording, "seed {seed}");
        let text = first.recording.to_string();
        let read: Recording = text.parse().unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(replay(&read, false, |_| {}), first.outcome, "seed {seed}");
    }
}

/// Recordings that failed once.
const RECORDINGS: [(&str, &str); 2] = [
    ("two rings hear each other", include_str!("recordings/two-rings-hear-each-other.txt")),
    ("one ring is never at rest", include_str!("recordings/one-ring-never-at-rest.txt")),
];

#[test]
fn what_failed_once_holds_now() {
    for (name, text) in RECORDINGS {
        let recording: Recording = text.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
        let outcome = replay(&recording, false, |_| {});
        assert_eq!(outcome.violation, None, "{name}");
        assert!(outcome.memberships > 0, "{name}: nothing happened");
    }
}
