use std::path::Path;

use cib::{Document, schema::SchemaName};
use client::cib::{CallOptions, Cib};
use rules::LocalTime;
use vocab::{Timestamp, ToolExit};
use xml::{
    Element,
    patchset::{Generation, Patchset},
};

use super::{Edit, NAME, Options, Stop, words};

/// The two documents that are compared.
pub(super) struct Input {
    /// How it is.
    pub(super) before: Element,
    /// How it would be, with the same status.
    pub(super) after: Element,
    /// When.
    pub(super) now: LocalTime,
    /// Whether secrets may be blotted out.
    pub(super) sanitized: bool,
    /// The given version and the one in use, if the given one is older.
    pub(super) older: Option<(String, String)>,
}

/// Reads the CIB and makes the changes to a copy.
pub(super) fn read(options: &Options, edit: Edit) -> Result<Input, Stop> {
    let mut before = match &options.file {
        Some(path) => whole(document(path)?, path)?,
        None => live()?,
    };
    before.child_or_new("status");
    let mut after = before.clone();
    let mut older = None;
    if let Some(path) = &options.new {
        let new = document(path)?;
        older = older_version(&new, &before);
        replace_configuration(&mut after, new, path)?;
    }
    if let Some(path) = &options.patch {
        apply(&mut after, path)?;
    }
    for command in &options.pcs {
        let words = words::split(command)
            .map_err(|error| Stop::new(ToolExit::Usage, format!("--pcs {command:?}: {error}")))?;
        edit(&mut after, words).map_err(Stop::Said)?;
    }
    check(&after)?;
    let now = time(options, &before);
    Ok(Input { now, before, after, sanitized: options.file.is_some(), older })
}

fn live() -> Result<Element, Stop> {
    let connected = Cib::open(NAME);
    let answer = connected.and_then(|mut cib| cib.query(None, CallOptions::SCOPE_LOCAL));
    let cib = answer.map_err(|error| {
        let message =
            format!("cannot read the cluster's CIB ({error}); for one in a file use --file");
        Stop::new(error.exit(), message)
    })?;
    Ok(Element::clone(&cib))
}

fn document(path: &Path) -> Result<Element, Stop> {
    disk::read_document(path).map_err(|error| {
        let exit = match error {
            disk::DocumentError::Read(_) => ToolExit::NoInput,
            disk::DocumentError::Parse(_) => ToolExit::DataError,
        };
        Stop::new(exit, format!("{}: {error}", path.display()))
    })
}

fn whole(document: Element, path: &Path) -> Result<Element, Stop> {
    if document.name() == "cib" {
        return Ok(document);
    }
    let message = format!("{}: it is <{}>, not <cib>", path.display(), document.name());
    Err(Stop::new(ToolExit::DataError, message))
}

/// Puts the configuration of a document in the place of the CIB's. The status stays: it is what the cluster records.
fn replace_configuration(cib: &mut Element, new: Element, path: &Path) -> Result<(), Stop> {
    let configuration = match new.name() {
        "configuration" => new,
        "cib" => {
            if let Some(schema) = new.attr("validate-with") {
                cib.set("validate-with", schema);
            }
            let found = new.child("configuration").cloned();
            found.ok_or_else(|| {
                let message = format!("{}: there is no <configuration> in it", path.display());
                Stop::new(ToolExit::DataError, message)
            })?
        }
        other => {
            let message =
                format!("{}: it is <{other}>, not <cib> or <configuration>", path.display());
            return Err(Stop::new(ToolExit::DataError, message));
        }
    };
    *cib.child_or_new("configuration") = configuration;
    Ok(())
}

/// Both versions, if that of the new document is older. What the status says does not count.
fn older_version(new: &Element, current: &Element) -> Option<(String, String)> {
    new.attr("epoch").filter(|_| new.name() == "cib")?;
    let [given, current] = [new, current].map(Generation::of);
    let older = (given.admin_epoch, given.epoch) < (current.admin_epoch, current.epoch);
    older.then(|| (given.to_string(), current.to_string()))
}

fn apply(cib: &mut Element, path: &Path) -> Result<(), Stop> {
    let refused = |error: &dyn std::fmt::Display| {
        Stop::new(ToolExit::DataError, format!("{}: {error}", path.display()))
    };
    let patch = Patchset::from_element(&document(path)?).map_err(|error| refused(&error))?;
    patch.apply(cib).map_err(|error| refused(&error))
}

/// Refuses what the cluster would refuse.
fn check(cib: &Element) -> Result<(), Stop> {
    let schema = cib.attr("validate-with").unwrap_or_default();
    // What newer schemas allow is understood, their structure is not checked.
    if SchemaName::from_name(schema).is_none() {
        return Ok(());
    }
    match Document::new(cib.clone()).violation() {
        Some(violation) => {
            let message = format!("the cluster would refuse this change: {violation}");
            Err(Stop::new(ToolExit::Config, message))
        }
        None => Ok(()),
    }
}

/// Now, or for a saved CIB when it was in use.
fn time(options: &Options, cib: &Element) -> LocalTime {
    let now = jiff::Zoned::now();
    let utc_offset_seconds = now.offset().seconds();
    let recorded = cib.attr("execution-date").filter(|_| options.file.is_some());
    let seconds =
        recorded.and_then(|text| text.parse().ok()).unwrap_or_else(|| now.timestamp().as_second());
    LocalTime { moment: Timestamp(seconds), utc_offset_seconds }
}
