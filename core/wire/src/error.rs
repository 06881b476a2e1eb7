/// Why bytes are not what they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The bytes end too early.
    #[error("{needed} bytes wanted at offset {offset}, {available} there")]
    Truncated {
        /// Where.
        offset: usize,
        /// How many bytes were wanted.
        needed: usize,
        /// How many there are.
        available: usize,
    },
    /// A field has a value that cannot be.
    #[error("{field} is {value}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// Its value.
        value: i64,
    },
    /// A field is longer than it may be.
    #[error("{field} has {length} bytes, at most {limit} are allowed")]
    TooLong {
        /// The field.
        field: &'static str,
        /// Its length.
        length: usize,
        /// The most that is allowed.
        limit: usize,
    },
    /// A field that is text is not UTF-8 or holds a NUL.
    #[error("{field} is not text")]
    NotText {
        /// The field.
        field: &'static str,
    },
    /// Compressed bytes that do not decompress to what was announced.
    #[error("compressed data is damaged: {problem}")]
    Compression {
        /// What went wrong.
        problem: &'static str,
    },
}
