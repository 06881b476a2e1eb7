//! When to set the statistics that clients want to be told of.

use std::time::Duration;

use cmap::Maps;
use machine::{TimerToken, Timers};

/// How often followed statistics are set: as often as the original looks at them.
pub(crate) const INTERVAL: Duration = Duration::from_millis(1500);

/// The timer for it, which nobody pays for who follows nothing.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    timer: Timers<()>,
}

impl Followed {
    /// Arms the timer if somebody follows a statistic and it is not armed yet. Requests come at any time: none of them may
    /// put off what is armed.
    pub(crate) fn arm(&mut self, maps: &Maps) -> Option<TimerToken> {
        let is_wanted = maps.tracked_statistics().next().is_some();
        (is_wanted && !self.timer.is_armed(&())).then(|| self.timer.arm(()))
    }

    /// The timer has fired.
    pub(crate) fn fired(&mut self, token: TimerToken) {
        self.timer.fired(&(), token);
    }
}

#[cfg(test)]
mod tests {
    use cmap::{ClientId, Input, Key, Request};
    use machine::Outbox;
    use wire::corosync::cmap::TRACK_MODIFIED;

    use super::*;

    const CLIENT: ClientId = ClientId(1);

    fn handle(maps: &mut Maps, input: Input) {
        maps.handle(input, &mut Outbox::new()).unwrap();
    }

    fn following(map: i32) -> Maps {
        let mut maps = Maps::new();
        handle(&mut maps, Input::Connected(CLIENT));
        let key = Key::new("stats.srp.orf_token_rx").unwrap();
        let track = Request::TrackAdd { key, events: TRACK_MODIFIED, context: 7 };
        for request in [Request::ChooseMap { map }, track] {
            handle(&mut maps, Input::Request { client: CLIENT, request });
        }
        maps
    }

    #[test]
    fn the_timer_runs_as_long_as_somebody_follows_a_statistic() {
        let mut followed = Followed::default();
        assert_eq!(followed.arm(&Maps::new()), None);
        let mut maps = following(1);
        let first = followed.arm(&maps).unwrap();
        assert_eq!(followed.arm(&maps), None, "a request put off what is armed");
        followed.fired(first);
        let second = followed.arm(&maps).unwrap();
        handle(&mut maps, Input::Disconnected(CLIENT));
        followed.fired(second);
        assert_eq!(followed.arm(&maps), None);
    }

    #[test]
    fn who_follows_a_key_of_the_configuration_needs_no_timer() {
        assert_eq!(Followed::default().arm(&following(0)), None);
    }
}
