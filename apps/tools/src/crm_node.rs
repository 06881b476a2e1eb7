//! `crm_node`: what the cluster knows of its nodes, and forgetting one.

use std::{env, ffi::OsString, io, io::Write, process::ExitCode, time::Duration};

use client::{
    attributes::Attributes,
    cib::{CallOptions, Cib, CibError, Failure},
    controller::{Controller, ControllerError, KnownNode},
};
use messages::crmd::NodeQuery;
use vocab::{NodeId, NodeName, ToolExit};
use xml::Element;

use crate::{
    crmadmin,
    frame::{self, exit_code},
};

/// This tool.
pub(crate) const TOOL: crate::Tool =
    crate::Tool { name: "crm_node", summary: "Show the cluster's nodes, or forget one", main };

const TIMEOUT: Duration = Duration::from_secs(30);

/// What `--force` is demanded with.
const DANGEROUS: &str = "The supplied command is considered dangerous.  To prevent accidental destruction of the \
                         cluster, the --force flag is required in order to proceed.";

#[derive(Debug, clap::Args)]
struct Options {
    #[command(flatten)]
    command: Commands,
    /// Do it although it is dangerous
    #[arg(short = 'f', long)]
    force: bool,
    /// Accepted and without effect, as in Pacemaker
    #[arg(short = 'Q', long, hide = true)]
    quiet: bool,
    /// Accepted and without effect, as in Pacemaker
    #[arg(short = 'C', long, hide = true)]
    corosync: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Commands {
    /// Show this node's number
    #[arg(short = 'i', long)]
    cluster_id: bool,
    /// Show all nodes that are or were members
    #[arg(short = 'l', long)]
    list: bool,
    /// Show this node's name
    #[arg(short = 'n', long)]
    name: bool,
    /// Show the members of this partition
    #[arg(short = 'p', long)]
    partition: bool,
    /// Show 1 if this partition has quorum, else 0
    #[arg(short = 'q', long)]
    quorum: bool,
    /// Show the name of the node with this number
    #[arg(short = 'N', long, value_name = "ID")]
    name_for_id: Option<u32>,
    /// Forget a node that was stopped and taken out of the ring's configuration
    #[arg(short = 'R', long, value_name = "NAME")]
    remove: Option<String>,
}

/// Why the tool could not do what it was asked.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("{0}")]
    Controller(#[from] ControllerError),
    #[error("Could not remove the node from the CIB: {0}")]
    Cib(#[from] CibError),
    #[error("Could not make the attribute manager forget the node: {0}")]
    Attributes(#[from] client::attributes::AttributesError),
    #[error("Node is not known to cluster")]
    UnknownNode,
    #[error("Controller reply did not contain node ID")]
    NoId,
    #[error("{DANGEROUS}")]
    Dangerous,
}

impl Problem {
    fn exit(&self) -> ToolExit {
        match self {
            Self::Controller(error) => crmadmin::exit(error),
            Self::Cib(error) => error.exit(),
            Self::Attributes(error) => crate::attrd_updater::exit(error),
            Self::UnknownNode => ToolExit::NoHost,
            Self::NoId => ToolExit::Protocol,
            Self::Dangerous => ToolExit::Usage,
        }
    }
}

fn main(args: Vec<OsString>) -> ExitCode {
    let options: Options = match frame::parse(&TOOL, &args) {
        Ok(options) => options,
        Err(exit) => return exit,
    };
    match run(&options) {
        Ok((text, exit)) => {
            if !text.is_empty() {
                // A reader that has gone away is no error of ours.
                let _ = writeln!(io::stdout(), "{text}");
            }
            exit_code(exit)
        }
        Err(problem) => {
            let _ = writeln!(io::stderr(), "crm_node: {problem}");
            exit_code(problem.exit())
        }
    }
}

fn run(options: &Options) -> Result<(String, ToolExit), Problem> {
    let command = &options.command;
    let mut exit = ToolExit::Ok;
    let text = if let Some(target) = &command.remove {
        if !options.force {
            return Err(Problem::Dangerous);
        }
        forget(target)?;
        String::new()
    } else if command.list || command.partition {
        let nodes = sorted(Controller::connect(TOOL.name)?.nodes(TIMEOUT)?);
        if command.list { list(&nodes) } else { partition(&nodes) }
    } else if command.name
        && let Ok(name) = env::var("OCF_RESKEY_CRM_meta_on_node")
    {
        // An agent is told by the cluster.
        name
    } else {
        let query = NodeQuery { id: command.name_for_id.map(NodeId), name: None };
        let info = Controller::connect(TOOL.name)?.node_info(query, TIMEOUT)?;
        if command.quorum {
            if !info.have_quorum {
                exit = ToolExit::Quorum;
            }
            u8::from(info.have_quorum).to_string()
        } else if command.cluster_id {
            info.id.ok_or(Problem::NoId)?.to_string()
        } else {
            info.name.ok_or(Problem::UnknownNode)?.to_string()
        }
    };
    Ok((text, exit))
}

fn sorted(mut nodes: Vec<KnownNode>) -> Vec<KnownNode> {
    nodes.sort_by(|(_, a, _), (_, b, _)| {
        let text = |name: &Option<NodeName>| {
            name.as_ref().map(|name| natural(name.as_str())).unwrap_or_default()
        };
        text(a).cmp(&text(b))
    });
    nodes
}

/// A name cut so that numbers in it compare as numbers: node2 comes before node10.
fn natural(name: &str) -> Vec<(String, u64)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (text, behind) = rest.split_at(letters);
        let digits = behind.find(|c: char| !c.is_ascii_digit()).unwrap_or(behind.len());
        let (number, behind) = behind.split_at(digits);
        parts.push((text.to_lowercase(), number.parse().unwrap_or(0)));
        rest = behind;
    }
    parts
}

fn list(nodes: &[KnownNode]) -> String {
    let line = |(id, name, state): &KnownNode| {
        let name = name.as_ref().map_or("", NodeName::as_str);
        format!("{id} {name} {}", state.as_deref().unwrap_or_default())
    };
    nodes.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn partition(nodes: &[KnownNode]) -> String {
    let members = nodes.iter().filter(|(_, _, state)| state.as_deref() == Some("member"));
    members
        .map(|(_, name, _)| name.as_ref().map_or(String::new(), |name| format!("{name} ")))
        .collect()
}

/// Makes controllers, attribute managers and the CIB forget a node, given by name or number.
fn forget(target: &str) -> Result<(), Problem> {
    let id = target.parse().ok().filter(|id| *id > 0).map(NodeId);
    let name = if id.is_none() { Some(NodeName::from(target)) } else { None };
    let query = NodeQuery { id, name: name.clone() };
    Controller::connect(TOOL.name)?.forget_node(query)?;
    let mut manager = Attributes::connect(TOOL.name)?;
    manager.remove_peer(name.clone(), id)?;
    let mut cib = Cib::open(TOOL.name)?;
    for (section, element) in [("nodes", "node"), ("status", "node_state")] {
        let pattern = Element::new(element).with_some("id", id).with_some("uname", name.as_ref());
        match cib.delete(Some(section), pattern, CallOptions::NONE) {
            // What is not there is forgotten already.
            Ok(()) | Err(CibError::Failed { failure: Failure::NotFound, .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(id: u32, name: &str, state: &str) -> KnownNode {
        (NodeId(id), Some(name.into()), Some(state.into()))
    }

    #[test]
    fn nodes_are_shown_in_the_order_of_their_numbers() {
        let nodes = sorted(vec![
            node(10, "node10", "lost"),
            node(2, "Node2", "member"),
            node(1, "node1", "member"),
        ]);
        assert_eq!(list(&nodes), "1 node1 member\n2 Node2 member\n10 node10 lost");
        assert_eq!(partition(&nodes), "node1 Node2 ");
    }
}
