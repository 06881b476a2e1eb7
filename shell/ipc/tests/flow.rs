//! What a server of the ring's services needs: requests held back, events for many, clients that stop reading, rules that
//! change. Some clients are Debian's libqb (package `libqb100`).

mod libqb;

use std::{
    future::poll_fn,
    io,
    sync::atomic::{AtomicU32, Ordering},
    task::Poll,
    thread::{self, JoinHandle},
    time::Duration,
};

use ipc::{
    Access, Allowed, Backlog, Client, ClientId, ConnectError, RequestFlow, Server, ServerEvent,
    ServerSettings, Transport,
};
use libqb::CClient;
use wire::Writer;

const BOTH: [Transport; 2] = [Transport::SharedMemory, Transport::Socket];
/// Longer than any step takes on any machine: it only ends a test that would never end.
const LONG: Duration = Duration::from_secs(60);
const LONG_MS: i32 = 60_000;

fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("flow-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

fn settings(name: &str, transport: Transport) -> ServerSettings {
    ServerSettings {
        name: name.to_owned(),
        transport,
        max_message_bytes: 20_000,
        access: Access::Anyone,
        backlog: Backlog::RING,
    }
}

fn bind(name: &str, transport: Transport) -> Server {
    Server::bind(settings(name, transport)).unwrap()
}

fn request(payload: &[u8]) -> Vec<u8> {
    let mut writer = Writer::request(3);
    writer.bytes(payload);
    writer.finish_message()
}

fn event(payload: &[u8]) -> Vec<u8> {
    let mut writer = Writer::response(4, 0);
    writer.bytes(payload);
    writer.finish_message()
}

/// Does something that blocks while the server's loop runs until the next client has connected.
async fn connected<T: Send + 'static>(
    server: &mut Server,
    connect: impl FnOnce() -> T + Send + 'static,
) -> (ClientId, T) {
    let client: JoinHandle<T> = thread::spawn(connect);
    match server.next().await {
        ServerEvent::Connected { client: id, .. } => (id, client.join().unwrap()),
        other => panic!("{other:?}"),
    }
}

/// A client that is refused, with what it was told.
async fn refused(server: &mut Server, name: &str) -> ConnectError {
    let name = name.to_owned();
    let (done, end) = tokio::sync::oneshot::channel();
    thread::spawn(move || done.send(Client::connect(&name, 0, LONG).unwrap_err()).unwrap());
    tokio::select! {
        event = server.next() => panic!("{event:?}"),
        error = end => error.unwrap(),
    }
}

