use std::{fmt, time::Duration};

use machine::Instant;
use totem::{Guarantee, Suspicion};
use vocab::NodeId;

use super::text::{Words, list, micros, seconds};

/// Something that is done to the cluster from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When, in whole microseconds.
    pub at: Instant,
    /// What.
    pub what: Happening,
}

/// What can be done to a cluster. What makes no sense at its time (a crash of a node that is off) does nothing, so that any
/// part of a recording is a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A node's daemon is started.
    Start(NodeId),
    /// A node's daemon dies.
    Crash {
        /// Whose.
        node: NodeId,
        /// What becomes of a number that was being stored.
        write: WriteFate,
        /// It dies while it carries out what its next input asks for, after so many outputs; at once if `None`.
        outputs: Option<u32>,
    },
    /// A node's daemon leaves the ring and ends.
    Leave(NodeId),
    /// The host of a daemon that died says goodbye for it.
    Farewell(NodeId),
    /// A node's daemon is not scheduled any more; what comes in for it waits.
    Pause(NodeId),
    /// A daemon that paused gets everything that has waited.
    Resume {
        /// Whose.
        node: NodeId,
        /// What it sees first.
        order: ResumeOrder,
    },
    /// From now on storing takes a node so long.
    Disk {
        /// Whose.
        node: NodeId,
        /// How long.
        latency: Duration,
    },
    /// Nothing gets from one node to another any more.
    Cut {
        /// From whom.
        from: NodeId,
        /// To whom.
        to: NodeId,
    },
    /// Packets from one node to another arrive again.
    Mend {
        /// From whom.
        from: NodeId,
        /// To whom.
        to: NodeId,
    },
    /// Only nodes of the same group hear each other. Who is in none is alone.
    Partition(Vec<Vec<NodeId>>),
    /// Everybody hears everybody.
    Heal,
    /// A program sends a message.
    Multicast {
        /// On which node.
        node: NodeId,
        /// Bytes of the message.
        bytes: usize,
        /// In which order.
        guarantee: Guarantee,
    },
    /// A node's transport tells its suspicion, right or wrong.
    Suspect {
        /// Who suspects.
        node: NodeId,
        /// Whom.
        suspect: NodeId,
        /// Why.
        why: Suspicion,
    },
    /// An operator has the ring formed anew.
    Gather(NodeId),
}

/// What becomes of a number that was being stored when its node died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteFate {
    /// It is on disk.
    Kept,
    /// The number before it is on disk.
    Lost,
    /// Neither can be read, and the daemon does not start until somebody has looked after it.
    Torn,
}

/// What a daemon that has paused sees first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResumeOrder {
    /// What came first.
    AsItCame,
    /// Its timers.
    TimersFirst,
    /// Packets.
    PacketsFirst,
}

impl Happening {
    /// The node that it is done to, if it is one.
    pub fn node(&self) -> Option<NodeId> {
        match self {
            Self::Start(node)
            | Self::Leave(node)
            | Self::Farewell(node)
            | Self::Pause(node)
            | Self::Gather(node) => Some(*node),
            Self::Crash { node, .. }
            | Self::Resume { node, .. }
            | Self::Disk { node, .. }
            | Self::Multicast { node, .. }
            | Self::Suspect { node, .. } => Some(*node),
            Self::Cut { .. } | Self::Mend { .. } | Self::Partition(_) | Self::Heal => None,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", seconds(self.at), self.what)
    }
}

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(node) => write!(f, "start {node}"),
            Self::Crash { node, write, outputs } => {
                let write = match write {
                    WriteFate::Kept => "kept",
                    WriteFate::Lost => "lost",
                    WriteFate::Torn => "torn",
                };
                write!(f, "crash {node} {write}")?;
                outputs.map_or(Ok(()), |outputs| write!(f, " after {outputs}"))
            }
            Self::Leave(node) => write!(f, "leave {node}"),
            Self::Farewell(node) => write!(f, "farewell {node}"),
            Self::Pause(node) => write!(f, "pause {node}"),
            Self::Resume { node, order } => {
                let order = match order {
                    ResumeOrder::AsItCame => "as-it-came",
                    ResumeOrder::TimersFirst => "timers-first",
                    ResumeOrder::PacketsFirst => "packets-first",
                };
                write!(f, "resume {node} {order}")
            }
            Self::Disk { node, latency } => write!(f, "disk {node} {}", micros(*latency)),
            Self::Cut { from, to } => write!(f, "cut {from} {to}"),
            Self::Mend { from, to } => write!(f, "mend {from} {to}"),
            Self::Partition(groups) => {
                f.write_str("partition")?;
                groups.iter().try_for_each(|group| write!(f, " {}", list(group)))
            }
            Self::Heal => f.write_str("heal"),
            Self::Multicast { node, bytes, guarantee } => {
                let guarantee = match guarantee {
                    Guarantee::Agreed => "agreed",
                    Guarantee::Safe => "safe",
                };
                write!(f, "multicast {node} {bytes} {guarantee}")
            }
            Self::Suspect { node, suspect, why } => {
                let why = match why {
                    Suspicion::Unreachable => "unreachable",
                    Suspicion::Gone => "gone",
                };
                write!(f, "suspect {node} {suspect} {why}")
            }
            Self::Gather(node) => write!(f, "gather {node}"),
        }
    }
}

/// Reads what the `Display` of an [`Event`] wrote.
pub(super) fn parse(words: &mut Words<'_>) -> Result<Event, String> {
    let at = words.seconds()?;
    let what = match words.next()? {
        "start" => Happening::Start(words.node()?),
        "crash" => Happening::Crash {
            node: words.node()?,
            write: words.one_of(&[
                ("kept", WriteFate::Kept),
                ("lost", WriteFate::Lost),
                ("torn", WriteFate::Torn),
            ])?,
            outputs: match words.optional() {
                None => None,
                Some("after") => Some(words.number()?),
                Some(other) => return Err(format!("{other:?} is not \"after\"")),
            },
        },
        "leave" => Happening::Leave(words.node()?),
        "farewell" => Happening::Farewell(words.node()?),
        "pause" => Happening::Pause(words.node()?),
        "resume" => Happening::Resume {
            node: words.node()?,
            order: words.one_of(&[
                ("as-it-came", ResumeOrder::AsItCame),
                ("timers-first", ResumeOrder::TimersFirst),
                ("packets-first", ResumeOrder::PacketsFirst),
            ])?,
        },
        "disk" => Happening::Disk { node: words.node()?, latency: words.micros()? },
        "cut" => Happening::Cut { from: words.node()?, to: words.node()? },
        "mend" => Happening::Mend { from: words.node()?, to: words.node()? },
        "partition" => Happening::Partition(words.lists()?),
        "heal" => Happening::Heal,
        "multicast" => Happening::Multicast {
            node: words.node()?,
            bytes: words.number()?,
            guarantee: words.one_of(&[("agreed", Guarantee::Agreed), ("safe", Guarantee::Safe)])?,
        },
        "suspect" => Happening::Suspect {
            node: words.node()?,
            suspect: words.node()?,
            why: words
                .one_of(&[("unreachable", Suspicion::Unreachable), ("gone", Suspicion::Gone)])?,
        },
        "gather" => Happening::Gather(words.node()?),
        other => return Err(format!("{other:?} is nothing that can happen")),
    };
    Ok(Event { at, what })
}
