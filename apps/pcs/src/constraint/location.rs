use std::collections::{BTreeMap, BTreeSet};

use cib_edit::{
    Pairs,
    constraint::{self, LocationTarget},
    is_score,
};
use xml::Element;

use super::show;
use crate::{
    cluster,
    session::{Done, Session, Stop, complain},
};

pub(super) fn run(session: &Session, words: &[&str]) -> Done {
    match words {
        [] | ["config"] => {
            session.only(&["-f", "--full", "--all"])?;
            show(lines(&session.cib()?, session.options.has("--full"), &[]))
        }
        ["config" | "show", "nodes", only @ ..] => {
            session.only(&["-f", "--full", "--all"])?;
            show(lines_by_node(&session.cib()?, session.options.has("--full"), only))
        }
        ["config" | "show", "resources", only @ ..] => {
            session.only(&["-f", "--full", "--all"])?;
            show(lines(&session.cib()?, session.options.has("--full"), only))
        }
        ["add", id, target, node, score, options @ ..] => {
            session.only(&["--force", "-f"])?;
            location_add(session, id, target, node, score, options)
        }
        ["remove" | "delete", id] => {
            session.only(&["-f"])?;
            session.edit(|cib| constraint::remove_location(cib, id))
        }
        [_, "rule", ..] => Err(Stop::not_built("pcs constraint location ... rule")),
        [target, verb @ ("prefers" | "avoids"), nodes @ ..] if !nodes.is_empty() => {
            session.only(&["--force", "-f"])?;
            prefer(session, target, *verb == "prefers", nodes)
        }
        _ => Err(Stop::usage(&["constraint", "location"])),
    }
}

fn target(word: &str) -> Result<LocationTarget, Stop> {
    LocationTarget::parse(word).map_err(Stop::message)
}

fn prefer(session: &Session, word: &str, prefers: bool, nodes: &[&str]) -> Done {
    let target = target(word)?;
    let known = known_nodes(session)?;
    let mut wanted = Vec::new();
    let mut reports = Vec::new();
    for node in nodes {
        let (node, score) = node.split_once('=').unwrap_or((node, "INFINITY"));
        if !is_score(score) {
            return Err(Stop::message(format!(
                "invalid score '{score}', use integer or INFINITY or -INFINITY"
            )));
        }
        let score = match (prefers, score.strip_prefix('-')) {
            (true, _) => score.to_owned(),
            (false, Some(positive)) => positive.to_owned(),
            (false, None) => format!("-{score}"),
        };
        reports.extend(unknown_node(known.as_ref(), node));
        wanted.push((node, score));
    }
    if !reports.is_empty() {
        return Err(Stop::Refused(cib_edit::Refused { reports, complete: false }));
    }
    for (node, score) in wanted {
        let id = constraint::location_id(&target, node, &score);
        session.edit(|cib| {
            constraint::add_location(cib, &id, &target, node, &score, &Vec::new(), session.force())
        })?;
    }
    Ok(())
}

/// The nodes of the cluster, if they are to be checked.
fn known_nodes(session: &Session) -> Result<Option<BTreeSet<String>>, Stop> {
    if !session.source.is_live() || session.force() {
        complain("Warning: Validation for node existence in the cluster will be skipped");
        return Ok(None);
    }
    let cib = session.cib()?;
    let mut names: BTreeSet<String> =
        cib_edit::node::nodes(&cib).into_iter().map(|(_, name)| name.to_owned()).collect();
    names.extend(cluster::configured_names(session));
    Ok(Some(names))
}

fn unknown_node(known: Option<&BTreeSet<String>>, node: &str) -> Option<cib_edit::Report> {
    let message = format!("Node '{node}' does not appear to exist in configuration");
    known
        .is_some_and(|known| !known.contains(node))
        .then(|| cib_edit::Report::unless_forced(false, "NODE_NOT_FOUND", message))
}

fn location_add(
    session: &Session,
    id: &str,
    word: &str,
    node: &str,
    score: &str,
    options: &[&str],
) -> Done {
    let target = target(word)?;
    let mut values: Pairs = Vec::new();
    for option in options {
        let Some((name, value)) = option.split_once('=') else {
            return Err(Stop::message(format!("bad option '{option}'")));
        };
        if name != "resource-discovery" && !session.force() {
            return Err(Stop::message(format!("bad option '{name}', use --force to override")));
        }
        values.push((name.to_owned(), value.to_owned()));
    }
    if let Some(report) = unknown_node(known_nodes(session)?.as_ref(), node) {
        return Err(Stop::Refused(cib_edit::Refused { reports: vec![report], complete: false }));
    }
    if !is_score(score) {
        return Err(Stop::message(format!(
            "invalid score '{score}', use integer or INFINITY or -INFINITY"
        )));
    }
    session.edit(|cib| {
        constraint::add_location(cib, id, &target, node, score, &values, session.force())
    })
}

