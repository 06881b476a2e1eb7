use vocab::{Timestamp, ToolExit};
use xml::Element;

use super::{
    Options,
    ticket::{self, Ticket},
};
use crate::{
    frame::{self, Stop},
    output::Output,
};

/// Tells about one ticket, or all of them.
pub(super) fn list(cib: &Element, options: &Options, output: &mut Output) -> Result<(), Stop> {
    let tickets = ticket::all(cib);
    let chosen: Vec<&Ticket<'_>> = match options.ticket.as_deref() {
        Some(id) => {
            let ticket = tickets.get(id);
            vec![
                ticket
                    .ok_or_else(|| Stop::new(format!("No such ticket '{id}'"), ToolExit::NoSuch))?,
            ]
        }
        None => tickets.values().collect(),
    };
    for ticket in &chosen {
        let line = match (options.question.raw, options.question.details) {
            (true, _) => ticket.id.to_owned(),
            (false, with_details) => line(ticket, with_details),
        };
        output.line(line);
    }
    if !chosen.is_empty() {
        let elements = chosen.into_iter().map(element);
        output.element(Element::new("tickets").with_children(elements));
    }
    Ok(())
}

fn status(ticket: &Ticket<'_>) -> &'static str {
    if ticket.is_granted() { "granted" } else { "revoked" }
}

fn line(ticket: &Ticket<'_>, with_details: bool) -> String {
    let mut line = format!("{}\t{}", ticket.id, status(ticket));
    if ticket.is_standby() {
        line.push_str(" [standby]");
    }
    if with_details && !ticket.state.is_empty() {
        let detail = |(name, value): &(&str, &str)| match (*name, value.parse()) {
            ("last-granted" | "expires", Ok(seconds)) => {
                format!("{name}={}", in_words(Timestamp(seconds)))
            }
            _ => format!("{name}={value}"),
        };
        let details: Vec<String> = ticket.state.iter().map(detail).collect();
        line.push_str(&format!("\t({})", details.join(", ")));
    } else if let Some(moment) = ticket.last_granted() {
        line.push_str(&format!(" last-granted=\"{}\"", in_words(moment)));
    }
    line
}

fn element(ticket: &Ticket<'_>) -> Element {
    let element = Element::new("ticket")
        .with("id", ticket.id)
        .with("status", status(ticket))
        .with("standby", ticket.is_standby())
        .with_some("last-granted", ticket.last_granted().map(in_words));
    let others =
        ticket.state.iter().filter(|(name, _)| !["last-granted", "expires"].contains(name));
    others.fold(element, |element, (name, value)| element.with(name, value))
}

fn in_words(moment: Timestamp) -> String {
    present::ctime(moment, frame::utc_offset_seconds())
}

/// The XML of one ticket's state, or of all.
pub(super) fn states(cib: &Element, wanted: Option<&str>, output: &mut Output) -> Result<(), Stop> {
    let found: Vec<&Element> = ticket::states(cib)
        .filter(|state| wanted.is_none_or(|wanted| state.id() == Some(wanted)))
        .collect();
    if found.is_empty() {
        let message = "Could not query ticket XML: No such device or address";
        return Err(Stop::new(message.to_owned(), ToolExit::NoSuch));
    }
    if let (Some(id), [_, _, ..]) = (wanted, found.as_slice()) {
        output.line(format!("Multiple ticket_states match ticket={id}"));
    }
    output.line("State XML:\n");
    found.iter().for_each(|state| output.text(&state.to_pretty()));
    let elements = found.iter().map(|state| {
        state
            .attrs()
            .fold(Element::new("ticket"), |element, (name, value)| element.with(name, value))
    });
    output.element(Element::new("tickets").with_children(elements));
    Ok(())
}

/// The constraints on one ticket, or on all.
pub(super) fn constraints(
    cib: &Element,
    wanted: Option<&str>,
    output: &mut Output,
) -> Result<(), Stop> {
    let found: Vec<&Element> = ticket::constraints(cib)
        .filter(|constraint| wanted.is_none_or(|wanted| constraint.attr("ticket") == Some(wanted)))
        .collect();
    if found.is_empty() {
        let message = "Could not show ticket constraints: No such device or address";
        return Err(Stop::new(message.to_owned(), ToolExit::NoSuch));
    }
    output.line("Constraints XML:\n");
    found.iter().for_each(|constraint| output.text(&constraint.to_pretty()));
    let tickets = found.iter().map(|constraint| {
        let inside = Element::new("constraints").with_child(Element::clone(constraint));
        Element::new("ticket").with_some("id", constraint.attr("ticket")).with_child(inside)
    });
    output.element(Element::new("tickets").with_children(tickets));
    // What constraints refer to has to be somewhere in the document.
    let resources = found
        .iter()
        .map(|constraint| Element::new("resource").with_some("id", constraint.attr("rsc")));
    output.element(Element::new("resources").with_children(resources));
    Ok(())
}

/// An attribute of a ticket.
pub(super) fn attribute(
    cib: &Element,
    ticket: &str,
    name: &str,
    default: Option<&str>,
    output: &mut Output,
) -> Result<(), Stop> {
    let tickets = ticket::all(cib);
    let value = tickets.get(ticket).and_then(|ticket| ticket.attribute(name)).or(default);
    let Some(value) = value else {
        let message = format!("Ticket '{ticket}' has no attribute '{name}'");
        return Err(Stop::new(message, ToolExit::NoSuch));
    };
    output.line(value);
    let attribute = Element::new("attribute").with("name", name).with("value", value);
    let ticket = Element::new("ticket").with("id", ticket).with_child(attribute);
    output.element(Element::new("tickets").with_child(ticket));
    Ok(())
}
