//! How a tool says what it found: text at once, or one XML document when it ends.

use std::{
    borrow::Cow,
    env,
    fs::File,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use present::{PagePart, PageSettings};
use vocab::ToolExit;
use xml::Element;

use crate::frame::exit_code;

/// Which version of Pacemaker's XML output the tools follow where they differ. Readers that check what they read, as
/// pcs does, refuse what is newer than they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApiVersion {
    /// That of Pacemaker 2.1.5.
    #[default]
    V2_25,
    /// That of Pacemaker 3.0.2.
    V2_42,
}

impl ApiVersion {
    /// What `CARDEA_API_VERSION` asks for. The error is what to say.
    pub(crate) fn from_environment() -> Result<Self, String> {
        match env::var("CARDEA_API_VERSION").as_deref() {
            Err(_) | Ok("" | "2.25") => Ok(Self::V2_25),
            Ok("2.42") => Ok(Self::V2_42),
            Ok(other) => Err(format!("CARDEA_API_VERSION is '{other}', and can be 2.25 or 2.42")),
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::V2_25 => "2.25",
            Self::V2_42 => "2.42",
        }
    }
}

/// Elements whose text is a document or the output of a program.
const VERBATIM: [&str; 6] = ["content", "output", "patchset", "updated", "xml", "xml-patchset"];

/// In which form a tool reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Text for people.
    #[default]
    Text,
    /// One XML document.
    Xml,
    /// Nothing.
    None,
    /// A page for a browser, by tools that take [`PageOptions`].
    #[value(skip)]
    Html,
}

/// The options that choose form and place of the output.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct OutputOptions {
    /// Form of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub output_as: Format,
    /// File to write to instead of standard output ("-")
    #[arg(long, value_name = "DEST")]
    pub output_to: Option<PathBuf>,
    /// Use more formatting in text output
    #[arg(long)]
    pub text_fancy: bool,
    /// How a page is made.
    #[arg(skip)]
    pub page: PageChoices,
}

/// How a page is made.
#[derive(Clone, Debug, Default)]
pub struct PageChoices {
    /// With the head of a CGI answer before it.
    pub is_cgi: bool,
    /// Its title, if it is not the command line.
    pub title: Option<String>,
    /// A style sheet to link to.
    pub stylesheet: Option<String>,
}

/// The options that choose form and place of the output of a tool that makes pages, too.
#[derive(Clone, Debug, clap::Args)]
pub struct PageOptions {
    /// Form of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output_as: PageFormat,
    /// File to write to instead of standard output ("-")
    #[arg(long, value_name = "DEST")]
    output_to: Option<PathBuf>,
    /// Put the head of a CGI answer before the page (with --output-as=html)
    #[arg(long)]
    html_cgi: bool,
    /// Link to this style sheet (with --output-as=html)
    #[arg(long, value_name = "URI")]
    html_stylesheet: Option<String>,
    /// Title of the page (with --output-as=html)
    #[arg(long, value_name = "TITLE")]
    html_title: Option<String>,
    /// Use more formatting in text output
    #[arg(long)]
    text_fancy: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum PageFormat {
    Text,
    Html,
    Xml,
    None,
}

impl From<PageOptions> for OutputOptions {
    fn from(options: PageOptions) -> Self {
        Self {
            output_as: match options.output_as {
                PageFormat::Text => Format::Text,
                PageFormat::Html => Format::Html,
                PageFormat::Xml => Format::Xml,
                PageFormat::None => Format::None,
            },
            output_to: options.output_to,
            text_fancy: options.text_fancy,
            page: PageChoices {
                is_cgi: options.html_cgi,
                title: options.html_title,
                stylesheet: options.html_stylesheet,
            },
        }
    }
}

/// An argument as a shell takes it: in quotes if it is not one word as it stands.
fn quoted(argument: &str) -> Cow<'_, str> {
    if is_one_word(argument) {
        return Cow::Borrowed(argument);
    }
    Cow::Owned(format!("'{}'", argument.replace('\'', "'\\''")))
}

