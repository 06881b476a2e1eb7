use std::fmt;

use compact_str::CompactString;

/// Names and values that go with an action, by name. A plan for a large cluster has a million of them, most of them short.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Attributes {
    /// In the order of the names.
    pairs: Vec<(CompactString, CompactString)>,
}

/// The attributes as (name, value), by name.
#[derive(Clone)]
pub struct Iter<'a>(std::slice::Iter<'a, (CompactString, CompactString)>);

impl Attributes {
    /// None.
    pub const fn new() -> Self {
        Self { pairs: Vec::new() }
    }

    /// The value of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.position(name).ok().map(|position| self.pairs[position].1.as_str())
    }

    /// Sets the value of a name.
    pub fn insert(&mut self, name: &str, value: &str) {
        match self.position(name) {
            Ok(position) => self.pairs[position].1 = value.into(),
            Err(position) => self.pairs.insert(position, (name.into(), value.into())),
        }
    }

    /// Sets the value of a name that has none; one that is there stays.
    pub fn insert_new(&mut self, name: &str, value: &str) {
        if let Err(position) = self.position(name) {
            self.pairs.insert(position, (name.into(), value.into()));
        }
    }

    /// Gives back room that nothing is in.
    pub fn shrink_to_fit(&mut self) {
        self.pairs.shrink_to_fit();
    }

    /// All names and values, by name.
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.pairs.iter())
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.pairs.binary_search_by(|(known, _)| known.as_str().cmp(name))
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<'a> IntoIterator for &'a Attributes {
    type Item = (&'a str, &'a str);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Attributes {
    /// Of two values of one name the later one counts.
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> Self {
        let mut attributes = Self::new();
        for (name, value) in pairs {
            attributes.insert(name, value);
        }
        attributes
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_have_one_value() {
        let mut attributes = Attributes::from_iter([("b", "1"), ("a", "2"), ("b", "3")]);
        attributes.insert_new("a", "4");
        attributes.insert_new("ab", "5");
        let pairs: Vec<_> = attributes.iter().collect();
        assert_eq!(pairs, [("a", "2"), ("ab", "5"), ("b", "3")]);
        assert_eq!(attributes.get("ab"), Some("5"));
        assert_eq!(attributes.get("c"), None);
    }
}
