//! What must hold after every step, one property per file.

mod membership_settles;
mod one_dc;
mod transitions_end;

use crate::World;
pub use membership_settles::settled;

/// What the checks remember between steps.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    one_dc: one_dc::Memory,
    transitions_end: transitions_end::Memory,
}

/// Looks at everything; a violation is told in words.
pub(crate) fn all(world: &World, memory: &mut Memory) -> Result<(), String> {
    one_dc::check(world, &mut memory.one_dc)?;
    transitions_end::check(world, &mut memory.transitions_end)
}
