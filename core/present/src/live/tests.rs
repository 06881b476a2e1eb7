use vocab::{Interval, Role, Timestamp};

use super::*;
use crate::{
    Counts, Dc, Detail, Failure, Filter, Node, NodeRef, OptionsSummary, Primitive, Resource,
    Sections, Show, Status,
};

const NOW: Timestamp = Timestamp(1_793_547_049);
const SIZE: Size = Size { lines: 30, columns: 100 };

fn status() -> Status {
    let at = NodeRef { name: "n1".into(), online: true, ..NodeRef::default() };
    let fine = Primitive {
        id: "web".into(),
        agent: "ocf:pacemaker:Dummy".into(),
        role: Role::Started,
        managed: true,
        active: true,
        nodes: vec![at],
        ..Primitive::default()
    };
    let node = |name: &str| Node { name: name.into(), online: true, ..Node::default() };
    Status {
        stack: "corosync".into(),
        dc: Some(Dc {
            name: "n1".into(),
            id: "1".into(),
            version: None,
            with_quorum: true,
            mixed_version: false,
        }),
        counts: Counts { nodes: 2, resources: 1, ..Counts::default() },
        options: OptionsSummary { fencing_enabled: true, ..OptionsSummary::default() },
        nodes: vec![Node { running: vec![fine.clone()], ..node("n1") }, node("n2")],
        resources: vec![Resource::Primitive(Box::new(fine))],
        ..Status::default()
    }
}

fn view() -> View {
    let mut show = Show::new(Sections::TEXT, 0);
    show.detail = Detail { newer_words: true, always_list_resources: true, ..show.detail };
    View::new(show)
}

fn texts(view: &mut View, status: Option<&Status>, connection: &Connection) -> Vec<String> {
    let picture = Picture { status, connection, now: NOW };
    view.draw(&picture, SIZE).iter().map(|line| line.text()).collect()
}

fn drawn(view: &mut View, status: &Status) -> Vec<String> {
    texts(view, Some(status), &Connection::Connected)
}

#[test]
fn what_is_wrong_comes_first() {
    let mut status = status();
    assert!(drawn(&mut view(), &status)[0].starts_with(" all is well "));
    status.nodes[1].online = false;
    status.failures.push(Failure {
        key: "web_monitor_10000".into(),
        resource: "web".into(),
        task: "monitor".into(),
        interval: Interval { millis: 10_000 },
        node: "n1".into(),
        exit: 7,
        status: vocab::ExecStatus::Done,
        call: None,
        reason: None,
        last_change: None,
        exec_ms: None,
        queue_ms: None,
    });
    let lines = drawn(&mut view(), &status);
    assert!(lines[0].starts_with(" 2 problems "), "{lines:?}");
    assert_eq!(lines[2], "Problems:");
    assert_eq!(lines[3], "  Node n2: offline");
    assert_eq!(lines[4], "  web 10s-interval monitor on n1 returned 'Not running'");
    let node_list = lines.iter().position(|line| line == "Node List:").expect("a list");
    assert!(node_list > 4);
    // What has been said is not said again.
    assert!(!lines.iter().any(|line| line == "Failed Resource Actions:"));
}

#[test]
fn letters_switch_sections_and_forms() {
    let mut view = view();
    let status = status();
    let has = |view: &mut View, line: &str| {
        drawn(view, &status).iter().any(|drawn| drawn.trim_start().starts_with(line))
    };
    assert!(has(&mut view, "Active Resources:"));
    assert_eq!(view.press(Key::Character('r')), Reaction::Draw);
    assert!(has(&mut view, "Full List of Resources:"));
    view.press(Key::Character('n'));
    assert!(has(&mut view, "* Node n1: online:") && has(&mut view, "* web"));
    assert!(has(&mut view, "Cluster Summary:"));
    view.press(Key::Character('D'));
    assert!(!has(&mut view, "Cluster Summary:"));
    view.press(Key::Character('D'));
    assert!(has(&mut view, "Cluster Summary:"));
    view.press(Key::Character('t'));
    assert!(view.show().sections.operations && view.show().detail.timing);
    view.press(Key::Character('o'));
    assert!(!view.show().sections.operations && !view.show().detail.timing);
}

