use std::sync::Arc;

use election::{Input as ElectionInput, Status};
use machine::Outbox;
use messages::{
    cib::{CallOptions, Failure, Request},
    crmd::{Body, Subsystem},
};
use transition::walker::Completion;
use xml::Element;

use crate::{
    core::Core,
    desk::{Book, Desk, Purpose},
    fencing::Fenced,
    fsm::{State, Trigger},
    input::{Input, Now, Settings},
    note::Severity,
    options::Options,
    output::Output,
    peers::Parts,
    timer::Timer,
};

/// The controller of one node.
#[derive(Debug)]
pub struct Controller {
    settings: Settings,
    book: Book,
    core: Core,
}

impl Controller {
    /// A controller that knows nothing yet but itself and the ring's configuration.
    pub fn new(settings: Settings) -> Self {
        let core = Core::new(&settings);
        Self { settings, book: Book::default(), core }
    }

    /// What it is doing.
    pub fn state(&self) -> State {
        self.core.state
    }

    /// Whether it holds the office of DC.
    pub fn is_dc(&self) -> bool {
        self.core.is_dc
    }

    /// The name of the DC, if there is one.
    pub fn dc(&self) -> Option<&vocab::NodeName> {
        self.core.dc.as_ref().map(|(name, _)| name)
    }

    /// Whether a transition is under way.
    pub fn has_transition(&self) -> bool {
        self.core.drive.is_running()
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Now, input: Input, out: &mut Outbox<Output>) {
        let mut desk = Desk { now, settings: &self.settings, book: &mut self.book, out };
        if self.core.progress.exiting {
            return;
        }
        self.core.dispatch(&mut desk, input);
        self.core.settle(&mut desk);
    }
}

impl Core {
    fn dispatch(&mut self, desk: &mut Desk<'_>, input: Input) {
        match input {
            Input::Started => {
                self.progress.connected = true;
                self.query_options(desk);
                self.start_if_ready();
            }
            Input::Ring { quorate, members } => self.on_ring(desk, quorate, &members),
            Input::Group { members } => self.on_group(desk, &members),
            Input::Peer { from, from_name, message } => {
                self.on_peer_message(desk, from, from_name, *message);
            }
            Input::Client { client, user, message } => {
                self.on_client_message(desk, client, user, *message);
            }
            Input::CibReply { call, result } => self.on_cib_reply(desk, call, result),
            Input::CibChanged { patch } => self.on_cib_changed(desk, &patch),
            Input::CibReplaced { sections } => {
                if sections.nodes || sections.status {
                    self.on_cib_replaced(desk);
                }
            }
            Input::Scheduled { reference, graph, source } => {
                self.on_scheduled(desk, &reference, graph, source);
            }
            Input::SchedulerFailed { reference, reason } => {
                self.on_scheduler_failed(desk, &reference, &reason);
            }
            Input::Fenced { key, status, success, reason } => {
                self.on_fenced(desk, Fenced { key, status, success, reason });
            }
            Input::FencingNotice(notice) => self.on_fencing_notice(desk, notice),
            Input::FencerLost => self.on_fencer_lost(desk),
            Input::ConnectionLost { daemon } => {
                desk.say(Severity::Error, format!("Lost connection to {daemon}"));
                if daemon == "executor" {
                    self.executor.on_lost(desk);
                }
                self.trigger(Trigger::Error, "connection lost");
            }
            Input::Load(mut throttle) => {
                if self.options.node_action_limit > 0 {
                    throttle.job_max = self.options.node_action_limit;
                }
                let body = Body::Throttle(throttle);
                desk.broadcast(Subsystem::Controller, Subsystem::Controller, body);
            }
            Input::Shutdown => self.begin_shutdown(desk),
            Input::Timer { timer: Timer::Election, token } => {
                self.elect(desk, ElectionInput::Timer { token });
            }
            Input::Timer { timer, token } => {
                if desk.book.timers.fired(&timer, token) {
                    self.on_timer(desk, timer);
                }
            }
            Input::Executing { .. }
            | Input::Cancelling { .. }
            | Input::Unregistered { .. }
            | Input::Metadata { .. }
            | Input::Executed(_) => self.dispatch_executor(desk, input),
        }
    }

    fn dispatch_executor(&mut self, desk: &mut Desk<'_>, input: Input) {
        let situation = self.situation();
        match input {
            Input::Executing { ticket, result } => {
                self.executor.on_executing(desk, situation, ticket, result);
            }
            Input::Cancelling { ticket, found } => self.executor.on_cancelling(desk, ticket, found),
            Input::Unregistered { resource, in_progress } => {
                self.executor.on_unregistered(desk, &resource, in_progress);
            }
            Input::Metadata { ticket, metadata } => {
                self.executor.on_metadata(desk, situation, ticket, metadata);
            }
            Input::Executed(result) => self.executor.on_result(desk, situation, *result),
            _ => {}
        }
    }

    fn query_options(&mut self, desk: &mut Desk<'_>) {
        let request = Request::query(Some("crm_config")).with_options(CallOptions::SCOPE_LOCAL);
        desk.cib(Purpose::Options, request);
    }

