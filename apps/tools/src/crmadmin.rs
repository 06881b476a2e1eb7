//! `crmadmin`: how the cluster's daemons are.

use std::{ffi::OsString, process::ExitCode, time::Duration};

use client::{
    cib::{CallOptions, Cib, CibError},
    controller::{Controller, ControllerError},
    launcher::{Launcher, LauncherError},
};
use vocab::{NodeName, Timestamp, ToolExit};
use xml::Element;

use crate::{
    frame::{self, Stop},
    output::Output,
};

/// This tool.
pub(crate) const TOOL: crate::Tool =
    crate::Tool { name: "crmadmin", summary: "Show how the cluster's daemons are", main };

#[derive(Debug, clap::Args)]
struct Options {
    #[command(flatten)]
    command: Commands,
    /// How long to wait for an answer
    #[arg(short = 't', long, value_name = "TIME", value_parser = vocab::parse_duration, default_value = "30s")]
    timeout: Duration,
    /// With --nodes, show them as shell commands of the form 'export name=id'
    #[arg(short = 'B', long)]
    bash_export: bool,
    /// With --pacemakerd, the name under which to ask
    #[arg(short = 'i', long, value_name = "NAME", default_value = "crmadmin")]
    ipc_name: String,
    /// Show only what was asked for
    #[arg(short = 'q', long)]
    quiet: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Commands {
    /// Show the state of a node's controller
    #[arg(short = 'S', long, value_name = "NODE")]
    status: Option<String>,
    /// Show the state of the local launcher
    #[arg(short = 'P', long)]
    pacemakerd: bool,
    /// Show the node that is DC
    #[arg(short = 'D', long = "dc_lookup", visible_alias = "dc-lookup")]
    dc_lookup: bool,
    /// Show the configured nodes: all, or only some of the types cluster, guest, remote
    #[arg(short = 'N', long, value_name = "TYPE", num_args = 0..=1, default_missing_value = "all")]
    nodes: Option<String>,
}

/// Why the tool could not do what it was asked.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(transparent)]
    Controller(#[from] ControllerError),
    #[error(transparent)]
    Launcher(#[from] LauncherError),
    #[error(transparent)]
    Cib(#[from] CibError),
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::new(format!("error: Command failed: {problem}"), problem.exit())
    }
}

impl Problem {
    fn exit(&self) -> ToolExit {
        match self {
            Self::Controller(error) => exit(error),
            Self::Launcher(LauncherError::Lost(ipc::CallError::Timeout(_))) => ToolExit::Timeout,
            Self::Launcher(LauncherError::Connect(_) | LauncherError::Lost(_)) => {
                ToolExit::Disconnect
            }
            Self::Launcher(LauncherError::Reply(_) | LauncherError::Unexpected) => {
                ToolExit::Protocol
            }
            Self::Cib(error) => error.exit(),
        }
    }
}

/// The exit status for a failed call to the controller.
pub(crate) fn exit(error: &ControllerError) -> ToolExit {
    match error {
        ControllerError::Lost(ipc::CallError::Timeout(_)) => ToolExit::Timeout,
        ControllerError::Connect(_) | ControllerError::Lost(_) => ToolExit::Disconnect,
        ControllerError::Reply(_) | ControllerError::Unexpected(_) => ToolExit::Protocol,
    }
}

fn main(args: Vec<OsString>) -> ExitCode {
    frame::run(&TOOL, &args, run)
}

fn run(options: &Options, output: &mut Output) -> Result<(), Problem> {
    let quiet = options.quiet;
    if let Some(node) = &options.command.status {
        let node = NodeName::from(node.as_str());
        let pong = Controller::connect(TOOL.name)?.ping(Some(&node), options.timeout)?;
        let name = pong.node.as_ref().map_or("unknown node", NodeName::as_str);
        let text = format!("Controller on {name} in state {}: ok", pong.state);
        output.line(if quiet { pong.state.clone() } else { text });
        output.element(
            Element::new(element_name(&pong.subsystem))
                .with("node_name", pong.node.as_ref().map_or("", NodeName::as_str))
                .with("state", &pong.state)
                .with("result", "ok"),
        );
    } else if options.command.dc_lookup {
        let pong = Controller::connect(TOOL.name)?.ping(None, options.timeout)?;
        let name = pong.node.as_ref().map(NodeName::as_str);
        let shown = name.unwrap_or("not yet elected");
        output.line(if quiet {
            name.unwrap_or_default().to_owned()
        } else {
            format!("Designated Controller is: {shown}")
        });
        output.element(Element::new("dc").with("node_name", name.unwrap_or_default()));
    } else if options.command.pacemakerd {
        launcher(options, output)?;
    } else if let Some(types) = &options.command.nodes {
        nodes(options, types, output)?;
    }
    Ok(())
}

/// What names an element must be a name; a controller of another kind may say something else.
fn element_name(subsystem: &str) -> &str {
    match subsystem {
        "dc" | "crmd" => subsystem,
        _ => "controller",
    }
}

fn launcher(options: &Options, output: &mut Output) -> Result<(), Problem> {
    let (state, last_good) = Launcher::connect(&options.ipc_name)?.state(options.timeout)?;
    let when = present_time(last_good);
    output.line(if options.quiet {
        state.to_string()
    } else {
        format!("Status of pacemakerd: '{}' (last updated {when})", state.description())
    });
    output.element(
        Element::new("pacemakerd")
            .with("sys_from", "pacemakerd")
            .with("state", state)
            .with("last_updated", when),
    );
    Ok(())
}

fn present_time(moment: Timestamp) -> String {
    present::iso_local(moment, frame::utc_offset_seconds())
}

fn nodes(options: &Options, types: &str, output: &mut Output) -> Result<(), Problem> {
    let mut cib = Cib::open(TOOL.name)?;
    let root = cib.query(None, CallOptions::NONE)?;
    let all = types.contains("all");
    let found = configured_nodes(&root);
    let wanted = found.iter().filter(|node| all || types.split(',').any(|t| t == node.kind));
    let mut list = Element::new("nodes");
    for node in wanted {
        output.line(if options.quiet {
            node.name.clone()
        } else if options.bash_export {
            format!("export {}={}", node.name, node.id)
        } else {
            format!("{} node: {} ({})", node.kind, node.name, node.id)
        });
        list.push(
            Element::new("node")
                .with("type", node.kind)
                .with("name", &node.name)
                .with("id", &node.id),
        );
    }
    if list.children().next().is_none() {
        output.line("No nodes configured");
    }
    output.element(list);
    Ok(())
}

/// A node as the configuration has it.
pub(crate) struct ConfiguredNode {
    /// `cluster`, `guest` or `remote`.
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    /// Its id in the CIB; that of a guest or remote node is its name.
    pub(crate) id: String,
}

/// The nodes of a configuration: those of the ring, guests, and remote ones.
pub(crate) fn configured_nodes(cib: &Element) -> Vec<ConfiguredNode> {
    let mut found = Vec::new();
    let Some(configuration) = cib.child("configuration") else { return found };
    let mut add = |kind, name: Option<&str>, id: Option<&str>| {
        if let (Some(name), Some(id)) = (name, id) {
            found.push(ConfiguredNode { kind, name: name.to_owned(), id: id.to_owned() });
        }
    };
    if let Some(nodes) = configuration.child("nodes") {
        for node in nodes.children_named("node") {
            if matches!(node.attr("type"), None | Some("member")) {
                add("cluster", node.attr("uname").or(node.id()), node.id());
            }
        }
    }
    let primitives = || configuration.descendants().filter(|element| element.name() == "primitive");
    for primitive in primitives() {
        let sets = primitive.children_named("meta_attributes");
        for pair in sets.flat_map(|set| set.children_named("nvpair")) {
            if pair.attr("name") == Some("remote-node") {
                add("guest", pair.attr("value"), pair.attr("value"));
            }
        }
    }
    for primitive in primitives() {
        if primitive.attr("type") == Some("remote")
            && primitive.attr("provider") == Some("pacemaker")
        {
            add("remote", primitive.id(), primitive.id());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_of_all_kinds_are_found() {
        let cib = xml::parse(
            "<cib><configuration><nodes><node id='1' uname='node1'/>\
             <node id='r1' uname='r1' type='remote'/></nodes><resources>\
             <primitive id='r1' class='ocf' provider='pacemaker' type='remote'/>\
             <group id='g'><primitive id='vm'><meta_attributes id='m'>\
             <nvpair id='n' name='remote-node' value='guest1'/></meta_attributes></primitive>\
             </group></resources></configuration></cib>",
        )
        .unwrap();
        let found: Vec<_> =
            configured_nodes(&cib).into_iter().map(|n| (n.kind, n.name, n.id)).collect();
        let expected =
            [("cluster", "node1", "1"), ("guest", "guest1", "guest1"), ("remote", "r1", "r1")];
        assert_eq!(found, expected.map(|(k, n, i)| (k, n.to_owned(), i.to_owned())));
    }
}
