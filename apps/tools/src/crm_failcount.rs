//! `crm_failcount`: shows how often a resource failed, and forgets it.

use std::{ffi::OsString, process::ExitCode};

use client::cib::{CallOptions, Cib};
use vocab::{Interval, Score};
use xml::Element;

use crate::{
    crm_attribute, crm_resource,
    frame::{self, Outcome as _, Stop},
    output::{Output, OutputOptions},
};

/// This tool.
pub(crate) const TOOL: crate::Tool = crate::Tool {
    name: "crm_failcount",
    summary: "Show how often a resource failed on a node, and forget it",
    main,
};

#[derive(Debug, clap::Args)]
struct Options {
    #[command(flatten)]
    command: Commands,
    /// The resource
    #[arg(short = 'r', long, alias = "resource-id")]
    resource: String,
    /// Only failures of this operation
    #[arg(short = 'n', long)]
    operation: Option<String>,
    /// With --operation, how often it recurs
    #[arg(short = 'I', long, default_value = "0")]
    interval: String,
    /// The node; by default the one this runs on
    #[arg(short = 'N', long, short_alias = 'U', alias = "uname")]
    node: Option<String>,
    /// Show only the value
    #[arg(short = 'q', long, short_alias = 'Q')]
    quiet: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Commands {
    /// Show the fail count
    #[arg(short = 'G', long, alias = "get-value")]
    query: bool,
    /// Forget the failures
    #[arg(short = 'D', long, alias = "delete-attr")]
    delete: bool,
    /// An old form of --delete: only 0 can be set
    #[arg(short = 'v', long, value_name = "0", hide = true, value_parser = ["0"])]
    attr_value: Option<String>,
}

fn main(args: Vec<OsString>) -> ExitCode {
    let options: Options = match frame::parse(&TOOL, &args) {
        Ok(options) => options,
        Err(exit) => return exit,
    };
    let mut output = match Output::open(TOOL.name, &OutputOptions::default(), &args) {
        Ok(output) => output,
        Err(exit) => return exit,
    };
    let query = options.command.query;
    match run(&options, query, &mut output) {
        Ok(node) if !query => crm_resource::main(cleanup(&options, &node)),
        other => {
            let exit = other.map(drop).settle(&mut output);
            output.finish(exit)
        }
    }
}

/// Shows the count, if that is wanted; gives the node's name.
fn run(options: &Options, query: bool, output: &mut Output) -> Result<String, Stop> {
    let node = crm_attribute::node_name(options.node.as_deref())?;
    if !query {
        return Ok(node);
    }
    let interval = Interval::parse(&options.interval)
        .map_err(|_| Stop::usage(format!("'{}' is not an interval", options.interval)))?;
    let document = Cib::open(TOOL.name)
        .and_then(|mut cib| cib.query(None, CallOptions::SCOPE_LOCAL))
        .map_err(|error| {
            Stop::new(format!("could not query CIB for fail counts: {error}"), error.exit())
        })?;
    let (name, count) =
        count(&document, &node, &options.resource, options.operation.as_deref(), interval);
    if options.quiet {
        output.line(count.to_string());
    } else {
        output.line(format!("scope=status  name={name} value={count}"));
    }
    Ok(node)
}

/// Under which name a count is shown, and the count. Clusters before 1.1.17 counted a resource's failures in one attribute,
/// which says something only where there is nothing else.
fn count(
    cib: &Element,
    node: &str,
    resource: &str,
    operation: Option<&str>,
    interval: Interval,
) -> (String, Score) {
    let old_name = format!("fail-count-{resource}");
    let prefix = match operation {
        Some(operation) => format!("{old_name}#{operation}_{}", interval.millis),
        None => format!("{old_name}#"),
    };
    let shown = if operation.is_some() { prefix.clone() } else { old_name.clone() };
    let matches = |name: &str| match operation {
        Some(_) => name == prefix,
        None => name.starts_with(&prefix),
    };
    let counted = sum(cib, node, matches);
    if counted != Score::ZERO {
        return (shown, counted);
    }
    match sum(cib, node, |name| name == old_name) {
        Score::ZERO => (shown, Score::ZERO),
        counted => (old_name, counted),
    }
}

/// The sum of a node's transient attributes with such names.
fn sum(cib: &Element, node: &str, matches: impl Fn(&str) -> bool) -> Score {
    let states = cib.child("status").into_iter().flat_map(|status| status.children());
    states
        .filter(|state| state.attr("uname").is_some_and(|name| name.eq_ignore_ascii_case(node)))
        .filter_map(|state| state.child("transient_attributes"))
        .flat_map(Element::descendants)
        .filter(|element| element.name() == "nvpair" && element.attr("name").is_some_and(&matches))
        .filter_map(|pair| Score::parse(pair.attr("value")?).ok())
        .fold(Score::ZERO, |sum, score| sum + score)
}

/// The command line of `crm_resource` that forgets the failures.
fn cleanup(options: &Options, node: &str) -> Vec<OsString> {
    let mut words = vec![TOOL.name, "--cleanup", "-N", node, "-r", &options.resource];
    if let Some(operation) = &options.operation {
        words.extend(["-n", operation, "-I", &options.interval]);
    }
    if options.quiet {
        words.push("--quiet");
    }
    words.into_iter().map(OsString::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_all_operations_are_added() {
        let cib = xml::parse(
            "<cib><status><node_state id='1' uname='n1'><transient_attributes id='1'>\
             <instance_attributes id='s'><nvpair id='a' name='fail-count-db#monitor_10000' value='2'/>\
             <nvpair id='b' name='fail-count-db#start_0' value='INFINITY'/>\
             <nvpair id='c' name='fail-count-dbx#monitor_10000' value='7'/>\
             <nvpair id='d' name='fail-count-old' value='3'/></instance_attributes>\
             </transient_attributes></node_state></status></cib>",
        )
        .unwrap();
        let ten = Interval::parse("10s").unwrap();
        let text = |resource, operation, interval| {
            let (name, count) = count(&cib, "n1", resource, operation, interval);
            format!("{name} {count}")
        };
        assert_eq!(text("db", Some("monitor"), ten), "fail-count-db#monitor_10000 2");
        assert_eq!(text("db", None, ten), "fail-count-db INFINITY");
        assert_eq!(text("old", None, ten), "fail-count-old 3");
        assert_eq!(text("none", None, ten), "fail-count-none 0");
    }
}
