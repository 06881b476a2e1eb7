//! Having plans made: when, from what, and what becomes of an answer.

use std::{sync::Arc, time::Duration};

use messages::cib::{CallOptions, Failure, Request};
use transition::Graph;
use xml::Element;

use crate::{
    core::{Core, Event},
    desk::{Desk, Purpose},
    fsm::{State, Trigger},
    note::Severity,
    output::Output,
    timer::Timer,
};

/// How long the scheduler may take before this node is no good as DC.
const SCHEDULER_TIMEOUT: Duration = Duration::from_secs(120);
/// How long a node of the ring may be without controller before plans are made without it: a controller that died is
/// started anew at once, and its resources are well.
pub(crate) const SETTLING_TIME: Duration = Duration::from_secs(2);

/// How long the attribute manager may take to put a fail count into the CIB before plans are made without it.
const COUNTING_TIME: Duration = Duration::from_secs(1);

/// Where the making of a plan stands.
#[derive(Debug, Default)]
pub(crate) struct Policy {
    /// A plan is wanted and not asked for yet.
    wanted: bool,
    /// The CIB was asked for.
    query: Option<u64>,
    /// The scheduler was asked.
    reference: Option<String>,
    /// A failure was counted, and the count has not been seen in the CIB yet.
    counting: bool,
}

impl Policy {
    /// Whatever was asked for is not wanted any more.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// An answer that is on its way is out of date.
    pub(crate) fn outdate(&mut self) {
        self.query = None;
        self.reference = None;
    }

    /// Whatever was counted is in the CIB, or will not be soon.
    pub(crate) fn counted(&mut self) {
        self.counting = false;
    }
}

impl Core {
    /// Has a plan made as soon as everything is ready for it.
    pub(crate) fn want_plan(&mut self) {
        self.policy.outdate();
        self.policy.wanted = true;
    }

    /// Asks for the CIB if a plan is wanted and nothing is on its way that would change it.
    pub(crate) fn plan_on(&mut self, desk: &mut Desk<'_>) {
        if !self.policy.wanted || !self.is_dc || self.state != State::PolicyEngine {
            return;
        }
        if !self.round.have_cib {
            self.policy.wanted = false;
            desk.say(Severity::Error, "A plan was wanted without a common CIB");
            return self.trigger(Trigger::Election, "no common CIB");
        }
        if desk.book.has_updates() {
            // The last answer will bring us back here.
            return;
        }
        if self.policy.counting {
            return;
        }
        if let Some(rest) = self.settling(desk) {
            if !desk.book.timers.is_armed(&Timer::Settling) {
                desk.arm(Timer::Settling, rest);
            }
            return;
        }
        self.policy.wanted = false;
        let request = Request::query(None).with_options(CallOptions::SCOPE_LOCAL);
        self.policy.query = Some(desk.cib(Purpose::Plan, request));
    }

    /// Holds plans back until a failure that was just counted is in the CIB: a plan without it would try the same again.
    pub(crate) fn await_count(&mut self, desk: &mut Desk<'_>) {
        self.policy.counting = true;
        desk.arm(Timer::Counting, COUNTING_TIME);
    }

    /// How long to wait for a controller that may come back, if there is one.
    fn settling(&self, desk: &Desk<'_>) -> Option<Duration> {
        let rests = self.peers.iter().filter(|peer| peer.member == Some(true)).filter_map(|peer| {
            let gone = desk.now.instant.since(peer.offline_since?);
            SETTLING_TIME.checked_sub(gone).filter(|rest| !rest.is_zero())
        });
        rests.max()
    }

    /// Hands the CIB to the scheduler.
    pub(crate) fn on_plan_cib(
        &mut self,
        desk: &mut Desk<'_>,
        call: u64,
        result: Result<Option<Arc<Element>>, Failure>,
    ) {
        if self.policy.query != Some(call) {
            return;
        }
        self.policy.query = None;
        if !self.is_dc || self.state != State::PolicyEngine {
            return;
        }
        let cib = match result {
            Ok(Some(cib)) => cib,
            Ok(None) => return self.trigger(Trigger::Error, "the CIB could not be read"),
            Err(error) => {
                desk.say(Severity::Error, format!("Could not retrieve the CIB: {error}"));
                return self.trigger(Trigger::Error, "the CIB could not be read");
            }
        };
        if desk.book.has_updates() {
            // Something was changed meanwhile; the plan would be out of date at once.
            self.policy.wanted = true;
            return;
        }
        let mut cib = Element::clone(&cib);
        self.read_options(desk, &cib);
        cib.set("dc-uuid", desk.settings.node);
        cib.set("have-quorum", u8::from(self.progress.quorate));
        if self.progress.ever_quorate && !self.progress.quorate {
            cib.set("no-quorum-panic", 1);
        }
        force_property(&mut cib, "have-watchdog", &desk.settings.have_watchdog.to_string());
        let reference = desk.reference("pe_calc", &messages::crmd::Subsystem::Dc);
        self.policy.reference = Some(reference.clone());
        desk.arm(Timer::Scheduler, SCHEDULER_TIMEOUT);
        desk.out.push(Output::Schedule { reference, cib: Box::new(cib) });
    }

    /// Takes a plan, unless it is out of date.
    pub(crate) fn on_scheduled(
        &mut self,
        desk: &mut Desk<'_>,
        reference: &str,
        graph: Box<Graph>,
        source: String,
    ) {
        if self.policy.reference.as_deref() != Some(reference) {
            return;
        }
        self.policy.reference = None;
        desk.disarm(Timer::Scheduler);
        self.raise(Event::Scheduled { graph, source });
    }

    /// The scheduler did not do its work.
    pub(crate) fn on_scheduler_failed(&mut self, desk: &mut Desk<'_>, reference: &str, why: &str) {
        if self.policy.reference.as_deref() != Some(reference) {
            return;
        }
        self.policy.reference = None;
        desk.disarm(Timer::Scheduler);
        desk.say(Severity::Error, format!("The scheduler made no plan: {why}"));
        self.trigger(Trigger::Error, "no scheduler");
    }
}

/// Makes a cluster property what it is on this node.
fn force_property(cib: &mut Element, name: &str, value: &str) {
    let config = cib.child_or_new("configuration").child_or_new("crm_config");
    let mut found = false;
    for set in config.elements_mut().filter(|set| set.name() == "cluster_property_set") {
        for pair in set.elements_mut().filter(|pair| pair.attr("name") == Some(name)) {
            pair.set("value", value);
            found = true;
        }
    }
    if !found {
        let set = config.child_or_new("cluster_property_set");
        if set.id().is_none() {
            set.set("id", "cib-bootstrap-options");
        }
        set.push(
            Element::new("nvpair")
                .with("id", format_args!("cib-bootstrap-options-{name}"))
                .with("name", name)
                .with("value", value),
        );
    }
}
