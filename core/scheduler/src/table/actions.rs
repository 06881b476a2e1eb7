use model::{NodeKey, ResourceKey, arena_key, resource::Requires};

use super::{
    flags::{ActionFlags, Relation},
    followers::Followers,
    meta::Meta,
};
use crate::reason::ActionReason;

arena_key! {
    /// An action of a plan; its number is its position plus one.
    ActionKey
}

arena_key! {
    /// A name of an operation that the cluster gives no meaning to.
    NameKey
}

/// What an action does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Op {
    /// `monitor`
    Monitor,
    /// `start`
    Start,
    /// `running`: all of a collection are started.
    Running,
    /// `stop`
    Stop,
    /// `stopped`: all of a collection are stopped.
    Stopped,
    /// `promote`
    Promote,
    /// `promoted`: all of a collection are promoted.
    Promoted,
    /// `demote`
    Demote,
    /// `demoted`: all of a collection are demoted.
    Demoted,
    /// `notify`
    Notify,
    /// `notified`
    Notified,
    /// `migrate_to`
    MigrateTo,
    /// `migrate_from`
    MigrateFrom,
    /// `reload-agent`
    Reload,
    /// `delete`
    Delete,
    /// `cancel`
    Cancel,
    /// `clear_failcount`
    ClearFailcount,
    /// `lrm_delete`
    ForgetHistory,
    /// `stonith`
    Fence,
    /// `do_shutdown`
    Shutdown,
    /// `maintenance_nodes`
    MaintenanceNodes,
    /// Anything else.
    Named(NameKey),
}

impl Op {
    const TEXTS: [(&'static str, Self); 21] = [
        ("monitor", Self::Monitor),
        ("start", Self::Start),
        ("running", Self::Running),
        ("stop", Self::Stop),
        ("stopped", Self::Stopped),
        ("promote", Self::Promote),
        ("promoted", Self::Promoted),
        ("demote", Self::Demote),
        ("demoted", Self::Demoted),
        ("notify", Self::Notify),
        ("notified", Self::Notified),
        ("migrate_to", Self::MigrateTo),
        ("migrate_from", Self::MigrateFrom),
        ("reload-agent", Self::Reload),
        ("delete", Self::Delete),
        ("cancel", Self::Cancel),
        ("clear_failcount", Self::ClearFailcount),
        ("lrm_delete", Self::ForgetHistory),
        ("stonith", Self::Fence),
        ("do_shutdown", Self::Shutdown),
        ("maintenance_nodes", Self::MaintenanceNodes),
    ];

    /// The text of all but names.
    pub(crate) fn text(self) -> Option<&'static str> {
        Self::TEXTS.iter().find(|(_, op)| *op == self).map(|(text, _)| *text)
    }

    /// The operation of that text, if it is not a name.
    pub(crate) fn known(text: &str) -> Option<Self> {
        Self::TEXTS.iter().find(|(known, _)| *known == text).map(|(_, op)| *op)
    }

    /// What a collection has done when it has done this.
    pub(crate) fn completion(self) -> Option<Self> {
        Some(match self {
            Self::Start => Self::Running,
            Self::Stop => Self::Stopped,
            Self::Promote => Self::Promoted,
            Self::Demote => Self::Demoted,
            Self::Notify => Self::Notified,
            Self::Running | Self::Stopped | Self::Promoted | Self::Demoted | Self::Notified => self,
            _ => return None,
        })
    }

    /// What a member does so that its collection has done this.
    #[must_use]
    pub(crate) fn beginning(self) -> Self {
        match self {
            Self::Running => Self::Start,
            Self::Stopped => Self::Stop,
            Self::Promoted => Self::Promote,
            Self::Demoted => Self::Demote,
            other => other,
        }
    }

    /// Whether it brings a resource up.
    pub(crate) fn is_up(self) -> bool {
        matches!(self, Self::Start | Self::Running | Self::Promote | Self::Promoted)
    }
}

/// When a notification is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum NotifyTime {
    /// Before.
    Pre,
    /// All know before.
    ConfirmedPre,
    /// After.
    Post,
    /// All know after.
    ConfirmedPost,
}

impl NotifyTime {
    /// Its name in keys.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Pre => "pre",
            Self::ConfirmedPre => "confirmed-pre",
            Self::Post => "post",
            Self::ConfirmedPost => "confirmed-post",
        }
    }
}

/// What a key says is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KeyOp {
    /// An operation.
    Op(Op),
    /// A notification of one.
    Notify(NotifyTime, Op),
}

/// What is done to a resource, and how often: the part of an operation key behind the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TaskKey {
    /// What.
    pub(crate) op: KeyOp,
    /// Milliseconds between runs, 0 for once.
    pub(crate) interval: u32,
}

impl TaskKey {
    /// Once.
    pub(crate) const fn once(op: Op) -> Self {
        Self { op: KeyOp::Op(op), interval: 0 }
    }

    /// Whether it is that operation, once.
    pub(crate) fn is(self, op: Op) -> bool {
        self == Self::once(op)
    }
}

impl From<Op> for TaskKey {
    fn from(op: Op) -> Self {
        Self::once(op)
    }
}

/// One side of an ordering as the action at its other side has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input {
    /// The other action.
    pub(crate) action: ActionKey,
    /// What the ordering means.
    pub(crate) relation: Relation,
    /// Whether it is in the graph.
    pub(crate) graphed: bool,
}

/// Something that may have to be done.
#[derive(Clone, Debug)]
pub(crate) struct Action {
    /// To what.
    pub(crate) resource: Option<ResourceKey>,
    /// Where.
    pub(crate) node: Option<NodeKey>,
    /// What.
    pub(crate) task: Op,
    /// What it was when it was thought of: its configuration is that of this.
    pub(crate) planned_as: Op,
    /// The recurring operation that it cancels.
    pub(crate) cancels: Option<Op>,
    /// What it is found by.
    pub(crate) key: TaskKey,
    /// What is known about it.
    pub(crate) flags: ActionFlags,
    /// How important it is.
    pub(crate) priority: i32,
    /// What has to be sure before.
    pub(crate) needs: Requires,
    /// Properties that planning gives it.
    pub(crate) meta: Meta,
    /// Why.
    pub(crate) reason: Option<ActionReason>,
    /// What comes before, latest addition last.
    pub(crate) before: Vec<Input>,
    /// What comes after, latest addition last.
    pub(crate) after: Followers,
    /// How many of the actions before it have to be runnable, if not all.
    pub(crate) required_runnable_before: u32,
    /// How many of them are.
    pub(crate) runnable_before: u32,
}

impl Action {
    /// Whether all of the flags are set.
    pub(crate) fn is(&self, flags: ActionFlags) -> bool {
        self.flags.has(flags)
    }

    /// Whether it may be left out.
    pub(crate) fn is_optional(&self) -> bool {
        self.is(ActionFlags::OPTIONAL)
    }

    /// Whether it could be carried out.
    pub(crate) fn is_runnable(&self) -> bool {
        self.is(ActionFlags::RUNNABLE)
    }

    /// Whether nobody carries it out.
    pub(crate) fn is_pseudo(&self) -> bool {
        self.is(ActionFlags::PSEUDO)
    }

    /// Whether it recurs.
    pub(crate) fn is_recurring(&self) -> bool {
        self.key.interval > 0
    }
}
