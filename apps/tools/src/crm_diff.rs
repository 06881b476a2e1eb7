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
    /// Both documents come from standard input, the original first
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
    if options.stdin {
        return Err(Stop::new(
            "--stdin is not implemented yet".to_owned(),
            ToolExit::UnimplementedFeature,
        ));
    }
    let original = read(options.original_string.as_deref(), options.original.as_deref())
        .ok_or("Either --original or --original-string must be specified");
    let file = options.patch.as_deref().or(options.new.as_deref());
    let new = read(options.new_string.as_deref(), file)
        .ok_or("Either --new, --new-string, or --patch must be specified");
    let usage = |message: &str| Stop::new(message.to_owned(), ToolExit::Usage);
    let (original, new) = (original.map_err(usage)?, new.map_err(usage)?);
    let unreadable = |which: &str, why: &str| {
        Stop::new(format!("Failed to parse {which} XML: {why}"), ToolExit::DataError)
    };
    let original = original.map_err(|why| unreadable("original", &why))?;
    let new = new.map_err(|why| unreadable(if patches { "patch" } else { "new" }, &why))?;
    if patches {
        apply(original, &new, options.cib, output)
    } else {
        compare(&original, new, options, output)
    }
}

/// The document in a text or a file, or why it cannot be read; `None` if neither is given.
fn read(text: Option<&str>, file: Option<&str>) -> Option<Result<Element, String>> {
    match (text, file) {
        (Some(text), _) => Some(xml::parse(text).map_err(|error| error.to_string())),
        (None, Some(file)) => {
            Some(disk::read_document(Path::new(file)).map_err(|error| format!("{file}: {error}")))
        }
        (None, None) => None,
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
