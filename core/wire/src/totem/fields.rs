use crate::{Reader, WireError, Writer, corosync::RingId};

/// In which order the bytes of numbers stand, seen from this host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ByteOrder {
    /// As on this host.
    #[default]
    Native,
    /// The other way round.
    Swapped,
}

/// Reads numbers in either order.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a> {
    reader: Reader<'a>,
    order: ByteOrder,
}

impl<'a> Fields<'a> {
    pub(super) const fn new(bytes: &'a [u8], order: ByteOrder) -> Self {
        Self { reader: Reader::new(bytes), order }
    }

    pub(super) fn bytes(&mut self, length: usize) -> Result<&'a [u8], WireError> {
        self.reader.bytes(length)
    }

    pub(super) fn u8(&mut self) -> Result<u8, WireError> {
        self.reader.u8()
    }

    pub(super) fn u16(&mut self) -> Result<u16, WireError> {
        let value = self.reader.u16()?;
        Ok(match self.order {
            ByteOrder::Native => value,
            ByteOrder::Swapped => value.swap_bytes(),
        })
    }

    pub(super) fn u32(&mut self) -> Result<u32, WireError> {
        let value = self.reader.u32()?;
        Ok(match self.order {
            ByteOrder::Native => value,
            ByteOrder::Swapped => value.swap_bytes(),
        })
    }

    pub(super) fn u64(&mut self) -> Result<u64, WireError> {
        let value = self.reader.u64()?;
        Ok(match self.order {
            ByteOrder::Native => value,
            ByteOrder::Swapped => value.swap_bytes(),
        })
    }

    /// A number that counts something, at most `limit`.
    pub(super) fn count(&mut self, field: &'static str, limit: usize) -> Result<usize, WireError> {
        let length = usize::try_from(self.u32()?).unwrap_or(usize::MAX);
        if length <= limit { Ok(length) } else { Err(WireError::TooLong { field, length, limit }) }
    }

    pub(super) fn ring(&mut self) -> Result<RingId, WireError> {
        Ok(RingId { node: self.u32()?, sequence: self.u64()? })
    }

    pub(super) fn nodes(&mut self, count: usize) -> Result<Vec<u32>, WireError> {
        (0..count).map(|_| self.u32()).collect()
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.reader.rest()
    }
}

pub(super) fn write_ring(writer: &mut Writer, ring: RingId) {
    writer.u32(ring.node).u64(ring.sequence);
}

/// A list's length as it is written. Lists are bounded far below what does not fit.
pub(super) fn entries(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
