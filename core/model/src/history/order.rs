use std::cmp::Ordering;

use super::{HistoryEntry, TransitionKey};

/// Which of two recorded operations is the later one. Equal means that it cannot be told.
pub fn newer(a: &HistoryEntry, b: &HistoryEntry) -> Ordering {
    let same_node = match (a.on_node(), b.on_node()) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    if (same_node && a.id() == b.id()) || (a.call_id == -1 && b.call_id == -1) {
        return Ordering::Equal;
    }
    if same_node && a.call_id >= 0 && a.call_id < b.call_id {
        return Ordering::Less;
    }
    if same_node && b.call_id >= 0 && a.call_id > b.call_id {
        return Ordering::Greater;
    }
    if a.call_id >= 0 && b.call_id >= 0 {
        let time = |entry: &HistoryEntry| entry.last_change.map_or(-1, |time| time.0);
        let (time_a, time_b) = (time(a), time(b));
        return if time_a >= 0 && time_a < time_b {
            Ordering::Less
        } else if time_b >= 0 && time_a > time_b {
            Ordering::Greater
        } else {
            Ordering::Equal
        };
    }
    by_transition(a, b)
}

/// One of the two is pending and has no number yet: the transitions tell.
fn by_transition(a: &HistoryEntry, b: &HistoryEntry) -> Ordering {
    let key = |entry: &HistoryEntry| -> Option<TransitionKey> {
        entry.magic()?.split_once(';')?.1.parse().ok()
    };
    let (Some(key_a), Some(key_b)) = (key(a), key(b)) else { return Ordering::Equal };
    let (id_a, id_b) = (key_a.transition, key_b.transition);
    if !key_a.controller.eq_ignore_ascii_case(&key_b.controller) || id_a == id_b {
        if b.call_id == -1 {
            return Ordering::Less;
        } else if a.call_id == -1 {
            return Ordering::Greater;
        }
    } else if (id_a >= 0 && id_a < id_b) || id_b == -1 {
        return Ordering::Less;
    } else if (id_b >= 0 && id_a > id_b) || id_a == -1 {
        return Ordering::Greater;
    }
    Ordering::Equal
}

/// Where in the history of a resource its present life begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActiveRange {
    /// Position of the start, or of what implies one; -1 if there is none.
    pub start: isize,
    /// Position of the last successful stop; -1 if there is none.
    pub stop: isize,
}

/// Finds the present life of a resource in its history, which is in order of time.
pub fn active_range(entries: &[HistoryEntry]) -> ActiveRange {
    let mut range = ActiveRange { start: -1, stop: -1 };
    let (mut monitored, mut role_changed) = (-1, -1);
    for (position, entry) in (0_isize..).zip(entries) {
        match entry.task() {
            "stop" if entry.status == Some(0) => range.stop = position,
            "start" | "migrate_from" => range.start = position,
            "monitor" if monitored <= range.stop => {
                if matches!(entry.exit, Some(0 | 8)) {
                    monitored = position;
                }
            }
            "promote" | "demote" => role_changed = position,
            _ => {}
        }
    }
    if range.start == -1 {
        if role_changed != -1 {
            range.start = role_changed;
        } else if monitored != -1 {
            range.start = monitored;
        }
    }
    range
}
