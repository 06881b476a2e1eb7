use std::time::Duration;

use election::Input as ElectionInput;
use messages::{
    cib::{Operation as CibOperation, Request},
    crmd::{Body, Subsystem},
};
use transition::walker::Completion;
use vocab::ToolExit;

use crate::{
    core::{Core, Event},
    desk::{Desk, Purpose},
    fsm::{State, Trigger},
    note::Note,
    output::Output,
    peers::Parts,
    timer::Timer,
};

/// With every configured node there, a DC would have answered by then.
const COMPLETE_DEADTIME: Duration = Duration::from_millis(500);

impl Core {
    /// Enters a state, with what that means whatever the reason.
    pub(crate) fn change_state(
        &mut self,
        desk: &mut Desk<'_>,
        to: State,
        trigger: Trigger,
        reason: String,
    ) {
        let from = std::mem::replace(&mut self.state, to);
        desk.note(Note::StateChange { from, to, trigger, reason });
        if to == State::Integration {
            desk.arm(Timer::Integration, self.options.integration_timeout);
        } else {
            desk.disarm(Timer::Integration);
        }
        if to == State::FinalizeJoin {
            desk.arm(Timer::Finalization, self.options.finalization_timeout);
        } else {
            desk.disarm(Timer::Finalization);
        }
        if to != State::Pending {
            desk.disarm(Timer::DcDeadtime);
        }
        if to != State::Idle {
            desk.disarm(Timer::Recheck);
        }
        if from == State::FinalizeJoin && to == State::PolicyEngine {
            self.write_nodes(desk, Parts::ALL, "do_state_transition");
        }
        match to {
            State::Pending => {
                desk.cib(
                    Purpose::Update("secondary role".into()),
                    Request::new(CibOperation::BecomeSecondary),
                );
                self.set_dc(desk, None);
            }
            State::Election => self.set_dc(desk, None),
            State::NotDc => {
                self.fencing.cleanup.clear();
                if self.progress.shutdown {
                    self.request_shutdown(desk);
                }
            }
            State::Stopping | State::Terminate => self.progress.shutdown = true,
            State::Idle => {
                if self.progress.shutdown {
                    self.request_shutdown(desk);
                }
                self.arm_recheck(desk);
            }
            State::Integration
            | State::FinalizeJoin
            | State::PolicyEngine
            | State::Recovery
            | State::ReleaseDc
            | State::Starting
            | State::TransitionEngine => {}
        }
    }

    /// Does what an event means in the state in which it came.
    pub(crate) fn act(&mut self, desk: &mut Desk<'_>, from: State, event: Event) {
        use State as S;
        match event {
            Event::Plain(trigger, reason) => self.act_plain(desk, from, trigger, &reason),
            Event::NodeJoin(node) => {
                if matches!(from, S::Idle | S::TransitionEngine) {
                    self.halt(desk);
                }
                if from.is_dc() {
                    self.offer_one(desk, node);
                }
            }
            Event::JoinOffer { from: dc, round, version } => match from {
                S::Election => self.vote(desk),
                S::Starting | S::Stopping | S::Terminate | S::Recovery | S::ReleaseDc => {}
                _ => self.on_join_offer(desk, &dc, round, version),
            },
            Event::JoinRequest(request) => match from {
                S::Integration => self.on_join_request(desk, request),
                S::Idle | S::FinalizeJoin | S::PolicyEngine | S::TransitionEngine => {
                    self.offer_one(desk, Some(request.from));
                }
                _ => {}
            },
            Event::JoinAck { from: dc, round, accepted, version } => match from {
                S::Pending | S::Integration | S::FinalizeJoin => {
                    self.on_join_ack(desk, &dc, round, accepted, version);
                }
                S::NotDc => self.announce(desk),
                S::Idle | S::PolicyEngine | S::TransitionEngine => {
                    self.halt(desk);
                    self.offer_all(desk);
                }
                _ => {}
            },
            Event::JoinConfirm { from: node, join, state } => match from {
                S::Integration | S::FinalizeJoin => self.on_join_confirm(desk, node, join, state),
                S::Idle | S::PolicyEngine | S::TransitionEngine => {
                    self.halt(desk);
                    self.offer_all(desk);
                }
                _ => {}
            },
            Event::Scheduled { graph, source } => {
                if from == S::PolicyEngine {
                    self.start_transition(desk, *graph, source);
                }
            }
        }
    }

