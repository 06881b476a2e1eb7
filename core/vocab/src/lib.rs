//! The nouns that every crate shares: names and ids of nodes and resources, scores, roles, operations, exit codes,
//! intervals. Values with their text forms, no algorithms.
//!
//! It knows nothing of XML, messages or machines.

mod boolean;
mod exit;
mod id;
mod interval;
mod role;
mod score;
mod task;
mod time;
mod version;

pub use boolean::{BooleanError, parse_boolean};
pub use exit::{ExecStatus, OcfExit, ToolExit};
pub use id::{CallId, NodeId, NodeName, ResourceId, TransitionId};
pub use interval::{Interval, IntervalError, parse_duration, readable_duration};
pub use role::{Role, RoleError};
pub use score::{Score, ScoreError};
pub use task::Task;
pub use time::Timestamp;
pub use version::{FEATURE_SET, FeatureSet, FeatureSetError, PRODUCT_VERSION};
