//! `crm_mon`: shows how the cluster is, once, as long as somebody looks, or for others in a file.

mod agent;
mod follow;
mod gather;
mod live;
mod options;
mod page;
mod simple;
mod terminal;

use std::{ffi::OsString, io, io::IsTerminal, process::ExitCode, time::Duration};

use vocab::ToolExit;

use self::{
    gather::Source,
    options::{Form, Mode, Options, Ordered, Wrong},
    page::Writer,
};
use crate::frame::{self, Stop};

/// This tool.
pub(crate) const TOOL: crate::Tool =
    crate::Tool { name: "crm_mon", summary: "Show the state of the cluster", main };

/// The same for people, with what needs them first and each node's resources below it.
pub const TOP: crate::Tool = crate::Tool {
    name: "top",
    summary: "watch the cluster: problems first, then what is on each node",
    main: top,
};

fn main(args: Vec<OsString>) -> ExitCode {
    let (ordered, verbosity) = match frame::parse_verbose::<Ordered>(&TOOL, &args) {
        Ok(parsed) => parsed,
        Err(exit) => return exit,
    };
    let options = &ordered.options;
    let plan = || Ok((ordered.show()?, options.mode()?, options.interval()?));
    let (mut show, mode, interval) = match plan() {
        Ok(plan) => plan,
        Err(error @ (Wrong::FenceHistory | Wrong::Interval(_))) => {
            return frame::complain(&TOOL, &error.to_string(), ToolExit::InvalidParameter);
        }
        Err(error) => return frame::complain(&TOOL, &error.to_string(), ToolExit::Usage),
    };
    show.detail.latest_fencing = mode != Mode::Once;
    let source = match Source::new(options, show) {
        Ok(source) => source,
        Err(stop) => return frame::complain(&TOOL, &stop.message.unwrap_or_default(), stop.exit),
    };
    let writer = Writer::new(options, &args, interval);
    let asked = std::env::var("PCMK_stderr");
    let remarks = verbosity > 0 || asked.is_ok_and(|text| vocab::parse_boolean(&text) == Ok(true));
    // A file does not tell of changes, and nobody looks on where there is no terminal.
    match mode {
        _ if source.is_file() => once(options, &writer, &source, remarks),
        Mode::Background => match follow::go_to_background(options) {
            Ok(()) => follow::follow(options, &writer, &source, interval),
            Err(error) => frame::complain(&TOOL, &error, ToolExit::OsError),
        },
        Mode::Update if options.form() != Form::Console => {
            follow::follow(options, &writer, &source, interval)
        }
        Mode::Update if io::stdout().is_terminal() => live::watch(&source, interval, false),
        Mode::Update | Mode::Once => once(options, &writer, &source, remarks),
    }
}

/// What `cardea top` asks for.
#[derive(Debug, clap::Args)]
struct TopOptions {
    /// Show only this node, or the nodes with this tag
    #[arg(long, value_name = "NODE")]
    node: Option<String>,
    /// Show only this resource, or the resources with this tag
    #[arg(long, value_name = "RSC")]
    resource: Option<String>,
    /// Seconds, or a number with a unit, after which to look again at the latest
    #[arg(short, long, value_name = "TIMESPEC", default_value = "5s")]
    interval: String,
}

fn top(args: Vec<OsString>) -> ExitCode {
    let options: TopOptions = match frame::parse(&TOP, &args) {
        Ok(options) => options,
        Err(exit) => return exit,
    };
    let interval = match vocab::parse_duration(&options.interval) {
        Ok(interval) => interval.max(Duration::from_millis(100)),
        Err(error) => return frame::complain(&TOP, &error.to_string(), ToolExit::InvalidParameter),
    };
    if !io::stdout().is_terminal() {
        let message = "this needs a terminal; 'crm_mon -1' shows the state once";
        return frame::complain(&TOP, message, ToolExit::Usage);
    }
    match Source::for_people(options.node, options.resource) {
        Ok(source) => live::watch(&source, interval, true),
        Err(stop) => frame::complain(&TOP, &stop.message.unwrap_or_default(), stop.exit),
    }
}

fn once(options: &Options, writer: &Writer<'_>, source: &Source, remarks: bool) -> ExitCode {
    let mut output = match writer.open(options.destination().cloned()) {
        Ok(output) => output,
        Err(exit) => return exit,
    };
    let found = source.connect().and_then(|mut connection| source.look(&mut connection));
    let found = match found {
        Ok(found) => found,
        Err(Stop { message, exit }) => {
            output.error(message.unwrap_or_default());
            return output.finish(exit);
        }
    };
    if remarks {
        found.remarks.iter().for_each(|remark| output.aside(format!("error: {remark}")));
    }
    if options.simple_status {
        let (line, exit) = simple::simple(&found.status);
        output.line(line);
        return output.finish(exit);
    }
    writer.write(&mut output, &found);
    output.finish(ToolExit::Ok)
}
