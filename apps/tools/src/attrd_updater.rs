//! `attrd_updater`: asks and tells the attribute manager.

use std::{ffi::OsString, process::ExitCode, time::Duration};

use client::attributes::{Attributes, AttributesError};
use messages::attributes::{Dampening, Selector, Update, UpdateKind};
use vocab::{NodeName, ToolExit};
use xml::Element;

use crate::{frame, node_target::target_from_environment, output::Output};

/// This tool.
pub(crate) const TOOL: crate::Tool = crate::Tool {
    name: "attrd_updater",
    summary: "Query and update transient node attributes",
    main,
};

/// How long a daemon may take to answer a tool about attributes.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Debug, clap::Args)]
struct Options {
    /// The attribute's name
    #[arg(short = 'n', long)]
    name: Option<String>,
    /// With an update or --delete, all attributes whose names match this regular expression
    #[arg(short = 'P', long, conflicts_with = "name")]
    pattern: Option<String>,
    #[command(flatten)]
    command: Commands,
    /// Time to wait for further changes before the CIB is changed
    #[arg(short = 'd', long, value_name = "SECONDS")]
    delay: Option<String>,
    /// The attribute set in which to place the value
    #[arg(short = 's', long)]
    set: Option<String>,
    /// The node whose attribute it is, instead of the local one
    #[arg(short = 'N', long)]
    node: Option<String>,
    /// Query the values on all nodes
    #[arg(short = 'A', long)]
    all: bool,
    /// If this makes a new attribute, keep it out of the CIB
    #[arg(short = 'p', long)]
    private: bool,
    /// Accepted and without effect, as in Pacemaker: attributes last until the node leaves
    #[arg(short = 'l', long, visible_short_alias = 'S', value_name = "SECTION",
          value_parser = ["nodes", "forever", "status", "reboot"])]
    lifetime: Option<String>,
    /// Accepted and without effect, as in Pacemaker
    #[arg(short = 'q', long, hide = true)]
    quiet: bool,
}

#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct Commands {
    /// Set the value
    #[arg(short = 'U', long, short_alias = 'v', value_name = "VALUE", allow_hyphen_values = true)]
    update: Option<String>,
    /// Set value and delay; needs --delay
    #[arg(short = 'B', long, value_name = "VALUE", allow_hyphen_values = true)]
    update_both: Option<String>,
    /// Set the delay; needs --delay
    #[arg(short = 'Y', long)]
    update_delay: bool,
    /// Show the value (the default)
    #[arg(short = 'Q', long)]
    query: bool,
    /// Remove the value
    #[arg(short = 'D', long)]
    delete: bool,
    /// Have all values written to the CIB again
    #[arg(short = 'R', long)]
    refresh: bool,
}

impl Commands {
    fn changes(&self) -> bool {
        self.update.is_some() || self.update_both.is_some() || self.update_delay || self.delete
    }
}

fn main(args: Vec<OsString>) -> ExitCode {
    frame::run(&TOOL, &args, run)
}

fn run(options: &Options, output: &mut Output) -> ToolExit {
    let changes = options.command.changes();
    if options.pattern.is_some() && !changes {
        output.error("--pattern needs an update or --delete");
        return ToolExit::Usage;
    }
    if options.name.is_none() && options.pattern.is_none() && !options.command.refresh {
        output.error("Command requires --name argument");
        return ToolExit::Usage;
    }
    let name = options.name.as_ref().or(options.pattern.as_ref()).cloned().unwrap_or_default();
    let node = target_from_environment(options.node.as_deref())
        .or_else(|| options.node.clone())
        .map(NodeName::from);
    let mut manager = match Attributes::connect(TOOL.name) {
        Ok(manager) => manager,
        Err(error) => {
            output.error(format!("Could not connect to attrd: {error}"));
            return exit(&error);
        }
    };
    if options.command.refresh {
        return match manager.refresh() {
            Ok(()) => ToolExit::Ok,
            Err(error) => {
                output.error(format!("Could not refresh: {error}"));
                exit(&error)
            }
        };
    }
    match update(options, &name, node.clone()) {
        Some(update) => {
            if update.kind != UpdateKind::Value && options.delay.is_none() {
                output.line("Warning: command given without required --delay");
            }
            match manager.update(vec![update]) {
                Ok(()) => ToolExit::Ok,
                Err(error) => {
                    output.error(format!("Could not update {name}: {error}"));
                    exit(&error)
                }
            }
        }
        None => {
            let node = if options.all { None } else { node };
            query(output, &mut manager, &name, node.as_ref())
        }
    }
}

/// The update that is asked for; none if it is a query.
fn update(options: &Options, name: &str, node: Option<NodeName>) -> Option<Update> {
    let command = &options.command;
    let (kind, value) = match (&command.update, &command.update_both) {
        (Some(value), _) => (UpdateKind::Value, Some(value.clone())),
        (None, Some(value)) => (UpdateKind::Both, Some(value.clone())),
        (None, None) if command.update_delay => (UpdateKind::Delay, None),
        (None, None) if command.delete => (UpdateKind::Value, None),
        (None, None) => return None,
    };
    let dampening = match &options.delay {
        // As in Pacemaker: a plain update says nothing of the delay.
        Some(text) if kind != UpdateKind::Value => match vocab::parse_duration(text) {
            Ok(delay) => Dampening::Delay(delay),
            Err(_) => Dampening::Invalid(text.clone()),
        },
        Some(_) | None => Dampening::Unspecified,
    };
    Some(Update {
        selector: match &options.pattern {
            Some(pattern) => Selector::Pattern(pattern.clone()),
            None => Selector::Name(name.to_owned()),
        },
        kind,
        dampening,
        node,
        set: options.set.clone(),
        is_private: options.private,
        ..Update::set(name, value)
    })
}

fn query(
    output: &mut Output,
    manager: &mut Attributes,
    name: &str,
    node: Option<&NodeName>,
) -> ToolExit {
    let found = match manager.query(name, node) {
        Ok(found) => found.unwrap_or_default(),
        Err(error) => {
            output.error(format!("Could not query value of {name}: {error}"));
            return exit(&error);
        }
    };
    if found.is_empty() {
        output.error(format!("Could not query value of {name}: attribute does not exist"));
        return ToolExit::Config;
    }
    for (node, value) in found {
        let value = value.unwrap_or_default();
        output.line(format!("name=\"{name}\" host=\"{node}\" value=\"{value}\""));
        output.element(
            Element::new("attribute").with("name", name).with("value", value).with("host", node),
        );
    }
    ToolExit::Ok
}

/// The exit status for a failed call.
pub(crate) fn exit(error: &AttributesError) -> ToolExit {
    match error {
        AttributesError::Connect(_) => ToolExit::Disconnect,
        AttributesError::Lost(ipc::CallError::Timeout(_)) => ToolExit::Timeout,
        AttributesError::Lost(_) => ToolExit::Disconnect,
        AttributesError::Reply(_) => ToolExit::Protocol,
    }
}
