use std::convert::Infallible;

use crate::RingError;

/// A value in the ring's configuration map.
#[derive(Clone, Debug, PartialEq)]
pub enum CmapValue {
    /// A signed number of 8 bits.
    I8(i8),
    /// An unsigned number of 8 bits.
    U8(u8),
    /// A signed number of 16 bits.
    I16(i16),
    /// An unsigned number of 16 bits.
    U16(u16),
    /// A signed number of 32 bits.
    I32(i32),
    /// An unsigned number of 32 bits.
    U32(u32),
    /// A signed number of 64 bits.
    I64(i64),
    /// An unsigned number of 64 bits.
    U64(u64),
    /// A floating point number of 32 bits.
    Float(f32),
    /// A floating point number of 64 bits.
    Double(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

/// The ring's configuration map.
#[derive(Debug)]
pub struct Cmap {
    never: Infallible,
}

impl Cmap {
    /// Connects.
    pub async fn connect() -> Result<Self, RingError> {
        Err(RingError::Lost)
    }

    /// The value of a key, or `None` if there is no such key.
    pub async fn get(&mut self, _key: &str) -> Result<Option<CmapValue>, RingError> {
        match self.never {}
    }

    /// The value of a key that holds text; `None` if there is no such key or it holds something else.
    pub async fn get_string(&mut self, _key: &str) -> Result<Option<String>, RingError> {
        match self.never {}
    }

    /// The value of a key that holds a number; `None` if there is no such key or it holds something else.
    pub async fn get_u32(&mut self, _key: &str) -> Result<Option<u32>, RingError> {
        match self.never {}
    }

    /// All keys that begin with `prefix`, in the map's order.
    pub async fn keys(&mut self, _prefix: &str) -> Result<Vec<String>, RingError> {
        match self.never {}
    }
}
