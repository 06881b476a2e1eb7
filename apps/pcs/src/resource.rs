use cib_edit::{
    Kind, Pairs, Refused,
    agent::{Agent, AgentName},
    resource::{self, Create, Place, Position},
};

use crate::{
    agents, defaults, listing,
    session::{Done, Session, Stop, complain, print},
    status,
    words::{groups, operations, owned, pairs},
};
use cib_edit::defaults::Defaults;

pub(crate) fn run(session: &mut Session, words: &[&str]) -> Done {
    let Some((command, rest)) = words.split_first() else {
        return status::resources(session, &[], false);
    };
    match (*command, rest) {
        ("status", rest) => status::resources(session, rest, false),
        ("config", rest) => listing::resources(session, rest, false),
        ("create", rest) => create(session, rest),
        ("delete" | "remove", [id]) => remove(session, id),
        ("enable", ids) if !ids.is_empty() => {
            switch(session, |cib| resource::enable(cib, &owned(ids)))
        }
        ("disable", ids) if !ids.is_empty() => disable(session, ids),
        ("manage" | "unmanage", ids) if !ids.is_empty() => manage(session, command, ids),
        ("update", [id, rest @ ..]) if !rest.is_empty() => update(session, id, rest),
        ("meta", [id, rest @ ..]) if !rest.is_empty() => {
            session.only(&["--force", "--wait", "-f"])?;
            session.no_wait()?;
            let values = pairs(rest)?;
            session.edit(|cib| resource::set_meta(cib, id, &values))
        }
        ("op", rest) => operation(session, rest),
        ("group", rest) => group(session, rest),
        ("ungroup", [id, members @ ..]) => ungroup(session, id, members),
        ("clone" | "promotable", [id, rest @ ..]) => {
            clone(session, id, rest, *command == "promotable")
        }
        ("unclone", [id]) => {
            session.only(&["-f", "--wait"])?;
            session.no_wait()?;
            session.edit(|cib| resource::unclone(cib, id))
        }
        ("move-with-constraint" | "move" | "ban" | "clear", rest) => place(session, command, rest),
        ("defaults", rest) => defaults::run(session, Defaults::Resources, rest),
        ("utilization", rest) => utilization(session, rest),
        ("failcount", rest) => failcount(session, rest),
        ("cleanup" | "refresh", rest) => history(session, command, rest),
        ("standards", []) => listed(session, agents::standards()),
        ("providers", []) => listed(session, agents::providers()),
        ("agents", rest) => list_agents(session, rest),
        ("list", rest) => list_described(session, rest),
        ("describe", [name]) => describe(session, name),
        (
            "relations" | "relocate" | "restart" | "safe-disable" | "debug-start" | "debug-stop"
            | "debug-promote" | "debug-demote" | "debug-monitor" | "bundle" | "show",
            _,
        ) => Err(Stop::not_built(&format!("pcs resource {command}"))),
        (_, _) => Err(Stop::usage(&["resource", command])),
    }
}

fn listed<S: AsRef<str>>(session: &Session, names: impl IntoIterator<Item = S>) -> Done {
    session.only(&[])?;
    names.into_iter().for_each(|name| print(name.as_ref()));
    Ok(())
}

fn list_agents(session: &Session, words: &[&str]) -> Done {
    session.only(&[])?;
    let (standard, provider) = match words {
        [] => (None, None),
        [one] => match one.split_once(':') {
            Some((standard, provider)) => (Some(standard), Some(provider)),
            None => (Some(*one), None),
        },
        _ => return Err(Stop::usage(&["resource", "agents"])),
    };
    let mut names: Vec<String> = match standard {
        Some(standard) => agents::agents(standard, provider),
        None => agents::standards().iter().flat_map(|each| agents::agents(each, None)).collect(),
    };
    if names.is_empty() {
        let suffix = words.first().map(|what| format!(" for {what}")).unwrap_or_default();
        return Err(Stop::message(format!("No agents found{suffix}")));
    }
    names.sort_by_key(|name| name.to_lowercase());
    names.iter().for_each(|name| print(name));
    Ok(())
}

