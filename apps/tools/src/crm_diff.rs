//! `crm_diff`: tells how two documents differ, in the form in which changes of the CIB are exchanged, and applies such a
//! difference to a document.

use std::{ffi::OsString, path::Path, process::ExitCode};

use messages::cib::Failure;
use vocab::ToolExit;
use xml::{
    Element, Node,
    patchset::{PatchError, Patchset},
};

use crate::{
    frame::{self, Stop},
    output::Output,
};

/// This tool.
pub(crate) const TOOL: crate::Tool = crate::Tool {
    name: "crm_diff",
    summary: "Compare two configurations, or apply what was different to one of them",
    main,
};

#[derive(Debug, clap::Args)]
struct Options {
    /// File with the XML to start from
    #[arg(short = 'o', long, value_name = "FILE")]
    original: Option<String>,
    /// The XML to start from; counts instead of --original
    #[arg(short = 'O', long, value_name = "XML")]
    original_string: Option<String>,
    /// File with the XML to compare with
    #[arg(short = 'n', long, value_name = "FILE")]
    new: Option<String>,
    /// The XML to compare with; counts instead of --new
    #[arg(short = 'N', long, value_name = "XML")]
    new_string: Option<String>,
    /// File with a difference to apply
    #[arg(short = 'p', long, value_name = "FILE")]
    patch: Option<String>,
    /// The documents are CIBs: the order of attributes does not matter, and the result is told by its digest
    #[arg(short = 'c', long)]
    cib: bool,
    /// Leave the versions out of the difference
    #[arg(short = 'u', long)]
    no_version: bool,
    /// Read from standard input what no string gives, instead of from files
    #[arg(short = 's', long, hide = true)]
    stdin: bool,
}

fn main(args: Vec<OsString>) -> ExitCode {
    frame::run(&TOOL, &args, run)
}

fn run(options: &Options, output: &mut Output) -> Result<ToolExit, Stop> {
    if options.no_version && options.cib {
        let message = "-u/--no-version incompatible with -c/--cib";
        return Err(Stop::new(message.to_owned(), ToolExit::Usage));
    }
    let patches = options.patch.is_some();
    if options.no_version && patches {
        output.remark("Warning: -u/--no-version ignored with -p/--patch");
    }
    let original =
        Source::of(options.original_string.as_deref(), options.stdin, options.original.as_deref())
            .ok_or("Either --original or --original-string must be specified");
    let file = options.patch.as_deref().or(options.new.as_deref());
    let new = Source::of(options.new_string.as_deref(), options.stdin, file)
        .ok_or("Either --new, --new-string, or --patch must be specified");
    let usage = |message: &str| Stop::new(message.to_owned(), ToolExit::Usage);
    let (original, new) = (original.map_err(usage)?, new.map_err(usage)?);
    let unreadable = |which: &str, why: &str| {
        Stop::new(format!("Failed to parse {which} XML: {why}"), ToolExit::DataError)
    };
    let original = original.read().map_err(|why| unreadable("original", &why))?;
    let new = new.read().map_err(|why| unreadable(if patches { "patch" } else { "new" }, &why))?;
    if patches {
        apply(original, &new, options.cib, output)
    } else {
        compare(&original, new, options, output)
    }
}

/// Where a document is.
#[derive(Debug, PartialEq, Eq)]
enum Source<'a> {
    Text(&'a str),
    /// Two in a row come from a terminal, where input may end twice; a pipe has one.
    StandardInput,
    File(&'a str),
}

impl<'a> Source<'a> {
    /// A text counts before standard input, and that before a file; `None` if nothing is given.
    fn of(text: Option<&'a str>, stdin: bool, file: Option<&'a str>) -> Option<Self> {
        let input = stdin.then_some(Self::StandardInput);
        text.map(Self::Text).or(input).or(file.map(Self::File))
    }

    /// The document, or why it cannot be read.
    fn read(&self) -> Result<Element, String> {
        let file = match self {
            Self::Text(text) => return xml::parse(text).map_err(|error| error.to_string()),
            Self::StandardInput => "-",
            Self::File(file) => file,
        };
        disk::read_document(Path::new(file)).map_err(|error| match self {
            Self::StandardInput => format!("standard input: {error}"),
            Self::Text(_) | Self::File(_) => format!("{file}: {error}"),
        })
    }
}

fn apply(
    mut document: Element,
    patch: &Element,
    is_cib: bool,
    output: &mut Output,
) -> Result<ToolExit, Stop> {
    let applied = Patchset::from_element(patch).and_then(|patch| match is_cib {
        true => patch.apply(&mut document),
        false => patch.apply_unversioned(&mut document),
    });
    if let Err(error) = applied {
        let failure = match error {
            PatchError::Resync { .. } => Failure::DiffResync,
            PatchError::Outdated { .. } => Failure::OldData,
            PatchError::Format(_)
            | PatchError::Malformed { .. }
            | PatchError::NoMatch(_)
            | PatchError::Digest { .. } => Failure::DiffFailed,
        };
        return Err(Stop::new(format!("Could not apply patch: {failure}"), failure.exit()));
    }
    tell(output, "updated", &document);
    Ok(ToolExit::Ok)
}

fn compare(
    original: &Element,
    mut new: Element,
    options: &Options,
    output: &mut Output,
) -> Result<ToolExit, Stop> {
    if options.no_version {
        for name in ["admin_epoch", "epoch", "num_updates"] {
            match original.attr(name) {
                Some(value) => new.set(name, value),
                None => drop(new.remove_attr(name)),
            }
        }
    }
    let patch = if options.cib {
        Patchset::significant(original, &new)
    } else {
        Patchset::between(original, &new)
    };
    let patch = patch
        .map_err(|error| Stop::new(format!("Could not compare: {error}"), ToolExit::DataError))?;
    let Some(mut patch) = patch else { return Ok(ToolExit::Ok) };
    if options.cib {
        patch = patch.with_digest(original, &new);
    } else if options.no_version {
        patch.versions = None;
    }
    tell(output, "patchset", &patch.to_element());
    // As diff does: there is a difference.
    Ok(ToolExit::Error)
}

fn tell(output: &mut Output, name: &str, document: &Element) {
    let text = document.to_pretty();
    output.text(&text);
    let mut element = Element::new(name);
    element.push(Node::Text(text.into()));
    output.element(element);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_counts_before_standard_input_and_that_before_a_file() {
        assert_eq!(Source::of(Some("<a/>"), true, Some("f")), Some(Source::Text("<a/>")));
        assert_eq!(Source::of(None, true, Some("f")), Some(Source::StandardInput));
        assert_eq!(Source::of(None, false, Some("f")), Some(Source::File("f")));
        assert_eq!(Source::of(None, false, None), None);
    }
}
