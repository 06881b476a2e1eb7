//! What an XPath expression finds, as the operations understand it.

use messages::cib::Failure;
use xml::{
    Element, NodePath,
    xpath::{Expr, Match, XPathError},
};

/// The elements that an expression finds, in document order and each once. An attribute or a text that it finds stands
/// for the element it is in. [`Failure::Invalid`] if the expression cannot be read or does not select anything.
pub(crate) fn select(root: &Element, expression: &str) -> Result<Vec<NodePath>, Failure> {
    let expression = Expr::parse(expression).map_err(|_| Failure::Invalid)?;
    select_with(&expression, root).map_err(|_| Failure::Invalid)
}

/// The same with an expression that was read before.
pub(crate) fn select_with(expression: &Expr, root: &Element) -> Result<Vec<NodePath>, XPathError> {
    let found = expression.select(root)?;
    let mut paths: Vec<NodePath> = found.into_iter().filter_map(element_of).collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}

fn element_of(found: Match<'_>) -> Option<NodePath> {
    match found {
        Match::Document => Some(NodePath::ROOT),
        Match::Element { path, .. } | Match::Attribute { path, .. } => Some(path),
        Match::Text { path, .. } | Match::Comment { path, .. } => {
            path.split_last().map(|(parent, _)| parent)
        }
    }
}