fn list_described(session: &Session, words: &[&str]) -> Done {
    session.only(&["--nodesc"])?;
    let filter = words.first().copied().unwrap_or_default().to_lowercase();
    let mut found = false;
    for standard in agents::standards() {
        let providers: Vec<Option<String>> = if standard == "ocf" {
            agents::providers().into_iter().map(Some).collect()
        } else {
            vec![None]
        };
        for provider in providers {
            for kind in agents::agents(&standard, provider.as_deref()) {
                let (standard, provider) = (standard.clone(), provider.clone());
                let name = AgentName { standard, provider, kind };
                if !name.to_string().to_lowercase().contains(&filter) {
                    continue;
                }
                found = true;
                let described = if session.options.has("--nodesc") {
                    None
                } else {
                    agents::metadata(&name).ok()
                };
                match described.filter(|agent| !agent.short_description.is_empty()) {
                    Some(agent) => print(&format!("{name} - {}", agent.short_description)),
                    None => print(&name.to_string()),
                }
            }
        }
    }
    if found { Ok(()) } else { Err(Stop::message("No resource agents matching the filter.")) }
}

fn describe(session: &Session, name: &str) -> Done {
    session.only(&["--full"])?;
    let name = agents::find(name)?;
    agents::shown(session, &name)?.iter().for_each(|line| print(line));
    Ok(())
}

/// What is after the agent's name: what to set, operations, meta attributes, where to put the resource.
struct Parts {
    options: Pairs,
    meta: Pairs,
    operations: Vec<Pairs>,
    clone: Option<(Option<String>, Pairs)>,
    bundle: Option<String>,
}

fn parts(words: &[&str]) -> Result<Parts, Stop> {
    let grouped = groups(words, &["op", "meta", "clone", "promotable", "bundle"]);
    let all = |keyword: &str| -> Vec<&str> {
        grouped
            .iter()
            .filter(|(name, _)| *name == keyword)
            .flat_map(|(_, group)| group.iter().copied())
            .collect()
    };
    let has = |keyword: &str| grouped.iter().any(|(name, _)| *name == keyword);
    let op_groups: Vec<Vec<&str>> =
        grouped.iter().filter(|(name, _)| *name == "op").map(|(_, group)| group.clone()).collect();
    let kinds = ["clone", "promotable", "bundle"].into_iter().filter(|kind| has(kind)).count();
    if kinds > 1 {
        return Err(Stop::message(
            "you can specify only one of clone, promotable, bundle or --group",
        ));
    }
    let clone = ["clone", "promotable"].into_iter().find(|kind| has(kind));
    let clone = clone
        .map(|kind| -> Result<_, Stop> {
            let words = all(kind);
            let (id, rest) = match words.split_first() {
                Some((id, rest)) if !id.contains('=') => (Some((*id).to_owned()), rest),
                Some(_) | None => (None, words.as_slice()),
            };
            let mut meta = pairs(rest)?;
            if kind == "promotable" {
                if meta.iter().any(|(name, _)| name == "promotable") {
                    return Err(Stop::message(
                        "you cannot specify both promotable option and promotable keyword",
                    ));
                }
                meta.push(("promotable".to_owned(), "true".to_owned()));
            }
            Ok((id, meta))
        })
        .transpose()?;
    let bundle = match all("bundle").as_slice() {
        [id] => Some((*id).to_owned()),
        [] if !has("bundle") => None,
        _ => return Err(Stop::message("you have to specify exactly one bundle")),
    };
    Ok(Parts {
        options: pairs(&all(""))?,
        meta: pairs(&all("meta"))?,
        operations: operations(&op_groups)?,
        clone,
        bundle,
    })
}

