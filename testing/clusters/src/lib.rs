//! Made-up clusters: large ones for benches, random ones by seed for tests.

pub mod large;
pub mod random;
