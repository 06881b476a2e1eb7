use wire::totem::Token;

use super::{log::RingLog, sort_queue::SPAN};
use crate::{Settings, sequence::Sequence};

/// This node's share in the two sums that the token carries.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flow {
    /// What it sent when it last had the token.
    sent: u32,
    /// What waited then.
    backlog: u32,
}

impl Flow {
    /// How many multicasts this node may send now: its part of the window, by what waits here and elsewhere.
    pub(crate) fn allowance(&self, settings: &Settings, token: &Token, backlog: u32) -> u32 {
        let left = settings.window_messages.saturating_sub(token.sent_last_rotation);
        let allowed = settings.messages_per_token.min(left);
        let waiting = token.backlog.wrapping_add(backlog).wrapping_sub(self.backlog);
        if waiting == 0 {
            return allowed;
        }
        let share = u64::from(settings.window_messages) * u64::from(self.backlog);
        match u32::try_from(share / u64::from(waiting)) {
            Ok(part) if part > 0 => allowed.min(part),
            Ok(_) | Err(_) => allowed,
        }
    }

    /// Replaces the share that the token carries of the last time with that of now.
    pub(crate) fn update(&mut self, token: &mut Token, sent: u32, backlog: u32) {
        token.sent_last_rotation =
            token.sent_last_rotation.wrapping_add(sent).wrapping_sub(self.sent);
        token.backlog = token.backlog.wrapping_add(backlog).wrapping_sub(self.backlog);
        *self = Self { sent, backlog };
    }
}

/// Whether there is room for new numbers: nobody may be so far behind that the others' queues overflow.
pub(crate) fn has_room(log: &RingLog, settings: &Settings, last: Sequence, allowed: u32) -> bool {
    let margin = allowed.saturating_add(settings.window_messages).min(SPAN);
    let limit = Sequence(log.queue.first().previous().0.wrapping_add(SPAN - margin));
    !limit.is_before(last)
}
