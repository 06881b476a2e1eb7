//! What people and programs read about a cluster: the facts of a [`Status`], as text and as XML in the shapes of `crm_mon`.
//!
//! A [`Status`] is plain data without references into a model, so that every view (text, XML, a later page) and every tool
//! (`crm_mon`, `pcs status`, `crm_simulate`) shows the same facts. This crate decides nothing and reads no clock.

mod from_model;
mod show;
mod status;
mod text;
mod time;
mod xml;

pub use show::{Detail, Sections, Show};
pub use status::{
    Ban, Bundle, CloneSet, Counts, Dc, Failure, FenceEvent, FenceState, Group, Health,
    HistoryEntry, LastChange, Launcher, Node, NodeAttribute, NodeHistory, NodeKind, NodeRef,
    OptionsSummary, Primitive, Replica, Resource, ResourceHistory, Status, StoppedOn, Ticket,
};
pub use text::{
    TextList, lists as list_sections, node_list, readable_interval, resource_items, resource_list,
    status as to_text,
};
pub use time::{ctime, iso_local, iso_utc};
pub use xml::status as to_xml;
