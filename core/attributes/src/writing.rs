//! Writing values to the CIB.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use machine::Outbox;
use messages::attributes::{StatusUpdate, StatusValue};
use vocab::NodeId;

use crate::{
    AttributeManager, Note, Output, Timer, WriteId,
    attribute::{Attribute, Value},
    manager::Moment,
};

/// How long after a failed write the next is tried, for attributes that have no dampening.
const RETRY_DELAY: Duration = Duration::from_secs(2);

impl AttributeManager {
    /// Writes attributes if this node is the writer; otherwise sees to it that there is one.
    pub(crate) fn write_or_elect(
        &mut self,
        moment: Moment,
        names: BTreeSet<String>,
        out: &mut Outbox<Output>,
    ) {
        if self.is_writer() {
            self.write(names, false, out);
        } else {
            self.elect_if_needed(moment, out);
        }
    }

    /// Writes every attribute, changed or not; those held back only if `at_once`.
    pub(crate) fn write_all(&mut self, at_once: bool, out: &mut Outbox<Output>) {
        let (forced, others): (BTreeSet<_>, BTreeSet<_>) =
            self.attributes.keys().cloned().partition(|name| self.attributes[name].forced);
        for attribute in self.attributes.values_mut() {
            attribute.changed = true;
        }
        self.write(forced, true, out);
        self.write(others, at_once, out);
    }

    /// Writes every attribute that changed or could not be written as a whole.
    pub(crate) fn write_changed(&mut self, out: &mut Outbox<Output>) {
        let due =
            |attribute: &Attribute| attribute.changed || attribute.misses_nodes || attribute.forced;
        let due = self.attributes.iter().filter(|(_, attribute)| due(attribute));
        let (forced, others): (BTreeSet<_>, BTreeSet<_>) =
            due.map(|(name, _)| name.clone()).partition(|name| self.attributes[name].forced);
        self.write(forced, true, out);
        self.write(others, false, out);
    }

    /// Writes attributes in as few changes of the CIB as possible: one for each user.
    fn write(&mut self, names: BTreeSet<String>, at_once: bool, out: &mut Outbox<Output>) {
        let mut batches: BTreeMap<Option<String>, (StatusUpdate, Vec<String>)> = BTreeMap::new();
        for name in names {
            if !self.may_write(&name, at_once) {
                continue;
            }
            let members: BTreeMap<String, NodeId> =
                self.members.iter().map(|(id, name)| (name.as_str().to_lowercase(), *id)).collect();
            let Some(attribute) = self.attributes.get_mut(&name) else { continue };
            attribute.changed = false;
            attribute.misses_nodes = false;
            attribute.forced = false;
            if attribute.is_private {
                continue;
            }
            let (update, written) = batches.entry(attribute.user.clone()).or_default();
            let before = update.values.len();
            for value in attribute.values.values_mut() {
                let known = members.get(&value.node.as_str().to_lowercase()).copied();
                value.node_id = value.node_id.or(known.filter(|_| !value.is_remote));
                match status_id(value) {
                    Some(node) => update.values.push(StatusValue {
                        node,
                        name: name.clone(),
                        set: attribute.set.clone(),
                        key: attribute.key.clone(),
                        value: value.current.clone(),
                    }),
                    None => {
                        attribute.misses_nodes = true;
                        let node = value.node.clone();
                        out.push(Output::Note(Note::NodeIdUnknown { name: name.clone(), node }));
                    }
                }
            }
            if update.values.len() > before {
                written.push(name);
            }
        }
        for (user, (update, names)) in batches {
            if !names.is_empty() {
                self.begin_write(user, update, names, out);
            }
        }
    }

    /// Whether now is the time to write an attribute; if it is not, its time comes by itself.
    fn may_write(&mut self, name: &str, at_once: bool) -> bool {
        let Some(attribute) = self.attributes.get(name) else { return false };
        if attribute.is_private {
            return true;
        }
        if attribute.writing.is_some() {
            // The end of that write looks for changes.
            return false;
        }
        let timer = Timer::Write(name.to_owned());
        if self.timers.is_armed(&timer) {
            if !at_once {
                return false;
            }
            self.timers.disarm(&timer);
        }
        true
    }

    fn begin_write(
        &mut self,
        user: Option<String>,
        update: StatusUpdate,
        names: Vec<String>,
        out: &mut Outbox<Output>,
    ) {
        self.last_write = WriteId(self.last_write.0 + 1);
        let write = self.last_write;
        for name in &names {
            if let Some(attribute) = self.attributes.get_mut(name) {
                attribute.writing = Some(write);
            }
        }
        out.push(Output::Note(Note::Writing {
            values: update.values.len(),
            attributes: names.len(),
        }));
        self.writes.insert(write, names);
        out.push(Output::Write { write, update, user });
    }

    pub(crate) fn on_written(
        &mut self,
        moment: Moment,
        write: WriteId,
        result: Result<(), String>,
        out: &mut Outbox<Output>,
    ) {
        let Some(names) = self.writes.remove(&write) else { return };
        let failed = result.is_err();
        if let Err(reason) = result {
            out.push(Output::Note(Note::WriteFailed { names: names.join(", "), reason }));
        }
        let mut changed = BTreeSet::new();
        for name in names {
            let Some(attribute) = self.attributes.get_mut(&name) else { continue };
            attribute.writing = None;
            attribute.changed |= failed;
            if attribute.changed {
                changed.insert(name);
            }
        }
        if !self.is_writer() || self.stopping {
            return;
        }
        if failed {
            // Later, so that a CIB that cannot be written is not asked without end.
            for name in changed {
                let delay = self.attributes.get(&name).map_or(Duration::ZERO, |a| a.dampening);
                let delay = if delay.is_zero() { RETRY_DELAY } else { delay };
                if !self.timers.is_armed(&Timer::Write(name.clone())) {
                    self.arm_write(&name, delay, out);
                }
            }
        } else if !changed.is_empty() {
            self.write_or_elect(moment, changed, out);
        }
    }

    /// Has an attribute written later; a time set before no longer counts.
    pub(crate) fn arm_write(&mut self, name: &str, after: Duration, out: &mut Outbox<Output>) {
        let timer = Timer::Write(name.to_owned());
        let token = self.timers.arm(timer.clone());
        out.push(Output::Arm { timer, token, after });
    }
}

/// The id that the CIB has for a value's node, if it is known: its number, or the name of a remote node.
fn status_id(value: &Value) -> Option<String> {
    if value.is_remote {
        Some(value.node.to_string())
    } else {
        value.node_id.map(|id| id.to_string())
    }
}
