//! Configured constraints become rows of the tables.

mod colocation;
mod location;
mod ordering;
mod ticket;

use model::constraint::Constraint;

use crate::plan::Plan;

pub(crate) fn run(plan: &mut Plan<'_>) {
    for (position, constraint) in plan.model.constraints.iter().enumerate() {
        match constraint {
            Constraint::Location(configured) => plan.configured_location(configured),
            Constraint::Colocation(configured) => plan.configured_colocation(configured),
            Constraint::Order(configured) => plan.configured_order(configured),
            Constraint::Ticket(configured) => plan.configured_ticket(configured, position),
        }
    }
}
