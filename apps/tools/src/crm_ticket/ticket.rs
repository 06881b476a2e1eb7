//! Tickets as a CIB has them: those that were ever granted or revoked, and those that constraints name.

use std::collections::BTreeMap;

use vocab::Timestamp;
use xml::Element;

/// One ticket.
pub(super) struct Ticket<'a> {
    pub(super) id: &'a str,
    /// All attributes of its state but the id, in the order of the document.
    pub(super) state: Vec<(&'a str, &'a str)>,
}

impl<'a> Ticket<'a> {
    pub(super) fn attribute(&self, name: &str) -> Option<&'a str> {
        self.state.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    pub(super) fn is_granted(&self) -> bool {
        self.holds("granted")
    }

    pub(super) fn is_standby(&self) -> bool {
        self.holds("standby")
    }

    fn holds(&self, name: &str) -> bool {
        self.attribute(name).is_some_and(|value| vocab::parse_boolean(value) == Ok(true))
    }

    pub(super) fn last_granted(&self) -> Option<Timestamp> {
        let seconds: i64 = self.attribute("last-granted")?.parse().ok()?;
        (seconds >= 0).then_some(Timestamp(seconds))
    }
}

/// The elements with the states of tickets.
pub(super) fn states(cib: &Element) -> impl Iterator<Item = &Element> {
    let tickets = cib.descend(&["status", "tickets"]);
    tickets.into_iter().flat_map(|tickets| tickets.children_named("ticket_state"))
}

/// The constraints that name tickets.
pub(super) fn constraints(cib: &Element) -> impl Iterator<Item = &Element> {
    let constraints = cib.descend(&["configuration", "constraints"]);
    constraints.into_iter().flat_map(|constraints| constraints.children_named("rsc_ticket"))
}

/// All tickets by name.
pub(super) fn all(cib: &Element) -> BTreeMap<&str, Ticket<'_>> {
    let mut tickets = BTreeMap::new();
    for id in constraints(cib).filter_map(|constraint| constraint.attr("ticket")) {
        tickets.insert(id, Ticket { id, state: Vec::new() });
    }
    for element in states(cib) {
        let Some(id) = element.id() else { continue };
        let state = element.attrs().filter(|(name, _)| *name != "id").collect();
        tickets.insert(id, Ticket { id, state });
    }
    tickets
}
