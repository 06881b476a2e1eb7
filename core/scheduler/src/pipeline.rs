//! The stages from top to bottom.
//!
//! Later stages reach back through these doors only:
//!
//! | door | who reaches back |
//! |---|---|
//! | `Plan::allocate` | assigning a resource first assigns what it is colocated with |
//! | `Plan::assign` | an ordering that pairs instances takes those off their nodes that have no partner |
//! | `Plan::ensure` | applying orderings makes actions that an ordering needs and nobody thought of |
//! | `Plan::request_fencing` | an action that cannot be carried out, or a lost connection, makes a node unclean |
//! | `Plan::create_notifications` | what instances are told depends on which of their actions the orderings left |

use model::Model;
use transition::Graph;

use crate::{Request, Schedule, plan::Plan, stage};

pub(crate) fn run(model: &Model, request: &Request) -> Schedule {
    let mut plan = Plan::new(model);
    plan.reasons = request.reasons;
    plan.told.with_capacities = request.capacities;
    stage::findings::run(&mut plan);
    stage::health::run(&mut plan);
    stage::constraints::run(&mut plan);
    stage::location::run(&mut plan);
    stage::implicit::run(&mut plan);
    stage::drift::run(&mut plan);
    stage::allocate::run(&mut plan);
    stage::actions::run(&mut plan);
    stage::ordering::remote_connections(&mut plan);
    stage::fencing::run(&mut plan);
    stage::ordering::run(&mut plan);
    if let Some(change) = plan.next_change.0 {
        plan.recheck(change);
    }
    let graph: Graph = stage::graph::run(&mut plan, request.transition);
    let dot = request.dot.then(|| stage::graph::dot(&mut plan, request));
    Schedule::new(plan, graph, dot)
}
