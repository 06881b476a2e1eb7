//! How frames get from node to node: several links per node with heartbeats and failover, sealing of packets and
//! fragments, as libknet puts them on the wire.
//!
//! [`Links`] is the machine; [`Input`] and [`Output`] are everything it hears and asks for. It knows no sockets, and
//! not what is in a frame.

mod input;
mod output;
mod settings;

pub use input::{Destination, Input, Timer};
pub use output::{Address, LinkId, Notice, Output};
pub use settings::{
    Cipher, Compression, CompressionModel, Crypto, Hash, LinkMode, LinkSettings, Peer, Settings,
};

/// The machine.
#[derive(Debug)]
pub struct Links {
    settings: Settings,
}

impl Links {
    /// Links to the nodes that the settings name, silent until [`Input::Start`].
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Takes in what happened; what is to be done is put in `out`.
    pub fn handle(
        &mut self,
        _now: machine::Instant,
        _input: Input<'_>,
        _out: &mut machine::Outbox<Output>,
    ) {
        let _ = &self.settings;
    }
}
