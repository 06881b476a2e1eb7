//! Quorum that goes and comes back.

use std::time::Duration;

use sim::{Settings, World};
use vocab::NodeId;

const LIMIT: Duration = Duration::from_secs(60);

fn run(seed: u64) -> World {
    let resources = vec!["a".to_owned()];
    let mut world = World::new(&Settings { seed, resources, ..Settings::default() });
    world.start_all();
    world.run_until("it runs", LIMIT, |world| world.runs_on("a").len() == 1);
    world.settle(LIMIT);
    world
}

#[test]
fn without_quorum_everything_stops_and_with_it_everything_starts() {
    for seed in 0..20 {
        let mut world = run(seed);
        let survivor = world.runs_on("a")[0];
        for node in 1..=3 {
            if NodeId(node) != survivor {
                world.crash(NodeId(node));
            }
        }
        world.run_until("it is stopped", LIMIT, |world| world.runs_on("a").is_empty());
        world.settle(LIMIT);
        assert_eq!(world.cib(survivor).attr("have-quorum"), Some("0"), "seed {seed}");
        let other = (1..=3).map(NodeId).find(|node| *node != survivor).unwrap();
        world.start(other);
        world.run_until("it runs again", LIMIT, |world| world.runs_on("a").len() == 1);
        world.settle(LIMIT);
        assert_eq!(world.cib(survivor).attr("have-quorum"), Some("1"), "seed {seed}");
    }
}

#[test]
fn a_cut_leaves_one_side_working_and_heals() {
    for seed in 0..20 {
        let mut world = run(seed);
        world.cut(&[&[1, 2], &[3]]);
        world.run_for(Duration::from_secs(30));
        world.settle(LIMIT);
        assert_eq!(world.dcs().len(), 2, "each side has its own");
        assert_eq!(world.cib(NodeId(3)).attr("have-quorum"), Some("0"));
        world.heal();
        world.run_for(Duration::from_millis(100));
        world.settle(LIMIT);
        assert_eq!(world.dcs().len(), 1, "seed {seed}");
        world.run_until("it runs once", LIMIT, |world| world.runs_on("a").len() == 1);
    }
}
