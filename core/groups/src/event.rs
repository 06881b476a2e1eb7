use std::{ops::Deref, sync::Arc};

/// The bytes of an event for clients. A clone shares them.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    bytes: Arc<Vec<u8>>,
    start: usize,
}

impl Event {
    /// What stands from `start` on; nothing if that is behind the end.
    pub(crate) fn new(bytes: Vec<u8>, start: usize) -> Self {
        Self { bytes: Arc::new(bytes), start }
    }
}

impl Deref for Event {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }
}

impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Event").field(&wire::corosync::cpg::Event::decode(self)).finish()
    }
}
