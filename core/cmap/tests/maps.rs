//! Clients at the maps.

use cmap::{
    Answer, Change, ClientId, Concern, Event, Input, Key, KeyError, MapId, Maps, Output, Request,
    Statistics, Value,
};
use machine::Outbox;
use wire::corosync::{
    Status,
    cmap::{Got, TRACK_ADDED, TRACK_DELETED, TRACK_MODIFIED, TRACK_PREFIX},
};

const ALL: i32 = TRACK_ADDED | TRACK_DELETED | TRACK_MODIFIED;
const ONE: ClientId = ClientId(1);
const TWO: ClientId = ClientId(2);

struct Bench {
    maps: Maps,
    out: Outbox<Output>,
}

impl Bench {
    fn new(keys: &[(&str, Value)]) -> Self {
        let mut bench = Self { maps: Maps::new(), out: Outbox::new() };
        for (key, value) in keys {
            bench.put(MapId::Configuration, key, value.clone());
        }
        for client in [ONE, TWO] {
            bench.maps.handle(Input::Connected(client), &mut bench.out).unwrap();
        }
        bench
    }

    fn put(&mut self, map: MapId, key: &str, value: Value) {
        let input = Input::Set { map, key: key.to_owned(), value };
        self.maps.handle(input, &mut self.out).unwrap();
    }

    /// The answer, and what else came of it.
    fn ask(&mut self, client: ClientId, request: Request) -> (Answer, Vec<Output>) {
        assert!(self.out.is_empty(), "{:?}", self.out);
        self.maps.handle(Input::Request { client, request }, &mut self.out).unwrap();
        let Some(Output::Answer { client: to, answer }) = self.out.pop() else { panic!() };
        assert_eq!(to, client);
        (answer, self.out.drain().collect())
    }

    fn set(&mut self, key: &str, value: Value) -> (Answer, Vec<Output>) {
        self.ask(ONE, Request::Set { key: name(key), value })
    }

    fn adjust(&mut self, key: &str, step: i32) -> Answer {
        self.ask(ONE, Request::Adjust { key: name(key), step }).0
    }

    fn get(&mut self, client: ClientId, key: &str, room: u64) -> Result<Got, Status> {
        match self.ask(client, Request::Get { key: name(key), room }).0 {
            Answer::Get(got) => got,
            other => panic!("{other:?}"),
        }
    }

    fn track(&mut self, client: ClientId, key: &str, events: i32) -> Result<u64, Status> {
        let request = Request::TrackAdd { key: name(key), events, context: 77 };
        match self.ask(client, request).0 {
            Answer::TrackAdd(handle) => handle,
            other => panic!("{other:?}"),
        }
    }

    fn choose(&mut self, client: ClientId, map: i32) -> Answer {
        self.ask(client, Request::ChooseMap { map }).0
    }

    fn keys(&mut self, client: ClientId, prefix: &str) -> Vec<String> {
        let Answer::Iterate(Ok(handle)) =
            self.ask(client, Request::Iterate { prefix: name(prefix) }).0
        else {
            panic!()
        };
        let mut keys = Vec::new();
        while let Answer::IterateNext(Ok((key, ..))) =
            self.ask(client, Request::IterateNext { handle }).0
        {
            keys.push(key.as_str().to_owned());
        }
        let end = self.ask(client, Request::IterateEnd { handle }).0;
        assert_eq!(end, Answer::IterateEnd(Status::OK));
        keys
    }
}

