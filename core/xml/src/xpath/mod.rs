//! XPath 1.0 on trees: what ACLs, queries and tools use to say which part of a document they mean.
//!
//! An expression is compiled once and can be used on any number of trees. Both steps are bounded, since expressions come
//! from users and documents from anywhere: expressions in length and nesting, evaluation in the nodes it looks at.
//!
//! Left out, since the documents have nothing of the kind: namespaces, variables, processing instructions, `lang()`.

mod arena;
mod ast;
mod eval;
mod functions;
mod lexer;
mod parser;
mod value;

use crate::{Element, NodePath};

/// A compiled expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    text: String,
    root: ast::Expression,
}

/// Why an expression could not be compiled or evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XPathError {
    /// The text is no expression.
    #[error("not an XPath expression at character {at}: {problem}")]
    Syntax {
        /// The character, counted from 1.
        at: usize,
        /// What is wrong there.
        problem: String,
    },
    /// The expression is longer than allowed.
    #[error("the XPath expression is longer than {0} bytes")]
    TooLong(usize),
    /// The expression is nested deeper than allowed.
    #[error("the XPath expression is nested deeper than {0} levels")]
    TooDeep(usize),
    /// A function that XPath does not have, or that does not apply here.
    #[error("there is no XPath function {0}()")]
    Function(String),
    /// A function was given too few or too many arguments.
    #[error("wrong number of arguments of the XPath function {0}()")]
    Arguments(&'static str),
    /// A set of nodes was needed and something else was there.
    #[error("the XPath expression does not give a set of nodes where one is needed")]
    NotNodes,
    /// The evaluation was given up because it looked at too many nodes.
    #[error("the XPath expression takes too long to evaluate")]
    TooExpensive,
}

/// Something in a tree that an expression selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match<'a> {
    /// What contains the root element: the match of `/`.
    Document,
    /// An element.
    Element {
        /// Where it is.
        path: NodePath,
        /// What it is.
        element: &'a Element,
    },
    /// An attribute.
    Attribute {
        /// Where the element is that has it.
        path: NodePath,
        /// The element that has it.
        element: &'a Element,
        /// Its name.
        name: &'a str,
        /// Its value.
        value: &'a str,
    },
    /// Character data.
    Text {
        /// Where it is.
        path: NodePath,
        /// The characters.
        text: &'a str,
    },
    /// A comment.
    Comment {
        /// Where it is.
        path: NodePath,
        /// What it says.
        text: &'a str,
    },
}

/// What an expression gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Nodes, in document order.
    Nodes(Vec<Match<'a>>),
    /// A number.
    Number(f64),
    /// A string.
    Text(String),
    /// A truth value.
    Boolean(bool),
}

impl Expr {
    /// The greatest length of an expression in bytes.
    pub const LENGTH_MAX: usize = 16 * 1024;

    /// Compiles an expression.
    pub fn parse(text: &str) -> Result<Self, XPathError> {
        if text.len() > Self::LENGTH_MAX {
            return Err(XPathError::TooLong(Self::LENGTH_MAX));
        }
        Ok(Self { text: text.to_owned(), root: parser::parse(text)? })
    }

    /// What the expression selects, in document order. Fails if it gives something else than nodes.
    pub fn select<'a>(&self, root: &'a Element) -> Result<Vec<Match<'a>>, XPathError> {
        match self.evaluate(root)? {
            Value::Nodes(matches) => Ok(matches),
            Value::Number(_) | Value::Text(_) | Value::Boolean(_) => Err(XPathError::NotNodes),
        }
    }

    /// The elements that the expression selects, in document order; other nodes are passed over.
    pub fn select_elements<'a>(
        &self,
        root: &'a Element,
    ) -> Result<Vec<(NodePath, &'a Element)>, XPathError> {
        let elements = self.select(root)?.into_iter().filter_map(|matched| match matched {
            Match::Element { path, element } => Some((path, element)),
            Match::Document
            | Match::Attribute { .. }
            | Match::Text { .. }
            | Match::Comment { .. } => None,
        });
        Ok(elements.collect())
    }

    /// What the expression gives for the tree as a whole.
    pub fn evaluate<'a>(&self, root: &'a Element) -> Result<Value<'a>, XPathError> {
        eval::evaluate(&self.root, root)
    }

    /// The expression as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests;
