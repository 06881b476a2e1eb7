use machine::Outbox;
use wire::totem::{RETRANSMIT_MAX, Retransmit, Token};

use super::log::RingLog;
use crate::{Output, Settings, sequence::Sequence};

/// Sends again what the token asks for and this node has, at most `allowed`; how many that were.
pub(crate) fn answer(
    log: &RingLog,
    token: &mut Token,
    allowed: u32,
    out: &mut Outbox<Output>,
) -> u32 {
    let mut sent = 0;
    token.retransmit.retain(|entry| {
        if sent >= allowed || entry.ring != log.ring {
            return true;
        }
        let Some(held) = log.queue.get(Sequence(entry.sequence)) else { return true };
        out.push(Output::Broadcast(held.frame.clone()));
        sent += 1;
        false
    });
    sent
}

/// Puts into the token what this node lacks, once it has been lacking for some rotations: it may only be late.
pub(crate) fn ask(log: &mut RingLog, token: &mut Token, settings: &Settings) {
    for number in log.received.up_to(Sequence(token.sequence)) {
        if token.retransmit.len() >= RETRANSMIT_MAX || !log.queue.spans(number) {
            break;
        }
        if log.queue.get(number).is_some() || log.queue.count_miss(number) < settings.miss_rotations
        {
            continue;
        }
        if token.retransmit.iter().all(|entry| entry.sequence != number.0) {
            token.retransmit.push(Retransmit { ring: log.ring, sequence: number.0 });
        }
    }
}
