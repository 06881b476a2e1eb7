//! What clients of real C daemons heard, step by step: three nodes, all clients with libcpg's second model and the flag for
//! the ring's membership. Process ids are made easy to read.

use wire::corosync::cpg::{Iteration, Request, decode_membership};

use super::{Bus, bus::name};

#[test]
fn one_node_then_a_second() {
    let mut bus = Bus::new(&[1]);
    bus.connect("a", 1, 11);
    assert_eq!(bus.join("a", "g"), 1);
    bus.expect("a", &["confchg g m [1:11:0] l [] j [1:11:1]", "totem 1 [1]"]);
    bus.connect("b", 1, 12);
    assert_eq!(bus.join("b", "g"), 1);
    let joined = "confchg g m [1:11:0 1:12:0] l [] j [1:12:1]";
    bus.expect("b", &[joined, "totem 1 [1]"]);
    bus.expect("a", &[joined]);
    bus.send("a", "hello");
    bus.settle();
    bus.expect("a", &["deliver g 1:11 hello"]);
    bus.expect("b", &["deliver g 1:11 hello"]);

    bus.start(2);
    bus.form(&[&[1, 2]]);
    bus.expect("a", &["totem 1 [1, 2]"]);
    bus.expect("b", &["totem 1 [1, 2]"]);
    bus.connect("c", 2, 21);
    bus.join("c", "g");
    let joined = "confchg g m [1:11:0 1:12:0 2:21:0] l [] j [2:21:1]";
    bus.expect("c", &[joined, "totem 1 [1, 2]"]);
    bus.expect("a", &[joined]);
    bus.connect("d", 2, 22);
    bus.join_with("d", "g", 0);
    bus.settle();
    let joined = "confchg g m [1:11:0 1:12:0 2:21:0 2:22:0] l [] j [2:22:1]";
    bus.expect("d", &[joined]);

    let answer = bus.request("d", &Request::Membership { group: name("g") }.encode()).unwrap();
    let pids: Vec<_> = decode_membership(&answer).unwrap().iter().map(|m| m.pid).collect();
    assert_eq!(pids, [11, 12, 21, 22]);
    let walked = ["g/1:11", "g/2:22", "g/2:21", "g/1:12"];
    assert_eq!(bus.walk("d", Iteration::All), walked);
    assert_eq!(bus.walk("d", Iteration::OneGroup(name("g"))), walked);
    assert_eq!(bus.walk("d", Iteration::Names), ["g/0:0"]);
}

#[test]
fn statuses() {
    let mut bus = Bus::new(&[1, 2]);
    bus.connect("a", 1, 11);
    bus.connect("a2", 1, 11);
    bus.join("a", "g");
    assert_eq!(bus.join("a2", "g"), 14, "the same process twice");
    assert_eq!(bus.join("a2", "h"), 1, "the same process in another group");
    assert_eq!(bus.join("a2", "h"), 14);
    bus.connect("a3", 1, 11);
    bus.send("a3", "from nowhere");
    assert_eq!(bus.leave("a3", "g"), 12);
    assert_eq!(bus.join("a3", &"n".repeat(128)), 1);
    let heard = bus.heard("a3");
    assert!(heard[0].ends_with("m [1:11:0] l [] j [1:11:1]"), "{heard:?}");
}

#[test]
fn leaving_and_ending() {
    let mut bus = Bus::new(&[1, 2]);
    for (client, node, pid) in [("a", 1, 11), ("b", 1, 12), ("c", 2, 21), ("d", 2, 22)] {
        bus.connect(client, node, pid);
        bus.join(client, "g");
        bus.heard(client);
    }
    for client in ["a", "b", "c"] {
        bus.heard(client);
    }
    assert_eq!(bus.leave("b", "g"), 1);
    let left = "confchg g m [1:11:0 2:21:0 2:22:0] l [1:12:2] j []";
    bus.expect("a", &[left]);
    bus.expect("b", &[left]);
    bus.expect("c", &[left]);
    assert_eq!(bus.status("d", &Request::Finalize), 1);
    bus.disconnect("d");
    bus.settle();
    bus.expect("a", &["confchg g m [1:11:0 2:21:0] l [2:22:5] j []"]);
    bus.disconnect("c");
    bus.settle();
    bus.expect("a", &["confchg g m [1:11:0] l [2:21:5] j []"]);
}

/// The clients that the scenarios with three nodes begin with.
fn three() -> Bus {
    let mut bus = Bus::new(&[1, 2, 3]);
    let clients =
        [("a", 1, 11), ("b", 1, 12), ("c", 2, 21), ("d", 2, 22), ("e", 3, 31), ("f", 3, 32)];
    for (client, node, pid) in clients {
        bus.connect(client, node, pid);
        bus.join(client, "g");
    }
    bus.connect("x", 1, 13);
    bus.connect("y", 2, 24);
    bus.join("y", "other");
    bus.expect("y", &["confchg other m [2:24:0] l [] j [2:24:1]", "totem 1 [1, 2, 3]"]);
    for (client, ..) in clients {
        bus.heard(client);
    }
    bus
}

