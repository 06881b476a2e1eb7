//! Nodes that come later, and whose CIB wins.

use std::time::Duration;

use messages::cib::Operation;
use sim::{Settings, World};
use vocab::NodeId;
use xml::Element;

const LIMIT: Duration = Duration::from_secs(30);

fn world(seed: u64) -> World {
    World::new(&Settings { seed, ..Settings::default() })
}

/// Sets a cluster property on a node, as a tool would.
fn set(world: &mut World, node: NodeId, name: &str, value: &str) {
    let pair = Element::new("nvpair")
        .with("id", format_args!("x-{name}"))
        .with("name", name)
        .with("value", value);
    let set = Element::new("cluster_property_set").with("id", "x").with_child(pair);
    let data = Element::new("crm_config").with_child(set);
    world.change_cib(node, Operation::Modify, "crm_config", data);
    world.run_for(Duration::from_secs(1));
}

fn has(world: &World, node: NodeId, name: &str) -> bool {
    world.cib(node).descendants().any(|element| element.attr("name") == Some(name))
}

#[test]
fn a_late_joiner_is_taken_in_without_a_new_election() {
    for seed in 0..20 {
        let mut world = world(seed);
        world.start(NodeId(1));
        world.start(NodeId(2));
        world.settle(LIMIT);
        let dc = world.dcs()[0];
        world.start(NodeId(3));
        world.run_for(Duration::from_millis(200));
        world.settle(LIMIT);
        assert_eq!(world.dcs(), [dc], "seed {seed}");
    }
}

#[test]
fn the_newest_cib_wins_whoever_has_it() {
    for seed in 0..10 {
        let mut world = world(seed);
        world.start(NodeId(1));
        world.start(NodeId(2));
        world.settle(LIMIT);
        // Node 3 was away; what it misses it gets, what only it had is gone.
        set(&mut world, NodeId(1), "newer", "1");
        world.start(NodeId(3));
        world.run_for(Duration::from_millis(200));
        world.settle(LIMIT);
        assert!(has(&world, NodeId(3), "newer"), "seed {seed}");
    }
}

#[test]
fn a_joiner_with_a_newer_cib_brings_it_to_all() {
    for seed in 0..10 {
        let mut world = world(seed);
        world.start_all();
        world.settle(LIMIT);
        world.shut_down(NodeId(1));
        world.shut_down(NodeId(2));
        world.run_until("1 and 2 have left", Duration::from_secs(90), |world| {
            world.controller(NodeId(1)).is_none() && world.controller(NodeId(2)).is_none()
        });
        world.settle(LIMIT);
        for round in 0..5 {
            set(&mut world, NodeId(3), &format!("only-here-{round}"), "1");
        }
        world.settle(LIMIT);
        world.crash(NodeId(3));
        world.start(NodeId(1));
        world.start(NodeId(2));
        world.run_for(Duration::from_secs(1));
        world.settle(LIMIT);
        assert!(!has(&world, NodeId(1), "only-here-4"), "seed {seed}");
        world.start(NodeId(3));
        world.run_for(Duration::from_secs(1));
        world.settle(LIMIT);
        assert!(has(&world, NodeId(1), "only-here-4"), "seed {seed}");
    }
}

#[test]
fn a_change_of_the_whole_cib_does_not_stop_the_cluster() {
    let mut world = world(3);
    world.start_all();
    world.settle(LIMIT);
    let cib = world.cib(NodeId(1));
    let mut changed = cib.clone();
    changed.set("admin_epoch", 7);
    world.change_cib(NodeId(1), Operation::Replace, "cib", changed);
    world.run_for(Duration::from_secs(2));
    world.settle(LIMIT);
    assert_eq!(world.cib(NodeId(2)).attr("admin_epoch"), Some("7"));
}