fn create(session: &Session, words: &[&str]) -> Done {
    session.only(&[
        "--agent-validation",
        "--before",
        "--after",
        "--group",
        "--force",
        "--disabled",
        "--no-default-ops",
        "--wait",
        "-f",
    ])?;
    session.no_wait()?;
    if session.options.has("--agent-validation") {
        return Err(Stop::not_built("--agent-validation"));
    }
    let [id, agent, rest @ ..] = words else {
        return Err(Stop::usage(&["resource", "create"]));
    };
    let parts = parts(rest)?;
    let place = place_of(session, &parts)?;
    let name = agents::find(agent)?;
    if name.is_stonith() {
        complain(
            "Deprecation Warning: Ability of this command to accept fence agent is deprecated and will be removed in a future release. Use 'pcs stonith create' command instead.",
        );
    }
    let new = Create {
        id: (*id).to_owned(),
        agent: agents::describe(session, &name)?,
        options: parts.options,
        meta: parts.meta,
        operations: parts.operations,
        place,
        disabled: session.options.has("--disabled"),
        default_operations: !session.options.has("--no-default-ops"),
        force: session.force(),
    };
    session.edit(|cib| resource::create(cib, &new))
}

fn place_of(session: &Session, parts: &Parts) -> Result<Place, Stop> {
    let group = session.options.value("--group");
    let before = session.options.value("--before");
    let after = session.options.value("--after");
    let others = parts.clone.is_some() || parts.bundle.is_some();
    match (group, before, after) {
        (Some(_), _, _) if others => {
            Err(Stop::message("you can specify only one of clone, promotable, bundle or --group"))
        }
        (_, Some(_), Some(_)) => {
            let hint = if group.is_some() { "" } else { " and you have to specify --group" };
            Err(Stop::message(format!("you cannot specify both --before and --after{hint}")))
        }
        (None, Some(_), None) => Err(Stop::message("you cannot use --before without --group")),
        (None, None, Some(_)) => Err(Stop::message("you cannot use --after without --group")),
        (Some(id), before, after) => {
            Ok(Place::Group { id: id.to_owned(), position: position(before, after) })
        }
        (None, None, None) => Ok(match (&parts.clone, &parts.bundle) {
            (Some((id, meta)), _) => Place::Clone { id: id.clone(), meta: meta.clone() },
            (None, Some(id)) => Place::Bundle { id: id.clone() },
            (None, None) => Place::Alone,
        }),
    }
}

fn position(before: Option<&str>, after: Option<&str>) -> Position {
    match (before, after) {
        (Some(id), _) => Position::Before(id.to_owned()),
        (None, Some(id)) => Position::After(id.to_owned()),
        (None, None) => Position::Last,
    }
}

fn remove(session: &Session, id: &str) -> Done {
    session.only(&["-f", "--force"])?;
    session.edit(|cib| resource::remove(cib, id))
}

fn switch(session: &Session, command: impl FnOnce(&mut xml::Element) -> cib_edit::Outcome) -> Done {
    session.only(&["--wait", "-f"])?;
    session.no_wait()?;
    session.edit(command)
}

fn disable(session: &Session, ids: &[&str]) -> Done {
    let safe = ["--safe", "--simulate", "--no-strict", "--brief"];
    if let Some(option) = safe.into_iter().find(|option| session.options.has(option)) {
        return Err(Stop::not_built(&format!("pcs resource disable {option}")));
    }
    switch(session, |cib| resource::disable(cib, &owned(ids)))
}

fn manage(session: &Session, command: &str, ids: &[&str]) -> Done {
    session.only(&["-f", "--monitor"])?;
    let monitors = session.options.has("--monitor");
    session.edit(|cib| match command {
        "manage" => resource::manage(cib, &owned(ids), monitors),
        _ => resource::unmanage(cib, &owned(ids), monitors),
    })
}

