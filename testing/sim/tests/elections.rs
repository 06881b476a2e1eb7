//! Who becomes DC, and how fast.

use std::time::Duration;

use controller::State;
use sim::{Settings, World};
use vocab::NodeId;

const SEEDS: std::ops::Range<u64> = 0..20;

fn world(seed: u64) -> World {
    World::new(&Settings { seed, ..Settings::default() })
}

fn started(seed: u64) -> World {
    let mut world = world(seed);
    world.start_all();
    world.settle(Duration::from_secs(5));
    world
}

#[test]
fn three_nodes_that_start_together_have_a_dc_within_two_seconds() {
    for seed in SEEDS {
        let mut world = world(seed);
        world.start_all();
        let limit = Duration::from_secs(5);
        let took = world.run_until("there is a DC", limit, |world| !world.dcs().is_empty());
        assert!(took < Duration::from_secs(2), "seed {seed}: {took:?}");
        let took = world.settle(limit);
        assert!(took < Duration::from_secs(2), "seed {seed}: {took:?}");
    }
}

#[test]
fn nodes_that_start_one_after_the_other_have_a_dc_soon_after_the_last() {
    for seed in SEEDS {
        let mut world = world(seed);
        for node in 1..=3 {
            world.start(NodeId(node));
            world.run_for(Duration::from_secs(3));
        }
        world.settle(Duration::from_secs(2));
        assert_eq!(world.dcs().len(), 1, "seed {seed}");
    }
}

#[test]
fn a_lone_node_waits_for_others_and_then_has_no_quorum() {
    let mut world = world(1);
    world.start(NodeId(2));
    world.run_for(Duration::from_secs(15));
    assert_eq!(world.controller(NodeId(2)).map(|c| c.state()), Some(State::Pending));
    world.settle(Duration::from_secs(30));
    assert_eq!(world.dcs(), [NodeId(2)]);
    assert_eq!(world.cib(NodeId(2)).attr("have-quorum"), Some("0"));
}

#[test]
fn when_the_dc_dies_the_survivors_need_one_round_of_messages() {
    for seed in SEEDS {
        let mut world = started(seed);
        let dc = world.dcs()[0];
        world.crash(dc);
        let limit = Duration::from_secs(1);
        world.run_until("the DC is missed", limit, |world| world.dcs().is_empty());
        let took = world.run_until("there is another DC", limit, |world| !world.dcs().is_empty());
        // Membership takes up to 40 ms to tell, a round of messages up to 4 ms each way.
        assert!(took < Duration::from_millis(60), "seed {seed}: {took:?}");
        world.settle(Duration::from_secs(10));
    }
}

#[test]
fn the_dc_hands_its_office_over_when_it_leaves() {
    for seed in SEEDS {
        let mut world = started(seed);
        let dc = world.dcs()[0];
        world.shut_down(dc);
        let limit = Duration::from_secs(30);
        world.run_until("the DC has left", limit, |world| world.controller(dc).is_none());
        world.settle(limit);
        assert_eq!(world.dcs().len(), 1);
        let states = world.cib(world.dcs()[0]);
        let states = states.child("status").unwrap();
        let state = states.children().find(|s| s.id() == Some(&*dc.to_string())).unwrap();
        assert_eq!(state.attr("expected"), Some("down"), "seed {seed}");
        assert_eq!(state.attr("crmd"), Some("offline"), "seed {seed}");
    }
}

#[test]
fn a_dc_whose_process_dies_is_replaced_and_joins_again() {
    for seed in SEEDS {
        let mut world = started(seed);
        let dc = world.dcs()[0];
        world.kill_controller(dc);
        let limit = Duration::from_secs(20);
        world.run_until("it is back", limit, |w| w.controller(dc).is_some());
        world.settle(limit);
    }
}
