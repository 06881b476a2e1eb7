use model::{Allowed, ProbeMode, ResourceKey, ScoreReason, Variant};
use vocab::{Role, Score};

use crate::{plan::Plan, table::LocationKey};

impl Plan<'_> {
    /// Applies a location to a resource and what it contains. `neutral` leaves the scores out, as for the members of a
    /// group behind its first.
    pub(crate) fn apply_location(
        &mut self,
        resource: ResourceKey,
        key: LocationKey,
        neutral: bool,
    ) {
        self.apply_location_here(resource, key, neutral);
        let colocated = match self.resource(resource).variant {
            Variant::Primitive => return,
            Variant::Group { colocated, .. } => colocated,
            Variant::Clone(_) => false,
            Variant::Bundle { .. } => {
                self.apply_bundle_location(resource, key);
                return;
            }
        };
        for (index, child) in self.children(resource).into_iter().enumerate() {
            self.apply_location(child, key, neutral || (colocated && index > 0));
        }
    }

    fn apply_location_here(&mut self, resource: ResourceKey, key: LocationKey, neutral: bool) {
        let location = &self.locations[key];
        let role = location.role;
        if role > Role::Unknown && role != self.rows[resource].state.next_role {
            return;
        }
        let (nodes, discovery) = (location.nodes.clone(), location.discovery);
        let reason = if location.from_health {
            ScoreReason::Health
        } else {
            ScoreReason::Location(location.id.clone())
        };
        for (node, score) in nodes {
            let score = if neutral { Score::ZERO } else { score };
            let probe = self.model.nodes[node].base_probe;
            let row = &mut self.rows[resource];
            let opens = row.allowed.get(node).is_none();
            match row.allowed.get_mut(node) {
                Some(cell) => cell.score += score,
                None => row.allowed.insert(node, Allowed { score, probe, ..Allowed::default() }),
            }
            if let Some(cell) = row.allowed.get_mut(node)
                && cell.probe < discovery
            {
                if discovery == ProbeMode::Exclusive {
                    row.state.exclusive_probes = true;
                }
                cell.probe = discovery;
            }
            if score != Score::ZERO || opens {
                self.note_score(resource, node, score, &reason);
            }
        }
    }
}