fn update(session: &Session, id: &str, words: &[&str]) -> Done {
    session.only(&["-f", "--wait", "--force", "--agent-validation"])?;
    session.no_wait()?;
    if session.options.has("--agent-validation") {
        return Err(Stop::not_built("--agent-validation"));
    }
    let cib = session.cib()?;
    let resources = cib_edit::resources(&cib);
    let found = resources.iter().find(|found| found.element.id() == Some(id));
    let agent = match found {
        Some(found) if found.kind == Kind::Primitive => known(session, found.element)?,
        Some(found) if found.kind == Kind::Clone => {
            session.only(&["-f", "--wait", "--force"])?;
            let words: Vec<&str> = words.iter().copied().filter(|word| *word != "meta").collect();
            let values = pairs(&words)?;
            return session.edit(|cib| resource::set_meta(cib, id, &values));
        }
        Some(_) | None => {
            return Err(Stop::message(format!("Unable to find resource: {id}")));
        }
    };
    let grouped = groups(words, &["op", "meta"]);
    let of = |keyword: &str| -> Vec<&str> {
        let chosen = grouped.iter().filter(|(name, _)| *name == keyword);
        chosen.flat_map(|(_, group)| group.iter().copied()).collect()
    };
    let mut changed: Vec<(String, Pairs)> = Vec::new();
    for (_, group) in grouped.iter().filter(|(name, _)| *name == "op") {
        for word in group {
            match (word.contains('='), changed.last_mut()) {
                (false, _) => changed.push(((*word).to_owned(), Vec::new())),
                (true, Some((_, attributes))) => attributes.push(crate::words::pair(word)?),
                (true, None) => {
                    let message = format!("{word} does not appear to be a valid operation action");
                    return Err(Stop::message(message));
                }
            }
        }
    }
    let (options, meta) = (pairs(&of(""))?, pairs(&of("meta"))?);
    session
        .edit(|cib| resource::update(cib, id, &agent, &options, &meta, &changed, session.force()))
}

/// What is known of a resource's agent. If it is not installed here, its options cannot be checked.
fn known(session: &Session, primitive: &xml::Element) -> Result<Agent, Stop> {
    let name = AgentName::of(primitive);
    match agents::describe(session, &name) {
        Err(Stop::Refused(refused)) => Err(Stop::Refused(Refused { complete: false, ..refused })),
        other => other,
    }
}

fn operation(session: &Session, words: &[&str]) -> Done {
    match words {
        ["defaults", rest @ ..] => defaults::run(session, Defaults::Operations, rest),
        ["add", id, name, rest @ ..] => {
            session.only(&["-f", "--force"])?;
            if name.contains('=') {
                let message = format!("{name} does not appear to be a valid operation action");
                return Err(Stop::message(message));
            }
            let attributes = pairs(rest)?;
            session.edit(|cib| resource::add_operation(cib, id, name, &attributes, session.force()))
        }
        ["remove" | "delete", id, rest @ ..] => {
            session.only(&["-f"])?;
            let (name, attributes) = match rest.split_first() {
                Some((name, attributes)) => (Some(*name), pairs(attributes)?),
                None => (None, Vec::new()),
            };
            let as_written = rest.join(" ");
            session.edit(|cib| resource::remove_operation(cib, id, name, &attributes, &as_written))
        }
        _ => Err(Stop::usage(&["resource", "op"])),
    }
}

fn group(session: &Session, words: &[&str]) -> Done {
    match words {
        ["add", group, members @ ..] if !members.is_empty() => {
            session.only(&["-f", "--wait", "--after", "--before"])?;
            session.no_wait()?;
            let (before, after) =
                (session.options.value("--before"), session.options.value("--after"));
            if before.is_some() && after.is_some() {
                return Err(Stop::message("you cannot specify both --before and --after"));
            }
            session.edit(|cib| {
                resource::group_add(cib, group, &owned(members), &position(before, after))
            })
        }
        ["list"] => {
            session.only(&["-f"])?;
            for (group, members) in resource::groups(&session.cib()?) {
                print(&format!("{group}: {}", members.join(" ")));
            }
            Ok(())
        }
        ["remove" | "delete", group, members @ ..] => ungroup(session, group, members),
        _ => Err(Stop::usage(&["resource", "group"])),
    }
}

