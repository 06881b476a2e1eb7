//! Clients that break the protocol, by mistake or on purpose: they lose their connection and nobody else loses anything.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    os::{
        linux::net::SocketAddrExt,
        unix::{
            fs::FileExt,
            net::{SocketAddr, UnixStream},
        },
    },
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use ipc::{
    Access, AsyncClient, Backlog, Server, ServerEvent, ServerSettings, Transport,
    xml::{XmlEvent, XmlServer},
};
use wire::{
    Frame, IpcFlags, Writer,
    qb::{CONNECTION_RESPONSE_SIZE, ConnectionRequest, ConnectionResponse},
};

/// Longer than any step takes on any machine: it only ends a test that would never end.
const LONG: Duration = Duration::from_secs(60);
const MESSAGE_MAX: u32 = 20_000;
/// Where the semaphore is in a ring buffer's header, and the file's size.
const SEMAPHORE: u64 = 8208;
const MARK_FULL: u32 = 0xA1A1_A1A1;

fn settings(transport: Transport) -> ServerSettings {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    ServerSettings {
        name: format!("hostile-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)),
        transport,
        max_message_bytes: MESSAGE_MAX,
        access: Access::Anyone,
        backlog: Backlog::default(),
    }
}

fn connect(name: &str) -> UnixStream {
    let mut padded = name.as_bytes().to_vec();
    padded.resize(107, 0);
    UnixStream::connect_addr(&SocketAddr::from_abstract_name(padded).unwrap()).unwrap()
}

fn request(payload: &[u8]) -> Vec<u8> {
    let mut writer = Writer::request(7);
    writer.bytes(payload);
    writer.finish_message()
}

/// Serves until a client that behaves has had its answer.
async fn serve_a_good_client(server: &mut Server, name: &str) {
    let good = async {
        let mut client = AsyncClient::connect(name, 0, LONG).await.unwrap();
        client.send(&request(b"good")).await.unwrap();
        client.receive().await.unwrap();
    };
    let serve = async {
        loop {
            if let ServerEvent::Request { client, bytes } = server.next().await
                && bytes.ends_with(b"good")
            {
                let mut writer = Writer::response(1, 0);
                writer.bytes(b"answer");
                server.respond(client, &writer.finish_message()).unwrap();
            }
        }
    };
    tokio::select! {
        () = good => {}
        () = serve => {}
    }
}

#[tokio::test]
async fn handshakes_that_are_none() {
    for transport in [Transport::SharedMemory, Transport::Socket] {
        let settings = settings(transport);
        let name = settings.name.clone();
        let mut server = Server::bind(settings).unwrap();
        let good = ConnectionRequest { max_message_bytes: MESSAGE_MAX }.encode();
        let mut wrong_id = good.clone();
        wrong_id[0] = 5;
        let mut wrong_size = good.clone();
        wrong_size[8..12].copy_from_slice(&i32::MIN.to_ne_bytes());
        let mut silent = Vec::new();
        for bytes in [&[0xFF; 24][..], &[0; 24], &[0; 10_000], &wrong_id, &wrong_size] {
            let mut stream = connect(&name);
            stream.write_all(bytes).unwrap();
            silent.push(stream);
        }
        for length in 0..good.len() {
            // Breaks off, and either goes or stays.
            let mut stream = connect(&name);
            stream.write_all(&good[..length]).unwrap();
            if length % 2 == 0 {
                silent.push(stream);
            }
        }
        silent.extend((0..90).map(|_| connect(&name)));
        serve_a_good_client(&mut server, &name).await;
    }
}

#[tokio::test]
async fn buffers_of_any_size_may_be_asked_for() {
    let settings = settings(Transport::SharedMemory);
    let name = settings.name.clone();
    let mut server = Server::bind(settings).unwrap();
    for wish in [0, 1, 1 << 20, u32::MAX] {
        let mut stream = connect(&name);
        stream.write_all(&ConnectionRequest { max_message_bytes: wish }.encode()).unwrap();
        serve_a_good_client(&mut server, &name).await;
        let mut bytes = vec![0; CONNECTION_RESPONSE_SIZE];
        stream.read_exact(&mut bytes).unwrap();
        // A refusal for want of memory is as good as a bounded size.
        if let Ok(response) = ConnectionResponse::decode(&bytes).unwrap() {
            assert!((MESSAGE_MAX..=64 << 20).contains(&response.max_message_bytes));
        }
    }
}

/// A client that speaks the protocol by hand.
struct Raw {
    stream: UnixStream,
    header: File,
    data: File,
    response_header: File,
}

impl Raw {
    async fn connect(server: &mut Server, name: &str) -> Self {
        let mut stream = connect(name);
        let hello = ConnectionRequest { max_message_bytes: MESSAGE_MAX }.encode();
        stream.write_all(&hello).unwrap();
        let ServerEvent::Connected { .. } = server.next().await else { panic!() };
        let mut bytes = vec![0; CONNECTION_RESPONSE_SIZE];
        stream.read_exact(&mut bytes).unwrap();
        let response = ConnectionResponse::decode(&bytes).unwrap().unwrap();
        let open = |path: String| OpenOptions::new().read(true).write(true).open(path).unwrap();
        Self {
            stream,
            header: open(format!("{}-header", response.request)),
            data: open(format!("{}-data", response.request)),
            response_header: open(format!("{}-header", response.response)),
        }
    }

    fn put(file: &File, offset: u64, value: u32) {
        file.write_all_at(&value.to_ne_bytes(), offset).unwrap();
    }

    /// Writes a message at the start of the ring, with whatever numbers, and announces it.
    fn send(&mut self, size: u32, mark: u32, position: u32, message: &[u8]) {
        self.data.write_all_at(message, 8).unwrap();
        Self::put(&self.data, 0, size);
        Self::put(&self.data, 4, mark);
        Self::put(&self.header, 0, position);
        Self::put(&self.header, SEMAPHORE, 1);
        self.stream.write_all(&[0]).unwrap();
    }
}

async fn is_disconnected(server: &mut Server) -> bool {
    matches!(server.next().await, ServerEvent::Disconnected { .. })
}

#[tokio::test]
async fn ring_buffers_that_lie() {
    let settings = settings(Transport::SharedMemory);
    let name = settings.name.clone();
    let mut server = Server::bind(settings).unwrap();
    let sizes = [0, 20_001, 0x7FFF_FFFF, 0x8000_0000, u32::MAX];
    for size in sizes {
        let mut raw = Raw::connect(&mut server, &name).await;
        raw.send(size, MARK_FULL, 100, b"");
        assert!(is_disconnected(&mut server).await, "a message of {size} bytes");
    }
    // Too short for a header, and headers that lie.
    let mut message = request(b"hello");
    for length in [1_u32, 15] {
        let mut raw = Raw::connect(&mut server, &name).await;
        raw.send(length, MARK_FULL, 100, &message);
        assert!(is_disconnected(&mut server).await, "{length} bytes");
    }
    for claimed in [i32::MIN, -1, 0, 15, 22, i32::MAX] {
        message[8..12].copy_from_slice(&claimed.to_ne_bytes());
        let mut raw = Raw::connect(&mut server, &name).await;
        raw.send(21, MARK_FULL, 100, &message);
        assert!(is_disconnected(&mut server).await, "a header that says {claimed}");
    }
    serve_a_good_client(&mut server, &name).await;
}

#[tokio::test]
async fn positions_and_sizes_in_the_header_are_not_believed() {
    let settings = settings(Transport::SharedMemory);
    let name = settings.name.clone();
    let mut server = Server::bind(settings).unwrap();
    let mut raw = Raw::connect(&mut server, &name).await;
    for offset in [4, 8] {
        Raw::put(&raw.header, offset, u32::MAX);
    }
    // The writer's position says only that there is something.
    raw.send(21, MARK_FULL, u32::MAX, &request(b"hello"));
    let ServerEvent::Request { client, bytes } = server.next().await else { panic!() };
    assert_eq!(bytes, request(b"hello"));
    // Where the client says it has read matters: outside the ring it ends the connection.
    Raw::put(&raw.response_header, 4, u32::MAX);
    let answer = Writer::response(1, 0).finish_message();
    assert!(server.respond(client, &answer).is_err());
    assert!(is_disconnected(&mut server).await);
    serve_a_good_client(&mut server, &name).await;
}

#[tokio::test]
async fn announcements_of_nothing_keep_nobody_from_being_served() {
    let settings = settings(Transport::SharedMemory);
    let name = settings.name.clone();
    let mut server = Server::bind(settings).unwrap();
    let mut raw = Raw::connect(&mut server, &name).await;
    raw.stream.set_nonblocking(true).unwrap();
    let mut sent = 0;
    while sent < 100_000 {
        match raw.stream.write(&[0; 1000]) {
            Ok(count) => sent += count,
            Err(_) => break,
        }
    }
    // A count without messages and a message without its mark.
    Raw::put(&raw.header, SEMAPHORE, 1000);
    Raw::put(&raw.header, 0, 50);
    Raw::put(&raw.data, 4, 0xA110_CED0);
    serve_a_good_client(&mut server, &name).await;
    drop(raw);
    loop {
        if is_disconnected(&mut server).await {
            break;
        }
    }
}

#[tokio::test]
async fn truncated_files_do_not_end_the_server() {
    let settings = settings(Transport::SharedMemory);
    let name = settings.name.clone();
    let mut server = Server::bind(settings).unwrap();
    for what in 0..3 {
        let mut raw = Raw::connect(&mut server, &name).await;
        match what {
            0 => raw.header.set_len(0).unwrap(),
            1 => raw.data.set_len(0).unwrap(),
            _ => raw.response_header.set_len(0).unwrap(),
        }
        if what == 2 {
            raw.send(21, MARK_FULL, 100, &request(b"hello"));
            let ServerEvent::Request { client, .. } = server.next().await else { panic!() };
            let answer = Writer::response(1, 0).finish_message();
            assert!(server.respond(client, &answer).is_err());
        } else {
            // Writing to a file that is too short makes it longer again, with zeros: only announce.
            raw.stream.write_all(&[0]).unwrap();
            if what == 1 {
                Raw::put(&raw.header, SEMAPHORE, 1);
                Raw::put(&raw.header, 0, 50);
            }
        }
        assert!(is_disconnected(&mut server).await, "file {what}");
    }
    serve_a_good_client(&mut server, &name).await;
}

#[tokio::test]
async fn noise_in_the_whole_ring() {
    let settings = settings(Transport::SharedMemory);
    let name = settings.name.clone();
    let mut server = Server::bind(settings).unwrap();
    // A simple generator, so that every run is the same.
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u32::try_from(state >> 32).unwrap()
    };
    for _ in 0..200 {
        let mut raw = Raw::connect(&mut server, &name).await;
        let noise: Vec<u8> = (0..5000).flat_map(|_| random().to_ne_bytes()).collect();
        let size = if random() % 2 == 0 { random() } else { random() % 30_000 };
        raw.send(size, MARK_FULL, random(), &noise);
        // A message that happens to be well-formed is one; then the end of the client is the next event.
        drop(raw);
        while !is_disconnected(&mut server).await {}
    }
    serve_a_good_client(&mut server, &name).await;
}

