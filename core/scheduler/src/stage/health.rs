//! Node health becomes preferences.

use model::{ProbeMode, options::HealthStrategy};
use vocab::{Role, Score};

use crate::{plan::Plan, table::Location};

pub(crate) fn run(plan: &mut Plan<'_>) {
    let options = &plan.model.options;
    let base = match options.health_strategy {
        HealthStrategy::None => return,
        HealthStrategy::Progressive => options.health_base,
        HealthStrategy::MigrateOnRed | HealthStrategy::OnlyGreen | HealthStrategy::Custom => {
            Score::ZERO
        }
    };
    for node in plan.node_keys() {
        let health = plan.model.nodes[node]
            .attributes
            .iter()
            .filter(|(name, _)| name.starts_with("#health"))
            .filter_map(|(_, value)| options.parse_score(value))
            .fold(base, |sum, score| score + sum);
        if health == Score::ZERO {
            continue;
        }
        for resource in plan.top.clone() {
            let may_be_ill = plan.resource(resource).meta_is_true("allow-unhealthy-nodes");
            if health < Score::ZERO && may_be_ill {
                continue;
            }
            plan.add_location(Location {
                id: "node-health-strategy".to_owned(),
                resource,
                nodes: vec![(node, health)],
                role: Role::Unknown,
                discovery: ProbeMode::Always,
                from_health: true,
            });
        }
    }
}
