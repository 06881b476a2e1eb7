//! `crm_standby`: shows and changes whether a node may run resources. Another face of `crm_attribute`.

use std::{ffi::OsString, process::ExitCode};

use crate::{
    crm_attribute::{self, PassedOn},
    frame,
};

/// This tool.
pub(crate) const TOOL: crate::Tool = crate::Tool {
    name: "crm_standby",
    summary: "Show and change whether a node is in standby, where it runs no resources",
    main,
};

#[derive(Debug, clap::Args)]
struct Options {
    #[command(flatten)]
    command: Commands,
    #[command(flatten)]
    passed_on: PassedOn,
    /// How long it lasts: reboot or forever
    #[arg(short = 'l', long, value_name = "LIFETIME")]
    lifetime: Option<String>,
}

#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct Commands {
    /// Show whether the node is in standby (the default)
    #[arg(short = 'G', long, alias = "get-value")]
    query: bool,
    /// Put the node in standby (on), or take it out (off)
    #[arg(short = 'v', long, alias = "attr-value", value_name = "VALUE")]
    update: Option<String>,
    /// Remove the setting
    #[arg(short = 'D', long, alias = "delete-attr")]
    delete: bool,
}

fn main(args: Vec<OsString>) -> ExitCode {
    let options: Options = match frame::parse(&TOOL, &args) {
        Ok(options) => options,
        Err(exit) => return exit,
    };
    let command = &options.command;
    let with = |more: &[&str]| arguments(&options, more);
    if let Some(value) = &command.update {
        let lifetime = options.lifetime.as_deref().unwrap_or("forever");
        return crm_attribute::main(with(&["-v", value, "-l", lifetime]));
    }
    if command.delete {
        if let Some(lifetime) = &options.lifetime {
            return crm_attribute::main(with(&["-D", "-l", lifetime]));
        }
        let exits = ["forever", "reboot"]
            .map(|lifetime| crm_attribute::main(with(&["-D", "-l", lifetime])));
        return exits
            .into_iter()
            .find(|exit| *exit != ExitCode::SUCCESS)
            .unwrap_or(ExitCode::SUCCESS);
    }
    if let Some(lifetime) = &options.lifetime {
        return crm_attribute::main(with(&["-G", "-l", lifetime]));
    }
    // What lasts comes before what lasts until the node leaves; with neither the node is not in standby.
    let lasting = with(&["-G", "-l", "forever"]);
    if crm_attribute::finds(&lasting) {
        return crm_attribute::main(lasting);
    }
    crm_attribute::main(with(&["-G", "-l", "reboot", "-d", "off"]))
}

/// The command line of `crm_attribute` that means the same.
fn arguments(options: &Options, more: &[&str]) -> Vec<OsString> {
    let mut words = vec![TOOL.name, "-n", "standby"];
    words.extend(options.passed_on.words());
    words.extend(more);
    words.into_iter().map(OsString::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_node_and_the_id_are_passed_on() {
        let args: Vec<OsString> =
            ["crm_standby", "-N", "n1", "-i", "x", "-q"].map(OsString::from).to_vec();
        let options: Options = frame::parse(&TOOL, &args).expect("these are options");
        let words = ["crm_standby", "-n", "standby", "-N", "n1", "-i", "x", "-q", "-G"];
        assert_eq!(arguments(&options, &["-G"]), words.map(OsString::from));
    }
}
