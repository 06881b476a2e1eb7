use std::io::{self, Read};

use vocab::ToolExit;
use xml::{Element, Limits};

use super::options::Options;
use crate::frame::Stop;

/// The XML that a command works with: from a file or, without one, the command line or, without that, standard input.
pub(super) fn read(options: &Options, takes_expression: bool) -> Result<Element, Stop> {
    let (text, from) = if let Some(path) = &options.xml_file {
        (std::fs::read(path), path.display().to_string())
    } else if let Some(text) = &options.xml_text {
        (Ok(text.clone().into_bytes()), "input string".to_owned())
    } else if options.xml_pipe {
        let mut text = Vec::new();
        (io::stdin().read_to_end(&mut text).map(|_| text), "stdin".to_owned())
    } else {
        let or = if takes_expression { "either --xpath or " } else { "" };
        return Err(Stop::usage(format!(
            "The supplied command requires {or}input via --xml-file, --xml-text, or --xml-pipe"
        )));
    };
    let unread = |problem: &dyn std::fmt::Display| {
        let message = format!("Couldn't parse input from {from}: {problem}");
        Stop::new(message, ToolExit::DataError)
    };
    let text = text.map_err(|error| unread(&error))?;
    xml::parse_bytes(&text, Limits::DOCUMENT).map_err(|error| unread(&error))
}
