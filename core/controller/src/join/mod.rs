//! How nodes come under one DC: it offers, they ask, it takes the best CIB, they confirm with what their executors know.

pub(crate) mod member;
pub(crate) mod phase;
pub(crate) mod round;

pub(crate) use phase::Phase;
