//! Changes of membership that come at bad moments.

use super::Bus;

fn three() -> Bus {
    let mut bus = Bus::new(&[1, 2, 3]);
    for (client, node, pid) in [("a", 1, 11), ("c", 2, 21), ("e", 3, 31)] {
        bus.connect(client, node, pid);
        bus.join_with(client, "g", 0);
        bus.settle();
    }
    for client in ["a", "c", "e"] {
        bus.heard(client);
    }
    bus
}

/// Every client's last view of the group, without reasons.
fn views(bus: &mut Bus, clients: &[&str]) -> Vec<String> {
    let view = |events: Vec<String>| {
        let last = events.into_iter().rfind(|event| event.starts_with("confchg")).unwrap();
        last[..last.find(']').unwrap()].to_owned()
    };
    clients.iter().map(|client| view(bus.heard(client))).collect()
}

#[test]
fn what_was_sent_before_the_change_comes_after_the_lists() {
    let mut bus = three();
    bus.form(&[&[1, 2], &[3]]);
    for client in ["a", "c", "e"] {
        bus.heard(client);
    }
    bus.send("e", "sent alone, heard by all");
    bus.form(&[&[1, 2, 3]]);
    bus.expect(
        "a",
        &[
            "confchg g m [1:11:0 2:21:0 3:31:0] l [] j [3:31:4]",
            "totem 1 [1, 2, 3]",
            "deliver g 3:31 sent alone, heard by all",
        ],
    );
}

#[test]
fn joins_and_ends_under_way_when_partitions_merge_come_out_alike_everywhere() {
    let mut bus = three();
    bus.form(&[&[1, 2], &[3]]);
    for (client, node, pid) in [("b", 1, 12), ("f", 3, 32), ("d", 2, 22)] {
        bus.connect(client, node, pid);
        bus.join_with(client, "g", 0);
    }
    bus.disconnect("c");
    bus.begin_form(&[&[1, 2, 3]]);
    // While services synchronise, one process ends whose list has perhaps been sent already.
    for _ in 0..3 {
        bus.deliver_some(1);
    }
    bus.disconnect("e");
    bus.settle();
    let views = views(&mut bus, &["a", "b", "d", "f"]);
    assert_eq!(views[0], "confchg g m [1:11:0 1:12:0 2:22:0 3:32:0");
    assert!(views.iter().all(|view| *view == views[0]), "{views:?}");
}

#[test]
fn a_process_that_ends_at_any_step_of_the_synchronisation_leaves_no_trace() {
    for steps in 0..12 {
        let mut bus = three();
        bus.form(&[&[1, 2], &[3]]);
        bus.begin_form(&[&[1, 2, 3]]);
        for _ in 0..steps {
            bus.deliver_some(1);
        }
        bus.disconnect("e");
        bus.settle();
        for client in ["a", "c"] {
            let left = "confchg g m [1:11:0 2:21:0] l [3:31:5] j []";
            assert_eq!(bus.heard(client).last().map(String::as_str), Some(left), "{steps}");
        }
    }
}

#[test]
fn a_node_that_vanishes_at_any_step_of_the_synchronisation_leaves_no_trace() {
    // The C daemon keeps what such a node said if that came before the last report, and takes it in the next time.
    for steps in 0..12 {
        let mut bus = Bus::new(&[1]);
        bus.connect("a", 1, 11);
        bus.join("a", "g");
        bus.start(2);
        bus.form(&[&[2]]);
        bus.connect("c", 2, 21);
        bus.join("c", "g");
        bus.begin_form(&[&[1, 2]]);
        for _ in 0..steps {
            bus.deliver_some(1);
        }
        bus.kill(2);
        bus.form(&[&[1]]);
        let views = views(&mut bus, &["a"]);
        assert_eq!(views, ["confchg g m [1:11:0"], "{steps}");
    }
}

#[test]
fn processes_of_a_node_that_started_anew_unseen_are_gone() {
    let mut bus = three();
    bus.kill(3);
    bus.start(3);
    // Cut short, so that the next change finds the new daemon among those that came along.
    bus.begin_form(&[&[1, 2, 3]]);
    bus.form(&[&[1, 2, 3]]);
    let ended = "confchg g m [1:11:0 2:21:0] l [3:31:5] j []";
    bus.expect("a", &[ended, "totem 1 [1, 2, 3]"]);
    bus.expect("c", &[ended, "totem 1 [1, 2, 3]"]);
}

#[test]
fn memberships_that_follow_fast_are_told_as_one_change() {
    let mut bus = three();
    bus.begin_form(&[&[1, 2], &[3]]);
    bus.deliver_some(1);
    bus.begin_form(&[&[1], &[2, 3]]);
    bus.deliver_some(2);
    bus.form(&[&[1, 2], &[3]]);
    bus.expect(
        "a",
        &[
            "confchg g m [1:11:0] l [2:21:3 3:31:3] j []",
            "confchg g m [1:11:0 2:21:0] l [] j [2:21:4]",
            "totem 1 [1, 2]",
        ],
    );
    bus.expect(
        "c",
        &[
            "confchg g m [2:21:0] l [1:11:3 3:31:3] j []",
            "confchg g m [1:11:0 2:21:0] l [] j [1:11:4]",
            "totem 1 [1, 2]",
        ],
    );
}

#[test]
fn all_members_hear_the_same_in_the_same_order() {
    let mut bus = three();
    for round in 0..20 {
        for client in ["a", "c", "e"] {
            bus.send(client, &format!("{client}{round}"));
        }
        if round % 3 == 0 {
            bus.deliver_some(2);
        }
        if round == 11 {
            bus.connect("n", 2, 29);
            bus.join_with("n", "g", 0);
        }
    }
    bus.settle();
    let heard = bus.heard("a");
    assert_eq!(heard.len(), 61);
    assert_eq!(bus.heard("c"), heard);
    assert_eq!(bus.heard("e"), heard);
    let joined = heard.iter().position(|event| event.starts_with("confchg")).unwrap();
    assert_eq!(bus.heard("n"), heard[joined..]);
}
