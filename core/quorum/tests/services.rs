//! What clients of both services are told, and what happens to messages that make no sense.

mod bed;

use bed::{Bed, DEVICE, DEVICE_NAME, OPERATOR};
use quorum::{
    Answer, ClientId, ConfigurationError, Device, Event, Input, Notice, Quorum, Request, Settings,
    TieBreaker,
};
use vocab::NodeId;
use wire::{
    corosync::{RingId, Status, quorum as service, votequorum},
    exec::votequorum::{Message, NodeFlags, NodeInfo},
};

const WATCHER: ClientId = ClientId(7);

fn cluster(nodes: u32) -> Bed {
    let mut settings = Settings::new(NodeId(1));
    settings.nodes = (1..=nodes).map(|id| (NodeId(id), 1)).collect();
    Bed::new(settings)
}

fn ask(bed: &mut Bed, node: u32, request: Request) -> Answer {
    bed.node(node).answers.clear();
    bed.input(node, Input::Request { client: WATCHER, request });
    match &bed.node(node).answers[..] {
        [(WATCHER, answer)] => answer.clone(),
        answers => panic!("{answers:?}"),
    }
}

fn events(bed: &mut Bed, node: u32) -> Vec<Event> {
    bed.node(node).events.drain(..).map(|(_, event)| event).collect()
}

fn status(id: i32, status: Status) -> Answer {
    Answer::Status { id, status }
}

#[test]
fn the_new_layout_tells_who_came_and_went() {
    let mut bed = cluster(3);
    bed.up(0, &[1, 2]);
    let model = Request::Quorum(service::Request::ModelGetType { model: 1 });
    assert_eq!(
        ask(&mut bed, 1, model),
        Answer::Number { id: service::MODEL_TYPE_ANSWER, number: 1 }
    );
    let start = Request::Quorum(service::Request::TrackStart { flags: service::TRACK_CHANGES });
    assert_eq!(ask(&mut bed, 1, start.clone()), status(service::TRACK_START_ANSWER, Status::OK));
    let ring = bed.node(1).ring;
    let members = vec![1, 2];
    let first = [
        Event::Quorum(service::Event::NodeList {
            ring,
            members: members.clone(),
            joined: vec![],
            left: vec![],
        }),
        Event::Quorum(service::Event::Quorum { quorate: true, ring, members }),
    ];
    assert_eq!(events(&mut bed, 1), first);
    // Who follows already is told the state again, and that it follows.
    assert_eq!(ask(&mut bed, 1, start), status(service::TRACK_START_ANSWER, Status::EXIST));
    assert_eq!(events(&mut bed, 1), first);

    bed.up(0, &[3]);
    let ring = bed.node(1).ring;
    let members = vec![1, 2, 3];
    assert_eq!(
        events(&mut bed, 1),
        [
            Event::Quorum(service::Event::NodeList {
                ring,
                members: members.clone(),
                joined: vec![3],
                left: vec![],
            }),
            Event::Quorum(service::Event::Quorum { quorate: true, ring, members }),
        ]
    );
    bed.gather(1, &[2, 3]);
    let ring = bed.node(1).ring;
    let members = vec![1];
    assert_eq!(
        events(&mut bed, 1),
        [
            Event::Quorum(service::Event::NodeList {
                ring,
                members: members.clone(),
                joined: vec![],
                left: vec![2, 3],
            }),
            Event::Quorum(service::Event::Quorum { quorate: false, ring, members }),
        ]
    );
}

#[test]
fn the_old_layout_tells_quorum_and_members_alone() {
    let mut bed = cluster(2);
    bed.up(0, &[1, 2]);
    let start = Request::Quorum(service::Request::TrackStart { flags: service::TRACK_CHANGES });
    ask(&mut bed, 2, start);
    let ring_sequence = bed.node(2).ring.sequence;
    let members = vec![1, 2];
    let event = service::Event::Notification { quorate: true, ring_sequence, members };
    assert_eq!(events(&mut bed, 2), [Event::Quorum(event)]);
    ask(&mut bed, 2, Request::Quorum(service::Request::TrackStop));
    bed.down(&[1]);
    assert_eq!(events(&mut bed, 2), []);
    assert_eq!(
        ask(&mut bed, 2, Request::Quorum(service::Request::GetQuorate)),
        Answer::Number { id: service::QUORATE_ANSWER, number: 0 }
    );
}

