use crate::{Credentials, RequestFlow};

/// What a connection has done so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionStats {
    /// Who it is.
    pub credentials: Credentials,
    /// The name of its program; empty if the process was gone before it could be looked at.
    pub process_name: String,
    /// Requests read.
    pub requests: u64,
    /// Answers sent.
    pub responses: u64,
    /// Events sent.
    pub events: u64,
    /// Messages that the client had no room for at first.
    pub send_retries: u64,
    /// Announcements of requests that were none.
    pub receive_retries: u64,
    /// Whether requests are taken.
    pub flow: RequestFlow,
    /// How often that has changed.
    pub flow_changes: u64,
    /// Messages that wait for room in the client's buffers.
    pub waiting: usize,
}

impl ConnectionStats {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            process_name: process_name(credentials.pid),
            requests: 0,
            responses: 0,
            events: 0,
            send_retries: 0,
            receive_retries: 0,
            flow: RequestFlow::Open,
            flow_changes: 0,
            waiting: 0,
        }
    }

    /// Sets to zero what only grows.
    pub(super) fn clear(&mut self) {
        self.requests = 0;
        self.responses = 0;
        self.events = 0;
        self.send_retries = 0;
        self.receive_retries = 0;
        self.flow_changes = 0;
    }
}

/// How many connections there are and were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerStats {
    /// Connections now.
    pub active: u64,
    /// Connections that have ended.
    pub closed: u64,
}

fn process_name(pid: u32) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/comm"))
        .map(|name| name.trim_end().to_owned())
        .unwrap_or_default()
}
