//! How frames get from node to node: several links per node with heartbeats and failover, sealing of packets and
//! fragments, as libknet puts them on the wire.
//!
//! [`Links`] is the machine; [`Input`] and [`Output`] are everything it hears and asks for. It knows no sockets, and
//! not what is in a frame.

mod heartbeat;
mod input;
mod links;
mod output;
mod path_mtu;
mod peer;
mod reassembly;
mod sealing;
mod settings;
mod statistics;
mod window;

#[cfg(test)]
mod tests;

pub use input::{Destination, Input, Rekey, Timer};
pub use links::Links;
pub use output::{Address, LinkId, Notice, Output};
pub use settings::{Compression, Crypto, LinkMode, LinkSettings, Peer, Settings};
pub use statistics::{Compressed, LinkStatistics, LinkStatus, Statistics, Traffic};
pub use wire::knet::{Cipher, CompressionModel, Hash, KeyError};
