//! Nodes that have to be fenced: results, failures, and what fencing means for the cluster's picture of a node.

use std::collections::{BTreeMap, BTreeSet};

use messages::crmd::TransitionKey;
use transition::{
    ActionId, ActionKind, Attributes,
    walker::{Completion, Outcome},
};
use vocab::{ExecStatus, NodeName, ToolExit};
use xml::Element;

use crate::{
    core::Core,
    desk::{Desk, Purpose, quoted},
    input::FencingNotice,
    join::Phase,
    note::Severity,
    output::Output,
    peers::{Expected, Parts},
};

/// What is remembered about fencing.
#[derive(Debug, Default)]
pub(crate) struct Fencing {
    /// Failures in a row, by target.
    failures: BTreeMap<NodeName, u32>,
    /// Nodes that were fenced while there was no DC to note it.
    pub(crate) cleanup: BTreeSet<NodeName>,
}

impl Fencing {
    fn fail(&mut self, target: &NodeName) {
        *self.failures.entry(target.clone()).or_default() += 1;
    }

    pub(crate) fn reset(&mut self, target: &NodeName) {
        self.failures.remove(target);
    }

    fn too_many(&self, target: Option<&NodeName>, limit: u32) -> bool {
        self.failures
            .iter()
            .any(|(name, count)| target.is_none_or(|target| target == name) && *count >= limit)
    }
}

/// How an operation of the fencer for this DC went.
#[derive(Debug)]
pub(crate) struct Fenced {
    pub(crate) key: String,
    pub(crate) status: ExecStatus,
    pub(crate) success: bool,
    pub(crate) reason: Option<String>,
}

impl Core {
    /// Takes the fencer's answer to a request of the transition.
    pub(crate) fn on_fenced(&mut self, desk: &mut Desk<'_>, fenced: Fenced) {
        let Fenced { key, status, success, reason } = fenced;
        let Ok(key) = key.parse::<TransitionKey>() else { return };
        let current = self.is_dc
            && !self.drive.walker.is_complete()
            && key.origin == desk.settings.origin
            && key.transition == self.drive.walker.id();
        let id = u32::try_from(key.action).map(ActionId).ok();
        let action = id.filter(|_| current).and_then(|id| self.drive.walker.action(id)).cloned();
        let (Some(id), Some(action)) = (id, action) else {
            return desk.say(Severity::Info, "Ignoring the result of fencing that is out of date");
        };
        let Some(node) = &action.node else { return };
        let target = NodeName::from(node.name.as_str());
        if success {
            let confirmed = self.drive.walker.confirm(id, Outcome::Success);
            if confirmed && action.meta("stonith_action") == Some("on") {
                note_unfencing(desk, &target, &action.attributes);
            } else if confirmed {
                self.write_fenced(desk, &target, &node.id);
            }
            self.fencing.reset(&target);
        } else {
            // Without a device another try now would come to the same.
            let hopeless = status == ExecStatus::NoFenceDevice;
            let completion = if hopeless { Completion::Wait } else { Completion::Restart };
            let reason = reason.unwrap_or_else(|| status.to_string());
            let text = format!("Fencing of {target} failed: {reason}");
            desk.say(if hopeless { Severity::Warning } else { Severity::Notice }, text);
            self.fencing.fail(&target);
            self.abort_for_fencing(desk, completion, Some(&target));
            self.drive.walker.confirm(id, Outcome::Failure);
        }
        self.drive.wake();
    }

    fn abort_for_fencing(
        &mut self,
        desk: &mut Desk<'_>,
        completion: Completion,
        target: Option<&NodeName>,
    ) {
        let enough = self.fencing.too_many(target, self.options.fencing_max_attempts);
        let completion = if enough {
            desk.say(Severity::Warning, "Too many failures to fence, giving up for now");
            Completion::Wait
        } else {
            completion
        };
        self.abort(desk, completion, "Stonith failed", None);
    }

    /// The fencer is gone, and with it all that was asked of it.
    pub(crate) fn on_fencer_lost(&mut self, desk: &mut Desk<'_>) {
        if !self.is_dc {
            return;
        }
        let graph = self.drive.walker.graph();
        let fencing: Vec<_> = graph
            .synapses
            .iter()
            .map(|synapse| &synapse.action)
            .filter(|action| action.kind == ActionKind::Cluster && action.task == "stonith")
            .map(|action| action.id)
            .filter(|id| !self.drive.walker.is_confirmed(*id))
            .collect();
        if fencing.is_empty() || self.drive.walker.is_complete() {
            return;
        }
        for id in fencing {
            self.drive.walker.confirm(id, Outcome::Failure);
        }
        self.drive.wake();
        self.abort_for_fencing(desk, Completion::Restart, None);
    }

