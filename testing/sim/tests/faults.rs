//! Whatever goes wrong, the cluster comes to rest once it stops going wrong.

use std::time::Duration;

use sim::{Random, Settings, World};
use vocab::NodeId;

/// One thing after the other, as the seed has it.
fn trouble(world: &mut World, random: &mut Random) {
    let node = NodeId(u32::try_from(random.below(3)).unwrap() + 1);
    match random.below(9) {
        0 => world.crash(node),
        1 | 2 => world.start(node),
        3 => world.kill_controller(node),
        4 => world.cut(&[&[1, 2], &[3]]),
        5 => world.cut(&[&[1], &[2, 3]]),
        6 => world.heal(),
        7 => world.kill_resource("a"),
        _ => world.fail_task(node, "monitor", 1),
    }
}

#[test]
fn the_cluster_comes_to_rest_after_any_trouble() {
    for seed in 0..60 {
        let resources = vec!["a".to_owned(), "b".to_owned()];
        let mut world = World::new(&Settings { seed, resources, ..Settings::default() });
        let mut random = Random::new(seed ^ 0xfa17);
        world.start_all();
        for _ in 0..30 {
            trouble(&mut world, &mut random);
            let pause = random.millis(1, 3_000);
            world.run_for(pause);
        }
        world.heal();
        world.run_for(Duration::from_secs(1));
        world.start_all();
        world.run_for(Duration::from_secs(5));
        world.settle(Duration::from_secs(120));
        for resource in ["a", "b"] {
            let limit = Duration::from_secs(60);
            world.run_until("it runs at most once", limit, |w| w.runs_on(resource).len() <= 1);
        }
    }
}
