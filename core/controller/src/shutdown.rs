//! Leaving in good order.

use messages::crmd::{Body, Subsystem};
use vocab::NodeName;

use crate::{
    core::Core, desk::Desk, fsm::Trigger, note::Severity, output::Output, peers::Expected,
    timer::Timer,
};

impl Core {
    /// Somebody wants this node to leave. A second time means at once.
    pub(crate) fn begin_shutdown(&mut self, desk: &mut Desk<'_>) {
        if self.progress.shutdown {
            desk.say(Severity::Error, "Escalating shutdown");
            return self.trigger(Trigger::Error, "second request to leave");
        }
        self.progress.shutdown = true;
        desk.say(Severity::Notice, "Initiating controller shutdown sequence");
        desk.arm(Timer::ShutdownEscalation, self.options.shutdown_escalation);
        self.trigger(Trigger::Shutdown, "");
    }

    /// Tells everybody that this node wants to leave; the DC sees to it.
    pub(crate) fn request_shutdown(&mut self, desk: &mut Desk<'_>) {
        self.progress.shutdown = true;
        let dc = self.dc.as_ref().map_or("not set", |(name, _)| name.as_str());
        let text = format!("Sending shutdown request to all peers (DC is {dc})");
        desk.say(Severity::Info, text);
        desk.broadcast(Subsystem::Controller, Subsystem::Controller, Body::ShutdownRequest);
    }

    /// A node wants to leave.
    pub(crate) fn on_shutdown_request(&mut self, desk: &mut Desk<'_>, from: &NodeName) {
        self.expect(from, Expected::Down);
        if self.is_dc {
            desk.say(Severity::Info, format!("Creating shutdown request for {from}"));
            let now = desk.now.wall.to_string();
            desk.out.push(Output::SetAttributes {
                node: from.clone(),
                attributes: vec![("shutdown".to_owned(), Some(now))],
            });
        }
    }

    /// The DC says that this node may leave now.
    pub(crate) fn on_shutdown_order(&mut self, desk: &mut Desk<'_>, from: &NodeName) {
        if self.is_dc {
            if self.progress.shutdown {
                self.trigger(Trigger::Stop, "all is stopped");
            } else if *from == desk.settings.name {
                self.trigger(Trigger::Terminate, "unexpected shutdown confirmation");
            } else {
                self.trigger(Trigger::Election, "another node confirms a shutdown");
            }
            return;
        }
        let from_dc = self.dc.as_ref().is_none_or(|(dc, _)| dc == from);
        if !from_dc {
            let text = format!("Ignoring shutdown order from {from}, which is not the DC");
            return desk.say(Severity::Warning, text);
        }
        if !self.progress.shutdown {
            let text = format!("Shutting down after unexpected shutdown order from {from}");
            desk.say(Severity::Error, text);
        }
        self.trigger(Trigger::Stop, "confirmed by the DC");
    }
}
