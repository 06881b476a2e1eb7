//! `stonith_admin`: fences nodes, asks what can fence them and what was fenced, tries out fence agents.

mod agent;
mod device;
mod failure;
mod fencing;
mod history;

pub(crate) use failure::number;

use std::{ffi::OsString, process::ExitCode, time::Duration};

use client::fencer::Fencer;
use messages::executor::Parameters;
use present::PagePart;
use vocab::ToolExit;
use xml::Element;

use crate::{
    frame::{self, Stop},
    output::{Format, Output},
};

/// This tool.
pub(crate) const TOOL: crate::Tool = crate::Tool {
    name: "stonith_admin",
    summary: "Fence nodes, ask about fencing, try out fence agents",
    main,
};

#[derive(Debug, clap::Args)]
struct Options {
    #[command(flatten)]
    command: Commands,
    /// The fence agent (with --register, --metadata, --validate)
    #[arg(short = 'a', long)]
    agent: Option<String>,
    /// A parameter of the device, as NAME=VALUE; several times for several (with --register, --validate)
    #[arg(short = 'o', long = "option", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    /// A parameter of the device whose value is in the variable OCF_RESKEY_NAME (with --register, --validate)
    #[arg(short = 'e', long = "env-option", value_name = "NAME", value_parser = parameter_of_environment)]
    environment: Vec<(String, String)>,
    /// A device of the level, several times for several (with --register-level); whose secrets to use (with --validate)
    #[arg(short = 'v', long = "device")]
    devices: Vec<String>,
    /// The fencing level, 1 to 9 (with --register-level, --deregister-level)
    #[arg(short = 'i', long, value_name = "LEVEL", default_value_t = 0)]
    index: u32,
    /// Seconds that it may take
    #[arg(short = 't', long, value_name = "SECONDS", default_value_t = 120)]
    timeout: u32,
    /// Seconds to wait before fencing, besides what devices have configured; -1 to wait not even for those
    #[arg(
        short = 'y',
        long,
        value_name = "SECONDS",
        default_value_t = 0,
        allow_negative_numbers = true
    )]
    delay: i32,
    /// What the log calls this tool, behind its name
    #[arg(short = 'T', long)]
    tag: Option<String>,
    /// Take the same fencing for done if it is not longer ago (with --fence, --unfence, --reboot)
    #[arg(long, value_name = "SECONDS")]
    tolerance: Option<String>,
    /// The node is named by its number in the ring (with --last)
    #[arg(short = 'n', long)]
    as_node_id: bool,
    /// Forget what has ended (with --history)
    #[arg(short = 'c', long)]
    cleanup: bool,
    /// Gather what all nodes know (with --history)
    #[arg(short = 'b', long)]
    broadcast: bool,
    /// Say less
    #[arg(short = 'q', long)]
    quiet: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Commands {
    /// Make a device known; needs --agent
    #[arg(short = 'R', long, value_name = "DEVICE")]
    register: Option<String>,
    /// Forget a device
    #[arg(short = 'D', long, value_name = "DEVICE")]
    deregister: Option<String>,
    /// Make a fencing level known, for NAME, @PATTERN or ATTRIBUTE=VALUE; needs --index and --device
    #[arg(short = 'r', long, value_name = "TARGET")]
    register_level: Option<String>,
    /// Forget a fencing level; needs --index
    #[arg(short = 'd', long, value_name = "TARGET")]
    deregister_level: Option<String>,
    /// List the devices that can fence a node
    #[arg(short = 'l', long, value_name = "NODE")]
    list: Option<String>,
    /// List all devices that are known
    #[arg(short = 'L', long)]
    list_registered: bool,
    /// List all fence agents on this node
    #[arg(short = 'I', long)]
    list_installed: bool,
    /// List whom a device can fence
    #[arg(short = 's', long, value_name = "DEVICE")]
    list_targets: Option<String>,
    /// Show how an agent describes itself; needs --agent
    #[arg(short = 'M', long)]
    metadata: bool,
    /// See whether a device answers
    #[arg(short = 'Q', long, value_name = "DEVICE")]
    query: Option<String>,
    /// Show the last fencing of a node that succeeded, '*' for all nodes; every fencing with --verbose
    #[arg(short = 'H', long, value_name = "NODE")]
    history: Option<String>,
    /// Tell when a node was last fenced
    #[arg(short = 'h', long, value_name = "NODE")]
    last: Option<String>,
    /// Have an agent check parameters; needs --agent
    #[arg(short = 'K', long)]
    validate: bool,
    /// Turn a node off
    #[arg(short = 'F', long, value_name = "NODE")]
    fence: Option<String>,
    /// Turn a node on
    #[arg(short = 'U', long, value_name = "NODE")]
    unfence: Option<String>,
    /// Reboot a node
    #[arg(short = 'B', long, value_name = "NODE")]
    reboot: Option<String>,
    /// Tell the cluster that a node is safely down: you have seen to it yourself
    #[arg(short = 'C', long, value_name = "NODE")]
    confirm: Option<String>,
}

/// `NAME=VALUE`
fn parameter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("'{text}' is not NAME=VALUE")),
    }
}

fn parameter_of_environment(name: &str) -> Result<(String, String), String> {
    let variable = format!("OCF_RESKEY_{name}");
    let value = std::env::var(&variable).map_err(|_| format!("{variable} is not set"))?;
    Ok((name.to_owned(), value))
}

