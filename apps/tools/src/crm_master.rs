//! `crm_master`: shows and changes promotion scores. Old agents call it; new ones call `crm_attribute --promotion`.

use std::{env, ffi::OsString, process::ExitCode};

use vocab::ToolExit;

use crate::{
    crm_attribute::{self, PassedOn},
    frame,
};

/// This tool.
pub(crate) const TOOL: crate::Tool = crate::Tool {
    name: "crm_master",
    summary: "Show and change promotion scores (for old agents; use crm_attribute --promotion)",
    main,
};

#[derive(Debug, clap::Args)]
struct Options {
    #[command(flatten)]
    command: Commands,
    /// The resource; by default the one in OCF_RESOURCE_INSTANCE
    #[arg(short = 'r', long)]
    resource: Option<String>,
    #[command(flatten)]
    passed_on: PassedOn,
    /// How long it lasts: reboot or forever
    #[arg(short = 'l', long, value_name = "LIFETIME", default_value = "forever")]
    lifetime: String,
}

#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct Commands {
    /// Show the score (the default)
    #[arg(short = 'G', long, alias = "get-value")]
    query: bool,
    /// Set the score
    #[arg(
        short = 'v',
        long,
        alias = "attr-value",
        value_name = "SCORE",
        allow_hyphen_values = true
    )]
    update: Option<String>,
    /// Remove the score
    #[arg(short = 'D', long, alias = "delete-attr")]
    delete: bool,
}

fn main(args: Vec<OsString>) -> ExitCode {
    let options: Options = match frame::parse(&TOOL, &args) {
        Ok(options) => options,
        Err(exit) => return exit,
    };
    let resource = options.resource.clone().or_else(|| env::var("OCF_RESOURCE_INSTANCE").ok());
    let Some(resource) = resource.filter(|resource| !resource.is_empty()) else {
        return frame::complain(&TOOL, "no resource specified", ToolExit::Usage);
    };
    crm_attribute::main(arguments(&options, &resource))
}

/// The command line of `crm_attribute` that means the same.
fn arguments(options: &Options, resource: &str) -> Vec<OsString> {
    let name = format!("master-{resource}");
    let mut words = vec![TOOL.name, "-n", &name, "-l", &options.lifetime];
    words.extend(options.passed_on.words());
    match &options.command.update {
        Some(value) => words.extend(["-v", value]),
        None if options.command.delete => words.push("-D"),
        None => words.push("-G"),
    }
    words.into_iter().map(OsString::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_score_is_a_value() {
        let args: Vec<OsString> = ["crm_master", "-v", "-5"].map(OsString::from).to_vec();
        let options: Options = frame::parse(&TOOL, &args).expect("these are options");
        let words = ["crm_master", "-n", "master-db", "-l", "forever", "-v", "-5"];
        assert_eq!(arguments(&options, "db"), words.map(OsString::from));
    }
}
