use super::unknown;
use crate::WireError;

/// A value. Which number stands for which type is part of the protocol.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
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

impl Value {
    /// The number of the type.
    pub const fn type_code(&self) -> u8 {
        match self {
            Self::I8(_) => 1,
            Self::U8(_) => 2,
            Self::I16(_) => 3,
            Self::U16(_) => 4,
            Self::I32(_) => 5,
            Self::U32(_) => 6,
            Self::I64(_) => 7,
            Self::U64(_) => 8,
            Self::Float(_) => 9,
            Self::Double(_) => 10,
            Self::Text(_) => 11,
            Self::Binary(_) => 12,
        }
    }

    /// Bytes of the value as the map counts them: with the NUL at the end of a text.
    pub fn size(&self) -> usize {
        match self {
            Self::I8(_) | Self::U8(_) => 1,
            Self::I16(_) | Self::U16(_) => 2,
            Self::I32(_) | Self::U32(_) | Self::Float(_) => 4,
            Self::I64(_) | Self::U64(_) | Self::Double(_) => 8,
            Self::Text(text) => text.len() + 1,
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// The bytes as the map gives them out; clients rely on the NUL at the end of a text.
    pub(super) fn to_stored_bytes(&self) -> Vec<u8> {
        let mut bytes = self.to_bytes();
        if matches!(self, Self::Text(_)) {
            bytes.push(0);
        }
        bytes
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::I8(v) => v.to_ne_bytes().to_vec(),
            Self::U8(v) => v.to_ne_bytes().to_vec(),
            Self::I16(v) => v.to_ne_bytes().to_vec(),
            Self::U16(v) => v.to_ne_bytes().to_vec(),
            Self::I32(v) => v.to_ne_bytes().to_vec(),
            Self::U32(v) => v.to_ne_bytes().to_vec(),
            Self::I64(v) => v.to_ne_bytes().to_vec(),
            Self::U64(v) => v.to_ne_bytes().to_vec(),
            Self::Float(v) => v.to_ne_bytes().to_vec(),
            Self::Double(v) => v.to_ne_bytes().to_vec(),
            Self::Text(v) => v.as_bytes().to_vec(),
            Self::Binary(v) => v.clone(),
        }
    }

    pub(crate) fn from_bytes(type_code: u8, bytes: &[u8]) -> Result<Self, WireError> {
        fn exact<const N: usize>(bytes: &[u8]) -> Result<[u8; N], WireError> {
            bytes.try_into().map_err(|_| WireError::Truncated {
                offset: 0,
                needed: N,
                available: bytes.len(),
            })
        }
        Ok(match type_code {
            1 => Self::I8(i8::from_ne_bytes(exact(bytes)?)),
            2 => Self::U8(u8::from_ne_bytes(exact(bytes)?)),
            3 => Self::I16(i16::from_ne_bytes(exact(bytes)?)),
            4 => Self::U16(u16::from_ne_bytes(exact(bytes)?)),
            5 => Self::I32(i32::from_ne_bytes(exact(bytes)?)),
            6 => Self::U32(u32::from_ne_bytes(exact(bytes)?)),
            7 => Self::I64(i64::from_ne_bytes(exact(bytes)?)),
            8 => Self::U64(u64::from_ne_bytes(exact(bytes)?)),
            9 => Self::Float(f32::from_ne_bytes(exact(bytes)?)),
            10 => Self::Double(f64::from_ne_bytes(exact(bytes)?)),
            11 => {
                // The map counts the NUL at the end of some texts.
                let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
                let text = std::str::from_utf8(&bytes[..end])
                    .map_err(|_| WireError::NotText { field: "value" })?;
                Self::Text(text.to_owned())
            }
            12 => Self::Binary(bytes.to_vec()),
            other => return Err(unknown("value type", other.into())),
        })
    }
}
