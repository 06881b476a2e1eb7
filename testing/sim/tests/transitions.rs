//! Plans that are carried out, given up, and made anew.

use std::time::Duration;

use sim::{Settings, World};
use vocab::NodeId;
use xml::Element;

const LIMIT: Duration = Duration::from_secs(60);

fn world(seed: u64, resources: &[&str]) -> World {
    let resources = resources.iter().map(|r| (*r).to_owned()).collect();
    let mut world = World::new(&Settings { seed, resources, ..Settings::default() });
    world.start_all();
    world
}

fn run(seed: u64, resources: &[&str]) -> World {
    let mut world = world(seed, resources);
    for resource in resources {
        world.run_until("it runs", LIMIT, |world| world.runs_on(resource).len() == 1);
    }
    world.settle(LIMIT);
    world
}

fn find(world: &World, wanted: impl Fn(&Element) -> bool) -> Option<Element> {
    world.cib(world.dcs()[0]).descendants().find(|element| wanted(element)).cloned()
}

#[test]
fn resources_start_once_and_are_watched() {
    for seed in 0..20 {
        let world = run(seed, &["a", "b", "c"]);
        for resource in ["a", "b", "c"] {
            assert_eq!(world.runs_on(resource).len(), 1, "seed {seed}");
            let id = format!("{resource}_monitor_10000");
            let row = find(&world, |row| row.id() == Some(&*id)).expect("a row of the watch");
            assert_eq!(row.attr("rc-code"), Some("0"));
        }
    }
}

#[test]
fn a_resource_that_dies_is_recovered_and_its_failure_counted() {
    for seed in 0..20 {
        let mut world = run(seed, &["a"]);
        world.kill_resource("a");
        world.run_until("it is gone", LIMIT, |world| world.runs_on("a").is_empty());
        world.run_until("it runs again", LIMIT, |world| world.runs_on("a").len() == 1);
        world.settle(LIMIT);
        let name = "fail-count-a#monitor_10000";
        let count = find(&world, |pair| pair.attr("name") == Some(name)).expect("a fail count");
        assert_eq!(count.attr("value"), Some("1"), "seed {seed}");
    }
}

#[test]
fn a_start_that_fails_is_tried_elsewhere() {
    for seed in 0..20 {
        let mut world = world(seed, &["a"]);
        world.fail_task(NodeId(1), "start", 1);
        world.run_until("it runs", LIMIT, |world| world.runs_on("a") == [NodeId(2)]);
        world.settle(LIMIT);
        let name = "fail-count-a#start_0";
        let count = find(&world, |pair| pair.attr("name") == Some(name)).expect("a fail count");
        assert_eq!(count.attr("value"), Some("INFINITY"), "seed {seed}");
    }
}

#[test]
fn an_action_without_result_ends_the_transition_and_is_recorded() {
    let mut world = world(5, &["a"]);
    world.hang_task(NodeId(1), "start", true);
    let row = |world: &World| {
        world.dcs().first().is_some_and(|dc| {
            world.cib(*dc).descendants().any(|row| {
                row.attr("operation_key") == Some("a_start_0") && row.attr("op-status") == Some("2")
            })
        })
    };
    world.run_until("the timeout is recorded", Duration::from_secs(200), row);
}

#[test]
fn a_change_of_the_configuration_makes_a_new_plan() {
    let mut world = run(7, &["a"]);
    let primitive = Element::new("primitive")
        .with("id", "late")
        .with("class", "ocf")
        .with("provider", "pacemaker")
        .with("type", "Dummy");
    let data = Element::new("resources").with_child(primitive);
    world.change_cib(NodeId(2), messages::cib::Operation::Modify, "resources", data);
    world.run_until("it runs", LIMIT, |world| world.runs_on("late").len() == 1);
    world.settle(LIMIT);
}

#[test]
fn a_node_that_dies_gives_its_resources_to_others() {
    for seed in 0..20 {
        let mut world = run(seed, &["a", "b"]);
        let victim = world.runs_on("a")[0];
        world.crash(victim);
        let took = world.run_until("both run elsewhere", LIMIT, |world| {
            ["a", "b"].iter().all(|resource| {
                world.runs_on(resource).len() == 1 && world.runs_on(resource)[0] != victim
            })
        });
        assert!(took < Duration::from_secs(2), "seed {seed}: {took:?}");
        world.settle(LIMIT);
        world.start(victim);
        world.run_for(Duration::from_secs(1));
        world.settle(LIMIT);
        assert_ne!(world.runs_on("a"), [victim], "what runs elsewhere stays there");
    }
}

#[test]
fn a_controller_that_dies_does_not_harm_what_runs_on_its_node() {
    for seed in 0..20 {
        for node in 1..=3 {
            let mut world = run(seed, &["a", "b"]);
            let places = (world.runs_on("a"), world.runs_on("b"));
            world.kill_controller(NodeId(node));
            for _ in 0..400 {
                world.run_for(Duration::from_millis(50));
                let now = (world.runs_on("a"), world.runs_on("b"));
                assert_eq!(now, places, "seed {seed}, node {node}");
            }
            world.settle(LIMIT);
        }
    }
}

#[test]
fn a_node_that_leaves_stops_what_it_runs_first() {
    for seed in 0..20 {
        let mut world = run(seed, &["a", "b"]);
        let leaver = world.runs_on("a")[0];
        world.shut_down(leaver);
        world.run_until("it has left", LIMIT, |world| world.controller(leaver).is_none());
        assert!(world.runs_on("a").iter().all(|node| *node != leaver));
        world.settle(LIMIT);
        world.run_until("it runs elsewhere", LIMIT, |world| world.runs_on("a").len() == 1);
    }
}

#[test]
fn a_node_is_fenced_before_its_resources_run_elsewhere() {
    for seed in 0..10 {
        let settings =
            Settings { seed, resources: vec!["a".into()], fencing: true, ..Settings::default() };
        let mut world = World::new(&settings);
        world.start_all();
        world.run_until("it runs", LIMIT, |world| world.runs_on("a").len() == 1);
        world.settle(LIMIT);
        // The node still runs, but nobody hears it.
        let victim = world.runs_on("a")[0].0;
        let rest: Vec<u32> = (1..=3).filter(|node| *node != victim).collect();
        world.cut(&[&rest]);
        world.run_until("it runs elsewhere", LIMIT, |world| {
            let places = world.runs_on("a");
            assert!(places.len() < 2, "seed {seed}: {places:?}");
            places.iter().any(|node| node.0 != victim)
        });
    }
}
