//! The real pcs and crmsh on our cluster, and the tools of either stack on the daemons of the other.
//!
//! What is typed is a table of steps. Debian's own cluster does the same with each of them; `--stack debian` shows it.

mod crmsh;
mod interchange;
mod pcs;
mod prompt;

pub(super) use crmsh::{crmsh, crmsh_own_tools};
pub(super) use interchange::interchange;
pub(super) use pcs::{pcs, pcs_own_tools};
