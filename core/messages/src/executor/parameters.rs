use std::collections::{BTreeMap, btree_map};

use xml::Element;

/// The parameters of an operation by name: instance attributes as configured and `CRM_meta_*` about the operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// None.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// The parameter's value.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Sets the parameter.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// The parameters as (name, value), by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The `attributes` element that carries them. Names that are no attribute names (they begin with a digit) go into
    /// `param` children.
    pub fn to_element(&self) -> Element {
        let mut element = Element::new("attributes");
        for (name, value) in &self.0 {
            if name.starts_with(|c: char| c.is_ascii_digit()) {
                element.push(Element::new("param").with("name", name).with("value", value));
            } else {
                element.set(name, value);
            }
        }
        element
    }

    /// The parameters in the `attributes` child of an element; none if it has no such child.
    pub fn inside(parent: &Element) -> Self {
        let Some(element) = parent.child("attributes") else { return Self::new() };
        let attributes = element.attrs();
        let children = element
            .children_named("param")
            .filter_map(|param| Some((param.attr("name")?, param.attr("value")?)));
        attributes.chain(children).collect()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Parameters {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl IntoIterator for Parameters {
    type Item = (String, String);
    type IntoIter = btree_map::IntoIter<String, String>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_survives_the_journey() {
        let parameters: Parameters =
            [("ip", "10.0.0.1"), ("1st", "a b"), ("x", "")].into_iter().collect();
        let parent = Element::new("lrmd_rsc").with_child(parameters.to_element());
        assert_eq!(Parameters::inside(&parent), parameters);
        assert_eq!(
            parameters.to_element().to_compact(),
            r#"<attributes ip="10.0.0.1" x=""><param name="1st" value="a b"/></attributes>"#
        );
    }
}
