use std::collections::BTreeMap;

use vocab::NodeId;
use wire::corosync::RingId;

use super::{Book, ProcessKey, Verdict};

/// A ring's number is used once, grows at every node whatever happens to it, and is on disk before it is used.
#[derive(Debug, Default)]
pub(super) struct RingIdFresh {
    /// By node: the highest number of a ring that it was in, over all starts.
    highest: BTreeMap<NodeId, u64>,
}

impl RingIdFresh {
    pub(super) fn installed(
        &mut self,
        book: &Book,
        process: ProcessKey,
        ring: RingId,
        stored: Option<u64>,
    ) -> Verdict {
        let RingId { node: first, sequence } = ring;
        let highest = self.highest.entry(book.process(process).node).or_default();
        if *highest >= sequence {
            let who = book.who(process);
            return Err(format!("{who} is in ring {first}.{sequence}, but had {highest} before"));
        }
        *highest = sequence;
        if stored.is_none_or(|stored| stored < sequence) {
            let who = book.who(process);
            return Err(format!("{who} is in ring {first}.{sequence}, but stored only {stored:?}"));
        }
        Ok(())
    }
}
