//! The tables that the stages fill and hand on.

mod actions;
mod colocations;
mod flags;
mod followers;
mod keyed;
mod locations;
mod meta;
mod relations;
mod resources;
mod visits;

pub(crate) use actions::{Action, ActionKey, Input, KeyOp, NameKey, NotifyTime, Op, TaskKey};
pub(crate) use colocations::{Colocation, ColocationKey, score_factor};
pub(crate) use flags::{ActionFlags, Relation};
pub(crate) use followers::Followers;
pub(crate) use keyed::KeyedActions;
pub(crate) use locations::{Location, LocationKey};
pub(crate) use meta::Meta;
pub(crate) use relations::{RelationEnd, RelationRow};
pub(crate) use resources::{NodeRow, NotifyData, NotifyEntry, ResourceRow, Utilization};
pub(crate) use visits::Visits;