/// Whether a shell makes one word of it, quotes and escapes considered.
fn is_one_word(text: &str) -> bool {
    let mut words = 0;
    let mut in_word = false;
    let mut quote = None;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match quote {
            Some(open) if c == open => quote = None,
            Some('"') if c == '\\' => drop(rest.next()),
            Some(_) => {}
            None if c.is_ascii_whitespace() => in_word = false,
            None => {
                if !in_word {
                    if c == '#' {
                        // The rest is a comment.
                        break;
                    }
                    words += 1;
                    in_word = true;
                }
                match c {
                    '\'' | '"' => quote = Some(c),
                    '\\' if rest.next().is_none() => return false,
                    _ => {}
                }
            }
        }
    }
    words == 1 && quote.is_none()
}

/// Where a tool reports.
pub struct Output {
    tool: &'static str,
    format: Format,
    api: ApiVersion,
    verbosity: u8,
    destination: Box<dyn Write>,
    request: String,
    elements: Vec<Element>,
    page: PageChoices,
    parts: Vec<PagePart>,
    errors: Vec<String>,
}

impl Output {
    /// Opens the output. The arguments are those of the command line, which XML output repeats.
    pub fn open(
        tool: &'static str,
        options: &OutputOptions,
        args: &[std::ffi::OsString],
    ) -> Result<Self, ExitCode> {
        let destination: Box<dyn Write> = match &options.output_to {
            Some(path) if path.as_os_str() != "-" => match File::create(path) {
                Ok(file) => Box::new(io::BufWriter::new(file)),
                Err(error) => {
                    let _ = writeln!(io::stderr(), "{tool}: {}: {error}", path.display());
                    return Err(exit_code(ToolExit::CannotCreate));
                }
            },
            Some(_) | None => Box::new(io::BufWriter::new(io::stdout())),
        };
        let api = ApiVersion::from_environment().map_err(|problem| {
            let _ = writeln!(io::stderr(), "{tool}: {problem}");
            exit_code(ToolExit::InvalidParameter)
        })?;
        let mut request = tool.to_owned();
        for arg in args.iter().skip(1) {
            request.push(' ');
            request.push_str(&quoted(&arg.to_string_lossy()));
        }
        let format = options.output_as;
        Ok(Self {
            tool,
            format,
            api,
            verbosity: 0,
            destination,
            request,
            elements: Vec::new(),
            page: options.page.clone(),
            parts: Vec::new(),
            errors: Vec::new(),
        })
    }

    /// The same output, to which is said more: as often as `--verbose` was given.
    #[must_use]
    pub fn with_verbosity(self, verbosity: u8) -> Self {
        Self { verbosity, ..self }
    }

    /// How often more was asked for.
    pub fn verbosity(&self) -> u8 {
        self.verbosity
    }

    /// The version of Pacemaker's output that is followed.
    pub fn api(&self) -> ApiVersion {
        self.api
    }

    /// The form of the output.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Says a line of text; nothing in other forms.
    pub fn line(&mut self, text: impl AsRef<str>) {
        if self.format == Format::Text {
            // A reader that has gone away (a pipe to "head") is no error of ours.
            let _ = writeln!(self.destination, "{}", text.as_ref());
        }
    }

    /// Says text as it is; nothing in other forms.
    pub fn text(&mut self, text: &str) {
        if self.format == Format::Text {
            let _ = self.destination.write_all(text.as_bytes());
        }
    }

    /// Adds an element to the XML document; nothing in other forms.
    pub fn element(&mut self, element: Element) {
        if self.format == Format::Xml {
            self.elements.push(element);
        }
    }

    /// Adds a part to the page; nothing in other forms.
    pub fn part(&mut self, part: PagePart) {
        if self.format == Format::Html {
            self.parts.push(part);
        }
    }

    /// Reports what went wrong: on standard error, or among the errors of the XML document or the page.
    pub fn error(&mut self, text: impl AsRef<str>) {
        match self.format {
            Format::Xml | Format::Html => {
                self.errors.push(format!("{}: {}", self.tool, text.as_ref()));
            }
            Format::Text | Format::None => {
                let _ = self.destination.flush();
                let _ = writeln!(io::stderr(), "{}: {}", self.tool, text.as_ref());
            }
        }
    }

