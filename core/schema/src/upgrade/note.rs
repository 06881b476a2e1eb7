use std::fmt;

use crate::Schema;

/// What happened during an upgrade. Its `Display` is what Pacemaker writes into its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The document conforms to this schema.
    Valid(Schema),
    /// The document does not conform to this schema.
    Invalid(Schema),
    /// A part of a step begins.
    Part {
        /// What the document follows.
        from: Schema,
        /// What it shall follow.
        to: Schema,
        /// What Pacemaker calls it.
        name: &'static str,
    },
    /// A part of a step could not be carried out.
    PartFailed(&'static str),
    /// Something that the administrator should know was changed.
    Note(Note),
    /// A step led to a document that conforms.
    Succeeded {
        /// What the document followed.
        from: Schema,
        /// What it follows.
        to: Schema,
    },
    /// A step led to a document that does not conform.
    Failed {
        /// What the document followed.
        from: Schema,
        /// What it should follow.
        to: Schema,
    },
    /// This is the schema that the document follows now.
    Done(Schema),
}

/// Something that was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// How much it matters.
    pub severity: Severity,
    /// What it was.
    pub text: String,
}

/// How much something matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It changes nothing.
    Debug,
    /// It is good to know.
    Info,
    /// Something will behave in another way.
    Warning,
    /// It did not work.
    Error,
}

impl Event {
    /// How much it matters.
    pub const fn severity(&self) -> Severity {
        match self {
            Self::Valid(_) | Self::Invalid(_) | Self::Part { .. } => Severity::Debug,
            Self::Note(note) => note.severity,
            Self::Succeeded { .. } | Self::Done(_) => Severity::Info,
            Self::Failed { .. } | Self::PartFailed(_) => Severity::Error,
        }
    }

    pub(super) fn warning(text: String) -> Self {
        Self::Note(Note { severity: Severity::Warning, text })
    }

    pub(super) fn info(text: String) -> Self {
        Self::Note(Note { severity: Severity::Info, text })
    }

    pub(super) fn debug(text: String) -> Self {
        Self::Note(Note { severity: Severity::Debug, text })
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Valid(schema) => write!(f, "Schema {schema} validates"),
            Self::Invalid(schema) => write!(f, "Schema {schema} does not validate"),
            Self::Part { from, to, name } => {
                write!(f, "Upgrading schema from {from} to {to}: applying XSL transform {name}")
            }
            Self::PartFailed(name) => write!(f, "XSL transform {name} failed, aborting upgrade"),
            Self::Note(note) => write!(f, "{note}"),
            Self::Succeeded { from, to } => {
                write!(f, "Schema upgrade from {from} to {to} succeeded")
            }
            Self::Failed { from, to } => write!(
                f,
                "Schema upgrade from {from} to {to} failed: XSL transform pipeline produced an \
                 invalid configuration"
            ),
            Self::Done(schema) => {
                write!(f, "Transformed the configuration schema to {schema}")
            }
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity, self.text)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        })
    }
}
