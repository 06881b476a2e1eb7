//! `crm_attribute`: shows and changes cluster options and node attributes.

mod place;
mod work;

use std::{ffi::OsString, process::ExitCode};

use vocab::ToolExit;

use crate::{
    frame::{self, Common},
    output::{Output, OutputOptions},
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
    common: Common,
    #[command(flatten)]
    output: OutputOptions,
    #[command(flatten)]
    command: Commands,
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
    #[arg(short = 'p', long, value_name = "RESOURCE", num_args = 0..=1, require_equals = true)]
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

impl frame::Options for Options {
    fn common(&self) -> &Common {
        &self.common
    }
}

/// Whether a query with these arguments finds something; nothing is said.
pub(crate) fn finds(args: &[OsString]) -> bool {
    let quietly = [args, &["--output-as=none".into()]].concat();
    let Ok(options) = frame::parse::<Options>(&TOOL, &join_promotion(&quietly)) else {
        return false;
    };
    Output::open(TOOL.name, &options.output, &quietly)
        .is_ok_and(|mut output| work::run(&options, &mut output).is_ok())
}

/// The node that is meant by this name, or by none. The error is what to say and the exit status.
pub(crate) fn node_name(given: Option<&str>) -> Result<String, (String, ToolExit)> {
    work::node(given).map_err(|problem| (problem.to_string(), problem.exit()))
}

/// Runs this tool, for one that is another name for it.
pub(crate) fn main(args: Vec<OsString>) -> ExitCode {
    // The old forms "-p" and "-p RESOURCE" differ only by what follows, which the parser cannot tell from an argument.
    let options: Options = match frame::parse(&TOOL, &join_promotion(&args)) {
        Ok(options) => options,
        Err(exit) => return exit,
    };
    let mut output = match Output::open(TOOL.name, &options.output, &args) {
        Ok(output) => output,
        Err(exit) => return exit,
    };
    let exit = match work::run(&options, &mut output) {
        Ok(()) => ToolExit::Ok,
        Err(problem) => {
            output.error(problem.to_string());
            problem.exit()
        }
    };
    output.finish(exit)
}

/// Makes `-p RESOURCE` one argument.
fn join_promotion(args: &[OsString]) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::with_capacity(args.len());
    let mut rest = args.iter().cloned().peekable();
    while let Some(mut argument) = rest.next() {
        let is_option = argument == "-p" || argument == "--promotion";
        if is_option
            && let Some(value) = rest.next_if(|next| !next.to_string_lossy().starts_with('-'))
        {
            argument.push("=");
            argument.push(value);
        }
        joined.push(argument);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promotion_takes_a_resource_or_none() {
        let join =
            |args: &[&str]| join_promotion(&args.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(join(&["x", "-p", "db", "-v", "5"]), ["x", "-p=db", "-v", "5"]);
        assert_eq!(join(&["x", "-p", "-v", "5"]), ["x", "-p", "-v", "5"]);
        assert_eq!(join(&["x", "--promotion"]), ["x", "--promotion"]);
    }
}
