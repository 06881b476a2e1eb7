//! Resources: making, changing, grouping, cloning, removing them.

mod ban;
mod change;
mod clone;
mod create;
mod group;
mod remove;
mod state;

pub use ban::{ban, clear, move_to};
pub use change::{add_operation, remove_operation, set_meta, set_utilization, update};
pub(crate) use change::{check_utilization, set_block};
pub use clone::{clone, unclone};
pub use create::{Create, Place, create};
pub use group::{Position, group_add, group_remove, groups};
pub use remove::{remove, remove_references};
pub use state::{disable, enable, manage, unmanage};
