use cib_edit::{
    agent::AgentName,
    resource::{self, Create, Place},
};
use xml::Element;

use crate::{
    agents, listing, resource as resource_command,
    session::{Done, Session, Stop, print},
    status,
    words::{groups, operations, pairs},
};

pub(crate) fn run(session: &mut Session, words: &[&str]) -> Done {
    match words {
        [] => status::resources(session, &[], true),
        ["status", rest @ ..] => status::resources(session, rest, true),
        ["config", ids @ ..] => listing::resources(session, ids, true),
        ["create", id, agent, rest @ ..] => create(session, id, agent, rest),
        ["delete" | "remove" | "update" | "enable" | "disable" | "meta" | "op", ..] => {
            resource_command::run(session, words)
        }
        ["list", filter @ ..] => list(session, filter.first().copied().unwrap_or_default()),
        ["describe", agent] => {
            session.only(&["--full"])?;
            agents::shown(session, &fence_agent(agent))?.iter().for_each(|line| print(line));
            Ok(())
        }
        ["level"] | ["level", "config"] => {
            session.only(&["-f"])?;
            levels(&session.cib()?).iter().for_each(|line| print(line));
            Ok(())
        }
        [
            "level"
            | "sbd"
            | "fence"
            | "confirm"
            | "history"
            | "cleanup"
            | "refresh"
            | "update-scsi-devices",
            ..,
        ] => Err(Stop::not_built(&format!("pcs stonith {}", words[0]))),
        [command, ..] => Err(Stop::usage(&["stonith", command])),
    }
}

fn fence_agent(kind: &str) -> AgentName {
    let kind = kind.strip_prefix("stonith:").unwrap_or(kind);
    AgentName { standard: "stonith".to_owned(), provider: None, kind: kind.to_owned() }
}

fn create(session: &Session, id: &str, agent: &str, words: &[&str]) -> Done {
    session.only(&[
        "--agent-validation",
        "--disabled",
        "--force",
        "--no-default-ops",
        "--wait",
        "-f",
    ])?;
    session.no_wait()?;
    if session.options.has("--agent-validation") {
        return Err(Stop::not_built("--agent-validation"));
    }
    let grouped = groups(words, &["op", "meta"]);
    let of = |keyword: &str| -> Vec<&str> {
        let chosen = grouped.iter().filter(|(name, _)| *name == keyword);
        chosen.flat_map(|(_, group)| group.iter().copied()).collect()
    };
    let ops: Vec<Vec<&str>> =
        grouped.iter().filter(|(name, _)| *name == "op").map(|(_, group)| group.clone()).collect();
    let new = Create {
        id: id.to_owned(),
        agent: agents::describe(session, &fence_agent(agent))?,
        options: pairs(&of(""))?,
        meta: pairs(&of("meta"))?,
        operations: operations(&ops)?,
        place: Place::Alone,
        disabled: session.options.has("--disabled"),
        default_operations: !session.options.has("--no-default-ops"),
        force: session.force(),
    };
    session.edit(|cib| resource::create(cib, &new))
}

fn list(session: &Session, filter: &str) -> Done {
    session.only(&["--nodesc"])?;
    let matching: Vec<String> = agents::fence_agents()
        .into_iter()
        .filter(|name| name.to_lowercase().contains(&filter.to_lowercase()))
        .collect();
    if matching.is_empty() {
        return Err(Stop::message("No stonith agents matching the filter."));
    }
    for name in matching {
        let described = agents::metadata(&fence_agent(&name)).ok();
        match described.filter(|_| !session.options.has("--nodesc")) {
            Some(agent) if !agent.short_description.is_empty() => {
                print(&format!("{name} - {}", agent.short_description));
            }
            Some(_) | None => print(&name),
        }
    }
    Ok(())
}

/// The fencing topology in words.
pub(crate) fn levels(cib: &Element) -> Vec<String> {
    let topology = cib.descend(&["configuration", "fencing-topology"]);
    let mut levels: Vec<(String, u32, &str)> = topology
        .into_iter()
        .flat_map(Element::children)
        .filter_map(|level| {
            let get = |name: &str| level.attr(name);
            let target = get("target")
                .map(str::to_owned)
                .or_else(|| get("target-pattern").map(str::to_owned))
                .or_else(|| {
                    Some(format!("{}={}", get("target-attribute")?, get("target-value")?))
                })?;
            Some((target, get("index")?.parse().ok()?, get("devices")?))
        })
        .collect();
    levels.sort();
    let mut lines = Vec::new();
    let mut last = None;
    for (target, index, devices) in levels {
        if last.as_ref() != Some(&target) {
            lines.push(format!("Target: {target}"));
        }
        lines.push(format!("  Level {index} - {devices}"));
        last = Some(target);
    }
    lines
}
