use std::fmt;

/// How bad a problem with the configuration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Notice,
    /// Somebody chose what is dangerous; nothing is wrong.
    Caution,
    /// Probably not what was meant.
    Warning,
    /// A part of the configuration is ignored or does not work.
    Error,
}

/// Something in the configuration or the status that cannot be taken as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// What it is, as a sentence without a full stop.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The list that reading fills.
#[derive(Clone, Debug, Default)]
pub(crate) struct Problems(pub Vec<Problem>);

impl Problems {
    pub(crate) fn error(&mut self, text: impl Into<String>) {
        self.add(Severity::Error, text);
    }

    pub(crate) fn warning(&mut self, text: impl Into<String>) {
        self.add(Severity::Warning, text);
    }

    pub(crate) fn notice(&mut self, text: impl Into<String>) {
        self.add(Severity::Notice, text);
    }

    pub(crate) fn caution(&mut self, text: impl Into<String>) {
        self.add(Severity::Caution, text);
    }

    fn add(&mut self, severity: Severity, text: impl Into<String>) {
        self.0.push(Problem { severity, text: text.into() });
    }
}
