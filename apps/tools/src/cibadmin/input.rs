use std::path::Path;

use vocab::ToolExit;
use xml::Element;

use super::options::Options;
use crate::frame::Stop;

/// The XML that a command works with: from a file or, without one, the command line or, without that, standard input.
pub(super) fn read(options: &Options, takes_expression: bool) -> Result<Element, Stop> {
    let (read, from) = if let Some(path) = &options.xml_file {
        (disk::read_document(path), path.display().to_string())
    } else if let Some(text) = &options.xml_text {
        (xml::parse(text).map_err(Into::into), "input string".to_owned())
    } else if options.xml_pipe {
        (disk::read_document(Path::new("-")), "stdin".to_owned())
    } else {
        let or = if takes_expression { "either --xpath or " } else { "" };
        return Err(Stop::usage(format!(
            "The supplied command requires {or}input via --xml-file, --xml-text, or --xml-pipe"
        )));
    };
    read.map_err(|problem| {
        let message = format!("Couldn't parse input from {from}: {problem}");
        Stop::new(message, ToolExit::DataError)
    })
}