    /// Takes the news of a fencing, whoever asked for it.
    pub(crate) fn on_fencing_notice(&mut self, desk: &mut Desk<'_>, notice: FencingNotice) {
        let FencingNotice { target, action, executioner, origin, client, success, reason } = notice;
        let by = executioner.as_ref().map_or("the cluster", |name| name.as_str());
        let result = if success { "was" } else { "was not" };
        let why = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
        desk.say(
            Severity::Notice,
            format!("Peer {target} {result} terminated ({action}) by {by}{why}"),
        );
        if action == "on" {
            return;
        }
        if success && target == desk.settings.name {
            desk.say(Severity::Error, format!("We were allegedly just fenced by {by}!"));
            if self.options.panic_when_fenced {
                return self.leave(desk, ToolExit::Panic);
            }
            return self.leave(desk, ToolExit::Fatal);
        }
        if !self.is_dc {
            if success {
                self.fencing.reset(&target);
            } else {
                self.fencing.fail(&target);
            }
        }
        if !success {
            return;
        }
        let Some(uuid) = self.peers.by_name(target.as_str()).map(|peer| peer.uuid()) else {
            return;
        };
        let dc = self.dc.as_ref().map(|(name, _)| name.clone());
        if self.is_dc {
            self.write_fenced(desk, &target, &uuid);
            let ours = origin.as_ref() == Some(&desk.settings.name)
                && client.as_deref().is_some_and(|c| c.starts_with("pacemaker-controld"));
            if !ours {
                self.abort(desk, Completion::Restart, "External Fencing Operation", None);
            }
        } else if dc.is_none_or(|dc| dc == target) {
            // Nobody is there to note it, so whoever becomes DC does.
            if executioner.as_ref() == Some(&desk.settings.name) {
                self.write_fenced(desk, &target, &uuid);
            }
            self.fencing.cleanup.insert(target.clone());
        }
        self.mark_down(&target);
    }

    /// Notes nodes that were fenced while there was no DC.
    pub(crate) fn clean_up_after_fencing(&mut self, desk: &mut Desk<'_>) {
        for target in std::mem::take(&mut self.fencing.cleanup) {
            let uuid = self.peers.by_name(target.as_str()).map(|peer| peer.uuid());
            if let Some(uuid) = uuid {
                self.write_fenced(desk, &target, &uuid);
            }
        }
    }

    fn mark_down(&mut self, name: &NodeName) {
        let id = self.peers.by_name(name.as_str()).map(|peer| peer.id);
        if let Some(peer) = id.and_then(|id| self.peers.get_mut(id)) {
            peer.join = Phase::None;
            peer.expected = Some(Expected::Down);
        }
    }

    /// Notes in the CIB that a node is down for sure and nothing runs there.
    fn write_fenced(&mut self, desk: &mut Desk<'_>, target: &NodeName, uuid: &str) {
        let id = self.peers.by_name(target.as_str()).map(|peer| peer.id);
        self.mark_down(target);
        let mut parts = Parts { join: true, expected: true, ..Parts::NONE };
        if let Some(peer) = id.and_then(|id| self.peers.get_mut(id))
            && peer.member.is_none()
        {
            peer.member = Some(false);
            parts.ring = true;
        }
        let origin = "send_stonith_update";
        let state =
            id.and_then(|id| self.peers.node_state(id, parts, origin)).unwrap_or_else(|| {
                Element::new("node_state")
                    .with("id", uuid)
                    .with("uname", target)
                    .with("join", "down")
                    .with("expected", "down")
                    .with("crm-debug-origin", origin)
            });
        desk.update(Purpose::Fencing { target: target.clone() }, "status", state);
        desk.delete_xpath(format!("//node_state[@uname={}]/*", quoted(target.as_str())));
    }
}

/// Notes with which parameters of its devices a node was unfenced.
fn note_unfencing(desk: &mut Desk<'_>, target: &NodeName, attributes: &Attributes) {
    let value = |name: &str| attributes.get(&format!("CRM_meta_digests_{name}")).map(str::to_owned);
    let now = desk.now.wall.to_string();
    desk.out.push(Output::SetAttributes {
        node: target.clone(),
        attributes: vec![
            ("#node-unfenced".to_owned(), Some(now)),
            ("#digests-all".to_owned(), value("all")),
            ("#digests-secure".to_owned(), value("secure")),
        ],
    });
}
