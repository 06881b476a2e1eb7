use std::collections::BTreeMap;

use cib_edit::{Pairs, property};

use crate::{
    session::{Done, Session, Stop, print},
    words,
};

pub(crate) fn run(session: &mut Session, words: &[&str]) -> Done {
    match words.split_first() {
        None => list(session, &[]),
        Some((&"config" | &"list" | &"show", rest)) => list(session, rest),
        Some((&"set", rest)) if !rest.is_empty() => {
            session.only(&["--force", "-f"])?;
            let values = words::pairs(rest)?;
            session.edit(|cib| property::set(cib, &values, session.force()))
        }
        Some((&"unset", rest)) if !rest.is_empty() => unset(session, rest),
        Some(_) => Err(Stop::usage(&["property"])),
    }
}

fn unset(session: &Session, names: &[&str]) -> Done {
    session.only(&["--force", "-f"])?;
    let mut seen = std::collections::BTreeSet::new();
    let twice: Vec<&&str> = names.iter().filter(|name| !seen.insert(**name)).collect();
    if !twice.is_empty() && !session.force() {
        let noun = if twice.len() > 1 { "arguments" } else { "argument" };
        return Err(Stop::message(format!("duplicate {noun}: {}", cib_edit::quoted_list(twice))));
    }
    let values: Pairs = seen.into_iter().map(|name| (name.to_owned(), String::new())).collect();
    session.edit(|cib| property::set(cib, &values, session.force()))
}

fn list(session: &Session, names: &[&str]) -> Done {
    session.only(&["--all", "--defaults", "-f"])?;
    if names.len() > 1 {
        return Err(Stop::usage(&["property"]));
    }
    let everything = session.options.has("--all") || session.options.has("--defaults");
    if everything && !names.is_empty() {
        return Err(Stop::message("you cannot specify a property when using --all or --defaults"));
    }
    let lines = lines(session, names)?;
    print("Cluster Properties:");
    lines.iter().for_each(|line| print(line));
    Ok(())
}

/// The options to be shown, a line each.
fn lines(session: &Session, names: &[&str]) -> Result<Vec<String>, Stop> {
    let mut shown: BTreeMap<&str, String> = BTreeMap::new();
    if session.options.has("--all") || session.options.has("--defaults") || !names.is_empty() {
        for property in property::with_defaults() {
            shown.insert(property.name, property.default.to_owned());
        }
    }
    let cib = if session.options.has("--defaults") { None } else { Some(session.cib()?) };
    let configured = cib.as_ref().map(property::configured).unwrap_or_default();
    for (name, value) in &configured {
        shown.insert(name, (*value).to_owned());
    }
    if let [name] = names {
        shown.retain(|known, _| known == name);
    }
    Ok(shown.iter().map(|(name, value)| format!(" {name}: {value}")).collect())
}

/// The options that are set, a line each, by name.
pub(crate) fn configured_lines(cib: &xml::Element) -> Vec<String> {
    let sorted: BTreeMap<&str, &str> = property::configured(cib).into_iter().collect();
    sorted.iter().map(|(name, value)| format!(" {name}: {value}")).collect()
}