    /// Reads the options from a CIB, or from its `crm_config` alone.
    pub(crate) fn read_options(&mut self, desk: &mut Desk<'_>, element: &Element) {
        let config = match element.name() {
            "crm_config" => Some(element),
            _ => element.descend(&["configuration", "crm_config"]),
        };
        self.options = config.map(Options::from_crm_config).unwrap_or_default();
        self.election.set_timeout(self.options.election_timeout);
        let _ = desk;
    }

    fn on_cib_reply(
        &mut self,
        desk: &mut Desk<'_>,
        call: u64,
        result: Result<Option<Arc<Element>>, Failure>,
    ) {
        let Some(purpose) = desk.book.answered(call) else { return };
        match purpose {
            Purpose::Update(what) => {
                // To delete what is not there is what was wanted.
                if let Err(error) = result
                    && error != Failure::NotFound
                {
                    desk.say(Severity::Warning, format!("CIB update ({what}) failed: {error}"));
                }
            }
            Purpose::Vital(what) => {
                if let Err(error) = result {
                    desk.say(Severity::Error, format!("CIB update ({what}) failed: {error}"));
                    self.trigger(Trigger::Error, "CIB update failed");
                }
            }
            Purpose::Generation { join } => {
                let result = result.as_ref().map(Option::as_deref).map_err(|error| *error);
                self.on_generation(desk, call, join, result);
            }
            Purpose::Options => {
                if let Ok(Some(config)) = &result {
                    self.read_options(desk, config);
                }
                self.progress.options_known = true;
                self.start_if_ready();
            }
            Purpose::Plan => self.on_plan_cib(desk, call, result),
            Purpose::Sync { join } => self.on_synced(desk, join, result.map(drop)),
            Purpose::JoinHistory { .. } => self.on_join_history(desk, result.map(drop)),
            Purpose::Fencing { target } => {
                if let Err(error) = result {
                    let text = format!("Fencing update for {target} failed: {error}");
                    desk.say(Severity::Error, text);
                    self.abort(desk, Completion::Shutdown, "CIB update failed", None);
                }
            }
            Purpose::NameClash => {
                if let Ok(Some(found)) = &result {
                    self.on_name_clash(desk, found);
                }
            }
        }
    }

    fn on_cib_changed(&mut self, desk: &mut Desk<'_>, patch: &Element) {
        let config = patch.children_named("change").any(|change| {
            change.attr("path").is_some_and(|path| path.contains("/cib/configuration/crm_config"))
        });
        if config {
            self.query_options(desk);
        }
        self.on_patch(desk, patch);
    }

    /// Somebody put another CIB in place: what this node knows has to be written anew, by joining.
    fn on_cib_replaced(&mut self, desk: &mut Desk<'_>) {
        self.query_options(desk);
        let asked_for = self.state == State::FinalizeJoin && self.round.cib_asked;
        if !self.is_dc || asked_for {
            return;
        }
        self.write_nodes(desk, Parts::ALL, "do_cib_replaced");
        self.trigger(Trigger::Election, "the CIB was replaced");
    }

    /// Arms the plan that is made without cause.
    pub(crate) fn arm_recheck(&mut self, desk: &mut Desk<'_>) {
        let mut after = self.options.recheck_interval;
        if let Some(by) = self.drive.walker.graph().recheck_by {
            // A second later, so that what is due then is past.
            let seconds = by.0.saturating_sub(desk.now.wall.0).saturating_add(1).max(1);
            let until = std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or(1));
            after = if after.is_zero() { until } else { after.min(until) };
        }
        if !after.is_zero() {
            desk.arm(Timer::Recheck, after);
        }
    }

    fn on_timer(&mut self, desk: &mut Desk<'_>, timer: Timer) {
        match timer {
            Timer::DcDeadtime => {
                self.progress.election_lost = false;
                self.trigger(Trigger::DcTimeout, "no DC in time");
            }
            Timer::Integration => {
                desk.say(Severity::Warning, "Some nodes failed to respond to join offer");
                for peer in self.peers.values_mut() {
                    if peer.join == crate::join::Phase::Welcomed {
                        peer.join = crate::join::Phase::None;
                    }
                }
                self.trigger(Trigger::Integrated, "timeout");
            }
            Timer::Finalization => self.trigger(Trigger::Election, "joining took too long"),
            Timer::Recheck | Timer::TransitionDelay => {
                self.trigger(Trigger::PolicyCalc, "timer");
            }
            Timer::QuorumGained => self.abort(desk, Completion::Restart, "Quorum gained", None),
            Timer::Settling => self.on_settled(desk),
            Timer::Scheduler => {
                desk.say(Severity::Error, "The scheduler did not answer in time");
                self.leave(desk, vocab::ToolExit::Fatal);
            }
            Timer::ShutdownEscalation => {
                desk.say(Severity::Error, "Shutdown took too long");
                self.trigger(Trigger::Stop, "shutdown escalation");
            }
            Timer::Action { transition, action } => {
                self.on_action_timeout(desk, transition, action);
            }
            Timer::Counting => self.policy.counted(),
            Timer::Election => {}
        }
        debug_assert!(self.election.status() != Status::Running || self.peers.local_is_active());
    }
}
