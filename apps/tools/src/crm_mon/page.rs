//! Writing down what was found, in one of the forms.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use present::PageSettings;
use vocab::ToolExit;

use super::{
    TOOL,
    gather::Found,
    options::{Form, Options},
};
use crate::output::{Format, Output, OutputOptions};

/// How and where the state is written.
pub(super) struct Writer<'a> {
    options: &'a Options,
    args: &'a [OsString],
    refresh: Duration,
}

impl<'a> Writer<'a> {
    pub(super) fn new(options: &'a Options, args: &'a [OsString], refresh: Duration) -> Self {
        Self { options, args, refresh }
    }

    /// Opens the place where the state goes.
    pub(super) fn open(&self, path: Option<PathBuf>) -> Result<Output, ExitCode> {
        let output = OutputOptions {
            output_as: match self.options.form() {
                Form::Console | Form::Text | Form::Html => Format::Text,
                Form::Xml => Format::Xml,
                Form::None => Format::None,
            },
            output_to: path,
            text_fancy: true,
            ..OutputOptions::default()
        };
        Output::open(TOOL.name, &output, self.args)
    }

    /// Writes the state.
    pub(super) fn write(&self, output: &mut Output, found: &Found) {
        let Found { status, show, .. } = found;
        match self.options.form() {
            Form::Console | Form::Text => output.text(&present::to_text(status, show)),
            Form::Html => {
                if self.options.is_cgi() {
                    output.text("Content-Type: text/html\n\n");
                }
                let refreshed = self.options.destination().is_some();
                let settings = PageSettings {
                    title: self.options.html_title.clone(),
                    stylesheet: self.options.html_stylesheet.clone(),
                    refresh_seconds: refreshed.then(|| self.refresh.as_secs().max(1)),
                };
                output.text(&present::to_html(status, show, &settings));
            }
            Form::Xml => {
                for element in present::to_xml(status, show) {
                    output.element(element);
                }
            }
            Form::None => {}
        }
    }

    /// Replaces the file by one that says how it is now. Whoever reads it sees the old one or the new one.
    pub(super) fn replace(&self, path: &Path, found: &Found) -> Result<(), ExitCode> {
        self.replace_with(path, |output| {
            self.write(output, found);
            ToolExit::Ok
        })
    }

    /// Replaces the file by one that says that nothing is known.
    pub(super) fn replace_by_loss(&self, path: &Path, why: &str) -> Result<(), ExitCode> {
        self.replace_with(path, |output| {
            match self.options.form() {
                Form::Html => output.text(&present::html_without_connection(why)),
                Form::Xml => {
                    let lost = xml::Element::new("crm-mon-disconnected");
                    output.element(lost.with("description", why));
                }
                Form::Console | Form::Text | Form::None => {
                    output.line(format!("Not connected to CIB: {why}"));
                }
            }
            ToolExit::Disconnect
        })
    }

    fn replace_with(
        &self,
        path: &Path,
        fill: impl FnOnce(&mut Output) -> ToolExit,
    ) -> Result<(), ExitCode> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}", std::process::id()));
        let temporary = path.with_file_name(name);
        let mut output = self.open(Some(temporary.clone()))?;
        let exit = fill(&mut output);
        let _ = output.finish(exit);
        fs::rename(&temporary, path).map_err(|error| {
            let _ = fs::remove_file(&temporary);
            let message = format!("{}: {error}", path.display());
            crate::frame::complain(&TOOL, &message, ToolExit::CannotCreate)
        })
    }
}
