use std::collections::VecDeque;

use ipc::{AsyncClient, Priority};
use wire::corosync::{
    AnswerError, Status,
    cpg::{Guarantee, PAYLOAD_MAX, Part, encode_multicast, encode_partial_multicast},
    decode_status,
};

use crate::{RingError, assembly::MESSAGE_LIMIT, service::call_error};

/// Messages that may wait for the ring.
const MESSAGES_MAX: usize = 20_000;
/// Bytes that may wait for the ring.
const BYTES_MAX: usize = 2 * MESSAGE_LIMIT;

/// Messages on their way to the ring, in order. A long one goes in parts, each confirmed before the next.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    waiting: VecDeque<Vec<u8>>,
    waiting_bytes: usize,
    /// How much of the first message has been taken.
    taken: usize,
    /// Bytes of the part whose confirmation is awaited; 0 for none.
    unconfirmed: usize,
}

impl Outgoing {
    /// Adds a message at the end.
    pub(crate) fn push(&mut self, message: Vec<u8>) -> Result<(), RingError> {
        let bytes = message.len();
        if bytes > MESSAGE_LIMIT {
            return Err(RingError::TooBig { bytes, limit: MESSAGE_LIMIT });
        }
        if self.waiting.len() >= MESSAGES_MAX || self.waiting_bytes + bytes > BYTES_MAX {
            return Err(RingError::QueueFull { waiting: self.waiting.len() });
        }
        self.waiting_bytes += bytes;
        self.waiting.push_back(message);
        Ok(())
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Sends as much as the ring takes now.
    pub(crate) fn flush(&mut self, client: &mut AsyncClient) -> Result<(), RingError> {
        const REQUEST: &str = "multicast";
        let failed = |error| call_error(REQUEST, error);
        while let Some(message) = self.waiting.front() {
            if self.unconfirmed > 0 {
                let Some(answer) = client.try_receive().map_err(failed)? else { return Ok(()) };
                let part = std::mem::take(&mut self.unconfirmed);
                match decode_status(&answer) {
                    Ok(()) => self.taken += part,
                    Err(AnswerError::Refused(Status::TRY_AGAIN)) => return Ok(()),
                    // The membership changed: receivers have dropped the parts before.
                    Err(AnswerError::Refused(Status::INTERRUPT)) => self.taken = 0,
                    Err(AnswerError::Refused(status)) => {
                        return Err(RingError::Refused { request: REQUEST, status });
                    }
                    Err(AnswerError::Malformed(error)) => {
                        let problem = error.to_string();
                        return Err(RingError::Malformed { request: REQUEST, problem });
                    }
                }
                if self.taken >= message.len() {
                    self.pop();
                }
                continue;
            }
            if message.len() <= PAYLOAD_MAX {
                let request = encode_multicast(Guarantee::Agreed, message);
                if !client.try_send(&request, Priority::Bulk).map_err(failed)? {
                    return Ok(());
                }
                self.pop();
            } else {
                let (part, bytes) = next_part(message, self.taken);
                let total = u32::try_from(message.len()).unwrap_or(u32::MAX);
                let request = encode_partial_multicast(Guarantee::Agreed, total, part, bytes);
                if !client.try_send(&request, Priority::Bulk).map_err(failed)? {
                    return Ok(());
                }
                self.unconfirmed = bytes.len();
            }
        }
        Ok(())
    }

    fn pop(&mut self) {
        self.taken = 0;
        if let Some(message) = self.waiting.pop_front() {
            self.waiting_bytes -= message.len();
        }
    }
}

/// The part of a long message that comes next.
fn next_part(message: &[u8], taken: usize) -> (Part, &[u8]) {
    let end = message.len().min(taken + PAYLOAD_MAX);
    let part = match (taken, end) {
        (0, _) => Part::First,
        (_, end) if end == message.len() => Part::Last,
        _ => Part::Middle,
    };
    (part, &message[taken..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_has_first_middle_and_last_parts() {
        let message = vec![0; 2 * PAYLOAD_MAX + 5];
        assert_eq!(next_part(&message, 0).0, Part::First);
        assert_eq!(next_part(&message, PAYLOAD_MAX).0, Part::Middle);
        let (part, bytes) = next_part(&message, 2 * PAYLOAD_MAX);
        assert_eq!((part, bytes.len()), (Part::Last, 5));
    }

    #[test]
    fn too_much_is_refused() {
        let mut outgoing = Outgoing::default();
        for _ in 0..MESSAGES_MAX {
            outgoing.push(vec![1]).unwrap();
        }
        assert!(matches!(outgoing.push(vec![1]), Err(RingError::QueueFull { .. })));
    }
}