#[test]
fn an_unknown_layout_is_refused() {
    let mut bed = cluster(1);
    bed.up(0, &[1]);
    let model = Request::Quorum(service::Request::ModelGetType { model: 2 });
    assert_eq!(
        ask(&mut bed, 1, model),
        status(service::MODEL_TYPE_ANSWER, Status::INVALID_PARAMETER)
    );
}

#[test]
fn who_follows_votes_is_told_the_members_first_and_then_quorum() {
    let mut bed = cluster(2);
    bed.up(0, &[1, 2]);
    let start = votequorum::Request::TrackStart { context: 9, flags: service::TRACK_CHANGES };
    let start = Request::Votes(start);
    assert_eq!(ask(&mut bed, 1, start.clone()), status(0, Status::OK));
    assert_eq!(ask(&mut bed, 1, start), status(0, Status::EXIST));
    bed.node(1).events.clear();
    bed.down(&[2]);
    let ring = bed.node(1).ring;
    let nodes = vec![
        votequorum::NodeState { node: 1, state: 1 },
        votequorum::NodeState { node: 2, state: 2 },
    ];
    assert_eq!(
        events(&mut bed, 1),
        [
            Event::Votes(votequorum::Event::NodeList { context: 9, ring, nodes: vec![1] }),
            Event::Votes(votequorum::Event::Quorum { context: 9, quorate: false, nodes }),
        ]
    );
    bed.input(1, Input::Disconnected(WATCHER));
    bed.up(0, &[2]);
    assert_eq!(events(&mut bed, 1), []);
    let stop = Request::Votes(votequorum::Request::TrackStop);
    assert_eq!(ask(&mut bed, 1, stop), status(0, Status::NOT_EXIST));
}

/// The requests of Debian's `corosync-qdevice`, in its order.
#[test]
fn a_device_is_served_from_its_start_to_its_end() {
    let mut bed = cluster(2);
    let mut settings = bed.settings().clone();
    settings.device = Some(Device { votes: Some(1), ..Device::default() });
    bed.reload(settings);
    bed.up(0, &[1, 2]);
    let name = || DEVICE_NAME.to_owned();
    let mut ask = |request| ask(&mut bed, 1, Request::Votes(request));
    let ok = status(0, Status::OK);
    assert_eq!(ask(votequorum::Request::DeviceRegister { name: name() }), ok);
    let Answer::Info(info) = ask(votequorum::Request::GetInfo { node: 0 }) else { panic!() };
    assert_eq!((info.device_name, info.device_votes), (name(), 1));
    let flags = service::TRACK_CHANGES;
    assert_eq!(ask(votequorum::Request::TrackStart { context: 0, flags }), ok);
    let ring = RingId { node: 1, sequence: 0 };
    let poll = |ring| votequorum::Request::DevicePoll { name: name(), cast_vote: true, ring };
    assert_eq!(ask(poll(ring)), status(0, Status::MESSAGE_ERROR), "an older membership");
    assert_eq!(ask(votequorum::Request::DeviceMasterWins { name: name(), allow: true }), ok);
    let stranger = votequorum::Request::DeviceUnregister { name: "other".to_owned() };
    assert_eq!(ask(stranger), status(0, Status::INVALID_PARAMETER));
    assert_eq!(ask(votequorum::Request::TrackStop), ok);
    assert_eq!(ask(votequorum::Request::DeviceUnregister { name: name() }), ok);
    assert_eq!(ask(poll(ring)), status(0, Status::NOT_EXIST));
    let Answer::Info(info) = ask(votequorum::Request::GetInfo { node: 0 }) else { panic!() };
    assert_eq!(info.device_name, "", "nobody has a device any more");
}

#[test]
fn one_node_has_one_device_and_the_cluster_has_one_name_for_it() {
    let mut bed = cluster(2);
    bed.up(0, &[1, 2]);
    let register =
        |name: &str| Request::Votes(votequorum::Request::DeviceRegister { name: name.to_owned() });
    assert_eq!(ask(&mut bed, 1, register("Q")), status(0, Status::OK));
    assert_eq!(ask(&mut bed, 1, register("Q")), status(0, Status::OK));
    assert_eq!(ask(&mut bed, 1, register("R")), status(0, Status::EXIST));
    assert_eq!(ask(&mut bed, 2, register("R")), status(0, Status::EXIST));
    let update = votequorum::Request::DeviceUpdate { old: "Q".to_owned(), new: "R".to_owned() };
    assert_eq!(ask(&mut bed, 1, Request::Votes(update)), status(0, Status::OK));
    assert_eq!(ask(&mut bed, 2, register("R")), status(0, Status::OK));
}

