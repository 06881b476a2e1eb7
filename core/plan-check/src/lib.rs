//! An independent judge of plans. It knows what must never happen, not how plans are made: of the scheduler's code it uses
//! nothing but the model that both read.
//!
//! ```text
//! Model, Graph ─► Deeds (who does what where, and what is before what) ─► one rule after another ─► objections
//! ```
//!
//! A graph fixes only what has to come before what; everything else may happen in any order. A rule holds if it holds in
//! every order that the graph allows. What the judge does not know of the cluster's intent (scores, for example) it does
//! not judge: no objection does not mean that the plan is the best one, only that it is not a dangerous one.
//!
//! To see that it notices, the scheduler was broken on purpose, in one place at a time: starts that do not wait for fencing,
//! starts that do not wait for the resource's own stop, nodes in standby that count as able to run resources. Each time it
//! objected to plans for made-up clusters and for regression cases. `tests/tampered.rs` spoils single plans.

mod deeds;
mod objection;
mod order;
mod rule;

use model::Model;
use transition::Graph;

pub use objection::{Objection, Rule};

use crate::deeds::Deeds;

/// Looks at a plan; says what is wrong with it, rule by rule.
pub fn judge(model: &Model, graph: &Graph) -> Vec<Objection> {
    let mut objections = rule::well_formed::check(graph);
    let deeds = Deeds::read(model, graph);
    for check in [
        rule::one_active::check,
        rule::promoted::check,
        rule::instances::check,
        rule::places::check,
        rule::quorum::check,
        rule::fencing::check,
        rule::left_alone::check,
        rule::disabled::check,
        rule::sequence::check,
        rule::together::check,
        rule::capacity::check,
    ] {
        objections.extend(check(&deeds));
    }
    objections
}