fn name(key: &str) -> Key {
    Key::new(key).unwrap()
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// What a notification says: to whom, key, event, old and new value.
fn told(output: &Output) -> (ClientId, &str, i32, Option<Value>, Option<Value>) {
    let Output::Notify { client, notification } = output else { panic!("{output:?}") };
    assert_eq!(notification.context, 77);
    let (old, new) = (notification.old.clone(), notification.new.clone());
    (*client, notification.key.as_str(), notification.event, old, new)
}

#[test]
fn values_and_their_sizes() {
    let mut bench = Bench::new(&[("some.text", text("udpu")), ("some.number", Value::U16(3))]);
    assert_eq!(bench.get(ONE, "some.text", 0), Ok(Got::Size(5, 11)));
    assert_eq!(bench.get(ONE, "some.text", 4), Err(Status::INVALID_PARAMETER));
    assert_eq!(bench.get(ONE, "some.text", 5), Ok(Got::Value(text("udpu"))));
    assert_eq!(bench.get(ONE, "some.number", 16), Ok(Got::Value(Value::U16(3))));
    assert_eq!(bench.get(ONE, "other", 16), Err(Status::NOT_EXIST));
}

#[test]
fn names_and_values_have_limits() {
    let mut bench = Bench::new(&[]);
    for (key, value, status) in [
        ("ab", Value::U8(1), Status::NAME_TOO_LONG),
        ("a b", Value::U8(1), Status::NAME_TOO_LONG),
        ("abc", Value::Binary(vec![0; 16 * 1024 + 1]), Status::INVALID_PARAMETER),
        ("abc", Value::Binary(vec![0; 16 * 1024]), Status::OK),
        ("A.b_c-/:9", Value::U8(1), Status::OK),
    ] {
        assert_eq!(bench.set(key, value).0, Answer::Set(status), "{key}");
    }
    let bad = Input::Set { map: MapId::Configuration, key: "x".into(), value: Value::U8(1) };
    assert_eq!(bench.maps.handle(bad, &mut bench.out), Err(KeyError::Name));
}

#[test]
fn numbers_go_round() {
    let mut bench = Bench::new(&[
        ("num.u8", Value::U8(255)),
        ("num.i8", Value::I8(-128)),
        ("num.u64", Value::U64(0)),
        ("num.u32", Value::U32(5)),
        ("num.text", text("1")),
    ]);
    for (key, step, value) in [
        ("num.u8", 1, Value::U8(0)),
        ("num.i8", -1, Value::I8(127)),
        ("num.u64", -1, Value::U64(u64::MAX)),
        ("num.u32", 7, Value::U32(12)),
    ] {
        assert_eq!(bench.adjust(key, step), Answer::Adjust(Status::OK));
        assert_eq!(bench.maps.get(MapId::Configuration, key), Some(&value));
    }
    assert_eq!(bench.adjust("num.text", 1), Answer::Adjust(Status::INVALID_PARAMETER));
    assert_eq!(bench.adjust("num.none", 1), Answer::Adjust(Status::NOT_EXIST));
}

#[test]
fn what_is_the_daemons_own_is_protected() {
    let mut bench = Bench::new(&[
        ("runtime.config.totem.token", Value::U32(1)),
        ("totem.transport", text("udpu")),
        ("quorum.wait_for_all", Value::U8(1)),
    ]);
    for key in ["runtime.config.totem.token", "totem.transport", "nodelist.new"] {
        let refused = Answer::Set(Status::ACCESS);
        assert_eq!(bench.set(key, Value::U32(9)), (refused, vec![]), "{key}");
        let request = Request::Delete { key: name(key) };
        assert_eq!(bench.ask(ONE, request).0, Answer::Delete(Status::ACCESS));
        assert_eq!(bench.adjust(key, 1), Answer::Adjust(Status::ACCESS));
    }
    assert_eq!(bench.adjust("quorum.wait_for_all", 1), Answer::Adjust(Status::OK));
    bench.out.drain().for_each(drop);
    for key in cmap::PROTECTED_BY_QUORUM {
        let input = Input::Protect { key: key.to_owned(), prefix: false };
        bench.maps.handle(input, &mut bench.out).unwrap();
    }
    assert_eq!(bench.adjust("quorum.wait_for_all", 1), Answer::Adjust(Status::ACCESS));
}

#[test]
fn keys_come_in_order_and_by_prefix() {
    let one = Value::U8(1);
    let mut bench = Bench::new(&[
        ("b.10", one.clone()),
        ("b.2", one.clone()),
        ("a-a", one.clone()),
        ("bb.", one.clone()),
        ("B.x", one),
    ]);
    assert_eq!(bench.keys(ONE, ""), ["B.x", "a-a", "b.10", "b.2", "bb."]);
    assert_eq!(bench.keys(ONE, "b."), ["b.10", "b.2"]);
    assert_eq!(bench.keys(ONE, "zzz"), [""; 0]);
    let unknown = bench.ask(ONE, Request::IterateNext { handle: 99 }).0;
    assert_eq!(unknown, Answer::IterateNext(Err(Status::BAD_HANDLE)));
}

#[test]
fn an_iteration_lives_through_changes() {
    let mut bench =
        Bench::new(&[("k.1", Value::U8(1)), ("k.2", Value::U8(1)), ("k.3", Value::U8(1))]);
    let Answer::Iterate(Ok(handle)) = bench.ask(ONE, Request::Iterate { prefix: name("k.") }).0
    else {
        panic!()
    };
    let next = |bench: &mut Bench| match bench.ask(ONE, Request::IterateNext { handle }).0 {
        Answer::IterateNext(next) => {
            next.map(|(key, size, kind)| (key.as_str().to_owned(), size, kind))
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(next(&mut bench), Ok(("k.1".to_owned(), 1, 2)));
    for key in ["k.1", "k.2"] {
        bench.ask(ONE, Request::Delete { key: name(key) });
    }
    bench.set("k.25", Value::U32(1));
    assert_eq!(next(&mut bench), Ok(("k.25".to_owned(), 4, 6)));
    assert_eq!(next(&mut bench), Ok(("k.3".to_owned(), 1, 2)));
    assert_eq!(next(&mut bench), Err(Status::NO_SECTIONS));
    // Another client's handle is not this one's.
    let foreign = bench.ask(TWO, Request::IterateEnd { handle }).0;
    assert_eq!(foreign, Answer::IterateEnd(Status::BAD_HANDLE));
}

#[test]
fn changes_are_told_to_those_who_track_them() {
    let mut bench = Bench::new(&[]);
    bench.track(ONE, "my.key", ALL).unwrap();
    let prefix = bench.track(TWO, "my.", TRACK_PREFIX | TRACK_DELETED | TRACK_MODIFIED).unwrap();
    let (_, caused) = bench.set("my.key", Value::U8(1));
    assert_eq!(told(&caused[0]), (ONE, "my.key", TRACK_ADDED, None, Some(Value::U8(1))));
    assert_eq!(caused.len(), 2, "{caused:?}");
    let (_, caused) = bench.set("my.key", Value::U8(2));
    let modified = ("my.key", TRACK_MODIFIED, Some(Value::U8(1)), Some(Value::U8(2)));
    let (key, event, old, new) = modified.clone();
    assert_eq!(told(&caused[0]), (ONE, key, event, old, new));
    let (key, event, old, new) = modified;
    assert_eq!(told(&caused[1]), (TWO, key, event, old, new));
    // The same value is no change.
    assert_eq!(bench.set("my.key", Value::U8(2)), (Answer::Set(Status::OK), vec![]));
    // The daemon's own changes are told to clients only.
    let input = Input::Delete { map: MapId::Configuration, key: "my.key".into() };
    bench.maps.handle(input, &mut bench.out).unwrap();
    let caused: Vec<Output> = bench.out.drain().collect();
    assert_eq!(told(&caused[0]), (ONE, "my.key", TRACK_DELETED, Some(Value::U8(2)), None));
    assert_eq!(caused.len(), 2);
    let answer = bench.ask(TWO, Request::TrackDelete { handle: prefix }).0;
    assert_eq!(answer, Answer::TrackDelete(Ok(77)));
    let again = bench.ask(TWO, Request::TrackDelete { handle: prefix }).0;
    assert_eq!(again, Answer::TrackDelete(Err(Status::BAD_HANDLE)));
    bench.maps.handle(Input::Disconnected(ONE), &mut bench.out).unwrap();
    bench.put(MapId::Configuration, "my.key", Value::U8(3));
    assert!(bench.out.is_empty());
    assert_eq!(bench.track(TWO, "my.", 64), Err(Status::INVALID_PARAMETER));
}

#[test]
fn the_daemon_hears_what_clients_change() {
    for (key, value, concern) in [
        ("totem.token", Value::U32(5000), Concern::Totem),
        ("totem.config_version", Value::U64(2), Concern::ConfigVersion),
        ("quorum.expected_votes", Value::U32(3), Concern::Quorum),
        ("logging.debug", text("on"), Concern::Logging),
        ("uidgid.uid.5", Value::U8(1), Concern::Access),
        ("resources.watchdog_timeout", Value::U32(9), Concern::Resources),
        ("runtime.blackbox.dump_state", text("now"), Concern::DumpState),
        ("runtime.blackbox.dump_flight_data", text("now"), Concern::DumpFlightData),
        ("runtime.force_gather", text("no"), Concern::Other),
        ("my.key", Value::U8(1), Concern::Other),
    ] {
        let mut bench = Bench::new(&[]);
        let (answer, caused) = bench.set(key, value.clone());
        let change = Change {
            key: key.to_owned(),
            event: Event::Added,
            old: None,
            new: Some(value),
            concern,
        };
        assert_eq!((answer, caused), (Answer::Set(Status::OK), vec![Output::Changed(change)]));
    }
}

#[test]
fn buttons_go_back() {
    for (key, idle, pressed, concern) in [
        ("runtime.force_gather", text("no"), text("yes"), Concern::ForceGather),
        ("quorum.cancel_wait_for_all", Value::U8(0), Value::U8(1), Concern::CancelWaitForAll),
    ] {
        let mut bench = Bench::new(&[(key, idle.clone())]);
        bench.track(TWO, key, ALL).unwrap();
        let (_, caused) = bench.set(key, pressed.clone());
        let (old, new) = (Some(idle.clone()), Some(pressed.clone()));
        assert_eq!(told(&caused[0]), (TWO, key, TRACK_MODIFIED, old, new));
        let (old, new) = (Some(pressed.clone()), Some(idle.clone()));
        assert_eq!(told(&caused[1]), (TWO, key, TRACK_MODIFIED, old, new));
        let Output::Changed(change) = &caused[2] else { panic!("{caused:?}") };
        assert_eq!((change.concern, &change.new), (concern, &Some(pressed)));
        assert_eq!(bench.maps.get(MapId::Configuration, key), Some(&idle));
    }
}

#[test]
fn statistics_are_read_and_cleared_only() {
    let mut bench = Bench::new(&[]);
    bench.put(MapId::Statistics, "stats.srp.mcast_tx", Value::U64(4));
    bench.put(MapId::Statistics, "stats.schedmiss.0.delay", Value::Float(1.5));
    assert_eq!(bench.get(ONE, "stats.srp.mcast_tx", 16), Err(Status::NOT_EXIST));
    assert_eq!(bench.choose(ONE, 1), Answer::ChooseMap(Status::OK));
    let get = Request::Get { key: name("stats.srp.mcast_tx"), room: 16 };
    assert_eq!(bench.maps.reads_statistic(ONE, &get), Some("stats.srp.mcast_tx"));
    assert_eq!(bench.maps.reads_statistic(TWO, &get), None);
    let all = Request::Iterate { prefix: name("") };
    assert_eq!(bench.maps.reads_statistic(ONE, &all), Some(""));
    assert_eq!(bench.get(ONE, "stats.srp.mcast_tx", 16), Ok(Got::Value(Value::U64(4))));
    let refused = bench.set("stats.srp.mcast_tx", Value::U64(0)).0;
    assert_eq!(refused, Answer::Set(Status::ACCESS));
    for (key, which) in [
        ("stats.clear.knet", Statistics::Links),
        ("stats.clear.ipc", Statistics::Clients),
        ("stats.clear.totem", Statistics::Ring),
        ("stats.clear.schedmiss", Statistics::SchedulingMisses),
        ("stats.clear.all", Statistics::All),
    ] {
        let (answer, caused) = bench.set(key, Value::U8(1));
        assert_eq!(answer, Answer::Set(Status::OK));
        assert_eq!(caused, [Output::ClearStatistics(which)]);
    }
    assert_eq!(bench.keys(ONE, "stats."), ["stats.srp.mcast_tx"]);
    let unknown = bench.set("stats.clear.what", Value::U8(1)).0;
    assert_eq!(unknown, Answer::Set(Status::NOT_SUPPORTED));
    assert_eq!(bench.adjust("stats.clear.all", 1), Answer::Adjust(Status::NOT_SUPPORTED));
}

#[test]
fn statistics_are_tracked_by_key_or_as_they_come_and_go() {
    let mut bench = Bench::new(&[]);
    bench.choose(ONE, 1);
    bench.put(MapId::Statistics, "stats.srp.mcast_tx", Value::U64(4));
    bench.track(ONE, "stats.srp.mcast_tx", TRACK_MODIFIED).unwrap();
    let only_modified = bench.track(ONE, "stats.", TRACK_PREFIX | TRACK_MODIFIED);
    assert_eq!(only_modified, Err(Status::NOT_SUPPORTED));
    bench.track(ONE, "stats.knet.", TRACK_PREFIX | TRACK_ADDED | TRACK_DELETED).unwrap();
    assert_eq!(bench.maps.tracked_statistics().collect::<Vec<_>>(), ["stats.srp.mcast_tx"]);
    bench.put(MapId::Statistics, "stats.srp.mcast_tx", Value::U64(5));
    bench.put(MapId::Statistics, "stats.knet.node2.link0.mtu", Value::U32(5));
    bench.put(MapId::Statistics, "stats.knet.node2.link0.mtu", Value::U32(6));
    let prefix = "stats.knet.node2.".to_owned();
    let gone = Input::DeletePrefix { map: MapId::Statistics, prefix };
    bench.maps.handle(gone, &mut bench.out).unwrap();
    let events: Vec<(String, i32)> = bench
        .out
        .drain()
        .map(|output| {
            let (_, key, event, ..) = told(&output);
            (key.to_owned(), event)
        })
        .collect();
    let link = "stats.knet.node2.link0.mtu".to_owned();
    assert_eq!(
        events,
        [
            ("stats.srp.mcast_tx".to_owned(), TRACK_MODIFIED),
            (link.clone(), TRACK_ADDED),
            (link, TRACK_DELETED)
        ]
    );
}

#[test]
fn a_map_is_chosen_before_it_is_used() {
    let mut bench = Bench::new(&[("abc", Value::U8(1))]);
    assert_eq!(bench.choose(ONE, 2), Answer::ChooseMap(Status::NOT_EXIST));
    bench.track(ONE, "abc", ALL).unwrap();
    assert_eq!(bench.choose(ONE, 1), Answer::ChooseMap(Status::BUSY));
    let _ = bench.ask(TWO, Request::Iterate { prefix: name("") });
    assert_eq!(bench.choose(TWO, 1), Answer::ChooseMap(Status::BUSY));
}