fn ungroup(session: &Session, group: &str, members: &[&str]) -> Done {
    session.only(&["-f", "--wait"])?;
    session.no_wait()?;
    session.edit(|cib| resource::group_remove(cib, group, &owned(members)))
}

fn clone(session: &Session, id: &str, words: &[&str], promotable: bool) -> Done {
    session.only(&["-f", "--force", "--wait"])?;
    session.no_wait()?;
    let (clone_id, rest) = match words.split_first() {
        Some((id, rest)) if !id.contains('=') && *id != "meta" => (Some(*id), rest),
        Some(_) | None => (None, words),
    };
    if rest.contains(&"op") {
        return Err(Stop::message("op settings must be changed on base resource, not the clone"));
    }
    let rest: Vec<&str> = rest.iter().copied().filter(|word| *word != "meta").collect();
    let mut meta = pairs(&rest)?;
    if promotable {
        if meta.iter().any(|(name, _)| name == "promotable") {
            return Err(Stop::message(
                "you cannot specify both promotable option and promotable keyword",
            ));
        }
        meta.push(("promotable".to_owned(), "true".to_owned()));
    }
    session.edit(|cib| {
        resource::clone(cib, id, clone_id, &meta, session.force(), &agents::can_promote)
    })
}

fn place(session: &Session, command: &str, words: &[&str]) -> Done {
    let Some((id, rest)) = words.split_first() else {
        let verb = command.strip_suffix("-with-constraint").unwrap_or(command);
        return Err(Stop::message(format!("must specify a resource to {verb}")));
    };
    if command == "move" {
        session.only(&["--autodelete", "--promoted", "--strict", "--wait"])?;
        return Err(Stop::not_built(
            "pcs resource move (use 'pcs resource move-with-constraint' and 'pcs resource clear')",
        ));
    }
    if rest.iter().any(|word| word.starts_with("lifetime=")) {
        return Err(Stop::not_built("lifetime="));
    }
    session.only(&["-f", "--promoted", "--wait"])?;
    session.no_wait()?;
    let node = match rest {
        [] => None,
        [node] => Some(*node),
        _ => return Err(Stop::usage(&["resource", command])),
    };
    let promoted = session.options.has("--promoted");
    if command == "clear" {
        return session.edit(|cib| resource::clear(cib, id, node));
    }
    let chosen = match node {
        Some(node) => node.to_owned(),
        None if command == "ban" => status::node_running(session, id)?,
        None => {
            return Err(Stop::not_built(&format!("pcs resource {command} without a node")));
        }
    };
    session.edit(|cib| match command {
        "ban" => resource::ban(cib, id, &chosen, promoted),
        _ => resource::move_to(cib, id, &chosen, promoted),
    })
}

fn utilization(session: &Session, words: &[&str]) -> Done {
    session.only(&["-f"])?;
    match words {
        [id, values @ ..] if !values.is_empty() => {
            let values = pairs(values)?;
            session.edit(|cib| resource::set_utilization(cib, id, &values))
        }
        _ => listing::utilization(session, words.first().copied()),
    }
}

fn failcount(session: &Session, words: &[&str]) -> Done {
    let words = words.strip_prefix(&["show"]).unwrap_or(words);
    session.only(&["-f", "--full"])?;
    status::failcounts(session, words)
}

fn history(session: &Session, command: &str, words: &[&str]) -> Done {
    session.only(&["--strict"])?;
    let _ = words;
    Err(Stop::not_built(&format!("pcs resource {command}")))
}
