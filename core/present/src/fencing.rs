//! The history of fencing, in the order and as far as somebody who looks on wants it.

use std::cmp::Reverse;

use crate::{FenceEvent, FenceState};

/// Puts what is under way first, then what ended last.
pub fn sort_fencing(events: &mut [FenceEvent]) {
    events.sort_by_key(|event| {
        let ended = event.state != FenceState::Pending;
        (ended, Reverse((event.completed, event.completed_nanos)))
    });
}

/// Of sorted events that have ended, the latest of each kind: of those that succeeded by target and action, of those that
/// failed also by who failed.
pub(crate) fn latest_of_each(events: &[FenceEvent]) -> Vec<FenceEvent> {
    let mut latest: Vec<FenceEvent> = Vec::new();
    for event in events {
        let is_known = event.state != FenceState::Pending
            && latest.iter().any(|later| {
                later.state == event.state
                    && later.action == event.action
                    && later.target.eq_ignore_ascii_case(&event.target)
                    && (event.state == FenceState::Done || is_same(later, event))
            });
        if !is_known {
            latest.push(event.clone());
        }
    }
    latest
}

fn is_same(one: &FenceEvent, other: &FenceEvent) -> bool {
    match (&one.delegate, &other.delegate) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use vocab::Timestamp;

    use super::*;
    use crate::{Sections, Show, Status, to_text};

    fn event(target: &str, state: FenceState, delegate: &str, at: i64, nanos: u32) -> FenceEvent {
        FenceEvent {
            action: "reboot".into(),
            target: target.into(),
            delegate: Some(delegate.into()),
            client: "stonith_admin.7".into(),
            origin: "n1".into(),
            state,
            completed: (state != FenceState::Pending).then_some(Timestamp(at)),
            completed_nanos: nanos,
            reason: None,
        }
    }

    fn history() -> Vec<FenceEvent> {
        vec![
            event("n3", FenceState::Done, "n1", 10, 0),
            event("n3", FenceState::Failed, "n2", 20, 5),
            event("N3", FenceState::Failed, "n2", 20, 7),
            event("n3", FenceState::Failed, "n1", 21, 0),
            event("n3", FenceState::Done, "n2", 30, 0),
            event("n3", FenceState::Pending, "n2", 0, 0),
        ]
    }

    #[test]
    fn what_is_under_way_comes_first_and_then_the_latest() {
        let mut events = history();
        sort_fencing(&mut events);
        let time = |event: &FenceEvent| (event.completed.map(|time| time.0), event.completed_nanos);
        let order: Vec<_> = events.iter().map(time).collect();
        assert_eq!(
            order,
            [(None, 0), (Some(30), 0), (Some(21), 0), (Some(20), 7), (Some(20), 5), (Some(10), 0)]
        );
    }

    #[test]
    fn those_who_look_on_see_the_latest_of_each_kind_unless_they_want_all() {
        let mut events = history();
        sort_fencing(&mut events);
        let status = Status { fencing: Some(events), ..Status::default() };
        let mut sections = Sections { fencing_failed: true, ..Sections::NONE };
        sections.fencing_pending = true;
        let failed = |show: &Show| to_text(&status, show).matches("failed").count();
        let mut show = Show::new(sections, 0);
        assert_eq!(failed(&show), 3);
        show.detail.latest_fencing = true;
        assert_eq!(failed(&show), 2);
        show.sections.set_fencing(true);
        assert_eq!(failed(&show), 3);
        assert_eq!(to_text(&status, &show).matches("successful").count(), 2);
    }
}
