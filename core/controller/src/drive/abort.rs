use transition::walker::Completion;
use vocab::Score;

use crate::{
    core::Core,
    desk::Desk,
    fsm::{State, Trigger},
    note::Note,
    timer::Timer,
};

impl Core {
    /// Ends the transition as soon as what runs is done, or wants a new plan if there is none under way.
    pub(crate) fn abort(
        &mut self,
        desk: &mut Desk<'_>,
        completion: Completion,
        reason: &str,
        about: Option<String>,
    ) {
        self.abort_below(desk, Score::INFINITY.value(), completion, reason, about);
    }

    /// As [`Core::abort`], but what is more important than `priority` may still start.
    pub(crate) fn abort_below(
        &mut self,
        desk: &mut Desk<'_>,
        priority: i32,
        completion: Completion,
        reason: &str,
        about: Option<String>,
    ) {
        let suppressed = matches!(
            self.state,
            State::Starting | State::Pending | State::NotDc | State::Stopping | State::Terminate
        );
        if suppressed {
            return;
        }
        desk.disarm(Timer::QuorumGained);
        self.policy.outdate();
        desk.disarm(Timer::Scheduler);
        let complete = self.drive.walker.is_complete();
        let first = !complete && self.drive.walker.abort(priority, completion, reason);
        desk.note(Note::Aborted {
            transition: self.drive.walker.id(),
            reason: reason.to_owned(),
            about,
            complete,
            first,
        });
        if complete {
            self.replan(desk, reason);
        } else {
            self.drive.wake();
        }
    }

    /// Wants a new plan, after the quiet time that is configured.
    pub(super) fn replan(&mut self, desk: &mut Desk<'_>, reason: &str) {
        if self.options.transition_delay.is_zero() {
            self.trigger(Trigger::PolicyCalc, reason);
        } else {
            desk.arm(Timer::TransitionDelay, self.options.transition_delay);
        }
    }

    /// Holds the transition up, so that nodes can join.
    pub(crate) fn halt(&mut self, desk: &mut Desk<'_>) {
        if self.drive.is_running() {
            self.abort(desk, Completion::Wait, "Peer Halt", None);
        }
    }

    /// The transition has ended: what follows depends on why.
    pub(super) fn on_transition_end(&mut self, desk: &mut Desk<'_>) {
        self.drive.running = false;
        let aborted = self.drive.walker.aborted().clone();
        let reason = aborted.reason().unwrap_or_default().to_owned();
        match (aborted.completion(), self.state) {
            (Completion::Done | Completion::Wait, State::TransitionEngine) => {
                self.trigger(Trigger::TransitionDone, &reason);
            }
            (Completion::Restart, State::TransitionEngine) => self.replan(desk, &reason),
            (Completion::Restart, State::PolicyEngine) => self.want_plan(),
            (Completion::Shutdown, _) if self.progress.shutdown => {
                self.trigger(Trigger::Stop, &reason);
            }
            (Completion::Shutdown, _) => self.trigger(Trigger::Terminate, "unwanted shutdown"),
            (Completion::Done | Completion::Wait | Completion::Restart, _) => {}
        }
        if self.round.waits_for_transition && self.state == State::FinalizeJoin {
            self.finalize(desk);
        }
    }
}