#[test]
fn a_partition_heals() {
    let mut bus = three();
    bus.form(&[&[1, 2], &[3]]);
    let lost = "confchg g m [1:11:0 1:12:0 2:21:0 2:22:0] l [3:31:3 3:32:3] j []";
    for client in ["a", "b", "c", "d"] {
        bus.expect(client, &[lost, "totem 1 [1, 2]"]);
    }
    let lost = "confchg g m [3:31:0 3:32:0] l [1:11:3 1:12:3 2:21:3 2:22:3] j []";
    for client in ["e", "f"] {
        bus.expect(client, &[lost, "totem 3 [3]"]);
    }
    bus.expect("x", &["totem 1 [1, 2]"]);
    bus.expect("y", &["totem 1 [1, 2]"]);

    bus.leave("d", "g");
    bus.connect("z", 3, 33);
    bus.join("z", "g");
    bus.expect("z", &["confchg g m [3:31:0 3:32:0 3:33:0] l [] j [3:33:1]", "totem 3 [3]"]);
    bus.disconnect("b");
    bus.settle();
    bus.expect(
        "a",
        &[
            "confchg g m [1:11:0 1:12:0 2:21:0] l [2:22:2] j []",
            "confchg g m [1:11:0 2:21:0] l [1:12:5] j []",
        ],
    );
    for client in ["c", "e", "f"] {
        bus.heard(client);
    }

    bus.form(&[&[1, 2, 3]]);
    let all = "1:11:0 2:21:0 3:31:0 3:32:0 3:33:0";
    let came = format!("confchg g m [{all}] l [] j [3:33:4 3:32:4 3:31:4]");
    for client in ["a", "c"] {
        bus.expect(client, &[&came, "totem 1 [1, 2, 3]"]);
    }
    let came = format!("confchg g m [{all}] l [] j [2:21:4 1:11:4]");
    for client in ["e", "f", "z"] {
        bus.expect(client, &[&came, "totem 1 [1, 2, 3]"]);
    }
    bus.expect("x", &["totem 1 [1, 2, 3]"]);
}

#[test]
fn a_node_is_lost_and_comes_back() {
    let mut bus = three();
    bus.kill(2);
    bus.form(&[&[1, 3]]);
    let lost = "confchg g m [1:11:0 1:12:0 3:31:0 3:32:0] l [2:21:3 2:22:3] j []";
    for client in ["a", "b", "e", "f"] {
        bus.expect(client, &[lost, "totem 1 [1, 3]"]);
    }
    bus.start(2);
    bus.form(&[&[1, 2, 3]]);
    bus.expect("a", &["totem 1 [1, 2, 3]"]);
    bus.connect("k", 2, 25);
    bus.join("k", "g");
    let came = "confchg g m [1:11:0 1:12:0 2:25:0 3:31:0 3:32:0] l [] j [2:25:1]";
    bus.expect("k", &[came, "totem 1 [1, 2, 3]"]);
    bus.expect("e", &["totem 1 [1, 2, 3]", came]);

    // Killed and started again so fast that the others form only one membership.
    bus.heard("a");
    bus.kill(2);
    bus.start(2);
    bus.form(&[&[1, 2, 3]]);
    let lost = "confchg g m [1:11:0 1:12:0 3:31:0 3:32:0] l [2:25:3] j []";
    bus.expect("a", &[lost, "totem 1 [1, 2, 3]"]);
}

#[test]
fn a_process_ends_while_its_node_is_away() {
    let mut bus = three();
    bus.form(&[&[1, 2], &[3]]);
    bus.disconnect("f");
    bus.settle();
    bus.heard("e");
    bus.heard("a");
    bus.form(&[&[1, 2, 3]]);
    let all = "1:11:0 1:12:0 2:21:0 2:22:0 3:31:0";
    let came = format!("confchg g m [{all}] l [] j [3:31:4]");
    bus.expect("a", &[&came, "totem 1 [1, 2, 3]"]);
    let came = format!("confchg g m [{all}] l [] j [2:22:4 2:21:4 1:12:4 1:11:4]");
    bus.expect("e", &[&came, "totem 1 [1, 2, 3]"]);
}

#[test]
fn a_daemon_stops_in_good_order() {
    let mut bus = three();
    // It ends its connections, and goes.
    bus.disconnect("f");
    bus.disconnect("e");
    bus.settle();
    bus.kill(3);
    bus.form(&[&[1, 2]]);
    bus.expect(
        "a",
        &[
            "confchg g m [1:11:0 1:12:0 2:21:0 2:22:0 3:31:0] l [3:32:5] j []",
            "confchg g m [1:11:0 1:12:0 2:21:0 2:22:0] l [3:31:5] j []",
            "totem 1 [1, 2]",
        ],
    );
}
