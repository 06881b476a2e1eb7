use super::{Book, MessageKey, ProcessKey, Verdict, agreed_order::AgreedOrder, book::RingKey};

/// Daemons that go from one ring to the next together delivered the same in between, and agree on who they are.
#[derive(Debug, Default)]
pub(super) struct VirtualSynchrony;

impl VirtualSynchrony {
    /// A daemon came from `previous` into `ring`.
    pub(super) fn installed(
        &mut self,
        book: &Book,
        order: &AgreedOrder,
        process: ProcessKey,
        previous: Option<RingKey>,
        ring: RingKey,
    ) -> Verdict {
        let mut compared = false;
        for other in book.ring(ring).processes.iter().copied().filter(|other| *other != process) {
            let together = agree(book, process, other, ring)?;
            // All that came before are the same already; one is enough.
            if let Some(previous) = previous.filter(|_| together && !compared) {
                same_messages(book, order, [process, other], previous, ring)?;
                compared = true;
            }
        }
        Ok(())
    }
}

/// Whether two daemons came into a ring together. They must agree on it.
fn agree(book: &Book, one: ProcessKey, two: ProcessKey, ring: RingKey) -> Result<bool, String> {
    let (Some(first), Some(second)) = (book.install_of(one, ring), book.install_of(two, ring))
    else {
        return Ok(false);
    };
    let together = first.previous.is_some() && first.previous == second.previous;
    let (node_one, node_two) = (book.process(one).node, book.process(two).node);
    let told = first.transitional.contains(&node_two) && second.transitional.contains(&node_one);
    let told_otherwise = if together {
        !told || first.transitional != second.transitional
    } else {
        first.transitional.contains(&node_two) || second.transitional.contains(&node_one)
    };
    if told_otherwise {
        return Err(format!(
            "in {}: {} came from {} and says that it came with {:?}, {} came from {} with {:?}",
            book.ring_name(Some(ring)),
            book.who(one),
            book.ring_name(first.previous),
            first.transitional,
            book.who(two),
            book.ring_name(second.previous),
            second.transitional,
        ));
    }
    Ok(together)
}

fn same_messages(
    book: &Book,
    order: &AgreedOrder,
    [one, two]: [ProcessKey; 2],
    previous: RingKey,
    ring: RingKey,
) -> Verdict {
    let (first, second) = (order.sequence(previous, one), order.sequence(previous, two));
    if first.digest() == second.digest() {
        return Ok(());
    }
    let (mut first, mut second) = (first.messages().iter(), second.messages().iter());
    loop {
        let (a, b) = match (first.next(), second.next()) {
            (None, None) => return Ok(()),
            (a, b) if a == b => continue,
            different => different,
        };
        let name = |message: Option<&MessageKey>| {
            message.map_or("nothing more".to_owned(), |message| book.name(*message))
        };
        return Err(format!(
            "from {} to {}: {} delivered {} where {} delivered {}",
            book.ring_name(Some(previous)),
            book.ring_name(Some(ring)),
            book.who(one),
            name(a),
            book.who(two),
            name(b),
        ));
    }
}
