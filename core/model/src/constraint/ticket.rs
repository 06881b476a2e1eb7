use vocab::Role;
use xml::Element;

use super::{Constraint, ConstraintReader, LossPolicy, TicketConstraint};
use crate::ResourceKey;

impl ConstraintReader<'_, '_> {
    pub(crate) fn ticket(&mut self, element: &Element) {
        let id = element.id().unwrap_or_default().to_owned();
        let Some(ticket) = element.attr("ticket").map(str::to_owned) else {
            self.error(format!("Ignoring constraint '{id}' without ticket"));
            return;
        };
        self.model.tickets.entry(ticket.clone()).or_default();
        let ends = [("rsc", "rsc-role", "role")];
        let Some(expanded) = self.expanded(element, &ends, false) else { return };
        let Some(sets) = self.sets(&expanded) else { return };
        let policy = expanded.attr("loss-policy").map(str::to_owned);
        for set in &sets {
            let set_id = set.id().unwrap_or_default();
            for member in Self::members(set) {
                let Some(resource) = self.find(&member) else {
                    self.error(format!("{set_id}: No resource found for {member}"));
                    return;
                };
                self.needs_ticket(set_id, resource, &ticket, set.attr("role"), policy.as_deref());
            }
        }
        if !sets.is_empty() {
            return;
        }
        let name = expanded.attr("rsc").unwrap_or_default();
        let Some(resource) = self.find(name) else {
            self.error(format!(
                "Ignoring constraint '{id}' because resource '{name}' does not exist"
            ));
            return;
        };
        self.needs_ticket(&id, resource, &ticket, expanded.attr("rsc-role"), policy.as_deref());
    }

    fn needs_ticket(
        &mut self,
        id: &str,
        resource: ResourceKey,
        ticket: &str,
        role: Option<&str>,
        policy: Option<&str>,
    ) {
        let Some(role) = self.role(id, role) else { return };
        let loss_policy = match policy.map(str::to_ascii_lowercase).as_deref() {
            Some("fence") if self.model.options.fencing_enabled => LossPolicy::Fence,
            Some("fence") => {
                self.error(format!(
                    "Resetting 'loss-policy' for ticket '{ticket}' to 'stop' because fencing is not configured"
                ));
                LossPolicy::Stop
            }
            Some("freeze") => LossPolicy::Freeze,
            Some("demote") => LossPolicy::Demote,
            Some("stop") => LossPolicy::Stop,
            Some(_) | None if role == Role::Promoted => LossPolicy::Demote,
            Some(_) | None => LossPolicy::Stop,
        };
        self.read.push(Constraint::Ticket(TicketConstraint {
            id: id.to_owned(),
            resource,
            ticket: ticket.to_owned(),
            role,
            loss_policy,
        }));
    }
}
