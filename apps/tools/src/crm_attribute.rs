//! `crm_attribute`: shows and changes cluster options and node attributes.

mod place;
mod work;

use std::{ffi::OsString, process::ExitCode};

use ::options::CLUSTER_LIST;

use crate::{
    frame::{self, Stop},
    option_list,
    output::Output,
};

/// This tool.
pub(crate) const TOOL: crate::Tool = crate::Tool {
    name: "crm_attribute",
    summary: "Show and change cluster options and node attributes",
    main,
};

#[derive(Debug, clap::Args)]
struct Options {
    #[command(flatten)]
    command: Commands,
    /// With --list-options, show advanced and deprecated options too (as XML they always are)
    #[arg(short = 'a', long)]
    all: bool,
    /// The attribute's name; a query without shows all
    #[arg(short = 'n', long, alias = "attr-name")]
    name: Option<String>,
    /// All attributes whose names match this regular expression (with --query, or for transient attributes)
    #[arg(short = 'P', long)]
    pattern: Option<String>,
    /// The attribute with this id
    #[arg(short = 'i', long, alias = "attr-id", value_name = "XML_ID")]
    id: Option<String>,
    /// The attribute in the set with this id
    #[arg(short = 's', long, value_name = "SET")]
    set_name: Option<String>,
    /// The promotion score of a resource, by default of the one in OCF_RESOURCE_INSTANCE
    #[arg(short = 'p', long, value_name = "RESOURCE", num_args = 0..=1)]
    promotion: Option<Option<String>>,
    /// What a query shows if there is no value
    #[arg(short = 'd', long, value_name = "VALUE")]
    default: Option<String>,
    /// How long a node attribute lasts: reboot or forever
    #[arg(short = 'l', long, value_name = "LIFETIME")]
    lifetime: Option<String>,
    /// The node whose attribute it is
    #[arg(short = 'N', long, short_alias = 'U', alias = "node-uname")]
    node: Option<String>,
    /// Where to look: crm_config, rsc_defaults, op_defaults, tickets, nodes or status
    #[arg(short = 't', long = "type", value_name = "SECTION", overrides_with = "lifetime")]
    section: Option<String>,
    /// A utilization attribute of a node
    #[arg(short = 'z', long)]
    utilization: bool,
    /// Show only the value
    #[arg(short = 'q', long, short_alias = 'Q')]
    quiet: bool,
    /// With --update, take NAME++ and NAME+=N for a sum (always done)
    #[arg(long, hide = true)]
    score: bool,
    /// Keep the change from being noticed
    #[arg(short = '!', long, hide = true)]
    inhibit_policy_engine: bool,
}

#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct Commands {
    /// List all options of a kind: cluster
    #[arg(short = 'L', long, value_name = "KIND")]
    list_options: Option<String>,
    /// Show the value (the default)
    #[arg(short = 'G', long, alias = "get-value")]
    query: bool,
    /// Set the value
    #[arg(
        short = 'v',
        long,
        alias = "attr-value",
        value_name = "VALUE",
        allow_hyphen_values = true
    )]
    update: Option<String>,
    /// Remove the attribute
    #[arg(short = 'D', long, alias = "delete-attr")]
    delete: bool,
}

/// What the tools that are other names for a part of this one pass on to it.
#[derive(Debug, clap::Args)]
pub(crate) struct PassedOn {
    /// The node; by default the one this runs on
    #[arg(short = 'N', long, short_alias = 'U', alias = "uname")]
    node: Option<String>,
    /// The id of the attribute
    #[arg(short = 'i', long, alias = "attr-id", value_name = "XML_ID")]
    id: Option<String>,
    /// Show only the value
    #[arg(short = 'q', long, short_alias = 'Q')]
    quiet: bool,
}

impl PassedOn {
    /// The same as arguments of this tool.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        let node = self.node.as_deref().map(|node| ["-N", node]);
        let id = self.id.as_deref().map(|id| ["-i", id]);
        node.into_iter().chain(id).flatten().chain(self.quiet.then_some("-q"))
    }
}

/// Whether a query with these arguments finds something; nothing is said.
pub(crate) fn finds(args: &[OsString]) -> bool {
    let quietly = [args, &["--output-as=none".into()]].concat();
    frame::open(&TOOL, &quietly)
        .is_ok_and(|(options, mut output)| work::run(&options, &mut output).is_ok())
}

/// The node that is meant by this name, or by none.
pub(crate) fn node_name(given: Option<&str>) -> Result<String, Stop> {
    work::node(given).map_err(Stop::from)
}

/// Runs this tool, for one that is another name for it.
pub(crate) fn main(args: Vec<OsString>) -> ExitCode {
    frame::run(&TOOL, &args, run)
}

fn run(options: &Options, output: &mut Output) -> Result<(), Stop> {
    match options.command.list_options.as_deref() {
        None => work::run(options, output).map_err(Stop::from),
        Some("cluster") => {
            option_list::show(&CLUSTER_LIST, options.all, output);
            Ok(())
        }
        Some(other) => Err(Stop::usage(format!(
            "Invalid --list-options value '{other}'. Allowed values: cluster"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promotion_takes_a_resource_or_none() {
        let promotion = |args: &[&str]| {
            let args: Vec<OsString> = args.iter().map(OsString::from).collect();
            frame::parse::<Options>(&TOOL, &args).expect("these are options").promotion
        };
        for form in [&["x", "-p", "db", "-v", "5"][..], &["x", "--promotion=db"], &["x", "-pdb"]] {
            assert_eq!(promotion(form), Some(Some("db".to_owned())), "{form:?}");
        }
        assert_eq!(promotion(&["x", "-p", "-v", "5"]), Some(None));
        assert_eq!(promotion(&["x", "--promotion"]), Some(None));
        assert_eq!(promotion(&["x", "-v", "5"]), None);
    }
}