#[tokio::test]
async fn datagrams_of_strangers_and_of_no_form() {
    let settings = settings(Transport::Socket);
    let name = settings.name.clone();
    let mut server = Server::bind(settings).unwrap();
    let mut stream = connect(&name);
    let hello = ConnectionRequest { max_message_bytes: MESSAGE_MAX }.encode();
    stream.write_all(&hello).unwrap();
    let ServerEvent::Connected { client, .. } = server.next().await else { panic!() };
    let mut bytes = vec![0; CONNECTION_RESPONSE_SIZE];
    stream.read_exact(&mut bytes).unwrap();
    let base = ConnectionResponse::decode(&bytes).unwrap().unwrap().response;
    let address = |end: &str| {
        let mut padded = format!("{base}-{end}").into_bytes();
        padded.resize(107, 0);
        SocketAddr::from_abstract_name(padded).unwrap()
    };
    let stranger = std::os::unix::net::UnixDatagram::unbound().unwrap();
    stranger.send_to_addr(&request(b"not mine"), &address("request")).unwrap();
    let own = std::os::unix::net::UnixDatagram::bind_addr(&address("response")).unwrap();
    own.send_to_addr(&request(b"mine"), &address("request")).unwrap();
    assert_eq!(server.next().await, ServerEvent::Request { client, bytes: request(b"mine") });
    assert!(stranger.send_to_addr(&request(b"still not"), &address("request")).is_err());
    own.send_to_addr(b"short", &address("request")).unwrap();
    assert!(is_disconnected(&mut server).await);
    serve_a_good_client(&mut server, &name).await;
}

