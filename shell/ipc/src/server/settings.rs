use std::time::Duration;

use wire::qb::Transport;

use crate::Access;

/// What a server is to be.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// The name it listens under.
    pub name: String,
    /// How messages travel.
    pub transport: Transport,
    /// Bytes of the biggest message; a client may ask for more.
    pub max_message_bytes: u32,
    /// Who may connect.
    pub access: Access,
    /// How much may wait for a client that does not read.
    pub backlog: Backlog,
}

/// How much may wait for a client that has fallen behind, until it is disconnected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// So many messages may wait for ever,
    pub patient_messages: usize,
    /// and so many bytes.
    pub patient_bytes: usize,
    /// How long more than that may wait while the client takes nothing.
    pub patience: Duration,
    /// However fast a client catches up, more messages than this never wait.
    pub messages_max: usize,
    /// Nor more bytes.
    pub bytes_max: usize,
}

impl Backlog {
    /// For the ring's services: C keeps whatever a client does not read, and members of process groups rely on that. Here
    /// a client may stop for ever while little comes, and while much comes for as long as a busy machine lets a process
    /// wait for a processor: members that send in bulk fill tens of megabytes in a second.
    pub const RING: Self = Self {
        patient_messages: 1 << 20,
        patient_bytes: 64 << 20,
        patience: Duration::from_secs(10),
        messages_max: 1 << 20,
        bytes_max: 512 << 20,
    };
}

impl Default for Backlog {
    /// What Pacemaker's daemons allow.
    fn default() -> Self {
        Self {
            patient_messages: 500,
            patient_bytes: 256 << 20,
            patience: Duration::from_secs(1),
            messages_max: 5000,
            bytes_max: 256 << 20,
        }
    }
}

/// Whether a server takes requests. What is not taken stays in the client's buffer, in its order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestFlow {
    /// It does.
    #[default]
    Open,
    /// Not now. Clients that send in bulk (process groups) are told to try again; others wait for their answers.
    Hold,
    /// Not now. All clients are told to try again.
    Refuse,
}

impl RequestFlow {
    /// The number by which C clients know it.
    pub(super) const fn number(self) -> i32 {
        match self {
            Self::Open => 0,
            Self::Hold => 2,
            Self::Refuse => 1,
        }
    }
}
