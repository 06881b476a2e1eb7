use std::{cell::RefCell, fs, path::PathBuf, rc::Rc};

use client::cib::{CallOptions, Cib};
use xml::{Element, patchset::Patchset};

use crate::session::{Done, Stop};

/// The name under which changes show up in the cluster: users look for it in "Last change".
const CLIENT_NAME: &str = "cibadmin";

/// Where the configuration is.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// In the running cluster.
    Live,
    /// In a file.
    File(PathBuf),
    /// In memory: nothing leaves this program.
    Memory(Rc<RefCell<Element>>),
}

impl Source {
    pub(crate) fn new(file: Option<&str>) -> Self {
        file.map_or(Self::Live, |file| Self::File(file.into()))
    }

    pub(crate) fn is_live(&self) -> bool {
        matches!(self, Self::Live)
    }

    /// The whole CIB.
    pub(crate) fn cib(&self) -> Result<Element, Stop> {
        match self {
            Self::Live => {
                let failed = |error: &dyn std::fmt::Display| {
                    Stop::message(format!("unable to get cib\n{error}"))
                };
                let mut cib =
                    Cib::open(CLIENT_NAME).map_err(|_| Stop::message("unable to get cib"))?;
                let root = cib.query(None, CallOptions::NONE).map_err(|error| failed(&error))?;
                Ok((*root).clone())
            }
            Self::File(path) => read(path),
            Self::Memory(cib) => Ok(cib.borrow().clone()),
        }
    }

    /// Puts a changed CIB in the place of the one that was read.
    pub(crate) fn push(&self, old: &Element, new: &Element) -> Done {
        match self {
            Self::Live => {
                let unable = |error: &dyn std::fmt::Display| {
                    Stop::message(format!("Unable to update cib\n{error}"))
                };
                let patch = Patchset::between(old, new).map_err(|error| unable(&error))?;
                let Some(mut patch) = patch else { return Ok(()) };
                // Whoever changed something else meanwhile keeps his change.
                patch.versions = None;
                let mut cib = Cib::open(CLIENT_NAME).map_err(|error| unable(&error))?;
                cib.apply_patch(patch.to_element(), CallOptions::NONE)
                    .map_err(|error| unable(&error))
            }
            Self::File(path) => {
                let mut new = new.clone();
                let epoch = old.attr("epoch").and_then(|epoch| epoch.parse::<u64>().ok());
                new.set("epoch", epoch.unwrap_or(0) + 1);
                new.set("num_updates", 0);
                fs::write(path, new.to_pretty()).map_err(|error| {
                    Stop::message(format!("Unable to write CIB '{}': {error}", path.display()))
                })
            }
            Self::Memory(cib) => {
                cib.replace(new.clone());
                Ok(())
            }
        }
    }

    /// Replaces the whole CIB, or the section of the configuration.
    pub(crate) fn replace(&self, section: Option<&str>, new: &Element) -> Done {
        match self {
            Self::Live => {
                let unable = |error: &dyn std::fmt::Display| {
                    Stop::message(format!("unable to push cib\n{error}"))
                };
                let mut cib = Cib::open(CLIENT_NAME).map_err(|error| unable(&error))?;
                cib.replace(section, new.clone(), CallOptions::NONE).map_err(|error| unable(&error))
            }
            Self::File(path) => {
                Err(Stop::message(format!("cannot push to the file '{}'", path.display())))
            }
            Self::Memory(_) => Err(Stop::message("cannot push to a document in memory")),
        }
    }
}

/// Reads a CIB from a file.
pub(crate) fn read(path: &std::path::Path) -> Result<Element, Stop> {
    let shown = path.display();
    let bytes = fs::read(path).map_err(|error| {
        Stop::message(format!("Unable to read CIB '{shown}': {}", reason(&error)))
    })?;
    xml::parse_bytes(&bytes, xml::Limits::DOCUMENT)
        .map_err(|error| Stop::message(format!("unable to parse {shown}: {error}")))
}

/// What the operating system says, without its number.
pub(crate) fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "No such file or directory".to_owned(),
        std::io::ErrorKind::PermissionDenied => "Permission denied".to_owned(),
        _ => error.to_string(),
    }
}
