//! Many who write at the same time: some win, the others are told, and nothing is lost silently.

use std::{
    sync::{Barrier, Mutex},
    thread,
};

use client::cib::Failure;
use xml::patchset::Patchset;

use super::*;
use crate::world::in_namespace;

const WRITERS: usize = 8;
const ROUNDS: usize = 20;

/// Lets all writers do something at the same time, round by round, each with a connection of its own and what it read before
/// the round; gives how often they succeeded and failed.
fn race(change: impl Fn(&mut Cib, &Element, &str) -> Result<(), CibError> + Sync) -> Outcomes {
    let barrier = Barrier::new(WRITERS);
    let outcomes = Mutex::new(Outcomes::default());
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (barrier, outcomes, change) = (&barrier, &outcomes, &change);
            scope.spawn(move || {
                let mut cib = open();
                for round in 0..ROUNDS {
                    barrier.wait();
                    let read = cib.query(None, CallOptions::NONE).unwrap();
                    barrier.wait();
                    let mark = format!("w{writer}-r{round}");
                    let result = change(&mut cib, &read, &mark);
                    outcomes.lock().unwrap().count(round, mark, result);
                }
            });
        }
    });
    outcomes.into_inner().unwrap()
}

#[derive(Default)]
struct Outcomes {
    /// The round and what was written, of each that succeeded.
    won: Vec<(usize, String)>,
    lost: Vec<Failure>,
}

impl Outcomes {
    fn count(&mut self, round: usize, mark: String, result: Result<(), CibError>) {
        match result {
            Ok(()) => self.won.push((round, mark)),
            Err(error) => self.lost.push(error.failure()),
        }
    }

    /// Nobody went unheard, one of each round won, and the others were told why not.
    fn require_one_winner_a_round(&self, refusals: &[Failure]) {
        let mut rounds: Vec<_> = self.won.iter().map(|(round, _)| *round).collect();
        rounds.sort_unstable();
        assert_eq!(rounds, (0..ROUNDS).collect::<Vec<_>>());
        assert_eq!(self.won.len() + self.lost.len(), WRITERS * ROUNDS);
        assert!(self.lost.iter().all(|lost| refusals.contains(lost)), "{:?}", self.lost);
    }
}

/// What was read with one more resource in it.
fn with_resource(read: &Element, id: &str) -> Element {
    let mut new = read.clone();
    let resources = new.child_mut("configuration").unwrap().child_mut("resources").unwrap();
    resources.push(resource(id));
    new
}

fn resource(id: &str) -> Element {
    let dummy = Element::new("primitive").with("id", id).with("class", "ocf");
    dummy.with("provider", "pacemaker").with("type", "Dummy")
}

fn resources(cib: &Element) -> Vec<String> {
    let resources = cib.descend(&["configuration", "resources"]).unwrap();
    resources.children().map(|child| child.id().unwrap().to_owned()).collect()
}

/// All replace the whole CIB by what they read, plus one resource, with the version that they read or one up. Of those who read
/// the same version one wins: the others would undo what it did. To tell them apart the daemon raises the version once more.
#[test]
fn of_those_who_replace_the_same_version_one_wins() {
    in_namespace("hostile::writers::of_those_who_replace_the_same_version_one_wins", async || {
        let (daemon, only) = started().await;
        for up in [0, 1] {
            let resources = only.descend(&["configuration", "resources"]).unwrap().clone();
            open().replace(Some("resources"), resources, CallOptions::NONE).unwrap();
            let before = whole();
            let outcomes = race(|cib, read, mark| {
                let new = with_resource(read, mark).with("epoch", number(read, "epoch") + up);
                cib.replace(None, new, CallOptions::NONE)
            });
            outcomes.require_one_winner_a_round(&[Failure::OldData]);
            let after = whole();
            let risen = number(&after, "epoch") - number(&before, "epoch");
            assert_eq!(usize::try_from(risen / (up + 1)), Ok(outcomes.won.len()));
            everything_won_is_there(&outcomes, &after);
        }
        daemon.end();
    });
}

/// The same by patch sets: a patch set is for the version it was made from and never applied to another.
#[test]
fn a_patch_set_is_applied_to_its_own_version_only() {
    in_namespace("hostile::writers::a_patch_set_is_applied_to_its_own_version_only", async || {
        let (daemon, before) = started().await;
        let outcomes = race(|cib, read, mark| {
            let new = with_resource(read, mark).with("epoch", number(read, "epoch") + 1);
            let patch = Patchset::between(&Arc::new(read.clone()), &Arc::new(new)).unwrap();
            cib.apply_patch(patch.unwrap().to_element(), CallOptions::NONE)
        });
        outcomes.require_one_winner_a_round(&[Failure::OldData]);
        let after = whole();
        let risen = number(&after, "epoch") - number(&before, "epoch");
        // Once by the patch set, once by the daemon, as for a replacement that is one up.
        assert_eq!(usize::try_from(risen / 2), Ok(outcomes.won.len()));
        everything_won_is_there(&outcomes, &after);
        daemon.end();
    });
}

fn everything_won_is_there(outcomes: &Outcomes, after: &Element) {
    let mut won: Vec<_> = outcomes.won.iter().map(|(_, mark)| mark.clone()).collect();
    won.push("d".to_owned());
    won.sort();
    let mut found = resources(after);
    found.sort();
    assert_eq!(found, won);
}

/// Who creates different things does not conflict: everything is there, and each change has a version of its own.
#[test]
fn different_elements_are_all_created() {
    in_namespace("hostile::writers::different_elements_are_all_created", async || {
        let (daemon, before) = started().await;
        thread::scope(|scope| {
            for writer in 0..WRITERS {
                scope.spawn(move || {
                    let mut cib = open();
                    for index in 0..50 {
                        let new = resource(&format!("w{writer}-{index}"));
                        cib.create(Some("resources"), new, CallOptions::NONE).unwrap();
                    }
                });
            }
        });
        let after = whole();
        let mut found = resources(&after);
        found.sort();
        found.dedup();
        assert_eq!(found.len(), 1 + WRITERS * 50);
        assert_eq!(number(&after, "epoch") - number(&before, "epoch"), 400);
        assert!(daemon.peak_mib() < 128, "{} MiB", daemon.peak_mib());
        daemon.end();
    });
}
