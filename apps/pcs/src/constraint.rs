mod location;

use cib_edit::{
    Pairs,
    constraint::{self, Colocation, Order, ResourceSet, SetKind},
    is_score,
};
use xml::Element;

use crate::{
    session::{Done, Session, Stop, complain, print},
    words::{owned, pair, pairs},
};

const ACTIONS: [&str; 4] = ["start", "promote", "demote", "stop"];

pub(crate) fn run(session: &mut Session, words: &[&str]) -> Done {
    match words {
        [] | ["config"] => list_all(session),
        ["list" | "show"] => {
            complain(
                "Deprecation Warning: This command is deprecated and will be removed. Please use 'pcs constraint config' instead.",
            );
            list_all(session)
        }
        ["colocation", rest @ ..] => colocation(session, rest),
        ["order", rest @ ..] => order(session, rest),
        ["location", rest @ ..] => location::run(session, rest),
        ["ticket"] | ["ticket", "config"] => {
            session.only(&["-f", "--full"])?;
            let cib = session.cib()?;
            show(plain_lines(&cib, "rsc_ticket", "Ticket", session.options.has("--full")))
        }
        ["remove" | "delete", ids @ ..] if !ids.is_empty() => {
            session.only(&["-f"])?;
            remove(session, ids)
        }
        ["ref", resources @ ..] if !resources.is_empty() => {
            session.only(&["-f"])?;
            references(&session.cib()?, resources);
            Ok(())
        }
        ["ticket" | "rule", ..] => {
            Err(Stop::not_built(&format!("pcs constraint {}", words[..2].join(" "))))
        }
        [command, ..] => Err(Stop::usage(&["constraint", command])),
    }
}

/// Each constraint is removed for itself, so that those in front of an unknown id are gone.
fn remove(session: &Session, ids: &[&str]) -> Done {
    for id in ids {
        session.edit(|cib| constraint::remove(cib, &owned(&[id])))?;
    }
    Ok(())
}

fn references(cib: &Element, resources: &[&str]) {
    for resource in resources {
        print(&format!("Resource: {resource}"));
        let ids = constraint::referring(cib, resource);
        if ids.is_empty() {
            print("  No Matches.");
        }
        ids.iter().for_each(|id| print(&format!("  {id}")));
    }
}

fn show(lines: Vec<String>) -> Done {
    lines.iter().for_each(|line| print(line));
    Ok(())
}

fn list_all(session: &Session) -> Done {
    session.only(&["-f", "--full", "--all"])?;
    show(all_lines(&session.cib()?, session.options.has("--full")))
}

/// All constraints in words.
pub(crate) fn all_lines(cib: &Element, full: bool) -> Vec<String> {
    let mut lines = location::lines(cib, full, &[]);
    lines.extend(plain_lines(cib, "rsc_order", "Ordering", full));
    lines.extend(plain_lines(cib, "rsc_colocation", "Colocation", full));
    lines.extend(plain_lines(cib, "rsc_ticket", "Ticket", full));
    lines
}

fn plain_lines(cib: &Element, tag: &str, label: &str, full: bool) -> Vec<String> {
    let all: Vec<&Element> =
        constraint::constraints(cib).into_iter().filter(|found| found.name() == tag).collect();
    let (sets, plain): (Vec<&Element>, Vec<&Element>) =
        all.into_iter().partition(|found| found.child("resource_set").is_some());
    let mut lines = vec![format!("{label} Constraints:")];
    lines.extend(plain.iter().map(|found| format!("  {}", constraint::describe(found, full))));
    if !sets.is_empty() {
        lines.push("  Resource Sets:".to_owned());
        lines.extend(sets.iter().map(|found| format!("    {}", set_line(found, full))));
    }
    lines
}

fn set_line(found: &Element, full: bool) -> String {
    let id = |element: &Element| {
        if full { format!(" (id:{})", element.id().unwrap_or_default()) } else { String::new() }
    };
    let attributes = |element: &Element, joined: &str| -> Vec<String> {
        let mut pairs: Vec<_> = element.attrs().filter(|(name, _)| *name != "id").collect();
        pairs.sort_unstable();
        pairs.iter().map(|(name, value)| format!("{name}{joined}{value}")).collect()
    };
    let sets: Vec<String> = found
        .children_named("resource_set")
        .map(|set| {
            let members: Vec<&str> = set.children().filter_map(Element::id).collect();
            let options: Vec<String> = attributes(set, "=");
            let mut parts = vec![format!("set {}", members.join(" "))];
            parts.extend(options);
            format!("{}{}", parts.join(" "), id(set))
        })
        .collect();
    let options = attributes(found, "=");
    let options = if options.is_empty() {
        String::new()
    } else {
        format!(" setoptions {}", options.join(" "))
    };
    format!("{}{options}{}", sets.join(" "), id(found))
}

// --- colocation ---

fn colocation(session: &Session, words: &[&str]) -> Done {
    match words {
        [] | ["config"] => {
            session.only(&["-f", "--full"])?;
            let full = session.options.has("--full");
            show(plain_lines(&session.cib()?, "rsc_colocation", "Colocation", full))
        }
        ["add", rest @ ..] => colocation_add(session, rest),
        ["remove" | "delete", a, b, ..] => {
            session.only(&["-f"])?;
            session.edit(|cib| constraint::remove_colocation(cib, a, b))
        }
        ["set", rest @ ..] => sets(session, rest, SetKind::Colocation),
        _ => Err(Stop::usage(&["constraint", "colocation"])),
    }
}

