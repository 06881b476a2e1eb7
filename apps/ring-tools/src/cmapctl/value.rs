use std::{
    ffi::OsStr,
    fs::File,
    io::{self, Read},
    num::IntErrorKind,
    str::FromStr,
};

use ring::{CmapValue, blocking::Cmap};
use wire::corosync::Status;

use crate::print::reason;

/// Sets a key to a value of the type that is called by that name.
pub(super) fn set(
    cmap: &mut Cmap,
    key: &str,
    value_type: &OsStr,
    text: &OsStr,
) -> Result<(), String> {
    let failed = |status: Status| format!("Failed to set key {key}. Error {status}");
    let Some(value) = parse(&value_type.to_string_lossy(), text)? else {
        return Err(failed(Status::INVALID_PARAMETER));
    };
    cmap.set(key, value).map_err(|error| failed(error.status()))
}

/// Reads a value; `None` if the map cannot take it.
fn parse(value_type: &str, text: &OsStr) -> Result<Option<CmapValue>, String> {
    let shown = text.to_string_lossy();
    let no_value = || format!("{shown} is not valid {value_type} type value");
    let no_integer = |_| format!("{shown} is not valid {value_type} integer");
    let signed = || signed(&shown).ok_or_else(no_value);
    let unsigned = || unsigned(&shown).ok_or_else(no_value);
    Ok(Some(match value_type {
        "i8" => CmapValue::I8(signed()?.try_into().map_err(no_integer)?),
        "u8" => CmapValue::U8(unsigned()?.try_into().map_err(no_integer)?),
        "i16" => CmapValue::I16(signed()?.try_into().map_err(no_integer)?),
        "u16" => CmapValue::U16(unsigned()?.try_into().map_err(no_integer)?),
        "i32" => CmapValue::I32(signed()?.try_into().map_err(no_integer)?),
        "u32" => CmapValue::U32(unsigned()?.try_into().map_err(no_integer)?),
        "i64" => CmapValue::I64(signed()?),
        "u64" => CmapValue::U64(unsigned()?),
        "flt" => CmapValue::Float(float(&shown).ok_or_else(no_value)?),
        "dbl" => CmapValue::Double(float(&shown).ok_or_else(no_value)?),
        "str" => return Ok(text.to_str().map(|text| CmapValue::Text(text.to_owned()))),
        "bin" => {
            let bytes = read_file(text)?;
            return Ok((!bytes.is_empty()).then_some(CmapValue::Binary(bytes)));
        }
        _ => return Err(format!("Unknown type {value_type}")),
    }))
}

/// A number as C's `scanf` reads it: blanks before it and anything behind it do not matter, what is too big becomes the
/// biggest.
fn signed(text: &str) -> Option<i64> {
    let (is_negative, digits) = digits(text)?;
    let number = match digits.parse::<u64>() {
        Ok(number) => i128::from(number),
        Err(_) => i128::from(u64::MAX),
    };
    let number = if is_negative { -number } else { number };
    i64::try_from(number.clamp(i64::MIN.into(), i64::MAX.into())).ok()
}

/// The same without sign: what is negative goes round.
fn unsigned(text: &str) -> Option<u64> {
    let (is_negative, digits) = digits(text)?;
    match digits.parse::<u64>() {
        Ok(number) if is_negative => Some(number.wrapping_neg()),
        Ok(number) => Some(number),
        Err(error) => (*error.kind() == IntErrorKind::PosOverflow).then_some(u64::MAX),
    }
}

/// Whether there is a minus, and the digits in front.
fn digits(text: &str) -> Option<(bool, &str)> {
    let text = text.trim_ascii_start();
    let is_negative = text.starts_with('-');
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let digits = &text[..end];
    (!digits.is_empty()).then_some((is_negative, digits))
}

/// The longest beginning that is a number. Numbers with base 16 are refused, other than by `scanf`.
fn float<F: FromStr>(text: &str) -> Option<F> {
    let text = text.trim_ascii_start();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if unsigned.starts_with("0x") || unsigned.starts_with("0X") {
        return None;
    }
    let ends = text.char_indices().map(|(at, letter)| at + letter.len_utf8());
    ends.rev().find_map(|end| text[..end].parse().ok())
}

/// What is in a file, or in standard input for `-`.
fn read_file(name: &OsStr) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    // What was read before an error is the value, as in the original.
    if name == "-" {
        let _ = io::stdin().read_to_end(&mut bytes);
    } else {
        let file = File::open(name);
        let mut file =
            file.map_err(|error| format!("Can't open input file: {}", reason(&error)))?;
        let _ = file.read_to_end(&mut bytes);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value_type: &str, text: &str) -> Result<Option<CmapValue>, String> {
        parse(value_type, OsStr::new(text))
    }

    #[test]
    fn numbers_are_read_as_by_scanf() {
        assert_eq!(read("u8", " +12abc"), Ok(Some(CmapValue::U8(12))));
        assert_eq!(read("i64", "-99999999999999999999"), Ok(Some(CmapValue::I64(i64::MIN))));
        assert_eq!(read("u64", "99999999999999999999"), Ok(Some(CmapValue::U64(u64::MAX))));
        assert_eq!(read("u64", "-1"), Ok(Some(CmapValue::U64(u64::MAX))));
        assert_eq!(read("flt", "1.5e1x"), Ok(Some(CmapValue::Float(15.0))));
        assert_eq!(read("dbl", "-inf"), Ok(Some(CmapValue::Double(f64::NEG_INFINITY))));
        assert_eq!(read("str", ""), Ok(Some(CmapValue::Text(String::new()))));
    }

    #[test]
    fn what_is_no_value_is_told() {
        for (value_type, text, problem) in [
            ("u8", "256", "256 is not valid u8 integer"),
            ("i8", "-129", "-129 is not valid i8 integer"),
            ("u32", "x", "x is not valid u32 type value"),
            ("dbl", "", " is not valid dbl type value"),
            ("text", "x", "Unknown type text"),
            ("bin", "/no/such", "Can't open input file: No such file or directory"),
        ] {
            assert_eq!(read(value_type, text), Err(problem.to_owned()));
        }
    }
}
