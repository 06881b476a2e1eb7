use std::{fs, path::Path, time::Instant};

use model::Model;
use scheduler::Request;
use vocab::ToolExit;
use xml::Element;

use super::{Options, input, input::Moment};
use crate::{frame::Stop, output::Output};

/// Makes a plan for each XML file in a directory and tells how long that took.
pub(super) fn profile(
    options: &Options,
    directory: &Path,
    output: &mut Output,
) -> Result<(), Stop> {
    let unreadable = |error: std::io::Error| {
        Stop::new(format!("{}: {error}", directory.display()), ToolExit::NoInput)
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_file() && name.ends_with(".xml") && !name.starts_with('.') {
            paths.push(path);
        }
    }
    paths.sort();
    let mut timings = Element::new("timings");
    output.line("Timings:");
    for path in paths {
        let cib = match input::file(&path) {
            Ok(cib) => cib,
            // One file that is no CIB is no reason to leave the others out.
            Err(stop) => {
                let message = stop.message.unwrap_or_default();
                output.error(format!("{}: {message}", path.display()));
                continue;
            }
        };
        let moment = Moment::of(options, &cib)?;
        let start = Instant::now();
        for _ in 0..options.repeat {
            let (model, _) = Model::build_sanitized(&cib, moment.time());
            let _ = scheduler::schedule(&model, &Request::default());
        }
        let seconds = start.elapsed().as_secs_f64();
        output.line(format!("  * Testing {} ... {seconds:.2} secs", path.display()));
        timings.push(
            Element::new("timing")
                .with("file", path.display())
                .with("duration", format_args!("{seconds:.6}")),
        );
    }
    output.element(timings);
    Ok(())
}
