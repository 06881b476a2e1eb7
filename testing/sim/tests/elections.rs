//! Who becomes DC, and how fast.

use std::time::Duration;

use controller::State;
use sim::{Settings, World, check};
use vocab::NodeId;

fn world(seed: u64) -> World {
    World::new(&Settings { seed, ..Settings::default() })
}

#[test]
fn three_nodes_that_start_together_have_a_dc_within_two_seconds() {
    for seed in 0..20 {
        let mut world = world(seed);
        world.start_all();
        let took = world
            .run_until("there is a DC", Duration::from_secs(5), |world| !world.dcs().is_empty());
        assert!(took < Duration::from_secs(2), "seed {seed}: {took:?}");
        let took = world.settle(Duration::from_secs(5));
        assert!(took < Duration::from_secs(2), "seed {seed}: {took:?}");
    }
}
