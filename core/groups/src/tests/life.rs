//! What one client after the other may do, and what it gets for it.

use wire::{
    corosync::cpg::{Guarantee, Iteration, Part, Request, encode_multicast},
    qb,
};

use super::{Bus, bus::name};
use crate::{Admission, Groups};

fn two() -> Bus {
    let mut bus = Bus::new(&[1, 2]);
    for (client, node, pid) in [("a", 1, 11), ("c", 2, 21)] {
        bus.connect(client, node, pid);
        bus.join(client, "g");
    }
    bus.heard("a");
    bus.heard("c");
    bus
}

#[test]
fn who_left_hears_nothing_more_and_may_join_again() {
    // Differs from the C daemon, which goes on sending to who left, and lets it join nothing any more.
    let mut bus = two();
    bus.leave("a", "g");
    bus.expect("a", &["confchg g m [2:21:0] l [1:11:2] j []"]);
    bus.send("c", "after");
    bus.send("a", "unheard");
    bus.settle();
    bus.expect("a", &[]);
    bus.heard("c");
    assert_eq!(bus.join("a", "other"), 1);
    bus.expect("a", &["confchg other m [1:11:0] l [] j [1:11:1]"]);
    bus.leave("a", "other");
    bus.heard("a");
    assert_eq!(bus.join("a", "g"), 1);
    bus.expect("a", &["confchg g m [1:11:0 2:21:0] l [] j [1:11:1]"]);
    bus.expect("c", &["confchg g m [1:11:0 2:21:0] l [] j [1:11:1]"]);
}

#[test]
fn nothing_is_heard_before_the_own_join_and_everything_until_the_own_leave() {
    let mut bus = two();
    bus.connect("b", 1, 12);
    bus.send("c", "before");
    bus.deliver_some(1);
    bus.join_with("b", "g", 0);
    bus.send("b", "at once");
    bus.settle();
    let joined = "confchg g m [1:11:0 1:12:0 2:21:0] l [] j [1:12:1]";
    bus.expect("b", &[joined, "deliver g 1:12 at once"]);
    bus.heard("a");

    let leave = Request::Leave { group: name("g"), pid: 12 };
    bus.send("a", "ahead");
    assert_eq!(bus.status("b", &leave), 1);
    assert_eq!(bus.status("b", &leave), 12, "it is leaving already");
    assert_eq!(bus.join_with("b", "g", 0), 10, "busy: the library asks again");
    bus.send("b", "too late");
    bus.send("a", "behind");
    bus.settle();
    let left = "confchg g m [1:11:0 2:21:0] l [1:12:2] j []";
    bus.expect("b", &["deliver g 1:11 ahead", left]);
    bus.expect("a", &["deliver g 1:11 ahead", left, "deliver g 1:11 behind"]);
}

#[test]
fn a_join_under_way_cannot_be_left_but_is_undone_when_the_client_ends() {
    let mut bus = two();
    bus.connect("b", 1, 12);
    bus.join_with("b", "g", 0);
    assert_eq!(bus.status("b", &Request::Leave { group: name("g"), pid: 12 }), 10);
    bus.disconnect("b");
    bus.settle();
    bus.expect(
        "c",
        &[
            "confchg g m [1:11:0 1:12:0 2:21:0] l [] j [1:12:1]",
            "confchg g m [1:11:0 2:21:0] l [1:12:5] j []",
        ],
    );
}

#[test]
fn a_process_number_is_free_once_all_have_heard_that_it_ended() {
    let mut bus = two();
    bus.disconnect("a");
    bus.connect("b", 1, 11);
    assert_eq!(bus.join_with("b", "g", 0), 6, "try again");
    bus.settle();
    assert_eq!(bus.join("b", "g"), 1);
    bus.expect(
        "c",
        &["confchg g m [2:21:0] l [1:11:5] j []", "confchg g m [1:11:0 2:21:0] l [] j [1:11:1]"],
    );
}

#[test]
fn only_what_the_client_is_in_can_be_left() {
    let mut bus = two();
    assert_eq!(bus.leave("a", "other"), 12);
    assert_eq!(bus.status("a", &Request::Leave { group: name("g"), pid: 21 }), 7);
    bus.expect("c", &[]);
    assert_eq!(bus.leave("a", "g"), 1);
}

#[test]
fn who_finalized_hears_nothing_and_is_gone_when_the_connection_is() {
    let mut bus = two();
    assert_eq!(bus.status("a", &Request::Finalize), 1);
    assert_eq!(bus.status("a", &Request::Finalize), 1);
    assert_eq!(bus.join_with("a", "h", 0), 9);
    bus.send("c", "still there");
    bus.settle();
    bus.expect("a", &[]);
    bus.expect("c", &["deliver g 2:21 still there"]);
    bus.disconnect("a");
    bus.settle();
    bus.expect("c", &["confchg g m [2:21:0] l [1:11:5] j []"]);
}

