//! Commands that change a configuration: what `pcs` does and what other front ends offer, as functions on a CIB.
//!
//! ```text
//! &mut Element (a whole <cib>) + arguments ──command──▶ Ok(reports) or Err(Refused) with the reasons
//! ```
//!
//! A command checks everything before it changes anything; when it refuses, the tree must be thrown away or is as it was.
//! Reports are what the user should hear, in the words of pcs, each with a code that programs can rely on. Agents are
//! not run here: a command that needs an agent's description takes it as an argument.

pub mod agent;
pub mod constraint;
pub mod defaults;
mod find;
mod ids;
pub mod node;
pub mod nvset;
pub mod operation;
pub mod property;
mod report;
pub mod resource;
mod word;

pub use find::{Kind, ResourceElement, resources};
pub use ids::{Ids, check_id, sanitize_id};
pub use report::{Outcome, Refused, Report, Reports, Severity, quoted_list};
pub use word::{Pairs, is_score, seconds_of};
