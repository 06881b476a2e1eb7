//! The rules, one file each.

pub(crate) mod capacity;
pub(crate) mod disabled;
pub(crate) mod fencing;
pub(crate) mod instances;
pub(crate) mod left_alone;
pub(crate) mod one_active;
pub(crate) mod places;
pub(crate) mod promoted;
pub(crate) mod quorum;
pub(crate) mod sequence;
pub(crate) mod together;
pub(crate) mod well_formed;
