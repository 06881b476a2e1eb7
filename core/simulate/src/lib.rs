//! What would happen: a CIB, events that did not happen, a plan, and the plan carried out by nobody.
//!
//! ```text
//! CIB ─► inject(events) ─► CIB' ─► Model ─► schedule ─► carry_out(graph) ─► CIB'' + what was done
//!                                              └──────► changes: what the plan means for nodes and resources
//! ```
//!
//! [`inject()`] and [`carry_out`] change a CIB as a cluster would that goes through the same: node states, histories, fail
//! counts. [`changes()`] puts a plan into words. The time is an argument.

mod changes;
mod execute;
mod fate;
mod inject;
mod operation;
mod places;
mod record;
mod status;

pub use changes::{Change, NodeChange, ResourceChange, changes};
pub use execute::{Executed, Transition, carry_out};
pub use fate::Fate;
pub use inject::{Injected, Injections, NodeEvent, TicketEvent, inject};
pub use operation::{OperationResult, OperationResultError};
