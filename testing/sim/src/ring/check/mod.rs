//! What must hold after every step, one property per file.
//!
//! | [`Property`] | file | what it means |
//! |---|---|---|
//! | `AgreedOrder` | `agreed_order.rs` | all deliver the messages of a ring in one order; before its end nobody leaves one out |
//! | `VirtualSynchrony` | `virtual_synchrony.rs` | who goes from one ring to the next with another delivered the same in between |
//! | `SelfDelivery` | `self_delivery.rs` | who sends a message delivers it, in the ring in which others do |
//! | `Integrity` | `integrity.rs` | what is delivered was sent, by whom it says, just so, and is delivered once |
//! | `SenderOrder` | `sender_order.rs` | a sender's messages come in the order in which it sent them, without gaps in one ring |
//! | `RingIdFresh` | `ring_id_fresh.rs` | a ring's number is used once, grows at every node, and is on disk before it is used |
//! | `Membership` | `membership.rs` | the same ring means the same members; who came and who left is told rightly |
//! | `OneQuorate` | `one_quorate.rs` | partitions that may act have a node in common; in the end all know whether they may |
//! | `Settles` | `settles.rs` | when faults end, all that live are soon in one ring and messages flow |
//! | `Assertion` | the machine | what the machine checks of itself |

mod agreed_order;
mod book;
mod integrity;
mod membership;
mod one_quorate;
mod ring_id_fresh;
mod self_delivery;
mod sender_order;
pub(super) mod settles;
#[cfg(test)]
mod tests;
mod virtual_synchrony;

use std::fmt;

use machine::Instant;
use quorum::View;
use totem::{Configuration, ConfigurationKind};
use vocab::NodeId;

pub(super) use book::{Book, Content, Lane, MessageKey, ProcessKey};
pub(super) use integrity::{said, write};

/// What can be violated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Property {
    /// All deliver the messages of a ring in one order; before the ring ends nobody leaves one out.
    AgreedOrder,
    /// Nodes that go from one ring to the next together delivered the same messages in between.
    VirtualSynchrony,
    /// Who sends a message delivers it, in the ring in which others do.
    SelfDelivery,
    /// What is delivered was sent by whom it says, just so, and is delivered once.
    Integrity,
    /// A sender's messages come in the order in which it sent them, without gaps in one ring.
    SenderOrder,
    /// A ring's number is used once, grows at every node, and is on disk before it is used.
    RingIdFresh,
    /// The same ring means the same members; who came and who left is told rightly.
    Membership,
    /// Partitions that may act at the same time have a node in common, and in the end all know whether they may.
    OneQuorate,
    /// When faults end, all that live are soon in one ring and messages flow.
    Settles,
    /// What the machine checks of itself holds, and it does not panic.
    Assertion,
}

/// Something that must hold and does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What was violated.
    pub property: Property,
    /// When.
    pub at: Instant,
    /// In words.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {:?}: {}", self.property, self.at, self.what)
    }
}

/// How a check ends: a violation is told in words.
type Verdict = Result<(), String>;

/// All checks with what they remember.
#[derive(Debug, Default)]
pub(super) struct Checks {
    book: Book,
    agreed_order: agreed_order::AgreedOrder,
    virtual_synchrony: virtual_synchrony::VirtualSynchrony,
    self_delivery: self_delivery::SelfDelivery,
    integrity: integrity::Integrity,
    sender_order: sender_order::SenderOrder,
    ring_id_fresh: ring_id_fresh::RingIdFresh,
    one_quorate: one_quorate::OneQuorate,
}

impl Checks {
    pub(super) fn book(&self) -> &Book {
        &self.book
    }

    /// A daemon was started.
    pub(super) fn started(&mut self, node: NodeId) -> ProcessKey {
        self.book.add_process(node)
    }

    /// A daemon is gone.
    pub(super) fn ended(&mut self, process: ProcessKey) {
        self.book.process_mut(process).lives = false;
    }

    /// A daemon is given a message; the bytes have to be what [`write()`] makes of it and of what is returned.
    pub(super) fn given(
        &mut self,
        process: ProcessKey,
        lane: Lane,
        content: Content,
    ) -> MessageKey {
        self.book.add_message(process, lane, content)
    }

    /// A daemon found out whether its partition may act.
    pub(super) fn viewed(
        &mut self,
        now: Instant,
        process: ProcessKey,
        view: View,
    ) -> Result<(), Violation> {
        self.one_quorate.viewed(&self.book, process, view).map_err(|what| Violation {
            property: Property::OneQuorate,
            at: now,
            what,
        })
    }

    /// A daemon delivered a message.
    pub(super) fn delivered(
        &mut self,
        now: Instant,
        process: ProcessKey,
        from: NodeId,
        bytes: &[u8],
    ) -> Result<MessageKey, Violation> {
        let blame = |property| move |what| Violation { property, at: now, what };
        let book = &self.book;
        let message = self
            .integrity
            .delivered(book, process, from, bytes)
            .map_err(blame(Property::Integrity))?;
        self.sender_order
            .delivered(book, process, message)
            .map_err(blame(Property::SenderOrder))?;
        self.agreed_order
            .delivered(book, process, message)
            .map_err(blame(Property::AgreedOrder))?;
        self.self_delivery
            .delivered(book, process, message)
            .map_err(blame(Property::SelfDelivery))?;
        Ok(message)
    }

    /// A daemon told a new membership; `stored` is the number on its disk.
    pub(super) fn configured(
        &mut self,
        now: Instant,
        process: ProcessKey,
        configuration: &Configuration,
        stored: Option<u64>,
    ) -> Result<(), Violation> {
        let blame = |property| move |what| Violation { property, at: now, what };
        membership::configured(&self.book, process, configuration)
            .map_err(blame(Property::Membership))?;
        match configuration.kind {
            ConfigurationKind::Transitional => {
                self.book.process_mut(process).transitional = Some(configuration.members.clone());
            }
            ConfigurationKind::Regular => {
                self.ring_id_fresh
                    .installed(&self.book, process, configuration.ring, stored)
                    .map_err(blame(Property::RingIdFresh))?;
                self.self_delivery
                    .leaving(&self.book, process)
                    .map_err(blame(Property::SelfDelivery))?;
                let previous = self.book.process(process).ring;
                let ring = self.book.install(process, configuration);
                self.virtual_synchrony
                    .installed(&self.book, &self.agreed_order, process, previous, ring)
                    .map_err(blame(Property::VirtualSynchrony))?;
                self.sender_order.installed(process);
            }
        }
        Ok(())
    }

    /// All is quiet and everything that was sent must have arrived; and whether those who live have quorum, if votes alone
    /// decide that.
    pub(super) fn finished(&self, now: Instant, is_quorate: Option<bool>) -> Result<(), Violation> {
        let blame = |property| move |what| Violation { property, at: now, what };
        self.self_delivery.finished(&self.book).map_err(blame(Property::SelfDelivery))?;
        is_quorate.map_or(Ok(()), |is_quorate| {
            self.one_quorate.finished(&self.book, is_quorate).map_err(blame(Property::OneQuorate))
        })
    }
}
