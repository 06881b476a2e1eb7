mod acl;
mod world;

use std::time::Duration;

use messages::cib::{CallOptions, ChangedSections, Notification};
use xml::Element;

use super::*;
use world::{CLIENT, World, name};

const SETTLE: Duration = Duration::from_secs(30);

fn create(id: &str) -> Request {
    let dummy = Element::new("primitive")
        .with("id", id)
        .with("class", "ocf")
        .with("provider", "pacemaker")
        .with("type", "Dummy");
    Request::change(Operation::Create, Some("resources"), dummy)
}

fn node_state(id: u32, value: impl std::fmt::Display) -> Request {
    let state = Element::new("node_state").with("id", id).with("x", value);
    Request::change(Operation::Modify, Some("status"), state).with_options(CallOptions::CAN_CREATE)
}

fn become_primary(world: &mut World, index: usize) {
    assert_eq!(world.call(index, Request::new(Operation::BecomePrimary)).result, Ok(()));
}

fn resources(world: &World, index: usize) -> Vec<String> {
    let resources = world.root(index).descend(&["configuration", "resources"]).unwrap();
    resources.children().filter_map(Element::id).map(str::to_owned).collect()
}

#[test]
fn a_change_is_made_everywhere_and_answered_where_it_was_asked_for() {
    let mut world = World::new(3);
    assert_eq!(world.call(1, create("d")).result, Ok(()));
    assert_eq!(world.agreed(), "0.1.0");
    for index in 0..3 {
        assert_eq!(resources(&world, index), ["d"]);
        assert_eq!(world.root(index).attr("update-origin"), Some("b"));
        let told = &world.nodes[index].notifications;
        assert!(matches!(&told[..], [Notification::Diff(diff)] if diff.result.is_ok()), "{told:?}");
    }
    assert_eq!(
        world.call(0, Request::query(Some("resources"))).output.unwrap().name(),
        "resources"
    );
}

#[test]
fn who_does_not_wait_gets_an_event() {
    let mut world = World::new(2);
    let mut request = create("d");
    request.call_id = 77;
    world.say(0, CLIENT, ClientMessage::Request(request));
    world.deliver();
    assert_eq!(world.nodes[0].events.iter().map(|reply| reply.call_id).collect::<Vec<_>>(), [77]);
    let quiet = create("e").with_options(CallOptions::DISCARD_REPLY);
    world.say(0, CLIENT, ClientMessage::Request(quiet));
    world.deliver();
    assert_eq!(world.nodes[0].events.len(), 1);
    assert_eq!(world.agreed(), "0.2.0");
}

#[test]
fn concurrent_writers_end_up_with_the_same() {
    let mut world = World::new(3);
    let calls: Vec<_> = (0..3)
        .map(|index| {
            (index, world.send(index, create("d")), world.send(index, node_state(1, index)))
        })
        .collect();
    world.deliver();
    let results: Vec<_> =
        calls.iter().map(|&(index, create, _)| world.reply(index, create).result).collect();
    assert_eq!(results, [Ok(()), Err(Failure::Exists), Err(Failure::Exists)]);
    assert!(calls.iter().all(|&(index, _, state)| world.reply(index, state).result.is_ok()));
    assert_eq!(world.agreed(), "0.1.3");
}

#[test]
fn a_refusal_says_why_and_changes_nothing() {
    let mut world = World::new(3);
    let request = Request::change(Operation::Create, Some("resources"), Element::new("foo"));
    let reply = world.call(2, request);
    assert_eq!(reply.result, Err(Failure::SchemaValidation));
    assert!(reply.output.is_some());
    assert_eq!(world.agreed(), "0.0.0");
    let refused = |note: &Note| matches!(note, Note::Violated(_));
    assert!(world.nodes[2].notes.iter().any(refused));
}

#[test]
fn the_lost_do_not_hold_up_the_others_and_catch_up() {
    let mut world = World::new(3);
    become_primary(&mut world, 0);
    world.call(0, create("d"));
    world.kill(2);
    assert_eq!(world.call(1, create("e")).result, Ok(()));
    world.start(2);
    assert_eq!(world.agreed(), "0.2.0", "it asked for what it missed");
    let replaced = Notification::Replaced {
        sections: ChangedSections::default(),
        generation: std::sync::Arc::new(Element::new("x")),
    };
    let told = world.nodes[2].notifications.iter();
    assert!(!told.into_iter().any(|one| *one == replaced));
}

