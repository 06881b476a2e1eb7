//! What others hear of this node should its daemon be killed.

use std::{os::unix::process::CommandExt, process::Command};

use links::{Address, LinkId};
use net::{LastWords, SocketId};
use runtime::Severity;

use crate::{daemon::Daemon, transport::Transport};

/// The program that says goodbye; see [`crate::watcher`].
const WATCHER: &str = "corosync-watcher";
/// Copies of the goodbye, each with another number: see [`links::Links::seal_ahead`].
const COPIES: u16 = 3;

/// Starts the process that says goodbye.
pub(crate) fn start() -> std::io::Result<LastWords> {
    let mut command = Command::new("/proc/self/exe");
    command.arg0(WATCHER).arg(WATCHER);
    LastWords::start(command)
}

impl Daemon {
    /// Has the goodbye say what fits the membership and the links as they are now.
    pub(crate) fn prepare_farewell(&mut self) {
        let Some(watcher) = &self.watcher else { return };
        let frame = self.ring.farewell();
        let (packets, addresses) = match &mut self.transport {
            Transport::Links(links) => links.seal_ahead(&frame, COPIES),
            Transport::Plain(plain) => (vec![frame], plain.addresses()),
        };
        let addresses: Vec<_> = addresses
            .into_iter()
            .map(|Address { link: LinkId(link), to }| (SocketId(link), to))
            .collect();
        if let Err(error) = watcher.keep(&packets, &addresses, &self.sockets) {
            let text = format!(
                "nobody will say goodbye for this node should it be killed: the watcher is gone ({error})"
            );
            self.journal.log("MAIN", Severity::Warning, text);
            self.watcher = None;
        }
    }
}