async fn next_request(server: &mut Server) -> Vec<u8> {
    match server.next().await {
        ServerEvent::Request { bytes, .. } => bytes[16..].to_vec(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn requests_of_one_client_can_be_held_and_nothing_is_lost() {
    for transport in BOTH {
        let name = unique_name();
        let mut server = bind(&name, transport);
        let connect = || {
            let name = name.clone();
            move || Client::connect(&name, 0, LONG).unwrap()
        };
        let (held, mut first) = connected(&mut server, connect()).await;
        let (_, mut second) = connected(&mut server, connect()).await;
        server.set_client_flow(held, RequestFlow::Hold);
        for number in 0..5_u8 {
            first.send(&request(&[number]), LONG).unwrap();
        }
        second.send(&request(b"other"), LONG).unwrap();
        assert_eq!(next_request(&mut server).await, b"other", "the other client is served");
        server.set_client_flow(held, RequestFlow::Open);
        for number in 0..5_u8 {
            assert_eq!(next_request(&mut server).await, [number]);
        }
        let stats = server.connection_stats(held).unwrap();
        assert_eq!((stats.requests, stats.flow, stats.flow_changes), (5, RequestFlow::Open, 2));
    }
}

#[tokio::test]
async fn who_sends_gets_what_there_is_room_for() {
    for transport in BOTH {
        let name = unique_name();
        let mut server = bind(&name, transport);
        let connect = move || Client::connect(&name, 0, LONG).unwrap();
        let (id, mut client) = connected(&mut server, connect).await;
        while server.waiting(id) < 3 {
            server.event(id, &event(&[7; 15_000])).unwrap();
        }
        // It takes all that it finds and asks for something: then the next ones are there without another wait.
        while client.next_event(Duration::ZERO).unwrap().is_some() {}
        client.send(&request(b"x"), LONG).unwrap();
        assert_eq!(next_request(&mut server).await, b"x");
        assert!(server.waiting(id) < 3, "{transport:?}");
    }
}

#[tokio::test]
async fn who_is_far_behind_is_slowed_down_and_loses_nothing() {
    for transport in BOTH {
        let name = unique_name();
        let mut server = Server::bind(ServerSettings {
            backlog: Backlog { messages_max: 20, ..Backlog::RING },
            ..settings(&name, transport)
        })
        .unwrap();
        let connect = move || Client::connect(&name, 0, LONG).unwrap();
        let (id, mut client) = connected(&mut server, connect).await;
        while server.waiting(id) < 12 {
            server.event(id, &event(&[7; 15_000])).unwrap();
        }
        for number in 0..3_u8 {
            client.send(&request(&[number]), LONG).unwrap();
        }
        assert_eq!(next_request(&mut server).await, [0]);
        // The next one is there, and not read before the server has looked whether the client takes anything.
        let now = poll_fn(|cx| Poll::Ready(server.poll_next(cx))).await;
        assert_eq!(now, Poll::Pending, "{transport:?}");
        for number in 1..3_u8 {
            assert_eq!(next_request(&mut server).await, [number]);
        }
    }
}

#[tokio::test]
async fn the_end_of_a_client_that_is_held_is_noticed() {
    for transport in BOTH {
        let name = unique_name();
        let mut server = bind(&name, transport);
        let connect = move || Client::connect(&name, 0, LONG).unwrap();
        let (id, mut client) = connected(&mut server, connect).await;
        server.set_flow(RequestFlow::Hold);
        client.send(&request(b"never read"), LONG).unwrap();
        drop(client);
        assert_eq!(server.next().await, ServerEvent::Disconnected { client: id });
    }
}

#[tokio::test]
async fn clients_of_libqb_are_told_to_try_again() {
    for transport in BOTH {
        let name = unique_name();
        let mut server = bind(&name, transport);
        let connect = || {
            let name = name.clone();
            move || CClient::connect(&name, 20_000).unwrap()
        };
        let (_, mut bulk) = connected(&mut server, connect()).await;
        bulk.set_flow_control_max(2);
        server.set_flow(RequestFlow::Hold);
        // One that comes later is told the same.
        let (id, mut other) = connected(&mut server, connect()).await;
        assert_eq!(server.connection_stats(id).unwrap().flow, RequestFlow::Hold);
        let again =
            |result: io::Result<()>| result.unwrap_err().raw_os_error() == Some(libc::EAGAIN);
        assert!(again(bulk.send(&request(b"no"))), "{transport:?}");
        other.send(&request(b"patient")).unwrap();
        server.set_flow(RequestFlow::Refuse);
        assert!(again(bulk.send(&request(b"no"))));
        assert!(again(other.send(&request(b"no"))));
        server.set_flow(RequestFlow::Open);
        assert_eq!(next_request(&mut server).await, b"patient");
        bulk.send(&request(b"now")).unwrap();
        assert_eq!(next_request(&mut server).await, b"now");
    }
}

#[tokio::test]
async fn one_event_for_many_clients_of_both_kinds() {
    for transport in BOTH {
        let name = unique_name();
        let mut server = bind(&name, transport);
        let (ours, theirs) = (name.clone(), name.clone());
        let (one, mut client) =
            connected(&mut server, move || Client::connect(&ours, 0, LONG).unwrap()).await;
        let (two, mut c_client) =
            connected(&mut server, move || CClient::connect(&theirs, 20_000).unwrap()).await;
        let whole = event(b"headpayload");
        for _ in 0..100 {
            server.post_all([one, two, ClientId(99)], &[&whole[..28], &whole[28..]]).unwrap();
        }
        server.flush();
        let mut buffer = vec![0; 20_000];
        for _ in 0..100 {
            assert_eq!(client.next_event(LONG).unwrap().unwrap(), whole);
            let length = c_client.receive_event(&mut buffer, LONG_MS).unwrap();
            assert_eq!(buffer[..length], whole);
        }
        assert_eq!(server.connection_stats(two).unwrap().events, 100);
    }
}

#[tokio::test]
async fn a_client_of_libqb_that_stops_reading_gets_everything_later() {
    for transport in BOTH {
        let name = unique_name();
        let mut server = bind(&name, transport);
        let connect = move || CClient::connect(&name, 20_000).unwrap();
        let (id, mut client) = connected(&mut server, connect).await;
        const COUNT: u32 = 20_000;
        for number in 0..COUNT {
            server.post(id, &[&event(&number.to_ne_bytes())]).unwrap();
        }
        server.flush();
        let waiting = server.connection_stats(id).unwrap().waiting;
        assert!(waiting > 5000, "{transport:?}: {waiting} wait");
        let reader = thread::spawn(move || {
            let mut buffer = vec![0; 20_000];
            for number in 0..COUNT {
                let length = client.receive_event(&mut buffer, LONG_MS).unwrap();
                assert_eq!(buffer[24..length], number.to_ne_bytes());
            }
        });
        assert_eq!(server.next().await, ServerEvent::Disconnected { client: id });
        reader.join().unwrap();
    }
}

#[tokio::test]
async fn a_client_that_never_reads_is_dropped_when_its_share_is_used_up() {
    const SHARE: usize = 8 << 20;
    let name = unique_name();
    let backlog = Backlog { bytes_max: SHARE, ..Backlog::RING };
    let mut server =
        Server::bind(ServerSettings { backlog, ..settings(&name, Transport::SharedMemory) })
            .unwrap();
    let connect = move || Client::connect(&name, 0, LONG).unwrap();
    let (id, _client) = connected(&mut server, connect).await;
    let big = event(&[0; 19_000]);
    for _ in 0..SHARE / 19_000 + 100 {
        let _ = server.post(id, &[&big]);
    }
    assert_eq!(server.next().await, ServerEvent::Disconnected { client: id });
    assert_eq!((server.stats().active, server.stats().closed), (0, 1));
}

#[tokio::test]
async fn who_is_behind_by_much_may_stay_as_long_as_it_takes_anything() {
    for transport in BOTH {
        let name = unique_name();
        let backlog = Backlog { patient_bytes: 100_000, patience: Duration::ZERO, ..Backlog::RING };
        let mut server = Server::bind(ServerSettings { backlog, ..settings(&name, transport) });
        let server = server.as_mut().unwrap();
        let connect = move || Client::connect(&name, 0, LONG).unwrap();
        let (id, mut client) = connected(server, connect).await;
        let big = event(&[7; 15_000]);
        while server.waiting(id) * big.len() <= 100_000 {
            server.event(id, &big).unwrap();
        }
        for _ in 0..20 {
            let mut taken = 0;
            while client.next_event(Duration::ZERO).unwrap().is_some() {
                taken += 1;
            }
            // As many as it has taken come, and it is looked at once.
            for _ in 1..taken {
                server.post(id, &[&big]).unwrap();
            }
            server.event(id, &big).unwrap();
            assert!(server.waiting(id) * big.len() > 100_000, "{transport:?}");
        }
        while server.event(id, &big).is_ok() {}
        assert_eq!(server.next().await, ServerEvent::Disconnected { client: id }, "{transport:?}");
    }
}

#[tokio::test]
async fn who_may_connect_can_change_and_so_can_whether_anybody_may() {
    let name = unique_name();
    let mut server = bind(&name, Transport::SharedMemory);
    server.set_ready(false);
    let error = refused(&mut server, &name).await;
    assert!(matches!(error, ConnectError::NotReady { .. }), "{error}");
    server.set_ready(true);
    let ours = name.clone();
    let connect = move || Client::connect(&ours, 0, LONG).unwrap();
    let (_, _client) = connected(&mut server, connect).await;
    // Root is never kept out.
    server.set_access(Access::Listed(Allowed::default()));
    if rustix::process::geteuid().is_root() {
        connected(&mut server, move || Client::connect(&name, 0, LONG).unwrap()).await;
    } else {
        let error = refused(&mut server, &name).await;
        assert!(matches!(error, ConnectError::Denied { .. }), "{error}");
    }
}

#[tokio::test]
async fn many_requests_leave_time_for_the_rest_of_the_loop() {
    const COUNT: usize = 500;
    let name = unique_name();
    let mut server = bind(&name, Transport::SharedMemory);
    let connect = move || Client::connect(&name, 0, LONG).unwrap();
    let (_, mut client) = connected(&mut server, connect).await;
    server.set_flow(RequestFlow::Hold);
    let (done, mut end) = tokio::sync::oneshot::channel();
    thread::spawn(move || {
        for _ in 0..COUNT {
            client.send(&request(b"x"), LONG).unwrap();
        }
        done.send(client).unwrap();
    });
    let _client = tokio::select! {
        event = server.next() => panic!("{event:?}"),
        client = &mut end => client.unwrap(),
    };
    server.set_flow(RequestFlow::Open);
    let (mut taken, mut pauses) = (0, 0);
    while taken < COUNT {
        // The loop looks at the system again only when nothing more is said to be ready.
        poll_fn(|cx| {
            while taken < COUNT && server.poll_next(cx).is_ready() {
                taken += 1;
            }
            Poll::Ready(())
        })
        .await;
        pauses += 1;
        tokio::task::yield_now().await;
    }
    assert!(pauses > 1);
}

#[tokio::test]
async fn what_is_known_of_a_connection() {
    let name = unique_name();
    let mut server = bind(&name, Transport::SharedMemory);
    let connect = move || Client::connect(&name, 0, LONG).unwrap();
    let (id, mut client) = connected(&mut server, connect).await;
    client.send(&request(b"hello"), LONG).unwrap();
    next_request(&mut server).await;
    server.respond(id, &event(b"answer")).unwrap();
    server.event(id, &event(b"event")).unwrap();
    let known: Vec<_> = server.connections().collect();
    let [(known_id, stats)] = &known[..] else { panic!("{known:?}") };
    assert_eq!((*known_id, stats.credentials.pid), (id, std::process::id()));
    assert!(!stats.process_name.is_empty());
    assert_eq!((stats.requests, stats.responses, stats.events), (1, 1, 1));
    assert_eq!((stats.waiting, stats.send_retries), (0, 0));
    server.clear_stats();
    assert_eq!(server.connection_stats(id).unwrap().requests, 0);
}
