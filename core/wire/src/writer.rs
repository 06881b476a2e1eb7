/// Puts fields one behind the other. Numbers are in the host's byte order, gaps are zero.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident: $type:ty;)*) => {$(
        $(#[$doc])*
        pub fn $name(&mut self, value: $type) -> &mut Self {
            self.bytes(&value.to_ne_bytes())
        }
    )*};
}

impl Writer {
    /// Nothing written yet.
    pub const fn new() -> Self {
        Self { bytes: Vec::new() }
    }

    /// Nothing written yet, with room for that many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes) }
    }

    /// Bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    numbers! {
        /// An unsigned number of 8 bits.
        u8: u8;
        /// An unsigned number of 16 bits.
        u16: u16;
        /// An unsigned number of 32 bits.
        u32: u32;
        /// A signed number of 32 bits.
        i32: i32;
        /// An unsigned number of 64 bits.
        u64: u64;
    }

    /// Unsigned numbers of 32 bits, one behind the other.
    pub fn u32s<'a>(&mut self, values: impl IntoIterator<Item = &'a u32>) -> &mut Self {
        for &value in values {
            self.u32(value);
        }
        self
    }

    /// Bytes in a field of fixed size, filled up with NUL; what does not fit is left out.
    pub fn padded(&mut self, bytes: &[u8], size: usize) -> &mut Self {
        let end = self.bytes.len() + size;
        self.bytes(&bytes[..bytes.len().min(size)]);
        self.bytes.resize(end, 0);
        self
    }

    /// Goes on at the next offset that is a multiple of `alignment`, which must not be 0.
    pub fn align(&mut self, alignment: usize) -> &mut Self {
        self.bytes.resize(self.bytes.len().next_multiple_of(alignment), 0);
        self
    }

    /// Fills up to `offset`; nothing if it is behind that already.
    pub fn fill_to(&mut self, offset: usize) -> &mut Self {
        self.bytes.resize(self.bytes.len().max(offset), 0);
        self
    }

    /// Puts a number over what stands at `offset`, which must have been written.
    pub(crate) fn patch_i32(&mut self, offset: usize, value: i32) {
        self.bytes[offset..offset + 4].copy_from_slice(&value.to_ne_bytes());
    }

    /// How much has been written.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing has been written.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What has been written.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_padded_with_zeros() {
        let mut writer = Writer::new();
        writer.u8(1).align(4).u16(2).padded(b"abc", 2).fill_to(10);
        let mut expected = vec![1, 0, 0, 0];
        expected.extend(2_u16.to_ne_bytes());
        expected.extend(b"ab\0\0");
        assert_eq!(writer.finish(), expected);
    }
}
