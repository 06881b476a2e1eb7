use std::path::Path;

use client::cib::{Backend, CibError};
use model::Model;
use present::Status;
use scheduler::{Request, Schedule};
use simulate::{Change, Injected, ResourceChange};
use transition::{codec, walker};
use vocab::ToolExit;
use xml::Element;

use super::{Options, input, input::Moment, numbers, report::Report, xml_form};
use crate::{
    frame::{self, Stop},
    output::Output,
};

/// Pretends, plans and carries out, as far as is asked for, and tells about it.
pub(super) fn run(options: &Options, output: &mut Output) -> Result<(), Stop> {
    let target = target(options)?;
    let mut cib = input::read(&options.source, output.verbosity())?;
    let moment = Moment::of(options, &cib)?;
    let mut report = Report::new(options, output);
    let sanitized = !options.source.live_check;
    let mut model = build(&mut report, &cib, &moment, sanitized);
    tell_beginning(&mut report, &model, &cib);

    let injections = options.injections();
    if !injections.is_empty() {
        let (new, done) = simulate::inject(&cib, &model, &injections, frame::now());
        cib = new;
        tell_injected(&mut report, &done);
        model = build(&mut report, &cib, &moment, sanitized);
    }
    if let Some(path) = &options.artifacts.save_input {
        save(path, &cib.to_pretty())?;
    }
    let result = if options.plans() {
        plan(options, &mut report, &model, &mut cib, &moment)
    } else {
        Ok(())
    };
    match target {
        Target::File(path) => save(path, &cib.to_pretty())?,
        Target::Shadow => replace_shadow(&cib)?,
        Target::Nowhere => {}
    }
    result
}

/// Where what becomes of the CIB is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target<'a> {
    File(&'a Path),
    /// The shadow copy that it came from.
    Shadow,
    Nowhere,
}

fn replace_shadow(cib: &Element) -> Result<(), Stop> {
    let failed =
        |error: CibError| Stop::new(format!("Could not store the CIB: {error}"), error.exit());
    match Backend::from_environment().map_err(failed)? {
        // The versions have been counted on the way.
        Backend::File(path) => save(&path, &cib.to_pretty()),
        Backend::Live | Backend::LiveReadOnly | Backend::Remote(_) => {
            Err(Stop::new("Could not store the CIB: it is no shadow copy", ToolExit::Usage))
        }
    }
}

/// Where what becomes of the CIB is to be put.
fn target(options: &Options) -> Result<Target<'_>, Stop> {
    let output = options.artifacts.save_output.as_deref();
    if !options.in_place {
        return Ok(output.map_or(Target::Nowhere, Target::File));
    }
    if options.source.live_check {
        // Nothing that was made up goes into a running cluster.
        let shadow = std::env::var_os("CIB_shadow").is_some_and(|name| !name.is_empty());
        let elsewhere = output.map_or(Target::Nowhere, Target::File);
        return Ok(if shadow { Target::Shadow } else { elsewhere });
    }
    let file = options.source.xml_file.as_deref().filter(|path| path.as_os_str() != "-");
    match file {
        Some(file) => Ok(Target::File(file)),
        None => Err(Stop::usage("--in-place needs a file: give it with --xml-file")),
    }
}

fn build(report: &mut Report<'_>, cib: &Element, moment: &Moment, sanitized: bool) -> Model {
    if let Some(remark) = moment.remark() {
        report.remark(&remark);
    }
    // A CIB that somebody saved may have its secrets hidden, and then they compare with nothing.
    let (model, problems) = if sanitized {
        Model::build_sanitized(cib, moment.time())
    } else {
        Model::build_at(cib, moment.time())
    };
    report.problems(&problems);
    model
}

fn tell_beginning(report: &mut Report<'_>, model: &Model, cib: &Element) {
    let status = Status::of(model, cib);
    report.headline(&status);
    report.status("Current cluster status", "cluster_status", &status, true);
}

fn tell_injected(report: &mut Report<'_>, done: &[Injected]) {
    let texts: Vec<String> = done
        .iter()
        .filter(|injected| !matches!(injected, Injected::UnknownResource(_)))
        .map(ToString::to_string)
        .collect();
    report.list("Performing Requested Modifications", &texts, xml_form::modifications(done));
    for injected in done {
        if matches!(injected, Injected::UnknownResource(_)) {
            report.error(&injected.to_string());
        }
    }
}

