use std::{ffi::OsStr, ops::RangeInclusive};

/// A whole number within limits as C's `strtoll` reads it: blanks and a sign may stand before it, nothing behind it.
pub(crate) fn whole_number(argument: &OsStr, limits: RangeInclusive<i64>) -> Option<i64> {
    let number = argument.to_str()?.trim_ascii_start().parse().ok()?;
    limits.contains(&number).then_some(number)
}

/// A node's number. There is no node 0.
pub(crate) fn node_number(argument: &OsStr) -> Option<u32> {
    whole_number(argument, 1..=u32::MAX.into())?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_c_reads_them() {
        for (text, number) in [
            ("1", Some(1)),
            (" +7", Some(7)),
            ("4294967295", Some(u32::MAX)),
            ("4294967296", None),
            ("0", None),
            ("-1", None),
            ("1 ", None),
            ("0x1", None),
            ("", None),
        ] {
            assert_eq!(node_number(OsStr::new(text)), number, "{text:?}");
        }
    }
}
