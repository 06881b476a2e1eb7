use std::fmt;

use compact_str::format_compact;

/// An element's attributes, in order, in one piece of text: large documents have millions of them, and a piece of memory
/// for each name and value would cost more than what is in it.
///
/// Each attribute is the length of its name, the length of its value, the name, the value. Lengths are written six bits a
/// byte, so that the whole is text and two lists of the same attributes are the same text.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Packed(String);

/// Iterator over an element's attributes as (name, value).
#[derive(Clone)]
pub struct Attributes<'a> {
    rest: &'a str,
}

/// Where one attribute is.
#[derive(Clone, Copy)]
struct Place {
    start: usize,
    name: usize,
    value: usize,
    end: usize,
}

const MORE: u8 = 0x40;
const BITS: u8 = MORE - 1;

impl Packed {
    pub(crate) const fn new() -> Self {
        Self(String::new())
    }

    /// The same with no room to spare, for what will hardly be changed.
    pub(crate) fn to_fitting(&self) -> Self {
        Self(self.0.as_str().to_owned())
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn iter(&self) -> Attributes<'_> {
        Attributes { rest: &self.0 }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.find(name).map(|place| &self.0[place.value..place.end])
    }

    /// Puts the value where the name stands if it is there, else behind the others.
    pub(crate) fn set(&mut self, name: &str, value: impl fmt::Display) {
        let value = format_compact!("{value}");
        match self.find(name) {
            Some(place) if place.end - place.value == value.len() => {
                self.0.replace_range(place.value..place.end, &value);
            }
            Some(place) => {
                let mut new = Self::new();
                new.append(name, &value);
                self.0.replace_range(place.start..place.end, &new.0);
            }
            None => self.append(name, &value),
        }
    }

    /// Adds an attribute that is known not to be there yet.
    pub(crate) fn append(&mut self, name: &str, value: &str) {
        self.append_length(name.len());
        self.append_length(value.len());
        self.0.push_str(name);
        self.0.push_str(value);
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<String> {
        let place = self.find(name)?;
        let value = self.0[place.value..place.end].to_owned();
        self.0.replace_range(place.start..place.end, "");
        Some(value)
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&str, &str) -> bool) {
        let mut kept = Self::new();
        for (name, value) in self.iter() {
            if keep(name, value) {
                kept.append(name, value);
            }
        }
        *self = kept;
    }

    pub(crate) fn sort(&mut self) {
        let mut sorted: Vec<_> = self.iter().collect();
        sorted.sort_by_key(|(name, _)| *name);
        let mut new = Self(String::with_capacity(self.0.len()));
        for (name, value) in sorted {
            new.append(name, value);
        }
        *self = new;
    }

    fn append_length(&mut self, length: usize) {
        let mut rest = length;
        while rest > usize::from(BITS) {
            self.0.push(char::from(MORE | (rest & usize::from(BITS)) as u8));
            rest >>= 6;
        }
        self.0.push(char::from(rest as u8));
    }

    fn find(&self, wanted: &str) -> Option<Place> {
        let text = self.0.as_bytes();
        let mut start = 0;
        while start < text.len() {
            let place = Place::read(text, start);
            if text[place.name..place.value] == *wanted.as_bytes() {
                return Some(place);
            }
            start = place.end;
        }
        None
    }
}

impl Place {
    /// The attribute that starts there.
    fn read(text: &[u8], start: usize) -> Self {
        let (name_length, at) = length(text, start);
        let (value_length, name) = length(text, at);
        let value = name + name_length;
        Self { start, name, value, end: value + value_length }
    }
}

/// A length, and what comes behind it.
fn length(text: &[u8], start: usize) -> (usize, usize) {
    let (mut length, mut shift, mut at) = (0, 0, start);
    loop {
        let byte = text[at];
        length |= usize::from(byte & BITS) << shift;
        at += 1;
        if byte & MORE == 0 {
            return (length, at);
        }
        shift += 6;
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let text = self.rest;
        let place = Place::read(text.as_bytes(), 0);
        self.rest = &text[place.end..];
        Some((&text[place.name..place.value], &text[place.value..place.end]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_and_values_are_found_behind_each_other() {
        let mut packed = Packed::new();
        let lengths = [0, 1, 63, 64, 65, 4_095, 4_096, 300_000];
        for length in lengths {
            packed.append(&"ä".repeat(length + 1), &"x".repeat(length));
        }
        for length in lengths {
            let value = packed.get(&"ä".repeat(length + 1)).map(str::len);
            assert_eq!(value, Some(length));
        }
        assert_eq!(packed.get("x"), None);
        assert_eq!(packed.iter().count(), lengths.len());
    }

    #[test]
    fn a_value_is_replaced_where_it_stands_whatever_its_length() {
        let mut packed = Packed::new();
        for name in ["a", "b", "c"] {
            packed.set(name, "12");
        }
        for value in ["34", "", "a longer one"] {
            packed.set("b", value);
            assert_eq!(packed.iter().collect::<Vec<_>>(), [("a", "12"), ("b", value), ("c", "12")]);
        }
        assert_eq!(packed.remove("b").as_deref(), Some("a longer one"));
        assert_eq!(packed.remove("b"), None);
        packed.retain(|name, _| name != "a");
        assert_eq!(packed.iter().collect::<Vec<_>>(), [("c", "12")]);
    }
}