#[test]
fn long_messages_come_in_parts_and_are_cut_off_when_members_change() {
    let mut bus = two();
    assert_eq!(bus.send_part("a", Part::First, "ab"), 1);
    assert_eq!(bus.send_part("a", Part::Middle, "cd"), 1);
    assert_eq!(bus.send_part("a", Part::Last, "ef"), 1);
    bus.settle();
    bus.expect(
        "c",
        &["part g 1:11 First of 6 ab", "part g 1:11 Middle of 6 cd", "part g 1:11 Last of 6 ef"],
    );
    assert_eq!(bus.send_part("a", Part::First, "ab"), 1);
    bus.connect("b", 1, 12);
    bus.join("b", "g");
    assert_eq!(bus.send_part("a", Part::Middle, "cd"), 16, "interrupted");
    assert_eq!(bus.send_part("a", Part::First, "ab"), 1);
    bus.connect("n", 1, 14);
    assert_eq!(bus.send_part("n", Part::First, "ab"), 12);
}

#[test]
fn groups_are_apart_even_if_names_begin_alike() {
    let mut bus = two();
    for (client, pid, group) in [("b", 12, "g\0"), ("h", 15, ""), ("i", 16, "g g")] {
        bus.connect(client, 1, pid);
        assert_eq!(bus.join_with(client, group, 0), 1);
        bus.settle();
        bus.heard(client);
    }
    bus.send("b", "mine");
    bus.send("h", "empty");
    bus.settle();
    bus.expect("a", &[]);
    bus.expect("b", &["deliver g\\x00 1:12 mine"]);
    bus.expect("h", &["deliver  1:15 empty"]);
    let names = bus.walk("a", Iteration::Names);
    assert_eq!(names, ["g g/0:0", "/0:0", "g\\x00/0:0", "g/0:0"], "the group met last is first");
    bus.kill(2);
    bus.form(&[&[1]]);
    bus.expect("a", &["confchg g m [1:11:0] l [2:21:3] j []", "totem 1 [1]"]);
    bus.expect("b", &["totem 1 [1]"]);
}

#[test]
fn a_walk_does_not_see_later_changes_and_belongs_to_its_client() {
    let mut bus = two();
    let begin = Request::Iteration(Iteration::All).encode();
    let answer = bus.request("a", &begin).unwrap();
    let handle = wire::corosync::cpg::decode_iteration(&answer).unwrap();
    bus.leave("c", "g");
    assert_eq!(bus.status("c", &Request::IterationNext { handle }), 2);
    assert_eq!(bus.status("c", &Request::IterationEnd { handle }), 2);
    for expected in [1, 1, 27, 27] {
        assert_eq!(bus.status("a", &Request::IterationNext { handle }), expected);
    }
    assert_eq!(bus.status("a", &Request::IterationEnd { handle }), 1);
    assert_eq!(bus.status("a", &Request::IterationEnd { handle }), 2);
    for _ in 0..32 {
        assert_eq!(bus.status("a", &Request::Iteration(Iteration::All)), 1);
    }
    assert_eq!(bus.status("a", &Request::Iteration(Iteration::All)), 18);
}

#[test]
fn requests_that_need_the_ring_wait_while_services_synchronise() {
    let mut bus = two();
    let multicast = encode_multicast(Guarantee::Agreed, b"x");
    let join = Request::Join { group: name("g"), pid: 1, flags: 0 }.encode();
    assert_eq!(bus.admission("a", &multicast), Admission::Take);
    bus.begin_form(&[&[1, 2]]);
    assert_eq!(bus.admission("a", &multicast), Admission::Hold);
    assert_eq!(bus.admission("a", &join), Admission::TryAgain);
    assert_eq!(bus.admission("a", &Request::LocalGet.encode()), Admission::Take);
    assert_eq!(bus.admission("a", &Request::Finalize.encode()), Admission::Take);
    bus.settle();
    assert_eq!(bus.admission("a", &join), Admission::Take);

    let full = bus.groups(1).admission(&multicast, false, |bytes| bytes < multicast.len());
    assert_eq!(full, Admission::Hold);
    assert_eq!(Groups::try_again(&multicast), None);
    let answer = Groups::try_again(&join).unwrap();
    assert_eq!(qb::ResponseHeader::decode(&answer).unwrap().error, 6);
}

#[test]
fn what_is_announced_for_a_message_is_at_least_what_it_takes() {
    let mut bus = two();
    for payload in [0, 64, 5_000] {
        let request = encode_multicast(Guarantee::Agreed, &vec![7; payload]);
        let mut announced = 0;
        bus.groups(1).admission(&request, false, |bytes| {
            announced = bytes;
            true
        });
        bus.request("a", &request);
        assert!(announced >= bus.queued_bytes(1), "{announced}");
        bus.settle();
    }
}

#[test]
fn messages_in_shared_files_are_not_supported() {
    use wire::corosync::cpg::ZeroCopy;
    let mut bus = two();
    for what in [ZeroCopy::Allocate, ZeroCopy::Free, ZeroCopy::Send] {
        assert_eq!(bus.status("a", &Request::ZeroCopy(what)), 19);
    }
}
