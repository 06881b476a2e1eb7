use std::{io::Write, path::Path};

use client::cib::{CallOptions, Cib};
use rules::{CalendarTime, LocalTime};
use vocab::{Timestamp, ToolExit};
use xml::Element;

use super::{Options, Source, TOOL};
use crate::{
    frame::{self, Stop},
    schema,
};

/// The CIB to start from.
pub(super) fn read(source: &Source, verbose: u8) -> Result<Element, Stop> {
    let mut cib = if source.live_check {
        let connected = Cib::open(TOOL.name);
        let answer = connected.and_then(|mut cib| cib.query(None, CallOptions::SCOPE_LOCAL));
        let cib = answer
            .map_err(|error| Stop::new(format!("Live CIB query failed: {error}"), error.exit()))?;
        Element::clone(&cib)
    } else {
        file(source.xml_file.as_deref().unwrap_or(Path::new("-")))?
    };
    cib.child_or_new("status");
    upgraded(cib, verbose)
}

/// The document in a file.
pub(super) fn file(path: &Path) -> Result<Element, Stop> {
    let cib = disk::read_document(path).map_err(|error| {
        let exit = match error {
            disk::DocumentError::Read(_) => ToolExit::NoInput,
            disk::DocumentError::Parse(_) | disk::DocumentError::Compression(_) => {
                ToolExit::DataError
            }
        };
        Stop::new(format!("Could not read input XML: {}: {error}", path.display()), exit)
    })?;
    if cib.name() != "cib" {
        let message = format!("Could not read input XML: it is <{}>, not <cib>", cib.name());
        return Err(Stop::new(message, ToolExit::DataError));
    }
    Ok(cib)
}

/// The CIB as it is planned with: of the newest schema.
fn upgraded(cib: Element, verbose: u8) -> Result<Element, Stop> {
    // That a schema is not known shows in the exit status, and otherwise only to who asks for more.
    let silent = verbose == 0 && !schema::is_known(&cib);
    schema::newest(cib, verbose).map_err(|refused| {
        if !silent {
            // Not an error of this run, so it goes past the report.
            let _ = writeln!(std::io::stderr(), "{refused}");
        }
        Stop { message: None, exit: ToolExit::Config }
    })
}

/// The time that the simulation takes place at.
#[derive(Clone, Debug)]
pub(super) enum Moment {
    /// The one that was asked for, in those words.
    Given(LocalTime, String),
    /// The one that the CIB says it was taken at.
    Recorded(LocalTime),
    /// Now.
    Now(LocalTime),
}

impl Moment {
    pub(super) fn of(options: &Options, cib: &Element) -> Result<Self, Stop> {
        let utc_offset_seconds = frame::utc_offset_seconds();
        if let Some(text) = &options.events.set_datetime {
            let time = CalendarTime::parse(text)
                .map_err(|error| Stop::usage(format!("'{text}' is not a time: {error}")))?;
            let moment = time.moment(frame::local_time());
            return Ok(Self::Given(LocalTime { moment, utc_offset_seconds }, text.clone()));
        }
        let recorded = cib.attr("execution-date").and_then(|text| text.parse().ok());
        Ok(match recorded {
            Some(seconds) => {
                Self::Recorded(LocalTime { moment: Timestamp(seconds), utc_offset_seconds })
            }
            None => Self::Now(frame::local_time()),
        })
    }

    pub(super) const fn time(&self) -> LocalTime {
        match self {
            Self::Given(time, _) | Self::Recorded(time) | Self::Now(time) => *time,
        }
    }

    /// What there is to say about it.
    pub(super) fn remark(&self) -> Option<String> {
        match self {
            Self::Given(_, text) => Some(format!("Setting effective cluster time: {text}")),
            Self::Recorded(time) => Some(format!(
                "Using the original execution date of: {}",
                present::iso_utc(time.moment)
            )),
            Self::Now(_) => None,
        }
    }
}
