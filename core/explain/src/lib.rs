//! Why a resource is where it is, is not elsewhere, or is stopped, and what would change that.
//!
//! ```text
//! Model + Schedule (with reasons) ─► explain() ─► Explanation ─► Display, JSON
//! CIB ─► explain_document(): the same, with places in the document and remedies that were planned for real
//! ```
//!
//! Every [`Cause`] is a fact that the plan was made from, and every [`Remedy`] was tried: the document is changed, planned
//! again, and looked at. It decides nothing and changes nothing.

mod answer;
mod apply;
mod asker;
mod cause;
mod change;
mod document;
mod failure;
mod fate;
mod nearest;
mod nodes;
mod order;
mod place;
mod reasons;
mod remedy;
mod show;
mod stopped;
mod trace;
mod whole;

use model::{Model, NodeKey, ResourceKey};
use scheduler::Schedule;

pub use answer::{Activity, Contribution, Explanation, How, Kind, NodeAnswer, Verdict};
pub use cause::{
    Cause, Failure, Origin, Owner, Pair, Part, Place, PromotedThere, Scope, Shortage, Tie,
    Whereabouts,
};
pub use change::{Change, Effect, Remedy};
pub use document::{Unknown, explain_document};
pub use nearest::nearest;

use asker::Asker;

/// Explains one resource, on one node if one is given. The plan has to be made with
/// [`Request::reasons`](scheduler::Request). Where values are written, and what would change the answer, only a document
/// can tell: see [`explain_document`].
pub fn explain(
    model: &Model,
    plan: &Schedule,
    resource: ResourceKey,
    node: Option<NodeKey>,
) -> Explanation {
    Asker::new(model, plan, None).explain(resource, node)
}
