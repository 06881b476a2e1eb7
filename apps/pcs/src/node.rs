use cib_edit::{Pairs, node};
use xml::Element;

use crate::{
    cluster,
    session::{Done, Session, Stop, print},
    words::pairs,
};

pub(crate) fn run(session: &mut Session, words: &[&str]) -> Done {
    match words {
        ["standby", names @ ..] => switch(session, names, "standby", "on"),
        ["unstandby", names @ ..] => switch(session, names, "standby", ""),
        ["maintenance", names @ ..] => switch(session, names, "maintenance", "on"),
        ["unmaintenance", names @ ..] => switch(session, names, "maintenance", ""),
        ["attribute", rest @ ..] => {
            values(session, rest, "Node Attributes:", "instance_attributes")
        }
        ["utilization", rest @ ..] => values(session, rest, "Node Utilization:", "utilization"),
        [command, ..] => Err(Stop::usage(&["node", command])),
        [] => Err(Stop::usage(&["node"])),
    }
}

fn switch(session: &Session, names: &[&str], attribute: &str, value: &str) -> Done {
    session.only(&["-f", "--all", "--wait"])?;
    session.no_wait()?;
    let all = session.options.has("--all");
    if all && !names.is_empty() {
        return Err(Stop::usage(&["node"]));
    }
    if !all && names.is_empty() && !session.source.is_live() {
        return Err(Stop::message("Node(s) must be specified if -f is used"));
    }
    let pair: Pairs = vec![(attribute.to_owned(), value.to_owned())];
    session.edit(|cib| {
        let chosen = chosen(cib, names, all);
        node::set_attributes(cib, &chosen, &pair)
    })
}

/// The nodes that are meant: all, those that are named, or this one.
fn chosen(cib: &Element, names: &[&str], all: bool) -> Vec<String> {
    if all {
        return node::nodes(cib).into_iter().map(|(_, name)| name.to_owned()).collect();
    }
    if names.is_empty() {
        return vec![cluster::local_name()];
    }
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn values(session: &Session, words: &[&str], heading: &str, block: &'static str) -> Done {
    session.only(&["-f", "--force", "--name"])?;
    if let [name, rest @ ..] = words
        && !rest.is_empty()
    {
        let values = pairs(rest)?;
        return session.edit(|cib| match block {
            "utilization" => node::set_utilization(cib, name, &values),
            _ => node::set_attributes(cib, &[(*name).to_owned()], &values),
        });
    }
    let cib = session.cib()?;
    let only = words.first().copied();
    if let Some(name) = only
        && node::nodes(&cib).iter().all(|(_, known)| *known != name)
        && block == "utilization"
    {
        return Err(Stop::message(format!("Unable to find a node: {name}")));
    }
    print(heading);
    lines(&cib, only, session.options.value("--name"), block).iter().for_each(|line| print(line));
    Ok(())
}

/// A line with the values of each node that has some.
pub(crate) fn lines(
    cib: &Element,
    only: Option<&str>,
    attribute: Option<&str>,
    block: &'static str,
) -> Vec<String> {
    let mut names: Vec<&str> = node::nodes(cib).into_iter().map(|(_, name)| name).collect();
    names.sort_unstable();
    names
        .into_iter()
        .filter(|name| only.is_none_or(|only| only == *name))
        .filter_map(|name| {
            let mut values: Vec<_> = node::values(cib, name, block)
                .into_iter()
                .filter(|(known, _)| attribute.is_none_or(|attribute| attribute == *known))
                .collect();
            values.sort_unstable();
            let values: Vec<String> =
                values.iter().map(|(name, value)| format!("{name}={value}")).collect();
            (!values.is_empty()).then(|| format!(" {name}: {}", values.join(" ")))
        })
        .collect()
}
