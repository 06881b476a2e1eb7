//! What people and programs read about a cluster: the facts of a [`Status`], as text and as XML in the shapes of `crm_mon`.
//!
//! A [`Status`] is plain data without references into a model, so that every view (text, XML, a later page) and every tool
//! (`crm_mon`, `pcs status`, `crm_simulate`) shows the same facts. This crate decides nothing and reads no clock.

mod constraint;
mod fencing;
mod from_model;
mod html;
mod list;
pub mod live;
mod selection;
mod show;
mod status;
mod text;
mod time;
mod xml;

pub use constraint::{constraint_elements, constraint_text, followers};
pub use fencing::sort_fencing;
pub use from_model::hard_failures;
pub use html::{
    PagePart, PageSettings, page as to_page, status as to_html,
    without_connection as html_without_connection,
};
pub use list::{TextList, Tone};
pub use show::{Detail, Filter, Sections, Show};
pub use status::{
    Ban, Bundle, CloneSet, Counts, Dc, Failure, FenceEvent, FenceState, Group, Health,
    HistoryEntry, LastChange, Launcher, Node, NodeAttribute, NodeHistory, NodeKind, NodeRef,
    OptionsSummary, Primitive, Replica, Resource, ResourceHistory, Status, StoppedOn, Ticket,
};
pub use text::{
    lists as list_sections, node_list, readable_interval, resource_items, resource_list,
    status as to_text, whole as to_list,
};
pub use time::{ctime, iso_local, iso_utc};
pub use xml::{resource_elements, status as to_xml};
