//! How colocations pass preferences on.

mod influence;
mod lists;
mod propagate;
mod score;

pub(crate) use propagate::{Propagation, same_value};
pub(crate) use score::Effect;