fn colocation_add(session: &Session, words: &[&str]) -> Done {
    session.only(&["-f", "--force"])?;
    let usage = || Stop::usage(&["constraint", "colocation", "add"]);
    let (role, resource, rest) = match words {
        [role, resource, "with", rest @ ..] => (Some(*role), *resource, rest),
        [resource, "with", rest @ ..] if !rest.is_empty() => (None, *resource, rest),
        _ => return Err(usage()),
    };
    if rest.contains(&"with") {
        return Err(Stop::Usage {
            path: owned(&["constraint", "colocation", "add"]),
            message: Some("Multiple 'with's cannot be specified.".to_owned()),
            hint: Some("Use the 'pcs constraint colocation set' command if you want to create a constraint for more than two resources.".to_owned()),
        });
    }
    let (with_role, with, rest) = match rest {
        [] => return Err(usage()),
        [with] => (None, *with, &rest[1..]),
        [with, next, ..] if is_score(next) || next.contains('=') => (None, *with, &rest[1..]),
        [role, with, ..] => (Some(*role), *with, &rest[2..]),
    };
    let (score, rest) = match rest.split_first() {
        Some((score, rest)) if !score.contains('=') => (Some((*score).to_owned()), rest),
        Some(_) | None => (None, rest),
    };
    for role in [role, with_role].into_iter().flatten() {
        warn_of_old_role(role);
    }
    let new = Colocation {
        resource: resource.to_owned(),
        role: role.map(str::to_owned),
        with: with.to_owned(),
        with_role: with_role.map(str::to_owned),
        score,
        options: filled_pairs(rest)?,
    };
    session.edit(|cib| constraint::colocate(cib, &new, session.force()))
}

fn warn_of_old_role(role: &str) {
    let new = match role.to_lowercase().as_str() {
        "master" => "Promoted",
        "slave" => "Unpromoted",
        _ => return,
    };
    complain(&format!(
        "Deprecation Warning: Role value '{role}' is deprecated and should not be used, use '{new}' instead"
    ));
}

/// Pairs of which none may have an empty value.
fn filled_pairs(words: &[&str]) -> Result<Pairs, Stop> {
    words
        .iter()
        .map(|word| match pair(word)? {
            (name, value) if value.is_empty() => {
                Err(Stop::message(format!("value of '{name}' option is empty")))
            }
            filled => Ok(filled),
        })
        .collect()
}

// --- order ---

fn order(session: &Session, words: &[&str]) -> Done {
    match words {
        [] | ["config"] => {
            session.only(&["-f", "--full"])?;
            let full = session.options.has("--full");
            show(plain_lines(&session.cib()?, "rsc_order", "Ordering", full))
        }
        ["set", rest @ ..] => sets(session, rest, SetKind::Order),
        ["remove" | "delete", resources @ ..] if !resources.is_empty() => {
            session.only(&["-f"])?;
            session.edit(|cib| constraint::remove_order(cib, &owned(resources)))
        }
        words => order_add(session, words),
    }
}

fn order_add(session: &Session, words: &[&str]) -> Done {
    session.only(&["-f", "--force"])?;
    let usage = || Stop::usage(&["constraint", "order"]);
    let action = |words: &mut &[&str]| -> String {
        match words.split_first() {
            Some((action, rest)) if ACTIONS.contains(action) => {
                let action = (*action).to_owned();
                *words = rest;
                action
            }
            Some(_) | None => "start".to_owned(),
        }
    };
    let mut rest = words;
    let first_action = action(&mut rest);
    let [first, "then", behind @ ..] = rest else { return Err(usage()) };
    let mut rest = behind;
    let then_action = action(&mut rest);
    let [then, options @ ..] = rest else { return Err(usage()) };
    if options.contains(&"then") {
        return Err(Stop::Usage {
            path: owned(&["constraint", "order"]),
            message: Some("Multiple 'then's cannot be specified.".to_owned()),
            hint: Some("Use the 'pcs constraint order set' command if you want to create a constraint for more than two resources.".to_owned()),
        });
    }
    let mut new = Order {
        first: (*first).to_owned(),
        first_action,
        then: (*then).to_owned(),
        then_action,
        ..Order::default()
    };
    for option in options {
        match *option {
            "symmetrical" => new.symmetrical = Some("true".to_owned()),
            "nonsymmetrical" => new.symmetrical = Some("false".to_owned()),
            word => {
                let (name, value) = filled_pairs(&[word])?.remove(0);
                if name == "symmetrical" {
                    let value = value.to_lowercase();
                    if !["true", "false"].contains(&value.as_str()) {
                        return Err(Stop::message(format!(
                            "invalid symmetrical value '{value}', allowed values are: true, false"
                        )));
                    }
                    new.symmetrical = Some(value);
                } else {
                    new.options.push((name, value));
                }
            }
        }
    }
    session.edit(|cib| constraint::order(cib, &new, session.force()))
}

fn sets(session: &Session, words: &[&str], kind: SetKind) -> Done {
    session.only(&["-f", "--force"])?;
    let (words, options) = match words.iter().position(|word| *word == "setoptions") {
        Some(at) => (&words[..at], pairs(&words[at + 1..])?),
        None => (words, Vec::new()),
    };
    let sets: Vec<ResourceSet> = words
        .split(|word| *word == "set")
        .map(|set| {
            let (options, resources): (Vec<&str>, Vec<&str>) =
                set.iter().copied().partition(|word| word.contains('='));
            Ok(ResourceSet { resources: owned(&resources), options: pairs(&options)? })
        })
        .collect::<Result<_, Stop>>()?;
    if sets.iter().any(|set| set.resources.is_empty()) {
        let name = if kind == SetKind::Order { "order" } else { "colocation" };
        return Err(Stop::usage(&["constraint", name, "set"]));
    }
    session.edit(|cib| constraint::add_sets(cib, kind, &sets, &options, session.force()))
}
