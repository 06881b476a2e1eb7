//! Our client against our server, over both transports.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use ipc::{
    Access, AsyncClient, Backlog, CallError, Client, ConnectError, Priority, Server, ServerEvent,
    ServerSettings, Transport,
    xml::{AsyncXmlClient, XmlEvent, XmlServer},
};
use wire::Writer;
use xml::Element;

const BOTH: [Transport; 2] = [Transport::SharedMemory, Transport::Socket];
/// Longer than any step takes on any machine: it only ends a test that would never end.
const LONG: Duration = Duration::from_secs(60);

fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("loopback-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

fn settings(name: &str, transport: Transport) -> ServerSettings {
    ServerSettings {
        name: name.to_owned(),
        transport,
        max_message_bytes: 20_000,
        access: Access::Anyone,
        backlog: Backlog::default(),
    }
}

fn bind(name: &str, transport: Transport) -> Server {
    Server::bind(settings(name, transport)).unwrap()
}

fn request(id: i32, payload: &[u8]) -> Vec<u8> {
    let mut writer = Writer::request(id);
    writer.bytes(payload);
    writer.finish_message()
}

fn response(id: i32, payload: &[u8]) -> Vec<u8> {
    let mut writer = Writer::response(id, 0);
    writer.bytes(payload);
    writer.finish_message()
}

/// Answers every request with its own payload and then sends it as an event, until the last client has gone.
async fn echo(mut server: Server) {
    let mut clients = 0;
    loop {
        match server.next().await {
            ServerEvent::Connected { .. } => clients += 1,
            ServerEvent::Disconnected { .. } => {
                clients -= 1;
                if clients == 0 {
                    return;
                }
            }
            ServerEvent::Request { client, bytes } => {
                server.respond(client, &response(1, &bytes[16..])).unwrap();
                server.event(client, &response(2, &bytes[16..])).unwrap();
            }
        }
    }
}

fn payload(round: usize) -> Vec<u8> {
    (0..round * 131 % 19_000).map(|i| u8::try_from((i + round) % 251).unwrap()).collect()
}

#[tokio::test]
async fn a_blocking_client_exchanges_messages_of_all_sizes() {
    for transport in BOTH {
        let name = unique_name();
        let server = bind(&name, transport);
        let client = thread::spawn(move || {
            let mut client = Client::connect(&name, 0, LONG).unwrap();
            assert_eq!(client.server().pid, std::process::id());
            assert_eq!(client.message_limit(), 20_000);
            for round in 0..300 {
                client.send(&request(7, &payload(round)), LONG).unwrap();
                let answer = client.receive(LONG).unwrap();
                assert_eq!(answer[24..], payload(round), "{transport:?} {round}");
                let event = client.next_event(LONG).unwrap().unwrap();
                assert_eq!(event[24..], payload(round), "{transport:?} {round}");
                assert_eq!(client.next_event(Duration::ZERO).unwrap(), None);
            }
        });
        echo(server).await;
        client.join().unwrap();
    }
}

#[tokio::test]
async fn an_asynchronous_client_exchanges_messages_of_all_sizes() {
    for transport in BOTH {
        let name = unique_name();
        let server = bind(&name, transport);
        let client = async {
            let mut client = AsyncClient::connect(&name, 50_000, LONG).await.unwrap();
            assert_eq!(client.message_limit(), 50_000, "the bigger wish counts");
            for round in 0..300 {
                client.send(&request(7, &payload(round))).await.unwrap();
                assert_eq!(client.receive().await.unwrap()[24..], payload(round));
                assert_eq!(client.next_event().await.unwrap()[24..], payload(round));
            }
        };
        tokio::join!(echo(server), client);
    }
}

#[tokio::test]
async fn many_requests_without_waiting_keep_their_order() {
    for transport in BOTH {
        let name = unique_name();
        let server = bind(&name, transport);
        let client = async {
            let mut client = AsyncClient::connect(&name, 0, LONG).await.unwrap();
            let mut received = 0_usize;
            for number in 0..2000_usize {
                let message = request(7, &number.to_ne_bytes());
                while !client.try_send(&message, Priority::Normal).unwrap() {
                    assert_eq!(client.receive().await.unwrap()[24..], received.to_ne_bytes());
                    received += 1;
                }
            }
            for number in received..2000 {
                assert_eq!(client.receive().await.unwrap()[24..], number.to_ne_bytes());
            }
            for number in 0..2000_usize {
                assert_eq!(client.next_event().await.unwrap()[24..], number.to_ne_bytes());
            }
        };
        // The client takes no events before the end: fewer wait than cost it the connection.
        tokio::join!(echo(server), client);
    }
}

#[tokio::test]
async fn several_clients_do_not_get_each_others_messages() {
    for transport in BOTH {
        let name = unique_name();
        let server = bind(&name, transport);
        let one = |mark: u8| {
            let name = name.clone();
            async move {
                let mut client = AsyncClient::connect(&name, 0, LONG).await.unwrap();
                for _ in 0..50 {
                    client.send(&request(7, &[mark; 100])).await.unwrap();
                    assert_eq!(client.receive().await.unwrap()[24..], [mark; 100]);
                    assert_eq!(client.next_event().await.unwrap()[24..], [mark; 100]);
                }
                client
            }
        };
        // All stay connected until the last is done: the server ends when it has no client.
        let all = async { drop(tokio::join!(one(1), one(2), one(3))) };
        tokio::join!(echo(server), all);
    }
}

#[tokio::test]
async fn the_end_of_the_server_is_noticed_after_what_it_sent() {
    for transport in BOTH {
        let name = unique_name();
        let mut server = bind(&name, transport);
        let client = thread::spawn(move || {
            let mut client = Client::connect(&name, 0, LONG).unwrap();
            client.send(&request(7, b"x"), LONG).unwrap();
            client.receive(LONG).unwrap();
            assert_eq!(client.next_event(LONG).unwrap().unwrap()[24..], *b"last");
            assert!(matches!(client.next_event(LONG), Err(CallError::Lost)));
            assert!(matches!(client.receive(LONG), Err(CallError::Lost)));
            assert!(matches!(client.send(&request(7, b"x"), LONG), Err(CallError::Lost)));
        });
        let ServerEvent::Connected { client: id, .. } = server.next().await else { panic!() };
        let ServerEvent::Request { .. } = server.next().await else { panic!() };
        server.event(id, &response(2, b"last")).unwrap();
        server.respond(id, &response(1, b"")).unwrap();
        drop(server);
        tokio::task::spawn_blocking(|| client.join()).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_is_disconnected_and_others_are_served() {
    for transport in BOTH {
        let name = unique_name();
        let mut server = bind(&name, transport);
        let _deaf = Client::connect_in_background(&name);
        let ServerEvent::Connected { client: deaf, .. } = server.next().await else { panic!() };
        let mut sent = 0;
        while server.event(deaf, &response(2, &[0; 1000])).is_ok() {
            sent += 1;
            assert!(sent < 100_000, "{transport:?}");
        }
        assert_eq!(server.next().await, ServerEvent::Disconnected { client: deaf });
        assert!(matches!(server.event(deaf, &response(2, b"")), Err(CallError::Lost)));
        let hearing = Client::connect_in_background(&name);
        let ServerEvent::Connected { client, .. } = server.next().await else { panic!() };
        let mut hearing = hearing.join().unwrap();
        server.event(client, &response(2, b"hello")).unwrap();
        assert_eq!(hearing.next_event(LONG).unwrap().unwrap()[24..], *b"hello");
    }
}

#[test]
fn nobody_listens() {
    let error = Client::connect(&unique_name(), 0, LONG).unwrap_err();
    assert!(matches!(error, ConnectError::NotRunning { .. }), "{error}");
}

#[tokio::test]
async fn a_message_over_the_limit_is_refused_at_once() {
    for transport in BOTH {
        let name = unique_name();
        let mut server = bind(&name, transport);
        let client = Client::connect_in_background(&name);
        let ServerEvent::Connected { client: id, .. } = server.next().await else { panic!() };
        let mut client = client.join().unwrap();
        let long = request(7, &[0; 20_000]);
        assert!(matches!(client.send(&long, LONG), Err(CallError::TooBig { limit: 20_000, .. })));
        let long = response(7, &[0; 20_000]);
        assert!(matches!(server.event(id, &long), Err(CallError::TooBig { limit: 20_000, .. })));
        server.event(id, &response(2, b"still there")).unwrap();
        assert_eq!(client.next_event(LONG).unwrap().unwrap()[24..], *b"still there");
    }
}

#[tokio::test]
async fn nothing_is_left_in_shared_memory() {
    let mark = format!("qb-{}-", std::process::id());
    let ours = || {
        let names = std::fs::read_dir("/dev/shm").unwrap().map(|e| e.unwrap().file_name());
        let names: Vec<_> = names.filter_map(|name| name.into_string().ok()).collect();
        // Other tests of this process may have connections open: these are told by their service.
        names.into_iter().filter(|name| name.starts_with(&mark)).collect::<Vec<_>>()
    };
    let holds = |service: &str| {
        ours().iter().any(|directory| {
            std::fs::read_dir(format!("/dev/shm/{directory}")).is_ok_and(|files| {
                files.flatten().any(|f| f.file_name().to_string_lossy().contains(service))
            })
        })
    };
    for transport in BOTH {
        let name = unique_name();
        let mut server = bind(&name, transport);
        let client = Client::connect_in_background(&name);
        let ServerEvent::Connected { client: id, .. } = server.next().await else { panic!() };
        let client = client.join().unwrap();
        assert!(holds(&name));
        drop(client);
        assert_eq!(server.next().await, ServerEvent::Disconnected { client: id });
        assert!(!holds(&name), "{transport:?}");
    }
}

/// What several tests need: a client that connects while the server's loop runs.
trait InBackground: Sized {
    fn connect_in_background(name: &str) -> thread::JoinHandle<Self>;
}

impl InBackground for Client {
    fn connect_in_background(name: &str) -> thread::JoinHandle<Self> {
        let name = name.to_owned();
        thread::spawn(move || Self::connect(&name, 0, LONG).unwrap())
    }
}

#[tokio::test]
async fn a_connection_for_documents_says_when_it_is_too_small() {
    let name = unique_name();
    let mut server = XmlServer::with_settings(settings(&name, Transport::SharedMemory)).unwrap();
    let echo = async {
        loop {
            match server.next().await {
                XmlEvent::Request { client, body, .. } => server.notify(client, &body),
                XmlEvent::Connected { .. } | XmlEvent::Disconnected { .. } => {}
                XmlEvent::Malformed { error, .. } => panic!("{error}"),
            }
        }
    };
    let client = async {
        let document = |bytes| Element::new("x").with("y", "z".repeat(bytes));
        let mut client = AsyncXmlClient::connect_with_room(&name, 0).await.unwrap();
        for (bytes, fits) in [(1_000, true), (2 << 20, false), (1_000, false)] {
            client.send(&document(bytes)).await.unwrap();
            assert_eq!(client.next_event().await.unwrap(), document(bytes));
            assert_eq!(client.outgrown().is_none(), fits, "{bytes}");
        }
        let room = client.outgrown().unwrap();
        let mut client = AsyncXmlClient::connect_with_room(&name, room).await.unwrap();
        client.send(&document(2 << 20)).await.unwrap();
        assert_eq!(client.next_event().await.unwrap(), document(2 << 20));
        assert_eq!(client.outgrown(), None);
    };
    tokio::select! {
        () = echo => unreachable!("it echoes for ever"),
        () = client => {}
    }
}

/// Answers that have to be compressed reach those who asked, each the right one, beside one that has not.
#[tokio::test]
async fn big_answers_reach_those_who_wait_for_them() {
    let name = unique_name();
    let mut server = XmlServer::with_settings(settings(&name, Transport::SharedMemory)).unwrap();
    let document = |mark: &str| Element::new("x").with("y", mark.repeat(300_000));
    let serve = async {
        loop {
            if let XmlEvent::Request { client, request, body, .. } = server.next().await {
                server.respond(client, request, &document(body.attr("mark").unwrap_or("")));
            }
        }
    };
    let ask = async |mark: &str| {
        let mut client = AsyncXmlClient::connect(&name).await.unwrap();
        let answer = client.call(&Element::new("ask").with("mark", mark), LONG).await.unwrap();
        assert_eq!(answer, document(mark));
    };
    let ask_all = async { tokio::join!(ask("a"), ask("bc"), ask("")) };
    tokio::select! {
        () = serve => unreachable!("it serves for ever"),
        _ = ask_all => {}
    }
}
