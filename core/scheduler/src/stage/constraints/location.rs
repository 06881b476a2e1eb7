use model::{
    ProbeMode,
    constraint::{Location as Configured, Preference, RuleScore},
};
use rules::Facts;

use crate::{plan::Plan, table::Location};

impl Plan<'_> {
    pub(crate) fn add_location(&mut self, location: Location) {
        let resource = location.resource;
        if location.discovery == ProbeMode::Exclusive {
            self.rows[resource].state.exclusive_probes = true;
        }
        let key = self.locations.push(location);
        self.rows[resource].locations.push(key);
    }

    pub(crate) fn configured_location(&mut self, configured: &Configured) {
        let resource = configured.resource;
        let nodes = match &configured.preference {
            Preference::Node { node, score } => vec![(*node, *score)],
            Preference::Rule { rule, score, submatches } => {
                let mut nodes = Vec::new();
                for node in self.node_keys() {
                    let parameters = self.parameters(resource, Some(node));
                    let facts = Facts {
                        node: Some(&self.model.nodes[node].attributes),
                        parameters: Some(&parameters),
                        meta: Some(&self.resource(resource).meta),
                        submatches,
                        ..Facts::at(self.model.now)
                    };
                    if !rule.evaluate(&facts, &mut self.next_change).holds() {
                        continue;
                    }
                    let score = match score {
                        RuleScore::Fixed(score) => Some(*score),
                        RuleScore::Attribute(name) => {
                            let name = rules::expand(name, submatches);
                            let of_host = self.looks_at_host(resource);
                            self.node_attribute(node, &name, of_host, false)
                                .filter(|value| !value.is_empty())
                                .and_then(|value| self.model.options.parse_score(value))
                        }
                    };
                    if let Some(score) = score {
                        nodes.push((node, score));
                    }
                }
                nodes.reverse();
                nodes
            }
        };
        self.add_location(Location {
            id: configured.id.clone(),
            resource,
            nodes,
            role: configured.role,
            discovery: configured.discovery,
            from_health: false,
        });
    }

    /// Whether a resource's node attributes are those of the host of its node.
    pub(crate) fn looks_at_host(&self, resource: model::ResourceKey) -> bool {
        self.resource(resource)
            .meta("container-attribute-target")
            .is_some_and(|target| target.eq_ignore_ascii_case("host"))
    }
}