fn locations(cib: &Element) -> impl Iterator<Item = &Element> {
    constraint::constraints(cib).into_iter().filter(|found| found.name() == "rsc_location")
}

/// What a location constraint is for: patterns come first.
fn target_of(found: &Element) -> (bool, &str, String) {
    match found.attr("rsc-pattern") {
        Some(pattern) => (false, pattern, format!("Resource pattern: {pattern}")),
        None => {
            let id = found.attr("rsc").unwrap_or_default();
            (true, id, format!("Resource: {id}"))
        }
    }
}

fn is_positive(found: &Element) -> bool {
    !found.attr("score").is_some_and(|score| score.starts_with('-'))
}

fn node_line(found: &Element, shown: &str, full: bool) -> String {
    let mut line = format!("      {shown} (score:{})", found.attr("score").unwrap_or("0"));
    if let Some(role) = found.attr("role") {
        let role = match role {
            "Master" => "Promoted",
            "Slave" => "Unpromoted",
            role => role,
        };
        line.push_str(&format!(" (role:{role})"));
    }
    if let Some(discovery) = found.attr("resource-discovery") {
        line.push_str(&format!(" (resource-discovery={discovery})"));
    }
    if full {
        line.push_str(&format!(" (id:{})", found.id().unwrap_or_default()));
    }
    line
}

pub(super) fn lines(cib: &Element, full: bool, only: &[&str]) -> Vec<String> {
    let mut lines = vec!["Location Constraints:".to_owned()];
    let mut by_target: BTreeMap<(bool, &str), (String, Vec<&Element>)> = BTreeMap::new();
    for found in locations(cib) {
        let (plain, id, label) = target_of(found);
        let word = if plain { id.to_owned() } else { format!("regexp%{id}") };
        if only.is_empty() || only.contains(&word.as_str()) {
            by_target.entry((plain, id)).or_insert((label, Vec::new())).1.push(found);
        }
    }
    for (label, found) in by_target.into_values() {
        lines.push(format!("  {label}"));
        for (positive, heading) in [(true, "    Enabled on:"), (false, "    Disabled on:")] {
            let here: Vec<String> = found
                .iter()
                .filter(|found| is_positive(found) == positive)
                .filter_map(|found| {
                    let shown = format!("Node: {}", found.attr("node").filter(|n| !n.is_empty())?);
                    Some(node_line(found, &shown, full))
                })
                .collect();
            if !here.is_empty() {
                lines.push(heading.to_owned());
                lines.extend(here);
            }
        }
        lines.extend(rule_lines(&found, full));
    }
    lines
}

fn rule_lines(found: &[&Element], full: bool) -> Vec<String> {
    let mut with_rules: Vec<&&Element> =
        found.iter().filter(|found| found.child("rule").is_some()).collect();
    with_rules.sort_by_key(|found| found.id());
    let mut lines = Vec::new();
    for found in with_rules {
        let discovery = found
            .attr("resource-discovery")
            .map(|value| format!(" (resource-discovery={value})"))
            .unwrap_or_default();
        lines.push(format!("    Constraint: {}{discovery}", found.id().unwrap_or_default()));
        for rule in found.children_named("rule") {
            lines.extend(crate::rule::lines(rule, full).iter().map(|line| format!("      {line}")));
        }
    }
    lines
}

fn lines_by_node(cib: &Element, full: bool, only: &[&str]) -> Vec<String> {
    let mut lines = vec!["Location Constraints:".to_owned()];
    let nodes: BTreeSet<&str> = locations(cib).filter_map(|found| found.attr("node")).collect();
    for node in nodes {
        if !only.is_empty() && !only.contains(&node) {
            continue;
        }
        lines.push(format!("  Node: {node}"));
        let headings = [(true, "    Allowed to run:"), (false, "    Not allowed to run:")];
        for (positive, heading) in headings {
            let here: Vec<String> = locations(cib)
                .filter(|found| found.attr("node") == Some(node) && is_positive(found) == positive)
                .map(|found| node_line(found, &target_of(found).2, full))
                .collect();
            if !here.is_empty() {
                lines.push(heading.to_owned());
                lines.extend(here);
            }
        }
    }
    let mut ruled: Vec<&Element> =
        locations(cib).filter(|found| found.child("rule").is_some()).collect();
    ruled.sort_by_key(|found| (target_of(found).0, target_of(found).1.to_owned()));
    for found in ruled {
        lines.push(format!("  {}", target_of(found).2));
        lines.extend(rule_lines(&[found], full));
    }
    lines
}
