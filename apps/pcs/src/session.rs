use std::{io::Write, process::ExitCode};

use cib_edit::{Outcome, Refused, Report, Severity};
use xml::Element;

use crate::{options::Options, source::Source, usage};

/// One run of pcs: what was asked for and where the configuration is.
pub(crate) struct Session {
    pub(crate) options: Options,
    pub(crate) source: Source,
}

/// Why a command stops before its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The words make no sense: show how the command is used, after a message if there is one.
    Usage { path: Vec<String>, message: Option<String>, hint: Option<String> },
    /// An error in words.
    Message(String),
    /// Reasons from the library.
    Refused(Refused),
}

/// What a command gives.
pub(crate) type Done = Result<(), Stop>;

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl Stop {
    pub(crate) fn usage(path: &[&str]) -> Self {
        let path = path.iter().map(|word| (*word).to_owned()).collect();
        Self::Usage { path, message: None, hint: None }
    }

    pub(crate) fn message(text: impl Into<String>) -> Self {
        Self::Message(text.into())
    }

    /// For what pcs has and this does not have yet.
    pub(crate) fn not_built(what: &str) -> Self {
        Self::Message(format!("not implemented yet: {what}"))
    }

    pub(crate) fn explain(self, words: &[&str]) -> ExitCode {
        match self {
            Self::Usage { path, message, hint } => {
                if let Some(message) = message {
                    complain(&format!("Error: {message}"));
                }
                if let Some(hint) = hint {
                    complain(&format!("Hint: {hint}"));
                }
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                let path = if path.is_empty() { &words[..words.len().min(1)] } else { &path };
                complain(&usage::of(path));
            }
            Self::Message(message) => complain(&format!("Error: {message}")),
            Self::Refused(refused) => {
                let complete = refused.complete;
                refused.reports.iter().for_each(tell);
                if complete {
                    complain("Error: Errors have occurred, therefore pcs is unable to continue");
                }
            }
        }
        ExitCode::FAILURE
    }
}

impl Session {
    pub(crate) fn new(options: Options) -> Self {
        let source = Source::new(options.value("-f"));
        Self { options, source }
    }

    pub(crate) fn force(&self) -> bool {
        self.options.has("--force")
    }

    /// Refuses options that the command does not understand.
    pub(crate) fn only(&self, understood: &[&str]) -> Done {
        let others = self.options.others(understood);
        if others.is_empty() {
            return Ok(());
        }
        let (noun, verb) = if others.len() > 1 { ("options", "are") } else { ("option", "is") };
        let list = cib_edit::quoted_list(others);
        Err(Stop::message(format!("Specified {noun} {list} {verb} not supported in this command")))
    }

    /// Whether the command should wait until the cluster has settled. Not built yet, so asking for it fails before
    /// anything is changed.
    pub(crate) fn no_wait(&self) -> Done {
        if self.options.has("--wait") {
            return Err(Stop::not_built("--wait"));
        }
        Ok(())
    }

    pub(crate) fn cib(&self) -> Result<Element, Stop> {
        self.source.cib()
    }

    /// Changes the configuration: reads it, lets the command work on it, says what the command has to say and writes it
    /// back if it is different.
    pub(crate) fn edit(&self, command: impl FnOnce(&mut Element) -> Outcome) -> Done {
        let old = self.cib()?;
        let mut new = old.clone();
        let reports = command(&mut new)?;
        reports.iter().for_each(tell);
        if new == old { Ok(()) } else { self.source.push(&old, &new) }
    }
}

/// Says a report.
pub(crate) fn tell(report: &Report) {
    let message = &report.message;
    match report.severity {
        Severity::Error { forceable: true } => {
            complain(&format!("Error: {message}, use --force to override"));
        }
        Severity::Error { forceable: false } => complain(&format!("Error: {message}")),
        Severity::Warning => complain(&format!("Warning: {message}")),
        Severity::Deprecation => complain(&format!("Deprecation Warning: {message}")),
        Severity::Info => complain(message),
    }
}

/// Writes a line of output. Somebody who stopped reading is no error.
pub(crate) fn print(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Writes a line to the standard error output.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
