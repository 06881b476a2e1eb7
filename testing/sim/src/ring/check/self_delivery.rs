use std::collections::BTreeMap;

use super::{
    Book, Lane, MessageKey, ProcessKey, Verdict,
    book::{LANES, RingKey},
};

/// Who sends a message delivers it itself, in the ring in which others do.
#[derive(Debug, Default)]
pub(super) struct SelfDelivery {
    /// By sender: how many of its own it has delivered, by lane.
    own: BTreeMap<ProcessKey, [u32; LANES]>,
    /// By sender, lane and ring: the last of its messages that anybody delivered there.
    anybody: BTreeMap<(ProcessKey, Lane, RingKey), MessageKey>,
}

impl SelfDelivery {
    pub(super) fn delivered(
        &mut self,
        book: &Book,
        process: ProcessKey,
        key: MessageKey,
    ) -> Verdict {
        let message = book.message(key);
        if message.sender == process {
            let own = &mut self.own.entry(process).or_default()[message.lane as usize];
            if *own != message.counter {
                return Err(format!(
                    "{} delivered {own} of its own before {}",
                    book.who(process),
                    book.name(key)
                ));
            }
            *own += 1;
            return Ok(());
        }
        let Some(ring) = book.process(process).ring else { return Ok(()) };
        let last = self.anybody.entry((message.sender, message.lane, ring)).or_insert(key);
        *last = key.max(*last);
        let sender = book.process(message.sender);
        let has_left = sender.ring != Some(ring) && book.install_of(message.sender, ring).is_some();
        if sender.lives && has_left {
            return self.has_delivered(book, message.sender, key);
        }
        Ok(())
    }

    /// A sender is about to come into another ring.
    pub(super) fn leaving(&self, book: &Book, process: ProcessKey) -> Verdict {
        let Some(ring) = book.process(process).ring else { return Ok(()) };
        let lanes = [Lane::Usual, Lane::Synchronizing];
        let last = lanes.iter().filter_map(|lane| self.anybody.get(&(process, *lane, ring)));
        last.copied().try_for_each(|last| self.has_delivered(book, process, last))
    }

    /// Everything that was sent by daemons that still run must have come back to them.
    pub(super) fn finished(&self, book: &Book) -> Verdict {
        for (key, process) in book.processes().filter(|(_, process)| process.lives) {
            let own = self.own.get(&key).copied().unwrap_or_default();
            if own != process.given {
                let (who, given) = (book.who(key), process.given);
                return Err(format!(
                    "{who} was given {given:?} messages and delivered {own:?} of them"
                ));
            }
        }
        Ok(())
    }

    fn has_delivered(&self, book: &Book, sender: ProcessKey, key: MessageKey) -> Verdict {
        let own = self.own.get(&sender).copied().unwrap_or_default();
        let message = book.message(key);
        if own[message.lane as usize] > message.counter {
            return Ok(());
        }
        Err(format!("others delivered {}, but not the sender in that ring", book.name(key)))
    }
}
