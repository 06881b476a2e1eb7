use std::fmt;

/// Something that a user should hear about a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How serious it is.
    pub severity: Severity,
    /// What it is, for programs: upper case, words joined by underscores.
    pub code: &'static str,
    /// What it is, for people: without a full stop.
    pub message: String,
}

/// How serious a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing was done.
    Error {
        /// Whether the user may insist.
        forceable: bool,
    },
    /// It was done, but maybe should not have been.
    Warning,
    /// It was done, but will not be possible for ever.
    Deprecation,
    /// What was done.
    Info,
}

/// A command that was refused. Nothing was done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Refused {
    /// Why, and what else there is to say.
    pub reports: Vec<Report>,
    /// Whether everything was checked before giving up, so that there is no other reason.
    pub complete: bool,
}

/// What a command that needs to give nothing back gives: reports, or the reasons why it was refused.
pub type Outcome = Result<Vec<Report>, Refused>;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = self.reports.iter().filter(|report| report.is_error());
        let messages: Vec<_> = errors.map(|report| report.message.as_str()).collect();
        f.write_str(&messages.join("; "))
    }
}

impl Refused {
    /// Refused for one reason.
    pub fn because(code: &'static str, message: impl Into<String>) -> Self {
        let severity = Severity::Error { forceable: false };
        Self { reports: vec![Report { severity, code, message: message.into() }], complete: false }
    }
}

impl Report {
    /// An error that the user cannot insist on.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error { forceable: false }, code, message: message.into() }
    }

    /// A warning.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, code, message: message.into() }
    }

    /// Something done.
    pub fn info(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Info, code, message: message.into() }
    }

    /// An error that the user may insist on; a warning if he did.
    pub fn unless_forced(force: bool, code: &'static str, message: impl Into<String>) -> Self {
        let severity = if force { Severity::Warning } else { Severity::Error { forceable: true } };
        Self { severity, code, message: message.into() }
    }

    /// Whether it stops the command.
    pub fn is_error(&self) -> bool {
        matches!(self.severity, Severity::Error { .. })
    }
}

/// Reports collected while a command checks its arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reports(Vec<Report>);

impl Reports {
    /// Nothing to report yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a report.
    pub fn add(&mut self, report: Report) {
        self.0.push(report);
    }

    /// Adds several reports.
    pub fn extend(&mut self, reports: impl IntoIterator<Item = Report>) {
        self.0.extend(reports);
    }

    /// Refuses if there is an error, having checked everything so far.
    pub fn check(&mut self) -> Result<(), Refused> {
        if self.0.iter().any(Report::is_error) {
            return Err(Refused { reports: std::mem::take(&mut self.0), complete: true });
        }
        Ok(())
    }

    /// Refuses if there is an error; the errors are all there is to say.
    pub fn check_plain(&mut self) -> Result<(), Refused> {
        self.check().map_err(|refused| Refused { complete: false, ..refused })
    }

    /// What there is to report after the command was carried out.
    pub fn done(self) -> Vec<Report> {
        self.0
    }
}

/// Words in quotes, sorted, joined by commas: `'a', 'b'`.
pub fn quoted_list<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> String {
    let mut words: Vec<String> =
        words.into_iter().map(|word| format!("'{}'", word.as_ref())).collect();
    words.sort_unstable();
    words.dedup();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forced_error_is_a_warning() {
        let mut reports = Reports::new();
        reports.add(Report::unless_forced(true, "X", "x"));
        assert!(reports.check().is_ok());
        reports.add(Report::unless_forced(false, "Y", "y"));
        let refused = reports.check().unwrap_err();
        assert_eq!(refused.reports.len(), 2);
        assert_eq!(refused.to_string(), "y");
    }

    #[test]
    fn lists_are_sorted() {
        assert_eq!(quoted_list(["b", "a", "b"]), "'a', 'b'");
    }
}
