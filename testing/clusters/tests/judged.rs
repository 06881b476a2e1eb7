//! Ten thousand random clusters, planned for on all cores.
//!
//! `CARDEA_SEED=N` looks at that seed alone and prints its CIB.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread::{Builder, available_parallelism, scope},
    time::Instant,
};

use clusters::random;
use scheduler::STACK_BYTES;
use xml::Element;

const SEEDS: u64 = 10_000;

/// Objections to plans that Pacemaker makes alike, as `SEED RULE`.
const KNOWN: &str = include_str!("known.txt");

/// What is wrong with the plan for a cluster; nothing if all is well.
fn objections(seed: u64, cib: &Element) -> Vec<String> {
    let known: Vec<&str> = KNOWN
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(known, rule)| (known.parse() == Ok(seed)).then_some(rule))
        .collect();
    let (model, plan) = random::plan(cib);
    let found = plan_check::judge(&model, &plan.graph);
    let gone = known
        .iter()
        .filter(|rule| !found.iter().any(|objection| format!("{:?}", objection.rule) == **rule))
        .map(|rule| format!("{rule} is not broken any more: take it off the list"));
    let new = found
        .iter()
        .filter(|objection| !known.contains(&format!("{:?}", objection.rule).as_str()))
        .map(ToString::to_string);
    new.chain(gone).collect()
}

fn judge(seed: u64) -> Vec<String> {
    let cib = catch_unwind(|| random::cib(seed));
    let judged = cib.and_then(|cib| catch_unwind(AssertUnwindSafe(|| objections(seed, &cib))));
    judged.unwrap_or_else(|_| vec!["makes something panic".to_owned()])
}

/// The seeds whose plans something is wrong with, in ascending order.
fn judge_all(seeds: &[u64]) -> Vec<(u64, Vec<String>)> {
    let next = AtomicU64::new(0);
    let found = Mutex::new(Vec::new());
    let cores = available_parallelism().map_or(1, usize::from);
    scope(|scope| {
        for _ in 0..cores {
            let work = || {
                let next = || usize::try_from(next.fetch_add(1, Ordering::Relaxed)).ok();
                while let Some(&seed) = next().and_then(|index| seeds.get(index)) {
                    let objections = judge(seed);
                    if !objections.is_empty() {
                        found.lock().expect("nobody panics with it").push((seed, objections));
                    }
                }
            };
            let worker = Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work);
            worker.expect("a thread can be started");
        }
    });
    let mut found = found.into_inner().expect("nobody panics with it");
    found.sort_unstable();
    found
}

#[test]
fn ten_thousand_clusters_are_judged() {
    let single = std::env::var("CARDEA_SEED").ok();
    let seeds: Vec<u64> = match &single {
        Some(seed) => vec![seed.parse().expect("CARDEA_SEED is a number")],
        None => (0..SEEDS).collect(),
    };
    let start = Instant::now();
    let found = judge_all(&seeds);
    println!("{} clusters judged in {:.1} s", seeds.len(), start.elapsed().as_secs_f64());
    for (seed, objections) in &found {
        println!("seed {seed}: {}", objections.join("; "));
    }
    if single.is_some() {
        let worker = Builder::new().stack_size(STACK_BYTES);
        let cib = worker.spawn(move || random::cib(seeds[0])).expect("a thread can be started");
        println!("{}", cib.join().expect("the cluster can be made up").to_pretty());
    }
    assert!(found.is_empty(), "{} of the clusters", found.len());
}