#[test]
fn what_the_disk_lost_comes_back_from_a_peer() {
    let mut world = World::new(3);
    world.call(0, create("d"));
    world.kill(1);
    world.nodes[1].disk = crate::empty(0);
    world.start(1);
    assert_eq!(world.agreed(), "0.1.0");
    assert_eq!(resources(&world, 1), ["d"]);
    let stored = &world.nodes[1].disk;
    assert_eq!(stored.descend(&["configuration", "resources"]).unwrap().children().count(), 1);
}

#[test]
fn a_newer_copy_on_a_node_that_returns_wins() {
    let mut world = World::new(3);
    become_primary(&mut world, 0);
    world.call(0, create("d"));
    world.cut_off(2);
    world.call(2, create("e"));
    world.call(2, create("f"));
    world.rejoin(2);
    world.call(0, node_state(1, 1));
    world.pass(SETTLE);
    assert_eq!(resources(&world, 0), ["d", "e", "f"]);
    world.agreed();
}

#[test]
fn a_copy_that_differs_is_found_and_replaced() {
    let mut world = World::new(3);
    become_primary(&mut world, 0);
    world.call(0, create("d"));
    world.cut_off(2);
    world.call(2, create("e"));
    world.call(0, create("f"));
    world.rejoin(2);
    world.pass(SETTLE);
    assert_eq!(world.agreed(), "0.2.0");
    assert_eq!(resources(&world, 2), ["d", "f"], "the same version: the primary's wins");
    assert!(world.nodes[0].notes.iter().any(|note| matches!(note, Note::Differs { .. })));
}

#[test]
fn a_secondary_that_missed_something_asks_for_all() {
    let mut world = World::new(2);
    become_primary(&mut world, 0);
    world.cut_off(1);
    let old = Element::clone(world.root(0));
    world.call(0, create("d"));
    let before = Element::clone(world.root(0));
    world.rejoin(1);
    let mut after = before.clone();
    after.set("epoch", 9);
    after.set("num_updates", 0);
    let patch = xml::patchset::Patchset::between(&before, &after).unwrap().unwrap().to_element();
    let reply = world.call(1, Request::change(Operation::ApplyPatch, None, patch));
    assert_eq!(reply.result, Err(Failure::DiffResync));
    assert_ne!(old, **world.root(1));
    world.agreed();
}

#[test]
fn a_client_can_have_one_node_s_copy_sent_to_all() {
    let mut world = World::new(3);
    world.cut_off(2);
    world.call(2, create("d"));
    world.rejoin(2);
    let reply = world.call(0, Request::new(Operation::SyncToAll).on(name(2)));
    assert_eq!(reply.result, Ok(()));
    assert_eq!(world.agreed(), "0.1.0");
    let replaced = |one: &Notification| matches!(one, Notification::Replaced { .. });
    assert!(!world.nodes[0].notifications.iter().any(replaced), "no section of interest changed");
}

#[test]
fn a_damaged_copy_is_not_taken_over() {
    let mut world = World::new(2);
    let replica = world.nodes[1].replica.as_ref().unwrap();
    let PeerMessage::Replacement(mut replacement) = replica.replacement(None, None) else {
        panic!("a replacement")
    };
    let damaged = Element::clone(&replacement.cib).with("epoch", 50);
    replacement.cib = damaged.into();
    let message = PeerMessage::Replacement(replacement);
    world.handle(0, Input::Peer { from: name(1), message });
    assert_eq!(world.agreed(), "0.0.0");
    let damaged = |note: &Note| matches!(note, Note::NotReplaced { damaged: true, .. });
    assert!(world.nodes[0].notes.iter().any(damaged));
}

#[test]
fn one_node_can_be_asked_in_particular() {
    let mut world = World::new(3);
    world.cut_off(2);
    world.call(2, create("d"));
    world.rejoin(2);
    let query = Request::query(Some("resources"));
    let far = world.call(0, query.clone().on(name(2))).output.unwrap();
    assert_eq!(far.children().count(), 1);
    assert_eq!(world.call(0, query).output.unwrap().children().count(), 0);
    let refused = world.call(0, create("x").on(name(2)));
    assert_eq!(refused.result, Err(Failure::NotSupported));
}

#[test]
fn readers_only_read() {
    let mut world = World::new(1);
    for operation in Operation::ALL {
        let reply = world.call_as_reader(0, Request::new(*operation));
        let expected = match operation.kind() {
            OperationKind::Read => Ok(()),
            _ => Err(Failure::AccessDenied),
        };
        assert_eq!(reply.result, expected, "{operation}");
    }
}

