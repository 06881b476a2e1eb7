use model::{
    FenceReason, ResourceKey, ScoreReason,
    constraint::{Constraint, LossPolicy, TicketConstraint},
};
use vocab::{Role, Score};

use crate::plan::Plan;

impl Plan<'_> {
    pub(crate) fn configured_ticket(&mut self, configured: &TicketConstraint, position: usize) {
        self.rows[configured.resource].tickets.push(position);
        let ticket = self.model.tickets.get(&configured.ticket).cloned().unwrap_or_default();
        if !ticket.granted || ticket.standby {
            self.without_ticket(configured.resource, configured, ticket.granted);
        }
    }

    fn without_ticket(
        &mut self,
        resource: ResourceKey,
        configured: &TicketConstraint,
        granted: bool,
    ) {
        if self.has_children(resource) {
            for child in self.children(resource) {
                self.without_ticket(child, configured, granted);
            }
            return;
        }
        let reason = ScoreReason::Ticket(configured.ticket.clone());
        let promoted_only = configured.role == Role::Promoted;
        let active = self.rows[resource].state.active_on.clone();
        let role_matches =
            configured.role == Role::Unknown || configured.role == self.rows[resource].state.role;
        let ban = |plan: &mut Self| {
            plan.prefer(resource, None, Score::MINUS_INFINITY, &reason);
        };
        if granted || active.is_empty() {
            if !promoted_only || configured.loss_policy == LossPolicy::Stop {
                ban(self);
            }
            return;
        }
        match configured.loss_policy {
            LossPolicy::Stop => ban(self),
            LossPolicy::Demote => {
                if !promoted_only {
                    ban(self);
                }
            }
            LossPolicy::Fence if role_matches => {
                ban(self);
                for node in active {
                    self.request_fencing(node, FenceReason::DeadmanTicket, false);
                }
            }
            LossPolicy::Freeze if role_matches => {
                let state = &mut self.rows[resource].state;
                state.managed = false;
                state.blocked = true;
            }
            LossPolicy::Fence | LossPolicy::Freeze => {}
        }
    }

    /// Keeps a clone from being promoted without the tickets that needs.
    pub(crate) fn require_promotion_tickets(&mut self, clone: ResourceKey) {
        for position in self.rows[clone].tickets.clone() {
            let Some(Constraint::Ticket(configured)) = self.model.constraints.get(position) else {
                continue;
            };
            let ticket = self.model.tickets.get(&configured.ticket).cloned().unwrap_or_default();
            if configured.role == Role::Promoted && (!ticket.granted || ticket.standby) {
                let reason = ScoreReason::Ticket(configured.ticket.clone());
                self.prefer(clone, None, Score::MINUS_INFINITY, &reason);
            }
        }
    }
}
