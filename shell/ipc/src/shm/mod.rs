//! Ring buffers in shared memory, laid out as libqb's, and the files they are in.

mod control;
mod directory;
mod guard;
mod mapping;
mod ring;

pub(crate) use control::{Channel, Control};
pub(crate) use directory::Directory;
pub(crate) use mapping::Mapping;
pub(crate) use ring::{Damage, Ring, RingReader, RingWriter};