    fn act_plain(&mut self, desk: &mut Desk<'_>, from: State, trigger: Trigger, reason: &str) {
        use State as S;
        use Trigger as T;
        match (trigger, from) {
            (T::DcTimeout, S::Election | S::NotDc | S::Pending) => self.vote(desk),
            (
                T::Election,
                S::Recovery | S::ReleaseDc | S::Starting | S::Stopping | S::Terminate,
            ) => {}
            (T::Election, _) => self.vote(desk),
            (T::PolicyCalc, S::Idle | S::PolicyEngine | S::TransitionEngine)
            | (T::Fail, S::TransitionEngine) => self.want_plan(),
            (T::ReleaseDc, _) => self.release(desk),
            (T::ElectionDc, S::Election) => self.take_over(desk),
            (T::ElectionDc, S::Integration | S::FinalizeJoin)
            | (T::Fail, S::Integration | S::FinalizeJoin | S::PolicyEngine) => {
                self.offer_all(desk);
            }
            (T::ElectionDc, S::Idle | S::PolicyEngine | S::TransitionEngine) => self.vote(desk),
            (T::Error | T::Fail | T::DcTimeout | T::NotDc, _) if self.state == S::Recovery => {
                if self.is_dc {
                    self.give_up_office();
                }
                self.trigger(T::Terminate, reason);
            }
            (T::Integrated, S::Integration) => self.finalize(desk),
            (T::Finalized, S::FinalizeJoin) => {
                self.write_quorum(desk, self.progress.quorate);
                self.abort(desk, Completion::Restart, "Peer Cancelled", None);
                self.want_plan();
            }
            (T::Shutdown, S::Recovery | S::Starting) => self.leave(desk, ToolExit::Ok),
            (T::Shutdown, S::Stopping | S::Terminate) => {}
            (T::Shutdown, S::Pending)
                if !self.executor.has_active_resources() && !self.executor.has_unfinished() =>
            {
                // Nobody is there to ask, and there is nothing to ask for.
                self.request_shutdown(desk);
                self.trigger(T::Stop, "nothing runs here");
            }
            (T::Shutdown, _) => self.request_shutdown(desk),
            (T::Stop, _) => {
                if self.is_dc {
                    self.give_up_office();
                    self.write_own_leave(desk);
                }
                self.leave(desk, ToolExit::Ok);
            }
            (T::Terminate, _) => self.leave(desk, ToolExit::Error),
            (T::Pending, _) if self.state == S::Pending => {
                if self.is_dc {
                    self.give_up_office();
                }
                self.wait_for_dc(desk);
                if from == S::Starting {
                    self.announce(desk);
                }
            }
            _ => {}
        }
        if trigger == T::ReleaseSuccess && self.state == S::Pending {
            self.wait_for_dc(desk);
        }
    }

    /// Arms the wait for a DC: briefly if every configured node is there and nobody has won an election yet.
    pub(crate) fn wait_for_dc(&mut self, desk: &mut Desk<'_>) {
        let complete = self.all_nodes_active(desk) && !self.progress.election_lost;
        let deadtime = self.options.dc_deadtime;
        let after = if complete { deadtime.min(COMPLETE_DEADTIME) } else { deadtime };
        desk.arm(Timer::DcDeadtime, after);
    }

    /// Whether a controller runs on every node of the ring's configuration.
    pub(crate) fn all_nodes_active(&self, desk: &Desk<'_>) -> bool {
        desk.settings.configured.keys().all(|id| self.peers.is_active(*id))
    }

    /// Calls an election, if this node may stand in one.
    pub(crate) fn vote(&mut self, desk: &mut Desk<'_>) {
        let able = matches!(self.state, State::Election | State::Integration | State::ReleaseDc);
        if able {
            let age = desk.now.age;
            self.elect(desk, ElectionInput::Begin { age });
        } else if self.is_dc {
            self.trigger(Trigger::ReleaseDc, "may not vote");
        }
    }

    /// Asks whether there is a DC.
    pub(crate) fn announce(&mut self, desk: &mut Desk<'_>) {
        self.set_dc(desk, None);
        desk.broadcast(Subsystem::Controller, Subsystem::Dc, Body::JoinAnnounce);
    }

    /// Stops working, tells what has to be told, and ends the process.
    pub(crate) fn leave(&mut self, desk: &mut Desk<'_>, exit: ToolExit) {
        if std::mem::replace(&mut self.progress.exiting, true) {
            return;
        }
        self.executor.stop_all_watching(desk);
        desk.out.push(Output::Exit(exit));
    }
}
