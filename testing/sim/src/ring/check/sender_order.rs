use std::collections::BTreeMap;

use super::{Book, Lane, MessageKey, ProcessKey, Verdict};

/// A sender's messages come in the order in which it sent them, and none is left out as long as the ring is the same: of a
/// sender that is gone nothing comes behind what is lost.
#[derive(Debug, Default)]
pub(super) struct SenderOrder {
    /// By receiver: rings that it came into.
    rings: BTreeMap<ProcessKey, u32>,
    /// By receiver, the sender's node and lane: the last message, and how many rings the receiver had come into.
    last: BTreeMap<(ProcessKey, u32, Lane), (MessageKey, u32)>,
}

impl SenderOrder {
    pub(super) fn installed(&mut self, process: ProcessKey) {
        *self.rings.entry(process).or_default() += 1;
    }

    pub(super) fn delivered(
        &mut self,
        book: &Book,
        receiver: ProcessKey,
        key: MessageKey,
    ) -> Verdict {
        let message = book.message(key);
        let rings = self.rings.get(&receiver).copied().unwrap_or_default();
        let sender = book.process(message.sender).node;
        let Some((before, then)) =
            self.last.insert((receiver, sender.0, message.lane), (key, rings))
        else {
            return Ok(());
        };
        let last = book.message(before);
        let told = |what: &str| {
            let (who, earlier, this) = (book.who(receiver), book.name(before), book.name(key));
            Err(format!("{who} delivered {this} {what} {earlier}"))
        };
        if (last.sender, last.counter) >= (message.sender, message.counter) {
            return told("after");
        }
        let gap = last.sender == message.sender && last.counter + 1 < message.counter;
        if gap && then == rings {
            return told("with a gap behind");
        }
        Ok(())
    }
}
