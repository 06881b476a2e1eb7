use crate::WireError;

/// Reads fields out of bytes, never past their end. Numbers are in the host's byte order.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident: $type:ty;)*) => {$(
        $(#[$doc])*
        pub fn $name(&mut self) -> Result<$type, WireError> {
            let mut value = [0; size_of::<$type>()];
            value.copy_from_slice(self.bytes(size_of::<$type>())?);
            Ok(<$type>::from_ne_bytes(value))
        }
    )*};
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next `length` bytes.
    pub fn bytes(&mut self, length: usize) -> Result<&'a [u8], WireError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.get(..length).ok_or(WireError::Truncated {
            offset: self.at,
            needed: length,
            available: rest.len(),
        })?;
        self.at += length;
        Ok(taken)
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

    /// A number of 64 bits that counts bytes in memory, at most `limit`.
    pub fn length(&mut self, field: &'static str, limit: usize) -> Result<usize, WireError> {
        let value = self.u64()?;
        within(field, usize::try_from(value).unwrap_or(usize::MAX), limit)
    }

    /// A number of 32 bits that counts something, at most `limit`.
    pub fn count(&mut self, field: &'static str, limit: usize) -> Result<usize, WireError> {
        let value = self.u32()?;
        within(field, usize::try_from(value).unwrap_or(usize::MAX), limit)
    }

    /// Goes on at the next offset that is a multiple of `alignment`, which must not be 0.
    pub fn align(&mut self, alignment: usize) -> &mut Self {
        self.at = self.at.next_multiple_of(alignment);
        self
    }

    /// Goes on at `offset`.
    pub fn seek(&mut self, offset: usize) -> &mut Self {
        self.at = offset;
        self
    }

    /// Text in a field of fixed size: what stands before the first NUL.
    pub fn text(&mut self, field: &'static str, size: usize) -> Result<&'a str, WireError> {
        let bytes = self.bytes(size)?;
        let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(size);
        std::str::from_utf8(&bytes[..end]).map_err(|_| WireError::NotText { field })
    }

    /// Everything that has not been read.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }
}

fn within(field: &'static str, length: usize, limit: usize) -> Result<usize, WireError> {
    if length <= limit { Ok(length) } else { Err(WireError::TooLong { field, length, limit }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_past_the_end() {
        let mut reader = Reader::new(&[1, 0, 0, 0, 7]);
        assert_eq!(reader.u32(), Ok(1_u32.to_le()));
        assert_eq!(reader.u16(), Err(WireError::Truncated { offset: 4, needed: 2, available: 1 }));
        assert_eq!(reader.u8(), Ok(7), "a failed read takes nothing");
        assert!(reader.align(8).u8().is_err());
        assert!(reader.seek(usize::MAX - 8).bytes(usize::MAX).is_err());
        assert_eq!(reader.rest(), b"");
    }

    #[test]
    fn text_ends_at_the_first_nul() {
        assert_eq!(Reader::new(b"ab\0cd").text("name", 5), Ok("ab"));
        assert_eq!(Reader::new(b"abcde").text("name", 5), Ok("abcde"));
        assert!(Reader::new(b"\xff\0").text("name", 2).is_err());
    }
}
