//! Messages that come over the ring.

use std::collections::BTreeSet;

use machine::Outbox;
use messages::attributes::{
    Dampening, Envelope, FailureFilter, PeerMessage, Selector, Update, UpdateKind,
};
use vocab::{NodeId, NodeName};

use crate::{
    AttributeManager, Note, Output, Timer,
    attribute::{Attribute, NodeKey},
    manager::Moment,
};

/// What one message brings about besides new values; it is dealt with once the whole message was read.
#[derive(Debug, Default)]
struct Consequences {
    /// Attributes to be written.
    due: BTreeSet<String>,
    /// Local values that the sender has wrong.
    corrections: Vec<Update>,
    /// A node's number was learned, so that values can be written which had to wait for it.
    learned_id: bool,
}

impl AttributeManager {
    pub(crate) fn on_peer(
        &mut self,
        moment: Moment,
        from: NodeId,
        name: &NodeName,
        envelope: Envelope,
        out: &mut Outbox<Output>,
    ) {
        let mut consequences = Consequences::default();
        match envelope.message {
            PeerMessage::Update(updates) => {
                for update in &updates {
                    if from == self.settings.node {
                        self.arrived(update);
                    }
                    self.apply(name, update, false, &mut consequences, out);
                }
            }
            PeerMessage::Values(values) => {
                let is_writer = self.note_writer(moment, name, envelope.writer, out);
                if from != self.settings.node {
                    self.on_values(name, &values, is_writer, &mut consequences, out);
                }
            }
            PeerMessage::SyncRequest => self.send_values(Some((from, name.clone())), out),
            PeerMessage::RemovePeer(node) => {
                let by = Some(name.clone());
                out.push(Output::Note(Note::Forgotten { node: node.clone(), by }));
                self.forget(&node);
            }
            PeerMessage::ClearFailure { filter, node, is_remote } => {
                let target = (node, is_remote);
                self.clear_failures(name, &filter, &target, &mut consequences, out);
            }
            PeerMessage::Obsolete => {}
        }
        self.finish(moment, consequences, out);
    }

    fn finish(&mut self, moment: Moment, consequences: Consequences, out: &mut Outbox<Output>) {
        if !consequences.corrections.is_empty() {
            self.send(None, PeerMessage::Values(consequences.corrections), out);
        }
        if !consequences.due.is_empty() {
            self.write_or_elect(moment, consequences.due, out);
        }
        if consequences.learned_id && self.is_writer() {
            self.write_changed(out);
        }
    }

