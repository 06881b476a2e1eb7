use client::cib::{CallOptions, Cib};
use vocab::ToolExit;
use xml::Element;

use super::{Change, Options, must_be_named, refused, ticket};
use crate::frame::Stop;
use crate::{frame, output::Output};

/// Sets or removes attributes of a ticket.
pub(super) fn attributes(
    cib: &mut Cib,
    document: &Element,
    options: &Options,
    output: &mut Output,
) -> Result<(), Stop> {
    let change = &options.change;
    let set = wanted(change)?;
    if set.is_empty() && change.delete_attr.is_empty() {
        return Err(Stop::usage("Must supply a command"));
    }
    let id = must_be_named(options.ticket.as_deref())?;
    let known = ticket::states(document).find(|state| state.id() == Some(id));
    if !change.delete_attr.is_empty() {
        if !options.force && change.delete_attr.iter().any(|name| name == "granted") {
            return Err(unsafe_to_revoke(id, output));
        }
        let mut state = known.map_or_else(|| new_state(id), Element::clone);
        change.delete_attr.iter().for_each(|name| drop(state.remove_attr(name)));
        return cib
            .replace(Some("status"), state, CallOptions::NONE)
            .map_err(|error| refused("Could not modify ticket", &error));
    }
    if !options.force
        && let Some((_, granted)) = set.iter().find(|(name, _)| name == "granted")
    {
        let grants = vocab::parse_boolean(granted).unwrap_or(false);
        return Err(if grants {
            unsafe_to_grant(id, output)
        } else {
            unsafe_to_revoke(id, output)
        });
    }
    let was_granted = ticket::all(document).get(id).is_some_and(ticket::Ticket::is_granted);
    let mut state = known.map_or_else(|| new_state(id), Element::clone);
    for (name, value) in &set {
        state.set(name, value);
        if name == "granted" && !was_granted && vocab::parse_boolean(value) == Ok(true) {
            state.set("last-granted", frame::now().0);
        }
    }
    let tickets = Element::new("tickets").with_child(state);
    cib.modify(Some("status"), Element::new("status").with_child(tickets), CallOptions::CAN_CREATE)
        .map_err(|error| refused("Could not modify ticket", &error))
}

/// Names and values that the command line sets.
fn wanted(change: &Change) -> Result<Vec<(String, String)>, Stop> {
    let flags = [
        (change.grant, "granted", "true"),
        (change.revoke, "granted", "false"),
        (change.standby, "standby", "true"),
        (change.activate, "standby", "false"),
    ];
    let flags = flags.into_iter().filter(|(is_given, ..)| *is_given);
    let mut set: Vec<(String, String)> =
        flags.map(|(_, name, value)| (name.to_owned(), value.to_owned())).collect();
    let (names, values) = (&change.set_attr, &change.attr_value);
    if let Some(name) = names.get(values.len()) {
        return Err(Stop::usage(format!("Must supply value with -v for -S {name}")));
    }
    if let Some(value) = values.get(names.len()) {
        return Err(Stop::usage(format!("Must supply attribute name with -S for -v {value}")));
    }
    set.extend(names.iter().cloned().zip(values.iter().cloned()));
    Ok(set)
}

fn new_state(id: &str) -> Element {
    Element::new("ticket_state").with("id", id)
}

/// Removes all that is known of a ticket.
pub(super) fn forget(
    cib: &mut Cib,
    document: &Element,
    id: &str,
    force: bool,
    output: &mut Output,
) -> Result<(), Stop> {
    if !force {
        let tickets = ticket::all(document);
        let ticket = tickets
            .get(id)
            .ok_or_else(|| Stop::new(format!("No such ticket '{id}'"), ToolExit::NoSuch))?;
        if ticket.is_granted() {
            warn_of_revoking(id, output);
            let message = "Ticket cleanup not allowed without --force";
            return Err(Stop::new(message.to_owned(), ToolExit::InsufficientPrivileges));
        }
    }
    let states: Vec<&Element> =
        ticket::states(document).filter(|state| state.id() == Some(id)).collect();
    for state in &states {
        cib.delete(Some("status"), Element::clone(state), CallOptions::NONE)
            .map_err(|error| refused("Could not clean up ticket", &error))?;
    }
    if !states.is_empty() {
        output.line(format!("Cleaned up {id}"));
    }
    Ok(())
}

fn unsafe_to_grant(id: &str, output: &mut Output) -> Stop {
    output.remark(format!(
        "This command cannot help you verify whether '{id}' has been already granted elsewhere.\n\
         If you really want to grant '{id}' to this site now, and you know what you are doing,\n\
         please specify --force."
    ));
    Stop::new("Ticket modification not allowed without --force".to_owned(), ToolExit::Unsafe)
}

fn unsafe_to_revoke(id: &str, output: &mut Output) -> Stop {
    warn_of_revoking(id, output);
    Stop::new("Ticket modification not allowed without --force".to_owned(), ToolExit::Unsafe)
}

fn warn_of_revoking(id: &str, output: &mut Output) {
    output.remark(format!(
        "Revoking '{id}' can trigger the specified 'loss-policy'(s) relating to '{id}'.\n\n\
         You can check that with:\ncrm_ticket --ticket {id} --constraints\n\n\
         Otherwise before revoking '{id}', you may want to make '{id}' standby with:\n\
         crm_ticket --ticket {id} --standby\n\n\
         If you really want to revoke '{id}' from this site now, and you know what you are doing,\n\
         please specify --force."
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(set: &[&str], values: &[&str]) -> Change {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Change {
            grant: true,
            revoke: false,
            standby: false,
            activate: false,
            set_attr: owned(set),
            attr_value: owned(values),
            delete_attr: Vec::new(),
        }
    }

    #[test]
    fn each_name_needs_a_value_and_each_value_a_name() {
        let set = wanted(&change(&["a"], &["1"])).ok().unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(set, [pair("granted", "true"), pair("a", "1")]);
        assert!(wanted(&change(&["a", "b"], &["1"])).is_err());
        assert!(wanted(&change(&[], &["1"])).is_err());
    }
}
