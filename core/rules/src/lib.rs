//! Rules: the conditions under which a part of the configuration applies, and the calendar they are written in.
//!
//! [`Rule::parse`] reads a `rule` element once and keeps what is wrong with it as [`Problem`]s; [`Rule::evaluate`] then
//! asks it as often as needed, against the [`Facts`] of a node, a resource or an operation and a time. A condition that
//! could not be read never holds.
//!
//! It knows nothing of what depends on a rule. Time is always an argument, the offset from UTC with it.

mod calendar;
mod check;
mod compare;
mod condition;
mod evaluate;
mod facts;
mod rule;

pub use calendar::{
    CalendarError, CalendarTime, DateForm, DateSpec, Duration, Fault, Field, Kind, LocalTime,
    Period, Range, Zone,
};
pub use check::{CheckError, Standing, check};
pub use condition::{
    AttributeCondition, Condition, DateCondition, OperationCondition, Operator, ResourceCondition,
    ValueSource, ValueType,
};
pub use evaluate::{NextChange, Outcome, expand};
pub use facts::{Agent, Facts, Operation};
pub use rule::{Combine, Problem, Rule};