#[tokio::test]
async fn messages_that_are_not_xml_are_reported_and_the_client_stays() {
    let settings = settings(Transport::SharedMemory);
    let name = settings.name.clone();
    let mut server = XmlServer::with_settings(settings).unwrap();
    let good = Frame::encode(1, IpcFlags::NONE, "<good/>", 20_000).unwrap();
    let packed = Frame::encode(1, IpcFlags::NONE, &"<good/>".repeat(3000), 20_000).unwrap();
    let mut messages = vec![
        Frame::encode(1, IpcFlags::NONE, "", 20_000).unwrap(),
        Frame::encode(1, IpcFlags::NONE, "<a><b></a>", 20_000).unwrap(),
        Frame::encode(1, IpcFlags::NONE, &"<a>".repeat(5000), 20_000).unwrap(),
        packed.clone(),
        request(b""),
        request(b"no header of ours"),
    ];
    let mut bomb = packed.clone();
    bomb[24..28].copy_from_slice(&u32::MAX.to_ne_bytes());
    messages.push(bomb);
    let mut damaged = packed;
    damaged[60] ^= 0xFF;
    messages.push(damaged);
    let mut unterminated = good.clone();
    *unterminated.last_mut().unwrap() = b'x';
    messages.push(unterminated);
    let count = messages.len();
    let client = async {
        let mut client = AsyncClient::connect(&name, 0, LONG).await.unwrap();
        for message in messages.iter().chain([&good]) {
            client.send(message).await.unwrap();
        }
        client
    };
    let serve = async {
        let mut malformed = 0;
        loop {
            match server.next().await {
                XmlEvent::Malformed { .. } => malformed += 1,
                XmlEvent::Request { body, .. } => {
                    assert_eq!(body.name(), "good");
                    return malformed;
                }
                XmlEvent::Connected { .. } => {}
                XmlEvent::Disconnected { .. } => panic!("the client must stay"),
            }
        }
    };
    let (_client, malformed) = tokio::join!(client, serve);
    assert_eq!(malformed, count);
}

#[tokio::test]
async fn who_is_refused_keeps_nobody_out() {
    let settings = settings(Transport::SharedMemory);
    let name = settings.name.clone();
    let mut server = Server::bind(settings).unwrap();
    server.set_ready(false);
    // In another thread, so that nothing but a new connection wakes the server.
    let refused = tokio::task::spawn_blocking(move || {
        for _ in 0..20 {
            let good = ConnectionRequest { max_message_bytes: MESSAGE_MAX }.encode();
            let mut client = connect(&name);
            client.set_read_timeout(Some(LONG)).unwrap();
            client.write_all(&good).unwrap();
            client.read_exact(&mut [0; CONNECTION_RESPONSE_SIZE]).unwrap();
        }
    });
    tokio::select! {
        done = refused => done.unwrap(),
        event = server.next() => panic!("{event:?}"),
    }
}
