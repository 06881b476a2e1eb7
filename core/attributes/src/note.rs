use std::fmt;

use vocab::NodeName;

/// What an attribute manager would like to be remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A value changed.
    Changed {
        /// The attribute.
        name: String,
        /// The node whose value it is.
        node: NodeName,
        /// What it was.
        old: Option<String>,
        /// What it is.
        new: Option<String>,
        /// The node whose attribute manager said so.
        from: NodeName,
    },
    /// A peer has another value for the local node, which is told the right one.
    Corrected {
        /// The attribute.
        name: String,
        /// The local value.
        own: Option<String>,
        /// The peer's.
        theirs: Option<String>,
        /// The peer.
        from: NodeName,
    },
    /// All values of a node were forgotten.
    Forgotten {
        /// The node.
        node: NodeName,
        /// Who wanted that; none if the node was lost.
        by: Option<NodeName>,
    },
    /// An update for an attribute that is not there.
    NoSuchAttribute(String),
    /// An update whose dampening is missing or no duration.
    BadDampening(String),
    /// A pattern that is no regular expression.
    BadPattern(String),
    /// A request to forget a node that is not known.
    UnknownNode,
    /// A value cannot be written since the node's number is not known yet.
    NodeIdUnknown {
        /// The attribute.
        name: String,
        /// The node.
        node: NodeName,
    },
    /// A write begins: so many values of so many attributes.
    Writing {
        /// Values.
        values: usize,
        /// Attributes.
        attributes: usize,
    },
    /// A write failed and will be tried again.
    WriteFailed {
        /// The attributes, separated by commas.
        names: String,
        /// Why.
        reason: String,
    },
    /// An election begins.
    Election,
    /// This node is the writer now.
    LocalWriter,
    /// Another node is the writer now.
    Writer(NodeName),
    /// Two nodes think that they are the writer.
    SecondWriter(NodeName),
    /// The writer left.
    WriterLost(NodeName),
}

/// How important a note is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know when looking closely.
    Info,
    /// Worth a line in the log.
    Notice,
    /// Not as it should be.
    Warning,
}

impl Note {
    /// How important it is.
    pub const fn severity(&self) -> Severity {
        match self {
            Self::Writing { .. } | Self::Election => Severity::Info,
            Self::Changed { .. }
            | Self::Corrected { .. }
            | Self::Forgotten { .. }
            | Self::NodeIdUnknown { .. }
            | Self::LocalWriter
            | Self::Writer(_)
            | Self::WriterLost(_)
            | Self::SecondWriter(_) => Severity::Notice,
            Self::NoSuchAttribute(_)
            | Self::BadDampening(_)
            | Self::BadPattern(_)
            | Self::UnknownNode
            | Self::WriteFailed { .. } => Severity::Warning,
        }
    }
}

fn shown(value: &Option<String>) -> &str {
    value.as_deref().unwrap_or("(unset)")
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { name, node, old, new, from } => {
                write!(f, "Setting {name}[{node}]: {} -> {} from {from}", shown(old), shown(new))
            }
            Self::Corrected { name, own, theirs, from } => write!(
                f,
                "{name}: local value '{}' takes priority over '{}' from {from}",
                shown(own),
                shown(theirs)
            ),
            Self::Forgotten { node, by: Some(by) } => {
                write!(f, "Removing all {node} attributes for peer {by}")
            }
            Self::Forgotten { node, by: None } => {
                write!(f, "Removing all {node} attributes because it left")
            }
            Self::NoSuchAttribute(name) => {
                write!(f, "Could not update {name}: attribute not found")
            }
            Self::BadDampening(name) => {
                write!(f, "Could not update {name}: no valid delay was given")
            }
            Self::BadPattern(pattern) => write!(f, "Bad regular expression '{pattern}'"),
            Self::UnknownNode => f.write_str("Cannot forget a node whose name is not known"),
            Self::NodeIdUnknown { name, node } => {
                write!(f, "Cannot write {name}[{node}] until the number of {node} is known")
            }
            Self::Writing { values, attributes } => {
                write!(f, "Writing {values} values of {attributes} attributes to the CIB")
            }
            Self::WriteFailed { names, reason } => {
                write!(f, "Could not write {names} to the CIB, will try again: {reason}")
            }
            Self::Election => f.write_str("Starting an election to determine the writer"),
            Self::LocalWriter => f.write_str("Recorded local node as attribute writer"),
            Self::Writer(name) => write!(f, "Recorded new attribute writer: {name}"),
            Self::SecondWriter(name) => {
                write!(f, "Detected another attribute writer ({name}), starting new election")
            }
            Self::WriterLost(name) => write!(f, "Lost attribute writer {name}"),
        }
    }
}