#[test]
fn a_device_that_is_gone_before_it_is_registered_is_not() {
    let mut bed = cluster(2);
    bed.up(0, &[1, 2]);
    let register = votequorum::Request::DeviceRegister { name: DEVICE_NAME.to_owned() };
    let register = Request::Votes(register);
    let node = bed.node(1);
    let sent = node.handle(
        machine::Instant::START,
        Input::Request { client: DEVICE, request: register.clone() },
    );
    assert_eq!(sent.len(), 1, "no answer yet");
    bed.input(1, Input::Disconnected(DEVICE));
    assert_eq!(ask(&mut bed, 1, register), status(0, Status::OK), "the way is free");
}

fn info(node: u32, votes: u32, flags: NodeFlags) -> Message {
    Message::NodeInfo(NodeInfo { node, votes, expected_votes: 3, flags })
}

#[test]
fn messages_that_lie_or_make_no_sense_are_refused_with_a_notice() {
    let mut bed = cluster(3);
    bed.up(0, &[1]);
    let before = bed.request(1, votequorum::Request::GetInfo { node: 0 });
    let refused = [
        info(3, 1, NodeFlags::QUORATE),
        info(2, u32::MAX, NodeFlags::default()),
        info(0, 1, NodeFlags::default()),
        Message::SetExpectedVotes { by: 3, votes: 1 },
        Message::SetExpectedVotes { by: 2, votes: 0 },
        Message::SetExpectedVotes { by: 2, votes: u32::MAX },
        Message::SetNodeVotes { node: 1, votes: u32::MAX },
        Message::CancelWaitForAll { by: 1 },
    ];
    for message in refused {
        bed.node(1).notices.clear();
        bed.input(1, Input::Deliver { from: NodeId(2), message: &message.encode() });
        let notices = &bed.node(1).notices;
        assert!(matches!(notices[..], [Notice::Refused { .. }]), "{message:?}: {notices:?}");
    }
    let whole = info(2, 1, NodeFlags::default()).encode();
    for length in 0..whole.len() {
        bed.node(1).notices.clear();
        bed.input(1, Input::Deliver { from: NodeId(2), message: &whole[..length] });
        assert!(matches!(bed.node(1).notices[..], [Notice::Malformed { .. }]), "{length} bytes");
    }
    assert_eq!(bed.request(1, votequorum::Request::GetInfo { node: 0 }), before);
}

#[test]
fn a_late_timer_means_nothing() {
    let mut bed = cluster(2);
    bed.up(0, &[1, 2]);
    let register = votequorum::Request::DeviceRegister { name: DEVICE_NAME.to_owned() };
    ask(&mut bed, 1, Request::Votes(register));
    bed.node(1).device = Some(true);
    bed.poll_devices(&[NodeId(1)]);
    let (_, old) = bed.node(1).timers[&quorum::Timer::Device];
    bed.poll_devices(&[NodeId(1)]);
    bed.node(1).notices.clear();
    bed.input(1, Input::Fired { timer: quorum::Timer::Device, token: old });
    assert_eq!(bed.node(1).notices, []);
}