impl Options {
    fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout.into())
    }

    /// What the fencer and its log know this run by.
    fn client_name(&self) -> String {
        match &self.tag {
            Some(tag) => format!("{}.{tag}", TOOL.name),
            None => TOOL.name.to_owned(),
        }
    }

    fn connect(&self) -> Result<Fencer, Stop> {
        Fencer::connect(&self.client_name()).map_err(|error| {
            Stop::new(format!("Could not connect to fencer: {error}"), ToolExit::Disconnect)
        })
    }

    fn parameters(&self) -> Parameters {
        self.parameters.iter().chain(&self.environment).cloned().collect()
    }

    fn agent(&self) -> Result<&str, Stop> {
        self.agent
            .as_deref()
            .ok_or_else(|| Stop::usage("Please specify an agent to query using -a,--agent [value]"))
    }
}

fn main(args: Vec<OsString>) -> ExitCode {
    frame::run_with_pages(&TOOL, &args, run)
}

fn run(options: &Options, output: &mut Output) -> Result<(), Stop> {
    let command = &options.command;
    let fences = command.fence.is_some() || command.unfence.is_some() || command.reboot.is_some();
    match carry_out(options, output) {
        // As in the original, only what is said of a fencing begins with the tool's name.
        Err(Stop { message: Some(message), exit }) if !fences && exit != ToolExit::Usage => {
            output.remark(message);
            Err(Stop::silent(exit))
        }
        result => result,
    }
}

fn carry_out(options: &Options, output: &mut Output) -> Result<(), Stop> {
    let command = &options.command;
    if command.list_installed {
        agent::list(options, output);
        Ok(())
    } else if command.metadata {
        agent::metadata(options, output)
    } else if command.validate {
        agent::validate(options, output)
    } else if let Some(id) = &command.register {
        device::register(options, id)
    } else if let Some(id) = &command.deregister {
        device::deregister(options, id)
    } else if let Some(target) = &command.register_level {
        device::register_level(options, target)
    } else if let Some(target) = &command.deregister_level {
        device::deregister_level(options, target)
    } else if command.list_registered || command.list.is_some() {
        device::list(options, command.list.as_deref(), output)
    } else if let Some(id) = &command.list_targets {
        device::list_targets(options, id, output)
    } else if let Some(id) = &command.query {
        device::query(options, id)
    } else if let Some(node) = &command.history {
        history::show(options, node, output)
    } else if let Some(node) = &command.last {
        history::last(options, node, output)
    } else if let Some(node) = &command.confirm {
        fencing::confirm(options, node)
    } else {
        let (node, action) = match (&command.reboot, &command.unfence, &command.fence) {
            (Some(node), ..) => (node, "reboot"),
            (None, Some(node), _) => (node, "on"),
            (None, None, Some(node)) => (node, "off"),
            (None, None, None) => return Err(Stop::usage("nothing to do")),
        };
        fencing::fence(options, node, action)
    }
}

/// Things that are listed: what they are called, one and several, and the title of the list.
struct Listed {
    one: &'static str,
    several: &'static str,
    title: &'static str,
}

/// Shows a list, with how many there are.
fn show_list(listed: &Listed, item_name: Option<&str>, items: &[String], output: &mut Output) {
    if output.format() == Format::Xml {
        let element = |text: &String| {
            let mut item = Element::new("item").with_some("name", item_name);
            item.push(xml::Node::Text(text.as_str().into()));
            item
        };
        let list = Element::new("list").with("name", listed.title).with("count", items.len());
        return output.element(list.with_children(items.iter().map(element)));
    }
    let (heading, items_of_page) = (listed.title.to_owned(), items.to_vec());
    output.part(PagePart::List { heading, items: items_of_page });
    for item in items {
        output.line(item);
    }
    say_count(listed, items.len(), output);
}

/// Says a line to people, in a terminal or on a page.
fn say(text: String, output: &mut Output) {
    output.line(&text);
    output.part(PagePart::Line(text));
}

fn say_count(listed: &Listed, count: usize, output: &mut Output) {
    let noun = if count == 1 { listed.one } else { listed.several };
    output.line(format!("{count} {noun} found"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(words: &[&str]) -> Result<Options, ExitCode> {
        let args: Vec<OsString> = [TOOL.name].iter().chain(words).map(OsString::from).collect();
        frame::parse::<Options>(&TOOL, &args)
    }

    #[test]
    fn one_command_is_needed_and_not_more() {
        assert!(options(&[]).is_err());
        assert!(options(&["-L", "-I"]).is_err());
        assert!(options(&["-L"]).is_ok());
    }

    #[test]
    fn parameters_and_delays_are_understood() {
        let given = options(&["-R", "d", "-a", "fence_x", "-o", "a=b=c", "-o", "d=", "-y", "-1"]);
        let given = given.expect("these are options");
        let parameters = given.parameters();
        assert_eq!(parameters.value("a"), Some("b=c"));
        assert_eq!(parameters.value("d"), Some(""));
        assert_eq!((given.delay, given.timeout), (-1, 120));
        assert!(options(&["-R", "d", "-o", "x"]).is_err());
        assert_eq!(options(&["-L", "-T", "me"]).expect("a tag").client_name(), "stonith_admin.me");
    }
}
