use std::{borrow::Cow, collections::BTreeMap};

use rules::Rule;
use xml::Element;

use crate::problem::Problems;

/// The configuration while it is being read: who has which id, and what is wrong.
pub(crate) struct Document<'x> {
    pub(crate) root: &'x Element,
    pub(crate) problems: Problems,
    by_id: BTreeMap<&'x str, &'x Element>,
}

impl<'x> Document<'x> {
    pub(crate) fn new(root: &'x Element) -> Self {
        let mut by_id = BTreeMap::new();
        if let Some(configuration) = root.child("configuration") {
            // Most configurations have no reference; the index is only for those that do.
            if configuration.descendants().any(|element| element.attr("id-ref").is_some()) {
                for element in configuration.descendants() {
                    if let Some(id) = element.id() {
                        by_id.entry(id).or_insert(element);
                    }
                }
            }
        }
        Self { root, problems: Problems::default(), by_id }
    }

    /// The section of the configuration with that name.
    pub(crate) fn section(&self, name: &str) -> Option<&'x Element> {
        self.root.descend(&["configuration", name])
    }

    /// The element itself, or the one it refers to.
    pub(crate) fn resolve<'a>(&mut self, element: &'a Element) -> Option<Cow<'a, Element>> {
        match element.attr("id-ref") {
            None => Some(Cow::Borrowed(element)),
            Some(reference) => match self.by_id.get(reference) {
                Some(found) => Some(Cow::Owned((*found).clone())),
                None => {
                    self.problems.error(format!(
                        "Ignoring reference to '{reference}' because there is no such element"
                    ));
                    None
                }
            },
        }
    }

    /// Reads a rule.
    pub(crate) fn rule(&mut self, element: &Element) -> Rule {
        let mut found = Vec::new();
        let resolve = |id: &str| self.by_id.get(id).copied();
        let rule = Rule::parse(element, &resolve, &mut found);
        for problem in found {
            self.problems.error(problem.to_string());
        }
        rule
    }
}