#[test]
fn without_a_provider_there_is_quorum_always() {
    let mut bed = Bed::new(Settings { provider: false, ..Settings::new(NodeId(1)) });
    bed.up(0, &[1]);
    assert!(bed.node(1).is_quorate());
    for (request, id, number) in [
        (service::Request::GetQuorate, service::QUORATE_ANSWER, 1),
        (service::Request::GetType, service::TYPE_ANSWER, 0),
    ] {
        assert_eq!(ask(&mut bed, 1, Request::Quorum(request)), Answer::Number { id, number });
    }
    let info = Request::Votes(votequorum::Request::GetInfo { node: 0 });
    assert_eq!(ask(&mut bed, 1, info), status(0, Status::NOT_EXIST));
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let base = || {
        let mut settings = Settings::new(NodeId(1));
        settings.nodes = (1..=3).map(|id| (NodeId(id), 1)).collect();
        settings
    };
    let device = |votes| Some(Device { votes, ..Device::default() });
    let cases = [
        (Settings::new(NodeId(1)), ConfigurationError::NoExpectedVotes),
        (
            Settings { two_node: true, device: device(None), ..base() },
            ConfigurationError::TwoNodeWithDevice,
        ),
        (
            Settings { auto_tie_breaker: true, last_man_standing: true, ..base() },
            ConfigurationError::TieBreakerWithLastManStanding,
        ),
        (
            Settings { last_man_standing: true, device: device(None), ..base() },
            ConfigurationError::DeviceWithLastManStanding,
        ),
        (
            Settings {
                auto_tie_breaker: true,
                wait_for_all: Some(true),
                device: device(None),
                ..base()
            },
            ConfigurationError::DeviceWithTieBreaker,
        ),
        (
            Settings { allow_downscale: true, device: device(None), ..base() },
            ConfigurationError::DeviceWithDownscale,
        ),
        (
            Settings { expected_votes: Some(3), device: device(None), ..base() },
            ConfigurationError::DeviceVotesWithExpected,
        ),
        (
            Settings { expected_votes: Some(3), device: device(Some(2)), ..base() },
            ConfigurationError::DeviceVotesTooHigh,
        ),
    ];
    for (settings, error) in cases {
        assert_eq!(Quorum::new(&settings).err(), Some(error));
    }
    let mut uneven = Settings { device: device(None), ..base() };
    uneven.nodes.insert(NodeId(2), 2);
    let error = ConfigurationError::DeviceVotesWithUnevenNodes;
    assert_eq!(Quorum::new(&uneven).err(), Some(error));
}

#[test]
fn a_reload_that_contradicts_itself_changes_nothing_and_says_why() {
    let bed = cluster(4);
    let settings =
        Settings { auto_tie_breaker: true, last_man_standing: true, ..bed.settings().clone() };
    let mut bed = Bed::new(settings);
    bed.up(0, &[1, 2, 3, 4]);
    let before = bed.request(1, votequorum::Request::GetInfo { node: 0 });
    let mut odd = bed.settings().clone();
    odd.nodes.insert(NodeId(5), 1);
    bed.node(1).notices.clear();
    bed.reload(odd);
    let lines: Vec<_> = bed.node(1).notices.iter().map(ToString::to_string).collect();
    let advice = ConfigurationError::TieBreakerWithLastManStanding.advice();
    assert_eq!(lines, advice);
    assert_eq!(bed.request(1, votequorum::Request::GetInfo { node: 0 }), before);
}

#[test]
fn tie_breakers_are_read_as_corosync_reads_them() {
    let list = |ids: &[u32]| TieBreaker::List(ids.iter().copied().map(NodeId).collect());
    for (text, expected) in [
        ("lowest", TieBreaker::Lowest),
        ("highest", TieBreaker::Highest),
        ("3", list(&[3])),
        ("1 3  5", list(&[1, 3, 5])),
        ("1 x 5", list(&[1])),
        ("first", TieBreaker::Invalid),
        ("0 2", TieBreaker::Invalid),
        ("", TieBreaker::Invalid),
    ] {
        assert_eq!(TieBreaker::parse(text), expected, "{text:?}");
    }
}

#[test]
fn a_long_list_of_nodes_takes_several_lines() {
    let mut bed = cluster(40);
    bed.up(0, &(1..=40).collect::<Vec<_>>());
    let lines: Vec<_> = bed
        .node(1)
        .notices
        .iter()
        .filter(|notice| matches!(notice, Notice::Nodes { what: "Members", count: 40, .. }))
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        lines,
        [
            "Members[40]: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24\\",
            "Members[40]: 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40",
        ]
    );
}

#[test]
fn the_operator_is_told_of_what_does_not_exist() {
    let mut bed = cluster(2);
    bed.up(0, &[1]);
    let answers = bed.request(1, votequorum::Request::GetInfo { node: 2 });
    assert_eq!(answers, [status(votequorum::INFO_ANSWER, Status::NOT_EXIST)]);
    bed.input(1, Input::Disconnected(OPERATOR));
}
