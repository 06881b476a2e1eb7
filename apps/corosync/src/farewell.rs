//! What others hear of this node when its daemon cannot say it: that it was killed, or does not get on.

use std::{io, os::unix::process::CommandExt, process::Command};

use links::{Address, LinkId};
use net::{LastWords, Saying, SocketId, Words};
use runtime::Severity;
use wire::totem::{Condition, Witness};

use crate::{
    daemon::{Daemon, Due},
    transport::Transport,
};

/// The program that says it; see [`crate::watcher`].
const WATCHER: &str = "corosync-watcher";
/// Copies of a farewell, each with another number: see [`links::Links::seal_ahead`].
const COPIES: u16 = 3;
/// Which part of the token's time this process may be silent until the watcher tells about it. Links count as down after half
/// of it, and then nobody listens any more.
const PATIENCE: u32 = 3;

/// Starts the process that says it.
pub(crate) fn start() -> io::Result<LastWords> {
    let mut command = Command::new("/proc/self/exe");
    command.arg0(WATCHER).arg(WATCHER);
    LastWords::start(command)
}

impl Daemon {
    /// Has the watcher say what fits the membership and the links as they are now.
    pub(crate) fn prepare_farewell(&mut self) {
        if self.watcher.is_none() {
            return;
        }
        let farewell = self.ring.farewell();
        let farewell = self.saying(&farewell, COPIES);
        // Corosync would log as nonsense what it does not know.
        let token = self.configuration.settings.timing().token;
        let (stopped, late, patience) = if self.kin.is_whole_ring(self.ring.members()) {
            let mut witness = |condition| {
                let frame = Witness { node: self.node.0, condition }.encode();
                self.saying(&frame, 1)
            };
            let (stopped, late) = (witness(Condition::Stopped), witness(Condition::Late));
            (stopped, late, token / PATIENCE)
        } else {
            Default::default()
        };
        let words = Words { farewell, stopped, late, patience };
        let result = self.watcher.as_ref().map(|watcher| watcher.keep(&words, &self.sockets));
        self.look_after_watcher(result);
    }

    /// Tells the watcher that this process gets on, and will again.
    pub(crate) fn tick_watcher(&mut self) {
        let token = self.configuration.settings.timing().token;
        let timer = self.tick_timer.arm(());
        self.deadlines.arm(Due::Tick, timer, token / (2 * PATIENCE));
        let result = self.watcher.as_ref().map(LastWords::tick);
        self.look_after_watcher(result);
    }

    fn look_after_watcher(&mut self, result: Option<io::Result<()>>) {
        let Some(Err(error)) = result else { return };
        // It is only behind; a later message says the same.
        if error.kind() == io::ErrorKind::WouldBlock {
            return;
        }
        let text = format!(
            "nobody will say goodbye for this node should it be killed: the watcher is gone ({error})"
        );
        self.journal.log("MAIN", Severity::Warning, text);
        self.watcher = None;
    }

    /// A frame as packets for all nodes, ready to be sent by somebody else.
    fn saying(&mut self, frame: &[u8], copies: u16) -> Saying {
        let (packets, addresses) = match &mut self.transport {
            Transport::Links(links) => links.seal_ahead(frame, copies),
            Transport::Plain(plain) => (vec![frame.to_vec()], plain.addresses()),
        };
        let addresses = addresses
            .into_iter()
            .map(|Address { link: LinkId(link), to }| (SocketId(link), to))
            .collect();
        Saying { packets, addresses }
    }

    /// A host says how its daemon is.
    pub(crate) fn on_witness(&mut self, frame: &[u8]) {
        // Whoever could send it could send anything; it only explains.
        let Ok(witness) = Witness::decode(frame) else { return };
        let node = vocab::NodeId(witness.node);
        if node == self.node || !self.kin.saw(node, witness.condition) {
            return;
        }
        let what = match witness.condition {
            Condition::Stopped => "stopped (by a signal or a debugger)",
            Condition::Late => {
                "there, but does not get on (a busy host, or a disk that is waited for)"
            }
        };
        let text = format!("node {node}: the host is alive, its corosync is {what}");
        self.journal.log("TOTEM", Severity::Warning, text);
    }
}
