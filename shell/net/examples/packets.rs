//! How many packets a second go from one socket to another on the loopback interface, in one thread.
//!
//! `cargo run --release -p net --example packets -- [bytes] [packets]`

use std::time::Instant;

use net::{Batch, Purpose, SocketId, SocketSettings, Sockets};

/// Packets on their way.
const WINDOW: usize = 64;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|text| text.parse::<usize>().ok());
    let bytes = arguments.next().unwrap_or(1400);
    let packets = arguments.next().unwrap_or(500_000);
    let (one, two) = (SocketId(1), SocketId(2));
    let mut sockets = Sockets::new();
    for id in [one, two] {
        let local = std::net::SocketAddr::from(([127, 0, 0, id.0], 5405));
        let settings = SocketSettings { local, purpose: Purpose::Link, dscp: 0 };
        sockets.open(id, settings).unwrap();
    }
    let to = sockets.settings(two).unwrap().local;
    let packet = vec![7; bytes];
    let mut batch = Batch::new();
    let start = Instant::now();
    let (mut sent, mut received) = (0, 0);
    while received < packets {
        while sent < packets && sent - received < WINDOW {
            sockets.send(&packet, [(one, to)]);
            sent += 1;
        }
        sockets.receive(&mut batch).await;
        received += batch.packets().count();
    }
    let rate = packets as f64 / start.elapsed().as_secs_f64();
    println!("{bytes} bytes: {rate:.0} packets a second sent and received by one thread");
}
