use std::time::{Duration, SystemTime, UNIX_EPOCH};

use present::{NodeKind, Resource, Sections, Show, Status};
use vocab::{Score, Timestamp};
use xml::Element;

use crate::{
    cluster, quorum, services,
    session::{Done, Session, Stop, print},
};

/// How long the launcher may take to say how it is.
const LAUNCHER_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) fn run(session: &mut Session, words: &[&str]) -> Done {
    match words {
        [] | ["status"] => whole(session),
        ["nodes", rest @ ..] => nodes(session, rest),
        ["resources", rest @ ..] => resources(session, rest, false),
        ["cluster"] => cluster(session),
        ["corosync"] => {
            session.only(&[])?;
            match cluster::quorum_tool(&["-l"]) {
                Ok(text) => {
                    print(text.trim_end());
                    Ok(())
                }
                Err(_) => Err(Stop::message("corosync not running")),
            }
        }
        ["quorum"] => {
            session.only(&[])?;
            quorum::status()
        }
        ["xml"] => as_xml(session),
        ["pcsd", ..] => Err(Stop::not_built("pcs status pcsd: needs pcsd on other nodes")),
        ["qdevice" | "booth" | "wait" | "query", ..] => {
            Err(Stop::not_built(&format!("pcs status {}", words[0])))
        }
        [command, ..] => Err(Stop::usage(&["status", command])),
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// The state of the cluster that a CIB tells, with what the launcher says if it is the running one.
fn picture(session: &Session) -> Result<(Status, Element), Stop> {
    let cib = match session.cib() {
        Ok(cib) => cib,
        Err(error) if !session.source.is_live() => return Err(error),
        Err(_) => return Err(Stop::message(NOT_RUNNING)),
    };
    let (model, _) = model::Model::build(&std::sync::Arc::new(cib.clone()), now());
    let mut status = Status::of(&model, &cib);
    if session.source.is_live() {
        status.launcher = launcher();
    }
    Ok((status, cib))
}

const NOT_RUNNING: &str = "error running crm_mon, is pacemaker running?\n  error: Could not connect to launcher: Connection refused\n  crm_mon: Connection to cluster failed: Connection refused";

fn launcher() -> Option<present::Launcher> {
    let mut launcher = client::launcher::Launcher::connect("pcs").ok()?;
    let (state, updated) = launcher.state(LAUNCHER_TIMEOUT).ok()?;
    Some(present::Launcher { state: state.to_string(), updated })
}

fn utc_offset_seconds() -> i32 {
    jiff::Zoned::now().offset().seconds()
}

fn show(session: &Session, full: bool) -> Show {
    let mut show = Show::new(Sections::TEXT, utc_offset_seconds());
    show.detail.inactive = !session.options.has("--hide-inactive");
    show.detail.always_list_resources = true;
    if full {
        show.sections.attributes = true;
        show.sections.fail_counts = true;
        show.sections.set_fencing(true);
        show.detail.full = true;
        show.detail.failure_detail = true;
    }
    show
}

fn whole(session: &Session) -> Done {
    session.only(&["--full", "--hide-inactive", "-f", "--corosync_conf", "--request-timeout"])?;
    let full = session.options.has("--full");
    if full && session.options.has("--hide-inactive") {
        return Err(Stop::message("you cannot specify both --hide-inactive and --full"));
    }
    let conf_given = session.options.has("--corosync_conf");
    if session.source.is_live() && conf_given {
        return Err(Stop::message(
            "When '--corosync_conf' is specified, '-f' must be specified as well",
        ));
    }
    if !session.source.is_live() && !conf_given {
        return Err(Stop::message(
            "When '-f' is specified, '--corosync_conf' must be specified as well",
        ));
    }
    let (status, cib) = picture(session)?;
    let text = present::to_text(&status, &show(session, full));
    print(&format!("Cluster name: {}", cluster::name(session, &cib)));
    let warnings = warnings(&cib);
    if !warnings.is_empty() {
        print("\nWARNINGS:");
        warnings.iter().for_each(|warning| print(warning));
        print("");
    }
    print(text.trim_end_matches('\n'));
    if full {
        print("\nTickets:");
        ticket_lines(&status).iter().for_each(|line| print(&format!("  {line}")));
    }
    if session.source.is_live() {
        print("\nDaemon Status:");
        services::status_lines().iter().for_each(|line| print(line));
    }
    Ok(())
}

fn ticket_lines(status: &Status) -> Vec<String> {
    status.tickets.iter().map(|ticket| ticket.id.clone()).collect()
}

/// What should be put right.
fn warnings(cib: &Element) -> Vec<String> {
    let mut warnings = Vec::new();
    let set = cib_edit::property::configured(cib);
    let enabled = set
        .iter()
        .find(|(name, _)| matches!(*name, "stonith-enabled" | "fencing-enabled"))
        .is_none_or(|(_, value)| {
            !matches!(value.to_lowercase().as_str(), "false" | "off" | "no" | "n" | "0")
        });
    let resources = cib_edit::resources(cib);
    let mut devices =
        resources.iter().filter(|found| found.element.attr("class") == Some("stonith"));
    if enabled && devices.next().is_none() && !services::is_active("sbd") {
        warnings.push("No stonith devices and stonith-enabled is not false".to_owned());
    }
    let moved: std::collections::BTreeSet<&str> = cib_edit::constraint::constraints(cib)
        .into_iter()
        .filter(|found| found.name() == "rsc_location")
        .filter(|found| found.id().is_some_and(|id| id.starts_with("cli-")))
        .filter_map(|found| found.attr("rsc"))
        .collect();
    if !moved.is_empty() {
        warnings.push(format!(
            "Following resources have been moved and their move constraints are still in place: {}",
            cib_edit::quoted_list(moved)
        ));
        warnings.push("Run 'pcs constraint location' or 'pcs resource clear <resource id>' to view or remove the constraints, respectively".to_owned());
    }
    warnings
}

pub(crate) fn cluster(session: &Session) -> Done {
    session.only(&["-f", "--request-timeout"])?;
    let not_running = || Stop::message("cluster is not currently running on this node");
    let (status, _) = picture(session).map_err(|error| match error {
        Stop::Message(text) if text == NOT_RUNNING => not_running(),
        other => other,
    })?;
    let mut show = show(session, false);
    show.sections.resources = false;
    show.sections.failures = false;
    show.sections.set_fencing(false);
    let text = present::to_text(&status, &show);
    print("Cluster Status:");
    for line in text.lines().filter(|line| !line.is_empty()) {
        print(&format!(" {line}"));
    }
    Ok(())
}

fn as_xml(session: &Session) -> Done {
    session.only(&["-f"])?;
    let (status, _) = picture(session)?;
    let mut show = Show::new(Sections::ALL, utc_offset_seconds());
    show.detail.inactive = true;
    show.detail.timing = true;
    let request = "/usr/sbin/crm_mon --one-shot --inactive --output-as xml";
    let result = Element::new("pacemaker-result")
        .with("api-version", "2.25")
        .with("request", request)
        .with_children(present::to_xml(&status, &show))
        .with_child(Element::new("status").with("code", 0).with("message", "OK"));
    print(result.to_pretty().trim_end());
    Ok(())
}

/// `pcs resource status` and `pcs stonith status`.
pub(crate) fn resources(session: &Session, words: &[&str], fencing: bool) -> Done {
    session.only(&["-f", "--hide-inactive"])?;
    if words.len() > 2 {
        return Err(Stop::usage(&[if fencing { "stonith" } else { "resource" }, "status"]));
    }
    let id = words.iter().find(|word| !word.contains('=')).copied();
    let node = words.iter().find_map(|word| word.strip_prefix("node="));
    if let Some(other) = words.iter().find(|word| word.contains('=') && !word.starts_with("node="))
    {
        let name = other.split('=').next().unwrap_or_default();
        return Err(Stop::message(format!("Unknown option '{name}'")));
    }
    if node == Some("") {
        return Err(Stop::message("missing value of 'node' option"));
    }
    let (status, _) = picture(session)?;
    let mut show = show(session, false);
    show.sections = Sections { resources: true, ..Sections::NONE };
    show.resources.extend(id.map(str::to_owned));
    show.nodes.extend(node.map(str::to_owned));
    let text = present::to_text(&status, &show);
    let mut found = false;
    let listed = text.lines().skip_while(|line| !line.ends_with(" Resources:"));
    for line in listed.filter(|line| line.starts_with("  ")) {
        match line {
            "  * No active resources" => {
                print("No active resources");
                return Ok(());
            }
            "  * No resources" => break,
            line if id.is_some() || line.contains("(stonith:") == fencing => {
                found = true;
                print(line);
            }
            _ => {}
        }
    }
    match (found, id, node) {
        (true, _, _) => {}
        (false, Some(id), None) => {
            return Err(Stop::message(format!("resource or tag id '{id}' not found")));
        }
        (false, _, Some(_)) => print("No active resources"),
        (false, None, None) if fencing => print("NO stonith devices configured"),
        (false, None, None) => print("NO resources configured"),
    }
    Ok(())
}

fn nodes(session: &Session, words: &[&str]) -> Done {
    match words {
        [] => {}
        ["config"] => {
            session.only(&["-f", "--corosync_conf"])?;
            let mut known = cluster::configured_names(session);
            known.sort();
            let cib = session.cib()?;
            let mut names: Vec<&str> =
                cib_edit::node::nodes(&cib).into_iter().map(|(_, name)| name).collect();
            names.sort_unstable();
            print("Corosync Nodes:");
            if !known.is_empty() {
                print(&format!(" {}", known.join(" ")));
            }
            print("Pacemaker Nodes:");
            if !names.is_empty() {
                print(&format!(" {}", names.join(" ")));
            }
            return Ok(());
        }
        ["corosync" | "both"] => {
            session.only(&[])?;
            let online = cluster::online_names()?;
            let mut offline = cluster::configured_names(session);
            offline.retain(|name| !online.contains(name));
            offline.sort();
            print("Corosync Nodes:");
            print(&[vec![" Online:".to_owned()], online].concat().join(" "));
            print(&[vec![" Offline:".to_owned()], offline].concat().join(" "));
            if words == ["corosync"] {
                return Ok(());
            }
        }
        _ => return Err(Stop::usage(&["status", "nodes"])),
    }
    session.only(&["-f"])?;
    let (status, _) = picture(session).map_err(|error| match error {
        Stop::Message(text) if text == NOT_RUNNING => {
            Stop::message("error running crm_mon, is pacemaker running?")
        }
        other => other,
    })?;
    for (heading, remote) in [("Pacemaker Nodes:", false), ("Pacemaker Remote Nodes:", true)] {
        print(heading);
        let of_kind: Vec<&present::Node> =
            status.nodes.iter().filter(|node| (node.kind != NodeKind::Member) == remote).collect();
        let line = |label: &str, fits: &dyn Fn(&present::Node) -> bool| {
            let mut words = vec![format!(" {label}:")];
            let chosen = of_kind.iter().filter(|node| fits(node));
            words.extend(chosen.map(|node| node.name.clone()));
            print(&words.join(" "));
        };
        line("Online", &|node| node.online && !node.standby && !node.maintenance);
        line("Standby", &|node| node.online && node.standby && node.running.is_empty());
        line("Standby with resource(s) running", &|node| {
            node.online && node.standby && !node.running.is_empty()
        });
        line("Maintenance", &|node| node.online && node.maintenance);
        line("Offline", &|node| !node.online);
    }
    Ok(())
}

/// The node that a resource runs on; an error unless there is exactly one.
pub(crate) fn node_running(session: &Session, id: &str) -> Result<String, Stop> {
    let (status, _) = picture(session)?;
    let mut places = Vec::new();
    for resource in &status.resources {
        collect_places(resource, id, &mut places);
    }
    places.sort();
    places.dedup();
    match places.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(Stop::message(format!(
            "You must specify a node when moving/banning a stopped resource, '{id}'"
        ))),
        _ => Err(Stop::message(format!(
            "more than one instance of resource '{id}' is running, thus the resource cannot be banned without a node"
        ))),
    }
}

fn collect_places(resource: &Resource, id: &str, places: &mut Vec<String>) {
    let base = |instance: &str| instance.split(':').next().unwrap_or_default().to_owned();
    match resource {
        Resource::Primitive(primitive) if base(&primitive.id) == id => {
            places.extend(primitive.nodes.iter().map(|node| node.name.clone()));
        }
        Resource::Primitive(_) => {}
        Resource::Group(group) => {
            let all = base(&group.id) == id;
            for member in &group.members {
                if all || base(&member.id) == id {
                    places.extend(member.nodes.iter().map(|node| node.name.clone()));
                }
            }
        }
        Resource::Clone(clone) => {
            for instance in &clone.instances {
                let wanted = if clone.id == id { instance_id(instance) } else { id.to_owned() };
                collect_places(instance, &wanted, places);
            }
        }
        Resource::Bundle(_) => {}
    }
}

fn instance_id(resource: &Resource) -> String {
    let id = match resource {
        Resource::Primitive(primitive) => &primitive.id,
        Resource::Group(group) => &group.id,
        Resource::Clone(clone) => &clone.id,
        Resource::Bundle(bundle) => &bundle.id,
    };
    id.split(':').next().unwrap_or_default().to_owned()
}

/// How often resources failed.
pub(crate) fn failcounts(session: &Session, words: &[&str]) -> Done {
    let id = words.first().filter(|word| !word.contains('=')).copied();
    let option =
        |name: &str| words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    if option("operation").is_some() || option("interval").is_some() {
        return Err(Stop::not_built("fail counts by operation"));
    }
    let (status, _) = picture(session)?;
    let mut counts: Vec<(String, String, Score)> = Vec::new();
    for history in &status.histories {
        if option("node").is_some_and(|node| node != history.node) {
            continue;
        }
        for resource in &history.resources {
            if resource.fail_count != Score::ZERO && id.is_none_or(|id| resource.resource == id) {
                counts.push((resource.resource.clone(), history.node.clone(), resource.fail_count));
            }
        }
    }
    counts.sort();
    if counts.is_empty() {
        let of = id.map(|id| format!(" for resource '{id}'")).unwrap_or_default();
        let on = option("node").map(|node| format!(" on node '{node}'")).unwrap_or_default();
        print(&format!("No failcounts{of}{on}"));
        return Ok(());
    }
    let mut last = None;
    for (resource, node, count) in counts {
        if last.as_ref() != Some(&resource) {
            print(&format!("Failcounts for resource '{resource}'"));
        }
        print(&format!("  {node}: {count}"));
        last = Some(resource);
    }
    Ok(())
}
