use std::fmt::Write;

use ring::CmapValue;

use crate::print::Escaped;

/// How keys and values are shown.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shape {
    /// With the bytes of binary values.
    pub(super) binary: bool,
    /// Values only.
    pub(super) quiet: bool,
}

impl Shape {
    /// A key and its value, as one line.
    pub(super) fn show(self, key: &str, value: &CmapValue) -> String {
        let (name, text) = match value {
            CmapValue::I8(number) => ("i8", number.to_string()),
            CmapValue::U8(number) => ("u8", number.to_string()),
            CmapValue::I16(number) => ("i16", number.to_string()),
            CmapValue::U16(number) => ("u16", number.to_string()),
            CmapValue::I32(number) => ("i32", number.to_string()),
            CmapValue::U32(number) => ("u32", number.to_string()),
            CmapValue::I64(number) => ("i64", number.to_string()),
            CmapValue::U64(number) => ("u64", number.to_string()),
            CmapValue::Float(number) => ("flt", decimal(f64::from(*number))),
            CmapValue::Double(number) => ("dbl", decimal(*number)),
            CmapValue::Text(text) => ("str", text.clone()),
            CmapValue::Binary(bytes) => return self.show_binary(key, bytes),
        };
        if self.quiet { text } else { format!("{key} ({name}) = {text}") }
    }

    /// The quiet shape names the type of these nonetheless, with its bracket: the original's slip.
    fn show_binary(self, key: &str, bytes: &[u8]) -> String {
        let mut line = if self.quiet { String::new() } else { format!("{key} (") };
        line.push_str("bin)");
        if self.binary {
            let _ = write!(line, " = {}", Escaped(bytes));
        }
        line
    }
}

/// A number as C's `%f` shows it.
fn decimal(number: f64) -> String {
    if number.is_nan() {
        (if number.is_sign_negative() { "-nan" } else { "nan" }).to_owned()
    } else {
        format!("{number:.6}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_with_their_types_or_alone() {
        let (long, quiet) = (Shape::default(), Shape { quiet: true, binary: true });
        assert_eq!(long.show("a.b", &CmapValue::I8(-5)), "a.b (i8) = -5");
        assert_eq!(long.show("a", &CmapValue::Double(0.5)), "a (dbl) = 0.500000");
        assert_eq!(long.show("a", &CmapValue::Binary(vec![1])), "a (bin)");
        assert_eq!(quiet.show("a", &CmapValue::Binary(vec![1, b'a'])), "bin) = \\x01a");
        assert_eq!(quiet.show("a", &CmapValue::Float(f32::NEG_INFINITY)), "-inf");
        assert_eq!(quiet.show("a", &CmapValue::Double(f64::NAN)), "nan");
    }
}