#[test]
fn upgrades_are_decided_by_the_primary() {
    let mut world = World::new(3);
    become_primary(&mut world, 1);
    let reply = world.call(0, Request::new(Operation::Upgrade));
    assert_eq!(reply.result, Err(Failure::SchemaUnchanged));
    let older = Element::new("cib").with("validate-with", "pacemaker-3.2");
    assert_eq!(world.call(0, Request::change(Operation::Modify, None, older)).result, Ok(()));
    assert_eq!(world.call(2, Request::new(Operation::Upgrade)).result, Ok(()));
    assert_eq!(world.root(0).attr("validate-with"), Some("pacemaker-3.9"));
    assert_eq!(world.agreed(), "1.1.2");
}

#[test]
fn roles_are_told_and_asked() {
    let mut world = World::new(2);
    let asked = Request::new(Operation::IsPrimary);
    assert_eq!(world.call(0, asked.clone()).result, Err(Failure::NotPermitted));
    become_primary(&mut world, 0);
    assert_eq!(world.call(0, asked.clone()).result, Ok(()));
    world.call(0, Request::new(Operation::BecomeSecondary));
    assert_eq!(world.call(0, asked).result, Err(Failure::NotPermitted));
}

#[test]
fn subscriptions_to_what_does_not_exist_are_refused() {
    let mut world = World::new(1);
    world.nodes[0].acknowledged.clear();
    world.say(0, CLIENT, ClientMessage::Subscribe { kind: None, active: true });
    assert_eq!(world.nodes[0].acknowledged, [ToolExit::InvalidParameter]);
}

#[test]
fn leaving_is_announced() {
    let mut world = World::new(2);
    world.handle(0, Input::Terminate);
    assert_eq!(world.nodes[0].exit, None, "not before the others know");
    world.deliver();
    assert_eq!(world.nodes[0].exit, Some(ToolExit::Ok));
    assert_eq!(world.nodes[1].exit, None);
    world.kill(0);
    world.handle(1, Input::Terminate);
    assert_eq!(world.nodes[1].exit, Some(ToolExit::Ok), "nobody is left to be told");
}

#[test]
fn an_unanswered_farewell_is_not_waited_for_forever() {
    let mut world = World::new(2);
    world.handle(0, Input::Terminate);
    let replica = world.nodes[0].replica.take();
    world.deliver();
    world.nodes[0].replica = replica;
    world.pass(Duration::from_secs(9));
    assert_eq!(world.nodes[0].exit, None);
    world.pass(Duration::from_secs(2));
    assert_eq!(world.nodes[0].exit, Some(ToolExit::Error));
}

#[test]
fn what_could_not_be_stored_is_stored_later() {
    let mut world = World::new(1);
    world.call(0, create("d"));
    let disk = std::mem::replace(&mut world.nodes[0].disk, Element::new("torn"));
    let version = crate::Version::of(&disk);
    world.handle(0, Input::Stored { version, result: Err("disk full".into()) });
    world.pass(Duration::from_secs(31));
    assert_eq!(world.nodes[0].disk, disk);
}

/// Random writes, deaths, returns and cuts: once it is quiet, all have the same.
#[test]
fn whatever_happens_all_agree_in_the_end() {
    for seed in 1..=40_u64 {
        let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut pick = |bound: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            usize::try_from(random % bound).unwrap()
        };
        let mut world = World::new(3);
        become_primary(&mut world, 0);
        for step in 0..60 {
            let node = pick(3);
            let alive = world.nodes[node].replica.is_some();
            match pick(10) {
                0 if node != 0 && alive => world.kill(node),
                1 if !alive => world.start(node),
                2 if node != 0 && alive => world.cut_off(node),
                3 => world.rejoin(node),
                4 => world.pass(Duration::from_secs(2)),
                5..=7 if alive => drop(world.send(node, create(&format!("r{step}")))),
                8 if alive => drop(world.send(node, node_state(1, step))),
                _ => world.deliver(),
            }
        }
        for node in 0..3 {
            world.rejoin(node);
            if world.nodes[node].replica.is_none() {
                world.start(node);
            }
        }
        world.call(0, node_state(9, "end"));
        world.pass(Duration::from_secs(120));
        world.agreed();
    }
}