fn plan(
    options: &Options,
    report: &mut Report<'_>,
    model: &Model,
    cib: &mut Element,
    moment: &Moment,
) -> Result<(), Stop> {
    let request = Request {
        dot: options.artifacts.save_dotfile.is_some(),
        dot_all: options.artifacts.all_actions,
        dot_numbers: report.verbosity() > 0,
        capacities: options.show_utilization,
        ..Request::default()
    };
    let plan = scheduler::schedule(model, &request);
    report.problems(&plan.problems);
    if options.show_scores || options.show_utilization {
        numbers::tell(options, report, model, &plan);
    }
    if let Some(path) = &options.artifacts.save_graph {
        save(path, &codec::to_element(&plan.graph).to_pretty())?;
    }
    if let (Some(path), Some(dot)) = (&options.artifacts.save_dotfile, &plan.dot) {
        save(path, dot)?;
    }
    let changes = simulate::changes(model, &plan);
    report.list("Transition Summary", &summary(&changes), xml_form::actions(&changes));
    if !options.simulates() {
        return Ok(());
    }
    carry_out(options, report, (model, &plan), cib, moment)
}

fn carry_out(
    options: &Options,
    report: &mut Report<'_>,
    (model, plan): (&Model, &Schedule),
    cib: &mut Element,
    moment: &Moment,
) -> Result<(), Stop> {
    let failures = &options.events.op_fail;
    let transition = simulate::carry_out(cib, model, plan, failures, frame::now());
    let texts: Vec<String> = transition.executed.iter().map(ToString::to_string).collect();
    let xml = xml_form::transition(&transition.executed);
    if options.quiet {
        report.space();
    }
    report.list("Executing Cluster Transition", &texts, xml);
    *cib = transition.cib;
    let complete = transition.status != walker::Status::Terminated;
    if !complete {
        report.error(&format!("Transition failed: {}", transition.status.as_str().to_lowercase()));
        report.error("An invalid transition was produced");
    }
    if !options.quiet {
        let after = build(report, cib, moment, !options.source.live_check);
        let status = Status::of(&after, cib);
        report.status("Revised Cluster Status", "revised_cluster_status", &status, false);
    }
    if complete { Ok(()) } else { Err(Stop::silent(ToolExit::Error)) }
}

/// A line for each change, in columns.
fn summary(changes: &[Change]) -> Vec<String> {
    let resources: Vec<&ResourceChange> = changes
        .iter()
        .filter_map(|change| match change {
            Change::Resource(change) => Some(change),
            Change::Node(_) => None,
        })
        .collect();
    let name = widest(resources.iter().map(|change| change.resource.len()), 2);
    let details = widest(resources.iter().map(|change| change.details().len()), 0);
    changes
        .iter()
        .map(|change| match change {
            Change::Node(change) => change.to_string(),
            Change::Resource(change) => format!(
                "{:<8}   {:<name$}   ( {:>details$} )  {}",
                change.fate.title(),
                change.resource,
                change.details(),
                change.note()
            )
            .trim_end()
            .to_owned(),
        })
        .collect()
}

/// The width of a column: what is wider than all before it makes room for a little more.
fn widest(widths: impl Iterator<Item = usize>, more: usize) -> usize {
    widths.fold(5, |widest, width| if width > widest { width + more } else { widest })
}

fn save(path: &Path, text: &str) -> Result<(), Stop> {
    std::fs::write(path, text).map_err(|error| {
        Stop::new(format!("Could not create '{}': {error}", path.display()), ToolExit::CannotCreate)
    })
}

#[cfg(test)]
mod tests {
    use vocab::Role;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let change = |resource: &str, to: &str| {
            Change::Resource(ResourceChange {
                fate: simulate::Fate::Start,
                resource: resource.to_owned(),
                origin: None,
                destination: Some(to.to_owned()),
                role: Role::Stopped,
                next_role: Role::Started,
                reason: None,
                blocked: false,
            })
        };
        assert_eq!(
            summary(&[change("WebVIP", "node1"), change("WebServer", "node1")]),
            [
                "Start      WebVIP        ( node1 )".to_owned(),
                "Start      WebServer     ( node1 )".to_owned(),
            ]
        );
    }
}