    /// One of the local node's own updates has come back.
    fn arrived(&mut self, update: &Update) {
        let Some(key) = way_key(update) else { return };
        if let Some((_, count)) = self.on_their_way.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                self.on_their_way.remove(&key);
            }
        }
    }

    fn on_values(
        &mut self,
        from: &NodeName,
        values: &[Update],
        from_writer: bool,
        consequences: &mut Consequences,
        out: &mut Outbox<Output>,
    ) {
        if from_writer {
            for attribute in self.attributes.values_mut() {
                for value in attribute.values.values_mut() {
                    value.seen = false;
                }
            }
        }
        for value in values {
            self.apply(from, value, true, consequences, out);
        }
        if from_writer {
            consequences.corrections.extend(self.unseen_local_values());
        }
    }

    /// The local node's values that the writer did not mention, and so does not know.
    fn unseen_local_values(&self) -> Vec<Update> {
        let local = NodeKey::from(&self.settings.name);
        let values = self.attributes.iter().filter_map(|(name, attribute)| {
            let value = attribute.values.get(&local).filter(|value| !value.seen)?;
            Some(attribute.describe(name, value, !attribute.dampening.is_zero()))
        });
        values.collect()
    }

    fn clear_failures(
        &mut self,
        from: &NodeName,
        filter: &FailureFilter,
        (node, is_remote): &(Option<NodeName>, bool),
        consequences: &mut Consequences,
        out: &mut Outbox<Output>,
    ) {
        let names: Vec<String> =
            self.attributes.keys().filter(|name| filter.matches(name)).cloned().collect();
        for name in names {
            let mut update = Update::set(name, None::<String>);
            update.node.clone_from(node);
            update.is_remote = *is_remote;
            self.apply(from, &update, false, consequences, out);
        }
    }

    /// Applies one update. With `protect` the local node's value is not changed by it; the sender is corrected instead.
    fn apply(
        &mut self,
        from: &NodeName,
        update: &Update,
        protect: bool,
        consequences: &mut Consequences,
        out: &mut Outbox<Output>,
    ) {
        // Patterns are resolved by the node whose client sent them.
        let Selector::Name(name) = &update.selector else { return };
        if !self.attributes.contains_key(name) {
            if update.kind == UpdateKind::Delay {
                out.push(Output::Note(Note::NoSuchAttribute(name.clone())));
                return;
            }
            self.attributes.insert(name.clone(), Attribute::new(update));
        }
        if update.kind != UpdateKind::Value && !self.apply_dampening(name, update, consequences) {
            out.push(Output::Note(Note::BadDampening(name.clone())));
            return;
        }
        if update.kind == UpdateKind::Delay {
            return;
        }
        let nodes = match &update.node {
            Some(node) => vec![node.clone()],
            None => match self.attributes.get(name) {
                Some(attribute) => attribute.values.values().map(|v| v.node.clone()).collect(),
                None => Vec::new(),
            },
        };
        for node in nodes {
            self.apply_value(from, name, &node, update, protect, consequences, out);
        }
    }

    /// Sets how long changes are held back. False if the update does not say it in a way that makes sense.
    fn apply_dampening(
        &mut self,
        name: &str,
        update: &Update,
        consequences: &mut Consequences,
    ) -> bool {
        let Dampening::Delay(delay) = update.dampening else { return false };
        if let Some(attribute) = self.attributes.get_mut(name)
            && attribute.dampening != delay
        {
            attribute.dampening = delay;
            self.timers.disarm(&Timer::Write(name.to_owned()));
            // At once, or else changing the delay again and again would keep the values out of the CIB for ever.
            consequences.due.insert(name.to_owned());
        }
        true
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "one value of one update, with all it may bring about"
    )]
    fn apply_value(
        &mut self,
        from: &NodeName,
        name: &str,
        node: &NodeName,
        update: &Update,
        protect: bool,
        consequences: &mut Consequences,
        out: &mut Outbox<Output>,
    ) {
        let is_local = self.is_local(node);
        let Some(attribute) = self.attributes.get_mut(name) else { return };
        let has_delay = !attribute.dampening.is_zero();
        let value = attribute.value_mut(node);
        value.is_remote |= update.is_remote;
        value.seen = true;
        if !same(value.current.as_deref(), update.value.as_deref()) {
            if protect && is_local {
                let own = value.current.clone();
                let theirs = update.value.clone();
                let name = name.to_owned();
                out.push(Output::Note(Note::Corrected {
                    name: name.clone(),
                    own,
                    theirs,
                    from: from.clone(),
                }));
                let key = NodeKey::from(node);
                if let Some(value) = attribute.values.get(&key) {
                    consequences.corrections.push(attribute.describe(&name, value, false));
                }
                return;
            }
            let old = std::mem::replace(&mut value.current, update.value.clone());
            out.push(Output::Note(Note::Changed {
                name: name.to_owned(),
                node: node.clone(),
                old,
                new: update.value.clone(),
                from: from.clone(),
            }));
            attribute.changed = true;
            if has_delay {
                let after = attribute.dampening;
                self.arm_write(name, after, out);
            } else {
                consequences.due.insert(name.to_owned());
            }
        } else if update.is_forced && has_delay {
            attribute.forced = true;
        }
        self.learn_id(name, node, update, consequences);
    }

    fn learn_id(
        &mut self,
        name: &str,
        node: &NodeName,
        update: &Update,
        consequences: &mut Consequences,
    ) {
        let Some(attribute) = self.attributes.get_mut(name) else { return };
        let value = attribute.value_mut(node);
        if update.node.is_some()
            && value.node_id.is_none()
            && !value.is_remote
            && update.node_id.is_some()
        {
            value.node_id = update.node_id;
            consequences.learned_id = true;
        }
    }
}

/// Under which key a sent update is remembered until it comes back; none if it sets no value of a certain node.
pub(crate) fn way_key(update: &Update) -> Option<(String, NodeKey)> {
    match (&update.selector, &update.node, update.kind) {
        (Selector::Name(name), Some(node), UpdateKind::Value | UpdateKind::Both) => {
            Some((name.clone(), NodeKey::from(node)))
        }
        _ => None,
    }
}

/// Values compare without regard to case, as they do in Pacemaker: a change of case alone is none.
fn same(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}