    /// Remarks on something that is not the tool's own failure: like [`Self::error`], without the tool's name.
    pub fn remark(&mut self, text: impl AsRef<str>) {
        match self.format {
            Format::Xml | Format::Html => self.errors.push(text.as_ref().to_owned()),
            Format::Text | Format::None => {
                let _ = self.destination.flush();
                let _ = writeln!(io::stderr(), "{}", text.as_ref());
            }
        }
    }

    /// Says what a daemon would write into its log: on standard error in every form.
    pub fn aside(&mut self, text: impl AsRef<str>) {
        let _ = self.destination.flush();
        let _ = writeln!(io::stderr(), "{}", text.as_ref());
    }

    /// Writes out what was said so far.
    pub fn flush(&mut self) {
        let _ = self.destination.flush();
    }

    /// Ends the output and the tool.
    pub fn finish(mut self, exit: ToolExit) -> ExitCode {
        let whole = match self.format {
            Format::Text | Format::None => String::new(),
            Format::Xml => self.document(exit),
            Format::Html => self.whole_page(),
        };
        let _ = self.destination.write_all(whole.as_bytes());
        let _ = self.destination.flush();
        exit_code(exit)
    }

    fn document(&mut self, exit: ToolExit) -> String {
        let mut status =
            Element::new("status").with("code", exit.code()).with("message", exit.as_str());
        if !self.errors.is_empty() {
            let errors = self.errors.iter().map(|text| {
                let mut error = Element::new("error");
                error.push(xml::Node::Text(text.as_str().into()));
                error
            });
            status.push(Element::new("errors").with_children(errors));
        }
        Element::new("pacemaker-result")
            .with("api-version", self.api.as_str())
            .with("request", &self.request)
            .with_children(std::mem::take(&mut self.elements))
            .with_child(status)
            .to_pretty_with_verbatim(&VERBATIM)
    }

    fn whole_page(&mut self) -> String {
        if !self.errors.is_empty() {
            let items = std::mem::take(&mut self.errors);
            self.parts.push(PagePart::List { heading: "Errors".to_owned(), items });
        }
        let page = PageSettings {
            title: self.page.title.take().unwrap_or_else(|| self.request.clone()),
            stylesheet: self.page.stylesheet.take(),
            refresh_seconds: None,
        };
        let head = if self.page.is_cgi { "Content-Type: text/html\n\n" } else { "" };
        format!("{head}{}", present::to_page(&self.parts, &page))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_quoted_where_a_shell_would_split_them() {
        for plain in ["-V", "a=b", "'a b'", "a\\ b", "--x=\"a b\""] {
            assert_eq!(quoted(plain), plain);
        }
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted("<a x='1' y='2'/>"), "'<a x='\\''1'\\'' y='\\''2'\\''/>'");
    }

    #[test]
    fn a_page_has_its_parts_and_its_errors_and_nothing_of_them_is_taken_for_markup() {
        let options = OutputOptions {
            output_as: Format::Html,
            output_to: Some("/dev/null".into()),
            page: PageChoices { is_cgi: true, title: Some("a < b".to_owned()), stylesheet: None },
            ..OutputOptions::default()
        };
        let mut output = Output::open("tool", &options, &["tool".into()]).expect("an output");
        output.line("not here");
        let items = vec!["<script>".to_owned()];
        output.part(PagePart::List { heading: "found".to_owned(), items });
        output.error("that & this");
        let page = output.whole_page();
        assert!(page.starts_with("Content-Type: text/html\n\n<!DOCTYPE html>"), "{page}");
        assert!(page.contains("<title>a &lt; b</title>"), "{page}");
        let body = "<h2>found</h2>\n<ul>\n<li>&lt;script&gt;</li>\n</ul>\n\
            <h2>Errors</h2>\n<ul>\n<li>tool: that &amp; this</li>\n</ul>\n";
        assert!(page.contains(&format!("<body>\n{body}</body>")), "{page}");
    }
}