#[test]
fn fencing_goes_round() {
    let mut view = view();
    let mut levels = vec![view.fence_level()];
    for _ in 0..4 {
        assert_eq!(view.press(Key::Character('m')), Reaction::Look);
        levels.push(view.fence_level());
    }
    assert_eq!(levels, [1, 2, 3, 0, 1]);
}

#[test]
fn help_is_left_before_the_view_is() {
    let mut view = view();
    view.press(Key::Character('?'));
    assert_eq!(drawn(&mut view, &status())[0], "Keys");
    // Switches work in the help too.
    view.press(Key::Character('A'));
    assert!(drawn(&mut view, &status()).contains(&"  * A   node attributes".to_owned()));
    assert_eq!(view.press(Key::Escape), Reaction::Draw);
    assert!(drawn(&mut view, &status())[0].starts_with(" all is well "));
    assert_eq!(view.press(Key::Escape), Reaction::Quit);
    assert_eq!(view.press(Key::Character('q')), Reaction::Quit);
    assert_eq!(view.press(Key::Interrupt), Reaction::Quit);
}

#[test]
fn a_lost_connection_is_told_with_since_when_above_what_was_seen_last() {
    let lost = Connection::Lost { since: Timestamp(NOW.0 - 90), why: "refused".into() };
    let status = status();
    let lines = texts(&mut view(), Some(&status), &lost);
    assert!(lines[0].starts_with(" not connected "));
    assert_eq!(lines[1], " No connection since Sun Nov  1 15:29:19 2026 (1m30s): refused");
    assert!(lines.iter().any(|line| line == "Node List:"));
    let lines = texts(&mut view(), None, &lost);
    assert_eq!(lines[2], " Trying again.");
}

#[test]
fn a_small_screen_is_moved_over_the_lines() {
    let mut view = view();
    let status = status();
    let size = Size { lines: 4, columns: 12 };
    let connection = Connection::Connected;
    let picture = Picture { status: Some(&status), connection: &connection, now: NOW };
    let seen = |view: &mut View| -> Vec<String> {
        view.draw(&picture, size).iter().map(|line| line.text()).collect()
    };
    let first = seen(&mut view);
    assert_eq!(first.len(), 4);
    // What does not fit goes on below.
    assert_eq!(first[..2], [" all is well", "    2 of 2 n"]);
    view.press(Key::Down);
    assert_eq!(seen(&mut view)[0], first[1]);
    view.press(Key::Up);
    view.press(Key::PageDown);
    let second = seen(&mut view);
    assert!(second[3].starts_with(" 4-6 of "), "{second:?}");
    assert!(second.iter().all(|line| line.chars().count() <= 12), "{second:?}");
    view.press(Key::End);
    view.press(Key::Down);
    let last = seen(&mut view);
    view.press(Key::Up);
    assert_ne!(seen(&mut view), last);
    view.press(Key::Home);
    assert!(seen(&mut view)[0].starts_with(" all is well"));
    assert_eq!(view.draw(&picture, Size { lines: 0, columns: 0 }), []);
}

#[test]
fn nothing_that_a_name_contains_reaches_the_terminal() {
    let mut status = status();
    status.nodes[1].name = "n2\x1b[2J".into();
    status.nodes[1].online = false;
    let lines = drawn(&mut view(), &status);
    assert!(lines.iter().all(|line| !line.chars().any(char::is_control)), "{lines:?}");
    assert!(lines.contains(&"  Node n2?[2J: offline".to_owned()));
}

#[test]
fn filters_of_the_command_line_hold_in_the_view() {
    let mut view = view();
    view.set_filters(["n1".to_owned()].into_iter().collect(), Filter::Everything);
    let mut status = status();
    status.nodes[1].online = false;
    assert!(drawn(&mut view, &status)[0].starts_with(" all is well "));
}
