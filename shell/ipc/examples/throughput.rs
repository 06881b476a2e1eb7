//! How many messages a second go through a server: one client sends requests without waiting, and gets an event for each,
//! as a member of a process group that hears itself. Other clients are connected and do nothing.
//!
//! `cargo run --release -p ipc --example throughput -- [shm|socket] [bytes] [idle clients] [messages]`

use std::{
    thread,
    time::{Duration, Instant},
};

use ipc::{Access, Backlog, Client, Server, ServerEvent, ServerSettings, Transport};
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
    let client = thread::spawn(move || run_client(&name, bytes, idle, messages));
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

fn run_client(name: &str, bytes: usize, idle: usize, messages: usize) -> Duration {
    let connect = || Client::connect(name, 0, LONG).unwrap();
    let _idle: Vec<Client> = (0..idle).map(|_| connect()).collect();
    let mut client = connect();
    let mut request = Writer::request(2);
    request.bytes(&vec![7; bytes]);
    let request = request.finish_message();
    let start = Instant::now();
    let (mut sent, mut received) = (0, 0);
    while received < messages {
        while sent < messages && sent - received < WINDOW {
            client.send(&request, LONG).unwrap();
            sent += 1;
        }
        while received < sent {
            let wait =
                if sent - received >= WINDOW || sent == messages { LONG } else { Duration::ZERO };
            if client.next_event(wait).unwrap().is_none() {
                break;
            }
            received += 1;
        }
    }
    start.elapsed()
}
