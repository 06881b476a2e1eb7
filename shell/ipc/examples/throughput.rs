//! How many messages a second go through a server: one client sends requests without waiting, and gets an event for each,
//! as a member of a process group that hears itself. Other clients are connected and do nothing.
//!
//! `cargo run --release -p ipc --example throughput -- [shm|socket] [bytes] [idle clients] [messages] [ours|c]`
//!
//! With `c` the busy client is Debian's libqb.

#[path = "../tests/libqb/mod.rs"]
mod libqb;

use std::{
    thread,
    time::{Duration, Instant},
};

use ipc::{Access, Backlog, Client, Server, ServerEvent, ServerSettings, Transport};
use libqb::CClient;
use wire::Writer;

const LONG: Duration = Duration::from_secs(60);
/// Messages on their way: more than one, fewer than fit.
const WINDOW: usize = 200;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize, default: usize| {
        arguments.get(index).and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let transport = match arguments.first().map(String::as_str) {
        Some("socket") => Transport::Socket,
        _ => Transport::SharedMemory,
    };
    let (bytes, idle, messages) = (number(1, 100), number(2, 0), number(3, 400_000));
    let name = format!("throughput-{}", std::process::id());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(async {
        Server::bind(ServerSettings {
            name: name.clone(),
            transport,
            max_message_bytes: 1 << 20,
            access: Access::Anyone,
            backlog: Backlog::default(),
        })
        .unwrap()
    });
    let is_c = arguments.get(4).is_some_and(|text| text == "c");
    let client = thread::spawn(move || run_client(&name, bytes, idle, messages, is_c));
    let processor = runtime.block_on(serve(server, idle + 1));
    let took = client.join().unwrap();
    let rate = messages as f64 / took.as_secs_f64();
    println!(
        "{transport:?}, {bytes} bytes, {idle} idle clients: {rate:.0} requests and as many events a second, \
         {:.2} us of the server's thread for each pair",
        processor.as_secs_f64() * 1e6 / messages as f64
    );
}

/// Serves until all clients have gone; the result is the processor time of this thread.
async fn serve(mut server: Server, clients: usize) -> Duration {
    let mut left = clients;
    while left > 0 {
        match server.next().await {
            ServerEvent::Connected { .. } => {}
            ServerEvent::Disconnected { .. } => left -= 1,
            ServerEvent::Request { client, bytes } => {
                let mut event = Writer::response(2, 0);
                event.bytes(&bytes[16..]);
                let _ = server.post(client, &[&event.finish_message()]);
            }
        }
    }
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(used.tv_sec.cast_unsigned(), u32::try_from(used.tv_nsec).unwrap_or(0))
}

fn run_client(name: &str, bytes: usize, idle: usize, messages: usize, is_c: bool) -> Duration {
    let connect = || Client::connect(name, 0, LONG).unwrap();
    let _idle: Vec<Client> = (0..idle).map(|_| connect()).collect();
    let mut busy = if is_c {
        Busy::C(CClient::connect(name, 1 << 20).unwrap(), vec![0; 1 << 20])
    } else {
        Busy::Ours(connect())
    };
    let mut request = Writer::request(2);
    request.bytes(&vec![7; bytes]);
    let request = request.finish_message();
    let start = Instant::now();
    let (mut sent, mut received) = (0, 0);
    while received < messages {
        while sent < messages && sent - received < WINDOW && busy.send(&request) {
            sent += 1;
        }
        let must_wait = sent - received >= WINDOW || sent == messages;
        while received < sent && busy.receive(must_wait) {
            received += 1;
        }
    }
    start.elapsed()
}

enum Busy {
    Ours(Client),
    C(CClient, Vec<u8>),
}

impl Busy {
    /// False if it is to be tried again.
    fn send(&mut self, message: &[u8]) -> bool {
        match self {
            Self::Ours(client) => client.send(message, LONG).map(|()| true).unwrap(),
            Self::C(client, _) => client.send(message).is_ok(),
        }
    }

    /// Whether there was an event.
    fn receive(&mut self, must_wait: bool) -> bool {
        match self {
            Self::Ours(client) => {
                let wait = if must_wait { LONG } else { Duration::ZERO };
                client.next_event(wait).unwrap().is_some()
            }
            Self::C(client, buffer) => {
                client.receive_event(buffer, if must_wait { 1000 } else { 0 }).is_ok()
            }
        }
    }
}
